/*
 * estimator_state: an estimator's state as a source of the page has it: rounded, so that it fits the bytes that other
 * releases of ffntp skip. A guest's build leaves it out (FFNTP_DEFAULT_ESTIMATOR_ONLY).
 */
#ifndef FFNTP_CORE_ESTIMATOR_STATE_H
#define FFNTP_CORE_ESTIMATOR_STATE_H

#include "../include/ffntp/estimator.h"
#include "../include/ffntp/page.h"

/*
 * Round an estimator's state into the members of a source that ffntp_source_estimator reads: the floors up to
 * 0.2 % more, the other times and the wander up to 12 % more, probabilities to a fifteenth. A hypothesis that would
 * round to 0 is left out.
 */
void ffntp_estimator_state_pack(const struct ffntp_estimator_state *state, struct ffntp_source *source);

/*
 * Add a hypothesis to the state in the order of probability. One that is less likely than FFNTP_HYPOTHESES_SHOWN others
 * is dropped. percent: 0 to 100; 0 is dropped.
 */
void ffntp_estimator_state_add(struct ffntp_estimator_state *state, enum ffntp_hypothesis hypothesis, uint8_t percent);

/* Return a probability in percent; 0 if it is not within 0 to 1. */
uint8_t ffntp_estimator_state_percent(double probability);

/* Return wander_1e15 for the growth of the rate's variance per second (1/s); 0 if that is not within 0 to 1. */
uint64_t ffntp_estimator_state_wander(double wander_per_s);

#endif
