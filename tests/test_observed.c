/*
 * observed: delays with correlation, drifts, irregular spells, turns of the rate, and servers that wander, in the
 * simulator.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/wire.h"
#include "../sim/observed.h"
#include "simcourse.h"

static const struct sim_law normal_law = { { { 1, 0, SIM_NORMAL, 1e-3, 3 } } };
static const struct sim_law gamma_law = { { { 1, 0, SIM_GAMMA, 1e-3, 2 } } };

/* --- the path --- */

static double delay_s(struct sim_path *path, const struct sim_way *way)
{
	int64_t delay_ns = 0;

	assert_true(sim_path_delay(path, SIM_BACK, way, &delay_ns));
	return (double)delay_ns * 1e-9;
}

/* Delays have their law's distribution, with correlation or without. */
static void test_delays_are_of_their_law(void **state)
{
	const double levels[] = { 0, 0.8, -0.3 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct sim_way way = { .minimum_s = 5e-3, .law = &gamma_law, .level = levels[i] };
		struct sim_path path = { 0 };
		int below[9] = { 0 };

		sim_path_init(&path, 81);
		for (int j = 0; j < 40000; j++) {
			double share = sim_law_below(&gamma_law, delay_s(&path, &way) - 5e-3);

			assert_above(share, 0, "");
			for (int k = 0; k < 9; k++)
				below[k] += share < (k + 1) / 10.0;
		}
		/* The limit is three standard deviations of a share among as many draws with a correlation of 0.8. */
		for (int k = 0; k < 9; k++)
			assert_between((k + 1) / 10.0 - 0.022, below[k] / 4e4, (k + 1) / 10.0 + 0.022);
	}
}

/* The normal scores of delays are a first-order process: their correlation falls off in constant ratio. */
static void test_a_level_is_the_correlation_of_scores(void **state)
{
	const double levels[] = { 0, 0.8, -0.3 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct sim_way way = { .law = &normal_law, .level = levels[i] };
		struct statistics first = { 0 }, second = { 0 };
		struct sim_path path = { 0 };
		double scores[3] = { 0 };

		sim_path_init(&path, 82);
		for (int j = 0; j < 50000; j++) {
			scores[j % 3] = sim_law_score(&normal_law, delay_s(&path, &way));
			statistics_add(&first, scores[j % 3] * scores[(j + 2) % 3]);
			statistics_add(&second, scores[j % 3] * scores[(j + 1) % 3]);
		}
		assert_between(levels[i] - 0.02, first.sum / first.count, levels[i] + 0.02);
		assert_between(levels[i] * levels[i] - 0.03, second.sum / second.count, levels[i] * levels[i] + 0.03);
	}
}

/* A draw that rejects many numbers does not take any from later packets. */
static void test_a_law_changes_no_later_delay(void **state)
{
	const struct sim_law cut = { { { 1, 0, SIM_NORMAL, 1e-3, 0.01 } } };
	const struct sim_way one = { .law = &gamma_law }, other = { .law = &cut };
	struct sim_path a = { 0 }, b = { 0 };

	(void)state;
	sim_path_init(&a, 83);
	sim_path_init(&b, 83);
	for (int i = 0; i < 1000; i++) {
		double wanted_s = delay_s(&a, &one), got_s = delay_s(&b, i % 2 == 0 ? &one : &other);

		assert_true(i % 2 != 0 || got_s == wanted_s);
	}
}

static void test_drifts(void **state)
{
	const enum sim_drift_form forms[] = { SIM_DRIFT_SINE, SIM_DRIFT_WALK };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sim_path path = {
			.drifts = { { .form = forms[i], .period_s = 1000, .minimum_s = { 2e-3, 0 }, .server_s = 1e-3 } }
		};
		double least_s = 1, most_s = -1, sum_s = 0, former_s;

		path.steady.way[SIM_FORTH].minimum_s = 5e-3;
		path.steady.way[SIM_BACK].minimum_s = 4e-3;
		sim_path_init(&path, 84);
		former_s = sim_path_conditions(&path, -1).way[SIM_FORTH].minimum_s - 5e-3;
		for (int t = 0; t < 500000; t++) {
			struct sim_conditions then = sim_path_conditions(&path, t);
			double moved_s = then.way[SIM_FORTH].minimum_s - 5e-3;

			/* Pi times the size in each period is the steepest slope of a sine; a walk's is the size. */
			assert_between(-6.3e-6, moved_s - former_s, 6.3e-6);
			assert_between(-1e-12, then.server_error_s - (moved_s - 1e-3), 1e-12);
			assert_exactly(then.way[SIM_BACK].minimum_s, 4e-3, "s");
			assert_between(-1e-12, sim_path_gauge_s(&path, t) - (1e-3 + moved_s) / 2, 1e-12);
			least_s = fmin(least_s, moved_s);
			most_s = fmax(most_s, moved_s);
			sum_s += moved_s;
			former_s = moved_s;
		}
		assert_between(0, least_s, 0.02e-3);
		assert_between(1.98e-3, most_s, 2e-3);
		assert_near(sum_s / 500000, 1e-3, 0.05);
	}
}

/* The gauge depends on minimum delays alone, because the oscillator reveals the effects of spells. */
static void test_the_gauge(void **state)
{
	struct sim_path path = {
		.steady = { .way = { { .minimum_s = 7e-3 }, { .minimum_s = 4e-3 } }, .server_tick_s = 1e-3 },
		.spells = { { .length_s = 1e9, .more = { { { .minimum_s = 1e-3 }, { 0 } }, .server_error_s = 1 } } },
	};

	(void)state;
	sim_path_init(&path, 85);
	assert_near(sim_path_gauge_s(&path, 100), 1e-3, 1e-9);
	assert_near(sim_path_conditions(&path, 100).way[SIM_FORTH].minimum_s, 8e-3, 1e-9);
}

static void test_irregular_spells(void **state)
{
	struct sim_path path = {
		.steady.way[SIM_FORTH].law = &gamma_law,
		.spells = { { .length_s = 600,
			      .every_s = 4200,
			      .is_irregular = true,
			      .more.way[SIM_FORTH].law = &normal_law } },
	};
	struct statistics length = { 0 }, begin = { 0 };
	double longest_s = 0, since_s = -1;

	(void)state;
	sim_path_init(&path, 86);
	for (int t = 0; t < 4200 * 400; t++) {
		bool is_on = sim_path_conditions(&path, t).way[SIM_FORTH].law == &normal_law;

		if (is_on && since_s < 0) {
			since_s = t;
			statistics_add(&begin, t % 4200);
		}
		if (!is_on && since_s >= 0) {
			statistics_add(&length, t - since_s);
			longest_s = fmax(longest_s, t - since_s);
			since_s = -1;
		}
	}
	/* There is one spell a period, at any place in it, lasting 300 to 900 s; a few adjoin the next one. */
	assert_between(390, length.count, 400);
	assert_near(length.sum / length.count, 600, 0.05);
	assert_true(length.least >= 299 && longest_s <= 1801);
	assert_near(begin.sum / begin.count, 1800, 0.1);
	assert_between(0, begin.least, 50);
}

/* --- the oscillator --- */

static double ahead_at(struct sim_oscillator *oscillator, double t_s)
{
	return sim_oscillator_ahead_s(oscillator, SIM_START_NS + (int64_t)(t_s * 1e9));
}

static void test_skews_and_phases_vary_with_the_seed(void **state)
{
	const struct sim_oscillator_kind kind = { .skew = 1e-5, .skew_spread = 25e-6 };
	const struct sim_oscillator_kind swing = { .swing = 1e-6, .swing_period_s = 4000, .swing_is_anywhere = true };
	struct statistics skew = { 0 }, rate = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct sim_oscillator oscillator;

		sim_oscillator_init(&oscillator, &kind, seed, SIM_START_NS);
		assert_between(-15.001e-6, ahead_at(&oscillator, 1), 35.001e-6);
		statistics_add(&skew, ahead_at(&oscillator, 1));
		sim_oscillator_init(&oscillator, &swing, seed, SIM_START_NS);
		assert_exactly(ahead_at(&oscillator, 0), 0, "");
		statistics_add(&rate, ahead_at(&oscillator, 1));
	}
	/* Uniform: the variance is a third of the spread's square. For a sine of random phase it is half. */
	assert_near(skew.sum / skew.count, 1e-5, 0.1);
	assert_near(skew.squares / skew.count - pow(skew.sum / skew.count, 2), 25e-6 * 25e-6 / 3, 0.1);
	assert_near(rate.squares / rate.count, 1e-12 / 2, 0.1);
}

/* The rate is the difference over 10 s; a turn is an interval in which it changes. */
static void test_turns_of_the_rate(void **state)
{
	const struct sim_oscillator_kind kind = { .turns = { 10800, 0.3e-6, 0.5e-6, 180, 900 } };
	struct statistics change = { 0 }, length = { 0 }, sign = { 0 };
	double former = 0, begun = 0, begun_s = -1, most = 0, ahead_s = 0;
	struct sim_oscillator oscillator;

	(void)state;
	sim_oscillator_init(&oscillator, &kind, 87, SIM_START_NS);
	for (double t_s = 0; t_s < 3600 * 2000.0; t_s += 10) {
		double then_s = ahead_at(&oscillator, t_s + 10), rate = (then_s - ahead_s) / 10;
		bool turns = fabs(rate - former) > 1e-10;

		/* The steepest ramp is the largest change in the shortest time. */
		assert_between(-0.5e-6 / 180 * 10.1, rate - former, 0.5e-6 / 180 * 10.1);
		if (turns && begun_s < 0) {
			begun_s = t_s;
			begun = former;
		}
		if (!turns && begun_s >= 0) {
			statistics_add(&change, fabs(rate - begun));
			statistics_add(&sign, rate > begun);
			statistics_add(&length, t_s - begun_s);
			most = fmax(most, fabs(rate - begun));
			begun_s = -1;
		}
		former = rate;
		ahead_s = then_s;
	}
	/* There is one turn in 3 h plus the 9 min that it lasts; a few adjoining ones count as one. */
	assert_near(change.count, 2000 * 3600 / (10800 + 540.0), 0.12);
	assert_near(change.sum / change.count, 0.4e-6, 0.03);
	assert_between(0.29e-6, change.least, 0.32e-6);
	assert_above(most, 0.48e-6, "");
	assert_between(0.43, sign.sum / sign.count, 0.57);
	assert_near(length.sum / length.count, 540, 0.07);
}

/* A world never asks for more than a second back. There is no wander, because its steps are of whole seconds. */
static void test_turns_do_not_mind_who_asks(void **state)
{
	const struct sim_oscillator_kind kind = { .turns = { 100, 0.3e-6, 0.5e-6, 5, 50 } };
	struct sim_oscillator often, seldom, behind;

	(void)state;
	sim_oscillator_init(&often, &kind, 88, SIM_START_NS);
	sim_oscillator_init(&seldom, &kind, 88, SIM_START_NS);
	sim_oscillator_init(&behind, &kind, 88, SIM_START_NS);
	for (int t = 1; t < 20000; t++) {
		double now_s = ahead_at(&often, t), back_s = ahead_at(&often, t - 0.75);

		assert_between(-1e-14, ahead_at(&behind, t - 0.75) - back_s, 1e-14);
		if (t % 1000 == 0)
			assert_between(-1e-14, ahead_at(&seldom, t) - now_s, 1e-14);
	}
}

/* --- whole worlds --- */

static struct ffntp_packet last_reply(const struct course *course)
{
	struct ffntp_packet packet;

	assert_int_equal(ffntp_wire_read(course->world.server[0].reply, FFNTP_WIRE_SIZE, &packet), FFNTP_ACCEPTED);
	return packet;
}

/* The server states more than its error ever is. Its error has both signs and becomes large. */
static void test_a_server_wanders_within_its_root_distance(void **state)
{
	struct course *course = course_of(scenario_named("server-wanders"), 89, 16, 12);
	struct statistics error = { 0 };
	double most_s = 0;

	(void)state;
	for (size_t i = 0; i < course->count; i++) {
		statistics_add(&error, course->exchanges[i].conditions.server_error_s);
		most_s = fmax(most_s, course->exchanges[i].conditions.server_error_s);
	}
	assert_between(-2e-3, error.least, -1e-3);
	assert_between(1e-3, most_s, 2e-3);
	assert_near(ffntp_short_s(last_reply(course).root_dispersion), 3e-3, 0.01);
	assert_at_least(ffntp_short_s(last_reply(course).root_dispersion), 3e-3, "");
	free(course);
	course = course_of(scenario_named("metro"), 89, 16, 1);
	assert_exactly(last_reply(course).root_dispersion, 0, "");
	free(course);
}

/* The gauge is the distance of the minimum round trip's midpoint from the truth. */
static void test_the_gauge_is_in_the_exchanges(void **state)
{
	struct course *course = course_of(scenario_named("normal-tails-far"), 90, 16, 12);
	double forth_s = 1, back_s = 1;

	(void)state;
	for (size_t i = 0; i < course->count; i++) {
		const struct sim_exchange *exchange = &course->exchanges[i];

		forth_s = fmin(forth_s, (double)(exchange->tb_ns - exchange->truth_ta_ns) * 1e-9);
		back_s = fmin(back_s, (double)(exchange->truth_tf_ns - exchange->te_ns) * 1e-9);
	}
	assert_near(sim_world_gauge_s(&course->world, SIM_START_NS), 0.3e-3, 1e-9);
	assert_near((forth_s - back_s) / 2, 0.3e-3, 0.05);
	free(course);
}

static void test_observed_scenarios_are_in_the_list(void **state)
{
	size_t count = 0;

	(void)state;
	for (; sim_observed_at(count) != NULL; count++) {
		const struct sim_scenario *scenario = sim_observed_at(count);

		assert_ptr_equal(scenario_named(scenario->name), scenario);
		assert_true(strlen(scenario->name) <= 22 && strlen(scenario->summary) <= 56);
		assert_true(scenario->oscillator.skew_spread > 0 && scenario->oscillator.wander > 0);
		assert_true(scenario->has_limit || !scenario->limit_needs_world);
		for (size_t i = 0; i < SIM_SPELLS; i++)
			assert_true(!scenario->spells[i].is_irregular ||
				    scenario->spells[i].every_s >= 1.5 * scenario->spells[i].length_s);
	}
	assert_at_least(count, 30, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delays_are_of_their_law),
		cmocka_unit_test(test_a_level_is_the_correlation_of_scores),
		cmocka_unit_test(test_a_law_changes_no_later_delay),
		cmocka_unit_test(test_drifts),
		cmocka_unit_test(test_the_gauge),
		cmocka_unit_test(test_irregular_spells),
		cmocka_unit_test(test_skews_and_phases_vary_with_the_seed),
		cmocka_unit_test(test_turns_of_the_rate),
		cmocka_unit_test(test_turns_do_not_mind_who_asks),
		cmocka_unit_test(test_a_server_wanders_within_its_root_distance),
		cmocka_unit_test(test_the_gauge_is_in_the_exchanges),
		cmocka_unit_test(test_observed_scenarios_are_in_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
