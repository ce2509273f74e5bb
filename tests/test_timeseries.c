/* Series of measurements: decimation, histograms, and the Allan deviation beside its known values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../tool/timeseries.h"
#include "prng.h"

static void fill(struct timeseries *series, size_t count, double step_s, double value_of(double t))
{
	for (size_t i = 0; i < count; i++)
		assert_true(timeseries_add(series, (double)i * step_s, value_of((double)i * step_s)));
}

static double spike(double t)
{
	return t >= 50000 && t < 50001 ? 1000 : sin(t);
}

/* The extremes stay, in their order, and there are no more than two points a column. */
static void test_decimation_keeps_extremes(void **state)
{
	struct timeseries all = { 0 }, few = { 0 };
	double greatest = 0;

	(void)state;
	fill(&all, 100000, 1, spike);
	assert_true(timeseries_decimate(&all, 0, 99999, 500, &few));
	assert_in_range(few.count, 900, 1002);
	for (size_t i = 0; i < few.count; i++) {
		greatest = fmax(greatest, few.point[i].y);
		assert_true(i == 0 || few.point[i].t > few.point[i - 1].t);
	}
	assert_true(greatest >= 1000);
	timeseries_clear(&few);
	timeseries_clear(&all);
}

static void test_decimation_keeps_gaps(void **state)
{
	struct timeseries all = { 0 }, few = { 0 };
	size_t gaps = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_true(timeseries_add(&all, i, i == 300 || i == 301 ? (double)NAN : 1));
	assert_true(timeseries_decimate(&all, 0, 1000, 10, &few));
	for (size_t i = 0; i < few.count; i++)
		gaps += isnan(few.point[i].y) ? 1 : 0;
	assert_int_equal(gaps, 2);
	timeseries_clear(&few);
	timeseries_clear(&all);
}

static void test_few_points_stay_as_they_are(void **state)
{
	struct timeseries all = { 0 }, few = { 0 };

	(void)state;
	fill(&all, 10, 100, sin);
	assert_true(timeseries_decimate(&all, 0, 900, 1000, &few));
	assert_int_equal(few.count, 10);
	for (size_t i = 0; i < 10; i++)
		assert_memory_equal(&few.point[i], &all.point[i], sizeof(all.point[i]));
	timeseries_clear(&few);
	timeseries_clear(&all);
}

static void test_shift_moves_what_is_not_settled(void **state)
{
	struct timeseries series = { 0 };

	(void)state;
	fill(&series, 4, 1, sin);
	timeseries_settle(&series);
	assert_true(timeseries_add(&series, 10, 0));
	timeseries_shift(&series, 5);
	timeseries_shift(&series, 7);
	assert_true(series.point[3].t < 3.5 && series.point[4].t > 14.5 && series.point[4].t < 15.5);
	timeseries_cut_before(&series, 2);
	assert_int_equal(series.count, 3);
	timeseries_clear(&series);
}

static void test_histogram(void **state)
{
	static const double sorted[] = { -1, 0, 0.5, 1, 1.5, 1.75, 2, 7 };
	static const double expected[] = { 25, 37.5, 12.5 };
	struct timeseries law = { 0 };

	(void)state;
	assert_true(timeseries_histogram(sorted, 8, 0, 1, 3, &law));
	assert_int_equal(law.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(fabs(law.point[i].t - ((double)i + 0.5)) < 1e-12);
		assert_true(fabs(law.point[i].y - expected[i]) < 1e-12);
	}
	timeseries_clear(&law);
}

static void test_sorted_without_gaps(void **state)
{
	struct timeseries series = { 0 };
	double *sorted;
	size_t count;

	(void)state;
	assert_null(timeseries_sorted(&series, &count));
	assert_int_equal(count, 0);
	assert_true(timeseries_add(&series, 0, 3) && timeseries_add(&series, 1, (double)NAN) &&
		    timeseries_add(&series, 2, 1));
	sorted = timeseries_sorted(&series, &count);
	assert_int_equal(count, 2);
	assert_true(sorted[0] < 2 && sorted[1] > 2);
	free(sorted);
	timeseries_clear(&series);
}

/* --- Allan deviation --- */

#define DRIFT 1e-10

/* A rate that grows by DRIFT each second. */
static double drifting(double t)
{
	return 1e-6 + 12e-6 * t + DRIFT * t * t / 2;
}

/* A constant rate counts for nothing, and a drift D has the deviation D tau / sqrt(2). */
static void test_deviation_of_a_drift(void **state)
{
	struct timeseries phase = { 0 }, deviation = { 0 };

	(void)state;
	fill(&phase, 2000, 16, drifting);
	assert_true(timeseries_allan(&phase, &deviation));
	assert_in_range(deviation.count, 8, 11);
	for (size_t i = 0; i < deviation.count; i++) {
		double expected = DRIFT * deviation.point[i].t / sqrt(2);

		assert_true(fabs(deviation.point[i].t - 16 * pow(2, (double)i)) < 1e-6);
		assert_true(fabs(deviation.point[i].y / expected - 1) < 1e-3);
	}
	timeseries_clear(&deviation);
	timeseries_clear(&phase);
}

static double noise(struct prng *prng)
{
	return (double)prng_below(prng, 1 << 30) / (1 << 30) - 0.5;
}

/* White noise of the phase of deviation s has the deviation sqrt(3) s / tau. A uniform law has s = 1 / sqrt(12). */
static void test_deviation_of_noise(void **state)
{
	struct timeseries phase = { 0 }, deviation = { 0 };
	struct prng prng = { 7 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_true(timeseries_add(&phase, i, noise(&prng)));
	assert_true(timeseries_allan(&phase, &deviation));
	for (size_t i = 0; i < 10; i++)
		assert_true(fabs(deviation.point[i].y * deviation.point[i].t / sqrt(3.0 / 12) - 1) < 0.05);
	timeseries_clear(&deviation);
	timeseries_clear(&phase);
}

/* A step of the phase in a gap is none of the oscillator. */
static void test_no_term_spans_a_gap(void **state)
{
	struct timeseries phase = { 0 }, deviation = { 0 };

	(void)state;
	for (int i = 0; i < 4000; i++) {
		double y = drifting(i) + (i > 2000 ? 7 : 0);

		assert_true(timeseries_add(&phase, i, i == 2000 ? (double)NAN : y));
	}
	assert_true(timeseries_allan(&phase, &deviation));
	assert_true(deviation.count >= 8);
	for (size_t i = 0; i < deviation.count; i++)
		assert_true(fabs(deviation.point[i].y / (DRIFT * deviation.point[i].t / sqrt(2)) - 1) < 1e-2);
	timeseries_clear(&deviation);
	timeseries_clear(&phase);
}

static void test_deviation_of_too_little(void **state)
{
	struct timeseries phase = { 0 }, deviation = { 0 };

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_true(timeseries_allan(&phase, &deviation));
		assert_int_equal(deviation.count, 0);
		assert_true(timeseries_add(&phase, i == 1 ? 0 : i, 1));
	}
	timeseries_clear(&phase);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimation_keeps_extremes),
		cmocka_unit_test(test_decimation_keeps_gaps),
		cmocka_unit_test(test_few_points_stay_as_they_are),
		cmocka_unit_test(test_shift_moves_what_is_not_settled),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_sorted_without_gaps),
		cmocka_unit_test(test_deviation_of_a_drift),
		cmocka_unit_test(test_deviation_of_noise),
		cmocka_unit_test(test_no_term_spans_a_gap),
		cmocka_unit_test(test_deviation_of_too_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
