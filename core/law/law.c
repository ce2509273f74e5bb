/*
 * law: the delay-law estimator (docs/algorithm.md). It learns the probability density (the law) of each direction's
 * delays; a delay then shows how far the clock is off. This file turns stamps into exchanges, and beliefs into
 * estimates.
 */
#include "law.h"

#include "../maths.h"
#include "law_filter.h"

static const struct ffntp_law_params default_params = FFNTP_LAW_PARAMS;

/* Beyond this a difference of timestamps is ambiguous (2^31 s is), and nothing is known any more in any case. */
#define LONGEST_GAP_S 0x1p30

/* Further rate error (ratio), beside the hint's, up to which a stamp's durations count as this counter's. */
#define RATE_ERROR 1e-2

static size_t memory(const struct ffntp_estimator_config *config)
{
	(void)config;
	return (sizeof(struct ffntp_law_filter) + 15) / 16 * 16;
}

void ffntp_law_init_with(void *state, const struct ffntp_estimator_config *config,
			 const struct ffntp_law_params *params)
{
	struct ffntp_law_filter *filter = state;

	*filter = (struct ffntp_law_filter){ .config = *config, .params = params };
	/* The hint's error e is a maximum: a uniform distribution from -e to e has the variance e^2 / 3. */
	filter->start.p11 = config->period_hint_error * config->period_hint_error / 3;
}

static void init(void *state, const struct ffntp_estimator_config *config)
{
	ffntp_law_init_with(state, config, &default_params);
}

/* Return the counter time (s) between two readings: ticks by the nominal period, to a relative rounding of 2^-53. */
static double counter_time(const struct ffntp_law_filter *filter, ffntp_counter newer, ffntp_counter older)
{
	return ffntp_counter_diff(newer, older) * filter->config.period_hint_s;
}

void ffntp_law_refresh(struct ffntp_law_filter *filter)
{
	filter->now = ffntp_law_clock_mixture(&filter->clock);
	filter->wander2 = ffntp_law_clock_wander2(&filter->clock);
}

struct ffntp_law_sight ffntp_law_sight_of(const struct ffntp_law_past *past)
{
	return (struct ffntp_law_sight){ past->forward_s, past->backward_s, past->span_s, { 1, 1 } };
}

/* --- stamps --- */

/* Put a stamp at the end of the ring, which has room. */
static void put_in_ring(struct ffntp_law_filter *filter, const struct ffntp_stamp *stamp, double elapsed_s)
{
	double span_s = counter_time(filter, stamp->tf, stamp->ta);

	filter->past[filter->filled++] = (struct ffntp_law_past){
		.forward_s = -span_s - ffntp_ntp_diff_s(stamp->tb, filter->reference),
		.backward_s = -ffntp_ntp_diff_s(stamp->te, filter->reference),
		.span_s = span_s,
		.elapsed_s = elapsed_s,
	};
	filter->seen++;
}

/*
 * Move the anchor to tf and to the time that the clock is expected to show then. This keeps theta small, so that its
 * differences are exact.
 */
static void move_anchor(struct ffntp_law_filter *filter, ffntp_counter tf, double elapsed_s)
{
	int64_t units = (int64_t)((elapsed_s - filter->now.theta) * 0x1p32);
	double shift = (double)units * 0x1p-32 - elapsed_s;

	ffntp_law_clock_shift(&filter->clock, shift);
	filter->now.theta += shift;
	for (int i = 0; i < filter->filled; i++) {
		filter->past[i].forward_s += shift;
		filter->past[i].backward_s += shift;
		filter->past[i].after.theta += shift;
	}
	if (filter->trial.is_open)
		ffntp_law_trial_shift(&filter->trial, shift);
	filter->reference.units += (uint64_t)units;
	filter->at = tf;
}

/* Discard the exchanges in the ring, the trial, and the counts that judge whether exchanges fit. */
static void forget_exchanges(struct ffntp_law_filter *filter)
{
	for (int way = 0; way < 2; way++) {
		filter->watch[way].fast = filter->watch[way].slow = filter->watch[way].muted_for = 0;
		filter->drift[way] = filter->drift_score[way] = 0;
	}
	filter->quiet = filter->patience = filter->skipped_s = 0;
	filter->trial.is_open = false;
	filter->lead = FFNTP_LAW_CAUSE_NONE;
	filter->filled = 0;
}

/* Begin from this stamp, with nothing known of the path. */
static void begin(struct ffntp_law_filter *filter, const struct ffntp_stamp *stamp)
{
	const struct ffntp_law_watch watch = { .independence = 1 };

	filter->at = stamp->tf;
	filter->reference = stamp->te;
	filter->has_anchor = filter->has_time = true;
	filter->is_learning = false;
	forget_exchanges(filter);
	filter->seen = 0;
	filter->watch[0] = filter->watch[1] = watch;
	filter->longer_s[0] = filter->longer_s[1] = filter->longer_variance = 0;
	filter->cross_correlation = filter->common_correlation = 0;
	filter->independence = 1;
	put_in_ring(filter, stamp, 0);
	ffntp_law_start(filter);
}

/*
 * Begin the time again by the first exchange, while laws and rate are known: both delays then lie as far from the
 * middles of their laws.
 */
static void place(struct ffntp_law_filter *filter, const struct ffntp_stamp *stamp)
{
	const struct ffntp_law *there = &filter->law[0], *back = &filter->law[1];
	struct ffntp_law_belief belief = filter->now;
	struct ffntp_law_sight sight;

	filter->at = stamp->tf;
	filter->reference = stamp->te;
	filter->has_time = true;
	put_in_ring(filter, stamp, 0);
	sight = ffntp_law_sight_of(&filter->past[0]);
	belief.theta =
		(sight.forward_s + there->origin + there->middle + sight.backward_s - back->origin - back->middle) / 2;
	belief.p00 = ffntp_square(there->scale) + ffntp_square(back->scale);
	belief.p01 = 0;
	ffntp_law_clock_set(&filter->clock, &belief);
	(void)ffntp_law_clock_update(&filter->clock, filter->law, &sight);
	ffntp_law_refresh(filter);
	filter->past[0].after = filter->now;
}

/* Update the mean rate: the growth of theta over counter time, in which times older than a day fade. */
static void learn_average(struct ffntp_law_filter *filter, double elapsed_s, double grown_s)
{
	double kept = filter->params->stable_s / (filter->params->stable_s + elapsed_s);

	filter->average_theta_s = filter->average_theta_s * kept + grown_s;
	filter->average_counter_s = filter->average_counter_s * kept + elapsed_s;
}

static enum ffntp_verdict follow(struct ffntp_law_filter *filter, const struct ffntp_stamp *stamp)
{
	double elapsed_s = counter_time(filter, stamp->tf, filter->at), theta_s = ffntp_law_belief_now(filter).theta;
	struct ffntp_ntp reference = filter->reference;
	bool is_taken;

	ffntp_law_clock_predict(&filter->clock, elapsed_s);
	ffntp_law_refresh(filter);
	move_anchor(filter, stamp->tf, elapsed_s);
	put_in_ring(filter, stamp, elapsed_s + filter->skipped_s);
	is_taken = ffntp_law_take(filter, elapsed_s);
	theta_s = ffntp_law_belief_now(filter).theta - theta_s + elapsed_s -
		  ffntp_ntp_diff_s(filter->reference, reference);
	learn_average(filter, elapsed_s, theta_s);
	return is_taken ? FFNTP_ACCEPTED : FFNTP_REFUSED_CONTRADICTION;
}

/*
 * Check the stamp's durations, and its distance from the stamp before. The exchange has checked everything that one
 * stamp alone shows.
 */
static enum ffntp_verdict examine(const struct ffntp_law_filter *filter, const struct ffntp_stamp *stamp)
{
	double span_s = counter_time(filter, stamp->tf, stamp->ta),
	       residence_s = ffntp_ntp_diff_s(stamp->te, stamp->tb);
	double since_s = filter->has_time ? counter_time(filter, stamp->ta, filter->at) : 0;
	double rate_error = filter->config.period_hint_error + RATE_ERROR;

	if (filter->has_time && stamp->tf == filter->at)
		return FFNTP_REFUSED_DUPLICATE;
	if (!(span_s > 0 && since_s >= 0 && since_s < LONGEST_GAP_S))
		return FFNTP_REFUSED_COUNTER;
	if (!(span_s <= FFNTP_MAX_RTT_S * (1 + rate_error)))
		return FFNTP_REFUSED_LATE;
	if (!(residence_s >= -FFNTP_SERVER_ORDER_S - stamp->precision_s))
		return FFNTP_REFUSED_TIMESTAMPS;
	return residence_s < span_s * (1 + rate_error) + stamp->precision_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_RESIDENCE;
}

/* --- estimates --- */

/*
 * Return the variance (s^2) by which rounded timestamps may shift the estimate. The rounding of one exchange has the
 * variance step^2 / 12. If delays vary by more than a step, the law contains it, and it averages out; if they do not,
 * every exchange may be rounded the same way.
 */
static double rounding2(const struct ffntp_law_filter *filter)
{
	double step2 = ffntp_square(filter->precision_s);
	double spread2 = ffntp_square(ffntp_fmin(filter->law[0].scale, filter->law[1].scale));

	return step2 > 0 ? step2 / 12 * step2 / (step2 + 12 * spread2) : 0;
}

/*
 * Return the belief to publish. Its variance is larger than the filter's own, the more so the fewer exchanges the
 * filter has processed.
 */
static struct ffntp_law_belief modest(const struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	struct ffntp_law_belief belief = ffntp_law_belief_now(filter);
	double modesty2 = ffntp_square(params->modesty), doubt = params->learnt / (params->learnt + filter->seen);

	belief.theta += filter->gauge;
	belief.p00 = belief.p00 * modesty2 * (1 + doubt) + filter->gauge_variance + filter->longer_variance +
		     rounding2(filter);
	belief.p01 *= modesty2;
	belief.p11 *= modesty2;
	return belief;
}

/*
 * Set the stable period. The average rate's error comes from theta's error at both ends, and from the wander meanwhile.
 */
static void put_stable(const struct ffntp_law_filter *filter, const struct ffntp_law_belief *belief,
		       struct ffntp_estimate *estimate)
{
	double span = filter->average_counter_s, ends = span > 0 ? 2 * belief->p00 / (span * span) : 0;
	bool is_better = span > 0 && ends < belief->p11;
	double skew = is_better ? filter->average_theta_s / span : belief->gamma;

	estimate->stable_period_s = filter->config.period_hint_s * (1 - skew);
	estimate->stable_esterror = ffntp_sqrt(is_better ? ends + filter->wander2 * span / 3 : belief->p11);
}

/*
 * Return the standard deviation (s) of the time by one exchange alone, whose delays are taken for the middles of their
 * laws.
 */
static double exchange_esterror(const struct ffntp_law_filter *filter)
{
	double there = filter->law[0].scale, back = filter->law[1].scale;

	return ffntp_sqrt((there * there + back * back) / 4 + rounding2(filter));
}

static void put(const struct ffntp_law_filter *filter, struct ffntp_estimate *estimate)
{
	struct ffntp_law_belief belief = modest(filter);

	*estimate = (struct ffntp_estimate){
		.at = filter->at,
		.reference = filter->reference,
		.correction_s = -belief.theta,
		.period_s = filter->config.period_hint_s * (1 - belief.gamma),
		.esterror_s = ffntp_sqrt(belief.p00),
		.period_esterror = ffntp_sqrt(belief.p11),
		.covariance_s = belief.p01,
		.wander_per_s = filter->wander2,
		.exchange_esterror_s = exchange_esterror(filter),
		.asymmetry_esterror_s = ffntp_asymmetry_esterror_s(filter->round_trip_s),
	};
	put_stable(filter, &belief, estimate);
}

static enum ffntp_verdict add(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate)
{
	struct ffntp_law_filter *filter = state;
	enum ffntp_verdict verdict = examine(filter, stamp);

	if (verdict == FFNTP_ACCEPTED) {
		filter->precision_s = stamp->precision_s;
		if (!filter->has_anchor)
			begin(filter, stamp);
		else if (!filter->has_time)
			place(filter, stamp);
		else
			verdict = follow(filter, stamp);
	}
	put(filter, estimate);
	return verdict;
}

static void restart(void *state)
{
	struct ffntp_law_filter *filter = state;
	struct ffntp_law_belief belief;

	if (!filter->has_anchor)
		return;
	belief = modest(filter);
	filter->start = (struct ffntp_law_belief){ .gamma = belief.gamma, .p11 = belief.p11 };
	filter->average_theta_s = filter->average_counter_s = 0;
	filter->has_anchor = filter->has_time = false;
}

/* Time has stepped: keep rate and laws. If the laws are only assumed yet, begin again from scratch instead. */
static void step(void *state)
{
	struct ffntp_law_filter *filter = state;

	if (!filter->has_anchor || !filter->is_learning) {
		restart(state);
		return;
	}
	filter->average_theta_s = filter->average_counter_s = 0;
	filter->has_time = false;
	forget_exchanges(filter);
}

static void warm(void *state, double period_s, double period_esterror)
{
	struct ffntp_law_filter *filter = state;

	filter->start = (struct ffntp_law_belief){
		.gamma = 1 - period_s / filter->config.period_hint_s,
		.p11 = period_esterror * period_esterror,
	};
}

const struct ffntp_estimator_ops ffntp_law_ops = {
	.kind = FFNTP_ESTIMATOR_LAW,
	.name = "law",
	.summary = "learns how the delays of each direction are distributed",
	.memory = memory,
	.init = init,
	.add = add,
	.restart = restart,
	.step = step,
	.warm = warm,
	.describe = FFNTP_ESTIMATOR_DESCRIBE(ffntp_law_describe),
};
