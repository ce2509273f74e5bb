/* blend: the shares of several values in their mean, with and without outliers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../core/blend.h"
#include "prng.h"

static double centre(const struct ffntp_blend_value *values, unsigned count)
{
	double shares[16], sum = 0, all = 0;

	ffntp_blend_shares(values, count, shares);
	for (unsigned i = 0; i < count; i++) {
		assert_true(shares[i] > 0 && shares[i] <= 1);
		all += shares[i];
		sum += shares[i] * values[i].value;
	}
	assert_true(fabs(all - 1) < 1e-12);
	return sum;
}

#define CENTRE(...)                                               \
	centre((const struct ffntp_blend_value[]){ __VA_ARGS__ }, \
	       sizeof((const struct ffntp_blend_value[]){ __VA_ARGS__ }) / sizeof(struct ffntp_blend_value))

static void assert_near_at(double value, double low, double high, int line)
{
	if (value >= low && value <= high)
		return;
	print_error("line %d: %g is not within %g to %g\n", line, value, low, high);
	fail();
}

#define assert_near(value, low, high) assert_near_at(value, low, high, __LINE__)

static void test_values_that_agree_are_averaged(void **state)
{
	(void)state;
	assert_near(CENTRE({ 3, 1 }), 3, 3);
	assert_near(CENTRE({ -1, 1 }, { 1, 1 }), -1e-9, 1e-9);
	assert_near(CENTRE({ 0, 1 }, { 0.1, 1 }, { 0.2, 1 }), 0.0999, 0.1001);
	/* By their variances: 1 against 1/9. */
	assert_near(CENTRE({ 0, 1 }, { 0.3, 3 }), 0.029, 0.031);
}

static void test_outliers_count_little(void **state)
{
	(void)state;
	assert_near(CENTRE({ 0, 1 }, { 0, 1 }, { 100, 1 }), 0, 0.02);
	assert_near(CENTRE({ 100, 1 }, { 0, 1 }, { 0.5, 1 }), 0.2, 0.3);
	/* The majority's place, although the first three values are no outliers beside one another. */
	assert_near(CENTRE({ 0, 1 }, { 0, 1 }, { 50, 1 }, { 50, 1 }, { 50, 1 }), 49.5, 50);
}

/*
 * Asymmetries as measured on Internet paths: sizes of log-normal distribution, of either sign. The centre of five is
 * better than their mean, and than the median.
 */
static void test_it_suits_measured_asymmetries(void **state)
{
	struct prng prng = { 5 };
	double of_centre = 0, of_mean = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct ffntp_blend_value values[5];
		double mean = 0;

		for (int i = 0; i < 5; i++) {
			double u = ((double)(prng_next(&prng) >> 11) + 1) * 0x1p-53;
			double v = (double)(prng_next(&prng) >> 11) * 0x1p-53;
			double size = exp(0.82 * sqrt(-2 * log(u)) * cos(6.283185307179586 * v));

			values[i] = (struct ffntp_blend_value){ prng_below(&prng, 2) ? size : -size, 1.86 };
			mean += values[i].value / 5;
		}
		of_centre += fabs(centre(values, 5)) / 20000;
		of_mean += fabs(mean) / 20000;
	}
	print_message("# mean distance: centre %.3f, mean %.3f medians of the size\n", of_centre, of_mean);
	assert_true(of_centre < 0.95 * of_mean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_that_agree_are_averaged),
		cmocka_unit_test(test_outliers_count_little),
		cmocka_unit_test(test_it_suits_measured_asymmetries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
