/* clock_state: see clock_state.h. */
#include "clock_state.h"

#include "mapping.h"
#include "page_judge.h"
#include "params.h"

/* Half of NTP's era (s). */
#define HALF_ERA_S (UINT64_C(1) << 31)

double ffntp_clock_offset_s(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp)
{
	const struct ffntp_estimate *estimate = &clock->estimate;
	double clock_s = ffntp_ntp_diff_s(estimate->reference, stamp->te) + estimate->correction_s +
			 ffntp_counter_diff(stamp->tf, estimate->at) * estimate->period_s;
	double rtt_s = (double)ffntp_stamp_rtt_ticks(stamp) * estimate->period_s;
	double residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);

	return clock->has_estimate ? clock_s - (rtt_s - residence_s) / 2 : 0;
}

bool ffntp_clock_can_continue(int64_t pivot_s, const struct ffntp_map *former)
{
	return (former->status == FFNTP_STATUS_SYNCHRONISED || former->status == FFNTP_STATUS_FREE_RUNNING) &&
	       ffntp_map_is_sound(former) && (uint64_t)former->time.s - (uint64_t)pivot_s + HALF_ERA_S < 2 * HALF_ERA_S;
}

void ffntp_clock_introduce(struct ffntp_clock_state *clock, void *estimator, const struct ffntp_map *known)
{
	double period_s = ffntp_mapping_period_s(known->period, known->period_shift);
	double esterror = (double)known->period_esterror / (double)known->period + FFNTP_SAVED_PERIOD_ERROR;
	double maxerror = (double)known->period_maxerror / (double)known->period;

	clock->wire.pivot_s = known->time.s;
	ffntp_leap_continue(&clock->wire.leap, known);
	ffntp_rate_range_know(&clock->range, (struct ffntp_rate_bound){ period_s, maxerror });
	clock->rate = ffntp_rate_range_now(&clock->range);
	if (esterror < clock->config.period_hint_error)
		clock->ops->warm(estimator, period_s, esterror);
}

void ffntp_clock_continue(struct ffntp_clock_state *clock, void *estimator, const struct ffntp_map *former)
{
	clock->publisher.disruption_marker = former->disruption_marker;
	clock->publisher.counter_marker = former->counter_marker;
	if (!ffntp_clock_can_continue(clock->wire.pivot_s, former))
		return;
	ffntp_publisher_continue(&clock->publisher, former);
	ffntp_clock_introduce(clock, estimator, former);
}
