/*
 * player: runs a trace through the client, with the code that the daemon uses, and returns the clock's reading at each
 * exchange.
 */
#ifndef FFNTP_TOOL_PLAYER_H
#define FFNTP_TOOL_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <ffntp/client.h>
#include <ffntp/clock.h>
#include "trace.h"
#include "tracefile.h"

/* The clock at the tf of one exchange, computed from one map. */
struct player_reading {
	enum ffntp_clock_result result; /* the members below are set if this is FFNTP_CLOCK_OK */
	struct ffntp_time estimate;
	uint64_t bound_ns, esterror_ns;
	bool is_held; /* the true time lies within earliest and latest; false if unknown */
};

struct player_step {
	enum ffntp_verdict verdict;
	struct ffntp_map map;                /* published after this exchange */
	struct player_reading before, after; /* by the map published before this exchange; by the one after it */
};

/* Set the configuration for a trace: its poll interval, its counter, the era of its first exchange. */
void player_configure(struct ffntp_client_config *config, enum ffntp_estimator_kind estimator, uint32_t poll_s,
		      double counter_hz, const struct trace *trace);

/* Return the estimator's name, also for the default. */
const char *player_estimator_name(enum ffntp_estimator_kind kind);

/*
 * Set one step for each row. show: called with how much is done, 0 to 1; NULL: not called.
 * Returns false if the configuration is out of range or memory is short.
 */
bool player_run(const struct ffntp_client_config *config, const struct trace *trace, struct player_step *steps,
		void (*show)(double done));

/*
 * Measure the estimator's cost per stamp in ns: its stamps are added once more without scoring; the result is the
 * median of several passes over the whole trace, NAN if it could not be measured. steps: as player_run set them.
 */
double player_cost_ns(const struct ffntp_client_config *config, const struct trace *trace,
		      const struct player_step *steps);

#endif
