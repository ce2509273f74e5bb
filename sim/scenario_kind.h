/* scenario_kind: what a scenario consists of. */
#ifndef FFNTP_SIM_SCENARIO_KIND_H
#define FFNTP_SIM_SCENARIO_KIND_H

#include <stdbool.h>

#include "oscillator.h"
#include "path.h"

struct sim_scenario {
	const char *name, *summary; /* one line each */
	double hours;               /* the usual length */
	struct sim_oscillator_kind oscillator;
	struct sim_conditions steady;
	struct sim_spell spells[SIM_SPELLS];
	struct sim_drift drifts[SIM_DRIFTS];
	bool counter_may_jump; /* so the client is configured, as a guest's is */
	bool has_limit;        /* nothing happens in it that the filter of limit.h is not given */
	/* The filter of the limit is given the conditions and the number of each exchange, which no trace contains. */
	bool limit_needs_world;
};

#endif
