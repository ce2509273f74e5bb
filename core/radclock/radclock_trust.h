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
	bool has_believed, has_refused;
	struct ffntp_record believed; /* the newest of each */
	struct ffntp_record refused;
	struct ffntp_contest contest; /* of those that continue one another */
	struct ffntp_contest any;     /* of all since one was believed */
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
	FFNTP_TRUST_OVERTHROWN, /* refused for so long, and so consistent in itself, that it is the clock that is wrong
				 */
	FFNTP_TRUST_LOST,       /* nothing agrees with the clock, nor with itself at the clock's rate: both are wrong */
};

/*
 * A stamp is believed if it agrees with the clock, or continues the last one that was believed: a clock that lags
 * behind a change of rate is wrong by itself, but an oscillator does not jump.
 */
enum ffntp_trust_verdict ffntp_trust_judge(struct ffntp_trust *trust, const struct ffntp_record *record,
					   const struct ffntp_trust_clock *clock);

#endif
