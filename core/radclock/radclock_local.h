/*
 * radclock_local: the rate of the last hour or two, between the quickest stamps of a near and a far window. During
 * warm-up the windows are the last and the first part of all stamps.
 */
#ifndef FFNTP_CORE_RADCLOCK_LOCAL_H
#define FFNTP_CORE_RADCLOCK_LOCAL_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"
#include "radclock_rate.h"

struct ffntp_local {
	struct ffntp_radclock_rate rate;
	ffntp_counter measured_at; /* tf of the newest stamp when the rate was last measured */
	struct ffntp_contest contest;
	struct ffntp_minimum near, far;
};

/* The two windows that a rate is measured between. */
struct ffntp_local_windows {
	struct ffntp_window near, far;
};

/* Return the windows for the warm-up. span_s: time since the first stamp. */
struct ffntp_local_windows ffntp_local_windows_warming_up(double span_s);
struct ffntp_local_windows ffntp_local_windows_warm(void);

/* Make an empty local rate. queues: twice 'capacity' sequence numbers, each half as for ffntp_minimum_init. */
void ffntp_local_init(struct ffntp_local *local, uint64_t *queues, uint32_t capacity);

/* Discard the windows; keep the rate, with an error no smaller than any local rate's of this oscillator. */
void ffntp_local_clear(struct ffntp_local *local);

/*
 * Move the windows to the history's newest record, and measure the rate between them.
 * period_s: converts ticks to seconds.
 * path_s: error of the floor at each end (s).
 * Returns false, with *candidate untouched, if a window is empty.
 */
FFNTP_MUST_USE bool ffntp_local_measure(struct ffntp_local *local, const struct ffntp_history *history,
					struct ffntp_local_windows windows, double period_s, double path_s,
					struct ffntp_radclock_rate *candidate);

/* Take the candidate if its error is smaller. For the warm-up. */
void ffntp_local_warm_up(struct ffntp_local *local, const struct ffntp_radclock_rate *candidate, ffntp_counter at);

/* Take the candidate if its error is small enough and its change plausible. For after the warm-up. */
void ffntp_local_consider(struct ffntp_local *local, const struct ffntp_radclock_rate *candidate, ffntp_counter at);

/* Replace a rate that has not been confirmed for long by the average rate. */
void ffntp_local_expire(struct ffntp_local *local, const struct ffntp_radclock_rate *average, ffntp_counter at);

#endif
