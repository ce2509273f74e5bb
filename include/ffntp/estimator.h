/* estimator: the choice of the algorithm that estimates time and rate from the exchanges, and its state for people. */
#ifndef FFNTP_ESTIMATOR_H
#define FFNTP_ESTIMATOR_H

#include <stdint.h>

#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* Estimation algorithms. docs/algorithm.md describes the default one, docs/radclock.md the other one. */
enum ffntp_estimator_kind {
	FFNTP_ESTIMATOR_DEFAULT = 0, /* the recommended one; at present FFNTP_ESTIMATOR_LAW */
	FFNTP_ESTIMATOR_RADCLOCK,    /* RADclock's; missing where FFNTP_DEFAULT_ESTIMATOR_ONLY is defined */
	FFNTP_ESTIMATOR_LAW,         /* the delay-law estimator, which learns the density of each direction's delays */
};

/* An explanation of the latest exchanges that an estimator may weigh. */
enum ffntp_hypothesis {
	FFNTP_HYPOTHESIS_NONE = 0,            /* no hypothesis: the end of a list */
	FFNTP_HYPOTHESIS_UNCHANGED,           /* nothing has changed */
	FFNTP_HYPOTHESIS_PATH_FORWARD,        /* the path to the server has a different length */
	FFNTP_HYPOTHESIS_PATH_BACKWARD,       /* the path from the server has */
	FFNTP_HYPOTHESIS_PATH_BOTH,           /* both directions have become longer by the same time */
	FFNTP_HYPOTHESIS_TIME,                /* the server's time, or the counter, has stepped */
	FFNTP_HYPOTHESIS_RATE,                /* the counter's rate has changed */
	FFNTP_HYPOTHESIS_CONGESTION_FORWARD,  /* requests meet queues that were not there before */
	FFNTP_HYPOTHESIS_CONGESTION_BACKWARD, /* replies do */
	FFNTP_HYPOTHESIS_CONGESTION,          /* both do */
};

/* Number of hypotheses in a state. */
#define FFNTP_HYPOTHESES_SHOWN 4

/* The state of an estimator for people and monitoring. Unknown values are 0. */
struct ffntp_estimator_state {
	enum ffntp_estimator_kind kind; /* FFNTP_ESTIMATOR_DEFAULT: nothing is known of the estimator */
	/* Least delay to the server and from it, by the published clock. */
	uint64_t floor_forward_ns, floor_backward_ns;
	/* How much delays vary: half of the interval that contains the middle 68 % of them. */
	uint64_t noise_forward_ns, noise_backward_ns;
	uint64_t wander_1e15; /* standard deviation that the counter's rate gains in a second, in 1e-15 */
	/* The hypotheses that stand, the likeliest first, and their probabilities. */
	enum ffntp_hypothesis hypothesis[FFNTP_HYPOTHESES_SHOWN];
	uint8_t probability_percent[FFNTP_HYPOTHESES_SHOWN];
};

/* Return a hypothesis in a few words, such as "the path to the server has changed". Never NULL. */
const char *ffntp_hypothesis_text(enum ffntp_hypothesis hypothesis);

FFNTP_END_DECLARATIONS

#endif
