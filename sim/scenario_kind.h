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

/*
 * Servers of a scenario with several whose path or clock differs from the scenario's: this many of them, in order.
 * 'minimum_s' and 'queue_s' replace those of both ways, unless they are 0.
 */
struct sim_server_kind {
	unsigned count; /* 0 ends the list */
	double minimum_s, queue_s;
	struct sim_conditions more; /* in addition to the scenario's */
	struct sim_spell spell;     /* in addition to the scenario's first ones */
	struct sim_drift drift;     /* likewise */
};

/*
 * Asymmetries: half of it is added to the minimum delay forth and subtracted from that back. Its size is log-normal,
 * its sign random.
 */
struct sim_asymmetry {
	double median; /* of its size, as a share of the round trip's minimum; 0: none */
	double spread; /* standard deviation of the natural logarithm of its size */
};

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
	unsigned servers;                    /* 0 counts as 1 */
	const struct sim_server_kind *kinds; /* of the first servers; NULL: all are alike */
	struct sim_asymmetry asymmetry;      /* the seed draws one for each server */
	/*
	 * So often (s) a random server leaves or comes: it is removed from the ensemble or added to it, or stops or
	 * begins to answer. One always answers. 0: never.
	 */
	double churn_s;
};

#endif
