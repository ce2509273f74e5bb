/* ffntpd: keeps time from an NTP server with a raw counter, and publishes it in a page. See docs/ffntpd.md. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "changes.h"
#include "commands.h"
#include "control.h"
#include "guestpages.h"
#include "journal.h"
#include "keeper.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "privileges.h"
#include "sandbox.h"

static volatile sig_atomic_t must_stop, must_reload;

static void stop(int number)
{
	(void)number;
	must_stop = 1;
}

static void reload_soon(int number)
{
	(void)number;
	must_reload = 1;
}

/* The second signal, which has its usual effect, ends the process. */
static void rescue_journal(int number)
{
	ffntp_journal_file_rescue();
	raise(number);
}

/* A sanitizer has its own handlers for some of these, which stay. */
static void catch_faults(void)
{
	static const int faults[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction action = { .sa_handler = rescue_journal, .sa_flags = (int)SA_RESETHAND }, former;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (sigaction(faults[i], NULL, &former) == 0 && former.sa_handler == SIG_DFL)
			sigaction(faults[i], &action, NULL);
	}
}

/*
 * Without SA_RESTART, so that poll() returns. Without a configuration file, SIGHUP (a terminal that hangs up) ends the
 * process.
 */
static void catch_signals(bool can_reload)
{
	struct sigaction action = { .sa_handler = stop };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (can_reload) {
		action.sa_handler = reload_soon;
		sigaction(SIGHUP, &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGXFSZ, &action, NULL); /* a file that may not grow is an error of that file */
}

/* Set the path of the page that is to be opened. Returns NULL if it is private. */
static const char *page_path(const struct ffntp_options *options, char path[FFNTP_LINUX_PATH_SIZE])
{
	if (options->page != NULL || options->clock_log != NULL)
		return options->page;
	return ffntp_linux_default_path(path) ? path : NULL;
}

/* Read the configuration again because of a signal. */
static void reload(struct ffntp_changes *changes, struct ffntp_notify *notify)
{
	if (!must_reload)
		return;
	must_reload = 0;
	changes->must_reload = true;
	ffntp_notify_reloading(notify);
}

/* Publish for the guests what the last step has published. */
static void update_guests(struct ffntp_guestpages *guests, const struct ffntp_keeper *keeper)
{
	ffntp_guestpages_update(guests, keeper->page, keeper->source.kind, ffntp_counter_read(&keeper->source));
}

static bool step(struct ffntp_changes *changes, struct ffntp_control *control, struct ffntp_guestpages *guests)
{
	struct pollfd ready[FFNTP_CONTROL_DESCRIPTORS];
	size_t count = ffntp_control_descriptors(control, ready);
	bool is_well = ffntp_keeper_step(changes->keeper, ready, count);

	if (is_well) {
		update_guests(guests, changes->keeper);
		ffntp_control_step(control, ready, count, ffntp_commands_do, changes);
	}
	return is_well;
}

/* Keep the clock until a signal ends it. Returns false if the daemon cannot continue. */
static bool run(struct ffntp_changes *changes, struct ffntp_control *control, struct ffntp_guestpages *guests)
{
	static struct ffntp_notify notify;
	struct ffntp_keeper *keeper = changes->keeper;
	bool is_well = true;

	ffntp_notify_ready(&notify, keeper->page);
	while (is_well && !must_stop) {
		reload(changes, &notify);
		ffntp_changes_step(changes);
		is_well = step(changes, control, guests);
		if (is_well)
			ffntp_notify_step(&notify, keeper->page);
		ffntp_sandbox_step();
	}
	if (is_well)
		ffntp_notify_stopping();
	return is_well;
}

/* Become a user and enter the sandbox, before any thread starts and anything comes from outside. */
static bool confine(const struct ffntp_options *options, const char *page)
{
	const char *user = options->config.user;

	return ffntp_privileges_drop(*user != '\0' ? user : NULL, page) && ffntp_sandbox_enter(options, page);
}

static bool open_all(struct ffntp_keeper *keeper, struct ffntp_guestpages *guests, const struct ffntp_options *options)
{
	if (!ffntp_keeper_open(keeper, options))
		return false;
	if (ffntp_guestpages_open(guests, options->guest, options->guests, &keeper->source.identity,
				  ffntp_counter_read(&keeper->source)))
		return true;
	ffntp_keeper_close(keeper);
	return false;
}

/* Keep the clock from the start to the end. Returns false if the daemon could not start, or continue. */
static bool work(const struct ffntp_options *options, const char *page, int argc, char **argv)
{
	static struct ffntp_keeper keeper;
	static struct ffntp_guestpages guests;
	static struct ffntp_changes changes;
	static struct ffntp_control control;
	bool is_well;

	if (!open_all(&keeper, &guests, options))
		return false;
	ffntp_sandbox_log();
	changes.keeper = &keeper;
	changes.argc = argc;
	changes.argv = argv;
	ffntp_control_open(&control, page);
	is_well = run(&changes, &control, &guests);
	ffntp_control_close(&control);
	ffntp_guestpages_close(&guests, ffntp_counter_read(&keeper.source));
	if (is_well)
		ffntp_keeper_close(&keeper);
	return is_well;
}

int main(int argc, char **argv)
{
	static struct ffntp_options *options; /* allocated, because most of it is never used, nor touched */
	char path[FFNTP_LINUX_PATH_SIZE];
	const char *page;
	int code;

	ffntp_log_begin();
	options = malloc(sizeof(*options));
	if (options == NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "out of memory");
		return FFNTPD_EXIT_FAILURE;
	}
	if (!ffntp_options_read(argc, argv, NULL, options, &code))
		return code;
	ffntp_log_show(options->shown);
	catch_signals(options->has_config_file);
	catch_faults();
	page = page_path(options, path);
	code = confine(options, page) && work(options, page, argc, argv) ? 0 : FFNTPD_EXIT_FAILURE;
	ffntp_sandbox_step();
	return code;
}
