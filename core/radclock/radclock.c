/*
 * radclock: the RADclock estimator. A stamp passes through floor (the path), trust (the server), period and local (the
 * oscillator), and offset (the time), in this order. docs/radclock.md gives the reasons.
 */
#include "../assert.h"
#include "../estimator.h"
#include "../estimator_state.h"
#include "../history.h"
#include "../mapping.h"
#include "../maths.h"
#include "../params.h"
#include "radclock_floor.h"
#include "radclock_line.h"
#include "radclock_local.h"
#include "radclock_offset.h"
#include "radclock_period.h"
#include "radclock_point.h"
#include "radclock_spread.h"
#include "radclock_trust.h"

struct radclock {
	struct ffntp_history history;
	struct ffntp_floor floor;
	struct ffntp_trust trust;
	struct ffntp_period period;
	struct ffntp_local local;
	struct ffntp_offset offset;
	bool is_warm;
	ffntp_counter first_at;          /* tf of the first stamp */
	struct ffntp_radclock_line line; /* the clock; set from the first stamp on */
	ffntp_counter set_at;            /* tf of the newest stamp when the line was last set */
	double error_s;                  /* error of the line: the best stamp's, growing with age */
	double mean_age_s;               /* weighted mean age of the stamps that the line was set from */
	struct ffntp_spread spread;
	struct ffntp_spread_figures figures; /* as of the last addition */
	ffntp_counter spread_at;             /* tf of the stamp of the last addition */
	struct ffntp_radclock_rate hint;
};

/* --- memory --- */

struct layout {
	uint32_t stamps, offset_stamps;
	size_t records, queues, room, size; /* byte offsets */
};

static uint32_t clamp(double value, uint32_t least, uint32_t most)
{
	if (value <= (double)least)
		return least;
	return value >= (double)most ? most : (uint32_t)value;
}

static size_t aligned(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

static struct layout lay_out(const struct ffntp_estimator_config *config)
{
	double needed = FFNTP_RADCLOCK_WARMUP_S / config->poll_s + FFNTP_RADCLOCK_BURST_STAMPS;
	double window = FFNTP_RADCLOCK_OFFSET_WINDOW_S / config->poll_s + FFNTP_RADCLOCK_BURST_STAMPS;
	struct layout layout = { 0 };

	if (config->history > 0)
		needed = config->history;
	layout.stamps = clamp(needed, FFNTP_RADCLOCK_HISTORY_LEAST, FFNTP_RADCLOCK_HISTORY_MOST);
	layout.offset_stamps = clamp(window, FFNTP_RADCLOCK_BURST_STAMPS, layout.stamps);
	layout.records = aligned(sizeof(struct radclock));
	layout.queues = layout.records + aligned(layout.stamps * sizeof(struct ffntp_record));
	layout.room = layout.queues + aligned((size_t)3 * layout.stamps * sizeof(uint64_t));
	layout.size = layout.room + aligned(ffntp_offset_room(layout.offset_stamps) * sizeof(double));
	return layout;
}

static size_t memory(const struct ffntp_estimator_config *config)
{
	return lay_out(config).size;
}

static void init(void *state, const struct ffntp_estimator_config *config)
{
	struct layout layout = lay_out(config);
	struct radclock *radclock = state;
	unsigned char *bytes = state;
	uint64_t *queues = (void *)(bytes + layout.queues);
	struct ffntp_radclock_rate hint = { config->period_hint_s, config->period_hint_error };

	*radclock = (struct radclock){ .period.rate = hint, .hint = hint };
	ffntp_history_init(&radclock->history, (void *)(bytes + layout.records), layout.stamps);
	ffntp_floor_init(&radclock->floor, queues, layout.stamps);
	ffntp_local_init(&radclock->local, queues + layout.stamps, layout.stamps);
	ffntp_offset_init(&radclock->offset, (void *)(bytes + layout.room), layout.offset_stamps);
	radclock->local.rate = hint;
}

/* Relocate a pointer into 'former' to the same place in 'state'. */
static void *follow(void *state, const void *former, const void *inside)
{
	return (unsigned char *)state + ((const unsigned char *)inside - (const unsigned char *)former);
}

static void moved(void *state, const void *former)
{
	struct radclock *radclock = state;

	radclock->history.ring = follow(state, former, radclock->history.ring);
	radclock->floor.recent.queue = follow(state, former, radclock->floor.recent.queue);
	radclock->local.near.queue = follow(state, former, radclock->local.near.queue);
	radclock->local.far.queue = follow(state, former, radclock->local.far.queue);
	ffntp_offset_moved(&radclock->offset, follow(state, former, radclock->offset.arrays));
}

static void warm(void *state, double period_s, double period_esterror)
{
	struct radclock *radclock = state;
	struct ffntp_radclock_rate known = { period_s, period_esterror / FFNTP_RADCLOCK_RATE_SIGMA };

	radclock->period.rate = known;
	radclock->local.rate = known;
}

static void restart(void *state)
{
	struct radclock *radclock = state;

	ffntp_history_clear(&radclock->history);
	ffntp_floor_clear(&radclock->floor);
	ffntp_period_clear(&radclock->period);
	ffntp_local_clear(&radclock->local);
	ffntp_offset_clear(&radclock->offset);
	radclock->trust = (struct ffntp_trust){ 0 };
	radclock->is_warm = false;
}

/* --- stages --- */

static double elapsed_s(const struct radclock *radclock, ffntp_counter since, ffntp_counter now)
{
	return ffntp_counter_diff(now, since) * radclock->period.rate.period_s;
}

/* Add the stamp to the history and update the path's floor. */
static void remember(struct radclock *radclock, const struct ffntp_stamp *stamp)
{
	uint64_t rtt_ticks = ffntp_stamp_rtt_ticks(stamp);
	struct ffntp_record record = { *stamp, rtt_ticks, rtt_ticks, true };
	double period_s = radclock->period.rate.period_s, lowered_ticks;

	ffntp_history_add(&radclock->history, &record);
	if (ffntp_floor_update(&radclock->floor, &radclock->history, period_s, radclock->is_warm, &lowered_ticks))
		ffntp_offset_refloor(&radclock->offset);
	radclock->error_s += lowered_ticks * period_s;
	FFNTP_ASSERT(radclock->floor.ticks <= rtt_ticks);
}

static void begin(struct radclock *radclock, const struct ffntp_stamp *stamp)
{
	double half_s = ffntp_ticks(ffntp_stamp_rtt_ticks(stamp)) * radclock->period.rate.period_s / 2;

	radclock->first_at = radclock->set_at = stamp->tf;
	radclock->local.measured_at = radclock->period.measured_at = stamp->tf;
	radclock->line = ffntp_radclock_line_after(stamp, half_s);
	radclock->error_s = 0;
	radclock->mean_age_s = 0;
	radclock->spread = (struct ffntp_spread){ 0 };
	radclock->figures = (struct ffntp_spread_figures){ 0 };
}

/* Return the uncertainty of the path's floor (s): all of it at first, and less with each stamp that is not lower. */
static double unknown_floor_s(const struct radclock *radclock)
{
	if (radclock->is_warm)
		return 0;
	return ffntp_ticks(radclock->floor.ticks) * radclock->period.rate.period_s / (double)radclock->history.added;
}

/*
 * Return the rate at which the clock's error may grow (ratio): that of oscillators, or more while this oscillator's
 * rate is unknown.
 */
static double rate_limit(const struct radclock *radclock)
{
	double unknown = 2 * radclock->local.rate.error;

	return unknown > FFNTP_RADCLOCK_SANITY_RATE ? unknown : FFNTP_RADCLOCK_SANITY_RATE;
}

static enum ffntp_trust_verdict judge(struct radclock *radclock, const struct ffntp_record *newest)
{
	double period_s = radclock->local.rate.period_s;
	struct ffntp_trust_clock clock = {
		.ahead_s = ffntp_radclock_line_ahead_s(&radclock->line, &newest->stamp) -
			   ffntp_ticks(newest->rtt_ticks) * period_s / 2,
		.error_s = radclock->error_s + unknown_floor_s(radclock),
		.period_s = period_s,
		.rate_limit = rate_limit(radclock),
	};

	return ffntp_trust_judge(&radclock->trust, newest, &clock);
}

/*
 * Return whether the server's refid, stratum or leap indicator differ from those of the stamp before; its time is not
 * to be trusted yet.
 */
static bool is_other_server(const struct radclock *radclock, const struct ffntp_stamp *stamp)
{
	const struct ffntp_stamp *before;

	if (radclock->history.added < 2)
		return false;
	before = &ffntp_history_at(&radclock->history, radclock->history.added - 2)->stamp;
	return before->leap != stamp->leap || before->stratum != stamp->stratum || before->refid != stamp->refid;
}

static void update_rates_warming_up(struct radclock *radclock, const struct ffntp_record *newest, double span_s)
{
	struct ffntp_local_windows windows = ffntp_local_windows_warming_up(span_s);
	struct ffntp_radclock_rate candidate;

	ffntp_period_offer_base(&radclock->period, newest);
	if (!ffntp_local_measure(&radclock->local, &radclock->history, windows, radclock->period.rate.period_s,
				 unknown_floor_s(radclock), &candidate))
		return;
	ffntp_period_warm_up(&radclock->period, &candidate, newest->stamp.tf);
	ffntp_local_warm_up(&radclock->local, &candidate, newest->stamp.tf);
}

static void update_rates(struct radclock *radclock, const struct ffntp_record *newest)
{
	struct ffntp_radclock_rate candidate;

	ffntp_period_update(&radclock->period, newest);
	if (ffntp_local_measure(&radclock->local, &radclock->history, ffntp_local_windows_warm(),
				radclock->period.rate.period_s, 0, &candidate))
		ffntp_local_consider(&radclock->local, &candidate, newest->stamp.tf);
	ffntp_local_expire(&radclock->local, &radclock->period.rate, newest->stamp.tf);
}

/* End the warm-up. Errors of estimates during the warm-up are no measure of later ones, so they are discarded. */
static void end_warm_up(struct radclock *radclock)
{
	if (!radclock->is_warm)
		radclock->spread = (struct ffntp_spread){ 0 };
	radclock->is_warm = true;
}

static void update_period(struct radclock *radclock, const struct ffntp_record *newest)
{
	double span_s = elapsed_s(radclock, radclock->first_at, newest->stamp.tf);

	if ((span_s >= FFNTP_RADCLOCK_WARMUP_S && radclock->history.added >= FFNTP_RADCLOCK_WARMUP_STAMPS) ||
	    radclock->history.added >= radclock->history.capacity)
		end_warm_up(radclock);
	if (radclock->is_warm)
		update_rates(radclock, newest);
	else
		update_rates_warming_up(radclock, newest, span_s);
}

/* Return the weight of the window's estimate beside the clock's own time: 1 if the window has a good stamp. */
static double share(const struct radclock *radclock, const struct ffntp_offset_estimate *combined)
{
	bool is_near = ffntp_floor_is_near(&radclock->floor, radclock->period.rate.period_s);
	double limit_s = is_near ? FFNTP_RADCLOCK_OFFSET_QUALITY_NEAR_S : FFNTP_RADCLOCK_OFFSET_QUALITY_FAR_S;
	double combined_widths = combined->error_s / FFNTP_RADCLOCK_OFFSET_WIDTH_S;
	double own_widths = radclock->error_s / FFNTP_RADCLOCK_OFFSET_WIDTH_S;

	if (combined->error_s < limit_s)
		return 1;
	return 1 / (1 + ffntp_exp((combined_widths - own_widths) * (combined_widths + own_widths)));
}

static bool is_sane(const struct radclock *radclock, double change_s, ffntp_counter at)
{
	double limit_s = FFNTP_RADCLOCK_SANITY_S + rate_limit(radclock) * elapsed_s(radclock, radclock->set_at, at);

	return !radclock->is_warm || (change_s <= limit_s && change_s >= -limit_s);
}

/*
 * Update the estimated errors at intervals, because an update costs time: often enough for slow changes, and at first
 * with every stamp.
 */
static void update_spread(struct radclock *radclock, const struct ffntp_offset_estimate *combined, double change_s,
			  ffntp_counter at)
{
	struct ffntp_offset_scatter scatter;

	if (radclock->is_warm && elapsed_s(radclock, radclock->spread_at, at) < FFNTP_RADCLOCK_SPREAD_S)
		return;
	scatter = ffntp_offset_scatter(&radclock->offset);
	ffntp_spread_add(&radclock->spread, &scatter, change_s);
	radclock->figures = ffntp_spread_figures(&radclock->spread, &scatter, combined->mean_age_s);
	radclock->spread_at = at;
}

static void update_offset(struct radclock *radclock, const struct ffntp_stamp *stamp)
{
	struct ffntp_offset_estimate combined;
	double ahead_s = ffntp_radclock_line_ahead_s(&radclock->line, stamp);
	double part, change_s;

	if (!ffntp_offset_combine(&radclock->offset, stamp, radclock->period.rate.period_s,
				  radclock->local.rate.period_s, &combined))
		return;
	part = share(radclock, &combined);
	change_s = part * (combined.ahead_s - ahead_s);
	if (!is_sane(radclock, change_s, stamp->tf))
		return;
	radclock->line = ffntp_radclock_line_after(stamp, ahead_s + change_s);
	if (part <= 0.5)
		return;
	update_spread(radclock, &combined, change_s, stamp->tf);
	radclock->mean_age_s = combined.mean_age_s;
	radclock->error_s = combined.error_s;
	radclock->set_at = stamp->tf;
}

/* --- the estimator --- */

static struct ffntp_estimate estimate_now(const struct radclock *radclock)
{
	double rate = radclock->figures.rate + FFNTP_RADCLOCK_RATE_SIGMA * radclock->local.rate.error;
	double age_s = elapsed_s(radclock, radclock->set_at, radclock->line.at);
	double floor_s = unknown_floor_s(radclock) / 2;

	return (struct ffntp_estimate){
		.at = radclock->line.at,
		.reference = radclock->line.reference,
		.correction_s = radclock->line.correction_s,
		.period_s = radclock->local.rate.period_s,
		.stable_period_s = radclock->period.rate.period_s,
		.esterror_s = radclock->figures.time_s + floor_s + age_s * rate,
		.asymmetry_esterror_s =
			ffntp_asymmetry_esterror_s(ffntp_ticks(radclock->floor.ticks) * radclock->period.rate.period_s),
		.period_esterror = rate,
		.stable_esterror = FFNTP_RADCLOCK_RATE_SIGMA * radclock->period.rate.error,
		.covariance_s = (radclock->mean_age_s + age_s) * rate * rate,
		.wander_per_s = radclock->figures.wander_per_s,
		.exchange_esterror_s = radclock->figures.stamp_s + floor_s,
	};
}

/* Carry the clock to the newest stamp at its own rate. */
static void carry(struct radclock *radclock, const struct ffntp_stamp *stamp)
{
	radclock->error_s += FFNTP_RADCLOCK_RATE_BOUND * elapsed_s(radclock, radclock->line.at, stamp->tf);
	ffntp_radclock_line_carry(&radclock->line, stamp->tf, radclock->local.rate.period_s);
}

/* Restart, because the clock has been proved wrong. */
static void start_over(struct radclock *radclock)
{
	restart(radclock);
	radclock->period.rate = radclock->local.rate = radclock->hint;
}

static bool take(struct radclock *radclock, const struct ffntp_stamp *stamp)
{
	struct ffntp_record *newest;
	enum ffntp_trust_verdict verdict;

	if (radclock->history.added == 0)
		begin(radclock, stamp);
	remember(radclock, stamp);
	carry(radclock, stamp);
	newest = ffntp_history_newest(&radclock->history);
	verdict = judge(radclock, newest);
	if (verdict == FFNTP_TRUST_LOST) {
		start_over(radclock);
		return take(radclock, stamp);
	}
	newest->is_believed = verdict == FFNTP_TRUST_BELIEVED;
	ffntp_offset_add(&radclock->offset, &radclock->history, radclock->period.rate.period_s);
	if (newest->is_believed && !is_other_server(radclock, stamp)) {
		update_period(radclock, newest);
		update_offset(radclock, stamp);
	}
	return newest->is_believed;
}

static enum ffntp_verdict add(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate)
{
	struct radclock *radclock = state;
	bool is_believed = take(radclock, stamp);

	*estimate = estimate_now(radclock);
	FFNTP_ASSERT(estimate->at == stamp->tf);
	FFNTP_ASSERT(estimate->esterror_s >= 0 && estimate->period_esterror >= 0);
	return is_believed ? FFNTP_ACCEPTED : FFNTP_REFUSED_CONTRADICTION;
}

/*
 * Round trips do not reveal the delay of one direction, so that each has half of the least one. While stamps are
 * rejected in a row, the probability that they are right grows with the time that they have persisted.
 */
static void describe(const void *of, struct ffntp_estimator_state *state)
{
	const struct radclock *radclock = of;
	double period_s = radclock->period.rate.period_s;
	double doubt = 0;

	if (radclock->history.added == 0)
		return;
	if (radclock->trust.refused.stamps > 0)
		doubt = elapsed_s(radclock, radclock->trust.refused.since, radclock->line.at) / FFNTP_RADCLOCK_LOST_S;
	doubt = ffntp_fmin(ffntp_fmax(doubt, 0), 1);
	state->floor_forward_ns = ffntp_mapping_ns(ffntp_ticks(radclock->floor.ticks) * period_s / 2);
	state->floor_backward_ns = state->floor_forward_ns;
	state->noise_forward_ns = ffntp_mapping_ns(radclock->figures.stamp_s);
	state->noise_backward_ns = state->noise_forward_ns;
	state->wander_1e15 = ffntp_estimator_state_wander(radclock->figures.wander_per_s);
	ffntp_estimator_state_add(state, FFNTP_HYPOTHESIS_UNCHANGED, ffntp_estimator_state_percent(1 - doubt));
	ffntp_estimator_state_add(state, FFNTP_HYPOTHESIS_TIME, ffntp_estimator_state_percent(doubt));
}

const struct ffntp_estimator_ops ffntp_radclock_ops = {
	.kind = FFNTP_ESTIMATOR_RADCLOCK,
	.name = "radclock",
	.summary = "takes time and rate from the exchanges of least delay",
	.memory = memory,
	.init = init,
	.add = add,
	.restart = restart,
	.step = restart,
	.warm = warm,
	.moved = moved,
	.describe = FFNTP_ESTIMATOR_DESCRIBE(describe),
};
