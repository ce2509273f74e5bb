/*
 * limit: the best accuracy that a clock can reach. It is a Bayesian filter which is given what no clock knows: the
 * path's minimum delays, the laws of the delays above them with the correlation of successive delays, the server's
 * error and tick at each exchange, and the wander of the oscillator. It is not given any other change of the rate. No
 * causal clock has a smaller RMS error on average over all courses of the scenario, although it may be lucky in one.
 *
 * The belief is about theta (the counter's seconds minus true time) and the skew. It is a grid over theta, with the
 * probability of each theta and a normal distribution of the skew given theta. Between exchanges theta and skew are
 * jointly normal for each point of the grid, so that the new grid's probabilities are exact but for the sum over
 * points. The only approximation is that the skew given theta is normal; it changes the RMS error by 0.2 %.
 *
 * Each point of the grid implies the two delays of an exchange, and so their normal scores. With correlated delays, the
 * transition from point to point is weighed by the density of the new scores given the former ones, which is exact too.
 * If the server's clock ticks, its true times may lie anywhere within the tick: the likelihood is the mean over it.
 */
#ifndef FFNTP_SIM_LIMIT_H
#define FFNTP_SIM_LIMIT_H

#include <stdint.h>

#include "scenario.h"
#include "world.h"

struct sim_limit;

/* scenario->has_limit must be true. Returns NULL if memory is short. */
struct sim_limit *sim_limit_new(const struct sim_scenario *scenario);
void sim_limit_free(struct sim_limit *limit);

/* Add an exchange; call it for each exchange that the client completes, in order. */
void sim_limit_add(struct sim_limit *limit, const struct sim_exchange *exchange);

/*
 * Return the error, in s, positive = ahead, of the time that the belief assigns to a counter reading, which must not be
 * before the newest exchange; NAN before the first exchange.
 */
double sim_limit_error_s(const struct sim_limit *limit, ffntp_counter now, int64_t truth_ns);

#endif
