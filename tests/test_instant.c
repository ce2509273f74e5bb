/* instant: eras, rounding and saturation. Exact values of many more instants are test_arithmetic.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "assertions.h"
#include "../include/ffntp/instant.h"
#include "prng.h"

#define ERA_S (INT64_C(1) << 32)
#define YEAR_S INT64_C(31557600)
#define S_2036 INT64_C(2085978496) /* 2036-02-07 06:28:16, where era 1 begins */
#define S_2106 (INT64_C(1) << 32)  /* 2106-02-07 06:28:16, where unsigned 32-bit POSIX time ends */
#define S_2172 (S_2036 + ERA_S)    /* era 2 */

static struct ffntp_time at(int64_t s, uint64_t frac)
{
	return (struct ffntp_time){ s, frac };
}

static void assert_time(struct ffntp_time t, int64_t s, uint64_t frac)
{
	assert_exactly(t.s, s, "");
	assert_exactly(t.frac, frac, "");
}

static void known_dates_have_their_timestamps(void **state)
{
	const struct {
		int64_t s;
		uint64_t units;
	} dates[] = {
		{ -FFNTP_NTP_UNIX_S, 0 },                   /* 1900-01-01 */
		{ 0, UINT64_C(2208988800) << 32 },          /* 1970-01-01 */
		{ 63072000, UINT64_C(2272060800) << 32 },   /* 1972-01-01, RFC 5905, figure 4 */
		{ 946598400, UINT64_C(3155587200) << 32 },  /* 1999-12-31, ibidem */
		{ S_2036 - 1, UINT64_C(0xffffffff) << 32 }, /* last of era 0 */
		{ S_2036, 0 },                              /* first of era 1 */
		{ S_2036 + 63104, UINT64_C(63104) << 32 },  /* 2036-02-08, ibidem */
		{ S_2106, UINT64_C(2208988800) << 32 },
		{ S_2172 + 5, UINT64_C(5) << 32 },
	};

	(void)state;
	assert_exactly(S_2036, ERA_S - FFNTP_NTP_UNIX_S, "");
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct ffntp_ntp ntp = ffntp_ntp_from_time(at(dates[i].s, 0));

		assert_exactly(ntp.units, dates[i].units, "");
		assert_time(ffntp_time_from_ntp(ntp, dates[i].s + 3 * YEAR_S), dates[i].s, 0);
		assert_time(ffntp_time_from_ntp(ntp, dates[i].s - 3 * YEAR_S), dates[i].s, 0);
	}
}

/* Case 17: before and after each end of an era, a pivot that is decades off resolves the date. */
static void case_17_every_date_is_unfolded_from_any_pivot_within_68_years(void **state)
{
	struct prng prng = { 17 };

	(void)state;
	for (int64_t s = 0; s < 400 * YEAR_S; s += YEAR_S / 7) {
		uint64_t frac = prng_next(&prng) & UINT64_C(0xffffffff00000000);
		struct ffntp_ntp ntp = ffntp_ntp_from_time(at(s, frac));

		for (int64_t years = -68; years <= 68; years += 4)
			assert_time(ffntp_time_from_ntp(ntp, s + years * YEAR_S), s, frac);
	}
}

static void the_nearest_instant_is_taken_to_the_second(void **state)
{
	const int64_t pivots[] = { 0, 1700000000, S_2036 - 1, S_2036, S_2106, S_2172, 10 * ERA_S };

	(void)state;
	for (size_t i = 0; i < sizeof(pivots) / sizeof(pivots[0]); i++) {
		int64_t earliest = pivots[i] - ERA_S / 2, latest = pivots[i] + ERA_S / 2 - 1;

		assert_time(ffntp_time_from_ntp(ffntp_ntp_from_time(at(earliest, 0)), pivots[i]), earliest, 0);
		assert_time(ffntp_time_from_ntp(ffntp_ntp_from_time(at(latest, 0)), pivots[i]), latest, 0);
		/* One second further away, the pivot resolves to the date at the other end. */
		assert_time(ffntp_time_from_ntp(ffntp_ntp_from_time(at(latest + 1, 0)), pivots[i]), earliest, 0);
	}
}

static void case_17_differences_hold_across_an_era(void **state)
{
	const int64_t edges[] = { S_2036, S_2172, S_2106 };
	struct prng prng = { 18 };

	(void)state;
	for (int i = 0; i < 30000; i++) {
		int64_t edge = edges[i % 3];
		int64_t before_s = (int64_t)prng_below(&prng, 30 * YEAR_S),
			after_s = (int64_t)prng_below(&prng, 30 * YEAR_S);
		struct ffntp_ntp before = ffntp_ntp_from_time(at(edge - before_s, 0));
		struct ffntp_ntp after = ffntp_ntp_from_time(at(edge + after_s, UINT64_C(1) << 63));
		int64_t expected = ((before_s + after_s) << 32) + (INT64_C(1) << 31);

		assert_exactly(ffntp_ntp_diff(after, before), expected, "");
		assert_exactly(ffntp_ntp_diff(before, after), -expected, "");
	}
}

static void seconds_are_added_across_an_era(void **state)
{
	struct ffntp_ntp t = ffntp_ntp_from_time(at(S_2036 - 20, UINT64_C(1) << 63));

	(void)state;
	assert_exactly(ffntp_ntp_add_s(t, 37).units, (UINT64_C(17) << 32 | UINT64_C(1) << 31), "");
	assert_exactly(ffntp_ntp_add_s(ffntp_ntp_add_s(t, 37), -37).units, t.units, "");
}

static void nanoseconds_come_back(void **state)
{
	struct prng prng = { 3 };

	(void)state;
	for (int i = 0; i < 200000; i++) {
		int64_t ns = (int64_t)prng_any_size(&prng);
		struct ffntp_time t = ffntp_time_from_ns(ns);

		assert_exactly(ffntp_time_to_ns(t), ns, "");
		/* 2^-64 s less is rounded down to the nanosecond before. */
		t.s -= t.frac == 0;
		t.frac--;
		assert_true(ffntp_time_to_ns(t) == (ns == INT64_MIN ? ns : ns - 1));
	}
}

/* Case 43: results that do not fit. */
static void case_43_nanoseconds_saturate(void **state)
{
	(void)state;
	assert_exactly(ffntp_time_to_ns(ffntp_time_from_ns(INT64_MAX)), INT64_MAX, "");
	assert_exactly(ffntp_time_to_ns(ffntp_time_from_ns(INT64_MIN)), INT64_MIN, "");
	assert_exactly(ffntp_time_to_ns(at(9223372036, UINT64_MAX)), INT64_MAX, "");
	assert_exactly(ffntp_time_to_ns(at(9223372037, 0)), INT64_MAX, "");
	assert_exactly(ffntp_time_to_ns(at(INT64_MAX, UINT64_MAX)), INT64_MAX, "");
	assert_exactly(ffntp_time_to_ns(at(-9223372037, 0)), INT64_MIN, "");
	assert_exactly(ffntp_time_to_ns(at(-9223372038, UINT64_MAX)), INT64_MIN, "");
	assert_exactly(ffntp_time_to_ns(at(INT64_MIN, 0)), INT64_MIN, "");
}

static void case_43_differences_saturate(void **state)
{
	const struct ffntp_time first = at(INT64_MIN, 0), last = at(INT64_MAX, UINT64_MAX), zero = at(0, 0);

	(void)state;
	assert_exactly(ffntp_time_diff_ns(last, first), INT64_MAX, "");
	assert_exactly(ffntp_time_diff_ns(first, last), INT64_MIN, "");
	assert_exactly(ffntp_time_diff_ns(zero, first), INT64_MAX, "");
	assert_exactly(ffntp_time_diff_ns(first, zero), INT64_MIN, "");
	assert_exactly(ffntp_time_diff_ns(first, first), 0, "");
	assert_exactly(ffntp_time_diff_ns(at(0, 0), at(0, 1)), -1, "");
	assert_exactly(ffntp_time_diff_ns(at(0, 1), at(0, 0)), 0, "");
}

static void case_43_additions_saturate(void **state)
{
	(void)state;
	assert_time(ffntp_time_add_ns(at(INT64_MAX, UINT64_MAX), 1), INT64_MAX, UINT64_MAX);
	assert_time(ffntp_time_add_ns(at(INT64_MAX - 5, 0), 6 * FFNTP_NS_PER_S), INT64_MAX, UINT64_MAX);
	assert_time(ffntp_time_add_ns(at(INT64_MAX - 5, 0), 5 * FFNTP_NS_PER_S), INT64_MAX, 0);
	assert_time(ffntp_time_add_ns(at(INT64_MIN, 0), -1), INT64_MIN, 0);
	assert_time(ffntp_time_add_ns(at(INT64_MIN + 5, 7), -5 * FFNTP_NS_PER_S), INT64_MIN, 7);
	assert_time(ffntp_time_add_ns(at(INT64_MIN, UINT64_MAX), FFNTP_NS_PER_S), INT64_MIN + 1, UINT64_MAX);
}

static void what_was_added_is_the_difference(void **state)
{
	struct prng prng = { 4 };

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct ffntp_time t = at((int64_t)prng_any_size(&prng) / 2, prng_next(&prng));
		int64_t ns = (int64_t)prng_any_size(&prng);
		struct ffntp_time sum = ffntp_time_add_ns(t, ns);

		assert_exactly(ffntp_time_diff_ns(sum, t), ns, "");
		assert_exactly(ffntp_time_is_before(t, sum), (ns > 0), "");
		assert_exactly(ffntp_time_is_before(sum, t), (ns < 0), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates_have_their_timestamps),
		cmocka_unit_test(case_17_every_date_is_unfolded_from_any_pivot_within_68_years),
		cmocka_unit_test(the_nearest_instant_is_taken_to_the_second),
		cmocka_unit_test(case_17_differences_hold_across_an_era),
		cmocka_unit_test(seconds_are_added_across_an_era),
		cmocka_unit_test(nanoseconds_come_back),
		cmocka_unit_test(case_43_nanoseconds_saturate),
		cmocka_unit_test(case_43_differences_saturate),
		cmocka_unit_test(case_43_additions_saturate),
		cmocka_unit_test(what_was_added_is_the_difference),
	};

	return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
