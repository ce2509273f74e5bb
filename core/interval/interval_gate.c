/* interval_gate: explanations of a contradiction, weighed by how well each
 * foresees what comes. */
#include "interval_gate.h"

#include <stddef.h>

#include "../maths.h"

/* A weight that is never lost: what could not have been may be from now on. */
#define LEAST_WEIGHT 1e-30

bool ffntp_gate_is_needed(const struct ffntp_path *path, const struct ffntp_excess *excess,
			  const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	struct ffntp_constraint constraint = ffntp_path_constraint(path, excess, clock, params);
	struct ffntp_window window = { 0 };

	ffntp_window_add(&window, excess);
	return ffntp_path_has_fallen(path, &window, clock, params) ||
	       (ffntp_path_is_settled(path, params) &&
		ffntp_belief_contradiction(clock, &constraint) > params->contradiction_sd);
}

/* By how much the exchange contradicts the clock, s; at least what the clock is
 * uncertain by. */
static double gap(const struct ffntp_excess *excess, const struct ffntp_belief *clock)
{
	double edge = excess->forward < excess->backward ? excess->forward : excess->backward;
	double sd = ffntp_sqrt(clock->p00);

	return -edge > sd ? -edge : sd;
}

/* Below this a fault costs less than it would cost to be wrong about it. */
static double small_gap(const struct ffntp_path *path, const struct ffntp_belief *clock,
			const struct ffntp_interval_params *params)
{
	double noise = params->small_noise * ffntp_path_noise(path), sd = params->small_sd * ffntp_sqrt(clock->p00);

	return noise < sd ? noise : sd;
}

/*
 * The rate changed, a few exchanges ago perhaps, before it showed: by about what explains the gap, as far as
 * oscillators do that, and time is behind by what that makes since.
 */
static struct ffntp_belief other_rate(const struct ffntp_belief *clock, double gap_s, double elapsed_s,
				      const struct ffntp_interval_params *params)
{
	struct ffntp_belief belief = *clock;
	double reach = params->kick_reach * params->kick_most * elapsed_s;
	double kick = gap_s / elapsed_s, behind = gap_s < reach ? gap_s : reach;

	kick = kick > params->kick_least ? kick : params->kick_least;
	kick = kick < params->kick_most ? kick : params->kick_most;
	belief.p00 += ffntp_square(behind);
	belief.p01 += behind * kick / 2;
	belief.p11 += ffntp_square(kick);
	return belief;
}

/* Time is another one by about the gap, and the rate by up to 'skew'. */
static struct ffntp_belief other_time(const struct ffntp_belief *clock, double gap_s, double skew,
				      const struct ffntp_interval_params *params)
{
	struct ffntp_belief belief = *clock;

	belief.p00 += ffntp_square(params->time_gap * gap_s);
	belief.p11 += ffntp_square(skew);
	belief.p01 = belief.p02 = 0;
	return belief;
}

static void suspect(struct ffntp_trial *trial, const struct ffntp_excess *excess, const struct ffntp_belief *clock,
		    double elapsed_s, const struct ffntp_interval_params *params)
{
	double gap_s = gap(excess, clock);

	trial->skew = clock->gamma;
	trial->belief[FFNTP_SUSPECT_NONE] = *clock;
	trial->belief[FFNTP_SUSPECT_RATE] = other_rate(clock, gap_s, elapsed_s, params);
	trial->belief[FFNTP_SUSPECT_TIME] = other_time(clock, gap_s, 0, params);
	trial->belief[FFNTP_SUSPECT_BOTH] = other_time(clock, gap_s, params->both_skew, params);
	trial->weight[FFNTP_SUSPECT_NONE] = params->server_turns;
	trial->weight[FFNTP_SUSPECT_BOTH] = params->both_share;
	trial->weight[FFNTP_SUSPECT_RATE] = trial->weight[FFNTP_SUSPECT_TIME] = 0.5;
}

void ffntp_trial_open(struct ffntp_trial *trial, const struct ffntp_path *path, const struct ffntp_excess *excess,
		      const struct ffntp_belief *clock, double elapsed_s, const struct ffntp_interval_params *params)
{
	*trial = (struct ffntp_trial){ .is_open = true,
				       .is_small = gap(excess, clock) < small_gap(path, clock, params) };
	suspect(trial, excess, clock, elapsed_s, params);
}

void ffntp_trial_predict(struct ffntp_trial *trial, double elapsed_s, double wander2)
{
	for (int i = 0; i < FFNTP_SUSPECTS; i++)
		ffntp_belief_predict(&trial->belief[i], elapsed_s, wander2);
}

void ffntp_trial_shift(struct ffntp_trial *trial, double theta_s)
{
	for (int i = 0; i < FFNTP_SUSPECTS; i++)
		trial->belief[i].theta += theta_s;
}

/* After some exchanges a rate that has changed is seen to have: else it is time that is another one. */
static bool may_be_rate(const struct ffntp_trial *trial, const struct ffntp_interval_params *params)
{
	const struct ffntp_belief *rate = &trial->belief[FFNTP_SUSPECT_RATE];
	double skew2 = ffntp_square(rate->gamma - trial->skew);

	return trial->window.count < params->rate_stamps || skew2 > ffntp_square(params->rate_sd) * rate->p11;
}

/* Whom to believe in the meantime. A change of rate must be followed; a time that is wrong by little may be. */
static enum ffntp_suspect leaning(const struct ffntp_trial *trial, const struct ffntp_interval_params *params)
{
	const double *weight = trial->weight;

	if (trial->has_fallen)
		return FFNTP_SUSPECT_NONE;
	if (weight[FFNTP_SUSPECT_RATE] > 0.5 && may_be_rate(trial, params))
		return FFNTP_SUSPECT_RATE;
	if (!trial->is_small || weight[FFNTP_SUSPECT_NONE] > 0.5)
		return FFNTP_SUSPECT_NONE;
	return weight[FFNTP_SUSPECT_RATE] > weight[FFNTP_SUSPECT_TIME] ? FFNTP_SUSPECT_RATE : FFNTP_SUSPECT_TIME;
}

const struct ffntp_belief *ffntp_trial_leaning(const struct ffntp_trial *trial)
{
	return trial->is_open && trial->leaning != FFNTP_SUSPECT_NONE ? &trial->belief[trial->leaning] : NULL;
}

/* Bayes' rule. */
static void weigh(double weight[FFNTP_SUSPECTS], const struct ffntp_evidence evidence[FFNTP_SUSPECTS])
{
	double least = evidence[0].exponent, sum = 0;

	for (int i = 1; i < FFNTP_SUSPECTS; i++)
		if (evidence[i].exponent < least)
			least = evidence[i].exponent;
	for (int i = 0; i < FFNTP_SUSPECTS; i++) {
		weight[i] *= evidence[i].mass * ffntp_exp(least - evidence[i].exponent);
		if (weight[i] < LEAST_WEIGHT)
			weight[i] = LEAST_WEIGHT;
		sum += weight[i];
	}
	for (int i = 0; i < FFNTP_SUSPECTS; i++)
		weight[i] /= sum;
}

/*
 * Lets everyone foresee the exchange, and the clock coast. A server may turn from right to wrong and back in between.
 */
static void question(struct ffntp_trial *trial, const struct ffntp_constraint *constraint,
		     const struct ffntp_belief *clock, double turns)
{
	double right = trial->weight[FFNTP_SUSPECT_NONE], wrong = trial->weight[FFNTP_SUSPECT_TIME];
	struct ffntp_evidence evidence[FFNTP_SUSPECTS];

	trial->belief[FFNTP_SUSPECT_NONE] = *clock;
	trial->weight[FFNTP_SUSPECT_NONE] += turns * wrong;
	trial->weight[FFNTP_SUSPECT_TIME] += turns * right;
	for (int i = 0; i < FFNTP_SUSPECTS; i++)
		evidence[i] = ffntp_belief_constrain(&trial->belief[i], constraint);
	weigh(trial->weight, evidence);
}

/* Nobody foresaw this: whatever it is, it happened again. */
static bool is_new_case(const struct ffntp_trial *trial, const struct ffntp_constraint *constraint,
			const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	for (int i = FFNTP_SUSPECT_RATE; i < FFNTP_SUSPECTS; i++)
		if (ffntp_belief_contradiction(&trial->belief[i], constraint) < params->contradiction_sd)
			return false;
	return ffntp_belief_contradiction(clock, constraint) > params->contradiction_sd;
}

/* A round trip below the floor says it was the path. How it changed is asked
 * until waiting costs more than noise does. */
static enum ffntp_ruling rule_on_path(struct ffntp_trial *trial, struct ffntp_path *path,
				      const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	bool was_congested;
	uint32_t enough;

	trial->has_fallen = true;
	trial->leaning = FFNTP_SUSPECT_NONE;
	if (ffntp_path_recall(path, &trial->window, clock, params))
		return FFNTP_RULING_PATH;
	was_congested = ffntp_path_was_congested(path, &trial->window, params);
	enough = was_congested ? 2 * params->run_short : params->run_short;
	if (trial->window.count < enough &&
	    (was_congested || ffntp_square(ffntp_path_noise(path) / trial->window.count) > clock->p00))
		return FFNTP_RULING_COAST;
	if (was_congested)
		return FFNTP_RULING_ANEW;
	ffntp_path_adopt(path, &trial->window, clock, params);
	return FFNTP_RULING_PATH;
}

/* No server's time runs at another rate for long: then it is the counter's. */
static bool runs_at_another_rate(const struct ffntp_trial *trial, const struct ffntp_belief *clock,
				 const struct ffntp_interval_params *params)
{
	const struct ffntp_belief *both = &trial->belief[FFNTP_SUSPECT_BOTH];
	double skew2 = ffntp_square(both->gamma - clock->gamma);

	return trial->weight[FFNTP_SUSPECT_BOTH] > params->rate_share && trial->window.count >= params->rate_stamps &&
	       skew2 > ffntp_square(params->skew_sd) * (both->p11 + clock->p11);
}

/* So little is not held against the server for long. */
static bool is_forgiven(const struct ffntp_trial *trial, const struct ffntp_interval_params *params)
{
	return trial->is_small && trial->window.count >= params->small_stamps;
}

static enum ffntp_ruling rule_on_weights(const struct ffntp_trial *trial, const struct ffntp_belief *clock,
					 const struct ffntp_interval_params *params)
{
	if (trial->weight[FFNTP_SUSPECT_NONE] > params->true_share)
		return FFNTP_RULING_CLOCK;
	if (trial->leaning == FFNTP_SUSPECT_RATE && trial->weight[FFNTP_SUSPECT_RATE] > params->rate_share &&
	    trial->window.count >= params->rate_stamps)
		return FFNTP_RULING_RATE;
	if (runs_at_another_rate(trial, clock, params))
		return FFNTP_RULING_BOTH;
	if (is_forgiven(trial, params))
		return trial->leaning == FFNTP_SUSPECT_RATE ? FFNTP_RULING_RATE : FFNTP_RULING_TIME;
	if (trial->leaning != FFNTP_SUSPECT_NONE)
		return FFNTP_RULING_LEAN;
	return trial->is_small ? FFNTP_RULING_COAST : FFNTP_RULING_OPEN;
}

enum ffntp_ruling ffntp_trial_rule(struct ffntp_trial *trial, struct ffntp_path *path,
				   const struct ffntp_excess *excess, const struct ffntp_belief *clock,
				   double elapsed_s, const struct ffntp_interval_params *params)
{
	struct ffntp_constraint constraint = ffntp_path_constraint(path, excess, clock, params);
	enum ffntp_ruling ruling;

	ffntp_window_add(&trial->window, excess);
	if (trial->weight[FFNTP_SUSPECT_BOTH] < params->rate_share &&
	    ffntp_path_has_fallen(path, &trial->window, clock, params)) {
		ruling = rule_on_path(trial, path, clock, params);
	} else if (trial->weight[FFNTP_SUSPECT_BOTH] < params->rate_share &&
		   ffntp_path_has_moved(path, &trial->window, clock, params)) {
		ruling = FFNTP_RULING_PATH;
	} else {
		if (is_new_case(trial, &constraint, clock, params)) {
			suspect(trial, excess, clock, elapsed_s, params);
			trial->is_small = trial->is_small && gap(excess, clock) < small_gap(path, clock, params);
		}
		question(trial, &constraint, clock, params->server_turns);
		trial->leaning = leaning(trial, params);
		ruling = rule_on_weights(trial, clock, params);
	}
	trial->is_open = ruling == FFNTP_RULING_OPEN || ruling == FFNTP_RULING_COAST || ruling == FFNTP_RULING_LEAN;
	return ruling;
}
