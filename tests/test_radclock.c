/*
 * radclock: the estimator through its interface, in worlds of known truth: beginnings, quiet days, and properties that
 * must not matter.
 */
#include "../core/params.h"

#define ESTIMATOR_OPS ffntp_radclock_ops
#include "stampvariant.h"

/* --- from the first stamp on --- */

static void test_the_first_stamp_tells_the_time(void **state)
{
	struct stampworld world = stampworld_new(1);
	struct stampclock clock = new_clock();
	struct stamprun run = { 0 };

	(void)state;
	assert_int_equal(stampclock_exchange(&clock, &world, &run), FFNTP_ACCEPTED);
	assert_below(run.worst_s, 200e-6);
	assert_int_equal(run.within_2_esterror, 1);
	assert_true(clock.estimate.period_s == 1e-9);
	assert_true(clock.estimate.period_esterror >= 250e-6);
	stampclock_free(&clock);
}

static void test_a_burst_finds_the_rate(void **state)
{
	struct stampworld world = stampworld_new(2);
	struct stampclock clock = new_clock();

	(void)state;
	world.skew = 400e-6;
	(void)stampclock_run(&clock, &world, 2, 16);
	(void)stampclock_run(&clock, &world, 16, 300);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 2e-6);
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 60e-6, 300e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.1e-6);
	stampclock_free(&clock);
}

/* The first stamp was slow in one direction, which nothing showed: the second stamp reveals it. */
static void test_better_luck_at_the_second_try(void **state)
{
	struct stampworld world = stampworld_new(40);
	struct stampclock clock = new_clock();
	struct stamprun run = { 0 };

	(void)state;
	world.forward_ns += 20000000;
	assert_int_equal(stampclock_exchange(&clock, &world, &run), FFNTP_ACCEPTED);
	assert_below(run.worst_s, 11e-3);
	stampworld_wait(&world, 2);
	world.forward_ns -= 20000000;
	assert_run(stampclock_run(&clock, &world, 2, 14), 200e-6, 400e-6);
	stampclock_free(&clock);
}

/* Rates from better times are not replaced by rates from worse ones. */
static void test_a_busy_warm_up(void **state)
{
	struct stampworld world = stampworld_new(41);
	struct stampclock clock = new_clock();

	(void)state;
	(void)stampclock_run(&clock, &world, 16, 2000);
	world.queue_ns = 10000000;
	for (unsigned i = 0; i < 100; i++) {
		(void)stampclock_run(&clock, &world, 16, 50);
		assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.2e-6);
		assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 0.2e-6);
	}
	stampclock_free(&clock);
}

static void test_a_quiet_day(void **state)
{
	struct stampworld world = stampworld_new(3);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	assert_run(stampclock_run(&clock, &world, 16, DAY_S), 5e-6, 20e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 20e-9);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 1e-9);
	stampclock_free(&clock);
}

struct conditions {
	double poll_s, wander;
	int64_t queue_ns;
};

static void test_the_estimated_error_is_one_standard_deviation(void **state)
{
	static const struct conditions all[] = {
		{ 16, 0, 50000 },        { 16, 1e-9, 50000 },  { 16, 0, 500000 },     { 16, 1e-9, 500000 },
		{ 256, 0.2e-9, 100000 }, { 1024, 0, 1000000 }, { 1024, 1e-9, 50000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct ffntp_estimator_config config = usual;
		struct stampworld world = stampworld_new(i);
		struct stampclock clock;
		struct stamprun run;
		double share;

		config.poll_s = all[i].poll_s;
		clock = stampclock_new(&ffntp_radclock_ops, &config);
		world.wander = all[i].wander;
		world.queue_ns = all[i].queue_ns;
		(void)stampclock_run(&clock, &world, all[i].poll_s, 40 * fmax(all[i].poll_s, HOUR_S / 8));
		run = stampclock_run(&clock, &world, all[i].poll_s, 3 * DAY_S);
		share = run.within_2_esterror / (double)run.stamps;
		if (share < 0.88)
			print_message("%zu: %g\n", i, share);
		assert_true(share >= 0.88);
		assert_below(run.esterror_s / run.stamps, 2.5 * stamprun_rms_s(&run));
		stampclock_free(&clock);
	}
}

/* The estimated error of the warm-up does not persist. */
static void test_the_estimated_error_after_warm_up(void **state)
{
	struct stampworld world = stampworld_new(42);
	struct stampclock clock = new_clock();

	(void)state;
	world.skew = 400e-6;
	(void)stampclock_run(&clock, &world, 16, FFNTP_RADCLOCK_WARMUP_S + 300);
	assert_below(clock.estimate.esterror_s, 20e-6);
	stampclock_free(&clock);
}

/* Its statistics for adaptive polling are within a small factor of the world's parameters. */
static void test_what_is_known_of_oscillator_and_path(void **state)
{
	struct stampworld world = stampworld_new(48);
	struct stampclock clock;

	(void)state;
	world.wander = 2e-9;
	clock = settled_clock(&world);
	(void)stampclock_run(&clock, &world, 16, DAY_S);
	/* Half the difference of two exponential delays; exchanges with little of both weigh most. */
	assert_below(clock.estimate.exchange_esterror_s, (double)world.queue_ns * 1e-9 * sqrt(0.5));
	assert_below((double)world.queue_ns * 1e-9 / 5, clock.estimate.exchange_esterror_s);
	assert_below(clock.estimate.wander_per_s, 5 * world.wander * world.wander);
	assert_below(world.wander * world.wander / 5, clock.estimate.wander_per_s);
	assert_true(clock.estimate.covariance_s > 0);
	stampclock_free(&clock);
}

/* --- what must not matter --- */

static void test_how_fast_the_counter_is(void **state)
{
	static struct ffntp_estimate a[VARIANT_STAMPS], b[VARIANT_STAMPS];
	struct variant fast = plain;

	(void)state;
	fast.hz = 3.7e9;
	play(&plain, a);
	play(&fast, b);
	for (unsigned i = 0; i < VARIANT_STAMPS; i++) {
		double apart_s =
			ffntp_ntp_diff_s(b[i].reference, a[i].reference) + b[i].correction_s - a[i].correction_s;

		assert_below(fabs(apart_s), 1e-7); /* the two counters round differently, 1 ns each */
		assert_below(fabs(b[i].period_s * 3.7 / a[i].period_s - 1), i < 100 ? 1e-8 : 1e-10);
	}
}

/* --- poll intervals, gaps --- */

static void test_the_poll_interval_changes(void **state)
{
	static const double polls_s[] = { 16, 64, 4, 256, 16, 1024, 2 };
	struct ffntp_estimator_config config = usual;
	struct stampworld world = stampworld_new(5);
	struct stampclock clock;

	(void)state;
	config.poll_s = 2;
	clock = stampclock_new(&ffntp_radclock_ops, &config);
	world.wander = 0.2e-9;
	(void)stampclock_run(&clock, &world, 16, 5 * HOUR_S);
	for (size_t i = 0; i < sizeof polls_s / sizeof *polls_s; i++)
		assert_run(stampclock_run(&clock, &world, polls_s[i], 4 * HOUR_S), 50e-6, 250e-6);
	stampclock_free(&clock);
}

/* Polling faster than configured, or with less memory than the windows need, shortens the windows and does no harm. */
static void test_little_memory(void **state)
{
	static const uint32_t histories[] = { 1, 150, 1000, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct ffntp_estimator_config config = usual;
		struct stampworld world = stampworld_new(6);
		struct stampclock clock;

		config.history = histories[i];
		clock = stampclock_new(&ffntp_radclock_ops, &config);
		(void)stampclock_run(&clock, &world, 1, HOUR_S);
		assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 30e-9);
		assert_run(stampclock_run(&clock, &world, 1, 3 * HOUR_S), 50e-6, 200e-6);
		assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 30e-6, 100e-6);
		stampclock_free(&clock);
	}
}

static void test_memory_follows_the_poll_interval(void **state)
{
	struct ffntp_estimator_config fast = usual, slow = usual, small = usual;

	(void)state;
	fast.poll_s = 1;
	slow.poll_s = 1024;
	small.poll_s = 1;
	small.history = 200;
	assert_true(ffntp_radclock_ops.memory(&fast) > 8 * ffntp_radclock_ops.memory(&usual));
	assert_true(ffntp_radclock_ops.memory(&slow) < ffntp_radclock_ops.memory(&usual));
	assert_true(ffntp_radclock_ops.memory(&small) < ffntp_radclock_ops.memory(&usual));
	assert_true(ffntp_radclock_ops.memory(&usual) < 70000);
}

static void test_gaps(void **state)
{
	static const double gaps_s[] = { 2 * HOUR_S, 4 * HOUR_S, 3.8 * DAY_S, 2 * WEEK_S, 1000 };
	struct stampworld world = stampworld_new(7);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	for (size_t i = 0; i < sizeof gaps_s / sizeof *gaps_s; i++) {
		struct stamprun first = { 0 };

		stampworld_wait(&world, gaps_s[i]);
		assert_int_equal(stampclock_exchange(&clock, &world, &first), FFNTP_ACCEPTED);
		assert_below(first.worst_s, 150e-6);
		stampworld_wait(&world, 16);
		assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 20e-6, 150e-6);
		assert_run(stampclock_run(&clock, &world, 16, 4 * HOUR_S), 5e-6, 20e-6);
	}
	stampclock_free(&clock);
}

/* After a gap longer than its validity, a local rate from before is no better than the average. */
static void test_a_local_rate_goes_stale(void **state)
{
	struct stampworld world = stampworld_new(8);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run = { 0 };

	(void)state;
	stampworld_set_skew(&world, world.skew + 0.3e-6);
	(void)stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_below(0.1e-6, fabs(clock.estimate.period_s / clock.estimate.stable_period_s - 1));
	stampworld_wait(&world, 4 * HOUR_S);
	(void)stampclock_exchange(&clock, &world, &run);
	assert_true(clock.estimate.period_s == clock.estimate.stable_period_s);
	stampclock_free(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_stamp_tells_the_time),
		cmocka_unit_test(test_a_burst_finds_the_rate),
		cmocka_unit_test(test_better_luck_at_the_second_try),
		cmocka_unit_test(test_a_busy_warm_up),
		cmocka_unit_test(test_a_quiet_day),
		cmocka_unit_test(test_the_estimated_error_is_one_standard_deviation),
		cmocka_unit_test(test_the_estimated_error_after_warm_up),
		cmocka_unit_test(test_what_is_known_of_oscillator_and_path),
		cmocka_unit_test(test_where_the_counter_starts),
		cmocka_unit_test(test_when_it_is),
		cmocka_unit_test(test_what_the_server_takes_for_the_time),
		cmocka_unit_test(test_how_fast_the_counter_is),
		cmocka_unit_test(test_the_poll_interval_changes),
		cmocka_unit_test(test_little_memory),
		cmocka_unit_test(test_memory_follows_the_poll_interval),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_a_local_rate_goes_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
