/* status: prints the clock page's data on the clock, its counter and its servers. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../core/estimator.h"
#include "commands.h"
#include "output.h"
#include "pageuse.h"

#define ADDRESS_SIZE (INET6_ADDRSTRLEN + 8)

/* All values are of one moment. */
struct snapshot {
	struct ffntp_map map;
	ffntp_counter now;
	enum ffntp_clock_result result; /* of the reading below */
	struct ffntp_reading reading;
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count;
	double period_s; /* seconds per tick */
	bool wants_estimator;
};

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

static double since_s(const struct snapshot *snapshot, ffntp_counter then)
{
	return (double)(int64_t)(snapshot->now - then) * snapshot->period_s;
}

static double root_distance_s(const struct ffntp_source *source)
{
	return ((double)source->root_delay_ns / 2 + source->root_dispersion_ns) * 1e-9;
}

/* A page that was just created has no content yet, not even its void_after. */
static bool is_stale(const struct ffntp_map *map, ffntp_counter now)
{
	if (map->status == FFNTP_STATUS_INITIALISING && map->void_after == 0)
		return false;
	return map->status == FFNTP_STATUS_UNKNOWN || (int64_t)(now - map->void_after) > 0;
}

/*
 * A page without a living daemon is refused whatever its content. A page without a time is accepted, because status is
 * meant to explain that.
 */
static enum ffntp_clock_result take_snapshot(const struct ffntp_linux_reader *reader, void *context)
{
	struct snapshot *snapshot = context;
	enum ffntp_clock_result result = ffntp_page_read(reader->page, &snapshot->map);

	if (result == FFNTP_CLOCK_OK)
		result = ffntp_page_read_sources(reader->page, snapshot->sources, &snapshot->count);
	if (result != FFNTP_CLOCK_OK)
		return result;
	snapshot->now = ffntp_linux_counter(reader);
	snapshot->period_s = period_s(snapshot->map.period, snapshot->map.period_shift);
	if (is_stale(&snapshot->map, snapshot->now))
		return FFNTP_CLOCK_VOID;
	snapshot->result = ffntp_clock_at(&snapshot->map, snapshot->now, FFNTP_UTC, UINT64_MAX, &snapshot->reading);
	return FFNTP_CLOCK_OK;
}

static const char *source_address(const struct ffntp_source *source, char text[ADDRESS_SIZE])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char address[INET6_ADDRSTRLEN] = "?";

	if (memcmp(source->address, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, source->address + 12, address, sizeof(address));
		snprintf(text, ADDRESS_SIZE, "%s:%u", address, source->port);
	} else {
		inet_ntop(AF_INET6, source->address, address, sizeof(address));
		snprintf(text, ADDRESS_SIZE, "[%s]:%u", address, source->port);
	}
	return text;
}

static const struct ffntp_source *selected(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		if (snapshot->sources[i].selection == FFNTP_SELECTION_FOLLOWED)
			return &snapshot->sources[i];
	}
	return NULL;
}

/* A page may contain any number. */
static const char *estimator_name(const struct ffntp_estimator_state *state)
{
	const struct ffntp_estimator_ops *ops = ffntp_estimator_choose(state->kind);

	return ops ? ops->name : "unknown";
}

/* Return the standard deviation that the rate gains in a second, as a ratio. */
static double wander(const struct ffntp_estimator_state *state)
{
	return (double)state->wander_1e15 * 1e-15;
}

/* --- JSON --- */

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *refusals_json(const struct ffntp_source *source)
{
	json_t *object = json_object();

	for (int verdict = FFNTP_ACCEPTED + 1; verdict < FFNTP_VERDICTS; verdict++)
		set(object, ffntp_verdict_name((enum ffntp_verdict)verdict), json_integer(source->verdicts[verdict]));
	return object;
}

/* Since the last disruption of the counter. */
static bool was_accepted(const struct ffntp_source *source)
{
	return source->verdicts[FFNTP_ACCEPTED] > 0 && source->stratum != 0;
}

static json_t *source_json(const struct snapshot *snapshot, const struct ffntp_source *source)
{
	char address[ADDRESS_SIZE], refid[OUTPUT_REFID_SIZE];
	json_t *object = json_object();

	set(object, "address", json_string(source_address(source, address)));
	set(object, "selected", json_boolean(source->selection == FFNTP_SELECTION_FOLLOWED));
	set(object, "stratum", json_integer(source->stratum));
	set(object, "refid", json_string(output_refid(source, refid)));
	set(object, "leap", json_integer(source->leap));
	set(object, "reach", json_integer(source->reach));
	set(object, "poll_s", json_integer((json_int_t)1 << (source->poll_log2_s & 31)));
	set(object, "offset_ns", json_integer(source->offset_ns));
	set(object, "rtt_ns", output_json_ns(source->rtt_ns));
	set(object, "rtt_min_ns", output_json_ns(source->rtt_min_ns));
	set(object, "root_delay_ns", output_json_ns(source->root_delay_ns));
	set(object, "root_dispersion_ns", output_json_ns(source->root_dispersion_ns));
	set(object, "last_accepted_s",
	    was_accepted(source) ? output_json_real(since_s(snapshot, source->last_accepted)) : json_null());
	set(object, "accepted", json_integer(source->verdicts[FFNTP_ACCEPTED]));
	set(object, "refused", refusals_json(source));
	return object;
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
	set(object, "update_age_s", is_good ? output_json_real(since_s(snapshot, map->at)) : json_null());
}

static json_t *hypotheses_json(const struct ffntp_estimator_state *state)
{
	json_t *list = json_array();

	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN && state->hypothesis[i] != FFNTP_HYPOTHESIS_NONE; i++) {
		json_t *object = json_object();

		set(object, "hypothesis", json_string(ffntp_hypothesis_text(state->hypothesis[i])));
		set(object, "probability", output_json_real(state->probability_percent[i] / 100.0));
		json_array_append_new(list, object);
	}
	return list;
}

/* Return null for an unknown number, which is 0. */
static json_t *known_json(uint64_t ns)
{
	return ns != 0 ? output_json_ns(ns) : json_null();
}

static json_t *estimator_json(const struct snapshot *snapshot)
{
	const struct ffntp_source *source = selected(snapshot);
	struct ffntp_estimator_state state;
	json_t *object;

	if (!source || !ffntp_source_estimator(source, &state))
		return json_null();
	object = json_object();
	set(object, "name", json_string(estimator_name(&state)));
	set(object, "floor_forward_ns", known_json(state.floor_forward_ns));
	set(object, "floor_backward_ns", known_json(state.floor_backward_ns));
	set(object, "noise_forward_ns", known_json(state.noise_forward_ns));
	set(object, "noise_backward_ns", known_json(state.noise_backward_ns));
	set(object, "asymmetry_esterror_ns", known_json(snapshot->map.asymmetry_esterror_ns));
	set(object, "wander", state.wander_1e15 != 0 ? output_json_real(wander(&state)) : json_null());
	set(object, "hypotheses", hypotheses_json(&state));
	return object;
}

static bool print_json(const struct snapshot *snapshot)
{
	json_t *object = json_object(), *sources = json_array();

	set(object, "status", json_string(ffntp_status_name(snapshot->map.status)));
	set(object, "timescale", json_string("UTC"));
	set(object, "leap", json_string(output_leap(snapshot->map.leap)));
	set(object, "counter", json_string(output_counter_name(snapshot->map.counter_kind)));
	set_reading(object, snapshot);
	for (size_t i = 0; i < snapshot->count; i++)
		json_array_append_new(sources, source_json(snapshot, &snapshot->sources[i]));
	set(object, "sources", sources);
	if (snapshot->wants_estimator)
		set(object, "estimator", estimator_json(snapshot));
	return output_json(object);
}

/* --- text --- */

static void print_counter(const struct snapshot *snapshot)
{
	double offset_ppm = frequency_offset_ppm(snapshot);

	printf("%-14s: %s", "Counter", output_counter_name(snapshot->map.counter_kind));
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

static void print_line(const char *name, double seconds, const char *comment)
{
	char text[OUTPUT_NUMBER_SIZE];

	printf("%-14s: %-14s %s\n", name, output_duration(seconds, text), comment);
}

/* Printed beside the estimated error above, because it is independent of it. */
static void print_asymmetry(const struct ffntp_reading *reading)
{
	if (reading->asymmetry_esterror_ns == 0)
		printf("%-14s: unknown\n", "Asymmetry");
	else
		print_line("Asymmetry", (double)reading->asymmetry_esterror_ns * 1e-9,
			   "also standard deviation: the path's asymmetry");
}

static void print_reading(const struct snapshot *snapshot)
{
	if (snapshot->result != FFNTP_CLOCK_OK) {
		printf("%-14s: %s\n", "Time", ffntp_clock_result_text(snapshot->result));
		return;
	}
	print_line("Est. error", (double)snapshot->reading.esterror_ns * 1e-9, "one standard deviation");
	print_asymmetry(&snapshot->reading);
	print_line("Bound", (double)snapshot->reading.bound_ns * 1e-9, "largest possible error");
	print_line("Last update", since_s(snapshot, snapshot->map.at), "ago");
}

static void print_reference(const struct snapshot *snapshot)
{
	const struct ffntp_source *source = selected(snapshot);
	char address[ADDRESS_SIZE], refid[OUTPUT_REFID_SIZE];

	if (!source) {
		printf("%-14s: none yet\n", "Reference");
		return;
	}
	if (source->stratum == 0) {
		printf("%-14s: %s, which has not answered yet\n", "Reference", source_address(source, address));
		return;
	}
	printf("%-14s: %s, %s\n", "Reference", source_address(source, address), output_refid(source, refid));
	printf("%-14s: %u\n", "Stratum", source->stratum);
}

static void print_path(const struct ffntp_source *source)
{
	char least[OUTPUT_NUMBER_SIZE], comment[64];

	snprintf(comment, sizeof(comment), "%s at least", output_duration((double)source->rtt_min_ns * 1e-9, least));
	print_line("Offset", (double)source->offset_ns * 1e-9, "clock minus server at the last exchange");
	print_line("RTT", (double)source->rtt_ns * 1e-9, comment);
	print_line("Root distance", root_distance_s(source), "of the server: root delay / 2 + root dispersion");
}

static void print_refusals(const struct ffntp_source *source)
{
	bool is_any = false;

	for (int verdict = FFNTP_ACCEPTED + 1; verdict < FFNTP_VERDICTS; verdict++) {
		if (source->verdicts[verdict] == 0)
			continue;
		printf("%s%" PRIu32 " %s", is_any ? ", " : "", source->verdicts[verdict],
		       ffntp_verdict_name((enum ffntp_verdict)verdict));
		is_any = true;
	}
	printf("%s\n", is_any ? "" : "none");
}

static void print_source(const struct snapshot *snapshot, const struct ffntp_source *source)
{
	char address[ADDRESS_SIZE], offset[OUTPUT_NUMBER_SIZE], rtt[OUTPUT_NUMBER_SIZE], last[OUTPUT_NUMBER_SIZE];

	printf("%c ", source->selection == FFNTP_SELECTION_FOLLOWED ? '*' : ' ');
	output_name(source_address(source, address), 2, 24);
	printf(" %7u %6u %5o %9s %11s %10s\n", source->stratum, 1u << (source->poll_log2_s & 31), source->reach,
	       was_accepted(source) ? output_duration(since_s(snapshot, source->last_accepted), last) : "never",
	       was_accepted(source) ? output_duration((double)source->offset_ns * 1e-9, offset) : "-",
	       was_accepted(source) ? output_duration((double)source->rtt_ns * 1e-9, rtt) : "-");
	printf("    %" PRIu32 " accepted; refused: ", source->verdicts[FFNTP_ACCEPTED]);
	print_refusals(source);
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

static void print_delay(const char *name, uint64_t ns, const char *comment)
{
	if (ns == 0)
		printf("%-14s: unknown\n", name);
	else
		print_line(name, (double)ns * 1e-9, comment);
}

static void print_hypotheses(const struct ffntp_estimator_state *state)
{
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN && state->hypothesis[i] != FFNTP_HYPOTHESIS_NONE; i++)
		printf("%-14s: %3u %%  %s\n", i == 0 ? "Hypotheses" : "", state->probability_percent[i],
		       ffntp_hypothesis_text(state->hypothesis[i]));
}

static void print_estimator(const struct snapshot *snapshot)
{
	const struct ffntp_source *source = selected(snapshot);
	struct ffntp_estimator_state state;

	if (!source || !ffntp_source_estimator(source, &state)) {
		printf("\n%-14s: unknown\n", "Estimator");
		return;
	}
	printf("\n%-14s: %s\n", "Estimator", estimator_name(&state));
	print_delay("Floor forward", state.floor_forward_ns, "least delay to the server, by this clock");
	print_delay("Floor backward", state.floor_backward_ns, "least delay from the server");
	print_delay("Noise forward", state.noise_forward_ns, "half of the middle 68 % of the delays");
	print_delay("Noise backward", state.noise_backward_ns, "likewise");
	print_delay("Asymmetry", snapshot->map.asymmetry_esterror_ns, "likely error from unequal floors");
	if (state.wander_1e15 == 0)
		printf("%-14s: unknown\n", "Wander");
	else
		printf("%-14s: %-14.2g change of the counter's rate in a second\n", "Wander", wander(&state));
	print_hypotheses(&state);
}

static void print_text(const struct snapshot *snapshot)
{
	print_reference(snapshot);
	printf("%-14s: %s\n", "Status", ffntp_status_name(snapshot->map.status));
	print_leap_second(&snapshot->map);
	print_tai(snapshot);
	print_counter(snapshot);
	print_reading(snapshot);
	if (selected(snapshot) && was_accepted(selected(snapshot)))
		print_path(selected(snapshot));
	if (snapshot->count > 0)
		printf("\n  %-24s %7s %6s %5s %9s %11s %10s\n", "server", "stratum", "poll s", "reach", "last",
		       "offset", "RTT");
	for (size_t i = 0; i < snapshot->count; i++)
		print_source(snapshot, &snapshot->sources[i]);
	if (snapshot->wants_estimator)
		print_estimator(snapshot);
}

int tool_status(const struct tool_command *command, int argc, char **argv)
{
	const char *path = NULL;
	bool as_json = false;
	struct snapshot snapshot = { 0 };
	const struct tool_option options[] = {
		tool_text("page", "FILE", &path, "the clock page [the one that ffntpd keeps]"),
		tool_flag("json", &as_json, "print everything as one JSON object"),
		tool_flag("estimator", &snapshot.wants_estimator, "print the estimator's view of the path, too"),
		{ 0 },
	};
	int code;

	if (!tool_options_alone(command, options, argc, argv, &code))
		return code;
	if (!pageuse_take(command, path, take_snapshot, &snapshot))
		return TOOL_FAILED;
	if (as_json)
		return print_json(&snapshot) ? TOOL_OK : TOOL_FAILED;
	print_text(&snapshot);
	return TOOL_OK;
}
