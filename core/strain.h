/*
 * strain: whether exchanges show that the bound or the clock is false although none of them contradicts it. A counter
 * whose rate has left the proven range moves the bound, and an exchange's round trip hides that until the two are
 * disjoint.
 *
 * While a bound holds, an exchange's interval reaches beyond it on either side by what the delay of that direction is
 * above the least ever, and both together by what the round trip is above the least. Exchanges in a row that reach
 * beyond one side alone, further than their round trips and queues explain, saw one direction longer than ever and the
 * other shorter than ever. No path does that; a false bound does, and so does a clock that has left the middle of the
 * exchanges.
 */
#ifndef FFNTP_CORE_STRAIN_H
#define FFNTP_CORE_STRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"

struct ffntp_strain_run {
	int side; /* 1: the latest exchanges are later than what they are compared with, -1: earlier; 0: neither */
	uint32_t count; /* ... in a row */
};

/* Zeroed: no exchange was seen. */
struct ffntp_strain {
	double least_s;   /* width of the narrowest interval of an exchange */
	double excess_s;  /* mean of what the latest are wider */
	double allowed_s; /* twice what queues and the server may move the middle of the newest by */
	uint32_t exchanges;
	struct ffntp_strain_run bound, clock;
};

/*
 * Count an exchange that agrees with the bound, and that is not yet in it. Returns whether the exchanges show that the
 * bound is false; then their count begins again.
 */
FFNTP_MUST_USE bool ffntp_strain_add(struct ffntp_strain *strain, const struct ffntp_bound *bound,
				     const struct ffntp_stamp *stamp, struct ffntp_rate_bound rate);

/*
 * Count by how much the middle of the exchange that was added last is later than the clock (s). Returns whether the
 * exchanges show that the clock is wrong; then their count begins again.
 */
FFNTP_MUST_USE bool ffntp_strain_add_clock(struct ffntp_strain *strain, double ahead_s);

#endif
