/* ffntpd: keeps time from an NTP server with a raw counter, and publishes it in a page. See docs/ffntpd.md. */
#include <signal.h>
#include <stddef.h>

#include "keeper.h"
#include "options.h"

static volatile sig_atomic_t must_stop;

static void stop(int number)
{
	(void)number;
	must_stop = 1;
}

/* Without SA_RESTART: poll() returns. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

int main(int argc, char **argv)
{
	static struct ffntp_options options;
	static struct ffntp_keeper keeper;
	bool is_well = true;
	int code;

	if (!ffntp_options_read(argc, argv, &options, &code))
		return code;
	catch_signals();
	if (!ffntp_keeper_open(&keeper, &options))
		return FFNTPD_EXIT_FAILURE;
	while (is_well && !must_stop)
		is_well = ffntp_keeper_step(&keeper);
	if (!is_well)
		return FFNTPD_EXIT_FAILURE;
	ffntp_keeper_close(&keeper);
	return 0;
}
