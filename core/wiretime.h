/*
 * wiretime: UTC, as servers tell it in stamps, to the core's continuous time; and what they say of leap seconds. On the
 * wire NTP's eras repeat every 136 years, UTC's numbers at a leap second.
 */
#ifndef FFNTP_CORE_WIRETIME_H
#define FFNTP_CORE_WIRETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"
#include "leap.h"

struct ffntp_wiretime {
	struct ffntp_leap_belief leap;
	int64_t pivot_s;    /* the true time lies within 68 years of it, in s since 1970 */
	bool heeds_servers; /* their leap indicator announces */
};

/*
 * The stamp's tb and te become the core's time; the first stamp begins it. bound: where truth lies, from stamps before.
 * Returns false, and the stamp is as it was, if a leap second makes that impossible.
 */
FFNTP_MUST_USE bool ffntp_wiretime_convert(struct ffntp_wiretime *wire, const struct ffntp_bound *bound,
					   struct ffntp_rate_bound rate, struct ffntp_stamp *stamp);

/* What a server says of leap seconds. The stamp: in the core's time, of one that is believed to know the time. */
void ffntp_wiretime_hear(struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp);

/*
 * How far behind UTC a clock is that smears as is usual, at the te of a stamp in the core's time; 0: no smear is due.
 */
FFNTP_MUST_USE double ffntp_wiretime_smear_s(const struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp);

#endif
