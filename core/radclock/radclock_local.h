/*
 * radclock_local: the rate of the last hour or two, between the quickest stamps of a near and a far window. While
 * warming up, the windows are the last and the first part of all there is.
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

/* Where rates are measured between. */
struct ffntp_local_windows {
	struct ffntp_window near, far;
};

/* span_s: since the first stamp. */
struct ffntp_local_windows ffntp_local_windows_warming_up(double span_s);
struct ffntp_local_windows ffntp_local_windows_warm(void);

/* queues: twice 'capacity' sequence numbers, each half as for ffntp_minimum_init. */
void ffntp_local_init(struct ffntp_local *local, uint64_t *queues, uint32_t capacity);

/* Forgets the windows; keeps the rate, no better than any local rate of this oscillator. */
void ffntp_local_clear(struct ffntp_local *local);

/*
 * Slides the windows to the history's newest record, and measures between them.
 * period_s: turns ticks into seconds. path_s: what the floor may be off by, at each end. Returns false, *candidate
 * untouched, if a window is empty.
 */
FFNTP_MUST_USE bool ffntp_local_measure(struct ffntp_local *local, const struct ffntp_history *history,
					struct ffntp_local_windows windows, double period_s, double path_s,
					struct ffntp_radclock_rate *candidate);

/* While warming up: takes the candidate if its error is smaller. */
void ffntp_local_warm_up(struct ffntp_local *local, const struct ffntp_radclock_rate *candidate, ffntp_counter at);

/* Takes the candidate if it is good and sane. */
void ffntp_local_consider(struct ffntp_local *local, const struct ffntp_radclock_rate *candidate, ffntp_counter at);

/* A rate that nothing has confirmed for long is replaced by the average. */
void ffntp_local_expire(struct ffntp_local *local, const struct ffntp_radclock_rate *average, ffntp_counter at);

#endif
