/* scenario: what happens in a simulation, by name. */
#ifndef FFNTP_SIM_SCENARIO_H
#define FFNTP_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "oscillator.h"
#include "path.h"

struct sim_scenario {
	const char *name, *summary; /* one line each */
	double hours;               /* the usual length */
	struct sim_oscillator_kind oscillator;
	struct sim_conditions steady;
	struct sim_spell spells[SIM_SPELLS];
	struct sim_drift drifts[SIM_DRIFTS];
	bool counter_may_jump; /* the client is told, as a guest's is */
	bool has_limit;        /* nothing happens in it that a wander and queues do not explain: see limit.h */
	/* The filter of the limit is given the conditions and the number of each exchange, which no trace contains. */
	bool limit_needs_world;
};

/* The one at that place in the list; NULL beyond its end. */
const struct sim_scenario *sim_scenario_at(size_t index);

/* NULL if there is none. */
const struct sim_scenario *sim_scenario_find(const char *name);

#endif
