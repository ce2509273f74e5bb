/*
 * radclock_rate: the measurement of a rate from two stamps far apart, and the decision whether a new rate is plausible.
 */
#ifndef FFNTP_CORE_RADCLOCK_RATE_H
#define FFNTP_CORE_RADCLOCK_RATE_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"

struct ffntp_radclock_rate {
	double period_s; /* seconds per tick, > 0 */
	double error;    /* maximum error, as a ratio, from the excess round trips of the two stamps */
};

/*
 * Measure the rate between the middles of two stamps.
 * period_s: best known period, to convert ticks to seconds.
 * path_s: possible change of the path between the two (s).
 * Returns false, with *rate untouched, if time or counter did not advance.
 * Source: TON09, rate synchronization.
 */
FFNTP_MUST_USE bool ffntp_radclock_rate_measure(const struct ffntp_record *far, const struct ffntp_record *near,
						double period_s, double path_s, struct ffntp_radclock_rate *rate);

/*
 * Return whether an oscillator may have changed from one rate to the other between two stamps; or whether the new rate
 * has persisted.
 * at: tf of the newest stamp.
 */
FFNTP_MUST_USE bool ffntp_radclock_rate_is_sane(const struct ffntp_radclock_rate *now,
						const struct ffntp_radclock_rate *next, ffntp_counter at,
						struct ffntp_contest *contest);

#endif
