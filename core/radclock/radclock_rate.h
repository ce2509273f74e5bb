/* radclock_rate: a rate from two stamps far apart, and when a new rate replaces an old one. */
#ifndef FFNTP_CORE_RADCLOCK_RATE_H
#define FFNTP_CORE_RADCLOCK_RATE_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"

struct ffntp_radclock_rate {
	double period_s; /* seconds per tick, > 0 */
	double error;    /* what it may be off by, as a ratio: from the excess round trips of the two stamps */
};

/*
 * The rate between the middles of two stamps. period_s: as known so far, to turn ticks into seconds.
 * path_s: what else the path may have changed by between the two.
 * Returns false, *rate untouched, if time or counter did not advance.
 * Source: TON09, rate synchronization.
 */
FFNTP_MUST_USE bool ffntp_radclock_rate_measure(const struct ffntp_record *far, const struct ffntp_record *near,
						double period_s, double path_s, struct ffntp_radclock_rate *rate);

/*
 * Whether an oscillator may have gone from one rate to the other between two stamps; or the claim has persisted.
 * at: tf of the newest stamp.
 */
FFNTP_MUST_USE bool ffntp_radclock_rate_is_sane(const struct ffntp_radclock_rate *now,
						const struct ffntp_radclock_rate *next, ffntp_counter at,
						struct ffntp_contest *contest);

#endif
