/* estimator: the one place where estimators are chosen. */
#include "estimator.h"

const struct ffntp_estimator_ops *ffntp_estimator_choose(enum ffntp_estimator_kind kind)
{
	switch (kind) {
	case FFNTP_ESTIMATOR_DEFAULT:
	case FFNTP_ESTIMATOR_INTERVAL:
		return &ffntp_interval_ops;
	case FFNTP_ESTIMATOR_RADCLOCK:
		return &ffntp_radclock_ops;
	}
	return NULL;
}
