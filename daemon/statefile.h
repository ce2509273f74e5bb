/*
 * statefile: a file with the servers that asked for fewer requests (ratelimits.h), so that the daemon knows them after
 * a restart. The line 'statefile' of the configuration names it. It is read at the start, and replaced after a change
 * and at the end. Nothing in it concerns the counter, so that a copy of the machine, or a machine that was restored,
 * may use it.
 */
#ifndef FFNTP_DAEMON_STATEFILE_H
#define FFNTP_DAEMON_STATEFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "../ports/linux/sync.h"
#include "ratelimits.h"

/* Zeroed: nothing is known. */
struct ffntp_statefile {
	struct ffntp_ratelimits *limits; /* allocated once there was one; NULL before */
	bool is_changed;                 /* since it was last written */
	int error;                       /* of the last attempt to write it; 0: none */
	int64_t write_at;                /* monotonic time of the next attempt, at the earliest */
};

/* Read the file, and log what is wrong with it. path: "" if there is none. */
void ffntp_statefile_open(struct ffntp_statefile *state, const char *path);

/* Let the limits follow an event of a member of the sync. */
void ffntp_statefile_follow(struct ffntp_statefile *state, const struct ffntp_sync *sync, unsigned member,
			    const struct ffntp_event *event);

/* Return the limit of an address, as ffntp_sync_limiter does. */
double ffntp_statefile_limit(const struct ffntp_statefile *state, const struct ffntp_address *address, double *wait_s);

/* Write the file, if it is due. A failure is logged once. now_s: monotonic. */
void ffntp_statefile_step(struct ffntp_statefile *state, const char *path, int64_t now_s);

/* Write it for the next start, and free the memory. */
void ffntp_statefile_close(struct ffntp_statefile *state, const char *path);

#endif
