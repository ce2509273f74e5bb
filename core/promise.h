/*
 * promise: what was said must stay true. Every published map gave an interval for every counter value; a later estimate
 * lies within all of them. Kept as the upper envelope of the lower ends and the lower envelope of the upper ends.
 */
#ifndef FFNTP_CORE_PROMISE_H
#define FFNTP_CORE_PROMISE_H

#include <stdbool.h>

#include "stamp.h"

/* Claims hardly ever need more than three; beyond so many, what would matter last is forgotten. */
#define FFNTP_PROMISE_LINES 16

/* reference + value_s at the promise's 'at', growing by slope_s per tick */
struct ffntp_promise_line {
	double value_s, slope_s;
};

/* Sorted by value, the tightest first; each further one is looser now, and steeper towards the truth. */
struct ffntp_promise_edge {
	unsigned count;
	struct ffntp_promise_line line[FFNTP_PROMISE_LINES];
};

/* Zeroed: nothing was promised. */
struct ffntp_promise {
	ffntp_counter at;
	struct ffntp_ntp reference;
	struct ffntp_promise_edge lower, upper;
};

/*
 * A line through counter and time, with its error: truth at 'at' + n lies between
 * value_s - before_s + n (period_s - period_error_s) and value_s + after_s + n (period_s + period_error_s).
 */
struct ffntp_claim {
	double value_s, before_s, after_s; /* value_s relative to the promise's reference */
	double period_s, period_error_s;   /* seconds per tick */
};

/* Expresses all that was promised at another counter value and reference. */
void ffntp_promise_move(struct ffntp_promise *promise, ffntp_counter at, struct ffntp_ntp reference);

/*
 * Moves a line's value and period by as little as keeps it inside everything promised from now until ahead_ticks later.
 * Returns false if no line does: then one of the promises was false, and value and period are as good as any.
 */
FFNTP_MUST_USE bool ffntp_promise_fit(const struct ffntp_promise *promise, double ahead_ticks, double *value_s,
				      double *period_s);

/* From now on the claim is promised too. */
void ffntp_promise_add(struct ffntp_promise *promise, const struct ffntp_claim *claim);

#endif
