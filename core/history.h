/*
 * history: the newest stamps in a ring, and minima of their round trips over windows that slide along it. Stamps and
 * windows are identified by sequence numbers, 0 for the first stamp ever; ffntp_window_slide converts a window in
 * seconds. The caller supplies all memory.
 */
#ifndef FFNTP_CORE_HISTORY_H
#define FFNTP_CORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"

/* A stamp, with the data that estimators store about it. */
struct ffntp_record {
	struct ffntp_stamp stamp;
	uint64_t rtt_ticks;
	uint64_t floor_ticks; /* best known least round trip of the stamp's path; <= rtt_ticks */
	bool is_believed;     /* false: only the stamp's round trip may be used, not its times */
};

/* A ring of records. Only the functions below may change its fields. */
struct ffntp_history {
	struct ffntp_record *ring;
	uint32_t capacity;
	uint32_t slot;  /* of the next record */
	uint64_t added; /* sequence number of the next record */
};

/* Make an empty history. ring: capacity >= 1 records, which the history uses as long as it exists. */
void ffntp_history_init(struct ffntp_history *history, struct ffntp_record *ring, uint32_t capacity);

void ffntp_history_clear(struct ffntp_history *history);

/* Add a copy of the record; when the ring is full, it replaces the oldest. */
void ffntp_history_add(struct ffntp_history *history, const struct ffntp_record *record);

/* Return the sequence number of the oldest stored record; 'added' if there is none. */
uint64_t ffntp_history_oldest(const struct ffntp_history *history);

/* Return the record with this sequence number, from ffntp_history_oldest() to added - 1. */
struct ffntp_record *ffntp_history_at(const struct ffntp_history *history, uint64_t sequence);

/* Return the newest record. At least one must have been added. */
struct ffntp_record *ffntp_history_newest(const struct ffntp_history *history);

/* A range of records, begin <= sequence < end. */
struct ffntp_range {
	uint64_t begin, end;
};

/* A window of ages, in seconds before the newest record's tf, both ends included. */
struct ffntp_window {
	double youngest_s, oldest_s;
};

/*
 * Move the range's ends forward, never back, until it covers the stored part of the window.
 * period_s: present period, seconds per tick. O(records passed), so amortised O(1) as stamps are added.
 */
void ffntp_window_slide(struct ffntp_window window, const struct ffntp_history *history, double period_s,
			struct ffntp_range *range);

/*
 * The least round trip within a range whose ends only move forward, in amortised O(1): a queue of the records that no
 * later record of the range undercuts, oldest first, so that the first one is the least.
 */
struct ffntp_minimum {
	uint64_t *queue; /* a ring of sequence numbers */
	uint32_t capacity;
	uint32_t first, count;
	bool is_of_believed; /* leave out records whose is_believed is false */
	struct ffntp_range range;
};

/* Make an empty minimum. queue: capacity sequence numbers, at least as many as the history can store. */
void ffntp_minimum_init(struct ffntp_minimum *minimum, uint64_t *queue, uint32_t capacity, bool is_of_believed);

void ffntp_minimum_clear(struct ffntp_minimum *minimum);

/*
 * Move to a later range of the same history: neither end may move back, and the history must store all of the range. A
 * record keeps the value of is_believed that it had when it entered.
 */
void ffntp_minimum_move(struct ffntp_minimum *minimum, const struct ffntp_history *history, struct ffntp_range range);

/*
 * Return the sequence number of the least round trip, of equal ones the latest. Returns false if no record of the range
 * counts.
 */
FFNTP_MUST_USE bool ffntp_minimum_get(const struct ffntp_minimum *minimum, uint64_t *sequence);

#endif
