/*
 * radclock_point: what a stamp says of time, as one point: the middle of the exchange by the server's clock and by the
 * counter. They were the same instant if both ways took equally long, and half the excess of the round trip apart at
 * most if its floor is symmetric.
 */
#ifndef FFNTP_CORE_RADCLOCK_POINT_H
#define FFNTP_CORE_RADCLOCK_POINT_H

#include "../history.h"

/* From the older stamp's middle to the newer's by the counter, in ticks; may be a half. */
static inline double ffntp_middle_ticks(const struct ffntp_stamp *newer, const struct ffntp_stamp *older)
{
	return (ffntp_counter_diff(newer->ta, older->ta) + ffntp_counter_diff(newer->tf, older->tf)) / 2;
}

/* ... by the servers' clock, in seconds. */
static inline double ffntp_middle_s(const struct ffntp_stamp *newer, const struct ffntp_stamp *older)
{
	return (ffntp_ntp_diff_s(newer->tb, older->tb) + ffntp_ntp_diff_s(newer->te, older->te)) / 2;
}

/* How much longer the round trip took than the path's least, in ticks; >= 0. */
static inline double ffntp_excess_ticks(const struct ffntp_record *record)
{
	return record->rtt_ticks > record->floor_ticks ? (double)(record->rtt_ticks - record->floor_ticks) : 0;
}

static inline double ffntp_excess_s(const struct ffntp_record *record, double period_s)
{
	return ffntp_excess_ticks(record) * period_s;
}

#endif
