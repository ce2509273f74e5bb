/* recorded: the limit of sim/limit.h for a trace that was recorded in a known scenario. */
#ifndef FFNTP_TOOL_RECORDED_H
#define FFNTP_TOOL_RECORDED_H

#include <stdbool.h>
#include <stddef.h>

#include "../sim/scenario.h"
#include "score.h"
#include "tracefile.h"

struct recorded {
	size_t exchanges, scored;
	struct score_summary before; /* us; absolute errors just before each exchange of the second half */
};

/*
 * scenario->has_limit must be true. Returns false and one line in 'error' if the trace cannot be read or has no true
 * time.
 */
bool recorded_limit(const struct sim_scenario *scenario, const char *path, struct recorded *recorded,
		    char error[TRACE_ERROR_SIZE]);

#endif
