/*
 * eventlog: the lines of the log about the clock and its servers, from the events of a sync. Lines that network traffic
 * can cause are limited, each kind for each server by itself. One thread.
 */
#ifndef FFNTP_DAEMON_EVENTLOG_H
#define FFNTP_DAEMON_EVENTLOG_H

#include <stdbool.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/page.h"
#include "../include/ffntp/verdict.h"
#include "../ports/linux/lineup.h"
#include "../ports/linux/sync.h"
#include "log.h"
#include "nts.h"
#include "refclocklog.h"

#define FFNTP_STATUSES (FFNTP_STATUS_DISRUPTED + 1)
#define FFNTP_LEAPS (FFNTP_LEAP_POST_NEGATIVE + 1)

/* The state of a member as it was last logged, and one limit per kind of line. */
struct ffntp_event_log_member {
	bool has_sent; /* a request left in this step */
	enum ffntp_selection selection;
	struct ffntp_log_limit verdict_limit[FFNTP_VERDICTS];
	struct ffntp_log_limit selection_limit[FFNTP_SELECTIONS];
	struct ffntp_log_limit network_limit, unanswered_limit, move_limit;
	struct ffntp_refclock_log refclock;
	struct ffntp_nts_log nts;
};

/* Zeroed before it is opened for the first time. */
struct ffntp_event_log {
	struct ffntp_sync *sync;
	struct ffntp_event_log_member *member; /* by its number; allocated */
	enum ffntp_leap leap;                  /* as last logged */
	enum ffntp_status status;
	bool lacks_majority; /* by the last event of a selection */
	struct ffntp_log_limit status_limit[FFNTP_STATUSES];
	struct ffntp_log_limit leap_limit[FFNTP_LEAPS];
	struct ffntp_log_limit disruption_limit, majority_limit;
};

/*
 * Begin with the members of a sync, which may be opened later. The state of the clock stays as it was last logged, for
 * a sync that follows a different one. Returns false if memory is short.
 */
FFNTP_MUST_USE bool ffntp_event_log_open(struct ffntp_event_log *log, struct ffntp_sync *sync, unsigned members);

/* Free the members. */
void ffntp_event_log_close(struct ffntp_event_log *log);

/* Log an event of the sync: see ffntp_sync_listener. */
void ffntp_event_log_take(struct ffntp_event_log *log, unsigned member, const struct ffntp_event *event);

/*
 * Log the requests that left in this step; call it when the step has ended. The event of a request comes just before it
 * leaves, and a request must not wait for a log.
 */
void ffntp_event_log_sent(struct ffntp_event_log *log);

/* Log new results of key exchanges of NTS. */
void ffntp_event_log_keys(struct ffntp_event_log *log);

/* Log each server that is asked. */
void ffntp_event_log_servers(const struct ffntp_event_log *log);

/* Log the problems of names. They are rare: each is logged once, and when it changes or ends. */
void ffntp_event_log_names(struct ffntp_lineup *lineup);

#endif
