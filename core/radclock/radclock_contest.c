/* radclock_contest: see radclock_contest.h. */
#include "radclock_contest.h"

#include "../params.h"

bool ffntp_contest_persists(struct ffntp_contest *contest, ffntp_counter at, double period_s, double persist_s)
{
	if (contest->stamps == 0)
		contest->since = at;
	if (contest->stamps < FFNTP_RADCLOCK_PERSIST_STAMPS)
		contest->stamps++;
	return contest->stamps >= FFNTP_RADCLOCK_PERSIST_STAMPS &&
	       ffntp_counter_diff(at, contest->since) * period_s >= persist_s;
}
