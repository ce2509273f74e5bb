/* radclock_floor: see radclock_floor.h. */
#include "radclock_floor.h"

#include "../params.h"

void ffntp_floor_init(struct ffntp_floor *floor, uint64_t *queue, uint32_t capacity)
{
	ffntp_minimum_init(&floor->recent, queue, capacity, false);
	ffntp_floor_clear(floor);
}

void ffntp_floor_clear(struct ffntp_floor *floor)
{
	struct ffntp_minimum recent = floor->recent;

	ffntp_minimum_clear(&recent);
	*floor = (struct ffntp_floor){ .recent = recent };
}

bool ffntp_floor_is_near(const struct ffntp_floor *floor, double period_s)
{
	return ffntp_ticks(floor->ticks) * period_s < FFNTP_RADCLOCK_NEAR_S;
}

static double shift_ticks(const struct ffntp_floor *floor, double period_s)
{
	return (ffntp_floor_is_near(floor, period_s) ? FFNTP_RADCLOCK_SHIFT_NEAR_S : FFNTP_RADCLOCK_SHIFT_FAR_S) /
	       period_s;
}

static double age_s(const struct ffntp_history *history, uint64_t sequence, double period_s)
{
	return ffntp_counter_diff(ffntp_history_newest(history)->stamp.tf,
				  ffntp_history_at(history, sequence)->stamp.tf) *
	       period_s;
}

/* Set the floor in the records of the present level. */
static void mark_level(const struct ffntp_floor *floor, const struct ffntp_history *history)
{
	uint64_t oldest = ffntp_history_oldest(history);

	for (uint64_t i = floor->level > oldest ? floor->level : oldest; i < history->added; i++)
		ffntp_history_at(history, i)->floor_ticks = floor->ticks;
}

static bool change(struct ffntp_floor *floor, const struct ffntp_history *history, uint64_t ticks)
{
	bool is_new = floor->ticks != ticks;

	floor->ticks = ticks;
	if (is_new)
		mark_level(floor, history);
	return is_new;
}

static bool forget_half(struct ffntp_floor *floor, const struct ffntp_history *history, double period_s)
{
	const struct ffntp_record *newest = ffntp_history_newest(history);
	uint64_t next_ticks = floor->next_ticks;

	if (ffntp_counter_diff(newest->stamp.tf, floor->since) * period_s < FFNTP_RADCLOCK_HALF_WINDOW_S)
		return false;
	floor->since = newest->stamp.tf;
	floor->next_ticks = newest->rtt_ticks;
	return change(floor, history, next_ticks);
}

/*
 * Lower the floor for a record that is quicker than any before. If the path became much shorter, a new level begins,
 * and earlier records keep their floor. Otherwise the floor had not been reached before, and earlier records get the
 * new one.
 */
static bool lower(struct ffntp_floor *floor, const struct ffntp_history *history, double period_s, bool is_warm,
		  double *lowered_ticks)
{
	uint64_t rtt_ticks = ffntp_history_newest(history)->rtt_ticks;
	double fall_ticks = ffntp_ticks(floor->ticks - rtt_ticks);

	if (is_warm && fall_ticks > shift_ticks(floor, period_s))
		floor->level = history->added - 1;
	else
		*lowered_ticks = fall_ticks;
	return change(floor, history, rtt_ticks);
}

/*
 * Move the range of recent records. A record leaves it when the remaining ones cover enough time and are numerous
 * enough, or when it is too old. The first record of the range is therefore always old enough, and its age shows
 * whether the range is full.
 */
static void slide(struct ffntp_floor *floor, const struct ffntp_history *history, double period_s)
{
	struct ffntp_range range = floor->recent.range;
	uint64_t oldest = ffntp_history_oldest(history);

	range.end = history->added;
	if (range.begin < oldest)
		range.begin = oldest;
	while (range.begin + FFNTP_RADCLOCK_SHIFT_STAMPS < range.end &&
	       age_s(history, range.begin + 1, period_s) >= FFNTP_RADCLOCK_SHIFT_WINDOW_S)
		range.begin++;
	while (age_s(history, range.begin, period_s) > FFNTP_RADCLOCK_FAR_OLDEST_S)
		range.begin++;
	ffntp_minimum_move(&floor->recent, history, range);
}

static bool is_full(const struct ffntp_floor *floor, const struct ffntp_history *history, double period_s)
{
	const struct ffntp_range *range = &floor->recent.range;
	double span_s = age_s(history, range->begin, period_s);

	return span_s >= FFNTP_RADCLOCK_FAR_YOUNGEST_S ||
	       (span_s >= FFNTP_RADCLOCK_SHIFT_WINDOW_S && range->end - range->begin >= FFNTP_RADCLOCK_SHIFT_STAMPS);
}

/*
 * Return whether stamps gather at a round trip. A floor is often touched, whereas the least round trip of a congested
 * hour is that of one lucky stamp.
 */
static bool is_touched(const struct ffntp_floor *floor, const struct ffntp_history *history, uint64_t ticks,
		       double period_s)
{
	const struct ffntp_range *range = &floor->recent.range;
	double near_ticks = ffntp_ticks(ticks) + shift_ticks(floor, period_s);
	double touches = 0, enough = 1 + FFNTP_RADCLOCK_SHIFT_SHARE * (double)(range->end - range->begin);

	for (uint64_t i = range->begin; i < range->end && touches < enough; i++)
		if (ffntp_ticks(ffntp_history_at(history, i)->rtt_ticks) <= near_ticks)
			touches++;
	return touches >= enough;
}

/* Raise the floor if every round trip for a long time exceeded it, because then the path has become longer. */
static bool raise(struct ffntp_floor *floor, const struct ffntp_history *history, double period_s)
{
	uint64_t least, ticks;

	slide(floor, history, period_s);
	if (!is_full(floor, history, period_s) || !ffntp_minimum_get(&floor->recent, &least))
		return false;
	ticks = ffntp_history_at(history, least)->rtt_ticks;
	if (ticks <= floor->ticks || ffntp_ticks(ticks - floor->ticks) <= shift_ticks(floor, period_s) ||
	    !is_touched(floor, history, ticks, period_s))
		return false;
	floor->level = floor->recent.range.begin;
	floor->next_ticks = ticks;
	return change(floor, history, ticks);
}

static void begin(struct ffntp_floor *floor, const struct ffntp_history *history)
{
	const struct ffntp_record *first = ffntp_history_newest(history);

	floor->ticks = first->rtt_ticks;
	floor->next_ticks = first->rtt_ticks;
	floor->since = first->stamp.tf;
	floor->level = history->added - 1;
}

bool ffntp_floor_update(struct ffntp_floor *floor, struct ffntp_history *history, double period_s, bool is_warm,
			double *lowered_ticks)
{
	struct ffntp_record *newest = ffntp_history_newest(history);
	bool has_changed;

	*lowered_ticks = 0;
	if (history->added == 1)
		begin(floor, history);
	has_changed = forget_half(floor, history, period_s);
	if (newest->rtt_ticks < floor->next_ticks)
		floor->next_ticks = newest->rtt_ticks;
	if (newest->rtt_ticks < floor->ticks)
		has_changed |= lower(floor, history, period_s, is_warm, lowered_ticks);
	has_changed |= raise(floor, history, period_s);
	newest->floor_ticks = floor->ticks;
	return has_changed;
}
