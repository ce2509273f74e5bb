/*
 * stamptest: shared by the tests of estimators in worlds of stamps. A test may define ESTIMATOR_OPS before, to choose
 * the estimator. Includes cmocka and the headers that cmocka needs.
 */
#ifndef FFNTP_TESTS_STAMPTEST_H
#define FFNTP_TESTS_STAMPTEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stampworld.h"

#ifndef ESTIMATOR_OPS
#define ESTIMATOR_OPS ffntp_law_ops
#endif

#define HOUR_S 3600.0
#define DAY_S 86400.0
#define WEEK_S (7 * DAY_S)

static const struct ffntp_estimator_config usual = {
	.period_hint_s = 1e-9,
	.period_hint_error = 500e-6,
	.poll_s = 16,
};

static inline struct stampclock new_clock(void)
{
	return stampclock_new(&ESTIMATOR_OPS, &usual);
}

/* Return a clock that has been running for some hours. */
static inline struct stampclock settled_clock(struct stampworld *world)
{
	struct stampclock clock = new_clock();

	(void)stampclock_run(&clock, world, 16, 5 * HOUR_S);
	return clock;
}

/* Print the value if it is not below the limit. */
static inline void assert_below(double value, double limit)
{
	if (!(value < limit))
		print_message("%g is not below %g\n", value, limit);
	assert_true(value < limit);
}

static inline void assert_run(struct stamprun run, double rms_s, double worst_s)
{
	assert_below(stamprun_rms_s(&run), rms_s);
	assert_below(run.worst_s, worst_s);
	assert_int_equal(run.refused, 0);
}

static inline bool is_finite_estimate(const struct ffntp_estimate *estimate)
{
	return isfinite(estimate->correction_s) && isfinite(estimate->period_s) &&
	       isfinite(estimate->stable_period_s) && isfinite(estimate->esterror_s) && estimate->esterror_s >= 0 &&
	       isfinite(estimate->period_esterror) && estimate->period_esterror >= 0 &&
	       isfinite(estimate->stable_esterror) && estimate->stable_esterror >= 0 &&
	       isfinite(estimate->covariance_s) && isfinite(estimate->wander_per_s) &&
	       isfinite(estimate->exchange_esterror_s);
}

#endif
