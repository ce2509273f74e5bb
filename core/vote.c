/* vote: see vote.h. The ends are sorted by insertion, because there are few, and they hardly change their order. */
#include "vote.h"

#include "assert.h"

static void sort(double sorted[FFNTP_VOTE_MOST], const double *ends, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned k = i;

		for (; k > 0 && sorted[k - 1] > ends[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = ends[i];
	}
}

/*
 * The first point that enough intervals contain is the lower end of one of them, and the last one is an upper end. A
 * lower end is contained in all intervals that begin there or before, except those that end before.
 */
struct ffntp_vote ffntp_vote_count(const struct ffntp_vote_intervals *intervals)
{
	double low[FFNTP_VOTE_MOST], high[FFNTP_VOTE_MOST];
	unsigned count = intervals->count, majority = count / 2 + 1, first = 0, last = count - 1, ended = 0, ahead = 0;

	FFNTP_ASSERT(count > 0 && count <= FFNTP_VOTE_MOST);
	sort(low, intervals->low, count);
	sort(high, intervals->high, count);
	for (;; first++) {
		if (first == count)
			return (struct ffntp_vote){ false, low[0], high[count - 1] };
		while (high[ended] < low[first])
			ended++;
		if (first + 1 - ended >= majority)
			break;
	}
	/* The same from the other side; there is such a point. */
	for (;; last--) {
		while (low[count - 1 - ahead] > high[last])
			ahead++;
		if (count - last - ahead >= majority)
			break;
	}
	return (struct ffntp_vote){ true, low[first], high[last] };
}
