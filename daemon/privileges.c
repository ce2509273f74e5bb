#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#define FOLDER_MODE 0755

/* --- the page's folder --- */

/* A folder that exists stays its owner's: root may have named any. */
static int make_folder(const char *folder, const struct passwd *owner)
{
	int descriptor, error = 0;

	if (mkdir(folder, FOLDER_MODE) != 0)
		return errno == EEXIST ? 0 : errno;
	descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	if (fchmod(descriptor, FOLDER_MODE) != 0 || fchown(descriptor, owner->pw_uid, owner->pw_gid) != 0)
		error = errno;
	close(descriptor);
	return error;
}

static bool prepare_page(const char *page, const struct passwd *owner)
{
	char folder[PATH_MAX];
	const char *slash = page != NULL ? strrchr(page, '/') : NULL;
	int error;

	if (slash == NULL || slash == page || slash - page >= PATH_MAX)
		return true;
	memcpy(folder, page, (size_t)(slash - page));
	folder[slash - page] = '\0';
	error = make_folder(folder, owner);
	if (error != 0)
		ffntp_log(FFNTP_LOG_ERROR, "%s: the folder cannot be made for the user %s: %s", folder, owner->pw_name,
			  strerror(error));
	return error == 0;
}

/* --- the user --- */

static bool become(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) == 0 && setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0)
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "ffntpd cannot become the user %s: %s", user->pw_name, strerror(errno));
	return false;
}

/* The values of errno of getpwnam() for a user that there is not: getpwnam(3). */
static bool is_missing(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

/* Return the user to become; NULL, with *is_well, if none. */
static const struct passwd *find_user(const char *name, bool *is_well)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name != NULL ? name : FFNTP_PRIVILEGES_USER);
	*is_well = user != NULL || name == NULL;
	if (!*is_well)
		ffntp_log(FFNTP_LOG_ERROR, "user '%s': %s", name,
			  is_missing(errno) ? "there is no such user" : strerror(errno));
	return user != NULL && user->pw_uid != 0 ? user : NULL;
}

/* --- capabilities --- */

/* Return whether the process has any capability, also if that cannot be found out. */
static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	bool has_any = syscall(SYS_capget, &header, data) != 0;

	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		has_any |= (data[i].effective | data[i].permitted | data[i].inheritable) != 0;
	return has_any;
}

/* Limit, as root, the capabilities that any program could gain that this process runs. */
static void limit_capabilities(void)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0;)
		i++;
}

static bool give_up_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (has_capabilities() && syscall(SYS_capset, &header, none) != 0) {
		ffntp_log(FFNTP_LOG_ERROR, "ffntpd cannot give up its capabilities: %s", strerror(errno));
		return false;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "ffntpd cannot give up the right to gain privileges: %s", strerror(errno));
	return false;
}

bool ffntp_privileges_drop(const char *name, const char *page)
{
	const struct passwd *user;
	bool is_well;

	if (geteuid() != 0)
		return give_up_capabilities();
	user = find_user(name, &is_well);
	if (!is_well)
		return false;
	limit_capabilities();
	if (user != NULL && (!prepare_page(page, user) || !become(user)))
		return false;
	return give_up_capabilities();
}
