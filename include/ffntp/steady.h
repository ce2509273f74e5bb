/*
 * steady: times without steps, kept beside a map by whoever publishes it. Three of them:
 *
 *   elapsed   counts at the local period of each moment; never runs backwards
 *   UTC       never runs backwards: the estimate; where that steps, UTC goes on, and comes back to it at 500 ppm
 *   phase     what differences are best taken of: the estimate as it is refined, joined where it steps
 *
 * All are functions of this state and a counter reading. Readers keep nothing, so all of them, in any number of
 * threads and processes, see one and the same time. Pure; integers only; any thread. docs/steady.md has the proof.
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

/* Whether there is a steady UTC. */
enum ffntp_steady_kind {
	FFNTP_STEADY_NONE = 0, /* nobody keeps it, or there was no time to tell yet */
	FFNTP_STEADY_HELD,     /* there is no time to tell at present */
	FFNTP_STEADY_RUNNING,
};

/* Zeroed: nothing was ever told. Its fields are for the functions below alone. */
struct ffntp_steady {
	enum ffntp_steady_kind kind; /* of UTC; elapsed is told in any case */
	uint8_t period_shift;
	ffntp_counter at; /* all of the following are as of this reading */
	uint64_t period;  /* 2^-(64 + shift) s per tick */
	ffntp_counter void_after;
	struct ffntp_time elapsed;
	struct ffntp_time time; /* RUNNING: the estimate, continuous as a map's; HELD: the latest UTC that was told */
	struct ffntp_numbering numbering; /* RUNNING: how UTC numbers it */
	struct ffntp_time
		ahead; /* of the estimate, by so much; behind if negative. HELD: at least of the next estimate */
	struct ffntp_time joint; /* RUNNING: what makes the estimate the phase; else what makes elapsed so */
	uint64_t margin_ns;      /* what is told until void_after is ahead of truth by no more than this */
};

/*
 * The state to be published together with 'map', so that nothing runs backwards.
 * former: what is published now. is_continuous: the disruption marker stays what it is.
 * now: the counter, read after the last moment at which a reader could have taken 'former': ffntp_page_hold.
 */
struct ffntp_steady ffntp_steady_next(const struct ffntp_steady *former, const struct ffntp_map *map,
				      bool is_continuous, ffntp_counter now);

/*
 * The time since the first of all states. Told whatever the map's status is, with a period that is as good as anyone
 * knows. Where the counter was set back, what was counted since the last map is not counted again, nor is the time
 * until the next one.
 */
struct ffntp_time ffntp_steady_elapsed(const struct ffntp_steady *steady, ffntp_counter now);

/*
 * The phase of the clock: continuous, and as well known as the estimate. Refinements of the estimate move it, by what
 * they refine; where the disruption marker changes, or there is no time to tell, it goes on with elapsed: no step of a
 * server and no leap second ever was in a difference of two phases. Its origin means nothing.
 */
struct ffntp_time ffntp_steady_phase(const struct ffntp_steady *steady, ffntp_counter now);

/*
 * UTC that never runs backwards: not across maps, broken promises, leap seconds, or restarts of who keeps the map.
 * While it differs from the estimate it runs 500 ppm faster or slower: a second is gone after 2000 s. Where there was
 * no time to tell meanwhile, or the counter jumped, and the estimate is ahead, it follows at once. FFNTP_CLOCK_STEADY:
 * nobody keeps it. _UNSYNCHRONISED: there is no time to tell. _VOID, _RANGE: as ffntp_clock_at says them. *utc is
 * untouched unless the result is FFNTP_CLOCK_OK.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_steady_utc(const struct ffntp_steady *steady, ffntp_counter now,
							struct ffntp_time *utc);

FFNTP_END_DECLARATIONS

#endif
