/*
 * interval: an estimator that takes each exchange as an interval for the time,
 * one edge for each direction. Here is what turns stamps into edges and beliefs
 * into estimates.
 */
#include "interval.h"

#include "../maths.h"
#include "interval_gate.h"
#include "interval_oscillator.h"
#include "interval_path.h"

/* What the counter did on average, with older times forgotten: theta's growth
 * over counter time, both weighted. */
struct average {
	double theta_s, counter_s;
};

struct interval {
	struct ffntp_estimator_config config;
	const struct ffntp_interval_params *params;
	struct ffntp_belief start; /* what is thought of the skew before the first stamp */
	bool has_anchor;
	/* The anchor: theta and the edges are counted from here, where counter time and server time are both 0. */
	ffntp_counter at;
	struct ffntp_ntp reference;
	struct average average;
	struct ffntp_oscillator oscillator;
	struct ffntp_belief clock; /* the moments of the oscillator's beliefs, and their mean wander, kept up to date */
	double wander2;
	struct ffntp_path path;
	struct ffntp_trial trial;
};

static const struct ffntp_interval_params default_params = FFNTP_INTERVAL_PARAMS;

/* Beyond this a difference of timestamps is ambiguous (2^31 s is), and nothing
 * is known any more in any case. */
#define LONGEST_GAP_S 0x1p30

static size_t memory(const struct ffntp_estimator_config *config)
{
	(void)config;
	return (sizeof(struct interval) + 15) / 16 * 16;
}

void ffntp_interval_init_with(void *state, const struct ffntp_estimator_config *config,
			      const struct ffntp_interval_params *params)
{
	struct interval *interval = state;

	*interval = (struct interval){ .config = *config, .params = params };
	/* The hint's error is a maximum: a uniform distribution that wide has a third
	 * of its square as variance. */
	interval->start.p11 = config->period_hint_error * config->period_hint_error / 3;
}

static void init(void *state, const struct ffntp_estimator_config *config)
{
	ffntp_interval_init_with(state, config, &default_params);
}

/* Counter time: seconds as the nominal period has them. Exact to 2^-53 of
 * itself. */
static double counter_time(const struct interval *interval, ffntp_counter newer, ffntp_counter older)
{
	return ffntp_counter_diff(newer, older) * interval->config.period_hint_s;
}

static struct ffntp_edges edges_of(const struct interval *interval, const struct ffntp_stamp *stamp)
{
	double span = counter_time(interval, stamp->tf, stamp->ta);

	return (struct ffntp_edges){
		.lower = -span - ffntp_ntp_diff_s(stamp->tb, interval->reference),
		.upper = -ffntp_ntp_diff_s(stamp->te, interval->reference),
		.span = span,
	};
}

/* After whatever changed the oscillator's beliefs. */
static void refresh(struct interval *interval)
{
	interval->clock = ffntp_oscillator_mixture(&interval->oscillator);
	interval->wander2 = ffntp_oscillator_wander2(&interval->oscillator);
}

/* Nothing is known of the path: theta is anywhere between the edges, which is
 * uniform with a twelfth of the width's square. */
static void begin(struct interval *interval, const struct ffntp_stamp *stamp)
{
	struct ffntp_belief belief = interval->start;
	struct ffntp_edges edges;

	interval->at = stamp->tf;
	interval->reference = stamp->te;
	edges = edges_of(interval, stamp);
	interval->path.precision = stamp->precision_s;
	ffntp_path_init(&interval->path, &edges, interval->params);
	belief.theta = (edges.lower + edges.upper) / 2;
	belief.p00 = (edges.upper - edges.lower) * (edges.upper - edges.lower) / 12;
	ffntp_belief_set_spare(&belief, ffntp_path_level(&interval->path)->spare,
			       ffntp_path_level(&interval->path)->spare2);
	ffntp_oscillator_init(&interval->oscillator, &belief, interval->params);
	refresh(interval);
	interval->trial.is_open = false;
	interval->has_anchor = true;
}

/* Moves the anchor to tf, to where the clock is expected then: theta stays small, and differences from it exact. */
static void move_anchor(struct interval *interval, ffntp_counter tf, double elapsed_s)
{
	int64_t units = (int64_t)((elapsed_s - interval->clock.theta) * 0x1p32);
	double shift = (double)units * 0x1p-32 - elapsed_s;

	ffntp_oscillator_shift(&interval->oscillator, shift);
	ffntp_trial_shift(&interval->trial, shift);
	interval->clock.theta += shift;
	interval->reference.units += (uint64_t)units;
	interval->at = tf;
}

/* Prediction is linear, so that of the beliefs' moments is the moments of their predictions. */
static void advance(struct interval *interval, ffntp_counter tf)
{
	double elapsed_s = counter_time(interval, tf, interval->at);

	ffntp_oscillator_predict(&interval->oscillator, elapsed_s);
	ffntp_belief_predict(&interval->clock, elapsed_s, interval->wander2);
	if (interval->trial.is_open)
		ffntp_trial_predict(&interval->trial, elapsed_s, interval->wander2);
	move_anchor(interval, tf, elapsed_s);
}

/* The path is at another level: what is thought of its spare is that level's. */
static void take_level(struct interval *interval)
{
	const struct ffntp_level *level = ffntp_path_level(&interval->path);

	ffntp_oscillator_set_spare(&interval->oscillator, level->spare, level->spare2);
	refresh(interval);
}

/*
 * A round trip below the least so far. That is what spare is for; if it is by far more than was spare, then the floor
 * was not known at all, and time was wrong by up to half of it.
 */
static void lower_floor(struct interval *interval, struct ffntp_excess *excess)
{
	double by = -excess->sum;

	if (by > interval->clock.spare + 2 * ffntp_sqrt(interval->clock.p22)) {
		ffntp_path_forget_spare(&interval->path);
		ffntp_oscillator_doubt(&interval->oscillator, by * by / 4);
		take_level(interval);
	} else {
		ffntp_oscillator_lower_spare(&interval->oscillator, by);
		refresh(interval);
	}
	ffntp_path_lower(&interval->path, excess, &interval->clock);
}

/* Takes an exchange that does not contradict the clock. */
static void take(struct interval *interval, const struct ffntp_edges *edges)
{
	const struct ffntp_interval_params *params = interval->params;
	struct ffntp_path *path = &interval->path;
	struct ffntp_excess excess = ffntp_path_excess(path, edges, &interval->clock);
	struct ffntp_constraint constraint;
	double softness_gain = 0;

	if (ffntp_path_has_risen(path, &excess, &interval->clock, params)) {
		take_level(interval);
		excess = ffntp_path_excess(path, edges, &interval->clock);
	}
	if (excess.sum < -path->precision)
		lower_floor(interval, &excess);
	if (!ffntp_path_is_doubtful(path, params)) {
		constraint = ffntp_path_constraint(path, &excess, &interval->clock, params);
		softness_gain = ffntp_oscillator_constrain(&interval->oscillator, &constraint, params);
		refresh(interval);
	}
	ffntp_path_learn(path, &excess, softness_gain, &interval->clock, params);
}

/* The trial has found out: from now on the clock is what that suspect's belief says. */
static void convict(struct interval *interval, enum ffntp_suspect suspect)
{
	double skew = interval->clock.gamma;

	ffntp_oscillator_set(&interval->oscillator, &interval->trial.belief[suspect]);
	refresh(interval);
	if (suspect == FFNTP_SUSPECT_BOTH)
		ffntp_path_scale(&interval->path, (1 - skew) / (1 - interval->clock.gamma));
}

/*
 * All before was congestion. Half of what the floor fell by is what time may be wrong by, and all of it what the rate
 * was wrong by in the time since the start.
 */
static void begin_anew(struct interval *interval)
{
	const struct ffntp_window *window = &interval->trial.window;
	struct ffntp_belief belief = interval->clock;
	double rate = window->sum / interval->average.counter_s;

	belief.p00 += window->sum * window->sum / 4;
	belief.p11 += rate * rate;
	ffntp_path_begin_anew(&interval->path, window, &interval->clock, interval->params);
	ffntp_oscillator_init(&interval->oscillator, &belief, interval->params);
	take_level(interval);
}

static enum ffntp_verdict obey(struct interval *interval, enum ffntp_ruling ruling, const struct ffntp_edges *edges)
{
	switch (ruling) {
	case FFNTP_RULING_OPEN:
		return FFNTP_REFUSED_CONTRADICTION;
	case FFNTP_RULING_COAST:
	case FFNTP_RULING_LEAN:
		break;
	case FFNTP_RULING_RATE:
		convict(interval, FFNTP_SUSPECT_RATE);
		break;
	case FFNTP_RULING_TIME:
		convict(interval, FFNTP_SUSPECT_TIME);
		break;
	case FFNTP_RULING_BOTH:
		convict(interval, FFNTP_SUSPECT_BOTH);
		break;
	case FFNTP_RULING_PATH:
		take_level(interval);
		take(interval, edges);
		break;
	case FFNTP_RULING_ANEW:
		begin_anew(interval);
		take(interval, edges);
		break;
	case FFNTP_RULING_CLOCK:
		take(interval, edges);
		break;
	}
	return FFNTP_ACCEPTED;
}

static enum ffntp_verdict judge(struct interval *interval, const struct ffntp_edges *edges, double elapsed_s)
{
	const struct ffntp_interval_params *params = interval->params;
	const struct ffntp_belief *clock = &interval->clock;
	struct ffntp_excess excess = ffntp_path_excess(&interval->path, edges, clock);
	enum ffntp_ruling ruling = FFNTP_RULING_CLOCK;

	if (!interval->trial.is_open && ffntp_gate_is_needed(&interval->path, &excess, clock, params))
		ffntp_trial_open(&interval->trial, &interval->path, &excess, clock, elapsed_s, params);
	if (interval->trial.is_open)
		ruling = ffntp_trial_rule(&interval->trial, &interval->path, &excess, clock, elapsed_s, params);
	return obey(interval, ruling, edges);
}

static void learn_average(struct interval *interval, double elapsed_s, double grown_s)
{
	double kept = interval->params->stable_s / (interval->params->stable_s + elapsed_s);

	interval->average.theta_s = interval->average.theta_s * kept + grown_s;
	interval->average.counter_s = interval->average.counter_s * kept + elapsed_s;
}

static struct ffntp_belief published(const struct interval *interval)
{
	const struct ffntp_belief *leaning = ffntp_trial_leaning(&interval->trial);
	struct ffntp_belief clock = leaning ? *leaning : interval->clock;
	double modesty2 = interval->params->modesty * interval->params->modesty;
	double learning = interval->params->learnt / (interval->params->learnt + (double)interval->path.seen);

	clock.p00 = clock.p00 * modesty2 * (1 + learning) + ffntp_path_level(&interval->path)->asymmetry2 / 4 +
		    ffntp_path_rounding2(&interval->path);
	clock.p11 *= modesty2;
	return clock;
}

/* The average is off by what theta is at both ends, and by what the rate
 * wanders meanwhile. */
static void put_stable(const struct interval *interval, const struct ffntp_belief *clock,
		       struct ffntp_estimate *estimate)
{
	double span = interval->average.counter_s;
	double variance = span > 0 ? 2 * clock->p00 / (span * span) + interval->wander2 * span / 3 : clock->p11;
	bool is_better = span > 0 && 2 * clock->p00 / (span * span) < clock->p11;
	double skew = is_better ? interval->average.theta_s / span : clock->gamma;

	estimate->stable_period_s = interval->config.period_hint_s * (1 - skew);
	estimate->stable_esterror = ffntp_sqrt(is_better ? variance : clock->p11);
}

/*
 * The middle of an interval whose edges exceed the truth by exponentials of these means is off by so much, and rounded.
 */
static double exchange_esterror(const struct ffntp_path *path)
{
	double forward = path->forward.scale, backward = path->backward.scale;

	return ffntp_sqrt((forward * forward + backward * backward) / 4 + ffntp_path_rounding2(path));
}

static void put(const struct interval *interval, struct ffntp_estimate *estimate)
{
	struct ffntp_belief clock = published(interval);

	*estimate = (struct ffntp_estimate){
		.at = interval->at,
		.reference = interval->reference,
		.correction_s = -clock.theta,
		.period_s = interval->config.period_hint_s * (1 - clock.gamma),
		.esterror_s = ffntp_sqrt(clock.p00),
		.asymmetry_esterror_s = ffntp_asymmetry_esterror_s(ffntp_path_level(&interval->path)->floor),
		.period_esterror = ffntp_sqrt(clock.p11),
		.covariance_s = clock.p01,
		.wander_per_s = interval->wander2,
		.exchange_esterror_s = exchange_esterror(&interval->path),
	};
	put_stable(interval, &clock, estimate);
}

/* Whether it is a stamp at all. The exchange lets no other pass; what it cannot see is how one follows another. */
static enum ffntp_verdict examine(const struct interval *interval, const struct ffntp_stamp *stamp)
{
	double span = counter_time(interval, stamp->tf, stamp->ta), residence = ffntp_ntp_diff_s(stamp->te, stamp->tb);
	double since = interval->has_anchor ? counter_time(interval, stamp->ta, interval->at) : 0;
	double rate_error = interval->config.period_hint_error + interval->params->both_skew;

	if (interval->has_anchor && stamp->tf == interval->at)
		return FFNTP_REFUSED_DUPLICATE;
	if (!(span > 0 && since >= 0 && since < LONGEST_GAP_S))
		return FFNTP_REFUSED_COUNTER;
	if (!(span <= FFNTP_MAX_RTT_S * (1 + rate_error)))
		return FFNTP_REFUSED_LATE;
	if (!(residence >= -ffntp_fmax(FFNTP_SERVER_ORDER_S, stamp->precision_s)))
		return FFNTP_REFUSED_TIMESTAMPS;
	return residence < span * (1 + rate_error) + stamp->precision_s ? FFNTP_ACCEPTED : FFNTP_REFUSED_RESIDENCE;
}

static enum ffntp_verdict follow(struct interval *interval, const struct ffntp_stamp *stamp)
{
	double elapsed_s = counter_time(interval, stamp->tf, interval->at), theta_s = published(interval).theta;
	struct ffntp_ntp reference = interval->reference;
	struct ffntp_edges edges;
	enum ffntp_verdict verdict;

	advance(interval, stamp->tf);
	interval->path.precision = stamp->precision_s;
	edges = edges_of(interval, stamp);
	verdict = judge(interval, &edges, elapsed_s);
	theta_s = published(interval).theta - theta_s + elapsed_s - ffntp_ntp_diff_s(interval->reference, reference);
	learn_average(interval, elapsed_s, theta_s);
	return verdict;
}

static enum ffntp_verdict add(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate)
{
	struct interval *interval = state;
	enum ffntp_verdict verdict = examine(interval, stamp);

	if (verdict == FFNTP_ACCEPTED && interval->has_anchor)
		verdict = follow(interval, stamp);
	else if (verdict == FFNTP_ACCEPTED)
		begin(interval, stamp);
	put(interval, estimate);
	return verdict;
}

static void restart(void *state)
{
	struct interval *interval = state;
	struct ffntp_belief clock;

	if (!interval->has_anchor)
		return;
	clock = published(interval);
	interval->start = (struct ffntp_belief){ .gamma = clock.gamma, .p11 = clock.p11 };
	interval->average = (struct average){ 0, 0 };
	interval->has_anchor = false;
}

static void warm(void *state, double period_s, double period_esterror)
{
	struct interval *interval = state;

	interval->start = (struct ffntp_belief){ .gamma = 1 - period_s / interval->config.period_hint_s,
						 .p11 = period_esterror * period_esterror };
}

const struct ffntp_estimator_ops ffntp_interval_ops = {
	.name = "interval",
	.memory = memory,
	.init = init,
	.add = add,
	.restart = restart,
	.warm = warm,
};
