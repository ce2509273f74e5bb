/* rate_range: the range in which a counter's rate must lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/params.h"
#include "../core/rate_range.h"

static const struct ffntp_rate_bound hint = { 1e-9, 500e-6 };

/* Return the bound of an exchange at 'at_s' on a counter that is fast by 'fast', with a width of width_s. */
static struct ffntp_bound said(double at_s, double fast, double width_s)
{
	return (struct ffntp_bound){
		.is_known = true,
		.at = (uint64_t)(at_s * (1 + fast) * 1e9),
		.reference = { (UINT64_C(1) << 63) + (uint64_t)(at_s * 0x1p32) },
		.earliest_s = -width_s / 2,
		.latest_s = width_s / 2,
	};
}

#define MAX_DRIFT 1e-6

static void begin(struct ffntp_rate_range *range)
{
	ffntp_rate_range_begin(range, hint, MAX_DRIFT);
}

static struct ffntp_rate_range range_after(double from_s, double to_s, double step_s, double fast, double width_s)
{
	struct ffntp_rate_range range;

	begin(&range);
	for (double at_s = from_s; at_s <= to_s; at_s += step_s) {
		const struct ffntp_bound now = said(at_s, fast, width_s);

		(void)ffntp_rate_range_add(&range, &now);
	}
	return range;
}

static void assert_between(double low, double value, double high)
{
	if (!(low <= value && value <= high))
		print_message("%.12g is not between %.12g and %.12g\n", value, low, high);
	assert_true(low <= value && value <= high);
}

static double ppm(double period_s)
{
	return (period_s * 1e9 - 1) * 1e6;
}

/* Check the averages, in ppm of a nanosecond; the present rate may be max_drift beyond them. */
static void assert_range(const struct ffntp_rate_range *range, double least_ppm, double most_ppm, double slack_ppm)
{
	struct ffntp_rate_bound now = ffntp_rate_range_now(range);

	assert_between(least_ppm - slack_ppm, ppm(range->least_s), least_ppm + slack_ppm);
	assert_between(most_ppm - slack_ppm, ppm(range->most_s), most_ppm + slack_ppm);
	assert_between(least_ppm - 1 - slack_ppm, ppm(now.period_s * (1 - now.max_error)), least_ppm - 1 + slack_ppm);
	assert_between(most_ppm + 1 - slack_ppm, ppm(now.period_s * (1 + now.max_error)), most_ppm + 1 + slack_ppm);
}

static void test_one_exchange_says_nothing_of_the_rate(void **state)
{
	struct ffntp_rate_range range = range_after(1, 1, 1, 0, 1e-3);

	(void)state;
	assert_range(&range, -500, 500, 1e-6);
}

/* 4 ms in 100 s are 40 ppm either way; in 1000 s they are 4. */
static void test_it_narrows_as_time_goes_by(void **state)
{
	struct ffntp_rate_range soon = range_after(0, 100, 10, 50e-6, 4e-3);
	struct ffntp_rate_range late = range_after(0, 1000, 10, 50e-6, 4e-3);

	(void)state;
	assert_range(&soon, -50 - 40, -50 + 40, 0.1);
	assert_range(&late, -50 - 4, -50 + 4, 0.1);
}

/* Congested exchanges at the beginning soon cease to be the baselines of rates. */
static void test_a_narrow_exchange_takes_the_place_of_a_wide_one(void **state)
{
	struct ffntp_rate_range range = range_after(0, 20, 1, 0, 1);
	struct ffntp_bound now;

	(void)state;
	for (double at_s = 21; at_s <= 121; at_s++) {
		now = said(at_s, 0, 4e-3);
		(void)ffntp_rate_range_add(&range, &now);
	}
	assert_range(&range, -50, 50, 10); /* 4 ms in 100 s, less the age of the first narrow anchor */
}

/* There are no more anchors than the table has room for, and one of them begins the longest baseline of all. */
static void test_the_oldest_anchor_is_kept(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1e6, 100, 0, 4e-3);

	(void)state;
	assert_int_equal(range.count, FFNTP_RATE_ANCHORS);
	assert_int_equal(range.anchor[0].bound.exchange, 1);
	for (unsigned i = 1; i < range.count; i++)
		assert_above(ffntp_counter_diff(range.anchor[i].bound.at, range.anchor[i - 1].bound.at), 0, "");
	assert_range(&range, -4e-3, 4e-3, 1e-4);
}

static void move_rate(double by, struct ffntp_rate_range *range)
{
	double ticks = 0;

	begin(range);
	for (unsigned i = 0; i < 5000; i++) {
		double fast = i / 700 % 2 == 0 ? by / 2 : -by / 2;
		struct ffntp_bound now = said(i * 64.0, 0, 1e-4);
		struct ffntp_rate_bound rate;

		now.at = (uint64_t)ticks;
		(void)ffntp_rate_range_add(range, &now);
		ticks += 64e9 * (1 + fast);
		rate = ffntp_rate_range_now(range);
		assert_between(ppm(rate.period_s * (1 - rate.max_error)), -fast * 1e6,
			       ppm(rate.period_s * (1 + rate.max_error)));
	}
}

/* The rate moves by max_drift and back: no average excludes another, and the present rate is in the range. */
static void test_a_rate_that_moves_within_its_band_is_in_the_range(void **state)
{
	struct ffntp_rate_range range;

	(void)state;
	move_rate(0.98 * MAX_DRIFT, &range);
	move_rate(0.7 * MAX_DRIFT, &range);
	assert_above(range.least_s, range.most_s, "s"); /* two different averages prove more than either */
	assert_int_equal(range.anchor[0].bound.exchange, 1);
}

/* A baseline is void when it is both older than a month and older than 128 exchanges. */
static void test_old_baselines_are_forgotten(void **state)
{
	static const struct {
		double step_s;
		unsigned exchanges;
		bool is_kept;
	} cases[] = {
		{ 3600, 24 * 29, true },
		{ 3600, 24 * 31, false },
		{ 86400, 120, true },
		{ 86400, 135, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ffntp_rate_range range =
			range_after(0, cases[i].step_s * cases[i].exchanges, cases[i].step_s, 0, 4e-3);

		assert_int_equal(range.anchor[0].bound.exchange == 1, cases[i].is_kept);
	}
}

/* The oscillator ages by 0.24 ppm a day for a month: its old rates do not fit the present one and are dropped. */
static void test_it_follows_an_oscillator_that_ages(void **state)
{
	struct ffntp_rate_range range;
	double ticks = 0;

	(void)state;
	begin(&range);
	for (unsigned hour = 0; hour < 24 * 30; hour++) {
		struct ffntp_bound now = said(hour * 3600.0, 0, 4e-3);

		now.at = (uint64_t)ticks;
		(void)ffntp_rate_range_add(&range, &now);
		ticks += 3600e9 * (1 + hour * 1e-8);
	}
	assert_between(-9, ppm(range.least_s) - 1, -7.19);
	assert_between(-7.19, ppm(range.most_s) + 1, -5);
}

/*
 * The rate steps by 400 ppm, so that no rate fits all exchanges: the hint applies again, with the exchanges from then
 * on.
 */
static void test_it_begins_again_where_nothing_fits(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 1e-3);
	struct ffntp_bound now = said(1000, 0, 1e-3);
	const uint64_t from = now.at;

	(void)state;
	for (double s = 10; s <= 100; s += 10) {
		now = said(1000 + s, 0, 1e-3);
		now.at = from + (uint64_t)(s * (1 + 400e-6) * 1e9);
		(void)ffntp_rate_range_add(&range, &now);
	}
	assert_range(&range, -400 - 11, -400 + 11, 1);
}

static void test_what_a_former_run_knew(void **state)
{
	struct ffntp_rate_range range;

	(void)state;
	begin(&range);
	ffntp_rate_range_know(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 50e-6), 2e-6 });
	assert_range(&range, 48, 52, 1e-3);
	ffntp_rate_range_know(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 80e-6), 2e-6 }); /* an impossible rate */
	assert_range(&range, 48, 52, 1e-3);
}

/* An estimator's period outside of the range widens it to include just that period, and never narrows it. */
static void test_an_estimator_only_widens(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 4e-3); /* +-4 ppm, and 1 */
	struct ffntp_rate_bound now = ffntp_rate_range_now(&range), rate;

	(void)state;
	rate = ffntp_rate_bound_with(now, 1e-9 * (1 + 3e-6));
	assert_between(-1e-6, ppm(rate.period_s) - ppm(now.period_s), 1e-6);
	assert_between(-1e-12, rate.max_error - now.max_error, 1e-12);
	rate = ffntp_rate_bound_with(now, 1e-9 * (1 + 20e-6));
	assert_between(-5.1, ppm(rate.period_s * (1 - rate.max_error)), -4.9);
	assert_between(19.9, ppm(rate.period_s * (1 + rate.max_error)), 20.1);
	rate = ffntp_rate_bound_with(now, 1e-9 * (1 - 20e-6));
	assert_between(-20.1, ppm(rate.period_s * (1 - rate.max_error)), -19.9);
}

static void test_rates_that_exclude_each_other(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 4e-3);

	(void)state;
	assert_false(ffntp_rate_range_excludes(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 6e-6), 3e-6 }));
	assert_true(ffntp_rate_range_excludes(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 6e-6), 1e-6 }));
	assert_true(ffntp_rate_range_excludes(&range, (struct ffntp_rate_bound){ 1e-9 * (1 - 6e-6), 1e-6 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_exchange_says_nothing_of_the_rate),
		cmocka_unit_test(test_it_narrows_as_time_goes_by),
		cmocka_unit_test(test_a_narrow_exchange_takes_the_place_of_a_wide_one),
		cmocka_unit_test(test_the_oldest_anchor_is_kept),
		cmocka_unit_test(test_a_rate_that_moves_within_its_band_is_in_the_range),
		cmocka_unit_test(test_old_baselines_are_forgotten),
		cmocka_unit_test(test_it_follows_an_oscillator_that_ages),
		cmocka_unit_test(test_it_begins_again_where_nothing_fits),
		cmocka_unit_test(test_what_a_former_run_knew),
		cmocka_unit_test(test_an_estimator_only_widens),
		cmocka_unit_test(test_rates_that_exclude_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
