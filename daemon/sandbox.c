#include "sandbox.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "../ports/linux/callfilter.h"
#include "../ports/linux/module.h"
#include "landlock.h"
#include "log.h"
#include "seccomp.h"

/* A sanitizer makes system calls of its own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

/* Where a signal's context has the result of a system call, which is a negative errno value here. */
#if defined(__x86_64__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__i386__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_EAX])
#elif defined(__aarch64__)
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#elif defined(__arm__)
#define RESULT(context) ((context)->uc_mcontext.arm_r0)
#elif defined(__riscv)
#define RESULT(context) ((context)->uc_mcontext.__gregs[REG_A0])
#endif

/* The line that ffntp_sandbox_log() writes. */
static char in_force[200] = "off";

/* --- refused calls --- */

/* Numbers of refused calls plus one; 0: none. Further calls, when all places are taken, are not logged. */
#define REFUSED_MOST 16
static atomic_int refused[REFUSED_MOST];
static size_t logged; /* of them */

static void remember(int call)
{
	for (size_t i = 0; i < REFUSED_MOST; i++) {
		int found = 0;

		if (atomic_compare_exchange_strong(&refused[i], &found, call + 1) || found == call + 1)
			return;
	}
}

#ifdef RESULT
/* Let the call fail. A signal that somebody sent has its usual effect, once this handler returns. */
static void refuse(int number, siginfo_t *info, void *context)
{
	if (info->si_code <= 0) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	remember(info->si_syscall);
	RESULT((ucontext_t *)context) = -EPERM;
}

static bool catch_refusals(void)
{
	struct sigaction action = { .sa_sigaction = refuse, .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	return sigaction(SIGSYS, &action, NULL) == 0;
}
#else
static bool catch_refusals(void)
{
	return false;
}
#endif

/* The module is loaded when it is needed: in a child for the filter, and for the name of a refused call, which is not
 * expected. */
static const struct ffntp_callfilter *load(void **module)
{
	*module = ffntp_module_open(FFNTP_CALLFILTER_MODULE, FFNTP_MODULE_DIR "/" FFNTP_CALLFILTER_MODULE);
	return *module != NULL ? dlsym(*module, FFNTP_CALLFILTER_SYMBOL) : NULL;
}

static void log_refused(int call)
{
	char name[FFNTP_CALLFILTER_NAME_SIZE];
	void *module;
	const struct ffntp_callfilter *filter = load(&module);

	snprintf(name, sizeof(name), "%d", call);
	if (filter != NULL)
		filter->name(call, name);
	if (module != NULL)
		dlclose(module);
	ffntp_log(
		FFNTP_LOG_ERROR,
		"the sandbox refused the system call %s: it failed with EPERM, and the clock continues; please report "
		"this, and start ffntpd with --sandbox off if something does not work",
		name);
}

void ffntp_sandbox_step(void)
{
	while (logged < REFUSED_MOST && atomic_load(&refused[logged]) != 0)
		log_refused(atomic_load(&refused[logged++]) - 1);
}

/* --- Landlock --- */

/* The folders of pages and those that contain them, the folders of the journal, of the state file and of cookies, and
 * the clock log, or its folder if it is new. */
#define PATHS_MOST (2 * (FFNTP_GUESTPAGES + 4))

struct paths {
	size_t count;
	const char *path[PATHS_MOST];
	char text[PATHS_MOST][PATH_MAX];
};

static void add_path(struct paths *paths, const char *path, size_t length)
{
	char *text = paths->text[paths->count];

	if (length >= PATH_MAX)
		return;
	memcpy(text, path, length);
	text[length] = '\0';
	paths->path[paths->count++] = text;
}

/* Return the length of the folder in a path, with a slash at its end; 0 if it has none. */
static size_t folder_length(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length;
}

/* Add the folder of a file, "." if none is named. Returns its length without the slash, as folder_length() takes it. */
static size_t add_folder(struct paths *paths, const char *file, size_t length)
{
	size_t folder = folder_length(file, length);

	add_path(paths, folder > 0 ? file : ".", folder > 0 ? folder : 1);
	return folder > 1 ? folder - 1 : 0;
}

/* The folder of a page is made if it is missing, also when somebody removes it later: in the folder that contains it.
 */
static void add_page(struct paths *paths, const char *file)
{
	size_t folder = add_folder(paths, file, strlen(file));

	if (folder > 0)
		(void)add_folder(paths, file, folder);
}

static void list_paths(struct paths *paths, const struct ffntp_options *options, const char *page)
{
	paths->count = 0;
	if (page != NULL)
		add_page(paths, page);
	for (size_t i = 0; i < options->guests; i++)
		add_page(paths, options->guest[i].path);
	if (options->config.nts_directory[0] != '\0')
		add_path(paths, options->config.nts_directory, strlen(options->config.nts_directory));
	if (options->config.state_file[0] != '\0')
		(void)add_folder(paths, options->config.state_file, strlen(options->config.state_file));
	if (options->config.journal[0] != '\0')
		(void)add_folder(paths, options->config.journal, strlen(options->config.journal));
	if (options->clock_log != NULL && access(options->clock_log, F_OK) == 0)
		add_path(paths, options->clock_log, strlen(options->clock_log));
	else if (options->clock_log != NULL)
		(void)add_folder(paths, options->clock_log, strlen(options->clock_log));
}

/* --- both --- */

/* A kernel that was built without a part, or an outer sandbox that keeps it from us, is no error of ours. */
static bool is_missing(int error)
{
	return error == ENOSYS || error == EOPNOTSUPP || error == EINVAL || error == EPERM;
}

/* Add a part to the line, if it is in force or missing. Returns false if it failed; the reason was logged. */
static bool describe(const char *part, const char *effect, int error)
{
	size_t length = strlen(in_force);
	const char *comma = length > 0 ? "; " : "";

	if (error == 0)
		snprintf(in_force + length, sizeof(in_force) - length, "%s%s", comma, effect);
	else if (is_missing(error))
		snprintf(in_force + length, sizeof(in_force) - length, "%s%s is missing (%s)", comma, part,
			 strerror(error));
	else
		ffntp_log(FFNTP_LOG_ERROR, "sandbox: %s: %s; --sandbox off does without it", part, strerror(error));
	return error == 0 || is_missing(error);
}

static bool limit_writing(const struct ffntp_options *options, const char *page)
{
	static struct paths paths;
	char effect[80];
	int version, error;

	list_paths(&paths, options, page);
	error = ffntp_landlock_apply(paths.path, paths.count, &version);
	snprintf(effect, sizeof(effect), "writing is limited to the daemon's folders (Landlock %d)", version);
	return describe("Landlock", effect, error);
}

/* Returns ECANCELED if the module is missing, which was logged. */
static int write_filter(pid_t process, bool has_handler, int descriptor)
{
	void *module;
	const struct ffntp_callfilter *filter = load(&module);

	if (filter != NULL)
		return filter->write(process, has_handler, descriptor);
	ffntp_log(FFNTP_LOG_ERROR, "sandbox: %s; --sandbox off does without it", dlerror());
	return ECANCELED;
}

static bool limit_calls(void)
{
	int error = ffntp_seccomp_apply(write_filter, catch_refusals());

	return error != ECANCELED && describe("seccomp", "system calls are limited (seccomp)", error);
}

bool ffntp_sandbox_enter(const struct ffntp_options *options, const char *page)
{
	if (options->config.sandbox_is_off)
		return true;
	if (IS_SANITIZED) {
		snprintf(in_force, sizeof(in_force), "off, because this is a build with a sanitizer");
		return true;
	}
	in_force[0] = '\0';
	return limit_writing(options, page) && limit_calls();
}

void ffntp_sandbox_log(void)
{
	ffntp_log(FFNTP_LOG_NOTICE, "sandbox: %s", in_force);
}
