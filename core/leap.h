/*
 * leap: the rule from the core's continuous time to UTC. It comes from a table, from announcements of servers, or from
 * a former map. The core's time is TAI if TAI is known when the client begins, else UTC plus a constant; it never
 * steps.
 */
#ifndef FFNTP_CORE_LEAP_H
#define FFNTP_CORE_LEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/timescale.h"

/* Leap-second state of a clock. Zeroed except for the table, which may be NULL, and is_strict: the initial state. */
struct ffntp_leap_belief {
	const struct ffntp_leap_table *table;
	bool is_strict; /* TAI is unknown once the table has expired; otherwise its last offset stays in force */
	bool is_begun;  /* the rule is set, and the fields below are valid */
	struct ffntp_numbering numbering;
	bool is_announced;     /* the rule's leap second comes from servers rather than from the table */
	bool tai_is_known;     /* TAI = the core's time + tai_base_s */
	int64_t tai_base_s;    /* not 0 if TAI became known only after the client began */
	bool has_jumped;       /* the core's time has jumped, so its former relation to TAI is unknown */
	int64_t tai_expires_s; /* POSIX time, as in the map */
	bool is_corrected;     /* a table has changed TAI while it was known; the client resets this */
};

/* The interval in which the core's time is expected at a server's timestamp. */
struct ffntp_leap_window {
	bool is_known; /* it is shorter than a second, so that it identifies the second */
	struct ffntp_time earliest, latest;
};

/* Set the rule from the first UTC of a server, unless a former map has set it. */
void ffntp_leap_begin(struct ffntp_leap_belief *belief, struct ffntp_time utc);

/* Continue with the rule of a former map that was synchronised or free-running. */
void ffntp_leap_continue(struct ffntp_leap_belief *belief, const struct ffntp_map *former);

/*
 * Report that the core's time may have jumped by any amount. Its relation to TAI is then found again from the next UTC
 * of a server.
 */
void ffntp_leap_jump(struct ffntp_leap_belief *belief);

/*
 * Update the state from the table for this time of the core: the next leap second, whether TAI is known, and the
 * table's expiry. An expired table states TAI - UTC at its expiry; the leap seconds since then are those of the rule.
 */
void ffntp_leap_follow(struct ffntp_leap_belief *belief, struct ffntp_time now);

/*
 * Convert a server's UTC to the core's time. UTC counts 23:59:59 twice or not at all, so next to a leap second its
 * number is ambiguous; and some servers step late. There the candidate that lies in the window is chosen.
 * Returns false, with *time untouched, if the number is ambiguous and the window does not help.
 */
FFNTP_MUST_USE bool ffntp_leap_from_utc(const struct ffntp_leap_belief *belief, struct ffntp_time utc,
					const struct ffntp_leap_window *window, struct ffntp_time *time);

/*
 * Convert TAI to the core's time; the first call sets the rule, as ffntp_leap_begin does. TAI also shows the relation
 * of the core's time to it after a jump. Returns false, with *time untouched, if TAI - UTC is unknown.
 */
FFNTP_MUST_USE bool ffntp_leap_from_tai(struct ffntp_leap_belief *belief, struct ffntp_time tai,
					struct ffntp_time *time);

/* Return whether a leap second is announced only in the last second before it, too late to be accepted. */
bool ffntp_leap_is_too_late(const struct ffntp_leap_belief *belief, struct ffntp_time utc, int announced);

/*
 * Update the announced leap second (+1 insert, -1 delete, 0 withdrawn). An announcement is accepted only on the last
 * day of June or December, or of any month if it is unanimous. It can be withdrawn until 60 s before the leap second.
 * Announcements are ignored while the table is valid.
 */
void ffntp_leap_take_vote(struct ffntp_leap_belief *belief, struct ffntp_time now, struct ffntp_leap_vote vote);

/*
 * A disagreement with a server that was consistent with the clock until 'agreed', and has contradicted it since
 * 'since', both in the core's time.
 */
struct ffntp_leap_dispute {
	struct ffntp_time agreed, since;
	double lasted_s; /* duration from 'since' to now */
	double ahead_s;  /* server minus clock, now */
};

enum ffntp_leap_ruling {
	FFNTP_LEAP_NO_CAUSE, /* the disagreement is not about a leap second */
	FFNTP_LEAP_MISSED,   /* the server missed a leap second of the table, and is rejected for a day */
	FFNTP_LEAP_REVISED,  /* the rule was corrected: a leap second was not announced, or an announced one did not
				occur */
};

/*
 * Decide whether the disagreement is exactly one second since the end of a month; if so, correct the rule, unless a
 * table determines it.
 */
FFNTP_MUST_USE enum ffntp_leap_ruling ffntp_leap_rule(struct ffntp_leap_belief *belief,
						      const struct ffntp_leap_dispute *dispute);

/*
 * Return whether a leap second is still to begin or to end at this time of the core; then set the seconds until that.
 */
FFNTP_MUST_USE bool ffntp_leap_next(const struct ffntp_leap_belief *belief, struct ffntp_time now, double *wait_s);

/*
 * Update the state from the table between two times of the core. Returns whether the map's leap fields change thereby.
 */
FFNTP_MUST_USE bool ffntp_leap_cross(struct ffntp_leap_belief *belief, struct ffntp_time from, struct ffntp_time to);

/*
 * Set the map's fields about time scales. The map's time is converted from the core's to the map's, which is TAI if TAI
 * is known.
 */
void ffntp_leap_describe(const struct ffntp_leap_belief *belief, struct ffntp_map *map);

#endif
