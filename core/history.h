/*
 * history: the newest stamps in a ring, and minima of their round trips over windows that slide along it. Stamps are
 * told apart by sequence numbers, 0 for the first ever; windows are sequence numbers too, so where a window ends is
 * arithmetic, and whoever asks for one can say it in seconds. All memory is the caller's.
 */
#ifndef FFNTP_CORE_HISTORY_H
#define FFNTP_CORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"

/* A stamp, and what estimators remember about it. */
struct ffntp_record {
	struct ffntp_stamp stamp;
	uint64_t rtt_ticks;
	uint64_t floor_ticks; /* the least round trip of the path that it took, as far as known; <= rtt_ticks */
	bool is_believed;     /* false: its times are not to be used; its round trip is */
};

/* The fields are for reading, by the functions below and by nobody else. */
struct ffntp_history {
	struct ffntp_record *ring;
	uint32_t capacity;
	uint32_t slot;  /* of the next record */
	uint64_t added; /* sequence number of the next record */
};

/* ring: capacity >= 1 records, used until the history is given up. */
void ffntp_history_init(struct ffntp_history *history, struct ffntp_record *ring, uint32_t capacity);

void ffntp_history_clear(struct ffntp_history *history);

/* Copies the record in; when the ring is full, the oldest leaves. */
void ffntp_history_add(struct ffntp_history *history, const struct ffntp_record *record);

/* The sequence number of the oldest record that is remembered; equals 'added' if there is none. */
uint64_t ffntp_history_oldest(const struct ffntp_history *history);

/* sequence: of a record that is remembered, ffntp_history_oldest() to added - 1. */
struct ffntp_record *ffntp_history_at(const struct ffntp_history *history, uint64_t sequence);

/* The newest record. At least one must have been added. */
struct ffntp_record *ffntp_history_newest(const struct ffntp_history *history);

/* Records begin <= sequence < end. */
struct ffntp_range {
	uint64_t begin, end;
};

/* What lies between two ages before the newest record's tf, in seconds, both ends included. */
struct ffntp_window {
	double youngest_s, oldest_s;
};

/*
 * Moves the range's ends forward, never back, until it covers the window, or as much of it as is remembered.
 * period_s: seconds per tick, now. O(records passed), so amortised O(1) as stamps are added.
 */
void ffntp_window_slide(struct ffntp_window window, const struct ffntp_history *history, double period_s,
			struct ffntp_range *range);

/*
 * The least round trip within a range whose ends only move forward, in amortised O(1): a queue of those records that
 * no later one of the range undercuts, oldest first, so that the first is the least.
 */
struct ffntp_minimum {
	uint64_t *queue; /* a ring of sequence numbers */
	uint32_t capacity;
	uint32_t first, count;
	bool is_of_believed; /* leaves out records that are not believed */
	struct ffntp_range range;
};

/* queue: capacity sequence numbers, at least as many as the history that it is used with can hold. */
void ffntp_minimum_init(struct ffntp_minimum *minimum, uint64_t *queue, uint32_t capacity, bool is_of_believed);

void ffntp_minimum_clear(struct ffntp_minimum *minimum);

/*
 * Moves to another range of the same history: no end may lie before the present one's, and all of it is remembered.
 * A record counts as what it was when it entered.
 */
void ffntp_minimum_move(struct ffntp_minimum *minimum, const struct ffntp_history *history, struct ffntp_range range);

/* Returns false if nothing in the range counts. Of equal round trips the latest is taken. */
FFNTP_MUST_USE bool ffntp_minimum_get(const struct ffntp_minimum *minimum, uint64_t *sequence);

#endif
