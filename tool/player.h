/* player: a trace through the client, the same code that the daemon runs; what the clock then said at each exchange. */
#ifndef FFNTP_TOOL_PLAYER_H
#define FFNTP_TOOL_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <ffntp/client.h>
#include <ffntp/clock.h>
#include "trace.h"
#include "tracefile.h"

/* The clock at the tf of one exchange, with one map. */
struct player_reading {
	enum ffntp_clock_result result; /* the rest is set if this is FFNTP_CLOCK_OK */
	struct ffntp_time estimate;
	uint64_t bound_ns, esterror_ns;
	bool is_held; /* truth lies within earliest and latest; false without truth */
};

struct player_step {
	enum ffntp_verdict verdict;
	struct ffntp_map map;                /* with this exchange */
	struct player_reading before, after; /* with the map published before this exchange; with the one after it */
};

/* The configuration that fits a trace: its poll interval, its counter, the era of its first exchange. */
void player_configure(struct ffntp_client_config *config, enum ffntp_estimator_kind estimator, uint32_t poll_s,
		      double counter_hz, const struct trace *trace);

/* What the estimator calls itself, also if it was not chosen by name. */
const char *player_estimator_name(enum ffntp_estimator_kind kind);

/* Sets one step for each row. Returns false if the configuration is out of range or memory is short. */
bool player_run(const struct ffntp_client_config *config, const struct trace *trace, struct player_step *steps);

/*
 * What the estimator costs per stamp in ns, by itself: the stamps that it was given are added once more, and nothing is
 * scored; the median of several passes over the whole trace. NAN if it could not be measured. steps: as player_run set
 * them.
 */
double player_cost_ns(const struct ffntp_client_config *config, const struct trace *trace,
		      const struct player_step *steps);

#endif
