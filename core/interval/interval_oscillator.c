/* interval_oscillator: the bank, its weights and its moments. */
#include "interval_oscillator.h"

#include "../maths.h"

enum { BANK = FFNTP_INTERVAL_BANK, TOP = FFNTP_INTERVAL_BANK - 1 };

void ffntp_oscillator_init(struct ffntp_oscillator *oscillator, const struct ffntp_belief *belief,
			   const struct ffntp_interval_params *params)
{
	double wander2 = params->wander_start * params->wander_start;

	ffntp_oscillator_set(oscillator, belief);
	for (int i = 0; i < BANK; i++) {
		oscillator->weight[i] = 1.0 / BANK;
		oscillator->wander2[i] = wander2;
		wander2 *= params->wander_step * params->wander_step;
	}
}

void ffntp_oscillator_set(struct ffntp_oscillator *oscillator, const struct ffntp_belief *belief)
{
	for (int i = 0; i < BANK; i++)
		oscillator->belief[i] = *belief;
}

void ffntp_oscillator_predict(struct ffntp_oscillator *oscillator, double elapsed_s)
{
	for (int i = 0; i < BANK; i++)
		ffntp_belief_predict(&oscillator->belief[i], elapsed_s, oscillator->wander2[i]);
}

/* Bayes' rule; then a little of every weight goes to all, as an oscillator may
 * change its ways. */
static double reweigh(double weight[BANK], const struct ffntp_evidence evidence[BANK], double leak)
{
	double least = evidence[0].exponent, sum = 0, softness_gain = 0;

	for (int i = 1; i < BANK; i++)
		if (evidence[i].exponent < least)
			least = evidence[i].exponent;
	for (int i = 0; i < BANK; i++) {
		weight[i] *= evidence[i].mass * ffntp_exp(least - evidence[i].exponent);
		sum += weight[i];
	}
	for (int i = 0; i < BANK; i++) {
		softness_gain += weight[i] / sum * evidence[i].softness_gain;
		weight[i] = (1 - leak) * weight[i] / sum + leak / BANK;
	}
	return softness_gain;
}

static void copy_member(struct ffntp_oscillator *oscillator, int to, int from)
{
	oscillator->belief[to] = oscillator->belief[from];
	oscillator->wander2[to] = oscillator->wander2[from];
	oscillator->weight[to] = oscillator->weight[from];
}

/* The calmest belief makes room for one that wanders more than all of them, and
 * begins as the one next to it. */
static void slide_up(struct ffntp_oscillator *oscillator, double step2)
{
	oscillator->weight[1] += oscillator->weight[0];
	for (int i = 0; i < TOP; i++)
		copy_member(oscillator, i, i + 1);
	oscillator->wander2[TOP] *= step2;
	oscillator->weight[TOP - 1] /= 2;
	oscillator->weight[TOP] /= 2;
}

static void slide_down(struct ffntp_oscillator *oscillator, double step2)
{
	oscillator->weight[TOP - 1] += oscillator->weight[TOP];
	for (int i = TOP; i > 0; i--)
		copy_member(oscillator, i, i - 1);
	oscillator->wander2[0] /= step2;
	oscillator->weight[0] /= 2;
	oscillator->weight[1] /= 2;
}

static void slide(struct ffntp_oscillator *oscillator, const struct ffntp_interval_params *params)
{
	double step2 = params->wander_step * params->wander_step;

	if (oscillator->weight[TOP] > params->wander_slide &&
	    oscillator->wander2[TOP] < params->wander_most * params->wander_most)
		slide_up(oscillator, step2);
	else if (oscillator->weight[0] > params->wander_slide &&
		 oscillator->wander2[0] > params->wander_least * params->wander_least)
		slide_down(oscillator, step2);
}

double ffntp_oscillator_constrain(struct ffntp_oscillator *oscillator, const struct ffntp_constraint *constraint,
				  const struct ffntp_interval_params *params)
{
	struct ffntp_evidence evidence[BANK];
	double softness_gain;

	for (int i = 0; i < BANK; i++)
		evidence[i] = ffntp_belief_constrain(&oscillator->belief[i], constraint);
	softness_gain = reweigh(oscillator->weight, evidence, params->wander_leak);
	slide(oscillator, params);
	return softness_gain;
}

/* Adds a member to the mixture's covariance: its own, and what its mean is off
 * by. */
static void add_spread(struct ffntp_belief *mixture, const struct ffntp_belief *belief, double weight)
{
	double theta = belief->theta - mixture->theta, gamma = belief->gamma - mixture->gamma,
	       spare = belief->spare - mixture->spare;

	mixture->p00 += weight * (belief->p00 + theta * theta);
	mixture->p01 += weight * (belief->p01 + theta * gamma);
	mixture->p11 += weight * (belief->p11 + gamma * gamma);
	mixture->p02 += weight * (belief->p02 + theta * spare);
	mixture->p12 += weight * (belief->p12 + gamma * spare);
	mixture->p22 += weight * (belief->p22 + spare * spare);
}

struct ffntp_belief ffntp_oscillator_mixture(const struct ffntp_oscillator *oscillator)
{
	struct ffntp_belief mixture = { 0 };

	for (int i = 0; i < BANK; i++) {
		mixture.theta += oscillator->weight[i] * oscillator->belief[i].theta;
		mixture.gamma += oscillator->weight[i] * oscillator->belief[i].gamma;
		mixture.spare += oscillator->weight[i] * oscillator->belief[i].spare;
	}
	for (int i = 0; i < BANK; i++)
		add_spread(&mixture, &oscillator->belief[i], oscillator->weight[i]);
	return mixture;
}

double ffntp_oscillator_wander2(const struct ffntp_oscillator *oscillator)
{
	double sum = 0;

	for (int i = 0; i < BANK; i++)
		sum += oscillator->weight[i] * oscillator->wander2[i];
	return sum;
}

void ffntp_oscillator_shift(struct ffntp_oscillator *oscillator, double theta_s)
{
	for (int i = 0; i < BANK; i++)
		oscillator->belief[i].theta += theta_s;
}

void ffntp_oscillator_set_spare(struct ffntp_oscillator *oscillator, double mean_s, double variance_s2)
{
	for (int i = 0; i < BANK; i++)
		ffntp_belief_set_spare(&oscillator->belief[i], mean_s, variance_s2);
}

void ffntp_oscillator_lower_spare(struct ffntp_oscillator *oscillator, double by_s)
{
	for (int i = 0; i < BANK; i++)
		oscillator->belief[i].spare -= by_s;
}

void ffntp_oscillator_doubt(struct ffntp_oscillator *oscillator, double variance_s2)
{
	for (int i = 0; i < BANK; i++)
		oscillator->belief[i].p00 += variance_s2;
}
