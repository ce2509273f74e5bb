/* metricset: the metrics of metricset.def, from the clock page. docs/metrics.md describes each. */
#ifndef FFNTP_TOOL_METRICSET_H
#define FFNTP_TOOL_METRICSET_H

#include <stddef.h>

#include "exposition.h"

/*
 * Read the page at this path, NULL for the usual places, and return the metrics as text, which the caller frees; its
 * length without the final 0 in *length. A page that cannot be read, or has no time, gives valid text all the same:
 * ffntp_up is 0, and its label names the reason. Returns NULL if memory is short.
 */
char *metricset_text(const char *page, enum exposition_format format, size_t *length);

#endif
