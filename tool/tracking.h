/* tracking: the state of the clock, which status prints, too. */
#ifndef FFNTP_TOOL_TRACKING_H
#define FFNTP_TOOL_TRACKING_H

#include <jansson.h>

#include "snapshot.h"

/* Print the reference, the status, the counter and the errors of the clock: one value a line. */
void tracking_print(const struct snapshot *snapshot);

/* Set the same values in the object, without the reference, which is one of the sources. */
void tracking_set_json(const struct snapshot *snapshot, json_t *object);

/* Return CLOCK_REALTIME minus the clock. */
int64_t tracking_realtime_offset_ns(const struct snapshot *snapshot);

#endif
