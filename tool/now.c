/* now: prints one reading of the clock: earliest, estimate, latest, status. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "pageuse.h"

/* Round away from the estimate, so that the interval still contains the true time. */
static int64_t latest_ns(const struct ffntp_reading *reading)
{
	int64_t ns = ffntp_time_to_ns(reading->latest);

	return ns < INT64_MAX && ffntp_time_is_before(ffntp_time_from_ns(ns), reading->latest) ? ns + 1 : ns;
}

/* The request, and its result. */
struct answer {
	enum ffntp_timescale scale;
	int64_t max_bound_ns; /* negative: no limit */
	bool with_calendar;
	struct ffntp_reading reading;
	bool is_steady; /* monotonic UTC is requested, too: */
	struct ffntp_time steady;
};

static const char *scale_name(enum ffntp_timescale scale)
{
	switch (scale) {
	case FFNTP_UTC:
		break;
	case FFNTP_TAI:
		return "TAI";
	case FFNTP_UTC_SMEARED:
		return "UTC smeared";
	case FFNTP_UTC_SLS:
		return "UTC-SLS";
	}
	return "UTC";
}

/* Inside 23:59:60 only the scale UTC has a second of that name. */
static struct ffntp_utc estimate(const struct answer *answer)
{
	return (struct ffntp_utc){
		.time = answer->reading.estimate,
		.is_leap = answer->scale == FFNTP_UTC && answer->reading.leap == FFNTP_LEAP_POSITIVE,
	};
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *calendar_json(const struct answer *answer)
{
	json_t *object = json_object();
	struct ffntp_calendar date;

	if (ffntp_calendar_from_utc(estimate(answer), &date) != FFNTP_TIMESCALE_OK) {
		json_decref(object);
		return json_null();
	}
	set(object, "year", json_integer(date.year));
	set(object, "month", json_integer(date.month));
	set(object, "day", json_integer(date.day));
	set(object, "hour", json_integer(date.hour));
	set(object, "minute", json_integer(date.minute));
	set(object, "second", json_integer(date.second));
	set(object, "nanosecond", json_integer(ffntp_time_to_ns((struct ffntp_time){ 0, date.frac })));
	return object;
}

static bool print_json(const struct answer *answer)
{
	const struct ffntp_reading *reading = &answer->reading;
	struct ffntp_day day = ffntp_day_from_time(reading->estimate);
	json_t *object = json_object();

	set(object, "earliest_ns", json_integer(ffntp_time_to_ns(reading->earliest)));
	set(object, "estimate_ns", json_integer(ffntp_time_to_ns(reading->estimate)));
	set(object, "latest_ns", json_integer(latest_ns(reading)));
	set(object, "esterror_ns", output_json_ns(reading->esterror_ns));
	set(object, "asymmetry_esterror_ns", output_json_asymmetry(reading));
	set(object, "bound_ns", output_json_ns(reading->bound_ns));
	if (answer->is_steady)
		set(object, "monotonic_ns", json_integer(ffntp_time_to_ns(answer->steady)));
	set(object, "timescale", json_string(scale_name(answer->scale)));
	set(object, "status", json_string(ffntp_status_name(reading->status)));
	set(object, "leap_second", json_boolean(estimate(answer).is_leap));
	if (answer->with_calendar) {
		set(object, "calendar", calendar_json(answer));
		set(object, "day", json_integer(day.day));
		set(object, "day_ps", json_integer((json_int_t)day.ps));
	}
	return output_json(object);
}

static void print_calendar(const struct answer *answer)
{
	struct ffntp_day day = ffntp_day_from_time(answer->reading.estimate);

	printf("day %" PRId64 " and %" PRIu64 " ps since 1970-01-01; leap second: %s\n", day.day, day.ps,
	       output_leap(answer->reading.leap));
}

/* The line has no bound, because the bound belongs to the estimate. */
static void print_steady(const struct answer *answer)
{
	char time[OUTPUT_TIME_SIZE], bound[OUTPUT_NUMBER_SIZE], ahead[OUTPUT_NUMBER_SIZE];
	int64_t ahead_ns = ffntp_time_diff_ns(answer->steady, answer->reading.estimate);

	printf("%sZ, %s %s the estimate,\nwhich is +- %s, %s\n", output_time(answer->steady, time),
	       output_duration((double)(ahead_ns < 0 ? -ahead_ns : ahead_ns) * 1e-9, ahead),
	       ahead_ns < 0 ? "behind" : "ahead of", output_duration((double)answer->reading.bound_ns * 1e-9, bound),
	       ffntp_status_name(answer->reading.status));
}

static void print_text(const struct answer *answer)
{
	char time[OUTPUT_TIME_SIZE], bound[OUTPUT_NUMBER_SIZE];
	bool is_utc = answer->scale == FFNTP_UTC;

	printf("%s%s%s +- %s, %s\n", output_utc(estimate(answer), time), is_utc ? "Z" : " ",
	       is_utc ? "" : scale_name(answer->scale), output_duration((double)answer->reading.bound_ns * 1e-9, bound),
	       ffntp_status_name(answer->reading.status));
	if (answer->with_calendar)
		print_calendar(answer);
}

static enum ffntp_clock_result read_clock(const struct ffntp_linux_reader *reader, void *context)
{
	struct answer *answer = context;
	uint64_t max_bound_ns = answer->max_bound_ns < 0 ? UINT64_MAX : (uint64_t)answer->max_bound_ns;
	enum ffntp_clock_result result;

	if (!answer->is_steady)
		return ffntp_linux_now_checked(reader, answer->scale, max_bound_ns, &answer->reading);
	result = ffntp_linux_steady(reader, &answer->steady, &answer->reading);
	return result == FFNTP_CLOCK_OK && answer->reading.bound_ns > max_bound_ns ? FFNTP_CLOCK_BOUND : result;
}

/* smear: NULL if the option was not given, "" for the default smear. */
static bool choose_scale(const struct tool_command *command, bool is_tai, const char *smear,
			 enum ffntp_timescale *scale)
{
	*scale = is_tai ? FFNTP_TAI : FFNTP_UTC;
	if (!smear)
		return true;
	if (is_tai) {
		tool_error(command, "--tai and --smear: TAI has no leap seconds that could be smeared");
		return false;
	}
	*scale = strcmp(smear, "sls") == 0 ? FFNTP_UTC_SLS : FFNTP_UTC_SMEARED;
	if (*smear == 0 || *scale == FFNTP_UTC_SLS || strcmp(smear, "linear") == 0)
		return true;
	tool_error(command, "--smear: '%s' is neither linear nor sls", smear);
	return false;
}

int tool_now(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL, *smear = NULL;
	bool is_tai = false, as_json = false, is_printed = true;
	struct answer answer = { .max_bound_ns = -1 };
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("tai", &is_tai, "print TAI instead of UTC"),
		tool_optional_text("smear", "[=linear|sls]", &smear, "UTC with its leap seconds smeared [linear]"),
		tool_flag("monotonic", &answer.is_steady, "UTC that never runs backwards, beside the estimate"),
		tool_flag("calendar", &answer.with_calendar, "also as days and picoseconds, and the leap second"),
		tool_integer("max-bound", "NS", &answer.max_bound_ns, 0, PAGEUSE_BOUND_MAX_NS,
			     "fail if the time may be wrong by more than this"),
		tool_flag("json", &as_json, "earliest, estimate and latest in ns since 1970"),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!choose_scale(command, is_tai, smear, &answer.scale))
		return TOOL_USAGE;
	if (answer.is_steady && (answer.scale != FFNTP_UTC || answer.with_calendar)) {
		tool_error(command, "--monotonic cannot be combined with --tai, --smear or --calendar: it is UTC only");
		return TOOL_USAGE;
	}
	if (!pageuse_take(command, path, read_clock, &answer))
		return TOOL_FAILED;
	if (as_json)
		is_printed = print_json(&answer);
	else if (answer.is_steady)
		print_steady(&answer);
	else
		print_text(&answer);
	return is_printed ? TOOL_OK : TOOL_FAILED;
}
