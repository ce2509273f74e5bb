/* estimator: which one turns exchanges into a line through counter and time. */
#ifndef FFNTP_ESTIMATOR_H
#define FFNTP_ESTIMATOR_H

/* docs/algorithm.md and docs/radclock.md. */
enum ffntp_estimator_kind {
	FFNTP_ESTIMATOR_DEFAULT = 0, /* the delay-law estimator */
	FFNTP_ESTIMATOR_RADCLOCK,
	FFNTP_ESTIMATOR_LAW,
};

#endif
