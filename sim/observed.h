/* observed: scenarios modelled on recorded exchanges and published delay measurements. */
#ifndef FFNTP_SIM_OBSERVED_H
#define FFNTP_SIM_OBSERVED_H

#include <stddef.h>

#include "scenario_kind.h"

/* Return the number of scenarios in the list. */
size_t sim_observed_count(void);

/* Return the scenario at this place in the list; NULL beyond its end. */
const struct sim_scenario *sim_observed_at(size_t index);

#endif
