/* radclock_offset: see radclock_offset.h. */
#include "radclock_offset.h"

#include "../params.h"
#include "radclock_point.h"

/* Differences up to this are exact in double: 2^18 s in halves of NTP's 2^-32 s are 51 bits. */
#define ANCHOR_LIMIT_S 0x1p18

#define FIELDS 4

static size_t field_room(uint32_t room)
{
	return (size_t)room + FFNTP_POINTS_SPARE;
}

size_t ffntp_offset_room(uint32_t stamps)
{
	return FIELDS * field_room(2 * stamps);
}

/* Place the window's first point at index 'first'. */
static void place(struct ffntp_offset *offset, uint32_t first)
{
	double *start = offset->arrays + first;
	size_t each = field_room(offset->room);

	offset->first = first;
	offset->window.time_s = start;
	offset->window.ticks = start + each;
	offset->window.excess_ticks = start + 2 * each;
	offset->window.weight = start + 3 * each;
}

void ffntp_offset_init(struct ffntp_offset *offset, double *room, uint32_t stamps)
{
	*offset = (struct ffntp_offset){ .arrays = room, .room = 2 * stamps };
	ffntp_offset_clear(offset);
}

void ffntp_offset_moved(struct ffntp_offset *offset, double *room)
{
	offset->arrays = room;
	place(offset, offset->first);
}

void ffntp_offset_clear(struct ffntp_offset *offset)
{
	offset->window.count = 0;
	offset->is_stale = true;
}

void ffntp_offset_refloor(struct ffntp_offset *offset)
{
	offset->is_stale = true;
}

static void drop_oldest(struct ffntp_offset *offset)
{
	place(offset, offset->first + 1);
	offset->window.count--;
}

static void push(struct ffntp_offset *offset, const struct ffntp_record *record)
{
	struct ffntp_points *window = &offset->window;

	if (!record->is_believed)
		return;
	window->time_s[window->count] = ffntp_middle_s(&record->stamp, &offset->anchor);
	window->ticks[window->count] = ffntp_middle_ticks(&record->stamp, &offset->anchor);
	window->excess_ticks[window->count] = ffntp_excess_ticks(record);
	window->count++;
}

static bool is_within(const struct ffntp_history *history, uint64_t sequence, double window_ticks)
{
	return ffntp_counter_diff(ffntp_history_newest(history)->stamp.tf,
				  ffntp_history_at(history, sequence)->stamp.tf) <= window_ticks;
}

/*
 * Fill the window again from the history, relative to the newest stamp, with at most half of the room, so that it is
 * not full again soon.
 */
static void rebuild(struct ffntp_offset *offset, const struct ffntp_history *history, double window_ticks)
{
	uint64_t oldest = ffntp_history_oldest(history);
	uint64_t i = history->added - 1;

	while (i > oldest && history->added - i < offset->room / 2 && is_within(history, i - 1, window_ticks))
		i--;
	offset->anchor = ffntp_history_newest(history)->stamp;
	offset->window.count = 0;
	offset->is_stale = false;
	place(offset, 0);
	for (; i < history->added; i++)
		push(offset, ffntp_history_at(history, i));
}

void ffntp_offset_add(struct ffntp_offset *offset, const struct ffntp_history *history, double period_s)
{
	double window_ticks = FFNTP_RADCLOCK_OFFSET_WINDOW_S / period_s;
	const struct ffntp_stamp *newest = &ffntp_history_newest(history)->stamp;
	double now = ffntp_middle_ticks(newest, &offset->anchor);
	bool is_full = offset->first + offset->window.count == offset->room;

	if (offset->is_stale || is_full || now * period_s > ANCHOR_LIMIT_S) {
		rebuild(offset, history, window_ticks);
		return;
	}
	push(offset, ffntp_history_newest(history));
	while (offset->window.count > 0 && now - offset->window.ticks[0] > window_ticks)
		drop_oldest(offset);
}

/* Return 0 for a variance that rounding made negative. */
static double not_negative(double x)
{
	return x > 0 ? x : 0;
}

bool ffntp_offset_combine(struct ffntp_offset *offset, const struct ffntp_stamp *newest, double period_s,
			  double local_period_s, struct ffntp_offset_estimate *estimate)
{
	double widths = period_s / FFNTP_RADCLOCK_OFFSET_WIDTH_S;
	struct ffntp_points_sums *sums = &offset->sums;

	if (offset->window.count == 0)
		return false;
	offset->view = (struct ffntp_points_view){
		.now_ticks = ffntp_counter_diff(newest->tf, offset->anchor.tf) +
			     ffntp_ticks(ffntp_stamp_rtt_ticks(&offset->anchor)) / 2,
		.now_s = ffntp_middle_s(newest, &offset->anchor),
		.excess_widths = widths,
		.age_widths = widths * FFNTP_RADCLOCK_AGEING,
		.period_s = local_period_s,
	};
	ffntp_points_sum(&offset->window, &offset->view, sums->least, sums);
	*estimate = (struct ffntp_offset_estimate){
		.ahead_s = sums->ahead / sums->weight,
		.error_s = sums->least * FFNTP_RADCLOCK_OFFSET_WIDTH_S,
		.mean_age_s = sums->age / sums->weight,
	};
	return true;
}

struct ffntp_offset_scatter ffntp_offset_scatter(const struct ffntp_offset *offset)
{
	const struct ffntp_points_sums *sums = &offset->sums;
	double age_s = sums->age / sums->weight, ahead_s = sums->ahead / sums->weight;
	struct ffntp_points_squares squares;
	struct ffntp_offset_scatter scatter;

	ffntp_points_square(&offset->window, &offset->view, &squares);
	scatter.stamps = sums->weight * sums->weight / squares.weight2;
	scatter.variance_s2 = not_negative(squares.ahead2 / sums->weight - ahead_s * ahead_s);
	scatter.age_variance_s2 = not_negative(squares.age2 / sums->weight - age_s * age_s);
	scatter.slope = 0;
	if (scatter.age_variance_s2 > 0)
		scatter.slope = (squares.age_ahead / sums->weight - age_s * ahead_s) / scatter.age_variance_s2;
	return scatter;
}
