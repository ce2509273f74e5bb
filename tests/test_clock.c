/* clock: readings compared with 128-bit arithmetic and with each other, and readings that must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../include/ffntp/clock.h"
#include "count.h"
#include "prng.h"

__extension__ typedef unsigned __int128 wide;

#define ROUNDS 20000
#define NS UINT64_C(1000000000)

/* 1 ns per tick, made at counter 5e9, 150 us of error that grows by 1 ppm, good for an hour. */
static struct ffntp_map good(void)
{
	return (struct ffntp_map){
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW,
		.period_shift = 28,
		.tai_is_known = true,
		.tai_offset_s = 37,
		.at = 5 * NS,
		.time = { 1700000037, UINT64_C(1) << 63 },
		.period = UINT64_C(0x44b82fa09b5a52cb),
		.period_esterror = UINT64_C(0x44b82fa09b5a52cb) / 100000000,
		.period_maxerror = UINT64_C(0x44b82fa09b5a52cb) / 1000000,
		.esterror_ns = 4000,
		.asymmetry_esterror_ns = 52000,
		.maxerror_before_ns = 90000,
		.maxerror_after_ns = 150000,
		.stable_period = UINT64_C(0x44b82fa09b5a52cb) + 0x100000000,
		.stable_esterror = UINT64_C(0x44b82fa09b5a52cb) / 1000000000,
		.void_after = 3605 * NS,
	};
}

static struct ffntp_reading at(const struct ffntp_map *map, ffntp_counter now)
{
	struct ffntp_reading reading;

	assert_int_equal(ffntp_clock_at(map, now, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	return reading;
}

static struct ffntp_duration between(const struct ffntp_map *map, ffntp_counter from, ffntp_counter to,
				     enum ffntp_rate rate)
{
	struct ffntp_duration duration;

	assert_int_equal(ffntp_clock_duration(map, from, to, rate, &duration), FFNTP_CLOCK_OK);
	return duration;
}

/* Check that the reading is refused for this reason, and leaves the output unchanged. */
static void refused(const struct ffntp_map *map, ffntp_counter now, enum ffntp_timescale scale, uint64_t max_bound_ns,
		    enum ffntp_clock_result reason)
{
	struct ffntp_reading reading, before;

	memset(&before, 0x5a, sizeof(before));
	memset(&reading, 0x5a, sizeof(reading));
	assert_int_equal(ffntp_clock_at(map, now, scale, max_bound_ns, &reading), reason);
	assert_memory_equal(&reading, &before, sizeof(before));
}

static void duration_refused(const struct ffntp_map *map, ffntp_counter from, ffntp_counter to,
			     enum ffntp_clock_result reason)
{
	struct ffntp_duration duration, before;

	memset(&before, 0x5a, sizeof(before));
	memset(&duration, 0x5a, sizeof(duration));
	assert_int_equal(ffntp_clock_duration(map, from, to, FFNTP_RATE_LOCAL, &duration), reason);
	assert_memory_equal(&duration, &before, sizeof(before));
}

/* --- against wider arithmetic --- */

/* A time in 2^-64 s, offset so that it is never negative. */
static wide units(struct ffntp_time t)
{
	return ((wide)(uint64_t)(t.s + INT64_C(0x1000000000000)) << 64) + t.frac;
}

/* Return a plausible map: counters of 1 MHz to 5 GHz, errors from none to seconds, drift up to 1 %. */
static struct ffntp_map any_map(struct prng *prng)
{
	struct ffntp_map map = good();

	map.period_shift = (uint8_t)(18 + prng_below(prng, 14));
	map.period = (UINT64_C(1) << 62) + (prng_next(prng) >> 2);
	map.stable_period = map.period + prng_below(prng, map.period >> 10);
	map.period_maxerror = prng_below(prng, map.period / 100 + 1) >> prng_below(prng, 40);
	map.period_esterror = map.period_maxerror / 3;
	map.maxerror_before_ns = prng_any_size(prng) >> 30;
	map.maxerror_after_ns = prng_any_size(prng) >> 30;
	map.esterror_ns = map.maxerror_before_ns / 2;
	map.at = prng_next(prng);
	map.time.frac = prng_next(prng);
	map.void_after = map.at + (UINT64_C(1) << 62);
	return map;
}

/* Return a distance of up to some days in either direction, most often a short one. */
static int64_t any_distance(struct prng *prng)
{
	int64_t distance = (int64_t)(prng_any_size(prng) >> 16);

	return prng_below(prng, 4) == 0 ? -distance : distance;
}

static void estimate_is_the_line(void **state)
{
	struct prng prng = { 1 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng);
		int64_t distance = any_distance(&prng);
		struct ffntp_reading reading = at(&map, map.at + (uint64_t)distance);
		wide step = (wide)(uint64_t)(distance < 0 ? -distance : distance) * map.period >> map.period_shift;
		struct ffntp_time utc = { map.time.s - 37, map.time.frac };

		assert_true(units(reading.estimate) == (distance < 0 ? units(utc) - step : units(utc) + step));
	}
}

/* Convert to 2^-64 s, rounded up; the factors are small enough here. */
static wide units_of_ns(uint64_t ns)
{
	return (((wide)ns << 64) + NS - 1) / NS;
}

static wide drift_units(const struct ffntp_map *map, int64_t distance)
{
	uint64_t ticks = (uint64_t)(distance < 0 ? -distance : distance);

	return ((wide)ticks * map->period_maxerror >> map->period_shift) + 1;
}

/* The interval contains the whole error that the map states, and hardly more. */
static void interval_holds_the_line_and_its_error(void **state)
{
	struct prng prng = { 2 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng);
		int64_t distance = any_distance(&prng);
		struct ffntp_reading reading = at(&map, map.at + (uint64_t)distance);
		wide before = units(reading.estimate) - units(reading.earliest);
		wide after = units(reading.latest) - units(reading.estimate);
		wide before_least = units_of_ns(map.maxerror_before_ns) + drift_units(&map, distance);
		wide after_least = units_of_ns(map.maxerror_after_ns) + drift_units(&map, distance);
		wide bound = units_of_ns(reading.bound_ns), rounding = units_of_ns(2 + (reading.bound_ns >> 30));

		assert_true(before >= before_least - 1 && before <= before_least + rounding);
		assert_true(after >= after_least - 1 && after <= after_least + rounding);
		assert_true(bound + 2 >= before_least && bound + 2 >= after_least);
		assert_true(bound <= (before_least > after_least ? before_least : after_least) + rounding);
	}
}

static void at_its_own_counter_the_bound_is_the_maps(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading reading = at(&map, map.at);

	(void)state;
	assert_int_equal(reading.bound_ns, 150000);
	assert_int_equal(reading.esterror_ns, 4000);
	assert_int_equal(reading.asymmetry_esterror_ns, 52000);
	assert_int_equal(reading.estimate.s, 1700000000);
	assert_int_equal(reading.status, FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(ffntp_time_diff_ns(reading.latest, reading.estimate), 150000);
	assert_int_equal(ffntp_time_diff_ns(reading.estimate, reading.earliest), 90000);
}

static void a_bound_of_nothing_leaves_room_for_rounding(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading reading;

	(void)state;
	map.maxerror_before_ns = map.maxerror_after_ns = 0;
	map.period_maxerror = 0;
	reading = at(&map, map.at + 3);
	assert_int_equal(reading.bound_ns, 0);
	assert_true(ffntp_time_is_before(reading.earliest, reading.estimate));
	assert_true(ffntp_time_is_before(reading.estimate, reading.latest));
}

/* The bound grows alike before and after the map's reference. */
static void extrapolation_is_the_same_both_ways(void **state)
{
	struct prng prng = { 3 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng);
		uint64_t ticks = prng_any_size(&prng) >> 16;
		struct ffntp_reading before = at(&map, map.at - ticks), after = at(&map, map.at + ticks);

		assert_int_equal(before.bound_ns, after.bound_ns);
		assert_int_equal(before.esterror_ns, after.esterror_ns);
	}
}

/* The path's asymmetry is the same an hour later. */
static void the_error_of_asymmetry_does_not_grow(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading reading = at(&map, map.at + UINT64_C(1000000000000));

	(void)state;
	assert_above(reading.esterror_ns, 4000, "ns");
	assert_int_equal(reading.asymmetry_esterror_ns, 52000);
}

static bool is_same(const struct ffntp_reading *a, const struct ffntp_reading *b)
{
	return units(a->earliest) == units(b->earliest) && units(a->estimate) == units(b->estimate) &&
	       units(a->latest) == units(b->latest) && a->bound_ns == b->bound_ns && a->esterror_ns == b->esterror_ns &&
	       a->status == b->status;
}

static void only_differences_of_the_counter_matter(void **state)
{
	struct prng prng = { 4 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng), moved = map;
		int64_t distance = any_distance(&prng);
		uint64_t by = prng_next(&prng);
		struct ffntp_reading first = at(&map, map.at + (uint64_t)distance), second;

		moved.at += by;
		moved.void_after += by;
		second = at(&moved, moved.at + (uint64_t)distance);
		assert_true(is_same(&first, &second));
	}
}

static void utc_is_tai_less_the_offset(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading utc = at(&map, map.at + 12345), tai;

	(void)state;
	assert_int_equal(ffntp_clock_at(&map, map.at + 12345, FFNTP_TAI, UINT64_MAX, &tai), FFNTP_CLOCK_OK);
	assert_int_equal(tai.earliest.s - utc.earliest.s, 37);
	assert_int_equal(tai.estimate.s - utc.estimate.s, 37);
	assert_int_equal(tai.latest.s - utc.latest.s, 37);
	assert_exactly(tai.estimate.frac, utc.estimate.frac, "");
}

/* --- refused readings --- */

static void status_decides(void **state)
{
	static const enum ffntp_clock_result expected[] = {
		FFNTP_CLOCK_UNSYNCHRONISED, FFNTP_CLOCK_UNSYNCHRONISED, FFNTP_CLOCK_OK, FFNTP_CLOCK_OK,
		FFNTP_CLOCK_DISRUPTED,      FFNTP_CLOCK_UNSYNCHRONISED,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct ffntp_map map = good();

		map.status = (enum ffntp_status)i;
		if (expected[i] != FFNTP_CLOCK_OK) {
			refused(&map, map.at, FFNTP_UTC, UINT64_MAX, expected[i]);
			duration_refused(&map, map.at, map.at + 1, expected[i]);
		} else {
			assert_int_equal(at(&map, map.at).status, i);
		}
	}
}

static void tai_may_be_unknown(void **state)
{
	struct ffntp_map map = good();

	(void)state;
	map.tai_is_known = false;
	map.tai_offset_s = 0;
	refused(&map, map.at, FFNTP_TAI, UINT64_MAX, FFNTP_CLOCK_TAI_UNKNOWN);
	assert_int_equal(at(&map, map.at).estimate.s, map.time.s);
}

/* The map stays as it is while its table expires: TAI ends with the table, or outlasts it, by the reading's time. */
static void tai_ends_with_its_table(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading reading;

	(void)state;
	map.tai_expires_s = map.time.s - map.tai_offset_s + 2;
	assert_int_equal(ffntp_clock_at(&map, map.at + NS, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	refused(&map, map.at + 3 * NS, FFNTP_TAI, UINT64_MAX, FFNTP_CLOCK_TAI_UNKNOWN);
	assert_int_equal(at(&map, map.at + 3 * NS).estimate.s, map.time.s - map.tai_offset_s + 3);
	assert_false(ffntp_map_tai_is_expired(&map, map.tai_expires_s - 1));
	assert_true(ffntp_map_tai_is_expired(&map, map.tai_expires_s));
	map.tai_outlasts_table = true;
	assert_int_equal(ffntp_clock_at(&map, map.at + 3 * NS, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.estimate.s, map.time.s + 3);
	map.tai_expires_s = 0; /* from no table */
	map.tai_outlasts_table = false;
	assert_int_equal(ffntp_clock_at(&map, map.at + 3 * NS, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_false(ffntp_map_tai_is_expired(&map, map.time.s));
}

static void the_cap_is_a_bound_that_is_still_allowed(void **state)
{
	struct ffntp_map map = good();
	uint64_t bound_ns = at(&map, map.at + NS).bound_ns;
	struct ffntp_reading reading;

	(void)state;
	assert_int_equal(ffntp_clock_at(&map, map.at + NS, FFNTP_UTC, bound_ns, &reading), FFNTP_CLOCK_OK);
	refused(&map, map.at + NS, FFNTP_UTC, bound_ns - 1, FFNTP_CLOCK_BOUND);
}

/* The daemon has stopped: first the bound grows, then readings are refused. */
static void case_34_a_stopped_daemon(void **state)
{
	struct ffntp_map map = good();
	uint64_t bound_ns = 0;

	(void)state;
	for (ffntp_counter now = map.at; now <= map.void_after; now += 600 * NS) {
		struct ffntp_reading reading = at(&map, now);

		assert_above(reading.bound_ns, bound_ns, "ns");
		bound_ns = reading.bound_ns;
	}
	assert_int_equal(at(&map, map.void_after).status, FFNTP_STATUS_SYNCHRONISED);
	refused(&map, map.void_after + 1, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_VOID);
	refused(&map, map.at + INT64_MAX, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_VOID);
	duration_refused(&map, map.at, map.void_after + 1, FFNTP_CLOCK_VOID);
	duration_refused(&map, map.void_after + 1, map.at, FFNTP_CLOCK_VOID);
}

/* A map that is void from its start on refuses all later readings, and not those of the past. */
static void case_34_void_before_it_was_made(void **state)
{
	struct ffntp_map map = good();

	(void)state;
	map.void_after = map.at - 1;
	refused(&map, map.at, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_VOID);
	assert_int_equal(at(&map, map.at - 1).status, FFNTP_STATUS_SYNCHRONISED);
}

static void case_43_half_the_counters_range_away(void **state)
{
	struct ffntp_map map = good();

	(void)state;
	map.period >>= 20; /* so that the time itself would fit */
	map.period_maxerror = 0;
	map.void_after = map.at + INT64_MAX;
	assert_int_equal(at(&map, map.at + INT64_MAX).status, FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(at(&map, map.at - INT64_MAX).status, FFNTP_STATUS_SYNCHRONISED);
	refused(&map, map.at + (UINT64_C(1) << 63), FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
	duration_refused(&map, map.at - (UINT64_C(1) << 62), map.at + (UINT64_C(1) << 62), FFNTP_CLOCK_RANGE);
	assert_int_equal(between(&map, map.at + 1, map.at + INT64_MAX, FFNTP_RATE_LOCAL).ns,
			 -between(&map, map.at + INT64_MAX, map.at + 1, FFNTP_RATE_LOCAL).ns);
}

/* A second per tick and 2^40 ticks; 272 years of nanoseconds. */
static void case_43_results_that_do_not_fit(void **state)
{
	struct ffntp_map map = good();

	(void)state;
	map.period_shift = 0;
	map.period = UINT64_MAX;
	map.period_maxerror = 0;
	map.void_after = map.at + INT64_MAX;
	refused(&map, map.at + INT64_MAX, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
	duration_refused(&map, map.at, map.at + (UINT64_C(1) << 34), FFNTP_CLOCK_RANGE);
	assert_int_equal(between(&map, map.at, map.at + 100, FFNTP_RATE_LOCAL).ns, 100 * NS);
	map = good();
	map.time.s = INT64_MAX;
	refused(&map, map.at, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
	map.time.s = INT64_MIN;
	refused(&map, map.at, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
}

static void case_43_bounds_saturate(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading reading;

	(void)state;
	map.maxerror_after_ns = UINT64_MAX - 5;
	assert_int_equal(ffntp_clock_at(&map, map.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(ffntp_time_is_before(reading.earliest, reading.estimate));
	refused(&map, map.at + 3600 * NS, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
	refused(&map, map.at + 3600 * NS, FFNTP_UTC, UINT64_MAX - 1, FFNTP_CLOCK_BOUND);
	map = good();
	map.period_maxerror = UINT64_MAX;
	map.period_shift = 0;
	map.period = 1;
	map.void_after = map.at + INT64_MAX;
	refused(&map, map.at + INT64_MAX, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
}

/* A reading of any map at all is refused, or is an ordered interval. */
static void case_43_any_map_at_all(void **state)
{
	struct prng prng = { 5 };

	(void)state;
	for (unsigned i = 0; i < 10 * ROUNDS; i++) {
		struct ffntp_map map = good();
		struct ffntp_reading reading;
		struct ffntp_duration duration;

		map.period_shift = (uint8_t)prng_any_size(&prng);
		map.at = prng_any_size(&prng);
		map.time.s = (int64_t)prng_any_size(&prng);
		map.period = prng_any_size(&prng);
		map.period_maxerror = prng_any_size(&prng);
		map.period_esterror = prng_any_size(&prng);
		map.maxerror_before_ns = prng_any_size(&prng);
		map.maxerror_after_ns = prng_any_size(&prng);
		map.esterror_ns = prng_any_size(&prng);
		map.tai_offset_s = (int16_t)prng_next(&prng);
		map.void_after = prng_any_size(&prng);
		if (ffntp_clock_at(&map, prng_any_size(&prng), FFNTP_UTC, UINT64_MAX, &reading) == FFNTP_CLOCK_OK) {
			assert_at_most(map.period_shift, 62, "");
			assert_true(ffntp_time_is_before(reading.earliest, reading.estimate));
			assert_true(ffntp_time_is_before(reading.estimate, reading.latest));
		}
		(void)!ffntp_clock_duration(&map, prng_any_size(&prng), prng_any_size(&prng), FFNTP_RATE_STABLE,
					    &duration);
	}
}

static void case_44_beyond_32_bits_of_seconds(void **state)
{
	static const int64_t dates[] = {
		-1, INT32_MAX, INT64_C(1) << 31, UINT32_MAX, INT64_C(1) << 32, INT64_C(1) << 40
	};

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		struct ffntp_map map = good();
		struct ffntp_reading reading;

		map.time = (struct ffntp_time){ dates[i] + 37, UINT64_MAX };
		reading = at(&map, map.at + NS);
		assert_int_equal(reading.estimate.s, dates[i] + 1);
		assert_int_equal(reading.earliest.s, dates[i] + 1);
		assert_int_equal(reading.latest.s, dates[i] + 2);
	}
}

/* --- durations --- */

static void a_second_is_a_second(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_duration duration = between(&map, map.at, map.at + NS, FFNTP_RATE_LOCAL);

	(void)state;
	assert_int_equal(duration.ns, NS);
	assert_in_range(duration.bound_ns, 1000, 1002);
	assert_in_range(duration.esterror_ns, 10, 11);
	duration = between(&map, map.at, map.at, FFNTP_RATE_LOCAL);
	assert_int_equal(duration.ns, 0);
	assert_int_equal(duration.bound_ns, 0);
}

static void swapping_the_ends_changes_the_sign(void **state)
{
	struct prng prng = { 6 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng);
		ffntp_counter a = map.at + (uint64_t)any_distance(&prng), b = map.at + (uint64_t)any_distance(&prng);
		enum ffntp_rate rate = i % 2 == 0 ? FFNTP_RATE_LOCAL : FFNTP_RATE_STABLE;
		struct ffntp_duration there = between(&map, a, b, rate), back = between(&map, b, a, rate);

		assert_exactly(there.ns, -back.ns, "");
		assert_int_equal(there.bound_ns, back.bound_ns);
		assert_int_equal(there.esterror_ns, back.esterror_ns);
	}
}

/* Each is rounded to the nearest nanosecond, so two parts and the whole differ by at most 1. */
static void durations_add_up(void **state)
{
	struct prng prng = { 7 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng);
		ffntp_counter a = map.at + (uint64_t)any_distance(&prng), b = map.at + (uint64_t)any_distance(&prng);
		int64_t sum = between(&map, map.at, a, FFNTP_RATE_LOCAL).ns + between(&map, a, b, FFNTP_RATE_LOCAL).ns;
		int64_t whole = between(&map, map.at, b, FFNTP_RATE_LOCAL).ns;

		assert_in_range(sum - whole + 1, 0, 2);
	}
}

/* By the local rate's bound the stable duration is possible, and the other way round. */
static void the_two_rates_agree_within_their_bounds(void **state)
{
	struct prng prng = { 8 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng);
		ffntp_counter to = map.at + (uint64_t)any_distance(&prng);
		struct ffntp_duration local = between(&map, map.at, to, FFNTP_RATE_LOCAL);
		struct ffntp_duration stable = between(&map, map.at, to, FFNTP_RATE_STABLE);
		int64_t apart = local.ns - stable.ns;

		assert_true((uint64_t)(apart < 0 ? -apart : apart) + local.bound_ns <= stable.bound_ns + 2);
		assert_at_least(stable.bound_ns, local.bound_ns, "ns");
	}
}

/* The stable period is off by 2e-10 here, 0.2 ns per second, which shows at once. */
static void long_durations_take_the_rate_that_says_to_err_less(void **state)
{
	struct ffntp_map map = good();
	ffntp_counter shorter = map.at + 999 * NS, longer = map.at + 1001 * NS;

	(void)state;
	map.stable_period = map.period + 1000000000;
	assert_int_equal(between(&map, map.at, shorter, FFNTP_RATE_AUTO).ns,
			 between(&map, map.at, shorter, FFNTP_RATE_LOCAL).ns);
	assert_int_equal(between(&map, map.at, longer, FFNTP_RATE_AUTO).ns,
			 between(&map, map.at, longer, FFNTP_RATE_STABLE).ns);
	assert_int_not_equal(between(&map, map.at, longer, FFNTP_RATE_LOCAL).ns,
			     between(&map, map.at, longer, FFNTP_RATE_STABLE).ns);
	map.stable_esterror = map.period_esterror;
	assert_int_equal(between(&map, map.at, longer, FFNTP_RATE_AUTO).ns,
			 between(&map, map.at, longer, FFNTP_RATE_LOCAL).ns);
}

static void durations_ignore_absolute_time(void **state)
{
	struct ffntp_map map = good(), corrected = good();

	(void)state;
	corrected.time.s += 1000;
	corrected.maxerror_before_ns = UINT64_C(1) << 60;
	corrected.status = FFNTP_STATUS_FREE_RUNNING;
	assert_int_equal(between(&map, map.at, map.at + 777, FFNTP_RATE_LOCAL).ns,
			 between(&corrected, map.at, map.at + 777, FFNTP_RATE_LOCAL).ns);
}

/* --- order --- */

static void order_is_told_only_where_intervals_are_apart(void **state)
{
	struct ffntp_map map = good();
	struct ffntp_reading first = at(&map, map.at), touching = first;
	struct ffntp_reading overlapping = at(&map, map.at + 239000), later = at(&map, map.at + 241000);

	(void)state;
	assert_int_equal(ffntp_clock_order(&first, &first), FFNTP_UNORDERED);
	assert_int_equal(ffntp_clock_order(&first, &overlapping), FFNTP_UNORDERED);
	assert_int_equal(ffntp_clock_order(&overlapping, &first), FFNTP_UNORDERED);
	assert_int_equal(ffntp_clock_order(&first, &later), FFNTP_BEFORE);
	assert_int_equal(ffntp_clock_order(&later, &first), FFNTP_AFTER);
	touching.earliest = first.latest;
	touching.latest = later.latest;
	assert_int_equal(ffntp_clock_order(&first, &touching), FFNTP_UNORDERED);
}

static void every_result_has_a_line_of_its_own(void **state)
{
	(void)state;
	for (int i = FFNTP_CLOCK_OK; i <= FFNTP_CLOCK_INVALID; i++)
		for (int k = FFNTP_CLOCK_OK; k < i; k++)
			assert_string_not_equal(ffntp_clock_result_text((enum ffntp_clock_result)i),
						ffntp_clock_result_text((enum ffntp_clock_result)k));
	assert_string_equal(ffntp_clock_result_text((enum ffntp_clock_result)99), "unknown");
}

/* --- leap seconds --- */

/*
 * Return a map whose leap second is ten seconds after its reference, which is at half a second, as are the readings
 * below.
 */
static struct ffntp_map with_leap_second(int sign)
{
	struct ffntp_map map = good();

	map.leap = sign > 0 ? FFNTP_LEAP_PRE_POSITIVE : FFNTP_LEAP_PRE_NEGATIVE;
	map.leap_sign = (int8_t)sign;
	map.leap_at_s = map.time.s + 10;
	return map;
}

static void utc_is_numbered_anew_by_a_leap_second(void **state)
{
	static const struct {
		int sign, s, utc_s, offset_s; /* s and utc_s count from the map's time */
		enum ffntp_leap leap;
	} cases[] = {
		{ 1, 9, 9, 37, FFNTP_LEAP_PRE_POSITIVE },    { 1, 10, 9, 38, FFNTP_LEAP_POSITIVE },
		{ 1, 11, 10, 38, FFNTP_LEAP_POST_POSITIVE }, { 1, 60, 59, 38, FFNTP_LEAP_POST_POSITIVE },
		{ -1, 9, 9, 37, FFNTP_LEAP_PRE_NEGATIVE },   { -1, 10, 11, 36, FFNTP_LEAP_POST_NEGATIVE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct ffntp_map map = with_leap_second(cases[i].sign);
		struct ffntp_reading utc = at(&map, map.at + (unsigned)cases[i].s * NS), tai;
		int64_t width_ns = ffntp_time_diff_ns(utc.latest, utc.earliest);

		assert_int_equal(utc.estimate.s - (map.time.s - 37), cases[i].utc_s);
		assert_int_equal(utc.offset_s, cases[i].offset_s);
		assert_int_equal(utc.leap, cases[i].leap);
		assert_int_equal(ffntp_clock_at(&map, map.at + (unsigned)cases[i].s * NS, FFNTP_TAI, UINT64_MAX, &tai),
				 FFNTP_CLOCK_OK);
		assert_int_equal(tai.estimate.s - map.time.s, cases[i].s);
		assert_int_equal(tai.offset_s, 0);
		assert_int_equal(ffntp_time_diff_ns(tai.latest, tai.earliest), width_ns);
	}
}

/* A map made after the leap second gives the right times before it, and has the number of its month. */
static void the_past_before_a_leap_second_is_told_by_the_map_after_it(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		struct ffntp_map map = with_leap_second(sign);
		struct ffntp_reading before = at(&map, map.at + 3 * NS), after;

		map.time.s += 20;
		map.at += 20 * NS;
		map.tai_offset_s = (int16_t)(37 + sign);
		map.leap = sign > 0 ? FFNTP_LEAP_POST_POSITIVE : FFNTP_LEAP_POST_NEGATIVE;
		after = at(&map, map.at - 17 * NS);
		assert_int_equal(before.estimate.s, after.estimate.s);
		assert_int_equal(before.offset_s, after.offset_s);
		assert_int_equal(before.leap, after.leap);
	}
}

static void order_holds_across_leap_seconds(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		const struct ffntp_map map = with_leap_second(sign);

		for (unsigned s = 5; s < 15; s++) {
			struct ffntp_reading a = at(&map, map.at + s * NS), b = at(&map, map.at + (s + 1) * NS);

			assert_int_equal(ffntp_clock_order(&a, &b), FFNTP_BEFORE);
			assert_int_equal(ffntp_clock_order(&b, &a), FFNTP_AFTER);
			b = at(&map, map.at + s * NS + 1000);
			assert_int_equal(ffntp_clock_order(&a, &b), FFNTP_UNORDERED);
		}
	}
}

/* Each end of the interval is smeared separately, so that the interval contains the smeared truth. */
static void smeared_readings_never_step(void **state)
{
	static const enum ffntp_timescale scales[] = { FFNTP_UTC_SMEARED, FFNTP_UTC_SLS };

	(void)state;
	for (size_t i = 0; i < COUNT(scales); i++) {
		const struct ffntp_map map = with_leap_second(i == 0 ? 1 : -1);
		struct ffntp_time former = { 0, 0 };

		for (ffntp_counter now = map.at; now < map.at + 20 * NS; now += 7654321) {
			struct ffntp_reading reading;

			assert_int_equal(ffntp_clock_at(&map, now, scales[i], UINT64_MAX, &reading), FFNTP_CLOCK_OK);
			assert_true(ffntp_time_is_before(former, reading.estimate));
			assert_true(ffntp_time_is_before(reading.earliest, reading.estimate) &&
				    ffntp_time_is_before(reading.estimate, reading.latest));
			assert_int_equal(reading.offset_s, 0);
			former = reading.estimate;
		}
	}
}

static void a_leap_second_at_no_time_is_refused(void **state)
{
	struct ffntp_map map = with_leap_second(1);

	(void)state;
	map.leap_at_s = INT64_MAX;
	refused(&map, map.at, FFNTP_UTC, UINT64_MAX, FFNTP_CLOCK_RANGE);
	map.leap_at_s = INT64_MIN;
	refused(&map, map.at, FFNTP_UTC_SMEARED, UINT64_MAX, FFNTP_CLOCK_RANGE);
	map.leap_sign = 0;
	(void)at(&map, map.at);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimate_is_the_line),
		cmocka_unit_test(interval_holds_the_line_and_its_error),
		cmocka_unit_test(at_its_own_counter_the_bound_is_the_maps),
		cmocka_unit_test(a_bound_of_nothing_leaves_room_for_rounding),
		cmocka_unit_test(extrapolation_is_the_same_both_ways),
		cmocka_unit_test(the_error_of_asymmetry_does_not_grow),
		cmocka_unit_test(only_differences_of_the_counter_matter),
		cmocka_unit_test(utc_is_tai_less_the_offset),
		cmocka_unit_test(status_decides),
		cmocka_unit_test(tai_may_be_unknown),
		cmocka_unit_test(tai_ends_with_its_table),
		cmocka_unit_test(the_cap_is_a_bound_that_is_still_allowed),
		cmocka_unit_test(case_34_a_stopped_daemon),
		cmocka_unit_test(case_34_void_before_it_was_made),
		cmocka_unit_test(case_43_half_the_counters_range_away),
		cmocka_unit_test(case_43_results_that_do_not_fit),
		cmocka_unit_test(case_43_bounds_saturate),
		cmocka_unit_test(case_43_any_map_at_all),
		cmocka_unit_test(case_44_beyond_32_bits_of_seconds),
		cmocka_unit_test(a_second_is_a_second),
		cmocka_unit_test(swapping_the_ends_changes_the_sign),
		cmocka_unit_test(durations_add_up),
		cmocka_unit_test(the_two_rates_agree_within_their_bounds),
		cmocka_unit_test(long_durations_take_the_rate_that_says_to_err_less),
		cmocka_unit_test(durations_ignore_absolute_time),
		cmocka_unit_test(order_is_told_only_where_intervals_are_apart),
		cmocka_unit_test(utc_is_numbered_anew_by_a_leap_second),
		cmocka_unit_test(the_past_before_a_leap_second_is_told_by_the_map_after_it),
		cmocka_unit_test(order_holds_across_leap_seconds),
		cmocka_unit_test(smeared_readings_never_step),
		cmocka_unit_test(a_leap_second_at_no_time_is_refused),
		cmocka_unit_test(every_result_has_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
