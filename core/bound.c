/* bound: see bound.h. */
#include "bound.h"

#include "assert.h"
#include "maths.h"
#include "params.h"

void ffntp_bound_age(struct ffntp_bound *bound, ffntp_counter at, struct ffntp_ntp reference,
		     struct ffntp_rate_bound rate)
{
	double elapsed_s = ffntp_counter_diff(at, bound->at) * rate.period_s;
	double unsure_s = (elapsed_s < 0 ? -elapsed_s : elapsed_s) * rate.max_error;
	double move_s = ffntp_ntp_diff_s(bound->reference, reference) + elapsed_s;

	FFNTP_ASSERT(bound->is_known);
	FFNTP_ASSERT(rate.period_s > 0 && rate.max_error >= 0);
	bound->at = at;
	bound->reference = reference;
	bound->earliest_s += move_s - unsure_s;
	bound->latest_s += move_s + unsure_s;
	FFNTP_ASSERT(bound->earliest_s <= bound->latest_s);
}

struct ffntp_bound ffntp_bound_from_stamp(const struct ffntp_stamp *stamp, struct ffntp_rate_bound rate)
{
	double rtt_s = ffntp_ticks(ffntp_stamp_longest_rtt_ticks(stamp)) * rate.period_s * (1 + rate.max_error);
	double root_distance_s = ffntp_stamp_root_distance_s(stamp);
	/*
	 * A reading is that of its tick's beginning, so this reading and the one compared with it may be a tick apart.
	 */
	double stamping_s = FFNTP_STAMPING_ERROR_S + rate.period_s;

	return (struct ffntp_bound){
		.is_known = true,
		.at = stamp->tf,
		.reference = stamp->te,
		/*
		 * The reply left before tf, and the request arrived after ta - ta_late_ticks, the reading before it was
		 * sent.
		 */
		.earliest_s = -root_distance_s - stamping_s,
		.latest_s = rtt_s - ffntp_ntp_diff_s(stamp->te, stamp->tb) + root_distance_s + stamping_s,
	};
}

double ffntp_bound_intersect(struct ffntp_bound *bound, const struct ffntp_bound *interval)
{
	if (interval->earliest_s > bound->latest_s)
		return interval->earliest_s - bound->latest_s;
	if (interval->latest_s < bound->earliest_s)
		return interval->latest_s - bound->earliest_s;
	bound->earliest_s = ffntp_fmax(interval->earliest_s, bound->earliest_s);
	bound->latest_s = ffntp_fmin(interval->latest_s, bound->latest_s);
	FFNTP_ASSERT(bound->earliest_s <= bound->latest_s);
	return 0;
}

double ffntp_bound_add(struct ffntp_bound *bound, const struct ffntp_bound *interval, struct ffntp_rate_bound rate)
{
	if (!bound->is_known) {
		*bound = *interval;
		return 0;
	}
	ffntp_bound_age(bound, interval->at, interval->reference, rate);
	return ffntp_bound_intersect(bound, interval);
}

static double width_s(const struct ffntp_bound *bound)
{
	return bound->latest_s - bound->earliest_s;
}

/* Overlap of the two intervals (s), less the share of the narrower one that is required. */
static double surplus_s(struct ffntp_bound bound, const struct ffntp_bound *interval, struct ffntp_rate_bound rate,
			double share)
{
	ffntp_bound_age(&bound, interval->at, interval->reference, rate);
	return ffntp_fmin(bound.latest_s, interval->latest_s) - ffntp_fmax(bound.earliest_s, interval->earliest_s) -
	       share * ffntp_fmin(width_s(&bound), width_s(interval));
}

bool ffntp_bound_meets(const struct ffntp_bound *bound, const struct ffntp_bound *interval,
		       struct ffntp_rate_bound rate, double share)
{
	const struct ffntp_rate_bound exact = { rate.period_s, 0 };

	return surplus_s(*bound, interval, exact, 0) >= 0 || surplus_s(*bound, interval, rate, share) >= 0;
}
