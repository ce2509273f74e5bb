/* now: one reading of the clock: earliest, estimate, latest, status. */
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "output.h"
#include "pageuse.h"

/* Eleven days: whoever wants no limit leaves it out (ns). */
#define BOUND_MAX_NS 1e15

/* Rounded away from the estimate, so that the interval still contains the truth. */
static int64_t latest_ns(const struct ffntp_reading *reading)
{
	int64_t ns = ffntp_time_to_ns(reading->latest);

	return ns < INT64_MAX && ffntp_time_is_before(ffntp_time_from_ns(ns), reading->latest) ? ns + 1 : ns;
}

static bool print_json(const struct ffntp_reading *reading, enum ffntp_timescale scale)
{
	json_t *object = json_object();

	json_object_set_new(object, "earliest_ns", json_integer(ffntp_time_to_ns(reading->earliest)));
	json_object_set_new(object, "estimate_ns", json_integer(ffntp_time_to_ns(reading->estimate)));
	json_object_set_new(object, "latest_ns", json_integer(latest_ns(reading)));
	json_object_set_new(object, "timescale", json_string(scale == FFNTP_TAI ? "TAI" : "UTC"));
	json_object_set_new(object, "status", json_string(ffntp_status_name(reading->status)));
	return output_json(object);
}

static void print_text(const struct ffntp_reading *reading, enum ffntp_timescale scale)
{
	char time[OUTPUT_TIME_SIZE], bound[OUTPUT_NUMBER_SIZE];

	printf("%s%s +- %s, %s\n", output_time(reading->estimate, time), scale == FFNTP_TAI ? " TAI" : "Z",
	       output_duration((double)reading->bound_ns * 1e-9, bound), ffntp_status_name(reading->status));
}

int tool_now(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool is_tai = false, as_json = false, is_printed = true;
	int64_t max_bound_ns = -1;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("tai", &is_tai, "tell TAI instead of UTC"),
		tool_integer("max-bound", "NS", &max_bound_ns, 0, BOUND_MAX_NS,
			     "fail if the time may be wrong by more than this"),
		tool_flag("json", &as_json, "earliest, estimate and latest in ns since 1970"),
		{ 0 },
	};
	struct ffntp_linux_reader reader;
	struct ffntp_reading reading;
	enum ffntp_clock_result result;
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!pageuse_open(command, path, &reader))
		return TOOL_FAILED;
	result = ffntp_linux_now(&reader, is_tai ? FFNTP_TAI : FFNTP_UTC,
				 max_bound_ns < 0 ? UINT64_MAX : (uint64_t)max_bound_ns, &reading);
	ffntp_linux_close(&reader);
	if (result != FFNTP_CLOCK_OK) {
		pageuse_refuse(command, path, result);
		return TOOL_FAILED;
	}
	if (as_json)
		is_printed = print_json(&reading, is_tai ? FFNTP_TAI : FFNTP_UTC);
	else
		print_text(&reading, is_tai ? FFNTP_TAI : FFNTP_UTC);
	return is_printed ? TOOL_OK : TOOL_FAILED;
}
