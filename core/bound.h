/*
 * bound: the hard error bound, the interval that must contain the true time. It assumes that delays are not negative,
 * that the server's time is wrong by no more than its root distance, that the counter's rate is known to the given
 * error, and that counter readings are rounded down.
 */
#ifndef FFNTP_CORE_BOUND_H
#define FFNTP_CORE_BOUND_H

#include <stdbool.h>

#include "stamp.h"

/* The rate that ages an interval: seconds per tick, and its maximum relative error. */
struct ffntp_rate_bound {
	double period_s;
	double max_error;
};

/* The true time at 'at' lies in reference + [earliest_s, latest_s]. Zeroed: nothing is known. */
struct ffntp_bound {
	bool is_known;
	uint32_t exchange; /* its number, where exchanges are counted (rate_range.h) */
	ffntp_counter at;
	struct ffntp_ntp reference;
	double earliest_s, latest_s;
};

/*
 * Move the bound to counter reading 'at' and express it relative to 'reference'; widen it by the rate's error over the
 * elapsed time.
 */
void ffntp_bound_age(struct ffntp_bound *bound, ffntp_counter at, struct ffntp_ntp reference,
		     struct ffntp_rate_bound rate);

/*
 * Return the bound that one exchange gives at its tf: the reply left before it arrived, and the request arrived after
 * it left.
 */
struct ffntp_bound ffntp_bound_from_stamp(const struct ffntp_stamp *stamp, struct ffntp_rate_bound rate);

/*
 * Intersect a bound with an exchange's interval, to whose 'at' and reference it was aged.
 * Returns 0; or, if the two are disjoint, the gap between them in seconds, positive if the interval is later than the
 * bound allows. In that case the bound stays as it is.
 */
FFNTP_MUST_USE double ffntp_bound_intersect(struct ffntp_bound *bound, const struct ffntp_bound *interval);

/* Age the bound to an exchange's interval and intersect them, as above. An unknown bound becomes the interval. */
FFNTP_MUST_USE double ffntp_bound_add(struct ffntp_bound *bound, const struct ffntp_bound *interval,
				      struct ffntp_rate_bound rate);

/*
 * Return whether an exchange's interval and the bound overlap not merely because the rate is uncertain. They must
 * overlap at the nominal rate; or, with the bound widened by the rate's error, in at least this share of the narrower
 * of the two (ratio).
 */
FFNTP_MUST_USE bool ffntp_bound_meets(const struct ffntp_bound *bound, const struct ffntp_bound *interval,
				      struct ffntp_rate_bound rate, double share);

/* Compute the range of average rates (s per tick) between two bounds, 'after' newer than 'before', if both are true. */
static inline void ffntp_bound_rates(const struct ffntp_bound *before, const struct ffntp_bound *after, double *least_s,
				     double *most_s)
{
	double ticks = ffntp_counter_diff(after->at, before->at);
	double elapsed_s = ffntp_ntp_diff_s(after->reference, before->reference);

	*least_s = (elapsed_s + after->earliest_s - before->latest_s) / ticks;
	*most_s = (elapsed_s + after->latest_s - before->earliest_s) / ticks;
}

#endif
