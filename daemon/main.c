/* ffntpd: keeps time from an NTP server with a raw counter, and publishes it in a page. See docs/ffntpd.md. */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "guestpages.h"
#include "journal.h"
#include "keeper.h"
#include "log.h"
#include "notify.h"
#include "options.h"

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

/*
 * The old configuration stays in use until the new one is complete, so that a mistake in the file has no effect.
 * Reloads are processed one at a time.
 */
static void reload(struct ffntp_keeper *keeper, struct ffntp_notify *notify, int argc, char **argv)
{
	static struct ffntp_options options[2];
	struct ffntp_options *next = &options[keeper->options == &options[0]];
	int code;

	must_reload = 0;
	ffntp_notify_reloading(notify);
	ffntp_log(FFNTP_LOG_NOTICE, "reading the configuration again");
	if (ffntp_options_read(argc, argv, next, &code))
		ffntp_keeper_reload(keeper, next);
	else
		ffntp_log(FFNTP_LOG_ERROR, "the new configuration is not used; the old one stays in use");
}

/* Publish for the guests what the last step has published. */
static void update_guests(struct ffntp_guestpages *guests, const struct ffntp_keeper *keeper)
{
	ffntp_guestpages_update(guests, keeper->page, keeper->source.kind, ffntp_counter_read(&keeper->source));
}

int main(int argc, char **argv)
{
	static struct ffntp_options options;
	static struct ffntp_keeper keeper;
	static struct ffntp_guestpages guests;
	static struct ffntp_notify notify;
	bool is_well = true;
	int code;

	ffntp_log_begin();
	if (!ffntp_options_read(argc, argv, &options, &code))
		return code;
	ffntp_log_show(options.shown);
	catch_signals(options.has_config_file);
	catch_faults();
	if (!ffntp_keeper_open(&keeper, &options))
		return FFNTPD_EXIT_FAILURE;
	if (!ffntp_guestpages_open(&guests, options.guest, options.guests, &keeper.source.identity,
				   ffntp_counter_read(&keeper.source))) {
		ffntp_keeper_close(&keeper);
		return FFNTPD_EXIT_FAILURE;
	}
	ffntp_notify_ready(&notify, keeper.page);
	while (is_well && !must_stop) {
		if (must_reload && !ffntp_keeper_is_reloading(&keeper))
			reload(&keeper, &notify, argc, argv);
		is_well = ffntp_keeper_step(&keeper);
		if (is_well)
			update_guests(&guests, &keeper);
		ffntp_notify_step(&notify, keeper.page);
	}
	ffntp_guestpages_close(&guests, ffntp_counter_read(&keeper.source));
	if (!is_well)
		return FFNTPD_EXIT_FAILURE;
	ffntp_notify_stopping();
	ffntp_keeper_close(&keeper);
	return 0;
}
