/*
 * radclock_trust: decides whether a stamp can be true, before it enters any window. While a server is wrong its stamps
 * are left out, and when it is right again nothing of them remains.
 */
#ifndef FFNTP_CORE_RADCLOCK_TRUST_H
#define FFNTP_CORE_RADCLOCK_TRUST_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"

/* The newest trusted stamp, and the rejections since. Zeroed: no stamp yet, and the first one is trusted. */
struct ffntp_trust {
	bool has_believed;
	struct ffntp_record believed; /* the newest */
	struct ffntp_contest refused; /* rejections since that stamp */
};

/* The clock that a stamp is compared with. */
struct ffntp_trust_clock {
	double ahead_s; /* clock minus the stamp's middle (s) */
	double error_s; /* error of the clock, as far as known (s) */
	double period_s;
	double rate_limit; /* rate at which the clock's error may have grown, s/s */
};

enum ffntp_trust_verdict {
	FFNTP_TRUST_BELIEVED,
	FFNTP_TRUST_REFUSED,
	FFNTP_TRUST_LOST, /* no stamp has agreed for so long that the clock and its rate must be wrong */
};

/*
 * Judge a stamp. It is trusted if it agrees with the clock, or if it continues the last trusted stamp: a clock that
 * lags behind a change of rate is wrong by itself, but an oscillator does not jump.
 */
enum ffntp_trust_verdict ffntp_trust_judge(struct ffntp_trust *trust, const struct ffntp_record *record,
					   const struct ffntp_trust_clock *clock);

#endif
