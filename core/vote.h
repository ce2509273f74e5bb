/*
 * vote: the interval that must contain a true value if more than half of some intervals do (Marzullo 1984; RFC 5905,
 * section 11.2.1). Pure functions.
 */
#ifndef FFNTP_CORE_VOTE_H
#define FFNTP_CORE_VOTE_H

#include <stdbool.h>

/* One voter's interval; low <= high. */
struct ffntp_vote_interval {
	double low, high;
};

/*
 * The result. With a majority: the hull of all points that more than half of the intervals contain. So it contains the
 * true value whatever the other intervals are, also where they overlap it. Without one: the hull of all intervals.
 */
struct ffntp_vote {
	bool has_majority;
	double low, high;
};

/* Count the intervals. count: at least 1. */
struct ffntp_vote ffntp_vote_count(const struct ffntp_vote_interval *intervals, unsigned count);

/* Return whether an interval has a point in common with the result of a majority. */
static inline bool ffntp_vote_agrees(const struct ffntp_vote *vote, const struct ffntp_vote_interval *interval)
{
	return vote->has_majority && interval->low <= vote->high && interval->high >= vote->low;
}

#endif
