/* radclock_local: see radclock_local.h. */
#include "radclock_local.h"

#include "../params.h"

struct ffntp_local_windows ffntp_local_windows_warming_up(double span_s)
{
	double part_s = FFNTP_RADCLOCK_WARMUP_SHARE * span_s;

	return (struct ffntp_local_windows){
		.near = { .youngest_s = 0, .oldest_s = part_s },
		.far = { .youngest_s = span_s - part_s, .oldest_s = 2 * span_s },
	};
}

struct ffntp_local_windows ffntp_local_windows_warm(void)
{
	return (struct ffntp_local_windows){
		.near = { .youngest_s = 0, .oldest_s = FFNTP_RADCLOCK_NEAR_WINDOW_S },
		.far = { .youngest_s = FFNTP_RADCLOCK_FAR_YOUNGEST_S, .oldest_s = FFNTP_RADCLOCK_FAR_OLDEST_S },
	};
}

void ffntp_local_init(struct ffntp_local *local, uint64_t *queues, uint32_t capacity)
{
	*local = (struct ffntp_local){ 0 };
	ffntp_minimum_init(&local->near, queues, capacity, true);
	ffntp_minimum_init(&local->far, queues + capacity, capacity, true);
}

void ffntp_local_clear(struct ffntp_local *local)
{
	ffntp_minimum_clear(&local->near);
	ffntp_minimum_clear(&local->far);
	local->contest.stamps = 0;
	if (local->rate.error < FFNTP_RADCLOCK_RATE_BOUND)
		local->rate.error = FFNTP_RADCLOCK_RATE_BOUND;
}

static bool quickest(struct ffntp_minimum *minimum, const struct ffntp_history *history, struct ffntp_window window,
		     double period_s, const struct ffntp_record **record)
{
	struct ffntp_range range = minimum->range;
	uint64_t sequence;

	ffntp_window_slide(window, history, period_s, &range);
	ffntp_minimum_move(minimum, history, range);
	if (!ffntp_minimum_get(minimum, &sequence))
		return false;
	*record = ffntp_history_at(history, sequence);
	return true;
}

bool ffntp_local_measure(struct ffntp_local *local, const struct ffntp_history *history,
			 struct ffntp_local_windows windows, double period_s, double path_s,
			 struct ffntp_radclock_rate *candidate)
{
	const struct ffntp_record *near, *far;
	bool has_near = quickest(&local->near, history, windows.near, period_s, &near);
	bool has_far = quickest(&local->far, history, windows.far, period_s, &far);

	return has_near && has_far && ffntp_radclock_rate_measure(far, near, period_s, 2 * path_s, candidate);
}

void ffntp_local_warm_up(struct ffntp_local *local, const struct ffntp_radclock_rate *candidate, ffntp_counter at)
{
	if (candidate->error > local->rate.error)
		return;
	local->rate = *candidate;
	local->measured_at = at;
}

void ffntp_local_consider(struct ffntp_local *local, const struct ffntp_radclock_rate *candidate, ffntp_counter at)
{
	if (candidate->error >= FFNTP_RADCLOCK_LOCAL_QUALITY ||
	    !ffntp_radclock_rate_is_sane(&local->rate, candidate, at, &local->contest))
		return;
	local->rate = *candidate;
	local->measured_at = at;
}

void ffntp_local_expire(struct ffntp_local *local, const struct ffntp_radclock_rate *average, ffntp_counter at)
{
	if (ffntp_counter_diff(at, local->measured_at) * average->period_s <= FFNTP_RADCLOCK_LOCAL_STALE_S)
		return;
	local->rate = (struct ffntp_radclock_rate){ average->period_s, average->error + FFNTP_RADCLOCK_RATE_BOUND };
}
