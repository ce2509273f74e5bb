/*
 * vote: the interval that must contain a true value if more than half of some intervals do (Marzullo 1984; RFC 5905,
 * section 11.2.1). Pure functions.
 */
#ifndef FFNTP_CORE_VOTE_H
#define FFNTP_CORE_VOTE_H

#include <stdbool.h>
#include <stdint.h>

/* One voter's interval; low <= high. */
struct ffntp_vote_interval {
	double low, high;
};

#define FFNTP_VOTE_MOST 64

/* All voters' intervals, end by end, because they are compared with each other. */
struct ffntp_vote_intervals {
	unsigned count;
	double low[FFNTP_VOTE_MOST], high[FFNTP_VOTE_MOST];
};

/* The places of the ends in ascending order, as of the last vote: most stay there until the next. Zeroed: unknown. */
struct ffntp_vote_order {
	unsigned count;
	uint8_t low[FFNTP_VOTE_MOST], high[FFNTP_VOTE_MOST];
};

/*
 * The result. With a majority: the hull of all points that more than half of the intervals contain. So it contains the
 * true value whatever the other intervals are, also where they overlap it. Without one: the hull of all intervals.
 */
struct ffntp_vote {
	bool has_majority;
	double low, high;
};

/* Add an interval. There are fewer than FFNTP_VOTE_MOST. */
static inline void ffntp_vote_add(struct ffntp_vote_intervals *intervals, struct ffntp_vote_interval interval)
{
	intervals->low[intervals->count] = interval.low;
	intervals->high[intervals->count++] = interval.high;
}

/*
 * Count the intervals, at least one. order: the one that the last vote left; a vote costs less if its order is similar.
 */
struct ffntp_vote ffntp_vote_count(const struct ffntp_vote_intervals *intervals, struct ffntp_vote_order *order);

/* Return whether an interval has a point in common with the result of a majority. */
static inline bool ffntp_vote_agrees(const struct ffntp_vote *vote, const struct ffntp_vote_interval *interval)
{
	return vote->has_majority && interval->low <= vote->high && interval->high >= vote->low;
}

#endif
