/* estimator: the choice of the algorithm that estimates time and rate from the exchanges. */
#ifndef FFNTP_ESTIMATOR_H
#define FFNTP_ESTIMATOR_H

/* Estimation algorithms. docs/algorithm.md describes the default one, docs/radclock.md the other one. */
enum ffntp_estimator_kind {
	FFNTP_ESTIMATOR_DEFAULT = 0, /* the recommended one; at present FFNTP_ESTIMATOR_LAW */
	FFNTP_ESTIMATOR_RADCLOCK,    /* RADclock's; missing where FFNTP_DEFAULT_ESTIMATOR_ONLY is defined */
	FFNTP_ESTIMATOR_LAW,         /* the delay-law estimator, which learns the density of each direction's delays */
};

#endif
