/* sources: the table of servers, which status prints, too. */
#ifndef FFNTP_TOOL_SOURCES_H
#define FFNTP_TOOL_SOURCES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "snapshot.h"

/* Print a row for each server. with_details: after each row, what the server states and its refused replies. */
void sources_print(FILE *file, const struct snapshot *snapshot, bool with_details);

/* Return an array with an object for each server. */
json_t *sources_json(const struct snapshot *snapshot);

/* Return the object of one of the snapshot's servers. */
json_t *sources_one_json(const struct snapshot *snapshot, const struct ffntp_source *source);

#endif
