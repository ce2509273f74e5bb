/* rate_range: see rate_range.h. */
#include "rate_range.h"

#include "assert.h"
#include "maths.h"
#include "params.h"

static struct ffntp_rate_bound between(double least_s, double most_s)
{
	double period_s = (least_s + most_s) / 2;

	FFNTP_ASSERT(least_s <= most_s);
	FFNTP_ASSERT(period_s > 0);
	return (struct ffntp_rate_bound){ period_s, (most_s - least_s) / 2 / period_s };
}

static void intersect_with_hint(struct ffntp_rate_range *range)
{
	range->least_s = range->hint.period_s * (1 - range->hint.max_error);
	range->most_s = range->hint.period_s * (1 + range->hint.max_error);
}

void ffntp_rate_range_begin(struct ffntp_rate_range *range, struct ffntp_rate_bound hint, double max_drift)
{
	*range = (struct ffntp_rate_range){ .hint = hint, .max_drift = max_drift };
	intersect_with_hint(range);
}

struct ffntp_rate_bound ffntp_rate_range_first(struct ffntp_rate_bound hint, double max_drift)
{
	double drift = hint.period_s * max_drift;

	return between(hint.period_s * (1 - hint.max_error) - drift, hint.period_s * (1 + hint.max_error) + drift);
}

void ffntp_rate_range_know(struct ffntp_rate_range *range, struct ffntp_rate_bound rate)
{
	double least_s = ffntp_fmax(range->least_s, rate.period_s * (1 - rate.max_error));
	double most_s = ffntp_fmin(range->most_s, rate.period_s * (1 + rate.max_error));

	if (least_s > most_s)
		return;
	range->hint = between(least_s, most_s);
	intersect_with_hint(range);
}

/* --- anchors --- */

/* Return whether no anchor is newer than the one after it. */
static bool is_in_order(const struct ffntp_rate_range *range)
{
	for (unsigned i = 1; i < range->count; i++)
		if (range->anchor[i].bound.exchange < range->anchor[i - 1].bound.exchange)
			return false;
	return range->count <= FFNTP_RATE_ANCHORS;
}

static double drift_s(const struct ffntp_rate_range *range)
{
	return range->hint.period_s * range->max_drift;
}

/* Return the seconds from an anchor to a counter reading, at the hint's rate. */
static double age_s(const struct ffntp_rate_range *range, const struct ffntp_rate_anchor *anchor, ffntp_counter at)
{
	return ffntp_counter_diff(at, anchor->bound.at) * range->hint.period_s;
}

static void drop(struct ffntp_rate_range *range, unsigned index)
{
	range->count--;
	for (unsigned i = index; i < range->count; i++)
		range->anchor[i] = range->anchor[i + 1];
}

/*
 * Return whether the counter's band of rates may have moved since the anchor. exchanges: the number of the present
 * exchange.
 */
static bool is_outdated(const struct ffntp_rate_range *range, const struct ffntp_rate_anchor *anchor, ffntp_counter at,
			uint32_t exchanges)
{
	return age_s(range, anchor, at) > FFNTP_RATE_MEMORY_S &&
	       exchanges - anchor->bound.exchange > FFNTP_RATE_MEMORY_EXCHANGES;
}

static void intersect(struct ffntp_rate_range *range)
{
	intersect_with_hint(range);
	for (unsigned i = 0; i < range->count; i++) {
		range->least_s = ffntp_fmax(range->least_s, range->anchor[i].least_s);
		range->most_s = ffntp_fmin(range->most_s, range->anchor[i].most_s);
	}
}

/* Drop an anchor other than the oldest. The anchor before it, which becomes outdated earlier, inherits its range. */
static void thin(struct ffntp_rate_range *range, unsigned index)
{
	struct ffntp_rate_anchor *before = &range->anchor[index - 1];

	before->least_s = ffntp_fmax(before->least_s, range->anchor[index].least_s);
	before->most_s = ffntp_fmin(before->most_s, range->anchor[index].most_s);
	drop(range, index);
}

/* Add the bound as the newest anchor if the anchor before it is at least an eighth of the oldest one's age away. */
static void keep(struct ffntp_rate_range *range, const struct ffntp_bound *bound)
{
	unsigned count = range->count;

	if (count > 0 && age_s(range, &range->anchor[count - 1], bound->at) * FFNTP_RATE_ANCHORS <
				 age_s(range, &range->anchor[0], bound->at))
		return;
	if (count == FFNTP_RATE_ANCHORS)
		thin(range, 1);
	range->anchor[range->count] = (struct ffntp_rate_anchor){
		.bound = *bound,
		.least_s = 0,
		.most_s = 2 * range->hint.period_s,
	};
	range->anchor[range->count++].bound.exchange = range->exchanges;
}

/* Return the number of the oldest anchors that are outdated; the newest one stays. */
static unsigned outdated(const struct ffntp_rate_range *range, ffntp_counter at)
{
	unsigned count = 0;

	while (count + 1 < range->count && is_outdated(range, &range->anchor[count], at, range->exchanges + 1))
		count++;
	return count;
}

bool ffntp_rate_range_measure(const struct ffntp_rate_range *range, const struct ffntp_bound *bound,
			      struct ffntp_rate_measure *measure)
{
	double least_s = range->hint.period_s * (1 - range->hint.max_error);
	double most_s = range->hint.period_s * (1 + range->hint.max_error);

	measure->outdated = outdated(range, bound->at);
	for (unsigned i = measure->outdated; i < range->count; i++) {
		const struct ffntp_rate_anchor *anchor = &range->anchor[i];

		ffntp_bound_rates(&anchor->bound, bound, &measure->least_s[i], &measure->most_s[i]);
		measure->least_s[i] = ffntp_fmax(anchor->least_s, measure->least_s[i]);
		measure->most_s[i] = ffntp_fmin(anchor->most_s, measure->most_s[i]);
		least_s = ffntp_fmax(least_s, measure->least_s[i]);
		most_s = ffntp_fmin(most_s, measure->most_s[i]);
	}
	return least_s <= most_s + drift_s(range);
}

void ffntp_rate_range_store(struct ffntp_rate_range *range, const struct ffntp_bound *bound,
			    const struct ffntp_rate_measure *measure)
{
	range->exchanges++;
	for (unsigned i = measure->outdated; i < range->count; i++) {
		range->anchor[i].least_s = measure->least_s[i];
		range->anchor[i].most_s = measure->most_s[i];
	}
	for (unsigned i = 0; i < measure->outdated; i++)
		drop(range, 0);
	intersect(range);
	/*
	 * If the averages exceed the band, the counter has left it; the oldest anchor contributes least to the present
	 * rate.
	 */
	while (range->count > 0 && range->least_s > range->most_s + FFNTP_RATE_BAND_SHARE * drift_s(range)) {
		drop(range, 0);
		intersect(range);
	}
	keep(range, bound);
	FFNTP_ASSERT(is_in_order(range));
}

bool ffntp_rate_range_add(struct ffntp_rate_range *range, const struct ffntp_bound *bound)
{
	struct ffntp_rate_measure measure;
	bool is_one_band = ffntp_rate_range_measure(range, bound, &measure);

	ffntp_rate_range_store(range, bound, &measure);
	return is_one_band;
}

struct ffntp_rate_bound ffntp_rate_range_now(const struct ffntp_rate_range *range)
{
	return between(range->least_s - drift_s(range), range->most_s + drift_s(range));
}

struct ffntp_rate_bound ffntp_rate_bound_with(struct ffntp_rate_bound rate, double period_s)
{
	return between(ffntp_fmin(rate.period_s * (1 - rate.max_error), period_s),
		       ffntp_fmax(rate.period_s * (1 + rate.max_error), period_s));
}

bool ffntp_rate_range_excludes(const struct ffntp_rate_range *range, struct ffntp_rate_bound rate)
{
	return range->least_s > rate.period_s * (1 + rate.max_error) ||
	       range->most_s < rate.period_s * (1 - rate.max_error);
}
