/*
 * wiretime: converts stamps from a server's UTC to the core's continuous time, and processes the server's announcements
 * of leap seconds. On the wire NTP's eras repeat every 136 years, and UTC's numbers repeat at a leap second.
 */
#ifndef FFNTP_CORE_WIRETIME_H
#define FFNTP_CORE_WIRETIME_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"
#include "leap.h"

struct ffntp_wiretime {
	struct ffntp_leap_belief leap;
	int64_t pivot_s;    /* any time within 68 years of the true time, in s since 1970 */
	bool heeds_servers; /* the servers' leap indicators announce leap seconds */
};

/*
 * Convert the stamp's tb and te to the core's time; the first stamp sets the rule.
 * bound: contains the true time, from stamps before.
 * Returns false, with the stamp unchanged, if a leap second makes the timestamps ambiguous, or if they are TAI and
 * TAI - UTC is unknown.
 */
FFNTP_MUST_USE bool ffntp_wiretime_convert(struct ffntp_wiretime *wire, const struct ffntp_bound *bound,
					   struct ffntp_rate_bound rate, struct ffntp_stamp *stamp);

/* Process the leap indicator of an accepted stamp (already converted to continuous time). */
void ffntp_wiretime_take_indicator(struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp);

/*
 * Return the offset of a standard noon-to-noon smear behind UTC at the stamp's te (s); 0 if none is in progress.
 * stamp: in the core's time.
 */
FFNTP_MUST_USE double ffntp_wiretime_smear_s(const struct ffntp_wiretime *wire, const struct ffntp_stamp *stamp);

#endif
