/* scenario_kind: the parts of a scenario. */
#ifndef FFNTP_SIM_SCENARIO_KIND_H
#define FFNTP_SIM_SCENARIO_KIND_H

#include <stdbool.h>

#include "oscillator.h"
#include "path.h"

/* Times of scenarios (s). Unless stated otherwise, the one event of a scenario is at SIM_EVENT. */
#define SIM_HOUR 3600.0
#define SIM_EVENT (14 * SIM_HOUR)
#define SIM_FOREVER 1e18

struct sim_scenario {
	const char *name, *summary; /* one line each */
	double hours;               /* default length */
	struct sim_oscillator_kind oscillator;
	struct sim_conditions steady;
	struct sim_spell spells[SIM_SPELLS];
	struct sim_drift drifts[SIM_DRIFTS];
	bool counter_may_jump; /* set in the client's configuration, as in a guest's */
	bool has_limit;        /* the filter of limit.h is given everything that happens */
	/* The filter of the limit needs the conditions and the number of each exchange, which no trace contains. */
	bool limit_needs_world;
};

#endif
