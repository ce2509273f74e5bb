/*
 * radclock_spread: how good the clock is, learnt from how far stamps disagree: with one another in the window, and over
 * their age, and one estimate with the next. An estimated error, one standard deviation; the maximum is bound's affair.
 */
#ifndef FFNTP_CORE_RADCLOCK_SPREAD_H
#define FFNTP_CORE_RADCLOCK_SPREAD_H

#include "radclock_offset.h"

/* Zeroed: nothing is known. Averages over the last FFNTP_RADCLOCK_SPREAD_ESTIMATES estimates, or all if fewer. */
struct ffntp_spread {
	double estimates;
	double squares_s2, freedoms; /* of stamps about their mean: their ratio is one stamp's variance */
	double slopes, leverage_s2;  /* of what stamps say over their age: the rate's mean square error, after noise */
	double change_s2;            /* squares of one estimate less what was expected */
};

void ffntp_spread_add(struct ffntp_spread *spread, const struct ffntp_offset_scatter *scatter, double change_s);

/* Standard deviations, and what becomes of them. */
struct ffntp_spread_figures {
	double time_s;       /* of an estimate */
	double rate;         /* of the local rate, as a ratio */
	double wander_per_s; /* what the rate's variance gains per second */
	double stamp_s;      /* of what one stamp tells by itself */
};

/* Of an estimate made from stamps that scatter so. */
struct ffntp_spread_figures ffntp_spread_figures(const struct ffntp_spread *spread,
						 const struct ffntp_offset_scatter *scatter, double mean_age_s);

#endif
