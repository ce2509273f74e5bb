/* rerun: replays journals (ffntp/replay.h), and prints the events, or a summary. */
#ifndef FFNTP_TOOL_RERUN_H
#define FFNTP_TOOL_RERUN_H

#include <ffntp/replay.h>
#include <stdbool.h>

#include "lines.h"
#include "options.h"
#include "tally.h"

struct rerun {
	const struct tool_command *command;
	bool as_json, is_verbose;
	struct ffntp_replay *replay; /* NULL: no file was begun yet */
	const struct ffntp_replay_state *state;
	struct event_tally tally; /* of the present file */
};

/*
 * Run all of a file. A file that continues the session of the file before it must follow it.
 * Returns whether every map was equal. Otherwise one line on standard error names the first line that is not.
 */
bool rerun_file(struct rerun *rerun, struct lines *lines);

/* Release the memory. Zeroed: nothing to release. */
void rerun_end(struct rerun *rerun);

#endif
