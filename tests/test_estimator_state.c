/* estimator_state: rounding into a source and back; what the estimators state in worlds whose truth is known. */
#include <math.h>

#include "count.h"
#include "stamptest.h"

#include "../core/estimator_state.h"

static struct ffntp_estimator_state rounded(const struct ffntp_estimator_state *state)
{
	struct ffntp_source source = { 0 };
	struct ffntp_estimator_state back;

	ffntp_estimator_state_pack(state, &source);
	assert_int_equal(ffntp_source_estimator(&source, &back), state->kind != FFNTP_ESTIMATOR_DEFAULT);
	return back;
}

static void assert_near(uint64_t value, uint64_t expected, double share)
{
	double apart = fabs((double)value - (double)expected);

	if (apart > share * (double)expected)
		print_message("%.0f is not %.0f, to %g\n", (double)value, (double)expected, share);
	assert_true(apart <= share * (double)expected);
}

static void test_rounds(void **state)
{
	struct prng prng = { 3 };

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct ffntp_estimator_state all = { .kind = FFNTP_ESTIMATOR_LAW }, back;

		all.floor_forward_ns = i < 2000 ? i : prng_any_size(&prng) >> 24;
		all.floor_backward_ns = prng_any_size(&prng) >> 24;
		all.noise_forward_ns = i < 2000 ? i : prng_any_size(&prng) >> 31;
		all.noise_backward_ns = prng_any_size(&prng) >> 31;
		all.wander_1e15 = prng_any_size(&prng) >> 31;
		back = rounded(&all);
		assert_near(back.floor_forward_ns, all.floor_forward_ns, 0.002);
		assert_near(back.floor_backward_ns, all.floor_backward_ns, 0.002);
		assert_near(back.noise_forward_ns, all.noise_forward_ns, 0.126);
		assert_near(back.noise_backward_ns, all.noise_backward_ns, 0.126);
		assert_near(back.wander_1e15, all.wander_1e15, 0.126);
	}
}

static void test_saturates(void **state)
{
	struct ffntp_estimator_state all = { FFNTP_ESTIMATOR_LAW, UINT64_MAX, UINT64_MAX, UINT64_MAX,
					     UINT64_MAX,          UINT64_MAX, { 0 },      { 0 } };
	struct ffntp_estimator_state back = rounded(&all);

	(void)state;
	assert_true(back.floor_forward_ns == UINT64_C(0x3ff) << 31 && back.floor_backward_ns == back.floor_forward_ns);
	assert_true(back.noise_forward_ns == UINT64_C(15) << 30 && back.noise_backward_ns == back.noise_forward_ns);
	assert_true(back.wander_1e15 == UINT64_C(15) << 30);
}

/* The likeliest four, in order; what is less than a thirtieth does not stand. */
static void test_orders_hypotheses(void **state)
{
	static const uint8_t percent[] = { 0, 5, 40, 2, 30, 15, 8 };
	struct ffntp_estimator_state all = { .kind = FFNTP_ESTIMATOR_LAW }, back;

	(void)state;
	for (unsigned i = 1; i < COUNT(percent); i++)
		ffntp_estimator_state_add(&all, (enum ffntp_hypothesis)i, percent[i]);
	assert_int_equal(all.hypothesis[0], 2);
	assert_int_equal(all.hypothesis[1], 4);
	assert_int_equal(all.hypothesis[2], 5);
	assert_int_equal(all.hypothesis[3], 6);
	back = rounded(&all);
	assert_memory_equal(back.hypothesis, all.hypothesis, sizeof(all.hypothesis));
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN; i++)
		assert_true(abs(back.probability_percent[i] - all.probability_percent[i]) <= 3);
	all.probability_percent[3] = 3;
	back = rounded(&all);
	assert_int_equal(back.hypothesis[3], FFNTP_HYPOTHESIS_NONE);
	assert_int_equal(back.probability_percent[3], 0);
}

static void test_refuses_what_is_no_number(void **state)
{
	static const double strange[] = { -1e-30, 1.1, NAN, INFINITY, -INFINITY };

	(void)state;
	for (unsigned i = 0; i < COUNT(strange); i++) {
		assert_int_equal(ffntp_estimator_state_percent(strange[i]), 0);
		assert_true(ffntp_estimator_state_wander(strange[i]) == 0);
	}
	assert_int_equal(ffntp_estimator_state_percent(0.994), 99);
	assert_true(ffntp_estimator_state_wander(1e-18) == 1000000);
}

static void test_each_hypothesis_has_words_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i <= FFNTP_HYPOTHESIS_CONGESTION; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ffntp_hypothesis_text((enum ffntp_hypothesis)i),
						ffntp_hypothesis_text((enum ffntp_hypothesis)k));
	assert_string_equal(ffntp_hypothesis_text((enum ffntp_hypothesis)15), "unknown");
}

/* --- the estimators --- */

static struct ffntp_estimator_state described(const struct stampclock *clock)
{
	struct ffntp_estimator_state state = { .kind = clock->ops->kind };

	clock->ops->describe(clock->state, &state);
	return state;
}

static unsigned percent_of(const struct ffntp_estimator_state *state, enum ffntp_hypothesis hypothesis)
{
	for (int i = 0; i < FFNTP_HYPOTHESES_SHOWN; i++)
		if (state->hypothesis[i] == hypothesis)
			return state->probability_percent[i];
	return 0;
}

/*
 * Both directions take 2 ms, with exponential queues of 50 us, of which half the middle 68 % is 41 us; RADclock's
 * estimator weighs the quickest exchanges most. The rate does not wander; an estimator cannot exclude a little of it in
 * five hours.
 */
static void test_states_the_path(void **state)
{
	const struct ffntp_estimator_ops *ops;

	(void)state;
	for (size_t i = 0; (ops = ffntp_estimator_at(i)) != NULL; i++) {
		struct stampworld world = stampworld_new(1);
		struct stampclock clock;
		struct ffntp_estimator_state said;

		if (ops->describe == NULL)
			continue;
		clock = stampclock_new(ops, &usual);
		said = described(&clock);
		assert_int_equal(said.floor_forward_ns, 0);
		assert_int_equal(said.hypothesis[0], FFNTP_HYPOTHESIS_NONE);
		(void)stampclock_run(&clock, &world, 16, 5 * HOUR_S);
		said = described(&clock);
		assert_near(said.floor_forward_ns, 2000000, 0.01);
		assert_near(said.floor_backward_ns, 2000000, 0.01);
		assert_true(said.noise_forward_ns > 10000 && said.noise_forward_ns < 60000);
		assert_true(said.noise_backward_ns > 10000 && said.noise_backward_ns < 60000);
		if (ops == &ffntp_law_ops)
			assert_near(said.noise_forward_ns, 41000, 0.3);
		assert_true(said.wander_1e15 < 10000000);
		assert_int_equal(said.hypothesis[0], FFNTP_HYPOTHESIS_UNCHANGED);
		assert_int_equal(said.probability_percent[0], 100);
		stampclock_free(&clock);
	}
}

/* Return the largest probability that a hypothesis has within this number of exchanges. */
static unsigned most_percent(struct stampclock *clock, struct stampworld *world, enum ffntp_hypothesis hypothesis,
			     unsigned exchanges)
{
	struct stamprun run = { 0 };
	unsigned most = 0;

	for (unsigned i = 0; i < exchanges; i++) {
		struct ffntp_estimator_state said;
		unsigned percent;

		(void)stampclock_exchange(clock, world, &run);
		stampworld_wait(world, 16);
		said = described(clock);
		percent = percent_of(&said, hypothesis);
		most = percent > most ? percent : most;
	}
	return most;
}

/* A path that becomes longer in one direction keeps the time, so that the floor of that direction rises. */
static void test_states_a_longer_path(void **state)
{
	struct stampworld world = stampworld_new(2);
	struct stampclock clock = settled_clock(&world);
	struct ffntp_estimator_state said;

	(void)state;
	assert_int_equal(most_percent(&clock, &world, FFNTP_HYPOTHESIS_PATH_FORWARD, 20), 0);
	world.forward_ns += 1000000;
	assert_true(most_percent(&clock, &world, FFNTP_HYPOTHESIS_PATH_FORWARD, 200) > 90);
	said = described(&clock);
	assert_near(said.floor_forward_ns, 3000000, 0.01);
	assert_near(said.floor_backward_ns, 2000000, 0.01);
	assert_int_equal(said.hypothesis[0], FFNTP_HYPOTHESIS_UNCHANGED);
	stampclock_free(&clock);
}

static void test_states_a_step_of_time(void **state)
{
	struct stampworld world = stampworld_new(3);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	world.server_error_ns += 5000000;
	assert_true(most_percent(&clock, &world, FFNTP_HYPOTHESIS_TIME, 50) > 50);
	stampclock_free(&clock);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_saturates),
		cmocka_unit_test(test_orders_hypotheses),
		cmocka_unit_test(test_refuses_what_is_no_number),
		cmocka_unit_test(test_each_hypothesis_has_words_of_its_own),
		cmocka_unit_test(test_states_the_path),
		cmocka_unit_test(test_states_a_longer_path),
		cmocka_unit_test(test_states_a_step_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
