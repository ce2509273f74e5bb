/*
 * radclock_floor: the least round trip of the path, in ticks, so that no wrong period can spoil it. Follows the path
 * when it gets shorter, at once, and when it gets longer, once nothing else can explain what is seen.
 */
#ifndef FFNTP_CORE_RADCLOCK_FLOOR_H
#define FFNTP_CORE_RADCLOCK_FLOOR_H

#include <stdbool.h>

#include "../history.h"

struct ffntp_floor {
	uint64_t ticks;              /* least of this level, over half a week to a week */
	uint64_t next_ticks;         /* ... since 'since': what remains when the older half is forgotten */
	ffntp_counter since;         /* when the present half week began */
	uint64_t level;              /* sequence number of the first stamp since the path last changed */
	struct ffntp_minimum recent; /* what an upward shift shows in */
};

/* queue: as for ffntp_minimum_init. */
void ffntp_floor_init(struct ffntp_floor *floor, uint64_t *queue, uint32_t capacity);

void ffntp_floor_clear(struct ffntp_floor *floor);

/*
 * Takes in the history's newest record, and sets the floors in it and in every record of the same level.
 * is_warm: a floor has been established, so that a quicker stamp is a shorter path, not better luck.
 * Returns whether floors of earlier records have changed; *lowered_ticks is by how much the present level's fell.
 */
bool ffntp_floor_update(struct ffntp_floor *floor, struct ffntp_history *history, double period_s, bool is_warm,
			double *lowered_ticks);

/* Whether the path is short, and its thresholds are tight. */
FFNTP_MUST_USE bool ffntp_floor_is_near(const struct ffntp_floor *floor, double period_s);

#endif
