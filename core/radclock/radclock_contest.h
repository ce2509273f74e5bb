/*
 * radclock_contest: counts rejections of a value in a row; a value that is rejected for long enough must be accepted.
 */
#ifndef FFNTP_CORE_RADCLOCK_CONTEST_H
#define FFNTP_CORE_RADCLOCK_CONTEST_H

#include <stdbool.h>

#include "../stamp.h"

/* Consecutive rejections. Zeroed: none. */
struct ffntp_contest {
	unsigned stamps;     /* rejected in a row */
	ffntp_counter since; /* tf of the first of them */
};

/*
 * Count a rejection at counter reading 'at'. Returns whether rejections have lasted for persist_s and are numerous
 * enough.
 */
FFNTP_MUST_USE bool ffntp_contest_persists(struct ffntp_contest *contest, ffntp_counter at, double period_s,
					   double persist_s);

#endif
