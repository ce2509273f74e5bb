/*
 * radclock_spread: the estimated error of the clock, one standard deviation, from the disagreement of stamps: with each
 * other in the window, over their age, and between successive estimates. The maximum error is computed in bound.
 */
#ifndef FFNTP_CORE_RADCLOCK_SPREAD_H
#define FFNTP_CORE_RADCLOCK_SPREAD_H

#include "radclock_offset.h"

/* Averages over the last FFNTP_RADCLOCK_SPREAD_ESTIMATES estimates, or all if fewer. Zeroed: no estimate yet. */
struct ffntp_spread {
	double estimates;
	double squares_s2, freedoms; /* squares of stamps about their mean, and their degrees of freedom; the ratio is
					one stamp's variance */
	double slopes, leverage_s2;  /* slopes of stamps over their age: the rate's mean square error, without noise */
	double change_s2;            /* squares of the difference between an estimate and its prediction */
};

void ffntp_spread_add(struct ffntp_spread *spread, const struct ffntp_offset_scatter *scatter, double change_s);

/* Standard deviations, and their growth. */
struct ffntp_spread_figures {
	double time_s;       /* of the time of an estimate */
	double rate;         /* of the local rate, as a ratio */
	double wander_per_s; /* growth of the rate's variance per second */
	double stamp_s;      /* of the time that one stamp measures by itself */
};

/* Return the figures of an estimate made from stamps with this scatter. */
struct ffntp_spread_figures ffntp_spread_figures(const struct ffntp_spread *spread,
						 const struct ffntp_offset_scatter *scatter, double mean_age_s);

#endif
