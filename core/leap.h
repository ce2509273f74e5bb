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
 * A server that agreed with the clock until 'agreed', and has contradicted it ever since 'since', both the core's time.
 */
struct ffntp_leap_dispute {
	struct ffntp_time agreed, since;
	double lasted_s; /* from 'since' to now */
	double ahead_s;  /* the server, of the clock, now */
};

enum ffntp_leap_ruling {
	FFNTP_LEAP_NO_CAUSE, /* it is not about a leap second */
	FFNTP_LEAP_MISSED,   /* by the server, as the table knows: it is wrong, and for a day it is not believed */
	FFNTP_LEAP_REVISED,  /* nobody announced it, or it was announced and was none: the numbering was put right */
};

/*
 * Whether one second, since the end of a month, is what they contradict each other by. Nothing that a table says is
 * revised.
 */
FFNTP_MUST_USE enum ffntp_leap_ruling ffntp_leap_rule(struct ffntp_leap_belief *belief,
						      const struct ffntp_leap_dispute *dispute);

/* Whether a leap second is yet to begin, or to end, at this time of the core; then in how many seconds. */
FFNTP_MUST_USE bool ffntp_leap_next(const struct ffntp_leap_belief *belief, struct ffntp_time now, double *wait_s);

/* Follows the table from one time of the core to another. Whether leap seconds are then told differently. */
FFNTP_MUST_USE bool ffntp_leap_cross(struct ffntp_leap_belief *belief, struct ffntp_time from, struct ffntp_time to);

/* Sets what a map says of time scales. In: its time is the core's. Out: the map's, TAI where that is known. */
void ffntp_leap_describe(const struct ffntp_leap_belief *belief, struct ffntp_map *map);

#endif
