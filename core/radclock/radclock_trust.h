/*
 * radclock_trust: whether a stamp can be true, before it enters any window. A server that is wrong for a while is left
 * out stamp by stamp, and nothing of it remains when it is right again.
 */
#ifndef FFNTP_CORE_RADCLOCK_TRUST_H
#define FFNTP_CORE_RADCLOCK_TRUST_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"

/* Zeroed: nothing is known, and everything believed. */
struct ffntp_trust {
	bool has_believed;
	struct ffntp_record believed; /* the newest */
	struct ffntp_contest refused; /* since then */
};

/* The clock that a stamp is held against. */
struct ffntp_trust_clock {
	double ahead_s; /* of the stamp's middle */
	double error_s; /* of the clock, as far as known */
	double period_s;
	double rate_limit; /* how fast it may have gone wrong, s/s */
};

enum ffntp_trust_verdict {
	FFNTP_TRUST_BELIEVED,
	FFNTP_TRUST_REFUSED,
	FFNTP_TRUST_LOST, /* nothing has agreed for so long that the clock must be wrong, and its rate too */
};

/*
 * A stamp is believed if it agrees with the clock, or continues the last one that was believed: a clock that lags
 * behind a change of rate is wrong by itself, but an oscillator does not jump.
 */
enum ffntp_trust_verdict ffntp_trust_judge(struct ffntp_trust *trust, const struct ffntp_record *record,
					   const struct ffntp_trust_clock *clock);

#endif
