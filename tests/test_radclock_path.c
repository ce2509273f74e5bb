/* radclock: paths that become longer and shorter, in both directions and in one. */
#define ESTIMATOR_OPS ffntp_radclock_ops
#include "stamptest.h"

/* --- the path --- */

static void test_a_longer_path(void **state)
{
	struct stampworld world = stampworld_new(9);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	world.forward_ns += 2000000;
	world.backward_ns += 2000000;
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 60e-6, 200e-6);
	assert_run(stampclock_run(&clock, &world, 16, 6 * HOUR_S), 5e-6, 20e-6);
	stampclock_free(&clock);
}

static void test_a_shorter_path(void **state)
{
	struct stampworld world = stampworld_new(10);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	world.forward_ns -= 900000;
	world.backward_ns -= 900000;
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 10e-6, 50e-6);
	assert_run(stampclock_run(&clock, &world, 16, 6 * HOUR_S), 5e-6, 20e-6);
	stampclock_free(&clock);
}

/* The longer path moves the average of half a week, too, as soon as that is worse than a new measurement. */
static void test_a_longer_path_does_not_freeze_the_average_rate(void **state)
{
	struct stampworld world = stampworld_new(44);
	struct stampclock clock = new_clock();

	(void)state;
	(void)stampclock_run(&clock, &world, 16, DAY_S);
	world.forward_ns += 1000000;
	world.backward_ns += 1000000;
	stampworld_set_skew(&world, world.skew + 0.3e-6);
	(void)stampclock_run(&clock, &world, 16, 2.3 * DAY_S);
	assert_below(stampworld_rate_error(&world, clock.estimate.stable_period_s), 0.15e-6);
	stampclock_free(&clock);
}

/* Every estimator of this kind follows half of one direction's change; not more, and it is not lost. */
static void test_a_path_longer_one_way(void **state)
{
	struct stampworld world = stampworld_new(11);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.forward_ns += 10000000;
	run = stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_below(run.worst_s, 5.5e-3);
	assert_int_equal(run.refused, 0);
	world.forward_ns -= 10000000;
	(void)stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 10e-6, 30e-6);
	stampclock_free(&clock);
}

/* A jump larger than an oscillator can have drifted meanwhile waits until it could have. */
static void test_a_path_much_longer_one_way(void **state)
{
	struct stampworld world = stampworld_new(47);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.forward_ns += 60000000;
	assert_run(stampclock_run(&clock, &world, 16, 2500), 0.5e-3, 2e-3);
	run = stampclock_run(&clock, &world, 16, HOUR_S);
	assert_int_equal(run.refused, 0);
	assert_below(fabs(fabs(stampworld_error_s(&world, &clock.estimate)) - 30e-3), 0.2e-3);
	/* A longer delay in one direction does not look like a different rate. */
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.1e-6);
	(void)stampclock_run(&clock, &world, 16, 4 * HOUR_S);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.05e-6);
	stampclock_free(&clock);
}

/* The local rate is still measured while its windows contain stamps from before and after a shift. */
static void test_a_shift_does_not_freeze_the_local_rate(void **state)
{
	static const int64_t shifts_ns[] = { 6000000, -1800000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stampworld world = stampworld_new(12);
		struct stampclock clock = settled_clock(&world);
		unsigned changes = 0;

		world.forward_ns += shifts_ns[i];
		world.backward_ns += shifts_ns[i];
		for (unsigned minute = 0; minute < 150; minute++) {
			double before_s = clock.estimate.period_s;

			(void)stampclock_run(&clock, &world, 16, 60);
			changes += clock.estimate.period_s != before_s;
			assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 50e-9);
		}
		assert_true(changes > 10);
		stampclock_free(&clock);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_longer_path),
		cmocka_unit_test(test_a_shorter_path),
		cmocka_unit_test(test_a_longer_path_does_not_freeze_the_average_rate),
		cmocka_unit_test(test_a_path_longer_one_way),
		cmocka_unit_test(test_a_path_much_longer_one_way),
		cmocka_unit_test(test_a_shift_does_not_freeze_the_local_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
