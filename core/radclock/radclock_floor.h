/*
 * radclock_floor: the least round trip of the path, in ticks, so that a wrong period cannot affect it. The floor
 * follows a shorter path at once, and a longer path once nothing else explains the round trips.
 */
#ifndef FFNTP_CORE_RADCLOCK_FLOOR_H
#define FFNTP_CORE_RADCLOCK_FLOOR_H

#include <stdbool.h>

#include "../history.h"

struct ffntp_floor {
	uint64_t ticks;              /* least round trip of this level, over half a week to a week */
	uint64_t next_ticks;         /* least round trip since 'since', which remains when the older half is dropped */
	ffntp_counter since;         /* start of the present half week */
	uint64_t level;              /* sequence number of the first stamp since the path last changed */
	struct ffntp_minimum recent; /* minimum of recent round trips, which shows an upward shift */
};

/* Make an empty floor. queue: as for ffntp_minimum_init. */
void ffntp_floor_init(struct ffntp_floor *floor, uint64_t *queue, uint32_t capacity);

void ffntp_floor_clear(struct ffntp_floor *floor);

/*
 * Process the history's newest record, and set the floors in it and in every record of the same level.
 * is_warm: a floor has been established, so that a quicker stamp means a shorter path.
 * lowered_ticks: set to the decrease of the present level's floor.
 * Returns whether floors of earlier records have changed.
 */
bool ffntp_floor_update(struct ffntp_floor *floor, struct ffntp_history *history, double period_s, bool is_warm,
			double *lowered_ticks);

/* Return whether the server is near, so that thresholds are tighter. */
FFNTP_MUST_USE bool ffntp_floor_is_near(const struct ffntp_floor *floor, double period_s);

#endif
