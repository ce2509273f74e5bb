/* radclock_trust: see radclock_trust.h. */
#include "radclock_trust.h"

#include "../params.h"
#include "radclock_point.h"

static bool is_within(double value, double limit)
{
	return value <= limit && value >= -limit;
}

static double elapsed_s(const struct ffntp_record *newer, const struct ffntp_record *older, double period_s)
{
	return ffntp_counter_diff(newer->stamp.tf, older->stamp.tf) * period_s;
}

/* A stamp's middle is off by half of its excess at most: if all of it was in one direction. */
static bool agrees(const struct ffntp_trust *trust, const struct ffntp_record *record,
		   const struct ffntp_trust_clock *clock)
{
	double since_s = elapsed_s(record, &trust->believed, clock->period_s);
	double limit_s = FFNTP_RADCLOCK_SANITY_S + clock->error_s + clock->rate_limit * since_s +
			 ffntp_excess_s(record, clock->period_s) / 2;

	return is_within(clock->ahead_s, limit_s);
}

/* Whether one oscillator and one server can have made both stamps. */
static bool continues(const struct ffntp_record *newer, const struct ffntp_record *older,
		      const struct ffntp_trust_clock *clock)
{
	double gain_s = ffntp_middle_s(&newer->stamp, &older->stamp) -
			ffntp_middle_ticks(&newer->stamp, &older->stamp) * clock->period_s;
	double excess_s = ffntp_excess_s(newer, clock->period_s) + ffntp_excess_s(older, clock->period_s);
	double limit_s = FFNTP_RADCLOCK_SHIFT_NEAR_S + clock->rate_limit * elapsed_s(newer, older, clock->period_s) +
			 excess_s / 2;

	return is_within(gain_s, limit_s);
}

static enum ffntp_trust_verdict refuse(struct ffntp_trust *trust, const struct ffntp_record *record,
				       const struct ffntp_trust_clock *clock)
{
	ffntp_counter at = record->stamp.tf;

	if (!trust->has_refused || !continues(record, &trust->refused, clock))
		trust->contest.stamps = 0;
	trust->has_refused = true;
	trust->refused = *record;
	if (ffntp_contest_persists(&trust->contest, at, clock->period_s, FFNTP_RADCLOCK_PERSIST_S))
		return FFNTP_TRUST_OVERTHROWN;
	if (ffntp_contest_persists(&trust->any, at, clock->period_s, FFNTP_RADCLOCK_LOST_S))
		return FFNTP_TRUST_LOST;
	return FFNTP_TRUST_REFUSED;
}

enum ffntp_trust_verdict ffntp_trust_judge(struct ffntp_trust *trust, const struct ffntp_record *record,
					   const struct ffntp_trust_clock *clock)
{
	if (trust->has_believed && !agrees(trust, record, clock) && !continues(record, &trust->believed, clock))
		return refuse(trust, record, clock);
	trust->has_believed = true;
	trust->believed = *record;
	trust->has_refused = false;
	trust->contest.stamps = trust->any.stamps = 0;
	return FFNTP_TRUST_BELIEVED;
}
