/* scenario: what happens in a simulation, by name. */
#ifndef FFNTP_SIM_SCENARIO_H
#define FFNTP_SIM_SCENARIO_H

#include <stddef.h>

#include "scenario_kind.h"

/* The one at that place in the list; NULL beyond its end. */
const struct sim_scenario *sim_scenario_at(size_t index);

/* NULL if there is none. */
const struct sim_scenario *sim_scenario_find(const char *name);

#endif
