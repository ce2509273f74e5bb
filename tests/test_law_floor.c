/* law_floor: the difference of two laws' lower ends, which are known because the test draws the delays. */
#include "../core/law/law_floor.h"
#include "lawtest.h"

#define SETS 200

/* Lower ends of both ways, and the size of both laws. */
#define THERE_S 5e-3
#define BACK_S 2e-3
#define SIZE_S 1e-4

struct pair {
	enum kind there, back;
	double sizes[2]; /* in SIZE_S */
	double within;   /* share of errors within three deviations, at least */
	double rms[2];   /* of the error in SIZE_S, at most, from 60 delays of each way and from 2000 */
};

/*
 * Learn two laws from this number of delays each; return the difference found minus the true one, and its deviation, in
 * SIZE_S.
 */
static double error_of(const struct pair *pair, unsigned delays, double sd_s, struct prng *prng, double *deviation)
{
	struct ffntp_law_floors floors;
	struct ffntp_law laws[2];

	learn_law(&laws[0], pair->there, THERE_S, pair->sizes[0] * SIZE_S, delays, sd_s, prng);
	learn_law(&laws[1], pair->back, BACK_S, pair->sizes[1] * SIZE_S, delays, sd_s, prng);
	floors = ffntp_law_floors(laws, sd_s * sd_s);
	/* As in law_learn.c, because tails are not powers. */
	*deviation = law_params.gauge_modesty * sqrt(floors.variance) / SIZE_S;
	assert_true(isfinite(floors.difference) && floors.variance > 0);
	return (floors.difference - (THERE_S - BACK_S)) / SIZE_S;
}

struct result {
	double rms, deviation;
	unsigned within_3;
};

static struct result measure(const struct pair *pair, unsigned delays, double sd_s)
{
	struct prng prng = { 31 };
	struct result result = { 0 };

	for (unsigned i = 0; i < SETS; i++) {
		double deviation, error = error_of(pair, delays, sd_s, &prng, &deviation);

		result.rms += error * error / SETS;
		result.deviation += deviation * deviation / SETS;
		result.within_3 += fabs(error) <= 3 * deviation;
	}
	result.rms = sqrt(result.rms);
	result.deviation = sqrt(result.deviation);
	return result;
}

/* Check that deviations are honest: neither too small, nor large for safety. */
static void check(const struct pair *pair, bool is_old)
{
	struct result result = measure(pair, is_old ? 2000 : 60, 0.01 * SIZE_S);

	if (!(result.within_3 >= pair->within * SETS))
		print_message("%s and %s: %u of %u within three deviations\n", kind_names[pair->there],
			      kind_names[pair->back], result.within_3, SETS);
	assert_true(result.within_3 >= pair->within * SETS);
	assert_less(kind_names[pair->there], result.rms, pair->rms[is_old]);
	assert_less("deviation stated", result.deviation, 6 * result.rms);
}

/* The limits are twice the errors that were measured. */
static const struct pair alike[] = {
	{ EXPONENTIAL, EXPONENTIAL, { 1, 1 }, 0.9, { 0.06, 0.015 } },
	{ ERLANG2, ERLANG2, { 1, 1 }, 0.9, { 0.35, 0.06 } },
	{ ERLANG3, ERLANG3, { 1, 1 }, 0.9, { 0.6, 0.15 } },
	{ CUT_NORMAL, CUT_NORMAL, { 1, 1 }, 0.9, { 1.2, 0.18 } },
	{ UNIFORM, UNIFORM, { 1, 1 }, 0.9, { 0.06, 0.015 } },
	{ TWO_MODES, TWO_MODES, { 1, 1 }, 0.9, { 0.45, 0.02 } },
};

/*
 * An exponential beside a law that begins as a power is the hardest pair, because both ends look alike until there are
 * many delays.
 */
static const struct pair unlike[] = {
	{ EXPONENTIAL, ERLANG2, { 1, 1 }, 0.9, { 0.3, 0.07 } },
	{ EXPONENTIAL, ERLANG3, { 1, 1 }, 0.8, { 0.8, 0.25 } },
	{ ERLANG2, ERLANG3, { 1, 3 }, 0.85, { 2.1, 0.65 } },
	{ EXPONENTIAL, CUT_NORMAL, { 1, 1 }, 0.8, { 1.5, 0.3 } },
	{ CUT_NORMAL, CUT_NORMAL, { 1, 3 }, 0.9, { 3.4, 0.9 } },
	{ CUT_NORMAL, ERLANG3, { 1, 1 }, 0.9, { 1, 0.25 } },
	{ EXPONENTIAL, EXPONENTIAL, { 1, 10 }, 0.9, { 0.45, 0.03 } },
	{ TWO_MODES, EXPONENTIAL, { 1, 1 }, 0.9, { 0.35, 0.02 } },
	{ UNIFORM, TWO_MODES, { 1, 1 }, 0.9, { 0.35, 0.02 } },
};

static void test_ends_of_laws_that_are_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(alike); i++)
		check(&alike[i], true);
}

static void test_ends_of_laws_that_are_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unlike); i++)
		check(&unlike[i], true);
}

static void test_ends_of_young_laws(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(alike); i++)
		check(&alike[i], false);
	for (size_t i = 0; i < COUNT(unlike); i++)
		check(&unlike[i], false);
}

/*
 * The same delays in both directions, then the directions exchanged: the difference is that of the floors, and changes
 * its sign.
 */
static void test_the_ways_are_treated_alike(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct prng prng = { 32 };
		struct ffntp_law laws[2], turned[2];
		struct ffntp_law_floors floors, back;

		learn_law(&laws[0], kind, BACK_S, SIZE_S, 1000, 1e-6, &prng);
		laws[1] = laws[0];
		ffntp_law_move(&laws[0], THERE_S - BACK_S);
		floors = ffntp_law_floors(laws, 1e-12);
		assert_less("equal laws", fabs(floors.difference - (THERE_S - BACK_S)), 1e-9);
		learn_law(&laws[1], EXPONENTIAL, BACK_S, SIZE_S, 1000, 1e-6, &prng);
		turned[0] = laws[1];
		turned[1] = laws[0];
		floors = ffntp_law_floors(laws, 1e-12);
		back = ffntp_law_floors(turned, 1e-12);
		assert_less("turned", fabs(floors.difference + back.difference), 1e-9);
		assert_less("variance", fabs(floors.variance / back.variance - 1), 1e-6);
	}
}

/* A clock known no better than a size of the laws limits how well their ends are known. */
static void test_a_blurred_clock_is_less_sure(void **state)
{
	struct prng prng = { 33 };
	double sharp, blurred;

	(void)state;
	(void)error_of(&alike[0], 500, 1e-3 * SIZE_S, &prng, &sharp);
	(void)error_of(&alike[0], 500, SIZE_S, &prng, &blurred);
	assert_true(blurred > 5 * sharp);
}

/* The results are finite from the first delay on. */
static void test_ends_of_hardly_any_delays(void **state)
{
	struct prng prng = { 34 };

	(void)state;
	for (unsigned delays = 1; delays < 30; delays++)
		for (enum kind kind = 0; kind < KINDS; kind++) {
			const struct pair pair = { kind, EXPONENTIAL, { 1, 1 }, 0, { 0, 0 } };
			double deviation, error = error_of(&pair, delays, 0.1 * SIZE_S, &prng, &deviation);

			assert_true(isfinite(error) && isfinite(deviation));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_of_laws_that_are_alike),  cmocka_unit_test(test_ends_of_laws_that_are_not),
		cmocka_unit_test(test_ends_of_young_laws),           cmocka_unit_test(test_the_ways_are_treated_alike),
		cmocka_unit_test(test_a_blurred_clock_is_less_sure), cmocka_unit_test(test_ends_of_hardly_any_delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
