/*
 * steady: three times without steps, which the writer of a page keeps beside the map:
 *
 *   elapsed          the counter's ticks, each at the local period of its moment; never runs backwards
 *   monotonic UTC    the estimate of UTC, except that it never runs backwards: after a step of the estimate it slews to
 *                    the new time at 500 ppm
 *   phase            the estimate without its steps, for differences: it follows every refinement of the estimate, and
 *                    follows elapsed time across a step
 *
 * All three are functions of this state and a counter reading. Readers keep no state, so all threads and processes read
 * the same time. The functions are pure, use integers only, and may be called from any thread. docs/steady.md has the
 * proof.
 */
#ifndef FFNTP_STEADY_H
#define FFNTP_STEADY_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"

FFNTP_BEGIN_DECLARATIONS

/* State of monotonic UTC. */
enum ffntp_steady_kind {
	FFNTP_STEADY_NONE = 0, /* the writer does not keep it, or has never had a time */
	FFNTP_STEADY_HELD,     /* the clock has no time at present; it had one before */
	FFNTP_STEADY_RUNNING,  /* monotonic UTC can be read */
};

/* State from which the three times are computed. Zeroed: the initial state. Only the functions below use its fields. */
struct ffntp_steady {
	enum ffntp_steady_kind kind; /* of monotonic UTC; elapsed time can be read in any state */
	uint8_t period_shift;
	ffntp_counter at; /* the times below are those at this reading */
	uint64_t period;  /* 2^-(64 + shift) s per tick */
	ffntp_counter void_after;
	struct ffntp_time elapsed;
	struct ffntp_time time; /* RUNNING: the estimate, continuous as a map's; HELD: the latest monotonic UTC */
	struct ffntp_numbering numbering; /* RUNNING: the rule from 'time' to UTC */
	/* Monotonic UTC minus the estimate. HELD: the least value it will have beside the next estimate. */
	struct ffntp_time ahead;
	struct ffntp_time joint; /* RUNNING: phase - estimate; else phase - elapsed */
	uint64_t margin_ns;      /* until void_after, monotonic UTC is ahead of true time by at most this */
};

/*
 * Return the state to publish together with 'map', so that neither monotonic UTC nor elapsed time runs backwards.
 * former: the state published now.
 * is_continuous: the disruption marker of the map is the one published now.
 * now: the counter, read when readers can no longer obtain 'former' (ffntp_page_hold).
 */
struct ffntp_steady ffntp_steady_next(const struct ffntp_steady *former, const struct ffntp_map *map,
				      bool is_continuous, ffntp_counter now);

/*
 * Return the time elapsed since the first state. It can be read whatever the map's status is, and advances at the best
 * known period. If the counter was set back, elapsed time stands still until the next state is published.
 */
struct ffntp_time ffntp_steady_elapsed(const struct ffntp_steady *steady, ffntp_counter now);

/*
 * Return the phase of the clock, for differences; its origin has no meaning. Refinements of the estimate move the phase
 * by the same amount, so it is as accurate as the estimate. Where the disruption marker changes, or the clock has no
 * time, the phase follows elapsed time. A difference of two phases therefore contains no step and no leap second.
 */
struct ffntp_time ffntp_steady_phase(const struct ffntp_steady *steady, ffntp_counter now);

/*
 * Compute monotonic UTC. It never runs backwards, whether the map changes, the clock steps, a leap second occurs or the
 * writer of the page restarts. While it differs from the estimate it runs 500 ppm faster or slower, so a difference of
 * 1 s takes 2000 s. It steps forward at once if the estimate is ahead after the clock had no time or the counter
 * jumped. utc: untouched unless the result is FFNTP_CLOCK_OK. Fails with FFNTP_CLOCK_STEADY if the writer does not keep
 * it, _UNSYNCHRONISED if the clock has no time, _VOID beyond void_after, and _DISRUPTED if the counter was set back.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_steady_utc(const struct ffntp_steady *steady, ffntp_counter now,
							struct ffntp_time *utc);

FFNTP_END_DECLARATIONS

#endif
