/*
 * Kernel stamps to counter readings: a counter of 2.5 GHz, and what becomes of steps, slews and stamps that cannot be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../ports/linux/stamping.h"

#define TICKS_PER_NS 2.5
#define PERIOD_S (1e-9 / TICKS_PER_NS)

static ffntp_counter counter_at(int64_t ns)
{
	return UINT64_C(0xfffffffffff00000) + (uint64_t)(int64_t)((double)ns * TICKS_PER_NS); /* it wraps meanwhile */
}

/* Sent at 0, received at 10 ms; the clock was 1.7e18 at 0. Own readings are 700 ns early and 900 ns late. */
#define REALTIME_NS INT64_C(1700000000000000000)
#define RTT_NS INT64_C(10000000)

static struct ffntp_stamping good(void)
{
	return (struct ffntp_stamping){
		.before = { counter_at(-1000), REALTIME_NS - 1000, 60 },
		.after = { counter_at(RTT_NS + 3000), REALTIME_NS + RTT_NS + 3000, 60 },
		.own_ta = counter_at(-700),
		.own_tf = counter_at(RTT_NS + 900),
		.has_tx = true,
		.has_rx = true,
		.tx_ns = REALTIME_NS,
		.rx_ns = REALTIME_NS + RTT_NS,
	};
}

static int64_t ns_apart(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)((double)(int64_t)(a - b) / TICKS_PER_NS);
}

static void assert_stamps(const struct ffntp_stamping *stamping, int64_t ta_ns, int64_t tf_ns)
{
	ffntp_counter ta, tf;

	ffntp_stamping_resolve(stamping, PERIOD_S, &ta, &tf);
	assert_in_range(ns_apart(ta, counter_at(ta_ns)) + 2, 0, 4);
	assert_in_range(ns_apart(tf, counter_at(tf_ns)) + 2, 0, 4);
}

static void maps_both_stamps(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	assert_stamps(&stamping, 0, RTT_NS);
}

static void a_wrong_period_hardly_matters(void **state)
{
	struct ffntp_stamping stamping = good();
	ffntp_counter ta, tf;

	(void)state;
	ffntp_stamping_resolve(&stamping, PERIOD_S * (1 + 400e-6), &ta, &tf);
	assert_in_range(ns_apart(ta, counter_at(0)) + 2, 0, 4);
	assert_in_range(ns_apart(tf, counter_at(RTT_NS)) + 2, 0, 4);
}

static void a_slew_is_followed_from_the_nearer_bracket(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.after.realtime_ns += 5000; /* 500 ppm of 10 ms */
	stamping.rx_ns += 4998;
	assert_stamps(&stamping, 0, RTT_NS - 2);
}

static void a_step_between_leaves_our_own_readings(void **state)
{
	static const int64_t steps_ns[] = { 20000, -20000, 1000000000, -3600000000000 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct ffntp_stamping stamping = good();

		stamping.after.realtime_ns += steps_ns[i];
		stamping.rx_ns += steps_ns[i];
		assert_stamps(&stamping, -700, RTT_NS + 900);
	}
}

static void a_missing_stamp_leaves_that_reading(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.has_tx = false;
	assert_stamps(&stamping, -700, RTT_NS);
	stamping.has_rx = false;
	assert_stamps(&stamping, -700, RTT_NS + 900);
	stamping.has_tx = true;
	assert_stamps(&stamping, 0, RTT_NS + 900);
}

static void a_stamp_outside_our_own_readings_is_not_believed(void **state)
{
	struct ffntp_stamping stamping = good();

	(void)state;
	stamping.tx_ns -= 100000;
	stamping.rx_ns += 100000;
	assert_stamps(&stamping, -700, RTT_NS + 900);
	stamping = good();
	stamping.tx_ns = REALTIME_NS + RTT_NS + 100000;
	assert_stamps(&stamping, -700, RTT_NS);
	stamping = good();
	stamping.rx_ns = REALTIME_NS - 100000;
	assert_stamps(&stamping, 0, RTT_NS + 900);
}

static void a_bracket_is_narrow_and_true(void **state)
{
	struct ffntp_counter_source source;
	struct ffntp_bracket first, second;
	double counter_ns;

	(void)state;
	if (ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW) != NULL)
		skip();
	first = ffntp_bracket_take(&source);
	second = ffntp_bracket_take(&source);
	counter_ns = (double)(second.counter - first.counter);
	assert_true(counter_ns >= 0);
	assert_true((double)(second.realtime_ns - first.realtime_ns) < counter_ns * 1.1 + 1e6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_both_stamps),
		cmocka_unit_test(a_wrong_period_hardly_matters),
		cmocka_unit_test(a_slew_is_followed_from_the_nearer_bracket),
		cmocka_unit_test(a_step_between_leaves_our_own_readings),
		cmocka_unit_test(a_missing_stamp_leaves_that_reading),
		cmocka_unit_test(a_stamp_outside_our_own_readings_is_not_believed),
		cmocka_unit_test(a_bracket_is_narrow_and_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
