/* interval_oscillator: the bank, its weights and its moments. */
#include "interval_oscillator.h"

#include "../maths.h"

void ffntp_oscillator_init(struct ffntp_oscillator *oscillator, const struct ffntp_belief *belief)
{
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++) {
		oscillator->belief[i] = *belief;
		oscillator->weight[i] = 1.0 / FFNTP_INTERVAL_BANK;
	}
}

void ffntp_oscillator_predict(struct ffntp_oscillator *oscillator, double elapsed_s,
			      const struct ffntp_interval_params *params)
{
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++)
		ffntp_belief_predict(&oscillator->belief[i], elapsed_s, params->wander[i] * params->wander[i]);
}

/* Bayes' rule; then a little of every weight goes to all, as an oscillator may change its ways. Returns the evidence.
 */
static struct ffntp_evidence reweigh(double weight[FFNTP_INTERVAL_BANK],
				     const struct ffntp_evidence evidence[FFNTP_INTERVAL_BANK], double leak)
{
	double least = evidence[0].exponent, sum = 0;

	for (int i = 1; i < FFNTP_INTERVAL_BANK; i++)
		if (evidence[i].exponent < least)
			least = evidence[i].exponent;
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++) {
		weight[i] *= evidence[i].mass * ffntp_exp(least - evidence[i].exponent);
		sum += weight[i];
	}
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++)
		weight[i] = (1 - leak) * weight[i] / sum + leak / FFNTP_INTERVAL_BANK;
	return (struct ffntp_evidence){ sum, least };
}

struct ffntp_evidence ffntp_oscillator_constrain(struct ffntp_oscillator *oscillator,
						 const struct ffntp_constraint *constraint,
						 const struct ffntp_interval_params *params)
{
	struct ffntp_evidence evidence[FFNTP_INTERVAL_BANK];

	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++)
		evidence[i] = ffntp_belief_constrain(&oscillator->belief[i], constraint);
	return reweigh(oscillator->weight, evidence, params->leak);
}

struct ffntp_belief ffntp_oscillator_mixture(const struct ffntp_oscillator *oscillator)
{
	struct ffntp_belief mixture = { 0 };

	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++) {
		mixture.theta += oscillator->weight[i] * oscillator->belief[i].theta;
		mixture.gamma += oscillator->weight[i] * oscillator->belief[i].gamma;
	}
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++) {
		const struct ffntp_belief *belief = &oscillator->belief[i];
		double weight = oscillator->weight[i];
		double theta = belief->theta - mixture.theta, gamma = belief->gamma - mixture.gamma;

		mixture.p00 += weight * (belief->p00 + theta * theta);
		mixture.p01 += weight * (belief->p01 + theta * gamma);
		mixture.p11 += weight * (belief->p11 + gamma * gamma);
	}
	return mixture;
}

double ffntp_oscillator_wander2(const struct ffntp_oscillator *oscillator, const struct ffntp_interval_params *params)
{
	double sum = 0;

	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++)
		sum += oscillator->weight[i] * params->wander[i] * params->wander[i];
	return sum;
}

void ffntp_oscillator_shift(struct ffntp_oscillator *oscillator, double theta_s)
{
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++)
		oscillator->belief[i].theta += theta_s;
}

void ffntp_oscillator_forget_time(struct ffntp_oscillator *oscillator, double mean_s, double variance_s2)
{
	for (int i = 0; i < FFNTP_INTERVAL_BANK; i++) {
		oscillator->belief[i].theta = mean_s;
		oscillator->belief[i].p00 = variance_s2;
		oscillator->belief[i].p01 = 0;
	}
}
