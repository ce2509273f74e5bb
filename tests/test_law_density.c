/*
 * law_density: invariants of the histogram, and fitted densities compared with those that the delays were drawn from.
 */
#include "lawtest.h"

#define BINS FFNTP_LAW_BINS
#define LEAST FFNTP_LAW_LEAST

/* --- the histogram --- */

static void assert_in_order(const struct ffntp_law *law)
{
	double sum = 0;

	for (int i = 0; i < BINS; i++) {
		assert_true(law->edge[i] < law->edge[i + 1]);
		assert_true(law->mass[i] >= 0 && isfinite(law->mass[i]));
		assert_true(isfinite(law->log_density[i]) && isfinite(law->slope[i]));
		sum += (double)law->mass[i];
	}
	/* Each addition to a float may round by 6e-8 of its mass. */
	assert_less("mass lost", fabs(sum / law->total - 1), 1e-4);
	assert_less("delays lost", fabs(law->total / law->unit / law->n - 1), 1e-9);
	assert_true(isfinite(law->middle) && law->scale > 0 && law->power > 0 && isfinite(law->far));
}

/* Return a delay of any size: most are within some scales, and some far outside on either side. */
static double any_delay(struct prng *prng)
{
	double x = exponential(prng) * 1e-4;

	if (prng_below(prng, 20) == 0)
		x = normal(prng) * pow(10, -7 + 6 * uniform(prng));
	return x;
}

static void test_mass_is_kept_and_edges_ascend(void **state)
{
	struct prng prng = { 1 };

	(void)state;
	for (unsigned round = 0; round < 20; round++) {
		struct ffntp_law law;

		ffntp_law_begin(&law, 3e-3 * uniform(&prng), 1e-4, 8, &law_params);
		assert_in_order(&law);
		for (unsigned i = 0; i < 3000; i++) {
			ffntp_law_enter(&law, law.origin + any_delay(&prng), 1e-5 * uniform(&prng),
					prng_below(&prng, 2));
			if (i % 10 == 0)
				ffntp_law_fit(&law);
			assert_in_order(&law);
		}
	}
}

/*
 * Delays far from all others have a mass of their own: no bin spreads it over the gap, on either side, however many
 * come in between.
 */
static void test_a_gap_stays_empty(void **state)
{
	static const double aways[] = { 3e-3, -1e-3 };
	struct prng prng = { 2 };

	(void)state;
	for (unsigned k = 0; k < COUNT(aways); k++) {
		double gap = 2e-3 + aways[k] / 2, entered = 0, all = 3000;
		struct ffntp_law law;

		learn_law(&law, EXPONENTIAL, 2e-3, 1e-4, 3000, 1e-7, &prng);
		/* Older delays fade: the weights of n delays grow with n until the memory is full. */
		for (unsigned i = 0; i < 1000; i++) {
			bool is_away = i % 10 == 0;
			double x = is_away ? aways[k] : 1e-4 * draw(EXPONENTIAL, &prng);

			ffntp_law_enter(&law, 2e-3 + x, 1e-7, true);
			all++;
			entered += is_away ? all : 0;
		}
		entered /= all * all / 2;
		for (double x = 0.8; x < 1.2; x += 0.01) {
			double share = 0.5 + ffntp_law_rank(&law, 2e-3 + (gap - 2e-3) * x);

			share = aways[k] > 0 ? 1 - share : share;
			assert_less("share beyond the gap", fabs(share / entered - 1), 0.02);
		}
	}
}

static void test_quantile_and_rank_are_inverse(void **state)
{
	struct prng prng = { 3 };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct ffntp_law law;
		double former = -1e300;

		learn_law(&law, kind, 2e-3, 1e-4, 3000, 1e-7, &prng);
		for (double p = 0.001; p < 1; p += 0.001) {
			double at = ffntp_law_quantile(&law, p);

			assert_true(at >= former);
			assert_less("rank of a quantile", fabs(ffntp_law_rank(&law, at) + 0.5 - p), 1e-6);
			former = at;
		}
	}
}

/* Compare with the order of the draws themselves. */
static void test_the_share_below_is_that_of_the_draws(void **state)
{
	struct prng prng = { 4 };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct ffntp_law law;
		static double drawn[4000];
		double most = 0;

		/* With a power of 0, all delays count alike. */
		struct ffntp_law_params params = law_params;

		params.early = 0;
		params.memory = 1e9;
		ffntp_law_begin(&law, 2e-3, 1e-4, 1, &params);
		for (unsigned i = 0; i < COUNT(drawn); i++) {
			drawn[i] = 2e-3 + 1e-4 * draw(kind, &prng);
			ffntp_law_enter(&law, drawn[i], 1e-8, true);
		}
		for (unsigned i = 0; i < COUNT(drawn); i += 7) {
			double below = 0;

			for (unsigned k = 0; k < COUNT(drawn); k++)
				below += drawn[k] < drawn[i];
			most = fmax(most, fabs(below / COUNT(drawn) - 0.5 - ffntp_law_rank(&law, drawn[i])));
		}
		/* Less than half of the mass of the largest bin. */
		assert_less(kind_names[kind], most, 0.02);
	}
}

static void test_moving_moves(void **state)
{
	struct prng prng = { 5 };
	struct ffntp_law law, moved;
	double by = 0.75; /* no rounding */

	(void)state;
	learn_law(&law, TWO_MODES, 0.25, 1e-4, 3000, 1e-7, &prng);
	moved = law;
	ffntp_law_move(&moved, by);
	for (double p = 0.01; p < 1; p += 0.01) {
		double at = ffntp_law_quantile(&law, p);

		assert_less("quantile", fabs(ffntp_law_quantile(&moved, p) - at - by), 1e-15);
		assert_less("density", fabs(ffntp_law_log_density(&moved, at + by) - ffntp_law_log_density(&law, at)),
			    1e-6);
		assert_less("rank", fabs(ffntp_law_rank(&moved, at + by) - ffntp_law_rank(&law, at)), 1e-6);
	}
}

/* The table has steps of either sign, across all bins and far beyond. */
static void test_a_table_is_the_density(void **state)
{
	struct prng prng = { 6 };
	struct ffntp_law law;

	(void)state;
	learn_law(&law, TWO_MODES, 2e-3, 1e-4, 3000, 1e-7, &prng);
	for (unsigned round = 0; round < 300; round++) {
		double first = 2e-3 + 5e-3 * normal(&prng), step = pow(10, -9 + 6 * uniform(&prng));
		double weight = uniform(&prng), table[50];

		step = round % 2 ? -step : step;
		for (unsigned i = 0; i < 50; i++)
			table[i] = i;
		ffntp_law_tabulate(&law, first, step, 50, weight, table);
		for (unsigned i = 0; i < 50; i++) {
			double at = first + i * step, here = i + weight * ffntp_law_log_density(&law, at);
			double near = i + weight * ffntp_law_log_density(&law, at + 1e-12);

			/* The last edges are jumps, which rounding may put on either side. */
			assert_less("table", fmin(fabs(table[i] - here), fabs(table[i] - near)), 1e-6);
		}
	}
}

/* --- densities --- */

/*
 * Errors of the log density and of the score (its slope), as an estimator uses them: means over delays of the law
 * itself. The score is the slope over half of the law's size, where the density changes by less than a factor of 3 on
 * either side; at the edges it has no limit.
 */
struct misfit {
	double log_density; /* root mean square, nepers */
	double score;       /* mean square of the score's error over that of the score; with a scale of 1: 1/s^2 */
	double integral;
};

static struct misfit misfit_of(const struct ffntp_law *law, enum kind kind, double floor_s, double size_s)
{
	struct misfit misfit = { 0 };
	struct prng prng = { 77 };
	double squares = 0, wrong = 0, step = 0.25;
	const int draws = 4000;

	for (int i = 0; i < draws; i++) {
		double x = draw(kind, &prng), at = floor_s + size_s * x;
		double exact = log(density(kind, x) / size_s), apart = ffntp_law_log_density(law, at) - exact, score;

		misfit.log_density += apart * apart / draws;
		if (density(kind, x - step) < density(kind, x) / 3 || density(kind, x + step) < density(kind, x) / 3)
			continue;
		score = log(density(kind, x + step) / density(kind, x - step)) / (2 * step);
		apart = (ffntp_law_log_density(law, at + step * size_s) -
			 ffntp_law_log_density(law, at - step * size_s)) /
				(2 * step) -
			score;
		squares += score * score;
		wrong += apart * apart;
	}
	misfit.log_density = sqrt(misfit.log_density);
	misfit.score = wrong / fmax(squares, draws);
	for (double x = -200; x < 400; x += 0.003)
		misfit.integral += exp(ffntp_law_log_density(law, floor_s + size_s * (x + 0.0015))) * 0.003 * size_s;
	return misfit;
}

/* 3000 delays, of which 0.1 nepers are the draws' own noise. */
#define LOG_DENSITY_MOST 0.3
#define SCORE_MOST 0.25

static void test_densities_are_those_of_the_draws(void **state)
{
	static const double sizes_s[] = { 1e-6, 1e-4, 1e-2 };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (unsigned s = 0; s < COUNT(sizes_s); s++) {
			struct prng prng = { 100 + kind };
			struct ffntp_law law;
			struct misfit misfit;
			double size_s = sizes_s[s];

			learn_law(&law, kind, 2e-3, size_s, 3000, 0.01 * size_s, &prng);
			misfit = misfit_of(&law, kind, 2e-3, size_s);
			assert_less(kind_names[kind], misfit.log_density, LOG_DENSITY_MOST);
			assert_less(kind_names[kind], misfit.score, SCORE_MOST);
			assert_less(kind_names[kind], fabs(misfit.integral - 1), 0.05);
		}
}

/* --- edges and tails --- */

/*
 * At a hard edge the density falls steeply within a small part of the law's size: 50 delays there weigh as much as one
 * size further on, and none are below. sd_s: the standard deviation with which the delays were known.
 */
static void test_edges_are_sharp(void **state)
{
	static const enum kind kinds[] = { EXPONENTIAL, UNIFORM };

	(void)state;
	for (unsigned seed = 0; seed < 10; seed++)
		for (unsigned k = 0; k < COUNT(kinds); k++) {
			struct prng prng = { 200 + seed };
			struct ffntp_law law;
			double floor_s = 2e-3, size_s = 1e-4, above, below;

			learn_law(&law, kinds[k], floor_s, size_s, 3000, 1e-3 * size_s, &prng);
			above = ffntp_law_log_density(&law, floor_s + 0.1 * size_s);
			below = ffntp_law_log_density(&law, floor_s - 0.1 * size_s);
			assert_less("density above the edge", fabs(above + log(size_s)), 0.5);
			assert_less("density below the edge", below - above, -2);
		}
}

/*
 * Beyond all delays seen, the density is level: the share of one exchange in all, spread over some scales. It does not
 * pull the clock.
 */
static void test_no_delay_is_impossible(void **state)
{
	static const double aways_s[] = { -1e-3, -0.1, -1e6, 4e-3, 0.1, 1e6 };
	struct prng prng = { 8 };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct ffntp_law law;
		double expected;

		learn_law(&law, kind, 2e-3, 1e-5, 3000, 1e-7, &prng);
		expected = log(law_params.tail_mass /
			       ((law.n + law_params.tail_mass) * law_params.tail_width * law.scale));
		for (unsigned i = 0; i < COUNT(aways_s); i++) {
			double at = ffntp_law_log_density(&law, 2e-3 + aways_s[i]);

			assert_less("tail", fabs(at - expected), 1e-5);
			assert_true(at == ffntp_law_log_density(&law, 2e-3 + aways_s[i] * 1.001));
		}
		/* Within the bins it is nowhere lower. */
		for (double x = -2e-4; x < 1e-3; x += 1e-7)
			assert_true(ffntp_law_log_density(&law, 2e-3 + x) > expected - law_params.slope_most);
	}
}

/* --- the least delays --- */

static void assert_ascending(const double *delay, int count)
{
	for (int i = 1; i < count; i++)
		assert_true(delay[i - 1] <= delay[i]);
}

/* Before the second generation, the least delays are the least of all. */
static void test_the_least_delays_are_the_least(void **state)
{
	struct prng prng = { 9 };
	double least[LEAST + 1];
	struct ffntp_law law;

	(void)state;
	ffntp_law_begin(&law, 2e-3, 1e-4, 8, &law_params);
	assert_int_equal(ffntp_law_lowest(&law, least), 0);
	for (int n = 1; n < 5000; n++) {
		static double all[5000];
		double x = 1e-4 * draw(ERLANG2, &prng), lowest[LEAST];
		int i, found;

		ffntp_law_enter(&law, 2e-3 + x, 1e-8, true);
		for (i = n - 1; i > 0 && all[i - 1] > x; i--)
			all[i] = all[i - 1];
		all[i] = x;
		found = ffntp_law_lowest(&law, lowest);
		assert_ascending(lowest, found);
		if (n <= LEAST) {
			assert_int_equal(found, n);
			assert_less("the greatest", fabs(lowest[n - 1] - all[n - 1]), 1e-7 * all[n - 1]);
		}
		/* No delay found is less than the least one; and the least of the latest 40 % is always among them. */
		assert_true(lowest[0] > all[0] * (1 - 1e-7));
		assert_true(found == (n < LEAST ? n : LEAST));
	}
}

/* Delays that a young clock made too short are dropped after several times as many; doubtful ones are not used. */
static void test_generations_forget(void **state)
{
	struct prng prng = { 10 };
	double lowest[LEAST];
	struct ffntp_law law;

	(void)state;
	ffntp_law_begin(&law, 2e-3, 1e-4, 8, &law_params);
	/* But a doubtful one is used if there is no other. */
	ffntp_law_enter(&law, 1.95e-3, 1e-6, false);
	assert_int_equal(ffntp_law_lowest(&law, lowest), 1);
	for (int i = 0; i < 30; i++)
		ffntp_law_enter(&law, 1.9e-3, 1e-6, true);
	for (int i = 0; i < 100; i++)
		ffntp_law_enter(&law, 1e-3, 1e-6, false);
	assert_int_equal(ffntp_law_lowest(&law, lowest), LEAST);
	assert_less("the least", fabs(lowest[0] + 1e-4), 1e-9);
	for (int i = 0; i < 1000; i++)
		ffntp_law_enter(&law, 2e-3 + 1e-4 * exponential(&prng), 1e-6, true);
	assert_int_equal(ffntp_law_lowest(&law, lowest), LEAST);
	assert_true(lowest[0] >= 0 && lowest[LEAST - 1] < 2e-5);
}

/* --- long runs --- */

/*
 * After 100,000 delays of one law and as many of another, nothing of the first is left, and the sums are still right.
 */
static void test_old_delays_are_forgotten(void **state)
{
	struct prng prng = { 11 };
	struct ffntp_law law;
	struct misfit misfit;
	double lowest[LEAST];

	(void)state;
	learn_law(&law, TWO_MODES, 2e-3, 1e-4, 100000, 1e-7, &prng);
	assert_in_order(&law);
	assert_less("n", fabs(law.n / law_params.memory - 1), 0.01);
	for (int i = 0; i < 100000; i++)
		ffntp_law_enter(&law, 2.3e-3 + 1e-4 * draw(CUT_NORMAL, &prng), 1e-7, true);
	ffntp_law_fit(&law);
	assert_in_order(&law);
	assert_less("n", fabs(law.n / law_params.memory - 1), 0.01);
	assert_less("delays below the floor", ffntp_law_rank(&law, 2.3e-3) + 0.5, 0.005);
	assert_true(ffntp_law_lowest(&law, lowest) == LEAST && law.origin + lowest[0] > 2.3e-3 - 1e-6);
	misfit = misfit_of(&law, CUT_NORMAL, 2.3e-3, 1e-4);
	assert_less("log density", misfit.log_density, LOG_DENSITY_MOST);
	assert_less("score", misfit.score, SCORE_MOST);
}

/* --- floats --- */

/*
 * Delays from a microsecond to ten seconds, and narrow laws far from where the law was begun, as after a step of the
 * path that was taken for queues: edges ascend, and every number is finite.
 */
static void test_delays_of_any_size(void **state)
{
	static const double sizes_s[] = { 1e-9, 1e-6, 1e-3, 10 },
			    aways_s[] = { 0, 1e-6, 1e-3, 0.1, 10, -1e-3, -0.1, -10 };

	(void)state;
	for (unsigned s = 0; s < COUNT(sizes_s); s++)
		for (unsigned a = 0; a < COUNT(aways_s); a++) {
			struct prng prng = { 300 };
			struct ffntp_law law;

			ffntp_law_begin(&law, 1e-6, sizes_s[s], 8, &law_params);
			for (unsigned i = 0; i < 4000; i++) {
				double x = i < 500 ? 1e-6 + sizes_s[s] * draw(EXPONENTIAL, &prng)
						   : aways_s[a] + sizes_s[s] * draw(CUT_NORMAL, &prng);

				ffntp_law_enter(&law, x, 1e-8 + 0.01 * sizes_s[s], true);
				if (i % 50 == 0) {
					ffntp_law_fit(&law);
					assert_in_order(&law);
				}
			}
			for (double p = 0.01; p < 1; p += 0.01) {
				double at = ffntp_law_quantile(&law, p);

				assert_true(isfinite(ffntp_law_log_density(&law, at)));
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mass_is_kept_and_edges_ascend),
		cmocka_unit_test(test_a_gap_stays_empty),
		cmocka_unit_test(test_quantile_and_rank_are_inverse),
		cmocka_unit_test(test_the_share_below_is_that_of_the_draws),
		cmocka_unit_test(test_moving_moves),
		cmocka_unit_test(test_a_table_is_the_density),
		cmocka_unit_test(test_densities_are_those_of_the_draws),
		cmocka_unit_test(test_edges_are_sharp),
		cmocka_unit_test(test_no_delay_is_impossible),
		cmocka_unit_test(test_the_least_delays_are_the_least),
		cmocka_unit_test(test_generations_forget),
		cmocka_unit_test(test_old_delays_are_forgotten),
		cmocka_unit_test(test_delays_of_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
