/*
 * law_clock: the oscillator: the belief of theta (counter time at the nominal period minus true time, s) and of gamma
 * (the rate of theta, a ratio, which makes a random walk). It is a bank of Gaussians, one for each wander that the
 * oscillator may have, weighted by how well each predicts. theta is counted from an anchor that the caller keeps. Pure
 * functions on differences.
 */
#ifndef FFNTP_CORE_LAW_CLOCK_H
#define FFNTP_CORE_LAW_CLOCK_H

#include "law_density.h"

#define FFNTP_LAW_BANK 6

struct ffntp_law_belief {
	double theta, gamma;
	double p00, p01, p11; /* covariance */
};

struct ffntp_law_clock {
	struct ffntp_law_belief belief[FFNTP_LAW_BANK];
	double wander2[FFNTP_LAW_BANK]; /* variance that gamma gains per second, 1/s; each 4 times the one before */
	double weight[FFNTP_LAW_BANK];  /* sum 1 */
};

/*
 * An exchange: the delay of the request is theta - gamma span_s - forward_s, that of the reply backward_s - theta; each
 * counts by its weight, 0 to 1.
 */
struct ffntp_law_sight {
	double forward_s, backward_s, span_s;
	double weight[2];
};

/* Set all beliefs to this one, all wanders equally likely. */
void ffntp_law_clock_begin(struct ffntp_law_clock *clock, const struct ffntp_law_belief *belief,
			   const struct ffntp_law_params *params);

/* Set all beliefs to this one; weights stay. */
void ffntp_law_clock_set(struct ffntp_law_clock *clock, const struct ffntp_law_belief *belief);

/* Let elapsed_s of counter time pass, for one belief with this wander, or for all. */
void ffntp_law_belief_predict(struct ffntp_law_belief *belief, double elapsed_s, double wander2);
void ffntp_law_clock_predict(struct ffntp_law_clock *clock, double elapsed_s);

/* Count theta from another anchor. */
void ffntp_law_clock_shift(struct ffntp_law_clock *clock, double theta_s);

/* Update all beliefs and weights by an exchange; return the logarithm of its probability density. laws: there, back. */
double ffntp_law_clock_update(struct ffntp_law_clock *clock, const struct ffntp_law laws[2],
			      const struct ffntp_law_sight *sight);

/* Return the moments of all beliefs together, and the mean of wander2. */
struct ffntp_law_belief ffntp_law_clock_mixture(const struct ffntp_law_clock *clock);
double ffntp_law_clock_wander2(const struct ffntp_law_clock *clock);

#endif
