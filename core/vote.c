/* vote: see vote.h. The ends are sorted by insertion, from their order in the last vote on, because they
 * hardly change it. */
#include "vote.h"

#include "assert.h"

static void sort(double sorted[FFNTP_VOTE_MOST], uint8_t order[FFNTP_VOTE_MOST], const double *ends, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sorted[i] = ends[order[i]];
	for (unsigned i = 1; i < count; i++) {
		uint8_t place = order[i];
		double end = sorted[i];
		unsigned k = i;

		for (; k > 0 && sorted[k - 1] > end; k--) {
			sorted[k] = sorted[k - 1];
			order[k] = order[k - 1];
		}
		sorted[k] = end;
		order[k] = place;
	}
}

static void begin_order(struct ffntp_vote_order *order, unsigned count)
{
	order->count = count;
	for (unsigned i = 0; i < count; i++)
		order->low[i] = order->high[i] = (uint8_t)i;
}

/* Return the first lower end that enough intervals contain: those that begin there or before, and have not ended. */
static unsigned first_point(const double *low, const double *high, unsigned count, unsigned majority)
{
	unsigned first = 0, ended = 0;

	for (; first < count; first++) {
		while (ended < count && high[ended] < low[first])
			ended++;
		if (first + 1 - ended >= majority)
			break;
	}
	return first;
}

/* Return how many upper ends lie behind the last one that enough intervals contain. */
static unsigned behind_last_point(const double *low, const double *high, unsigned count, unsigned majority)
{
	unsigned behind = 0, ahead = 0;

	for (; behind < count; behind++) {
		while (ahead < count && low[count - 1 - ahead] > high[count - 1 - behind])
			ahead++;
		if (behind + 1 - ahead >= majority)
			break;
	}
	return behind;
}

/* The first point that enough intervals contain is the lower end of one of them, and the last one is an upper end. */
struct ffntp_vote ffntp_vote_count(const struct ffntp_vote_intervals *intervals, struct ffntp_vote_order *order)
{
	double low[FFNTP_VOTE_MOST], high[FFNTP_VOTE_MOST];
	unsigned count = intervals->count, majority = count / 2 + 1, first, behind;

	FFNTP_ASSERT(count > 0 && count <= FFNTP_VOTE_MOST);
	if (order->count != count)
		begin_order(order, count);
	sort(low, order->low, intervals->low, count);
	sort(high, order->high, intervals->high, count);
	/* Mostly all intervals have a point in common: none ends before the last one begins. */
	if (low[count - 1] <= high[0])
		return (struct ffntp_vote){ true, low[majority - 1], high[count - majority] };
	first = first_point(low, high, count, majority);
	if (first == count)
		return (struct ffntp_vote){ false, low[0], high[count - 1] };
	behind = behind_last_point(low, high, count, majority);
	return (struct ffntp_vote){ true, low[first], high[count - 1 - behind] };
}
