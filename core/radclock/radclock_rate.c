/* radclock_rate: see radclock_rate.h. */
#include "radclock_rate.h"

#include "../params.h"
#include "radclock_point.h"

bool ffntp_radclock_rate_measure(const struct ffntp_record *far, const struct ffntp_record *near, double period_s,
				 double path_s, struct ffntp_radclock_rate *rate)
{
	double ticks = ffntp_middle_ticks(&near->stamp, &far->stamp);
	double elapsed_s = ffntp_middle_s(&near->stamp, &far->stamp);
	double error_s = ffntp_excess_s(far, period_s) + ffntp_excess_s(near, period_s) + path_s;

	if (ticks <= 0 || elapsed_s <= 0)
		return false;
	*rate = (struct ffntp_radclock_rate){
		.period_s = elapsed_s / ticks,
		.error = (error_s + FFNTP_RADCLOCK_NOISE_S) / elapsed_s,
	};
	return true;
}

bool ffntp_radclock_rate_is_sane(const struct ffntp_radclock_rate *now, const struct ffntp_radclock_rate *next,
				 ffntp_counter at, struct ffntp_contest *contest)
{
	double change = next->period_s / now->period_s - 1;
	double limit = FFNTP_RADCLOCK_RATE_SANITY;

	if ((change <= limit && change >= -limit) ||
	    ffntp_contest_persists(contest, at, now->period_s, FFNTP_RADCLOCK_RATE_PERSIST_S)) {
		contest->stamps = 0;
		return true;
	}
	return false;
}
