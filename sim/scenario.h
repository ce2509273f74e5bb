/* scenario: the events of a simulation, by name. */
#ifndef FFNTP_SIM_SCENARIO_H
#define FFNTP_SIM_SCENARIO_H

#include <stddef.h>

#include "scenario_kind.h"

/* Return the scenario at this place in the list; NULL beyond its end. */
const struct sim_scenario *sim_scenario_at(size_t index);

/* Return NULL if there is no scenario of that name. */
const struct sim_scenario *sim_scenario_find(const char *name);

#endif
