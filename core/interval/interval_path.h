/*
 * interval_path: what one is to think of the way to a server and back: the least delay of each direction, how much an
 * exchange exceeds it, and how that changes.
 */
#ifndef FFNTP_CORE_INTERVAL_PATH_H
#define FFNTP_CORE_INTERVAL_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "interval_belief.h"
#include "interval_params.h"

/* An exchange as counter time and server time, both counted from the estimator's anchor at its tf, s. */
struct ffntp_edges {
	double lower; /* L(ta) - tb: theta at ta is at least that plus the forward delay's floor */
	double upper; /* L(tf) - te: theta at tf is at most that less the backward delay's floor */
	double span;  /* L(tf) - L(ta) */
};

enum { FFNTP_PATH_LEVELS = 8, FFNTP_PATH_RECENT = 8 };

struct ffntp_level {
	double floor;     /* least round trip, s */
	double asymmetry; /* forward floor less backward floor, s */
	double excess;    /* mean of what a round trip exceeds the floor by, s */
};

/* The least of what some exchanges in a row exceeded the floor by. */
struct ffntp_bucket {
	double rtt, forward, backward;
	uint32_t count;
};

struct ffntp_path {
	struct ffntp_level level;
	double quiet_excess;
	uint32_t seen, since_change;
	uint32_t levels;
	struct ffntp_level former[FFNTP_PATH_LEVELS];
	struct ffntp_bucket bucket[2];
	double forward[FFNTP_PATH_RECENT], backward[FFNTP_PATH_RECENT];
	uint32_t recent;
};

void ffntp_path_init(struct ffntp_path *path, const struct ffntp_edges *edges);

/* Learns from an exchange; clock: what is thought of theta at its tf before it. */
struct ffntp_constraint ffntp_path_constrain(struct ffntp_path *path, const struct ffntp_edges *edges,
					     const struct ffntp_belief *clock,
					     const struct ffntp_interval_params *params);

#endif
