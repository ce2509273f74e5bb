#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that the headers of Debian 12 lack: of Landlock's versions 2 and 3. */
#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)

#define ON_FILES (LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE)
#define IN_FOLDERS                                                                                      \
	(LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define ALL                                                                                          \
	(ON_FILES | IN_FOLDERS | REFER | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Return the rights that a version of Landlock knows. */
static uint64_t known(int version)
{
	return version >= 3 ? ALL : version == 2 ? ALL & ~TRUNCATE : ALL & ~TRUNCATE & ~REFER;
}

static int version_of_kernel(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* Allow writing at a path. Returns 0 or an errno value. */
static int add_path(int ruleset, const char *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = open(path, O_PATH | O_CLOEXEC) };
	struct stat status;
	int error = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
	if (fstat(rule.parent_fd, &status) != 0)
		error = errno;
	rule.allowed_access = handled & (ON_FILES | (S_ISDIR(status.st_mode) ? IN_FOLDERS : 0));
	if (error == 0 && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		error = errno;
	close(rule.parent_fd);
	return error;
}

int ffntp_landlock_apply(const char *const *paths, size_t count, int *version)
{
	struct landlock_ruleset_attr attributes;
	int ruleset, error = 0;

	*version = version_of_kernel();
	if (*version < 1)
		return *version < 0 ? errno : ENOSYS;
	attributes = (struct landlock_ruleset_attr){ .handled_access_fs = known(*version) };
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	if (ruleset < 0)
		return errno;
	for (size_t i = 0; i < count && error == 0; i++)
		error = add_path(ruleset, paths[i], attributes.handled_access_fs);
	if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		error = errno;
	close(ruleset);
	return error;
}
