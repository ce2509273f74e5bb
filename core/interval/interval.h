/* interval: the interval filter's own interface, for tests that change its
 * numbers. All else goes through ../estimator.h. */
#ifndef FFNTP_CORE_INTERVAL_H
#define FFNTP_CORE_INTERVAL_H

#include "../estimator.h"
#include "interval_params.h"

/*
 * As ffntp_interval_ops.init, with other numbers; they must outlive the state.
 */
void ffntp_interval_init_with(void *state, const struct ffntp_estimator_config *config,
			      const struct ffntp_interval_params *params);

#endif
