/* estimator: the table of estimators, and functions that all of them share. */
#include "estimator.h"

#include "maths.h"
#include "params.h"

static const struct ffntp_estimator_ops *const estimators[] = {
#define ESTIMATOR(KIND, NAME) &ffntp_##NAME##_ops,
#include "estimators.def"
};

#define ESTIMATORS (sizeof(estimators) / sizeof(estimators[0]))

const struct ffntp_estimator_ops *ffntp_estimator_at(size_t number)
{
	return number < ESTIMATORS ? estimators[number] : NULL;
}

const struct ffntp_estimator_ops *ffntp_estimator_choose(enum ffntp_estimator_kind kind)
{
	if (kind == FFNTP_ESTIMATOR_DEFAULT)
		return estimators[0];
	for (size_t i = 0; i < ESTIMATORS; i++) {
		if (estimators[i]->kind == kind)
			return estimators[i];
	}
	return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool ffntp_estimator_find(const char *name, enum ffntp_estimator_kind *kind)
{
	if (is_same_text(name, "default")) {
		*kind = FFNTP_ESTIMATOR_DEFAULT;
		return true;
	}
	for (size_t i = 0; i < ESTIMATORS; i++) {
		if (is_same_text(name, estimators[i]->name)) {
			*kind = estimators[i]->kind;
			return true;
		}
	}
	return false;
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
