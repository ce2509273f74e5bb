/*
 * rerun: runs the sessions and ensembles of a journal again, and compares the digest of every map. Prints the events,
 * or a summary; or passes them to an observer.
 */
#ifndef FFNTP_TOOL_RERUN_H
#define FFNTP_TOOL_RERUN_H

#include <ffntp/ensemble.h>
#include <stdbool.h>
#include <stdint.h>

#include "../ports/journal.h"
#include "lines.h"
#include "options.h"
#include "tally.h"

#define RERUN_PROGRAM_SIZE 64

struct rerun;

/* Functions that are called while a journal runs, for a caller that prints something else than rerun does. */
struct rerun_observer {
	void *context;
	/* An ensemble or session began; rerun->entry has its configuration. */
	void (*begun)(void *context, const struct rerun *rerun);
	/* An event. member: a number, or FFNTP_ENSEMBLE_ALL. rerun->entry.input is the input that yielded it. */
	void (*event)(void *context, const struct rerun *rerun, unsigned member, const struct ffntp_event *event);
};

struct rerun {
	const struct tool_command *command;
	bool as_json, is_verbose;
	/*
	 * If not NULL, nothing is printed, and maps that differ from the recorded ones, or cannot be compared, are no
	 * error.
	 */
	const struct rerun_observer *observer;
	struct ffntp_journal reader;
	struct ffntp_ensemble *ensemble; /* a session is one with room for one member; NULL: none began yet */
	void *memory;
	unsigned room;   /* for its members */
	double period_s; /* of the session's hint */
	ffntp_counter begun_at;
	bool is_compared;          /* false: the session's beginning is not known */
	struct rerun_table *table; /* the tables of leap seconds that its members point to */
	struct ffntp_journal_entry entry;
	bool is_waiting; /* the last input yielded a map whose line was not read yet */
	uint64_t waiting_digest;
	char program[RERUN_PROGRAM_SIZE];
	/* Of the present file: */
	uint64_t sessions, inputs, equal, uncompared;
	uint64_t differing;        /* with an observer */
	uint64_t unwritten;        /* maps of the last input before a recorder ended, which it did not write */
	unsigned long cut_in_line; /* the number of an incomplete last line, which was not run; 0 if there is none */
	struct event_tally tally;
};

struct rerun_table {
	struct rerun_table *next;
	struct ffntp_leap_table table;
};

/* Return whether a file with this first line is a journal. */
bool rerun_is_journal(const struct lines_line *first);

/*
 * Run all of a file. A file that continues the session of the file before it must follow it.
 * Returns whether every map was equal. Otherwise one line on standard error names the first line that is not.
 */
bool rerun_file(struct rerun *rerun, struct lines *lines);

/* Return the summary of the present file, as 'ffntp replay --json' prints it. */
json_t *rerun_json(const struct rerun *rerun, const char *path);

/* Return the name of a member's server in 'name': its address if that is known, else "member N". */
const char *rerun_server_name(const struct rerun *rerun, unsigned member, char name[TALLY_NAME_SIZE]);

/* Return the seconds from the beginning of the session to a counter reading, by its hint of the period. */
double rerun_seconds(const struct rerun *rerun, ffntp_counter at);

/* Release the memory. Zeroed: nothing to release. */
void rerun_end(struct rerun *rerun);

#endif
