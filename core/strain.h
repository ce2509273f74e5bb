/*
 * strain: detects a false bound or a false clock before any exchange contradicts it. A counter whose rate has left the
 * proven range moves the bound away from the true time, and an exchange's round trip hides that until the two intervals
 * are disjoint.
 *
 * While a bound holds, an exchange's interval reaches beyond it on either side by the excess of that direction's delay
 * over the least ever, and on both together by the excess of the round trip. If exchanges in a row reach beyond one
 * side alone, further than their round trips and queues explain, one direction seems longer than ever and the other
 * shorter than ever. No path does that. A false bound does, and so does a clock that has left the middle of the
 * exchanges.
 */
#ifndef FFNTP_CORE_STRAIN_H
#define FFNTP_CORE_STRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"

struct ffntp_strain_run {
	int side;       /* 1: the latest exchanges are later than the bound or the clock, -1: earlier; 0: neither */
	uint32_t count; /* number of these exchanges in a row */
};

/* State of the detection. Zeroed: no exchange was seen. */
struct ffntp_strain {
	double least_s;   /* width of the narrowest interval of an exchange */
	double excess_s;  /* mean excess of the latest widths over least_s */
	double allowed_s; /* twice the largest error of the newest exchange's middle from queues and the server */
	uint32_t exchanges;
	struct ffntp_strain_run bound, clock;
};

/*
 * Count an exchange that agrees with the bound, before it narrows the bound. Returns whether the exchanges prove the
 * bound false; then a new count begins.
 * aged: the bound, aged to the exchange's interval. root_distance_s: the server's.
 */
FFNTP_MUST_USE bool ffntp_strain_add(struct ffntp_strain *strain, const struct ffntp_bound *aged,
				     const struct ffntp_bound *interval, double root_distance_s);

/*
 * Count the exchange that was added last. ahead_s: its middle minus the clock (s). Returns whether the exchanges prove
 * the clock wrong; then a new count begins.
 */
FFNTP_MUST_USE bool ffntp_strain_add_clock(struct ffntp_strain *strain, double ahead_s);

#endif
