/* refclocklog: the lines of the log about a reference clock: once when it fails, and once when it is read again. */
#ifndef FFNTP_DAEMON_REFCLOCKLOG_H
#define FFNTP_DAEMON_REFCLOCKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/session.h"
#include "../ports/linux/sync.h"
#include "log.h"

/* The state of a reference clock as it was last logged. Zeroed: nothing was logged. */
struct ffntp_refclock_log {
	bool is_read;  /* that it is read */
	int32_t error; /* that it failed with this error; 0: that it did not */
	struct ffntp_log_limit limit;
};

/*
 * Log an event of a member. now_s: as for ffntp_log_limited. Returns whether the event is one that only concerns a
 * reference clock, so that the lines about servers do not apply; false for every event of a server.
 */
bool ffntp_refclock_log_event(struct ffntp_refclock_log *log, const struct ffntp_sync *sync, unsigned member,
			      const struct ffntp_event *event, int64_t now_s);

#endif
