/* tracking: prints the state of the clock and of its counter, from the clock page. */
#include "tracking.h"

#include <ffntp/linux.h>
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "output.h"
#include "sources.h"

/* Return the counter's nominal rate, if it has one: that of a TSC is not available. */
static double nominal_hz(enum ffntp_counter_kind kind)
{
	return kind == FFNTP_COUNTER_MONOTONIC_RAW ? 1e9 : (double)NAN;
}

static double period_s(uint64_t period, uint8_t shift)
{
	return ldexp((double)period, -64 - shift);
}

/* Positive: the counter runs fast. */
static double frequency_offset_ppm(const struct snapshot *snapshot)
{
	return (1 / (snapshot->period_s * nominal_hz(snapshot->map.counter_kind)) - 1) * 1e6;
}

static double ratio_ppm(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole * 1e6 : (double)NAN;
}

/* Return CLOCK_REALTIME minus the clock; for CLOCK_REALTIME, which has no name for it, 23:59:60 is 23:59:59 again. */
int64_t tracking_realtime_offset_ns(const struct snapshot *snapshot)
{
	return ffntp_time_diff_ns(snapshot->realtime, snapshot->reading.estimate);
}

/* --- JSON --- */

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* Also true while the leap second is being inserted. */
static bool has_next_leap_second(const struct ffntp_map *map)
{
	return map->leap_sign != 0 && map->leap != FFNTP_LEAP_POST_POSITIVE && map->leap != FFNTP_LEAP_POST_NEGATIVE &&
	       map->time.s <= map->leap_at_s;
}

/* Return the day that is a second longer or shorter, as POSIX time of its last second but one. */
static int64_t leap_day_s(const struct ffntp_map *map)
{
	return map->leap_at_s - ffntp_map_numbering(map).offset_s - 1;
}

static json_t *next_leap_second_json(const struct ffntp_map *map)
{
	char date[OUTPUT_TIME_SIZE];
	json_t *object;

	if (!has_next_leap_second(map))
		return json_null();
	object = json_object();
	set(object, "day", json_string(output_date(leap_day_s(map), date)));
	set(object, "seconds", json_integer(map->leap_sign));
	return object;
}

/* Return whether the table of leap seconds has expired: by the reading, because the page may be older than that. */
static bool is_table_expired(const struct snapshot *snapshot)
{
	const struct ffntp_map *map = &snapshot->map;
	int64_t utc_s =
		snapshot->result == FFNTP_CLOCK_OK ? snapshot->reading.estimate.s : map->time.s - map->tai_offset_s;

	return map->tai_expires_s != 0 && utc_s >= map->tai_expires_s;
}

static bool is_tai_known(const struct snapshot *snapshot)
{
	return snapshot->map.tai_is_known && (snapshot->map.tai_outlasts_table || !is_table_expired(snapshot));
}

static void set_reading(json_t *object, const struct snapshot *snapshot)
{
	bool is_good = snapshot->result == FFNTP_CLOCK_OK;
	const struct ffntp_map *map = &snapshot->map;
	char date[OUTPUT_TIME_SIZE];

	set(object, "estimate_ns", is_good ? json_integer(ffntp_time_to_ns(snapshot->reading.estimate)) : json_null());
	set(object, "esterror_ns", is_good ? output_json_ns(snapshot->reading.esterror_ns) : json_null());
	set(object, "asymmetry_esterror_ns", is_good ? output_json_asymmetry(&snapshot->reading) : json_null());
	set(object, "bound_ns", is_good ? output_json_ns(snapshot->reading.bound_ns) : json_null());
	set(object, "tai_offset_s", is_tai_known(snapshot) ? json_integer(map->tai_offset_s) : json_null());
	set(object, "tai_expires",
	    map->tai_expires_s != 0 ? json_string(output_date(map->tai_expires_s, date)) : json_null());
	set(object, "tai_expired", json_boolean(is_table_expired(snapshot)));
	set(object, "next_leap_second", next_leap_second_json(map));
	set(object, "frequency_hz", is_good ? json_real(1 / snapshot->period_s) : json_null());
	set(object, "stable_frequency_hz",
	    is_good ? json_real(1 / period_s(map->stable_period, map->period_shift)) : json_null());
	set(object, "frequency_offset_ppm", is_good ? output_json_real(frequency_offset_ppm(snapshot)) : json_null());
	set(object, "frequency_esterror_ppm",
	    is_good ? output_json_real(ratio_ppm(map->period_esterror, map->period)) : json_null());
	set(object, "realtime_offset_ns", is_good ? json_integer(tracking_realtime_offset_ns(snapshot)) : json_null());
	set(object, "update_age_s", is_good ? output_json_real(snapshot_since_s(snapshot, map->at)) : json_null());
}

void tracking_set_json(const struct snapshot *snapshot, json_t *object)
{
	set(object, "status", json_string(ffntp_status_name(snapshot->map.status)));
	set(object, "timescale", json_string("UTC"));
	set(object, "leap", json_string(output_leap(snapshot->map.leap)));
	set(object, "counter", json_string(ffntp_linux_counter_name(snapshot->map.counter_kind)));
	set_reading(object, snapshot);
}

static bool print_json(const struct snapshot *snapshot)
{
	const struct ffntp_source *followed = snapshot_followed(snapshot);
	json_t *object = json_object();

	tracking_set_json(snapshot, object);
	set(object, "reference", followed ? sources_one_json(snapshot, followed) : json_null());
	return output_json(object);
}

/* --- text --- */

static void print_counter(const struct snapshot *snapshot)
{
	double offset_ppm = frequency_offset_ppm(snapshot);

	printf("%-14s: %s", "Counter", ffntp_linux_counter_name(snapshot->map.counter_kind));
	if (snapshot->result != FFNTP_CLOCK_OK) {
		printf(", not measured yet\n");
		return;
	}
	printf(", %.3f Hz\n", 1 / snapshot->period_s);
	printf("%-14s: ", "Frequency");
	if (isfinite(offset_ppm))
		printf("%.4f ppm %s than nominal, ", fabs(offset_ppm), offset_ppm < 0 ? "slower" : "faster");
	printf("known to %.4f ppm\n", ratio_ppm(snapshot->map.period_esterror, snapshot->map.period));
}

/* Printed beside the estimated error above, because it is independent of it. */
static void print_asymmetry(const struct ffntp_reading *reading)
{
	if (reading->asymmetry_esterror_ns == 0)
		printf("%-14s: unknown\n", "Asymmetry");
	else
		output_row("Asymmetry", (double)reading->asymmetry_esterror_ns * 1e-9,
			   "also standard deviation: the path's asymmetry");
}

static void print_reading(const struct snapshot *snapshot)
{
	if (snapshot->result != FFNTP_CLOCK_OK) {
		printf("%-14s: %s\n", "Time", ffntp_clock_result_text(snapshot->result));
		return;
	}
	output_row("Est. error", (double)snapshot->reading.esterror_ns * 1e-9, "one standard deviation");
	print_asymmetry(&snapshot->reading);
	output_row("Bound", (double)snapshot->reading.bound_ns * 1e-9, "largest possible error");
	output_row("Last update", snapshot_since_s(snapshot, snapshot->map.at), "ago");
	output_row("System time", (double)tracking_realtime_offset_ns(snapshot) * 1e-9,
		   "CLOCK_REALTIME minus this clock");
}

static void print_reference(const struct snapshot *snapshot)
{
	const struct ffntp_source *source = snapshot_followed(snapshot);
	char address[OUTPUT_ADDRESS_SIZE], refid[OUTPUT_REFID_SIZE];

	if (!source) {
		printf("%-14s: none%s\n", "Reference",
		       snapshot_count(snapshot, FFNTP_SELECTION_NO_MAJORITY) > 0
			       ? ", because no majority of servers agrees"
			       : " yet");
		return;
	}
	if (source->stratum == 0) {
		printf("%-14s: %s, which has not answered yet\n", "Reference", output_address(source, address));
		return;
	}
	if (output_is_refclock(source))
		printf("%-14s: %s, a reference clock of this machine\n", "Reference", output_refid(source, refid));
	else
		printf("%-14s: %s, %s\n", "Reference", output_address(source, address), output_refid(source, refid));
	printf("%-14s: %-14u of the reference\n", "Stratum", output_stratum(source));
}

static void print_path(const struct ffntp_source *source)
{
	char least[OUTPUT_NUMBER_SIZE], comment[64];

	snprintf(comment, sizeof(comment), "%s at least", output_duration((double)source->rtt_min_ns * 1e-9, least));
	output_row("Offset", (double)source->offset_ns * 1e-9, "clock minus server at the last exchange");
	output_row("RTT", (double)source->rtt_ns * 1e-9, comment);
	output_row("Root distance", snapshot_root_distance_s(source),
		   "of the server: root delay / 2 + root dispersion");
}

static void print_leap_second(const struct ffntp_map *map)
{
	char date[OUTPUT_TIME_SIZE];

	printf("%-14s: %s", "Leap second", output_leap(map->leap));
	if (has_next_leap_second(map))
		printf(", %s", output_date(leap_day_s(map), date));
	printf("\n");
}

static void print_tai(const struct snapshot *snapshot)
{
	const struct ffntp_map *map = &snapshot->map;
	char date[OUTPUT_TIME_SIZE];

	if (is_tai_known(snapshot))
		printf("%-14s: %d s", "TAI - UTC", map->tai_offset_s);
	else
		printf("%-14s: not known", "TAI - UTC");
	if (map->tai_expires_s != 0)
		printf(", by a table that %s on %s%s", is_table_expired(snapshot) ? "expired" : "expires",
		       output_date(map->tai_expires_s, date), is_table_expired(snapshot) ? "; update tzdata" : "");
	printf("\n");
}

/* One server is in the line Reference. */
static void print_selections(const struct snapshot *snapshot)
{
	const char *separator = "";

	if (snapshot->count < 2)
		return;
	printf("%-14s: ", "Servers");
	for (int selection = FFNTP_SELECTION_NONE; selection < FFNTP_SELECTIONS; selection++) {
		size_t count = snapshot_count(snapshot, (enum ffntp_selection)selection);

		if (count == 0)
			continue;
		printf("%s%zu %s", separator, count, ffntp_selection_name((enum ffntp_selection)selection));
		separator = ", ";
	}
	printf("\n");
}

void tracking_print(const struct snapshot *snapshot)
{
	const struct ffntp_source *followed = snapshot_followed(snapshot);

	print_reference(snapshot);
	print_selections(snapshot);
	printf("%-14s: %s\n", "Status", ffntp_status_name(snapshot->map.status));
	print_leap_second(&snapshot->map);
	print_tai(snapshot);
	print_counter(snapshot);
	print_reading(snapshot);
	if (followed && snapshot_was_accepted(followed))
		print_path(followed);
}

int tool_tracking(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false;
	struct snapshot snapshot;
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("json", &as_json, "print everything as one JSON object"),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!snapshot_take(command, path, &snapshot))
		return TOOL_FAILED;
	if (as_json)
		return print_json(&snapshot) ? TOOL_OK : TOOL_FAILED;
	tracking_print(&snapshot);
	return TOOL_OK;
}
