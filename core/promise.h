/*
 * promise: the envelope of all published error bounds. Every published map gives an interval for every counter reading,
 * and each later estimate lies within all of these intervals. The envelope is stored as the upper envelope of their
 * lower ends and the lower envelope of their upper ends.
 */
#ifndef FFNTP_CORE_PROMISE_H
#define FFNTP_CORE_PROMISE_H

#include <stdbool.h>

#include "stamp.h"

/*
 * Largest number of lines of an envelope. More than three are hardly ever needed; beyond this number, the line that
 * would matter last is dropped.
 */
#define FFNTP_PROMISE_LINES 16

/* One end of a published interval: reference + value_s at the envelope's 'at', growing by slope_s per tick. */
struct ffntp_promise_line {
	double value_s, slope_s;
};

/*
 * One envelope, sorted by value with the tightest line first; each further line is looser now, and approaches the true
 * time faster.
 */
struct ffntp_promise_edge {
	unsigned count;
	struct ffntp_promise_line line[FFNTP_PROMISE_LINES];
};

/* The envelope of all published bounds. Zeroed: nothing was published. */
struct ffntp_promise {
	ffntp_counter at;
	struct ffntp_ntp reference;
	struct ffntp_promise_edge lower, upper;
};

/*
 * A linear function from counter to time, with its error. The true time at 'at' + n lies between
 *   value_s - before_s + n (period_s - period_error_s) and value_s + after_s + n (period_s + period_error_s).
 */
struct ffntp_claim {
	double value_s, before_s, after_s; /* value_s is relative to the envelope's reference */
	double period_s, period_error_s;   /* seconds per tick */
};

/* Express the envelope at a different counter reading and relative to a different reference. */
void ffntp_promise_move(struct ffntp_promise *promise, ffntp_counter at, struct ffntp_ntp reference);

/*
 * Move a line's value and period by as little as keeps it inside the envelope from now until ahead_ticks later.
 * Returns false if no line does. Then at least one published bound was wrong, and value and period are arbitrary.
 */
FFNTP_MUST_USE bool ffntp_promise_fit(const struct ffntp_promise *promise, double ahead_ticks, double *value_s,
				      double *period_s);

/* Add a published linear function to the envelope. */
void ffntp_promise_add(struct ffntp_promise *promise, const struct ffntp_claim *claim);

#endif
