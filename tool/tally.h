/* tally: counts of events and verdicts, in all and for each server, which 'ffntp replay' prints of a journal. */
#ifndef FFNTP_TOOL_TALLY_H
#define FFNTP_TOOL_TALLY_H

#include <ffntp/session.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "output.h"

#define TALLY_NAME_SIZE OUTPUT_ADDRESS_SIZE

struct tally_counts {
	uint64_t events[FFNTP_EVENTS];
	uint64_t verdicts[FFNTP_VERDICTS];
};

struct tally_server {
	char name[TALLY_NAME_SIZE];
	struct tally_counts counts;
};

/* Zeroed: nothing was counted. */
struct event_tally {
	struct tally_counts all;
	struct tally_server *server; /* in the order of their first events */
	size_t servers;
};

/* Count an event. server: the name of the server that it is of, or NULL. */
void tally_add(struct event_tally *tally, const char *server, const struct ffntp_event *event);

/* Print the counts, apart from maps, as the rest of the line that begins with 'before'; then a line for each server. */
void tally_print(const struct event_tally *tally, const char *before);

/* Add "events" and "verdicts" to the object, and with servers "servers". */
void tally_json(const struct event_tally *tally, json_t *object);

/* Release the memory; nothing is counted any more. */
void tally_clear(struct event_tally *tally);

#endif
