/* elapsed: times a command with the difference clock, beside the system's clocks. */
#include <errno.h>
#include <ffntp/linuxdevice.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "output.h"
#include "pageuse.h"

/* Exit codes, as shells use them. */
enum { CANNOT_RUN = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };

enum { MONOTONIC, RAW, REALTIME, CLOCKS };

static const struct {
	const char *name, *key;
	clockid_t id;
} clocks[CLOCKS] = {
	[MONOTONIC] = { "CLOCK_MONOTONIC", "monotonic_ns", CLOCK_MONOTONIC },
	[RAW] = { "CLOCK_MONOTONIC_RAW", "monotonic_raw_ns", CLOCK_MONOTONIC_RAW },
	[REALTIME] = { "CLOCK_REALTIME", "realtime_ns", CLOCK_REALTIME },
};

struct run {
	struct ffntp_device *clock;
	struct ffntp_mark begin;
	int64_t begin_ns[CLOCKS], ns[CLOCKS]; /* of the system's clocks */
	enum ffntp_clock_result result;
	struct ffntp_duration duration; /* valid if the result is FFNTP_CLOCK_OK */
	int code;
};

static void read_clocks(int64_t ns[CLOCKS])
{
	for (size_t i = 0; i < CLOCKS; i++) {
		struct timespec t = { 0 };

		clock_gettime(clocks[i].id, &t);
		ns[i] = (int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec;
	}
}

/* --- running --- */

static volatile sig_atomic_t child; /* used by the signal handler, which has no other context */

/* Forward the signal, because the sender means to end the command. */
static void pass_on(int number)
{
	if (child > 0)
		kill((pid_t)child, number);
}

struct signals {
	struct sigaction interrupt, quit, terminate, hang_up, child;
	sigset_t mask;
};

/* A signal that is ignored, for example under nohup, stays ignored. */
static void pass_on_unless_ignored(int number, struct sigaction *former)
{
	const struct sigaction pass = { .sa_handler = pass_on, .sa_flags = SA_RESTART };

	sigaction(number, NULL, former);
	if (former->sa_handler != SIG_IGN)
		sigaction(number, &pass, NULL);
}

/*
 * The terminal sends Ctrl-C to the command as well: wait for its reaction. Signals that are to be forwarded are blocked
 * until the command is running. SIGCHLD gets its default action, because with an ignored SIGCHLD no exit status is
 * available.
 */
static void prepare_signals(struct signals *former)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, &former->mask);
	sigaction(SIGINT, &ignore, &former->interrupt);
	sigaction(SIGQUIT, &ignore, &former->quit);
	sigaction(SIGCHLD, &usual, &former->child);
	pass_on_unless_ignored(SIGTERM, &former->terminate);
	pass_on_unless_ignored(SIGHUP, &former->hang_up);
}

static _Noreturn void become(const struct tool_command *command, char **argv, const struct signals *former)
{
	int error;

	sigaction(SIGINT, &former->interrupt, NULL);
	sigaction(SIGQUIT, &former->quit, NULL);
	sigaction(SIGTERM, &former->terminate, NULL);
	sigaction(SIGHUP, &former->hang_up, NULL);
	sigaction(SIGCHLD, &former->child, NULL);
	sigprocmask(SIG_SETMASK, &former->mask, NULL);
	execvp(argv[0], argv);
	error = errno;
	tool_error(command, "%s: %s", argv[0], strerror(error));
	_exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

static bool run_command(const struct tool_command *command, char **argv, int *code)
{
	struct signals former;
	int status;
	pid_t pid;

	prepare_signals(&former);
	pid = fork();
	if (pid == 0)
		become(command, argv, &former);
	child = (sig_atomic_t)pid;
	sigprocmask(SIG_SETMASK, &former.mask, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	child = 0;
	if (pid < 0) {
		tool_error(command, "%s: %s", argv[0], strerror(errno));
		return false;
	}
	*code = WIFSIGNALED(status) ? BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

static bool measure(const struct tool_command *command, char **argv, struct run *run)
{
	int64_t end_ns[CLOCKS];

	run->result = ffntp_device_mark(run->clock, &run->begin);
	read_clocks(run->begin_ns);
	if (!run_command(command, argv, &run->code))
		return false;
	read_clocks(end_ns);
	if (run->result == FFNTP_CLOCK_OK)
		run->result = ffntp_device_since(run->clock, run->begin, &run->duration);
	for (size_t i = 0; i < CLOCKS; i++)
		run->ns[i] = end_ns[i] - run->begin_ns[i];
	return true;
}

/* --- the report goes to stderr, because stdout belongs to the command --- */

static void print_clock(const char *name, int64_t ns, const char *rest)
{
	fprintf(stderr, "%-20s %6" PRId64 ".%09" PRId64 " s  %s\n", name, ns / FFNTP_NS_PER_S, ns % FFNTP_NS_PER_S,
		rest);
}

static void print_text(const struct run *run)
{
	char number[OUTPUT_NUMBER_SIZE], bound[OUTPUT_NUMBER_SIZE], rest[3 * OUTPUT_NUMBER_SIZE];

	if (run->result == FFNTP_CLOCK_OK) {
		snprintf(rest, sizeof(rest), "+- %s, at most %s",
			 output_duration((double)run->duration.esterror_ns * 1e-9, number),
			 output_duration((double)run->duration.bound_ns * 1e-9, bound));
		print_clock("difference clock", run->duration.ns, rest);
	}
	for (size_t i = 0; i < CLOCKS; i++) {
		rest[0] = '\0';
		if (run->result == FFNTP_CLOCK_OK)
			snprintf(rest, sizeof(rest), "%s%s", run->ns[i] >= run->duration.ns ? "+" : "",
				 output_duration((double)(run->ns[i] - run->duration.ns) * 1e-9, number));
		/* Negative if CLOCK_REALTIME was set back meanwhile. */
		if (run->ns[i] >= 0)
			print_clock(clocks[i].name, run->ns[i], rest);
		else
			fprintf(stderr, "%-20s was set back\n", clocks[i].name);
	}
}

static void print_json(const struct run *run)
{
	bool is_known = run->result == FFNTP_CLOCK_OK;
	json_t *object = json_object();

	json_object_set_new(object, "elapsed_ns", is_known ? json_integer(run->duration.ns) : json_null());
	json_object_set_new(object, "esterror_ns",
			    is_known ? json_integer((json_int_t)run->duration.esterror_ns) : json_null());
	json_object_set_new(object, "bound_ns",
			    is_known ? json_integer((json_int_t)run->duration.bound_ns) : json_null());
	for (size_t i = 0; i < CLOCKS; i++)
		json_object_set_new(object, clocks[i].key, json_integer(run->ns[i]));
	json_object_set_new(object, "exit_code", json_integer(run->code));
	json_dumpf(object, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(object);
}

/* Open a second reader of the page, which stays open. */
static enum ffntp_clock_result try_clock(const struct ffntp_linux_reader *reader, void *context)
{
	struct ffntp_device *clock = context;
	enum ffntp_clock_result result;
	struct ffntp_duration nothing;
	struct ffntp_mark mark;

	(void)reader;
	if (ffntp_device_connect(clock) != NULL) /* readable a moment ago: the page is being written or replaced */
		return FFNTP_CLOCK_BUSY;
	result = ffntp_device_mark(clock, &mark);
	return result == FFNTP_CLOCK_OK ? ffntp_device_since(clock, mark, &nothing) : result;
}

/* Refuse before the command runs if the clock has no time yet, because its rate was not measured either. */
static bool open_clock(const struct tool_command *command, const char *path, struct ffntp_linux_page_device *device)
{
	struct ffntp_device *clock = ffntp_linux_page_clock(device);

	ffntp_linux_page_device_init(device, path);
	if (pageuse_take(command, path, try_clock, clock))
		return true;
	ffntp_device_disconnect(clock);
	return false;
}

int tool_elapsed(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("json", &as_json, "durations in ns, and the exit code"),
		{ 0 },
	};
	struct ffntp_linux_page_device device;
	struct run run = { .clock = ffntp_linux_page_clock(&device) };
	int first, code;

	if (!tool_options_leading(command, options, argc, argv, &first, &code))
		return code;
	if (first == argc) {
		tool_error(command, "no command named; ffntp elapsed COMMAND runs it");
		return TOOL_USAGE;
	}
	if (!open_clock(command, path, &device))
		return TOOL_FAILED;
	if (!measure(command, argv + first, &run)) {
		ffntp_device_disconnect(run.clock);
		return TOOL_FAILED;
	}
	ffntp_device_disconnect(run.clock);
	if (run.result != FFNTP_CLOCK_OK)
		pageuse_refuse(command, path, run.result);
	if (as_json)
		print_json(&run);
	else
		print_text(&run);
	return run.code;
}
