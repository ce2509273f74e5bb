/* maths: compared with MPFR over the whole range of each function, to the limits that maths.h states. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assertions.h"
#include <mpfr.h>

#include "../core/maths.h"

enum { PRECISION = 400, RANDOM_CASES = 10000 };

static uint64_t random_bits(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* [0, 1) */
static double random_unit(uint64_t *state)
{
	return (double)(random_bits(state) >> 11) * 0x1p-53;
}

static double double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

/* The processor's instruction, where the core uses it, and the core's own arithmetic. */
static double (*const square_roots[])(double) = { ffntp_sqrt, ffntp_portable_sqrt };

static void check_rounding(double (*root)(double))
{
	uint64_t seed = UINT64_C(0x1234567890abcdef);
	mpfr_t exact;

	mpfr_init2(exact, 53);
	for (int i = 0; i < RANDOM_CASES * 10; i++) {
		double x = double_of(random_bits(&seed) >> 1);

		if (isnan(x))
			continue;
		mpfr_set_d(exact, x, MPFR_RNDN);
		mpfr_sqrt(exact, exact, MPFR_RNDN);
		assert_exactly(root(x), mpfr_get_d(exact, MPFR_RNDN), "");
	}
	mpfr_clear(exact);
}

static void sqrt_is_correctly_rounded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof square_roots / sizeof *square_roots; i++)
		check_rounding(square_roots[i]);
}

static void check_edges(double (*root)(double))
{
	assert_exactly(root(0), 0, "");
	assert_exactly(root(INFINITY), (double)INFINITY, "");
	assert_true(isnan(root(-1)));
	assert_true(isnan(root(NAN)));
	assert_exactly(root(0x1p-1074), 0x1p-537, "");
	assert_exactly(root(0x1.fffffffffffffp1023), 0x1.fffffffffffffp511, "");
	assert_exactly(root(0x1.fffffffffffffp0), 0x1.6a09e667f3bccp0, ""); /* just below sqrt(2) */
}

static void sqrt_at_its_edges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof square_roots / sizeof *square_roots; i++)
		check_edges(square_roots[i]);
}

static void exp_is_as_accurate_as_stated(void **state)
{
	uint64_t seed = UINT64_C(0xfedcba0987654321);
	double worst = 0;
	mpfr_t exact;

	(void)state;
	mpfr_init2(exact, PRECISION);
	for (int i = 0; i < RANDOM_CASES * 5; i++) {
		double range = i % 2 ? 708.3 : 2, x = (random_unit(&seed) * 2 - 1) * range, y = ffntp_exp(x);

		mpfr_set_d(exact, x, MPFR_RNDN);
		mpfr_exp(exact, exact, MPFR_RNDN);
		mpfr_sub_d(exact, exact, y, MPFR_RNDN);
		worst = fmax(worst, fabs(mpfr_get_d(exact, MPFR_RNDN)) / y);
	}
	mpfr_clear(exact);
	assert_below(worst, 0x1p-52, "");
}

static void exp_at_its_edges(void **state)
{
	(void)state;
	assert_exactly(ffntp_exp(0), 1, "");
	assert_exactly(ffntp_exp(-0.0), 1, "");
	assert_exactly(ffntp_exp(-708.4), 0, "");
	assert_exactly(ffntp_exp(-INFINITY), 0, "");
	assert_exactly(ffntp_exp(709.79), (double)INFINITY, "");
	assert_exactly(ffntp_exp(INFINITY), (double)INFINITY, "");
	assert_true(isfinite(ffntp_exp(709.78)));
	assert_true(isnan(ffntp_exp(NAN)));
}

/* Test the whole range, each power of two alike, and close to 1, where the result is small. */
static void ln_is_as_accurate_as_stated(void **state)
{
	uint64_t seed = UINT64_C(0x0f1e2d3c4b5a6978);
	double worst = 0;
	mpfr_t exact;

	(void)state;
	mpfr_init2(exact, PRECISION);
	for (int i = 0; i < RANDOM_CASES * 5; i++) {
		double x = i % 2 ? exp((random_unit(&seed) * 2 - 1) * 708)
				 : 1 + (random_unit(&seed) - 0.5) * pow(2, -i % 40);
		double y = ffntp_ln(x);

		mpfr_set_d(exact, x, MPFR_RNDN);
		mpfr_log(exact, exact, MPFR_RNDN);
		mpfr_sub_d(exact, exact, y, MPFR_RNDN);
		worst = fmax(worst, y == 0 ? 0 : fabs(mpfr_get_d(exact, MPFR_RNDN) / y));
	}
	mpfr_clear(exact);
	assert_below(worst, 0x1p-50, "");
}

static void ln_at_its_edges(void **state)
{
	(void)state;
	assert_exactly(ffntp_ln(1), 0, "");
	assert_below(fabs(ffntp_ln(0x1p-1022) + 708.39641853226410622), 1e-12, "");
	assert_below(fabs(ffntp_ln(0x1.fffffffffffffp1023) - 709.78271289338399673), 1e-12, "");
}

/* Any length, so that the rest that does not fill a vector is there, too. */
static void each_is_as_one(void **state)
{
	uint64_t seed = UINT64_C(0x13579bdf2468ace0);

	(void)state;
	for (int count = 0; count < 40; count++) {
		double x[40], powers[40], logarithms[40];

		for (int i = 0; i < 40; i++) {
			x[i] = (random_unit(&seed) * 2 - 1) * 708;
			powers[i] = x[i];
			logarithms[i] = fabs(x[i]) + 1e-300;
		}
		ffntp_exp_each(powers, count);
		ffntp_ln_each(logarithms, count);
		for (int i = 0; i < 40; i++) {
			assert_true(powers[i] == (i < count ? ffntp_exp(x[i]) : x[i]));
			assert_true(logarithms[i] == (i < count ? ffntp_ln(fabs(x[i]) + 1e-300) : fabs(x[i]) + 1e-300));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqrt_is_correctly_rounded),
		cmocka_unit_test(sqrt_at_its_edges),
		cmocka_unit_test(exp_is_as_accurate_as_stated),
		cmocka_unit_test(exp_at_its_edges),
		cmocka_unit_test(ln_is_as_accurate_as_stated),
		cmocka_unit_test(ln_at_its_edges),
		cmocka_unit_test(each_is_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
