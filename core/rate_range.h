/*
 * rate_range: the range of the counter's rate, as proven by bounds that are apart in time, and as configured. No
 * estimator contributes to it.
 *
 * Two bounds that are both true prove the average rate between them, to (width + width) / distance. The rate at any
 * moment differs from it by at most max_drift, because all rates of the counter are assumed to lie in one band of that
 * width (client.h: max_drift). Anchors of several ages are stored, because the baseline that proves most depends on the
 * state of the path at its two ends.
 */
#ifndef FFNTP_CORE_RATE_RANGE_H
#define FFNTP_CORE_RATE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"

/* Number of stored anchors: the oldest, and seven over the latest seven eighths of its age. */
#define FFNTP_RATE_ANCHORS 8

/* An anchor: the bound at the start of a baseline, and the range of the average rate since, s per tick. */
struct ffntp_rate_anchor {
	struct ffntp_bound bound;
	double least_s, most_s;
};

struct ffntp_rate_range {
	struct ffntp_rate_bound hint; /* the range without any exchange */
	double max_drift;             /* width of the band of all rates, as a ratio */
	double least_s, most_s;       /* common range of all averages, seconds per tick; most_s may be the lesser */
	uint32_t exchanges;           /* exchanges since ffntp_rate_range_begin */
	unsigned count;
	struct ffntp_rate_anchor anchor[FFNTP_RATE_ANCHORS]; /* oldest first */
};

/* Begin with the configured range: the hint is a rate (s per tick) and its maximum error, max_drift a ratio. */
void ffntp_rate_range_begin(struct ffntp_rate_range *range, struct ffntp_rate_bound hint, double max_drift);

/* Return the rate of a range that has begun with this hint, and without any exchange. */
struct ffntp_rate_bound ffntp_rate_range_first(struct ffntp_rate_bound hint, double max_drift);

/* Intersect the hint with a rate known from an earlier run. If the two are disjoint, the hint stays as it is. */
void ffntp_rate_range_know(struct ffntp_rate_range *range, struct ffntp_rate_bound rate);

/* The ranges of average rates from each anchor to a new bound (s per tick). */
struct ffntp_rate_measure {
	unsigned outdated; /* number of the oldest anchors, which have no range here and are to be dropped */
	double least_s[FFNTP_RATE_ANCHORS], most_s[FFNTP_RATE_ANCHORS];
};

/*
 * Measure the average rates from the anchors to a bound, newer than all before it. Returns false if the averages are
 * further apart than the band is wide: then the counter has left it, or one of the bounds was not true.
 */
FFNTP_MUST_USE bool ffntp_rate_range_measure(const struct ffntp_rate_range *range, const struct ffntp_bound *bound,
					     struct ffntp_rate_measure *measure);

/* Store a bound that was measured. */
void ffntp_rate_range_store(struct ffntp_rate_range *range, const struct ffntp_bound *bound,
			    const struct ffntp_rate_measure *measure);

/*
 * Measure and store a true bound, newer than all before it. Returns false if the averages are further apart than the
 * band is wide: then the counter has left it, or one of the bounds was not true.
 */
bool ffntp_rate_range_add(struct ffntp_rate_range *range, const struct ffntp_bound *bound);

/* Return the present rate with its maximum error. */
struct ffntp_rate_bound ffntp_rate_range_now(const struct ffntp_rate_range *range);

/* Extend a rate bound to contain a period (s per tick). */
struct ffntp_rate_bound ffntp_rate_bound_with(struct ffntp_rate_bound rate, double period_s);

/* Return whether the range of average rates and the rate bound are disjoint. */
bool ffntp_rate_range_excludes(const struct ffntp_rate_range *range, struct ffntp_rate_bound rate);

#endif
