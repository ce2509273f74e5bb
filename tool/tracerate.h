/* tracerate: measures the rate of the counter that a trace was recorded with. */
#ifndef FFNTP_TOOL_TRACERATE_H
#define FFNTP_TOOL_TRACERATE_H

#include <stdbool.h>

#include "tracefile.h"

/*
 * Measure the counter's rate in Hz between exchanges a quarter of the trace apart. The median is returned, so that
 * steps of the server or of the counter do not matter; *unsure is the spread of the middle half, as a ratio.
 * Returns false if memory is short, or too few pairs have a rate: then nothing is set.
 */
bool tracerate_measure(const struct trace *trace, double *hz, double *unsure);

#endif
