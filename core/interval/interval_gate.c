/* interval_gate: explanations of a contradiction, weighed by how well each
 * foresees what comes. */
#include "interval_gate.h"

#include "../maths.h"

/* A weight that is never lost: what could not have been may be from now on. */
#define LEAST_WEIGHT 1e-30

static double square(double x)
{
	return x * x;
}

bool ffntp_gate_is_needed(const struct ffntp_path *path, const struct ffntp_excess *excess,
			  const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	struct ffntp_constraint constraint = ffntp_path_constraint(path, excess, clock, params);

	return ffntp_path_has_fallen(path, excess->sum, clock, params) ||
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

/* Somewhen since the last exchange the rate changed by about what would explain
 * the gap: a random walk of one step. */
static struct ffntp_belief kicked(const struct ffntp_belief *clock, double gap_s, double elapsed_s,
				  const struct ffntp_interval_params *params)
{
	struct ffntp_belief belief = *clock;
	double kick = gap_s / elapsed_s;

	kick = kick > params->kick_least ? kick : params->kick_least;
	kick = kick < params->kick_most ? kick : params->kick_most;
	belief.p00 += square(kick * elapsed_s) / 3;
	belief.p01 += square(kick) * elapsed_s / 2;
	belief.p11 += square(kick);
	return belief;
}

/* The time is another one by about the gap, and the rate by anything that a
 * counter can do. */
static struct ffntp_belief renewed(const struct ffntp_belief *clock, double gap_s,
				   const struct ffntp_interval_params *params)
{
	struct ffntp_belief belief = *clock;

	belief.p00 += square(params->anew_gap * gap_s);
	belief.p11 += square(params->anew_skew);
	belief.p01 = belief.p02 = 0;
	return belief;
}

void ffntp_trial_open(struct ffntp_trial *trial, const struct ffntp_path *path, const struct ffntp_excess *excess,
		      const struct ffntp_belief *clock, double elapsed_s, const struct ffntp_interval_params *params)
{
	double gap_s = gap(excess, clock);

	*trial = (struct ffntp_trial){
		.is_open = true,
		.is_small = gap_s < small_gap(path, clock, params),
		.rate = kicked(clock, gap_s, elapsed_s, params),
		.anew = renewed(clock, gap_s, params),
		.weight_clock = params->server_turns,
		.weight_anew = params->anew_share,
		.weight_rate = 1 - params->server_turns - params->anew_share,
	};
}

void ffntp_trial_predict(struct ffntp_trial *trial, double elapsed_s, double wander2)
{
	trial->age_s += elapsed_s;
	ffntp_belief_predict(&trial->rate, elapsed_s, wander2);
	ffntp_belief_predict(&trial->anew, elapsed_s, wander2);
}

void ffntp_trial_shift(struct ffntp_trial *trial, double theta_s)
{
	trial->rate.theta += theta_s;
	trial->anew.theta += theta_s;
}

bool ffntp_trial_leans(const struct ffntp_trial *trial)
{
	return trial->is_open && !trial->has_fallen && trial->weight_rate > 0.5;
}

static double weighed(double weight, struct ffntp_evidence evidence, double exponent)
{
	double product = weight * evidence.mass * ffntp_exp(exponent - evidence.exponent);

	return product > LEAST_WEIGHT ? product : LEAST_WEIGHT;
}

/* Bayes' rule. A server may turn from right to wrong and back between
 * exchanges. */
static void weigh(struct ffntp_trial *trial, const struct ffntp_constraint *constraint,
		  const struct ffntp_belief *clock, double turns)
{
	struct ffntp_belief coasting = *clock;
	struct ffntp_evidence c = ffntp_belief_constrain(&coasting, constraint);
	struct ffntp_evidence r = ffntp_belief_constrain(&trial->rate, constraint);
	struct ffntp_evidence a = ffntp_belief_constrain(&trial->anew, constraint);
	double exponent = c.exponent < r.exponent ? c.exponent : r.exponent, sum;
	double weight_clock = trial->weight_clock + turns * trial->weight_anew;
	double weight_anew = trial->weight_anew + turns * trial->weight_clock;

	exponent = a.exponent < exponent ? a.exponent : exponent;
	trial->weight_clock = weighed(weight_clock, c, exponent);
	trial->weight_anew = weighed(weight_anew, a, exponent);
	trial->weight_rate = weighed(trial->weight_rate, r, exponent);
	sum = trial->weight_clock + trial->weight_anew + trial->weight_rate;
	trial->weight_clock /= sum;
	trial->weight_anew /= sum;
	trial->weight_rate /= sum;
}

/* A round trip below the floor says it was the path. How it changed is asked
 * until waiting costs more than noise does. */
static enum ffntp_ruling rule_on_path(struct ffntp_trial *trial, struct ffntp_path *path,
				      const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	trial->has_fallen = true;
	if (ffntp_path_recall(path, &trial->window, clock, params))
		return FFNTP_RULING_PATH;
	if (trial->window.count < params->run_short &&
	    square(ffntp_path_noise(path) / trial->window.count) > clock->p00)
		return FFNTP_RULING_OPEN;
	ffntp_path_adopt(path, &trial->window, clock, params);
	return FFNTP_RULING_PATH;
}

/* No server's time runs at another rate for long: then it is the counter's. */
static bool runs_at_another_rate(const struct ffntp_trial *trial, const struct ffntp_belief *clock,
				 const struct ffntp_interval_params *params)
{
	double skew2 = square(trial->anew.gamma - clock->gamma);

	return trial->window.count >= params->rate_stamps &&
	       skew2 > square(params->skew_sd) * (trial->anew.p11 + clock->p11) && skew2 > square(params->skew_least);
}

/* Held against the server for long enough. */
static bool is_persistent(const struct ffntp_trial *trial, const struct ffntp_interval_params *params)
{
	return trial->window.count >= params->small_stamps && (trial->is_small || trial->age_s > params->believe_s);
}

static enum ffntp_ruling rule_on_weights(const struct ffntp_trial *trial, const struct ffntp_belief *clock,
					 const struct ffntp_interval_params *params)
{
	if (trial->weight_clock > params->true_share)
		return FFNTP_RULING_CLOCK;
	if (trial->weight_rate > params->rate_share && trial->window.count >= params->rate_stamps)
		return FFNTP_RULING_RATE;
	if (ffntp_trial_leans(trial))
		return FFNTP_RULING_LEAN;
	if (runs_at_another_rate(trial, clock, params) || is_persistent(trial, params))
		return FFNTP_RULING_ANEW;
	return FFNTP_RULING_OPEN;
}

enum ffntp_ruling ffntp_trial_rule(struct ffntp_trial *trial, struct ffntp_path *path,
				   const struct ffntp_excess *excess, const struct ffntp_belief *clock,
				   const struct ffntp_interval_params *params)
{
	struct ffntp_constraint constraint = ffntp_path_constraint(path, excess, clock, params);
	enum ffntp_ruling ruling;

	ffntp_window_add(&trial->window, excess);
	if (ffntp_path_has_fallen(path, trial->window.sum, clock, params)) {
		ruling = rule_on_path(trial, path, clock, params);
	} else {
		weigh(trial, &constraint, clock, params->server_turns);
		ruling = rule_on_weights(trial, clock, params);
	}
	trial->is_open = ruling == FFNTP_RULING_OPEN || ruling == FFNTP_RULING_LEAN;
	return ruling;
}
