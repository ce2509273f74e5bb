/*
 * bound: between which times the truth must lie. Assumes nothing of delays but that they are not negative, of the
 * server that it is no further off than its root distance, of the counter that its rate is known to the given error,
 * and of its readings that they are rounded down.
 */
#ifndef FFNTP_CORE_BOUND_H
#define FFNTP_CORE_BOUND_H

#include <stdbool.h>

#include "stamp.h"

/* The line that ages an interval: seconds per tick, and the most it may be wrong, as a ratio. */
struct ffntp_rate_bound {
	double period_s;
	double max_error;
};

/* Truth at 'at' lies in reference + [earliest_s, latest_s]. Zeroed: nothing is known. */
struct ffntp_bound {
	bool is_known;
	ffntp_counter at;
	struct ffntp_ntp reference;
	double earliest_s, latest_s;
};

/* Moves the interval to counter reading 'at' and time 'reference', and widens it by what the rate may be wrong. */
void ffntp_bound_age(struct ffntp_bound *bound, ffntp_counter at, struct ffntp_ntp reference,
		     struct ffntp_rate_bound rate);

/* What one exchange says, at its tf: the server had sent (te) and could not have received before we sent (tb + RTT). */
struct ffntp_bound ffntp_bound_from_stamp(const struct ffntp_stamp *stamp, struct ffntp_rate_bound rate);

/*
 * Ages the bound to the stamp's tf and intersects it with what the stamp says.
 * Returns 0, or, if the two are disjoint, the gap between them in seconds, positive if the stamp is later than the
 * bound allows: then the bound is aged, but not intersected.
 */
FFNTP_MUST_USE double ffntp_bound_add(struct ffntp_bound *bound, const struct ffntp_stamp *stamp,
				      struct ffntp_rate_bound rate);

/*
 * Whether the stamp's interval and the bound meet in spite of what the rate may be wrong by, not because of it: at the
 * rate bound's own rate; or, aged by its error as well, in this share of the narrower of the two at least.
 */
FFNTP_MUST_USE bool ffntp_bound_meets(const struct ffntp_bound *bound, const struct ffntp_stamp *stamp,
				      struct ffntp_rate_bound rate, double share);

/* Which rates (s per tick) lead from one bound to another that is newer, if both hold. */
void ffntp_bound_rates(const struct ffntp_bound *before, const struct ffntp_bound *after, double *least_s,
		       double *most_s);

#endif
