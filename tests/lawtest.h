/*
 * lawtest: laws of delays of known density and floor, drawn by the test itself, with which the tests of the delay-law
 * estimator's parts compare their results.
 */
#ifndef FFNTP_TESTS_LAWTEST_H
#define FFNTP_TESTS_LAWTEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/law/law_density.h"
#include "count.h"
#include "prng.h"

#define PI 3.14159265358979323846

static const struct ffntp_law_params law_params = FFNTP_LAW_PARAMS;

static inline double uniform(struct prng *prng)
{
	return ((double)(prng_next(prng) >> 11) + 0.5) * 0x1p-53;
}

static inline double exponential(struct prng *prng)
{
	return -log(uniform(prng));
}

/* Box and Muller 1958. */
static inline double normal(struct prng *prng)
{
	double length = sqrt(2 * exponential(prng));

	return length * cos(2 * PI * uniform(prng));
}

/* Delays above a floor of 0, in units of the law's size. */
enum kind {
	EXPONENTIAL, /* mean 1 */
	ERLANG2,     /* the sum of two such */
	ERLANG3,
	UNIFORM,    /* 0 to 1 */
	CUT_NORMAL, /* standard deviation 1, mean 3, cut at 0 */
	TWO_MODES,  /* a third: mean 1; two thirds: 20 later, the sum of two with mean 2 */
	KINDS
};

static const char *const kind_names[] = { "exponential", "Erlang 2", "Erlang 3", "uniform", "normal", "two modes" };

static inline double draw(enum kind kind, struct prng *prng)
{
	double x;

	switch (kind) {
	case EXPONENTIAL:
		return exponential(prng);
	case ERLANG2:
		return exponential(prng) + exponential(prng);
	case ERLANG3:
		return exponential(prng) + exponential(prng) + exponential(prng);
	case UNIFORM:
		return uniform(prng);
	case CUT_NORMAL:
		do {
			x = 3 + normal(prng);
		} while (x < 0);
		return x;
	case TWO_MODES:
	case KINDS:
	default:
		return uniform(prng) < 1 / 3.0 ? exponential(prng) : 20 + 2 * (exponential(prng) + exponential(prng));
	}
}

/* Return the probability density; 0 below 0. */
static inline double density(enum kind kind, double x)
{
	double y = x - 20;

	if (x < 0)
		return 0;
	switch (kind) {
	case EXPONENTIAL:
		return exp(-x);
	case ERLANG2:
		return x * exp(-x);
	case ERLANG3:
		return x * x / 2 * exp(-x);
	case UNIFORM:
		return x < 1;
	case CUT_NORMAL:
		return exp(-(x - 3) * (x - 3) / 2) / sqrt(2 * PI) / 0.9986501019683699;
	case TWO_MODES:
	case KINDS:
	default:
		return exp(-x) / 3 + (y > 0 ? y * exp(-y / 2) / 6 : 0);
	}
}

/* Return a law that has entered this number of delays above the floor, each known to sd_s. */
static inline void learn_law(struct ffntp_law *law, enum kind kind, double floor_s, double size_s, unsigned delays,
			     double sd_s, struct prng *prng)
{
	ffntp_law_begin(law, floor_s, size_s, 8, &law_params);
	for (unsigned i = 0; i < delays; i++)
		ffntp_law_enter(law, floor_s + size_s * draw(kind, prng) + sd_s * normal(prng), sd_s, true);
	ffntp_law_fit(law);
}

static inline void assert_less(const char *what, double value, double limit)
{
	if (!(value < limit))
		print_message("%s: %g is not below %g\n", what, value, limit);
	assert_true(value < limit);
}

#endif
