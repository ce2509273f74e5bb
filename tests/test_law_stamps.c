/* law: the delay-law estimator's treatment of invalid stamps, and of stamps that no server should send. */
#define ESTIMATOR_OPS ffntp_law_ops

#include "stamptest.h"

/* --- invalid stamps --- */

/* Return a valid stamp. */
static struct ffntp_stamp next_stamp(struct stampworld *world)
{
	stampworld_wait(world, 16);
	return stampworld_exchange(world);
}

static struct ffntp_ntp later(struct ffntp_ntp t, double s)
{
	return (struct ffntp_ntp){ t.units + (uint64_t)(int64_t)(s * 0x1p32) };
}

/* Make the next stamp invalid; 'last' is the one before it. */
static struct ffntp_stamp zeroes(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	(void)next;
	return (struct ffntp_stamp){ 0 };
}

static struct ffntp_stamp the_last(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)next;
	return *last;
}

static struct ffntp_stamp same_tf(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	next.ta = last->ta;
	next.tf = last->tf;
	return next;
}

static struct ffntp_stamp from_before(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	next.ta = last->ta - 16000000000;
	next.tf = last->tf - 16000000000;
	return next;
}

static struct ffntp_stamp begun_before(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	next.ta = last->tf - 1;
	return next;
}

static struct ffntp_stamp no_time(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.ta = next.tf;
	return next;
}

static struct ffntp_stamp backwards(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.ta = next.tf + 1;
	return next;
}

static struct ffntp_stamp half_a_turn(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.tf = next.ta + (UINT64_C(1) << 63);
	return next;
}

static struct ffntp_stamp after_a_lifetime(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.ta += UINT64_C(2200000000000000000);
	next.tf += UINT64_C(2200000000000000000);
	return next;
}

static struct ffntp_stamp too_slow(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.tf += 17000000000;
	next.te = later(next.te, 8);
	return next;
}

static struct ffntp_stamp sent_before_received(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.te = later(next.tb, -2e-6);
	return next;
}

static struct ffntp_stamp an_era_before_received(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.te = later(next.tb, -2e9);
	return next;
}

static struct ffntp_stamp held_for_longer(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.te = later(next.tb, (double)(next.tf - next.ta) * 1.02e-9);
	return next;
}

static struct ffntp_stamp held_for_an_era(struct ffntp_stamp next, const struct ffntp_stamp *last)
{
	(void)last;
	next.te = later(next.tb, 2e9);
	return next;
}

struct bad_stamp {
	struct ffntp_stamp (*make)(struct ffntp_stamp next, const struct ffntp_stamp *last);
	enum ffntp_verdict verdict;
	bool is_bad_as_first;
};

static const struct bad_stamp bad_stamps[] = {
	{ zeroes, FFNTP_REFUSED_COUNTER, true },
	{ the_last, FFNTP_REFUSED_DUPLICATE, false },
	{ same_tf, FFNTP_REFUSED_DUPLICATE, false },
	{ from_before, FFNTP_REFUSED_COUNTER, false },
	{ begun_before, FFNTP_REFUSED_COUNTER, false },
	{ no_time, FFNTP_REFUSED_COUNTER, true },
	{ backwards, FFNTP_REFUSED_COUNTER, true },
	{ half_a_turn, FFNTP_REFUSED_COUNTER, true },
	{ after_a_lifetime, FFNTP_REFUSED_COUNTER, false },
	{ too_slow, FFNTP_REFUSED_LATE, true },
	{ sent_before_received, FFNTP_REFUSED_TIMESTAMPS, true },
	{ an_era_before_received, FFNTP_REFUSED_TIMESTAMPS, true },
	{ held_for_longer, FFNTP_REFUSED_RESIDENCE, true },
	{ held_for_an_era, FFNTP_REFUSED_RESIDENCE, true },
};

#define BAD_STAMPS (sizeof bad_stamps / sizeof *bad_stamps)

/* Check that the stamp is refused with this verdict, and that no bit of the state changes. */
static void assert_refused(struct stampclock *clock, const struct ffntp_stamp *stamp, enum ffntp_verdict verdict)
{
	size_t size = clock->ops->memory(&usual);
	void *before = malloc(size);
	struct ffntp_estimate estimate;

	assert_non_null(before);
	memcpy(before, clock->state, size);
	assert_string_equal(ffntp_verdict_name(clock->ops->add(clock->state, stamp, &estimate)),
			    ffntp_verdict_name(verdict));
	assert_memory_equal(before, clock->state, size);
	free(before);
}

static void test_what_is_no_stamp_is_refused_by_name(void **state)
{
	struct stampworld world = stampworld_new(60);
	struct stampclock clock = settled_clock(&world);
	struct ffntp_stamp last = next_stamp(&world);

	(void)state;
	for (size_t i = 0; i < BAD_STAMPS; i++) {
		struct ffntp_stamp next, bad;

		assert_int_equal(clock.ops->add(clock.state, &last, &clock.estimate), FFNTP_ACCEPTED);
		next = next_stamp(&world);
		bad = bad_stamps[i].make(next, &last);
		assert_refused(&clock, &bad, bad_stamps[i].verdict);
		last = next;
	}
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 5e-6, 20e-6);
	stampclock_free(&clock);
}

static void test_nor_is_it_as_the_first(void **state)
{
	struct stampworld world = stampworld_new(61);
	struct stampclock clock = new_clock();

	(void)state;
	for (size_t i = 0; i < BAD_STAMPS; i++) {
		struct ffntp_stamp next = next_stamp(&world), bad = bad_stamps[i].make(next, &next);

		if (bad_stamps[i].is_bad_as_first)
			assert_refused(&clock, &bad, bad_stamps[i].verdict);
	}
	assert_run(stampclock_run(&clock, &world, 2, 20), 200e-6, 500e-6);
	stampclock_free(&clock);
}

/* Rounding by the server, and two clocks within one server, are not faults. */
static void test_a_residence_of_less_than_nothing(void **state)
{
	struct stampworld world = stampworld_new(62);
	struct stampclock clock = settled_clock(&world);
	struct ffntp_stamp stamp = next_stamp(&world);

	(void)state;
	stamp.te = later(stamp.tb, -0.9e-6);
	assert_int_equal(clock.ops->add(clock.state, &stamp, &clock.estimate), FFNTP_ACCEPTED);
	stampclock_free(&clock);
}

/*
 * Unrelated times, after none or some valid stamps. The bound excludes impossible times before an estimator receives
 * them; here every number must stay finite.
 */
static void test_anything_leaves_numbers(void **state)
{
	struct prng prng = { 63 };

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct stampworld world = stampworld_new(round);
		struct stampclock clock = new_clock();
		struct ffntp_stamp stamp;

		(void)stampclock_run(&clock, &world, 16, 16.0 * (double)prng_below(&prng, 60));
		for (unsigned i = 0; i < 40; i++) {
			stamp = next_stamp(&world);
			stamp.tb.units += prng_any_size(&prng);
			stamp.te = prng_next(&prng) % 2 ? later(stamp.tb, 1e-6) : stamp.te;
			stamp.ta -= prng_any_size(&prng) >> 20;
			(void)clock.ops->add(clock.state, &stamp, &clock.estimate);
			assert_true(is_finite_estimate(&clock.estimate));
		}
		stampclock_free(&clock);
	}
}

/*
 * A clock that moves in steps is late by half a step on average, which no exchange reveals. The server states its step.
 */
static void test_a_server_whose_clock_ticks(void **state)
{
	const double tick_s = 1e-3;
	const uint64_t tick = (uint64_t)(tick_s * 0x1p32);
	struct stampworld world = stampworld_new(16);
	struct stampclock clock = new_clock();
	unsigned refused = 0;

	(void)state;
	world.wander = 1e-9;
	for (unsigned n = 0; n < 3000; n++) {
		struct ffntp_stamp stamp = next_stamp(&world);

		stamp.tb.units -= stamp.tb.units % tick;
		stamp.te.units -= stamp.te.units % tick;
		stamp.precision_s = tick_s;
		refused += clock.ops->add(clock.state, &stamp, &clock.estimate) != FFNTP_ACCEPTED;
		if (n > 300)
			assert_below(fabs(stampworld_error_s(&world, &clock.estimate)), tick_s);
		assert_below(tick_s / 8, clock.estimate.esterror_s);
	}
	assert_in_range(refused, 0, 18);
	stampclock_free(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_stamp_is_refused_by_name),
		cmocka_unit_test(test_nor_is_it_as_the_first),
		cmocka_unit_test(test_a_residence_of_less_than_nothing),
		cmocka_unit_test(test_anything_leaves_numbers),
		cmocka_unit_test(test_a_server_whose_clock_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
