/* radclock_contest: a claim that is refused again and again, until it has to be believed. */
#ifndef FFNTP_CORE_RADCLOCK_CONTEST_H
#define FFNTP_CORE_RADCLOCK_CONTEST_H

#include <stdbool.h>

#include "../stamp.h"

/* Zeroed: nothing is contested. */
struct ffntp_contest {
	unsigned stamps;     /* refused in a row */
	ffntp_counter since; /* tf of the first of them */
};

/* One more refusal, at counter reading 'at'. Returns whether they have gone on for persist_s, and are not too few. */
FFNTP_MUST_USE bool ffntp_contest_persists(struct ffntp_contest *contest, ffntp_counter at, double period_s,
					   double persist_s);

#endif
