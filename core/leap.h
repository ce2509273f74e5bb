/*
 * leap: how UTC, which servers tell, numbers the core's continuous time: by a table, by what servers announce, by a
 * former map. The core's time is TAI if that is known when it begins, else UTC plus a constant; it never steps.
 */
#ifndef FFNTP_CORE_LEAP_H
#define FFNTP_CORE_LEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/timescale.h"

/* Zeroed but for the table, which may be NULL: nothing is known yet. */
struct ffntp_leap_belief {
	const struct ffntp_leap_table *table;
	bool is_begun; /* the core's time has been numbered: all below holds */
	struct ffntp_numbering numbering;
	bool is_announced;     /* its leap second is what servers say, not the table */
	bool tai_is_known;     /* TAI is the core's time plus tai_base_s */
	int64_t tai_base_s;    /* not 0 if TAI became known later */
	bool has_jumped;       /* the core's time: what it was to TAI before says nothing */
	int64_t tai_expires_s; /* POSIX time, as in the map */
};

/* Where the core's time is expected to be when a server says what time it is. */
struct ffntp_leap_window {
	bool is_known; /* to less than a second: one leap second cannot hide in it */
	struct ffntp_time earliest, latest;
};

enum ffntp_leap_phase { FFNTP_LEAP_TO_COME, FFNTP_LEAP_INSIDE, FFNTP_LEAP_OVER };

/* One that is left out, or not known of, is never inside. */
static inline enum ffntp_leap_phase ffntp_leap_phase(const struct ffntp_numbering *numbering, struct ffntp_time time)
{
	if (numbering->sign != 0 && time.s < numbering->at_s)
		return FFNTP_LEAP_TO_COME;
	return numbering->sign > 0 && time.s == numbering->at_s ? FFNTP_LEAP_INSIDE : FFNTP_LEAP_OVER;
}

/* Numbers the core's time by the first UTC that a server tells, unless a former map has done so. */
void ffntp_leap_begin(struct ffntp_leap_belief *belief, struct ffntp_time utc);

/* Goes on with the numbering of a map that could be read. */
void ffntp_leap_continue(struct ffntp_leap_belief *belief, const struct ffntp_map *former);

/* The core's time is to begin anew with what a server says next: it may be another year. */
void ffntp_leap_jump(struct ffntp_leap_belief *belief);

/* Follows the table to this time of the core: the next leap second, TAI that becomes known, and the table's expiry. */
void ffntp_leap_follow(struct ffntp_leap_belief *belief, struct ffntp_time now);

/*
 * UTC of a server, which counts 23:59:59 twice or not at all, to the core's time. Next to a leap second the number
 * alone does not tell, and some servers are late: there it is what lies in the window. Returns false, and *time
 * untouched, if neither tells: in 23:59:59 itself, without a window.
 */
FFNTP_MUST_USE bool ffntp_leap_from_utc(const struct ffntp_leap_belief *belief, struct ffntp_time utc,
					const struct ffntp_leap_window *window, struct ffntp_time *time);

/* Whether this is the last second before a leap second that is announced with it, and not yet believed. */
bool ffntp_leap_is_too_late(const struct ffntp_leap_belief *belief, struct ffntp_time utc, int announced);

/*
 * What servers announce: 1, -1 or, if no leap second any more, 0. Believed in the last day of a month and nowhere else;
 * unless is_unanimous, of June or December. Taken back until a minute before. Not heard while the table holds.
 */
void ffntp_leap_hear(struct ffntp_leap_belief *belief, struct ffntp_time now, struct ffntp_leap_vote vote);

/*
 * A server that agreed until 'agreed' has been ahead by one second (1) or behind (-1) ever since 'since'. Returns true
 * if that is a leap second that nobody announced, or one announced that was none: then the numbering is put right.
 * Never while the table holds.
 */
FFNTP_MUST_USE bool ffntp_leap_revise(struct ffntp_leap_belief *belief, struct ffntp_time agreed,
				      struct ffntp_time since, int ahead);

/* Whether a month, of UTC, ended between these two times of the core. */
bool ffntp_leap_is_month_end(const struct ffntp_leap_belief *belief, struct ffntp_time agreed, struct ffntp_time since);

/* Whether the table knows what happens at this time of the core. */
bool ffntp_leap_is_certain(const struct ffntp_leap_belief *belief, struct ffntp_time now);

/* Sets what a map says of time scales. In: its time is the core's. Out: the map's, TAI where that is known. */
void ffntp_leap_describe(const struct ffntp_leap_belief *belief, struct ffntp_map *map);

#endif
