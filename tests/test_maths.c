/* maths: against MPFR, over the whole range of each function, to the limits that maths.h states. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
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

static void sqrt_is_correctly_rounded(void **state)
{
	uint64_t seed = UINT64_C(0x1234567890abcdef);
	mpfr_t exact;

	(void)state;
	mpfr_init2(exact, 53);
	for (int i = 0; i < RANDOM_CASES * 10; i++) {
		double x = double_of(random_bits(&seed) >> 1);

		if (isnan(x))
			continue;
		mpfr_set_d(exact, x, MPFR_RNDN);
		mpfr_sqrt(exact, exact, MPFR_RNDN);
		assert_true(ffntp_sqrt(x) == mpfr_get_d(exact, MPFR_RNDN));
	}
	mpfr_clear(exact);
}

static void sqrt_at_its_edges(void **state)
{
	(void)state;
	assert_true(ffntp_sqrt(0) == 0);
	assert_true(ffntp_sqrt(INFINITY) == (double)INFINITY);
	assert_true(isnan(ffntp_sqrt(-1)));
	assert_true(isnan(ffntp_sqrt(NAN)));
	assert_true(ffntp_sqrt(0x1p-1074) == 0x1p-537);
	assert_true(ffntp_sqrt(0x1.fffffffffffffp1023) == 0x1.fffffffffffffp511);
	assert_true(ffntp_sqrt(0x1.fffffffffffffp0) == 0x1.6a09e667f3bccp0); /* just below sqrt(2) */
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
	assert_true(worst < 0x1p-52);
}

static void exp_at_its_edges(void **state)
{
	(void)state;
	assert_true(ffntp_exp(0) == 1);
	assert_true(ffntp_exp(-0.0) == 1);
	assert_true(ffntp_exp(-708.4) == 0);
	assert_true(ffntp_exp(-INFINITY) == 0);
	assert_true(ffntp_exp(709.79) == (double)INFINITY);
	assert_true(ffntp_exp(INFINITY) == (double)INFINITY);
	assert_true(isfinite(ffntp_exp(709.78)));
	assert_true(isnan(ffntp_exp(NAN)));
}

/* e^exponent times the integral of e^(-t^2 / 2) beyond x: sqrt(pi / 2) erfc(x / sqrt 2) e^exponent */
static void tail_mass(mpfr_t result, double x, const mpfr_t exponent)
{
	mpfr_t root, grown;

	mpfr_inits2(PRECISION, root, grown, (mpfr_ptr)0);
	mpfr_set_d(root, 0.5, MPFR_RNDN);
	mpfr_sqrt(root, root, MPFR_RNDN);
	mpfr_mul_d(result, root, x, MPFR_RNDN);
	mpfr_erfc(result, result, MPFR_RNDN);
	mpfr_exp(grown, exponent, MPFR_RNDN);
	mpfr_mul(result, result, grown, MPFR_RNDN);
	mpfr_const_pi(grown, MPFR_RNDN);
	mpfr_sqrt(grown, grown, MPFR_RNDN);
	mpfr_mul(result, result, grown, MPFR_RNDN);
	mpfr_mul(result, result, root, MPFR_RNDN);
	mpfr_clears(root, grown, (mpfr_ptr)0);
}

/* e^(exponent - x^2 / 2) */
static void density(mpfr_t result, double x, const mpfr_t exponent)
{
	mpfr_set_d(result, x, MPFR_RNDN);
	mpfr_sqr(result, result, MPFR_RNDN);
	mpfr_div_ui(result, result, 2, MPFR_RNDN);
	mpfr_sub(result, exponent, result, MPFR_RNDN);
	mpfr_exp(result, result, MPFR_RNDN);
}

struct worst {
	double mean, variance, mass;
};

/* The textbook's formulas, with so many bits that their cancellation does no harm. */
static void compare(double low, struct worst *worst)
{
	struct ffntp_truncated t = ffntp_truncated_normal_above(low);
	mpfr_t exponent, mass, mean, variance, scratch;
	double deviation;

	mpfr_inits2(PRECISION, exponent, mass, mean, variance, scratch, (mpfr_ptr)0);
	mpfr_set_d(exponent, t.exponent, MPFR_RNDN);
	tail_mass(mass, low, exponent);
	density(mean, low, exponent);
	mpfr_div(mean, mean, mass, MPFR_RNDN);
	mpfr_mul_d(variance, mean, low, MPFR_RNDN);
	mpfr_add_ui(variance, variance, 1, MPFR_RNDN);
	mpfr_sqr(scratch, mean, MPFR_RNDN);
	mpfr_sub(variance, variance, scratch, MPFR_RNDN);

	deviation = sqrt(mpfr_get_d(variance, MPFR_RNDN));
	worst->variance = fmax(worst->variance, fabs(t.variance / (deviation * deviation) - 1));
	mpfr_sub_d(scratch, mean, t.mean, MPFR_RNDN);
	worst->mean =
		fmax(worst->mean, fabs(mpfr_get_d(scratch, MPFR_RNDN)) / (1e-12 * deviation + 1e-15 * fabs(t.mean)));
	mpfr_const_pi(scratch, MPFR_RNDN);
	mpfr_mul_ui(scratch, scratch, 2, MPFR_RNDN);
	mpfr_sqrt(scratch, scratch, MPFR_RNDN);
	mpfr_mul_d(scratch, scratch, t.mass, MPFR_RNDN);
	mpfr_div(scratch, scratch, mass, MPFR_RNDN);
	worst->mass = fmax(worst->mass, fabs(mpfr_get_d(scratch, MPFR_RNDN) - 1) / (1e-12 + 0x1p-51 * t.exponent));
	mpfr_clears(exponent, mass, mean, variance, scratch, (mpfr_ptr)0);
}

/* To +-10^4, each power of ten alike, and each piece of the table. */
static void truncated_normal_is_as_accurate_as_stated(void **state)
{
	uint64_t seed = UINT64_C(0x0f1e2d3c4b5a6978);
	struct worst worst = { 0, 0, 0 };

	(void)state;
	for (int i = 0; i < RANDOM_CASES; i++) {
		double size = i % 4 < 2 ? pow(10, random_unit(&seed) * 6 - 2) : random_unit(&seed) * 9;

		compare(i % 2 ? -size : size, &worst);
	}
	assert_true(worst.mass < 1);
	assert_true(worst.mean < 1);
	assert_true(worst.variance < 1e-9);
}

static void truncated_normal_at_its_edges(void **state)
{
	struct ffntp_truncated all = ffntp_truncated_normal_above(-INFINITY);
	struct ffntp_truncated half = ffntp_truncated_normal_above(0);
	struct ffntp_truncated far = ffntp_truncated_normal_above(1e8);

	(void)state;
	assert_true(all.mean == 0 && all.variance == 1 && all.mass == 1 && all.exponent == 0);
	assert_true(fabs(half.mean - 0.79788456080286536) < 1e-13 && fabs(half.mass - 0.5) < 1e-13);
	assert_true(fabs(far.mean - 1e8) < 1e-7 && fabs(far.variance * 1e16 - 1) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sqrt_is_correctly_rounded),
		cmocka_unit_test(sqrt_at_its_edges),
		cmocka_unit_test(exp_is_as_accurate_as_stated),
		cmocka_unit_test(exp_at_its_edges),
		cmocka_unit_test(truncated_normal_is_as_accurate_as_stated),
		cmocka_unit_test(truncated_normal_at_its_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
