/* snapshot: for status, tracking and sources: the page's data on the clock and its servers, all of one moment. */
#ifndef FFNTP_TOOL_SNAPSHOT_H
#define FFNTP_TOOL_SNAPSHOT_H

#include <ffntp/clock.h>
#include <ffntp/page.h>
#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "output.h"
#include "pageuse.h"

struct snapshot {
	struct ffntp_map map;
	ffntp_counter now;
	enum ffntp_clock_result result; /* of the reading below */
	struct ffntp_reading reading;
	struct ffntp_time realtime; /* CLOCK_REALTIME at 'now', UTC */
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count;
	double period_s; /* seconds per tick */
};

/*
 * Read the page at this path, NULL for the usual places. A page without a living daemon is refused whatever its
 * content. A page without a time is accepted, because these subcommands are meant to explain that. Returns false after
 * one line on stderr.
 */
bool snapshot_take(const struct tool_command *command, const char *path, struct snapshot *snapshot);

/* Like snapshot_take, without a line on stderr: *outcome has the reason. */
bool snapshot_try(const char *path, struct snapshot *snapshot, struct pageuse_outcome *outcome);

/* Return the seconds from this counter reading to the snapshot. */
double snapshot_since_s(const struct snapshot *snapshot, ffntp_counter then);

/* Return the source that the time comes from, or that counts most; NULL if there is none. */
const struct ffntp_source *snapshot_followed(const struct snapshot *snapshot);

/* Return the number of sources with this selection. */
size_t snapshot_count(const struct snapshot *snapshot, enum ffntp_selection selection);

/* Return whether a reply of this server was accepted since the last disruption of the counter. */
bool snapshot_was_accepted(const struct ffntp_source *source);

/* Format the address as output_address does, without port 123, and without brackets then. */
const char *snapshot_short_address(const struct ffntp_source *source, char text[OUTPUT_ADDRESS_SIZE]);

/* Return the server's distance from its reference clock (s): root delay / 2 + root dispersion. */
double snapshot_root_distance_s(const struct ffntp_source *source);

#endif
