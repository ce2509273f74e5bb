/*
 * interval_oscillator: what one is to think of a counter whose oscillator
 * nobody knows. A bank of beliefs, each with a wander of its own, weighted by
 * how well each foresaw what came; the bank slides to where the weight is.
 */
#ifndef FFNTP_CORE_INTERVAL_OSCILLATOR_H
#define FFNTP_CORE_INTERVAL_OSCILLATOR_H

#include "interval_belief.h"
#include "interval_params.h"

#define FFNTP_INTERVAL_BANK 4

struct ffntp_oscillator {
	struct ffntp_belief belief[FFNTP_INTERVAL_BANK];
	double wander2[FFNTP_INTERVAL_BANK]; /* variance that gamma gains per second,
						1/s; ascending */
	double weight[FFNTP_INTERVAL_BANK];  /* sum 1 */
};

/* All beliefs alike, all wanders equally likely. */
void ffntp_oscillator_init(struct ffntp_oscillator *oscillator, const struct ffntp_belief *belief,
			   const struct ffntp_interval_params *params);

/* All beliefs become this one; what is thought of the wander stays. */
void ffntp_oscillator_set(struct ffntp_oscillator *oscillator, const struct ffntp_belief *belief);

void ffntp_oscillator_predict(struct ffntp_oscillator *oscillator, double elapsed_s);

/* Constrains every belief, and weighs them. Returns the mean d log evidence / d
 * log softness2. */
double ffntp_oscillator_constrain(struct ffntp_oscillator *oscillator, const struct ffntp_constraint *constraint,
				  const struct ffntp_interval_params *params);

/* The moments of the whole bank. */
struct ffntp_belief ffntp_oscillator_mixture(const struct ffntp_oscillator *oscillator);

/* The mean of the bank's wander2. */
double ffntp_oscillator_wander2(const struct ffntp_oscillator *oscillator);

/* theta is counted from another moment or time: what every belief says of it
 * changes by this. */
void ffntp_oscillator_shift(struct ffntp_oscillator *oscillator, double theta_s);

/*
 * The path has another floor: its spare is unknown with this mean and variance.
 */
void ffntp_oscillator_set_spare(struct ffntp_oscillator *oscillator, double mean_s, double variance_s2);

/* The same floor, assumed lower by this: so much less is spare. */
void ffntp_oscillator_lower_spare(struct ffntp_oscillator *oscillator, double by_s);

/* Each belief was surer of theta than it had reason to be. */
void ffntp_oscillator_doubt(struct ffntp_oscillator *oscillator, double variance_s2);

#endif
