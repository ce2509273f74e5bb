/* law: the delay-law estimator's own interface, for tests that change its constants. All else goes through
 * ../estimator.h. */
#ifndef FFNTP_CORE_LAW_H
#define FFNTP_CORE_LAW_H

#include "../estimator.h"
#include "law_params.h"

/* Initialise as ffntp_law_ops.init does, with other constants; they must outlive the state. */
void ffntp_law_init_with(void *state, const struct ffntp_estimator_config *config,
			 const struct ffntp_law_params *params);

#endif
