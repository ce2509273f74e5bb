/* interval: the estimator's interface on top of oscillator, path and gate. */
#include "../estimator.h"
#include "../maths.h"
#include "interval_oscillator.h"
#include "interval_path.h"

struct interval {
	struct ffntp_estimator_config config;
	const struct ffntp_interval_params *params;
	uint64_t stamps;
	ffntp_counter at;
	struct ffntp_ntp reference;
	double skew_hint, skew_variance;
	struct ffntp_oscillator oscillator;
	struct ffntp_path path;
	uint32_t rejected;
};

static const struct ffntp_interval_params default_params = {
	.wander = { 1e-10, 3e-10, 1e-9, 3e-9, 1e-8, 3e-8 },
	.leak = 1e-3,
	.resolution_s = 1e-7,
	.slack = 0.35,
	.settled = 32,
	.shift_window = 64,
	.fault_limit = 256,
};

static size_t memory(const struct ffntp_estimator_config *config)
{
	(void)config;
	return (sizeof(struct interval) + 15) / 16 * 16;
}

static void init(void *state, const struct ffntp_estimator_config *config)
{
	struct interval *interval = state;

	*interval = (struct interval){ .config = *config, .params = &default_params };
	interval->skew_variance = config->period_hint_error * config->period_hint_error / 4;
}

static double clock_time(const struct interval *interval, uint64_t ticks)
{
	return (double)(int64_t)ticks * interval->config.period_hint_s;
}

static struct ffntp_edges edges_of(const struct interval *interval, const struct ffntp_stamp *stamp)
{
	double span = clock_time(interval, stamp->tf - stamp->ta);

	return (struct ffntp_edges){
		.lower = -span - ffntp_ntp_diff_s(stamp->tb, interval->reference),
		.upper = -ffntp_ntp_diff_s(stamp->te, interval->reference),
		.span = span,
	};
}

static void first(struct interval *interval, const struct ffntp_stamp *stamp)
{
	struct ffntp_edges e;
	struct ffntp_belief belief = { 0 };

	interval->at = stamp->tf;
	interval->reference = stamp->te;
	e = edges_of(interval, stamp);
	belief.theta = (e.lower + e.upper) / 2;
	belief.gamma = interval->skew_hint;
	belief.p00 = (e.upper - e.lower) * (e.upper - e.lower) / 16;
	belief.p11 = interval->skew_variance;
	ffntp_oscillator_init(&interval->oscillator, &belief);
	ffntp_path_init(&interval->path, &e);
}

static void move_anchor(struct interval *interval, ffntp_counter tf)
{
	double elapsed = clock_time(interval, tf - interval->at), ahead;
	int64_t units;

	ffntp_oscillator_predict(&interval->oscillator, elapsed, interval->params);
	ahead = elapsed - ffntp_oscillator_mixture(&interval->oscillator).theta;
	units = (int64_t)(ahead * 0x1p32);
	interval->reference.units += (uint64_t)units;
	ffntp_oscillator_shift(&interval->oscillator, (double)units * 0x1p-32 - elapsed);
	interval->at = tf;
}

static void put(const struct interval *interval, struct ffntp_estimate *estimate)
{
	struct ffntp_belief m = ffntp_oscillator_mixture(&interval->oscillator);

	*estimate = (struct ffntp_estimate){ 0 };
	estimate->at = interval->at;
	estimate->reference = interval->reference;
	estimate->correction_s = -m.theta;
	estimate->period_s = interval->config.period_hint_s * (1 - m.gamma);
	estimate->stable_period_s = estimate->period_s;
	estimate->esterror_s = ffntp_sqrt(m.p00);
	estimate->period_esterror = ffntp_sqrt(m.p11);
	estimate->stable_esterror = estimate->period_esterror;
	estimate->covariance_s = m.p01;
	estimate->wander_per_s = ffntp_oscillator_wander2(&interval->oscillator, interval->params);
	/* An interval as wide as two exponentials of half the mean excess each, uniform: (excess / 2) sqrt(6 / 12). */
	estimate->exchange_esterror_s = 0.354 * interval->path.level.excess + interval->params->resolution_s;
}

static enum ffntp_verdict add(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate)
{
	struct interval *interval = state;
	const struct ffntp_interval_params *params = interval->params;
	struct ffntp_edges e;
	struct ffntp_belief clock;
	struct ffntp_constraint c;
	double spread, out, limit;

	if (interval->stamps++ == 0) {
		first(interval, stamp);
		put(interval, estimate);
		return FFNTP_ACCEPTED;
	}
	move_anchor(interval, stamp->tf);
	e = edges_of(interval, stamp);
	clock = ffntp_oscillator_mixture(&interval->oscillator);
	spread = ffntp_sqrt(clock.p00);
	c = ffntp_path_constrain(&interval->path, &e, &clock, params);
	out = c.low - clock.theta > clock.theta - c.high ? c.low - clock.theta : clock.theta - c.high;
	limit = 30 * spread > 20 * interval->path.level.excess ? 30 * spread : 20 * interval->path.level.excess;
	if (limit < 1e-4)
		limit = 1e-4;
	if (interval->path.seen > params->settled && interval->rejected < params->fault_limit && out > limit) {
		interval->rejected++;
		put(interval, estimate);
		return FFNTP_REFUSED_CONTRADICTION;
	}
	if (interval->rejected >= params->fault_limit) {
		double half = (c.high - c.low) / 2 + spread;

		ffntp_oscillator_forget_time(&interval->oscillator, (c.low + c.high) / 2, half * half);
	}
	interval->rejected = 0;
	ffntp_oscillator_constrain(&interval->oscillator, &c, params);
	put(interval, estimate);
	return FFNTP_ACCEPTED;
}

static void restart(void *state)
{
	struct interval *interval = state;
	struct ffntp_belief m = ffntp_oscillator_mixture(&interval->oscillator);

	interval->skew_hint = m.gamma;
	interval->skew_variance = m.p11;
	interval->stamps = 0;
	interval->rejected = 0;
}

static void warm(void *state, double period_s, double period_esterror)
{
	struct interval *interval = state;

	interval->skew_hint = 1 - period_s / interval->config.period_hint_s;
	interval->skew_variance = period_esterror * period_esterror;
}

const struct ffntp_estimator_ops ffntp_interval_ops = {
	.name = "interval",
	.memory = memory,
	.init = init,
	.add = add,
	.restart = restart,
	.warm = warm,
};
