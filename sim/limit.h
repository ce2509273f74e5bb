/*
 * limit: how well a clock can be kept at all. The Bayesian filter that is given what no clock knows: the path's minimum
 * delays, the laws of the delays above them with the correlation of successive ones, the server's error and tick as
 * they are at each exchange, and how strongly the oscillator wanders. It is not given any other change of the rate. No
 * causal clock has a smaller RMS error on average over all courses that the scenario may take; in one of them, one may
 * be lucky.
 *
 * Belief about theta (the counter's seconds minus true time) and the skew: a grid over theta, on it the probability of
 * each theta and a normal distribution of the skew given theta. Between exchanges theta and skew are jointly normal for
 * each point of the grid, so the new grid's probabilities are exact but for the sum over points; taking the skew given
 * theta as normal is all that is approximated, and worth 0.2 % of the RMS error.
 *
 * Each point of the grid makes two delays of an exchange, and so their normal scores: with correlated delays, the
 * transition from point to point is weighed by the density of the new scores given the former ones, which is exact too.
 * Where the server ticks, its true times lie anywhere within the tick: the likelihood is the mean over it.
 */
#ifndef FFNTP_SIM_LIMIT_H
#define FFNTP_SIM_LIMIT_H

#include <stdint.h>

#include "scenario.h"
#include "world.h"

struct sim_limit;

/* scenario->has_limit. NULL if memory is short. */
struct sim_limit *sim_limit_new(const struct sim_scenario *scenario);
void sim_limit_free(struct sim_limit *limit);

/* Each exchange that the client completes, in order. */
void sim_limit_add(struct sim_limit *limit, const struct sim_exchange *exchange);

/* The error, in s, positive = ahead, of the time that the belief gives to a reading of the counter; NAN before the
 * first exchange. Not before the newest exchange. */
double sim_limit_error_s(const struct sim_limit *limit, ffntp_counter now, int64_t truth_ns);

#endif
