/*
 * rate_range: between which rates the counter's must lie. Proven by bounds that are apart, or configured; no estimator
 * has a part in it.
 *
 * Two bounds that both hold prove the average rate between them, to (width + width) / distance. The rate at any moment
 * is within max_drift of it, because all rates of a counter that keeps its assumption lie in one band of that width
 * (client.h: max_drift). Anchors of several ages are kept, because which baseline proves most depends on how the path
 * was when.
 */
#ifndef FFNTP_CORE_RATE_RANGE_H
#define FFNTP_CORE_RATE_RANGE_H

#include <stdint.h>

#include "bound.h"

/* Anchors that are kept: the oldest, and seven over the latest seven eighths of its age. */
#define FFNTP_RATE_ANCHORS 8

/* A bound from which averages are taken, and the least and most that they can have been since, s per tick. */
struct ffntp_rate_anchor {
	struct ffntp_bound bound;
	uint32_t number; /* of the exchange */
	double least_s, most_s;
};

struct ffntp_rate_range {
	struct ffntp_rate_bound hint; /* what holds without any exchange */
	double max_drift;             /* width of the band of all rates, as a ratio */
	double least_s, most_s;       /* all averages' common range, seconds per tick; most_s may be the lesser */
	uint32_t exchanges;           /* since the beginning */
	unsigned count;
	struct ffntp_rate_anchor anchor[FFNTP_RATE_ANCHORS]; /* the oldest first */
};

/* Begin with what is configured: the hint is a rate (s per tick) and its maximum error, max_drift a ratio. */
void ffntp_rate_range_begin(struct ffntp_rate_range *range, struct ffntp_rate_bound hint, double max_drift);

/*
 * Intersect the hint with a rate that an earlier run proved. Two that exclude each other leave the hint as it is.
 */
void ffntp_rate_range_know(struct ffntp_rate_range *range, struct ffntp_rate_bound rate);

/*
 * Take in a bound that holds, newer than all before it. Returns false if the averages are further apart than the band
 * is wide: then the counter has left it, or one of the bounds did not hold.
 */
bool ffntp_rate_range_add(struct ffntp_rate_range *range, const struct ffntp_bound *bound);

/* Return the rate now, with the largest error that the assumptions leave. */
struct ffntp_rate_bound ffntp_rate_range_now(const struct ffntp_rate_range *range);

/* Return the range that contains both the rate bound and a period in s per tick. */
struct ffntp_rate_bound ffntp_rate_bound_with(struct ffntp_rate_bound rate, double period_s);

/* Whether no average rate that the range admits is one that the rate bound admits. */
bool ffntp_rate_range_excludes(const struct ffntp_rate_range *range, struct ffntp_rate_bound rate);

#endif
