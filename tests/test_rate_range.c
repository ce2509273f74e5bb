/* rate_range: between which rates a counter's must lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/params.h"
#include "../core/rate_range.h"

static const struct ffntp_rate_bound hint = { 1e-9, 500e-6 };

/* What an exchange says at 'at' s of a counter that is fast by 'fast', of a time that it knows to half of width_s. */
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

static struct ffntp_rate_range range_after(double from_s, double to_s, double step_s, double fast, double width_s)
{
	struct ffntp_rate_range range;

	ffntp_rate_range_begin(&range, hint);
	for (double at_s = from_s; at_s <= to_s; at_s += step_s) {
		const struct ffntp_bound now = said(at_s, fast, width_s);

		ffntp_rate_range_add(&range, &now);
	}
	return range;
}

static void assert_between(double low, double value, double high)
{
	if (!(low <= value && value <= high))
		print_message("%.12g is not between %.12g and %.12g\n", value, low, high);
	assert_true(low <= value && value <= high);
}

/* In ppm of a nanosecond. */
static void assert_range(const struct ffntp_rate_range *range, double least_ppm, double most_ppm, double slack_ppm)
{
	assert_between(least_ppm - slack_ppm, (range->least_s * 1e9 - 1) * 1e6, least_ppm + slack_ppm);
	assert_between(most_ppm - slack_ppm, (range->most_s * 1e9 - 1) * 1e6, most_ppm + slack_ppm);
}

static void test_one_exchange_says_nothing_of_the_rate(void **state)
{
	struct ffntp_rate_range range = range_after(1, 1, 1, 0, 1e-3);

	(void)state;
	assert_range(&range, -500, 500, 1e-6);
}

/* 4 ms in 100 s are 40 ppm either way; in 1000 s 4. */
static void test_it_narrows_as_time_goes_by(void **state)
{
	struct ffntp_rate_range soon = range_after(0, 100, 10, 50e-6, 4e-3);
	struct ffntp_rate_range late = range_after(0, 1000, 10, 50e-6, 4e-3);

	(void)state;
	assert_range(&soon, -50 - 40, -50 + 40, 0.1);
	assert_range(&late, -50 - 4, -50 + 4, 0.1);
}

/* What was congested at first is not what rates are counted from for long: 1 s and 4 ms after it. */
static void test_a_narrow_exchange_takes_the_place_of_a_wide_one(void **state)
{
	struct ffntp_rate_range range = range_after(0, 20, 1, 0, 1);
	struct ffntp_bound now;

	(void)state;
	for (double at_s = 21; at_s <= 121; at_s++) {
		now = said(at_s, 0, 4e-3);
		ffntp_rate_range_add(&range, &now);
	}
	assert_range(&range, -40, 40, 0.1);
}

/* What an oscillator did long ago fits what it does now no more, and is forgotten: 0.24 ppm a day, for a month. */
static void test_it_follows_an_oscillator_that_ages(void **state)
{
	struct ffntp_rate_range range;
	double ticks = 0;

	(void)state;
	ffntp_rate_range_begin(&range, hint);
	for (unsigned hour = 0; hour < 24 * 30; hour++) {
		struct ffntp_bound now = said(hour * 3600.0, 0, 4e-3);

		now.at = (uint64_t)ticks;
		ffntp_rate_range_add(&range, &now);
		ticks += 3600e9 * (1 + hour * 1e-8);
	}
	assert_between(-8, (range.least_s * 1e9 - 1) * 1e6, -6.5);
	assert_between(-8, (range.most_s * 1e9 - 1) * 1e6, -6.5);
}

/* By 400 ppm at once: there is no rate that all of it fits. The hint holds, and what comes then. */
static void test_it_begins_again_where_nothing_fits(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 1e-3);
	struct ffntp_bound now = said(1000, 0, 1e-3);
	const uint64_t from = now.at;

	(void)state;
	for (double s = 10; s <= 100; s += 10) {
		now = said(1000 + s, 0, 1e-3);
		now.at = from + (uint64_t)(s * (1 + 400e-6) * 1e9);
		ffntp_rate_range_add(&range, &now);
	}
	assert_range(&range, -400 - 11, -400 + 11, 1);
}

/* A server that is believed after all: nothing is concluded from how much time it took or gave. */
static void test_a_jump_of_time_is_no_rate(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 4e-3);
	struct ffntp_bound now;

	(void)state;
	ffntp_rate_range_jump(&range);
	for (double at_s = 1010; at_s <= 2000; at_s += 10) {
		now = said(at_s, 0, 4e-3);
		now.reference.units += (uint64_t)(3e-3 * 0x1p32); /* which the bounds leave room for */
		ffntp_rate_range_add(&range, &now);
	}
	assert_range(&range, -4, 4, 0.1);
}

static void test_what_a_former_run_knew(void **state)
{
	struct ffntp_rate_range range;

	(void)state;
	ffntp_rate_range_begin(&range, hint);
	ffntp_rate_range_know(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 50e-6), 2e-6 });
	assert_range(&range, 48, 52, 1e-3);
	ffntp_rate_range_know(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 80e-6), 2e-6 }); /* that cannot be */
	assert_range(&range, -500, 500, 1e-3);
}

/* Within the range and what an oscillator wanders, an estimator is believed; and no further. */
static void test_an_estimator_is_held_to_it(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 4e-3); /* +-4 ppm */
	const struct ffntp_rate_bound inside = { 1e-9 * (1 + 3e-6), 1e-7 }, outside = { 1e-9 * (1 + 100e-6), 1e-7 },
				      across = { 1e-9 * (1 + 20e-6), 10e-6 };
	struct ffntp_rate_bound rate;

	(void)state;
	rate = ffntp_rate_range_narrow(&range, inside);
	assert_true(rate.period_s == inside.period_s && rate.max_error == inside.max_error);
	rate = ffntp_rate_range_narrow(&range, outside);
	assert_between(-0.1, (rate.period_s * 1e9 - 1) * 1e6, 0.1);
	assert_between(3.9, rate.max_error * 1e6, 4.1);
	rate = ffntp_rate_range_narrow(&range, across); /* 10 to 30, of which 4 + FFNTP_WANDER_LIMIT are allowed */
	assert_between(10 - 0.1, (rate.period_s * (1 - rate.max_error) * 1e9 - 1) * 1e6, 10 + 0.1);
	assert_between(24 - 0.1, (rate.period_s * (1 + rate.max_error) * 1e9 - 1) * 1e6, 24 + 0.1);
}

/* One that has seen little is no surer of itself than the range is. */
static void test_an_estimator_that_is_new_narrows_nothing(void **state)
{
	struct ffntp_rate_range range = range_after(0, 1000, 10, 0, 4e-3);
	struct ffntp_rate_bound rate =
		ffntp_rate_range_with(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 3e-6), 1e-7 });

	(void)state;
	assert_between(-4.1, (rate.period_s * (1 - rate.max_error) * 1e9 - 1) * 1e6, -3.9);
	assert_between(3.9, (rate.period_s * (1 + rate.max_error) * 1e9 - 1) * 1e6, 4.1);
	rate = ffntp_rate_range_with(&range, (struct ffntp_rate_bound){ 1e-9 * (1 + 10e-6), 1e-6 });
	assert_between(-4.1, (rate.period_s * (1 - rate.max_error) * 1e9 - 1) * 1e6, -3.9);
	assert_between(10.9, (rate.period_s * (1 + rate.max_error) * 1e9 - 1) * 1e6, 11.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_exchange_says_nothing_of_the_rate),
		cmocka_unit_test(test_it_narrows_as_time_goes_by),
		cmocka_unit_test(test_a_narrow_exchange_takes_the_place_of_a_wide_one),
		cmocka_unit_test(test_it_follows_an_oscillator_that_ages),
		cmocka_unit_test(test_it_begins_again_where_nothing_fits),
		cmocka_unit_test(test_a_jump_of_time_is_no_rate),
		cmocka_unit_test(test_what_a_former_run_knew),
		cmocka_unit_test(test_an_estimator_is_held_to_it),
		cmocka_unit_test(test_an_estimator_that_is_new_narrows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
