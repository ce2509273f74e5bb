/* radclock_offset: see radclock_offset.h. */
#include "radclock_offset.h"

#include "../maths.h"
#include "../params.h"
#include "radclock_point.h"

/* Differences up to this are exact in double: 2^18 s in halves of NTP's 2^-32 s are 51 bits. */
#define ANCHOR_LIMIT_S 0x1p18

#define OFFSET_ARRAYS 4

size_t ffntp_offset_room(uint32_t stamps)
{
	return (size_t)stamps * 2 * OFFSET_ARRAYS;
}

void ffntp_offset_init(struct ffntp_offset *offset, double *room, uint32_t stamps)
{
	size_t each = (size_t)stamps * 2;

	*offset = (struct ffntp_offset){
		.time_s = room,
		.ticks = room + each,
		.excess_ticks = room + 2 * each,
		.error = room + 3 * each,
		.room = stamps * 2,
	};
	ffntp_offset_clear(offset);
}

void ffntp_offset_clear(struct ffntp_offset *offset)
{
	offset->first = offset->end = 0;
	offset->is_stale = true;
}

void ffntp_offset_refloor(struct ffntp_offset *offset)
{
	offset->is_stale = true;
}

static void push(struct ffntp_offset *offset, const struct ffntp_record *record)
{
	if (!record->is_believed)
		return;
	offset->time_s[offset->end] = ffntp_middle_s(&record->stamp, &offset->anchor);
	offset->ticks[offset->end] = ffntp_middle_ticks(&record->stamp, &offset->anchor);
	offset->excess_ticks[offset->end] = ffntp_excess_ticks(record);
	offset->end++;
	if (offset->end - offset->first > offset->room / 2)
		offset->first++;
}

static bool is_within(const struct ffntp_history *history, uint64_t sequence, double window_ticks)
{
	return ffntp_counter_diff(ffntp_history_newest(history)->stamp.tf,
				  ffntp_history_at(history, sequence)->stamp.tf) <= window_ticks;
}

/* Anew from the history, relative to the newest stamp; at most half of the room, so that it is not soon full again. */
static void rebuild(struct ffntp_offset *offset, const struct ffntp_history *history, double window_ticks)
{
	uint64_t oldest = ffntp_history_oldest(history);
	uint64_t i = history->added - 1;

	while (i > oldest && history->added - i < offset->room / 2 && is_within(history, i - 1, window_ticks))
		i--;
	offset->anchor = ffntp_history_newest(history)->stamp;
	offset->first = offset->end = 0;
	offset->is_stale = false;
	for (; i < history->added; i++)
		push(offset, ffntp_history_at(history, i));
}

void ffntp_offset_add(struct ffntp_offset *offset, const struct ffntp_history *history, double period_s)
{
	double window_ticks = FFNTP_RADCLOCK_OFFSET_WINDOW_S / period_s;
	const struct ffntp_stamp *newest = &ffntp_history_newest(history)->stamp;
	double now = ffntp_middle_ticks(newest, &offset->anchor);

	if (offset->is_stale || offset->end == offset->room || now * period_s > ANCHOR_LIMIT_S) {
		rebuild(offset, history, window_ticks);
		return;
	}
	push(offset, ffntp_history_newest(history));
	while (offset->first < offset->end && now - offset->ticks[offset->first] > window_ticks)
		offset->first++;
}

/* Each point's error in widths of the weights, and the least of them. */
static double rate_points(const struct ffntp_offset *offset, double now_ticks, double period_s)
{
	double per_excess = period_s / FFNTP_RADCLOCK_OFFSET_WIDTH_S;
	double per_age = per_excess * FFNTP_RADCLOCK_AGEING;
	double least = 1e300;

	for (uint32_t i = offset->first; i < offset->end; i++) {
		double error = offset->excess_ticks[i] * per_excess + (now_ticks - offset->ticks[i]) * per_age;

		offset->error[i] = error;
		if (error < least)
			least = error;
	}
	return least;
}

/* Weighted sums over the window's points: of ages, of what they say, and of the products of both. */
struct sums {
	double weight, weight2, age, age2, ahead, ahead2, age_ahead;
};

static void add_point(struct sums *sums, double weight, double age_s, double ahead_s)
{
	sums->weight += weight;
	sums->weight2 += weight * weight;
	sums->age += weight * age_s;
	sums->age2 += weight * age_s * age_s;
	sums->ahead += weight * ahead_s;
	sums->ahead2 += weight * ahead_s * ahead_s;
	sums->age_ahead += weight * age_s * ahead_s;
}

/* Means, variances, and the slope of what the points say over their age: what the local rate is wrong by. */
static void conclude(const struct sums *sums, struct ffntp_offset_estimate *estimate)
{
	double age_s = sums->age / sums->weight, ahead_s = sums->ahead / sums->weight;
	double age_variance = sums->age2 / sums->weight - age_s * age_s;
	double covariance = sums->age_ahead / sums->weight - age_s * ahead_s;

	estimate->ahead_s = ahead_s;
	estimate->mean_age_s = age_s;
	estimate->stamps = sums->weight * sums->weight / sums->weight2;
	estimate->variance_s2 = sums->ahead2 / sums->weight - ahead_s * ahead_s;
	estimate->slope = age_variance > 0 ? covariance / age_variance : 0;
}

/* Weights below e^-36 of the best one's, 2^-52, are nothing beside it. */
#define WEIGHT_CUT 36.0

bool ffntp_offset_combine(const struct ffntp_offset *offset, const struct ffntp_stamp *newest, double period_s,
			  double local_period_s, struct ffntp_offset_estimate *estimate)
{
	double now_ticks =
		ffntp_counter_diff(newest->tf, offset->anchor.tf) + (double)ffntp_stamp_rtt_ticks(&offset->anchor) / 2;
	double now_s = ffntp_middle_s(newest, &offset->anchor);
	struct sums sums = { 0 };
	double least;

	if (offset->first == offset->end)
		return false;
	least = rate_points(offset, now_ticks, period_s);
	for (uint32_t i = offset->first; i < offset->end; i++) {
		double exponent = (least - offset->error[i]) * (least + offset->error[i]);
		double age_s = (now_ticks - offset->ticks[i]) * local_period_s;

		if (exponent > -WEIGHT_CUT)
			add_point(&sums, ffntp_exp(exponent), age_s, (offset->time_s[i] - now_s) + age_s);
	}
	conclude(&sums, estimate);
	estimate->error_s = least * FFNTP_RADCLOCK_OFFSET_WIDTH_S;
	return true;
}
