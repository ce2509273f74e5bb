/* vote: see vote.h. The number of intervals is small, so that counting for each end is as good as sorting. */
#include "vote.h"

#include "assert.h"

static unsigned containing(const struct ffntp_vote_intervals *intervals, double point)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < intervals->count; i++)
		sum += (unsigned)(intervals->low[i] <= point) & (unsigned)(point <= intervals->high[i]);
	return sum;
}

/* Return the hull of all intervals. */
static struct ffntp_vote hull(const struct ffntp_vote_intervals *intervals)
{
	struct ffntp_vote all = { false, intervals->low[0], intervals->high[0] };

	for (unsigned i = 1; i < intervals->count; i++) {
		all.low = intervals->low[i] < all.low ? intervals->low[i] : all.low;
		all.high = intervals->high[i] > all.high ? intervals->high[i] : all.high;
	}
	return all;
}

/* The first point that enough intervals contain is the lower end of one of them, and the last one is an upper end. */
struct ffntp_vote ffntp_vote_count(const struct ffntp_vote_intervals *intervals)
{
	struct ffntp_vote vote = hull(intervals);
	double low = vote.high, high = vote.low;
	unsigned majority = intervals->count / 2 + 1;

	FFNTP_ASSERT(intervals->count > 0 && intervals->count <= FFNTP_VOTE_MOST);
	for (unsigned i = 0; i < intervals->count; i++) {
		FFNTP_ASSERT(intervals->low[i] <= intervals->high[i]);
		if (intervals->low[i] <= low && containing(intervals, intervals->low[i]) >= majority) {
			vote.has_majority = true;
			low = intervals->low[i];
		}
		if (intervals->high[i] >= high && containing(intervals, intervals->high[i]) >= majority)
			high = intervals->high[i];
	}
	return vote.has_majority ? (struct ffntp_vote){ true, low, high } : vote;
}
