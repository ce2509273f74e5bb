/* history: see history.h. */
#include "history.h"

void ffntp_history_init(struct ffntp_history *history, struct ffntp_record *ring, uint32_t capacity)
{
	*history = (struct ffntp_history){ .ring = ring, .capacity = capacity };
}

void ffntp_history_clear(struct ffntp_history *history)
{
	ffntp_history_init(history, history->ring, history->capacity);
}

void ffntp_history_add(struct ffntp_history *history, const struct ffntp_record *record)
{
	history->ring[history->slot] = *record;
	history->slot = history->slot + 1 < history->capacity ? history->slot + 1 : 0;
	history->added++;
}

uint64_t ffntp_history_oldest(const struct ffntp_history *history)
{
	return history->added > history->capacity ? history->added - history->capacity : 0;
}

struct ffntp_record *ffntp_history_at(const struct ffntp_history *history, uint64_t sequence)
{
	uint32_t back = (uint32_t)(history->added - sequence);

	return &history->ring[history->slot >= back ? history->slot - back
						    : history->slot + (history->capacity - back)];
}

struct ffntp_record *ffntp_history_newest(const struct ffntp_history *history)
{
	return ffntp_history_at(history, history->added - 1);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void ffntp_window_slide(struct ffntp_window window, const struct ffntp_history *history, double period_s,
			struct ffntp_range *range)
{
	ffntp_counter now = ffntp_history_newest(history)->stamp.tf;
	uint64_t oldest = ffntp_history_oldest(history);
	double youngest_ticks = window.youngest_s / period_s, oldest_ticks = window.oldest_s / period_s;

	range->begin = later(range->begin, oldest);
	range->end = later(range->end, oldest);
	while (range->end < history->added &&
	       ffntp_counter_diff(now, ffntp_history_at(history, range->end)->stamp.tf) >= youngest_ticks)
		range->end++;
	while (range->begin < range->end &&
	       ffntp_counter_diff(now, ffntp_history_at(history, range->begin)->stamp.tf) > oldest_ticks)
		range->begin++;
}

void ffntp_minimum_init(struct ffntp_minimum *minimum, uint64_t *queue, uint32_t capacity, bool is_of_believed)
{
	*minimum = (struct ffntp_minimum){ .queue = queue, .capacity = capacity, .is_of_believed = is_of_believed };
}

void ffntp_minimum_clear(struct ffntp_minimum *minimum)
{
	ffntp_minimum_init(minimum, minimum->queue, minimum->capacity, minimum->is_of_believed);
}

/* Return the slot of a position in the queue: 0 for the first one, at most capacity. */
static uint32_t queue_slot(const struct ffntp_minimum *minimum, uint32_t position)
{
	uint32_t to_end = minimum->capacity - minimum->first;

	return position < to_end ? minimum->first + position : position - to_end;
}

static uint64_t queue_last(const struct ffntp_minimum *minimum)
{
	return minimum->queue[queue_slot(minimum, minimum->count - 1)];
}

static void leave(struct ffntp_minimum *minimum, uint64_t begin)
{
	while (minimum->count > 0 && minimum->queue[minimum->first] < begin) {
		minimum->first = queue_slot(minimum, 1);
		minimum->count--;
	}
}

static void enter(struct ffntp_minimum *minimum, const struct ffntp_history *history, uint64_t sequence)
{
	const struct ffntp_record *record = ffntp_history_at(history, sequence);

	if (minimum->is_of_believed && !record->is_believed)
		return;
	while (minimum->count > 0 && ffntp_history_at(history, queue_last(minimum))->rtt_ticks >= record->rtt_ticks)
		minimum->count--;
	minimum->queue[queue_slot(minimum, minimum->count)] = sequence;
	minimum->count++;
}

/*
 * Records that leave the range are removed first, because they may have left the history as well, and must not be read.
 */
void ffntp_minimum_move(struct ffntp_minimum *minimum, const struct ffntp_history *history, struct ffntp_range range)
{
	leave(minimum, range.begin);
	for (uint64_t i = later(minimum->range.end, range.begin); i < range.end; i++)
		enter(minimum, history, i);
	minimum->range = range;
}

bool ffntp_minimum_get(const struct ffntp_minimum *minimum, uint64_t *sequence)
{
	if (minimum->count == 0)
		return false;
	*sequence = minimum->queue[minimum->first];
	return true;
}
