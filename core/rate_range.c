/* rate_range: see rate_range.h. */
#include "rate_range.h"

#include "maths.h"
#include "params.h"

static void forget(struct ffntp_rate_range *range)
{
	range->least_s = range->hint.period_s * (1 - range->hint.max_error);
	range->most_s = range->hint.period_s * (1 + range->hint.max_error);
}

void ffntp_rate_range_begin(struct ffntp_rate_range *range, struct ffntp_rate_bound hint)
{
	*range = (struct ffntp_rate_range){ .hint = hint };
	forget(range);
}

static double width_s(const struct ffntp_bound *bound)
{
	return bound->latest_s - bound->earliest_s;
}

static void intersect(struct ffntp_rate_range *range, double least_s, double most_s)
{
	range->least_s = ffntp_fmax(range->least_s, least_s);
	range->most_s = ffntp_fmin(range->most_s, most_s);
}

void ffntp_rate_range_know(struct ffntp_rate_range *range, struct ffntp_rate_bound rate)
{
	intersect(range, rate.period_s * (1 - rate.max_error), rate.period_s * (1 + rate.max_error));
	if (range->least_s > range->most_s)
		forget(range);
}

void ffntp_rate_range_jump(struct ffntp_rate_range *range)
{
	range->anchor.is_known = false;
}

void ffntp_rate_range_add(struct ffntp_rate_range *range, const struct ffntp_bound *said)
{
	const struct ffntp_bound *anchor = &range->anchor;
	double least_s, most_s;

	if (anchor->is_known) {
		ffntp_bound_rates(anchor, said, &least_s, &most_s);
		intersect(range, least_s, most_s);
	}
	if (range->least_s > range->most_s) { /* the oscillator has wandered since */
		forget(range);
		range->anchor = *said;
	} else if (!anchor->is_known || width_s(said) < FFNTP_RATE_ANCHOR_SHARE * width_s(anchor)) {
		range->anchor = *said;
	}
}

static struct ffntp_rate_bound between(double least_s, double most_s)
{
	double period_s = (least_s + most_s) / 2;

	return (struct ffntp_rate_bound){ period_s, (most_s - least_s) / 2 / period_s };
}

struct ffntp_rate_bound ffntp_rate_range_narrow(const struct ffntp_rate_range *range, struct ffntp_rate_bound estimate)
{
	double least_s = estimate.period_s * (1 - estimate.max_error),
	       most_s = estimate.period_s * (1 + estimate.max_error);
	double allowed_least_s = range->least_s * (1 - FFNTP_WANDER_LIMIT);
	double allowed_most_s = range->most_s * (1 + FFNTP_WANDER_LIMIT);

	if (least_s > allowed_most_s || most_s < allowed_least_s)
		return between(range->least_s, range->most_s);
	if (least_s >= allowed_least_s && most_s <= allowed_most_s)
		return estimate;
	return between(ffntp_fmax(least_s, allowed_least_s), ffntp_fmin(most_s, allowed_most_s));
}

struct ffntp_rate_bound ffntp_rate_range_with(const struct ffntp_rate_range *range, struct ffntp_rate_bound estimate)
{
	struct ffntp_rate_bound narrow = ffntp_rate_range_narrow(range, estimate);

	return between(ffntp_fmin(range->least_s, narrow.period_s * (1 - narrow.max_error)),
		       ffntp_fmax(range->most_s, narrow.period_s * (1 + narrow.max_error)));
}
