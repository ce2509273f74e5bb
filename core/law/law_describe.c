/* law_describe: the state of the delay-law estimator for people. Reads the state only. */
#include "../estimator_state.h"
#include "../mapping.h"
#include "../maths.h"
#include "law_filter.h"

/* The cause of a trial as others name it. RATE and JUMP differ in size only, so that both are one hypothesis. */
static const enum ffntp_hypothesis hypotheses[FFNTP_LAW_CAUSES] = {
	[FFNTP_LAW_CAUSE_NONE] = FFNTP_HYPOTHESIS_UNCHANGED,
	[FFNTP_LAW_CAUSE_THERE] = FFNTP_HYPOTHESIS_PATH_FORWARD,
	[FFNTP_LAW_CAUSE_BACK] = FFNTP_HYPOTHESIS_PATH_BACKWARD,
	[FFNTP_LAW_CAUSE_BOTH] = FFNTP_HYPOTHESIS_PATH_BOTH,
	[FFNTP_LAW_CAUSE_TIME] = FFNTP_HYPOTHESIS_TIME,
	[FFNTP_LAW_CAUSE_RATE] = FFNTP_HYPOTHESIS_RATE,
	[FFNTP_LAW_CAUSE_JUMP] = FFNTP_HYPOTHESIS_RATE,
	[FFNTP_LAW_CONGESTED_THERE] = FFNTP_HYPOTHESIS_CONGESTION_FORWARD,
	[FFNTP_LAW_CONGESTED_BACK] = FFNTP_HYPOTHESIS_CONGESTION_BACKWARD,
	[FFNTP_LAW_CONGESTED] = FFNTP_HYPOTHESIS_CONGESTION,
};

/* Return the least delay of one way by the filter's own clock (s). */
static double floor_s(const struct ffntp_law *law)
{
	double lowest[FFNTP_LAW_LEAST];

	return law->origin + (ffntp_law_lowest(law, lowest) > 0 ? lowest[0] : 0);
}

/* The published theta is theta + gauge, so that a delay there is longer by the gauge, and one back is shorter. */
static void describe_path(const struct ffntp_law_filter *filter, struct ffntp_estimator_state *state)
{
	state->floor_forward_ns = ffntp_mapping_ns(floor_s(&filter->law[0]) + filter->gauge);
	state->floor_backward_ns = ffntp_mapping_ns(floor_s(&filter->law[1]) - filter->gauge);
	state->noise_forward_ns = ffntp_mapping_ns(filter->law[0].scale);
	state->noise_backward_ns = ffntp_mapping_ns(filter->law[1].scale);
}

/* Return the causes' shares of the probability, from their scores, which are log-likelihood ratios. */
static void weigh_causes(const struct ffntp_law_filter *filter, double share[FFNTP_LAW_CAUSES])
{
	double most = 0, sum = 0;

	for (int c = 0; c < FFNTP_LAW_CAUSES; c++) {
		share[c] = ffntp_law_cause_score(filter, (enum ffntp_law_cause)c);
		most = ffntp_fmax(most, share[c]);
	}
	for (int c = 0; c < FFNTP_LAW_CAUSES; c++) {
		share[c] = ffntp_exp(share[c] - most);
		sum += share[c];
	}
	for (int c = 0; c < FFNTP_LAW_CAUSES; c++)
		share[c] /= sum;
}

static void describe_trial(const struct ffntp_law_filter *filter, struct ffntp_estimator_state *state)
{
	double share[FFNTP_LAW_CAUSES];

	weigh_causes(filter, share);
	share[FFNTP_LAW_CAUSE_RATE] += share[FFNTP_LAW_CAUSE_JUMP];
	share[FFNTP_LAW_CAUSE_JUMP] = 0;
	for (int c = 0; c < FFNTP_LAW_CAUSES; c++)
		ffntp_estimator_state_add(state, hypotheses[c], ffntp_estimator_state_percent(share[c]));
}

/* Without a trial one hypothesis stands: a way that is muted is congested. */
static enum ffntp_hypothesis standing(const struct ffntp_law_filter *filter)
{
	bool is_there = filter->watch[0].muted_for > 0, is_back = filter->watch[1].muted_for > 0;

	if (is_there)
		return is_back ? FFNTP_HYPOTHESIS_CONGESTION : FFNTP_HYPOTHESIS_CONGESTION_FORWARD;
	return is_back ? FFNTP_HYPOTHESIS_CONGESTION_BACKWARD : FFNTP_HYPOTHESIS_UNCHANGED;
}

void ffntp_law_describe(const void *of, struct ffntp_estimator_state *state)
{
	const struct ffntp_law_filter *filter = of;

	if (!filter->has_anchor)
		return;
	if (filter->has_time)
		describe_path(filter, state);
	state->wander_1e15 = ffntp_estimator_state_wander(filter->wander2);
	if (filter->trial.is_open)
		describe_trial(filter, state);
	else
		ffntp_estimator_state_add(state, standing(filter), 100);
}
