/*
 * estimator: the choice of the estimator, and functions that all estimators share. A build with a fixed estimator
 * defines FFNTP_DEFAULT_ESTIMATOR_ONLY, which makes the core a sixth smaller.
 */
#include "estimator.h"

#include "maths.h"
#include "params.h"

const struct ffntp_estimator_ops *ffntp_estimator_choose(enum ffntp_estimator_kind kind)
{
	switch (kind) {
	case FFNTP_ESTIMATOR_DEFAULT:
	case FFNTP_ESTIMATOR_LAW:
		return &ffntp_law_ops;
	case FFNTP_ESTIMATOR_RADCLOCK:
#ifndef FFNTP_DEFAULT_ESTIMATOR_ONLY
		return &ffntp_radclock_ops;
#endif
		break;
	}
	return NULL;
}

double ffntp_asymmetry_esterror_s(double floor_s)
{
	return FFNTP_ASYMMETRY_SHARE * ffntp_fmax(floor_s, 0);
}

bool ffntp_estimate_is_plausible(const struct ffntp_estimate *estimate, double period_hint_s)
{
	double least_s = period_hint_s / 2, most_s = period_hint_s * 2;

	return ffntp_is_within(estimate->correction_s, -1e9, 1e9) && ffntp_is_within(estimate->esterror_s, 0, 1e9) &&
	       ffntp_is_within(estimate->asymmetry_esterror_s, 0, 1e9) &&
	       ffntp_is_within(estimate->period_s, least_s, most_s) &&
	       ffntp_is_within(estimate->period_esterror, 0, 1) &&
	       ffntp_is_within(estimate->stable_period_s, least_s, most_s) &&
	       ffntp_is_within(estimate->stable_esterror, 0, 1);
}
