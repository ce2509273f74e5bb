/* vote: see vote.h. The number of intervals is small, so that counting for each end is as good as sorting. */
#include "vote.h"

#include "assert.h"

static unsigned containing(const struct ffntp_vote_interval *intervals, unsigned count, double point)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < count; i++)
		sum += intervals[i].low <= point && point <= intervals[i].high;
	return sum;
}

/* Return the hull of all intervals. */
static struct ffntp_vote hull(const struct ffntp_vote_interval *intervals, unsigned count)
{
	struct ffntp_vote all = { false, intervals[0].low, intervals[0].high };

	for (unsigned i = 1; i < count; i++) {
		all.low = intervals[i].low < all.low ? intervals[i].low : all.low;
		all.high = intervals[i].high > all.high ? intervals[i].high : all.high;
	}
	return all;
}

/* The first point that enough intervals contain is the lower end of one of them, and the last one is an upper end. */
struct ffntp_vote ffntp_vote_count(const struct ffntp_vote_interval *intervals, unsigned count)
{
	struct ffntp_vote vote = hull(intervals, count);
	double low = vote.high, high = vote.low;
	unsigned majority = count / 2 + 1;

	FFNTP_ASSERT(count > 0);
	for (unsigned i = 0; i < count; i++) {
		const struct ffntp_vote_interval *at = &intervals[i];

		FFNTP_ASSERT(at->low <= at->high);
		if (at->low <= low && containing(intervals, count, at->low) >= majority) {
			vote.has_majority = true;
			low = at->low;
		}
		if (at->high >= high && containing(intervals, count, at->high) >= majority)
			high = at->high;
	}
	return vote.has_majority ? (struct ffntp_vote){ true, low, high } : vote;
}
