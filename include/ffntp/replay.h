/*
 * replay: run the sessions and ensembles of a journal again, line by line (docs/journal.md). The replay compares the
 * digest of each map with the recorded one, and passes each event to a listener. It uses malloc, and is for one thread
 * at a time.
 *
 *   struct ffntp_replay *replay = ffntp_replay_new(&listener, context);
 *
 *   for each file, the earlier one first:
 *           ffntp_replay_begin_file(replay);
 *           for each line: ffntp_replay_line(replay, line, length), which calls the listener
 *           ffntp_replay_end_file(replay);
 *   ffntp_replay_free(replay);
 */
#ifndef FFNTP_REPLAY_H
#define FFNTP_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ensemble.h"
#include "instant.h"
#include "linkage.h"
#include "session.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_replay;

/* Size of the longest line of a journal without its newline. */
#define FFNTP_REPLAY_LINE_SIZE 4352

/* The state of a replay, for reading only. */
struct ffntp_replay_state {
	const struct ffntp_ensemble *ensemble; /* a session is one with room for one member; NULL: none began yet */
	unsigned room;                         /* for the ensemble's members */
	ffntp_counter at;                      /* the counter reading of the line */
	double seconds;      /* from the beginning of the session to the line, at the counter's nominal rate */
	bool is_compared;    /* false: the session began in an earlier file, which was not replayed */
	uint64_t refclocks;  /* bit N: member N is a reference clock, because it was measured */
	const char *program; /* the version of the program that wrote the journal; "" before the first line */
	/* Of the present file: */
	uint64_t sessions;   /* that began */
	uint64_t inputs;     /* that were run */
	uint64_t equal;      /* maps with the digest that was recorded */
	uint64_t different;  /* maps without it, or without a recorded map, and recorded maps without a replayed one */
	uint64_t uncompared; /* maps of a session that is not compared */
	uint64_t unwritten;  /* maps of the last input before a recorder ended, which it did not write */
};

/*
 * Functions that the replay calls during ffntp_replay_line. They must not call the replay. A member's number is that of
 * the ensemble; FFNTP_ENSEMBLE_ALL: the event is of all. NULL: not called.
 */
struct ffntp_replay_listener {
	/* An event. At FFNTP_EVENT_MAP the map is ffntp_ensemble_map(state->ensemble). */
	void (*event)(void *context, const struct ffntp_replay_state *state, unsigned member,
		      const struct ffntp_event *event);
	/* A member was added. */
	void (*added)(void *context, const struct ffntp_replay_state *state, unsigned member);
	/* A member is about to be removed. */
	void (*removed)(void *context, const struct ffntp_replay_state *state, unsigned member);
	/* An ensemble or a session began, with this configuration. It has no members yet. */
	void (*begun)(void *context, const struct ffntp_replay_state *state,
		      const struct ffntp_ensemble_config *config);
};

/* Make a replay. listener: copied. Returns NULL if there is no memory. */
FFNTP_MUST_USE struct ffntp_replay *ffntp_replay_new(const struct ffntp_replay_listener *listener, void *context);

/* Release a replay. NULL is permitted. */
void ffntp_replay_free(struct ffntp_replay *replay);

/* Return whether a file with this first line is a journal, of whatever version. */
bool ffntp_replay_is_journal(const char *line, size_t length);

/* Begin a file: set the counts to 0. A file that continues the session of the file before it must follow that file. */
void ffntp_replay_begin_file(struct ffntp_replay *replay);

/* Result of a line. */
enum ffntp_replay_result {
	FFNTP_REPLAY_OK = 0,
	FFNTP_REPLAY_INVALID,   /* the line is not valid, or cannot be run; so is each later one of the file */
	FFNTP_REPLAY_DIFFERENT, /* the replay and the journal have different maps, or one has none; you may go on */
};

/*
 * Run one line of 'length' bytes, any bytes, without its newline.
 * problem: unless the result is FFNTP_REPLAY_OK, set to a static text for people, which names neither file nor line.
 */
FFNTP_MUST_USE enum ffntp_replay_result ffntp_replay_line(struct ffntp_replay *replay, const char *line, size_t length,
							  const char **problem);

/* End a file, which may end between an input and its map. */
void ffntp_replay_end_file(struct ffntp_replay *replay);

/* Return the state, which stays at the same place for as long as the replay exists. */
const struct ffntp_replay_state *ffntp_replay_state(const struct ffntp_replay *replay);

FFNTP_END_DECLARATIONS

#endif
