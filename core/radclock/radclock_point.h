/*
 * radclock_point: a stamp as one point, the middle of the exchange by the server's clock and by the counter. The two
 * are the same instant if both directions took equally long, and differ by at most half the excess of the round trip if
 * the floor is symmetric.
 */
#ifndef FFNTP_CORE_RADCLOCK_POINT_H
#define FFNTP_CORE_RADCLOCK_POINT_H

#include "../history.h"

/* Return the ticks from the older stamp's middle to the newer's by the counter; may be a half. */
static inline double ffntp_middle_ticks(const struct ffntp_stamp *newer, const struct ffntp_stamp *older)
{
	return (ffntp_counter_diff(newer->ta, older->ta) + ffntp_counter_diff(newer->tf, older->tf)) / 2;
}

/* Return the same in seconds by the servers' clock. */
static inline double ffntp_middle_s(const struct ffntp_stamp *newer, const struct ffntp_stamp *older)
{
	return (ffntp_ntp_diff_s(newer->tb, older->tb) + ffntp_ntp_diff_s(newer->te, older->te)) / 2;
}

/* Return the round trip's excess over the path's floor, in ticks; >= 0. */
static inline double ffntp_excess_ticks(const struct ffntp_record *record)
{
	return record->rtt_ticks > record->floor_ticks ? (double)(record->rtt_ticks - record->floor_ticks) : 0;
}

static inline double ffntp_excess_s(const struct ffntp_record *record, double period_s)
{
	return ffntp_excess_ticks(record) * period_s;
}

#endif
