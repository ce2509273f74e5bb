/* radclock_period: see radclock_period.h. */
#include "radclock_period.h"

#include "../params.h"
#include "radclock_point.h"

void ffntp_period_clear(struct ffntp_period *period)
{
	*period = (struct ffntp_period){ .rate = period->rate };
}

void ffntp_period_warm_up(struct ffntp_period *period, const struct ffntp_radclock_rate *candidate, ffntp_counter at)
{
	if (candidate->error > period->rate.error)
		return;
	period->rate = *candidate;
	period->measured_at = at;
}

void ffntp_period_offer_base(struct ffntp_period *period, const struct ffntp_record *newest)
{
	if (!period->has_base)
		period->since = newest->stamp.tf;
	if (!period->has_base || newest->rtt_ticks <= period->base.rtt_ticks)
		period->base = *newest;
	period->has_base = true;
}

static double elapsed_s(const struct ffntp_period *period, ffntp_counter since, ffntp_counter now)
{
	return ffntp_counter_diff(now, since) * period->rate.period_s;
}

static void seek_next(struct ffntp_period *period, const struct ffntp_record *newest)
{
	double excess_ticks = ffntp_excess_ticks(newest);

	if (!period->has_next) {
		period->has_next = true;
		period->next = *newest;
		period->next_since = newest->stamp.tf;
	} else if (elapsed_s(period, period->next_since, newest->stamp.tf) < FFNTP_RADCLOCK_SEARCH_S &&
		   excess_ticks <= ffntp_excess_ticks(&period->next)) {
		period->next = *newest;
	}
}

/* Search 'next' after half a week; after another half week, measure from it. */
static void forget_half(struct ffntp_period *period, const struct ffntp_record *newest)
{
	if (period->has_next &&
	    elapsed_s(period, period->next_since, newest->stamp.tf) >= FFNTP_RADCLOCK_HALF_WINDOW_S) {
		period->base = period->next;
		period->since = period->next_since;
		period->has_next = false;
	}
	if (elapsed_s(period, period->since, newest->stamp.tf) >= FFNTP_RADCLOCK_HALF_WINDOW_S)
		seek_next(period, newest);
}

/* Return the difference of the path's floors at the two stamps (s), which may lie in one direction alone. */
static double path_change_s(const struct ffntp_record *base, const struct ffntp_record *newest, double period_s)
{
	uint64_t a = base->floor_ticks, b = newest->floor_ticks;

	return ffntp_ticks(a > b ? a - b : b - a) * period_s;
}

/*
 * Return whether the candidate is better. An old rate loses value with age, because otherwise one lucky pair of stamps
 * would last for ever.
 */
static bool is_better(const struct ffntp_period *period, const struct ffntp_radclock_rate *candidate, ffntp_counter at)
{
	double half_windows = elapsed_s(period, period->measured_at, at) / FFNTP_RADCLOCK_HALF_WINDOW_S;

	return candidate->error < period->rate.error + FFNTP_RADCLOCK_PERIOD_QUALITY * half_windows;
}

void ffntp_period_update(struct ffntp_period *period, const struct ffntp_record *newest)
{
	double period_s = period->rate.period_s;
	struct ffntp_radclock_rate candidate;

	forget_half(period, newest);
	if (!ffntp_radclock_rate_measure(&period->base, newest, period_s,
					 path_change_s(&period->base, newest, period_s), &candidate))
		return;
	if (is_better(period, &candidate, newest->stamp.tf) &&
	    ffntp_radclock_rate_is_sane(&period->rate, &candidate, newest->stamp.tf, &period->contest)) {
		period->rate = candidate;
		period->measured_at = newest->stamp.tf;
	}
}
