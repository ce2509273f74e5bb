/* radclock: queues, servers and oscillators at their worst; and nonsense. */
#include "../core/params.h"

#define ESTIMATOR_OPS ffntp_radclock_ops
#include "stamptest.h"

/* --- bad times --- */

/* All exchanges are bad for an hour: the clock free-runs, and recovers afterwards. */
static void test_the_clock_comes_back(void **state)
{
	struct stampworld world = stampworld_new(13);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct stamprun run;

		world.queue_ns = 20000000;
		run = stampclock_run(&clock, &world, 16, HOUR_S / 2);
		assert_below(run.worst_s, 300e-6);
		world.queue_ns = 50000;
		(void)stampclock_run(&clock, &world, 16, HOUR_S / 2);
		assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
	}
	stampclock_free(&clock);
}

/*
 * The path never again becomes as quick as it was, and exceeds the quality limit: it is used all the same, once
 * free-running would be worse.
 */
static void test_a_path_that_stays_bad_is_followed(void **state)
{
	struct stampworld world = stampworld_new(14);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.queue_ns = 3000000;
	stampworld_set_skew(&world, world.skew + 1e-6);
	(void)stampclock_run(&clock, &world, 16, 6 * HOUR_S);
	run = stampclock_run(&clock, &world, 16, 12 * HOUR_S);
	assert_below(run.worst_s, 2e-3);
	assert_below(stamprun_rms_s(&run), 500e-6);
	stampclock_free(&clock);
}

/* The clock is not lost either when there is no floor at all and the oscillator wanders. */
static void test_a_queue_without_end_is_followed(void **state)
{
	struct stampworld world = stampworld_new(46);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.queue_ns = 20000000;
	stampworld_set_skew(&world, world.skew + 0.5e-6);
	run = stampclock_run(&clock, &world, 16, 12 * HOUR_S);
	assert_below(run.worst_s, 8e-3);
	assert_below(stamprun_rms_s(&run), 4e-3);
	assert_true(run.within_2_esterror > run.stamps / 2);
	stampclock_free(&clock);
}

static void test_a_server_that_is_wrong_for_a_while(void **state)
{
	static const int64_t errors_ns[] = { 150000000, -150000000, 3000000, -3000000, 3600000000000, 20000000 };

	(void)state;
	for (size_t i = 0; i < sizeof errors_ns / sizeof *errors_ns; i++) {
		struct stampworld world = stampworld_new(15 + i);
		struct stampclock clock = settled_clock(&world);
		struct stamprun run;

		world.server_error_ns = errors_ns[i];
		run = stampclock_run(&clock, &world, 16, 1200);
		assert_int_equal(run.refused, run.stamps);
		assert_below(run.worst_s, 50e-6);
		world.server_error_ns = 0;
		assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 20e-6, 150e-6);
		assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
		stampclock_free(&clock);
	}
}

/* The server is wrong once every few minutes, each time for one stamp. */
static void test_a_server_that_is_wrong_now_and_then(void **state)
{
	struct stampworld world = stampworld_new(30);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		world.server_error_ns = i % 13 == 0 ? 5000000 + 1000 * i : 0;
		assert_int_equal(stampclock_exchange(&clock, &world, &run),
				 i % 13 == 0 ? FFNTP_REFUSED_CONTRADICTION : FFNTP_ACCEPTED);
		stampworld_wait(&world, 16);
	}
	assert_below(run.worst_s, 50e-6);
	stampclock_free(&clock);
}

/* The server stays wrong until the client restarts the estimator, because the clock was wrong, but not its rate. */
static void test_a_server_that_stays_wrong_is_refused(void **state)
{
	struct stampworld world = stampworld_new(31);
	struct stampclock clock = settled_clock(&world);
	double stable_s = clock.estimate.stable_period_s;
	struct stamprun run;

	(void)state;
	world.server_error_ns = 1000000000;
	run = stampclock_run(&clock, &world, 16, FFNTP_RADCLOCK_LOST_S - 60);
	assert_int_equal(run.refused, run.stamps);
	clock.ops->restart(clock.state);
	(void)stampclock_exchange(&clock, &world, &run);
	assert_below(fabs(stampworld_error_s(&world, &clock.estimate) - 1), 300e-6);
	assert_true(clock.estimate.stable_period_s == stable_s);
	world.server_error_ns = 0;
	clock.ops->restart(clock.state);
	stampworld_wait(&world, 16);
	assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 60e-6, 300e-6);
	assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
	stampclock_free(&clock);
}

/* The clock's rate is far off, so that it agrees with no stamp, and at that rate no stamps agree with each other. */
static void test_a_clock_that_is_lost_starts_anew(void **state)
{
	struct stampworld world = stampworld_new(32);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	stampworld_set_skew(&world, -300e-6);
	(void)stampclock_run(&clock, &world, 16, FFNTP_RADCLOCK_LOST_S + 1000);
	assert_run(stampclock_run(&clock, &world, 16, 4 * HOUR_S), 60e-6, 300e-6);
	assert_run(stampclock_run(&clock, &world, 16, 4 * HOUR_S), 10e-6, 50e-6);
	stampclock_free(&clock);
}

/* However the first stamps were delayed, the clock recovers. */
static void test_bad_beginnings(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 140; seed++) {
		struct stampworld world = stampworld_new(seed);
		struct stampclock clock = new_clock();
		double poll_s = seed % 2 ? 16 : 64;

		world.forward_ns = world.backward_ns = seed % 3 ? 3000000 : 40000000;
		world.queue_ns = 20000000;
		(void)stampclock_run(&clock, &world, seed % 4 ? 2 : poll_s, seed % 4 ? 16 : 500);
		world.queue_ns = 300000;
		(void)stampclock_run(&clock, &world, poll_s, 3 * HOUR_S);
		assert_run(stampclock_run(&clock, &world, poll_s, 3 * HOUR_S), 80e-6, 300e-6);
		stampclock_free(&clock);
	}
}

/* Return any possible exchange: any round trip, any residence within it, any server time, any pause before it. */
static struct ffntp_stamp anything(struct prng *prng, ffntp_counter *now, uint64_t server)
{
	uint64_t rtt_ticks = 1 + prng_any_size(prng) % UINT64_C(16000000000);
	uint64_t wild = prng_below(prng, 3) == 0 ? prng_any_size(prng) : prng_below(prng, 1000000);
	struct ffntp_stamp stamp = { .ta = *now + 1 + prng_any_size(prng) % UINT64_C(100000000000000) };

	stamp.tf = *now = stamp.ta + rtt_ticks;
	stamp.tb.units = server + wild;
	stamp.te.units = stamp.tb.units + prng_below(prng, rtt_ticks);
	stamp.refid = (uint32_t)prng_below(prng, 2);
	return stamp;
}

/* Nonsense does not break the clock, and has no effect once it ends. */
static void test_anything_at_all(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct stampworld world = stampworld_new(seed);
		struct stampclock clock = seed % 2 ? settled_clock(&world) : new_clock();
		struct prng prng = { seed };
		ffntp_counter now = stampworld_counter(&world, world.now_ns);
		double last_s;

		for (unsigned i = 0; i < 500; i++) {
			uint64_t server = stampworld_time(&world, world.now_ns).units;
			struct ffntp_stamp stamp = anything(&prng, &now, server);

			(void)clock.ops->add(clock.state, &stamp, &clock.estimate);
			assert_true(is_finite_estimate(&clock.estimate));
			assert_true(clock.estimate.period_s > 0 && clock.estimate.stable_period_s > 0);
			assert_true(clock.estimate.at == stamp.tf);
		}
		/* The world continues from the counter's present value. */
		world.counter_from = now;
		world.counter_from_ns = world.now_ns;
		stampworld_wait(&world, 16);
		(void)stampclock_run(&clock, &world, 16, 2 * FFNTP_RADCLOCK_LOST_S);
		(void)stampclock_run(&clock, &world, 16, 4 * HOUR_S);
		assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 30e-6, 100e-6);
		last_s = fabs(stampworld_rate_error(&world, clock.estimate.period_s));
		assert_below(last_s, 0.1e-6);
		stampclock_free(&clock);
	}
}

/* After a change of leap indicator, stratum or refid the clock free-runs for one stamp. */
static void test_a_server_that_becomes_another(void **state)
{
	struct stampworld world = stampworld_new(33);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	for (unsigned i = 0; i < 48; i++) {
		struct ffntp_estimate before = clock.estimate;
		bool is_other = i % 4 == 0;
		struct ffntp_stamp stamp;
		double expected_s, difference_s;

		stampworld_wait(&world, 16);
		stamp = stampworld_exchange(&world);
		stamp.refid += i / 12;
		stamp.stratum = (uint8_t)(1 + (i + 4) / 12);
		stamp.leap = (uint8_t)((i + 8) / 12 % 3);
		assert_int_equal(clock.ops->add(clock.state, &stamp, &clock.estimate), FFNTP_ACCEPTED);
		expected_s = before.correction_s + ffntp_counter_diff(stamp.tf, before.at) * before.period_s;
		difference_s = ffntp_ntp_diff_s(clock.estimate.reference, before.reference) +
			       clock.estimate.correction_s - expected_s;
		if (i > 0)
			assert_int_equal(fabs(difference_s) < 1e-12, is_other);
		if (i > 0 && is_other)
			assert_true(clock.estimate.period_s == before.period_s &&
				    clock.estimate.stable_period_s == before.stable_period_s);
	}
	stampclock_free(&clock);
}

/* --- the oscillator --- */

static void test_a_step_of_the_rate_is_followed(void **state)
{
	struct stampworld world = stampworld_new(34);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	stampworld_set_skew(&world, world.skew + 5e-6);
	run = stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_int_equal(run.refused, 0);
	assert_below(run.worst_s, 3e-3);
	assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 50e-9);
	stampclock_free(&clock);
}

static void test_the_average_rate_forgets_after_a_week(void **state)
{
	struct ffntp_estimator_config config = usual;
	struct stampworld world = stampworld_new(35);
	struct stampclock clock;
	double error;

	(void)state;
	config.poll_s = 64;
	clock = stampclock_new(&ffntp_radclock_ops, &config);
	(void)stampclock_run(&clock, &world, 64, 6 * DAY_S);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 0.5e-9);
	stampworld_set_skew(&world, world.skew + 0.3e-6);
	(void)stampclock_run(&clock, &world, 64, DAY_S);
	error = stampworld_rate_error(&world, clock.estimate.stable_period_s);
	assert_true(error > 0.2e-6 && error < 0.3e-6); /* six days of seven were at the other rate */
	(void)stampclock_run(&clock, &world, 64, 10 * DAY_S);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 0.5e-9);
	assert_run(stampclock_run(&clock, &world, 64, DAY_S), 20e-6, 100e-6);
	stampclock_free(&clock);
}

static void test_a_known_rate_is_kept(void **state)
{
	struct stampworld world = stampworld_new(36);
	struct stampclock clock = new_clock();

	(void)state;
	clock.ops->warm(clock.state, 1e-9 / (1 + world.skew) * (1 + 20e-9), 50e-9);
	(void)stampclock_run(&clock, &world, 16, 100);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 21e-9);
	assert_run(stampclock_run(&clock, &world, 16, 12 * HOUR_S), 20e-6, 100e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 3e-9);
	stampclock_free(&clock);
}

static void test_a_restart_keeps_the_rate_alone(void **state)
{
	struct stampworld world = stampworld_new(37);
	struct stampclock clock = settled_clock(&world);
	double period_s = clock.estimate.period_s, stable_s = clock.estimate.stable_period_s;
	struct stamprun run = { 0 };

	(void)state;
	clock.ops->restart(clock.state);
	world.server_error_ns = 5000000000;
	world.forward_ns = world.backward_ns = 20000000;
	assert_int_equal(stampclock_exchange(&clock, &world, &run), FFNTP_ACCEPTED);
	assert_below(fabs(stampworld_error_s(&world, &clock.estimate) - 5), 300e-6);
	assert_true(clock.estimate.period_s == period_s);
	assert_true(clock.estimate.stable_period_s == stable_s);
	world.server_error_ns = 0;
	clock.ops->restart(clock.state);
	(void)stampclock_run(&clock, &world, 16, 600);
	assert_run(stampclock_run(&clock, &world, 16, 6 * HOUR_S), 30e-6, 100e-6);
	stampclock_free(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_clock_comes_back),
		cmocka_unit_test(test_a_path_that_stays_bad_is_followed),
		cmocka_unit_test(test_a_queue_without_end_is_followed),
		cmocka_unit_test(test_a_server_that_is_wrong_for_a_while),
		cmocka_unit_test(test_a_server_that_is_wrong_now_and_then),
		cmocka_unit_test(test_a_server_that_stays_wrong_is_refused),
		cmocka_unit_test(test_a_clock_that_is_lost_starts_anew),
		cmocka_unit_test(test_bad_beginnings),
		cmocka_unit_test(test_anything_at_all),
		cmocka_unit_test(test_a_server_that_becomes_another),
		cmocka_unit_test(test_a_step_of_the_rate_is_followed),
		cmocka_unit_test(test_the_average_rate_forgets_after_a_week),
		cmocka_unit_test(test_a_known_rate_is_kept),
		cmocka_unit_test(test_a_restart_keeps_the_rate_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
