/*
 * clock_update: applies decisions (decide.h). The functions of this module are the only ones that change a clock after
 * its beginning. Each takes the clock and the association that the change comes from.
 */
#ifndef FFNTP_CORE_CLOCK_UPDATE_H
#define FFNTP_CORE_CLOCK_UPDATE_H

#include "../include/ffntp/decision.h"
#include "association.h"
#include "clock_state.h"

/* Reset: the period is known to the rate's error, the time is unknown. */
void ffntp_clock_reset(struct ffntp_clock_state *clock, struct ffntp_association *association,
		       struct ffntp_rate_bound rate);

/*
 * Process a stamp in UTC, newer than all before it: decide, and apply the decision. A decision that corrects the
 * leap-second rule is followed by a second decision on the same stamp; *decision is then the correction, with the
 * verdict of the second.
 */
void ffntp_clock_update(struct ffntp_clock_state *clock, struct ffntp_association *association,
			const struct ffntp_stamp *stamp, struct ffntp_decision *decision);

/* Reset, because the counter jumped or stood still: the rate is kept with a larger error. */
void ffntp_clock_disrupted(struct ffntp_clock_state *clock, struct ffntp_association *association, ffntp_counter now);

/*
 * Discard all that exchanges proved, because the server's clock has proved coarser than it states. The estimator goes
 * on, unless exchanges contradict it.
 */
void ffntp_clock_server_is_coarse(struct ffntp_clock_state *clock, struct ffntp_association *association,
				  ffntp_counter now);

/* Set the rate of a different counter, which has taken the former one's place; ffntp_clock_disrupted follows. */
void ffntp_clock_replace_counter(struct ffntp_clock_state *clock, struct ffntp_rate_bound hint);

/* Replace the table of leap seconds; NULL removes it. */
void ffntp_clock_set_leap_table(struct ffntp_clock_state *clock, const struct ffntp_leap_table *table);

/* Set the leap second that a majority of servers announce, if the caller's announcements count. */
void ffntp_clock_announce(struct ffntp_clock_state *clock, struct ffntp_leap_vote vote, ffntp_counter now);

/* Set all of the map but its status and void_after. The clock's own map moves past the edges of leap seconds. */
void ffntp_clock_map(struct ffntp_clock_state *clock, ffntp_counter now, struct ffntp_map *map);

/* Keep the oscillator's rate and the bound; discard the path and the evidence against the clock. */
void ffntp_clock_server_changed(struct ffntp_clock_state *clock, struct ffntp_association *association,
				ffntp_counter now);

#endif
