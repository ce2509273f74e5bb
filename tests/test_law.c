/*
 * law: draws, densities and distribution functions of delays, compared with each other and with moments from textbooks.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../sim/law.h"
#include "../sim/observed.h"
#include "simcourse.h"

#define DRAWS 40000

/* Kolmogorov: the distance of the draws from their distribution is below this in 999 of 1000 sets of them. */
#define DISTANCE_MOST (1.95 / sqrt(DRAWS))

#define ONE(kind, size, shape)                          \
	{                                               \
		{                                       \
			{                               \
				1, 0, kind, size, shape \
			}                               \
		}                                       \
	}

/*
 * Moments in units of size: gamma 1/shape; triangular (1 + c)/3 and (1 - c + c^2)/18; lognormal exp(s^2/2) and
 * exp(s^2) (exp(s^2) - 1); Weibull Gamma(1 + 1/k) and Gamma(1 + 2/k) - mean^2. Normal, cut at c: mean c + h, variance
 * 1 - c h - h^2, h = phi(c)/Phi(c). Mixtures: by hand.
 */
static const struct {
	const char *name;
	struct sim_law law;
	double mean, variance;
} cases[] = {
	{ "exponential", ONE(SIM_EXPONENTIAL, 2e-4, 0), 2e-4, 4e-8 },
	{ "gamma 3", ONE(SIM_GAMMA, 3e-4, 3), 3e-4, 3e-8 },
	{ "gamma 1.5", ONE(SIM_GAMMA, 3e-4, 1.5), 3e-4, 6e-8 },
	{ "gamma 0.5", ONE(SIM_GAMMA, 1, 0.5), 1, 2 },
	{ "gamma 30", ONE(SIM_GAMMA, 1, 30), 1, 1 / 30.0 },
	{ "normal 3", ONE(SIM_NORMAL, 1e-4, 3), 3.0044378e-4, 0.98666697e-8 },
	{ "normal 1", ONE(SIM_NORMAL, 1, 1), 1.2875999, 0.62968632 },
	{ "triangular", ONE(SIM_TRIANGULAR, 1, 0.8), 0.6, 0.84 / 18 },
	{ "triangular, early", ONE(SIM_TRIANGULAR, 1, 0.1), 1.1 / 3, 0.91 / 18 },
	{ "uniform", ONE(SIM_UNIFORM, 4e-3, 0), 2e-3, 16e-6 / 12 },
	{ "lognormal", ONE(SIM_LOGNORMAL, 1, 0.6), 1.1972174, 0.62110380 },
	{ "Weibull 2.5", ONE(SIM_WEIBULL, 1, 2.5), 0.88726382, 0.14414669 },
	{ "Weibull 0.9", ONE(SIM_WEIBULL, 1, 0.9), 1.0521837, 1.3715034 },
	{ "two modes",
	  { { { 15, 0, SIM_EXPONENTIAL, 1, 0 }, { 85, 10, SIM_GAMMA, 2, 2 } } },
	  0.15 * 1 + 0.85 * 12,
	  0.15 * 2 + 0.85 * (144 + 2) - 10.35 * 10.35 },
	{ "slots", { { { 9, 0, SIM_UNIFORM, 0.25, 0 }, { 1, 1, SIM_UNIFORM, 0.25, 0 } } }, 0.225, 0.0625 / 12 + 0.09 },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Largest difference between the share of draws below a delay and its probability. */
static double distance_of(const struct sim_law *law, const double *sorted)
{
	double most = 0;

	for (int i = 0; i < DRAWS; i++) {
		double below = sim_law_below(law, sorted[i]);

		most = fmax(most, fmax(fabs(below - (double)i / DRAWS), fabs(below - (i + 1.0) / DRAWS)));
	}
	return most;
}

static void test_draws_are_distributed_as_the_law_is(void **state)
{
	static double draws[DRAWS];

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		struct sim_random random = sim_random_begin(71, i);
		double distance;

		for (int j = 0; j < DRAWS; j++)
			draws[j] = sim_law_draw(&cases[i].law, &random);
		qsort(draws, DRAWS, sizeof(draws[0]), compare);
		distance = distance_of(&cases[i].law, draws);
		if (!(distance < DISTANCE_MOST))
			print_message("%s: distance %.5f\n", cases[i].name, distance);
		assert_true(draws[0] > 0 && distance < DISTANCE_MOST);
	}
}

/* The mean by its standard deviation, the variance within 5 %. */
static void test_draws_have_the_moments_of_the_law(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		struct sim_random random = sim_random_begin(72, i);
		struct statistics draws = { 0 };
		double mean, slack = 4 * sqrt(cases[i].variance / DRAWS);

		for (int j = 0; j < DRAWS; j++)
			statistics_add(&draws, sim_law_draw(&cases[i].law, &random));
		mean = draws.sum / DRAWS;
		assert_between(cases[i].mean - slack, mean, cases[i].mean + slack);
		assert_near(draws.squares / DRAWS - mean * mean, cases[i].variance, 0.05);
	}
}

/*
 * Integrate between quantiles, where the density is finite, by midpoints of even steps. A step of the density costs
 * half an integration step.
 */
static double integral_of(const struct sim_law *law, double from_s, double to_s)
{
	const int steps = 200000;
	double step_s = (to_s - from_s) / steps, sum = 0;

	for (int i = 0; i < steps; i++)
		sum += sim_law_density(law, from_s + (i + 0.5) * step_s);
	return sum * step_s;
}

static void test_the_density_is_that_of_the_distribution(void **state)
{
	const double shares[] = { 1e-3, 0.01, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999 };

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const struct sim_law *law = &cases[i].law;

		assert_true(sim_law_density(law, -1e-9) == 0 && sim_law_below(law, -1e-9) == 0);
		assert_near(sim_law_below(law, cases[i].mean * 1e4), 1, 1e-9);
		for (size_t j = 1; j < sizeof(shares) / sizeof(shares[0]); j++) {
			double from_s = sim_law_quantile(law, shares[j - 1]), to_s = sim_law_quantile(law, shares[j]);

			assert_near(integral_of(law, from_s, to_s), shares[j] - shares[j - 1], 1e-4);
		}
	}
}

static void test_quantiles_and_scores_turn_the_distribution_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		for (double share = 0.005; share < 1; share += 0.01) {
			double delay_s = sim_law_quantile(&cases[i].law, share);

			assert_near(sim_law_below(&cases[i].law, delay_s), share, 1e-8);
			assert_near(sim_law_below_score(sim_law_score(&cases[i].law, delay_s)), share, 1e-8);
		}
	}
	assert_near(sim_law_below_score(1.959963985), 0.975, 1e-8);
}

/*
 * Check that a scenario's law has no queues beside it, which the limit would not include, and that its parts have a
 * size and a share.
 */
static void check_way(const struct sim_way *way)
{
	if (!way->law)
		return;
	assert_true(way->queue_s == 0 && way->heavy_s == 0 && way->burst_s == 0);
	assert_true(way->law->parts[0].share > 0 && fabs(way->level) < 1);
	for (size_t i = 0; i < SIM_LAW_PARTS && way->law->parts[i].share > 0; i++)
		assert_true(way->law->parts[i].size_s > 0 && way->law->parts[i].further_s >= 0);
	assert_between(1e-6, sim_law_finest_s(way->law), 5e-3);
}

static void test_the_laws_of_scenarios_are_in_order(void **state)
{
	size_t laws = 0;

	(void)state;
	for (size_t i = 0; sim_scenario_at(i) != NULL; i++) {
		const struct sim_scenario *scenario = sim_scenario_at(i);

		for (size_t way = 0; way < SIM_WAYS; way++) {
			check_way(&scenario->steady.way[way]);
			laws += scenario->steady.way[way].law != NULL;
			for (size_t j = 0; j < SIM_SPELLS; j++)
				check_way(&scenario->spells[j].more.way[way]);
		}
	}
	assert_true(laws >= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws_are_distributed_as_the_law_is),
		cmocka_unit_test(test_draws_have_the_moments_of_the_law),
		cmocka_unit_test(test_the_density_is_that_of_the_distribution),
		cmocka_unit_test(test_quantiles_and_scores_turn_the_distribution_round),
		cmocka_unit_test(test_the_laws_of_scenarios_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
