/*
 * law_trial: a sequential test between explanations of exchanges that do not fit the laws: a step of the path, of the
 * server's time or of the rate, or congestion. Each explanation (story) has its own belief of theta, gamma and the size
 * of the step, and is updated by the same exchanges; their evidence decides.
 */
#ifndef FFNTP_CORE_LAW_TRIAL_H
#define FFNTP_CORE_LAW_TRIAL_H

#include "law_clock.h"

enum ffntp_law_cause {
	FFNTP_LAW_CAUSE_NONE,      /* nothing changed */
	FFNTP_LAW_CAUSE_THERE,     /* the way there has a different length */
	FFNTP_LAW_CAUSE_BACK,      /* the way back has */
	FFNTP_LAW_CAUSE_BOTH,      /* both ways have become longer by the same time */
	FFNTP_LAW_CAUSE_TIME,      /* the server's time has stepped, or the counter */
	FFNTP_LAW_CAUSE_RATE,      /* the oscillator's rate has changed */
	FFNTP_LAW_CAUSE_JUMP,      /* by more */
	FFNTP_LAW_CONGESTED_THERE, /* delays of a way follow no known law */
	FFNTP_LAW_CONGESTED_BACK,
	FFNTP_LAW_CONGESTED,
	FFNTP_LAW_CAUSES
};

struct ffntp_law_story {
	double x[3];     /* theta (s), gamma (ratio), step of the path's length (s) */
	double p[6];     /* covariance: 00, 01, 11, 02, 12, 22 */
	double evidence; /* log probability density of the exchanges */
};

/* Zeroed: no trial is open. */
struct ffntp_law_trial {
	bool is_open;
	int exchanges;
	double elapsed_s; /* since the first of them */
	struct ffntp_law_story story[FFNTP_LAW_CAUSES];
	double floor[2];  /* about where the laws begin, s */
	double excess[2]; /* sum of the delays above 'floor' under congestion, with that of an assumed first one (s) */
};

/*
 * Begin with this belief, from before the first exchange. step_s: standard deviation of a step of path or time;
 * since_s: the rate may have changed up to this time ago.
 */
void ffntp_law_trial_open(struct ffntp_law_trial *trial, const struct ffntp_law_belief *before,
			  const struct ffntp_law laws[2], double step_s, double since_s);

/* Update every explanation by an exchange, elapsed_s after the one before. The sight's weights are not used. */
void ffntp_law_trial_add(struct ffntp_law_trial *trial, const struct ffntp_law laws[2],
			 const struct ffntp_law_sight *sight, double elapsed_s, double wander2);

/* Count theta from another anchor. */
void ffntp_law_trial_shift(struct ffntp_law_trial *trial, double theta_s);

/*
 * Return a cause's log-likelihood ratio to "nothing changed", times 'share', less the cause's price (the logarithm of
 * its prior odds).
 */
double ffntp_law_trial_score(const struct ffntp_law_trial *trial, enum ffntp_law_cause cause, double trust,
			     const struct ffntp_law_params *params);

#endif
