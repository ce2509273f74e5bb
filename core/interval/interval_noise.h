/* interval_noise: how much the delays of one direction vary, learnt from how
 * much each differs from the one before it. */
#ifndef FFNTP_CORE_INTERVAL_NOISE_H
#define FFNTP_CORE_INTERVAL_NOISE_H

#include <stdint.h>

#include "interval_params.h"

/*
 * Differences need no floor and no clock: what both delays have in common
 * cancels. Quantiles need no mean: a burst, a change of route or a fault is a
 * few large differences among many.
 */
struct ffntp_noise {
	double scale;  /* mean of the exponential whose differences have the same
			  median, s */
	double tail;   /* 95 % of the differences are below this, s */
	double recent; /* mean of the latest excesses, s */
	double last;   /* the excess before, s */
	uint32_t seen;
};

void ffntp_noise_init(struct ffntp_noise *noise, double scale_s);

/* excess_s: of a delay above the floor. */
void ffntp_noise_learn(struct ffntp_noise *noise, double excess_s, const struct ffntp_interval_params *params);

/*
 * By how much the logarithm of a delay's probability falls per second at
 * excess_s above the floor: 1 / scale for an exponential; less far out, as
 * tails are heavier than that.
 */
double ffntp_noise_rate(const struct ffntp_noise *noise, double excess_s, const struct ffntp_interval_params *params);

#endif
