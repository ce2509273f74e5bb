/* rerun: replays journals (ffntp/replay.h), and prints the events, or a summary; or passes them to a listener. */
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
	/*
	 * If not NULL, nothing is printed but errors, and maps that differ from the recorded ones, or cannot be
	 * compared, are none.
	 */
	const struct ffntp_replay_listener *listener;
	void *context;               /* the listener's */
	struct ffntp_replay *replay; /* NULL: no file was begun yet */
	const struct ffntp_replay_state *state;
	/* Of the present file: */
	struct event_tally tally;
	unsigned long cut_in_line; /* the number of an incomplete last line, which was not run; 0 if there is none */
};

/*
 * Run all of a file. A file that continues the session of the file before it must follow it.
 * Returns whether every map was equal. Otherwise one line on standard error names the first line that is not.
 */
bool rerun_file(struct rerun *rerun, struct lines *lines);

/* Return the summary of the present file, as 'ffntp replay --json' prints it. */
json_t *rerun_json(const struct rerun *rerun, const char *path);

/* Return the name of a member's server in 'name': its address if that is known, else "member N". */
const char *rerun_server_name(const struct ffntp_replay_state *state, unsigned member, char name[TALLY_NAME_SIZE]);

/* Release the memory. Zeroed: nothing to release. */
void rerun_end(struct rerun *rerun);

#endif
