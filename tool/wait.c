/* wait: waits until the clock page has the time, for boot ordering and for programs that need a bound. */
#include <ffntp/linux.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "commands.h"
#include "output.h"
#include "pageuse.h"

/* The page is looked at this often. */
#define STEP_MS 100

/* Longest timeout (s): a year. */
#define TIMEOUT_MAX_S 31536000.0

struct wait {
	const char *page;     /* NULL: the usual places */
	int64_t max_bound_ns; /* negative: any bound */
	double timeout_s;
	bool is_json;
};

/* The newest reason why there is no time, for the message at the end. */
struct reason {
	enum ffntp_page_result page;
	enum ffntp_clock_result clock; /* if the page is FFNTP_PAGE_OK */
};

static double monotonic_s(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* Open the page each time, because the daemon may create or replace it meanwhile. */
static bool read_once(const struct wait *wait, struct ffntp_reading *reading, struct reason *reason)
{
	struct ffntp_linux_reader reader;

	reason->page = ffntp_linux_open(&reader, wait->page);
	if (reason->page != FFNTP_PAGE_OK)
		return false;
	reason->clock = ffntp_linux_now(&reader, FFNTP_UTC,
					wait->max_bound_ns < 0 ? UINT64_MAX : (uint64_t)wait->max_bound_ns, reading);
	ffntp_linux_close(&reader);
	return reason->clock == FFNTP_CLOCK_OK && reading->status == FFNTP_STATUS_SYNCHRONISED;
}

static const char *text_of(const struct reason *reason)
{
	if (reason->page != FFNTP_PAGE_OK)
		return ffntp_page_result_text(reason->page);
	if (reason->clock != FFNTP_CLOCK_OK)
		return ffntp_clock_result_text(reason->clock);
	return "the clock is not synchronised";
}

static bool wait_for(const struct wait *wait, struct ffntp_reading *reading, struct reason *reason)
{
	double end_s = monotonic_s() + wait->timeout_s;

	while (!read_once(wait, reading, reason)) {
		if (monotonic_s() >= end_s)
			return false;
		pause_ms(STEP_MS);
	}
	return true;
}

static int report(const struct wait *wait, const struct ffntp_reading *reading, double waited_s)
{
	char bound[OUTPUT_NUMBER_SIZE];

	if (wait->is_json)
		return output_json(json_pack("{s:o, s:o}", "waited_s", output_json_real(waited_s), "bound_ns",
					     output_json_ns(reading->bound_ns)))
			       ? TOOL_OK
			       : TOOL_FAILED;
	printf("synchronised, +- %s\n", output_duration((double)reading->bound_ns * 1e-9, bound));
	return TOOL_OK;
}

int tool_wait(const struct tool_command *command, int argc, char **argv)
{
	struct wait wait = { .max_bound_ns = -1, .timeout_s = TIMEOUT_MAX_S };
	const struct tool_option options[] = {
		tool_text("page", "FILE", &wait.page, "the clock page [/run/ffntp/page, or this user's]"),
		tool_integer("max-bound", "NS", &wait.max_bound_ns, 0, PAGEUSE_BOUND_MAX_NS,
			     "until the error bound is at most NS nanoseconds"),
		tool_real("timeout", "S", &wait.timeout_s, 0, TIMEOUT_MAX_S, "give up after S seconds [a year]"),
		tool_flag("json", &wait.is_json, "one JSON object on one line"),
		{ .name = NULL },
	};
	struct ffntp_reading reading;
	struct reason reason = { FFNTP_PAGE_MISSING, FFNTP_CLOCK_OK };
	double begun_s = monotonic_s();
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (wait_for(&wait, &reading, &reason))
		return report(&wait, &reading, monotonic_s() - begun_s);
	tool_error(command, "no time within %g s: %s", wait.timeout_s, text_of(&reason));
	return TOOL_FAILED;
}
