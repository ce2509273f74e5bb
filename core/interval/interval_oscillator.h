/*
 * interval_oscillator: what one is to think of a counter whose oscillator nobody knows. A bank of beliefs, each with a
 * wander of its own, weighted by how well they foresee what comes.
 */
#ifndef FFNTP_CORE_INTERVAL_OSCILLATOR_H
#define FFNTP_CORE_INTERVAL_OSCILLATOR_H

#include "interval_belief.h"
#include "interval_params.h"

struct ffntp_oscillator {
	struct ffntp_belief belief[FFNTP_INTERVAL_BANK];
	double weight[FFNTP_INTERVAL_BANK]; /* sum 1 */
};

/* All beliefs alike, all wanders equally likely. */
void ffntp_oscillator_init(struct ffntp_oscillator *oscillator, const struct ffntp_belief *belief);

void ffntp_oscillator_predict(struct ffntp_oscillator *oscillator, double elapsed_s,
			      const struct ffntp_interval_params *params);

/* What follows for every belief, and for their weights. */
struct ffntp_evidence ffntp_oscillator_constrain(struct ffntp_oscillator *oscillator,
						 const struct ffntp_constraint *constraint,
						 const struct ffntp_interval_params *params);

/* The moments of the whole bank. */
struct ffntp_belief ffntp_oscillator_mixture(const struct ffntp_oscillator *oscillator);

/* The mean variance that gamma gains per second, 1/s. */
double ffntp_oscillator_wander2(const struct ffntp_oscillator *oscillator, const struct ffntp_interval_params *params);

/* theta is counted from another moment or time: what every belief says of it changes by this. */
void ffntp_oscillator_shift(struct ffntp_oscillator *oscillator, double theta_s);

/* The time is as good as unknown again: theta is mean with that variance; gamma stays. */
void ffntp_oscillator_forget_time(struct ffntp_oscillator *oscillator, double mean_s, double variance_s2);

#endif
