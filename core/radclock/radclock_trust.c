/* radclock_trust: see radclock_trust.h. */
#include "radclock_trust.h"

#include "../params.h"
#include "radclock_point.h"

static bool is_within(double value, double limit)
{
	return value <= limit && value >= -limit;
}

/* Return the time without trusted stamps before the first rejected one (s), in which the oscillator was not watched. */
static double unwatched_s(const struct ffntp_trust *trust, const struct ffntp_record *record, double period_s)
{
	ffntp_counter first = trust->refused.stamps > 0 ? trust->refused.since : record->stamp.tf;

	return ffntp_counter_diff(first, trust->believed.stamp.tf) * period_s;
}

/*
 * Return whether the stamp agrees with the clock. The stamp's middle is off by at most half of its excess, which occurs
 * if all of the excess is in one direction.
 */
static bool agrees(const struct ffntp_record *record, double unwatched, const struct ffntp_trust_clock *clock)
{
	double limit_s = FFNTP_RADCLOCK_SANITY_S + clock->error_s + clock->rate_limit * unwatched +
			 ffntp_excess_s(record, clock->period_s) / 2;

	return is_within(clock->ahead_s, limit_s);
}

/* Return whether one oscillator, not watched for this time, and one server can have produced both stamps. */
static bool continues(const struct ffntp_record *newer, const struct ffntp_record *older, double unwatched,
		      const struct ffntp_trust_clock *clock)
{
	double gain_s = ffntp_middle_s(&newer->stamp, &older->stamp) -
			ffntp_middle_ticks(&newer->stamp, &older->stamp) * clock->period_s;
	double excess_s = ffntp_excess_s(newer, clock->period_s) + ffntp_excess_s(older, clock->period_s);
	double limit_s = FFNTP_RADCLOCK_SHIFT_NEAR_S + clock->rate_limit * unwatched + excess_s / 2;

	return is_within(gain_s, limit_s);
}

static bool is_believable(const struct ffntp_trust *trust, const struct ffntp_record *record,
			  const struct ffntp_trust_clock *clock)
{
	double unwatched = unwatched_s(trust, record, clock->period_s);

	return agrees(record, unwatched, clock) || continues(record, &trust->believed, unwatched, clock);
}

static enum ffntp_trust_verdict refuse(struct ffntp_trust *trust, const struct ffntp_record *record,
				       const struct ffntp_trust_clock *clock)
{
	bool is_lost =
		ffntp_contest_persists(&trust->refused, record->stamp.tf, clock->period_s, FFNTP_RADCLOCK_LOST_S);

	return is_lost ? FFNTP_TRUST_LOST : FFNTP_TRUST_REFUSED;
}

enum ffntp_trust_verdict ffntp_trust_judge(struct ffntp_trust *trust, const struct ffntp_record *record,
					   const struct ffntp_trust_clock *clock)
{
	if (trust->has_believed && !is_believable(trust, record, clock))
		return refuse(trust, record, clock);
	trust->has_believed = true;
	trust->believed = *record;
	trust->refused.stamps = 0;
	return FFNTP_TRUST_BELIEVED;
}
