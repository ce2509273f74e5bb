/*
 * journal: the lines of a journal, which records every input of a session or an ensemble, so that it can be run again.
 * Pure: a line is written into the caller's memory, or read from it; no libc, so that a system without files can write
 * the lines to its console. docs/journal.md describes the format.
 */
#ifndef FFNTP_JOURNAL_H
#define FFNTP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "../include/ffntp/ensemble.h"
#include "../include/ffntp/map.h"
#include "../include/ffntp/session.h"
#include "../include/ffntp/timescale.h"

/*
 * The version of the format. It changes when an input of a session changes, or a field in journal_fields.h. Inputs and
 * fields that come later do not change it: a program that does not know an input refuses its line, a line has a field
 * only if it is set, and digests leave those fields out.
 */
#define FFNTP_JOURNAL_VERSION 1

/* The first word of a journal, with the blank behind it: programs recognise a journal by it. */
#define FFNTP_JOURNAL_BEGINNING "ffntp-journal "

/* Longest datagram that a line can hold, as long as ports/linux/udp.h receives them. */
#define FFNTP_JOURNAL_DATAGRAM_MAX 2048

/* Longest line, with its newline: a datagram as hexadecimal digits, or a full table of leap seconds. */
#define FFNTP_JOURNAL_LINE_SIZE 4352

/* State of the writer, and of the reader, of one journal. Zeroed: nothing was written or read yet. */
struct ffntp_journal {
	ffntp_counter at; /* of the line before: the next line has the difference from it */
	bool has_head, has_session;
	unsigned room;        /* for members of the ensemble; a session counts as an ensemble with room for one */
	unsigned next_listed; /* the reader's: the least number that a listed member may have here */
};

/* --- writing. Each function returns the length of the line, which ends in a newline --- */

/* Write the first line of a journal. program: the version of the program, a word that is kept for people. */
size_t ffntp_journal_write_head(struct ffntp_journal *journal, const char *program, char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write the beginning of a session: the arguments of ffntp_session_init. A journal may have several sessions. */
size_t ffntp_journal_write_session(struct ffntp_journal *journal, const struct ffntp_client_config *config,
				   ffntp_counter at, char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write that the session of an earlier file continues in this one. */
size_t ffntp_journal_write_continues(struct ffntp_journal *journal, const struct ffntp_client_config *config,
				     char line[FFNTP_JOURNAL_LINE_SIZE]);

/*
 * Write an input of a session. Returns 0 if its datagram is longer than FFNTP_JOURNAL_DATAGRAM_MAX, its measurement is
 * missing, or its kind is unknown.
 */
size_t ffntp_journal_write_input(struct ffntp_journal *journal, const struct ffntp_input *input,
				 char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write the digest of a map that the session or ensemble yielded after the input of the line before. */
size_t ffntp_journal_write_map(const struct ffntp_map *map, char line[FFNTP_JOURNAL_LINE_SIZE]);

/*
 * Return whether an input that a session is about to process belongs into its journal. A timeout before the deadline
 * has no effect, and would be most of the journal.
 */
static inline bool ffntp_journal_is_recorded(const struct ffntp_session *session, const struct ffntp_input *input)
{
	return ffntp_session_has_effect(session, input);
}

/*
 * An ensemble. If it has room for one member, its journal is that of a session: the member's lines are those above.
 */

/* Write the beginning of an ensemble: the arguments of ffntp_ensemble_init. Returns 0 if it has room for one member. */
size_t ffntp_journal_write_ensemble(struct ffntp_journal *journal, const struct ffntp_ensemble_config *config,
				    ffntp_counter at, char line[FFNTP_JOURNAL_LINE_SIZE]);

/*
 * Write that the ensemble of an earlier file continues in this one; then each of its members, in the order of their
 * numbers, with ffntp_journal_write_listed. Returns 0 if it has room for one member.
 */
size_t ffntp_journal_write_ensemble_continues(struct ffntp_journal *journal, const struct ffntp_ensemble_config *config,
					      char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write a member that the ensemble has where it continues. */
size_t ffntp_journal_write_listed(struct ffntp_journal *journal, unsigned member,
				  const struct ffntp_member_config *config, char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write that a member was added. */
size_t ffntp_journal_write_added(struct ffntp_journal *journal, unsigned member,
				 const struct ffntp_member_config *config, ffntp_counter at,
				 char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write that a member is removed. Returns 0 if the ensemble has room for one member. */
size_t ffntp_journal_write_removed(struct ffntp_journal *journal, unsigned member, ffntp_counter at,
				   char line[FFNTP_JOURNAL_LINE_SIZE]);

/* Write an input of a member, or of all of them, as ffntp_journal_write_input does. */
size_t ffntp_journal_write_member_input(struct ffntp_journal *journal, unsigned member, const struct ffntp_input *input,
					char line[FFNTP_JOURNAL_LINE_SIZE]);

/*
 * Return whether an input that an ensemble is about to process belongs into its journal: as for a session, and if the
 * ensemble has room for one member, only while it has that member.
 */
static inline bool ffntp_journal_is_member_recorded(const struct ffntp_journal *journal,
						    const struct ffntp_ensemble *ensemble, unsigned member,
						    const struct ffntp_input *input)
{
	return journal->has_session && (member == FFNTP_ENSEMBLE_ALL ||
					ffntp_journal_is_recorded(ffntp_ensemble_session(ensemble, member), input));
}

/*
 * Return a digest of the fields of a map, except those that came later than journals (LATER_WORD, and
 * tai_outlasts_table). It is the same on every machine.
 */
uint64_t ffntp_journal_digest(const struct ffntp_map *map);

/* --- reading --- */

enum ffntp_journal_kind {
	FFNTP_JOURNAL_INVALID = 0, /* 'problem' has the reason */
	FFNTP_JOURNAL_NOTHING,     /* a comment */
	FFNTP_JOURNAL_HEAD,        /* program */
	FFNTP_JOURNAL_SESSION,     /* ensemble, at */
	FFNTP_JOURNAL_ENSEMBLE,    /* ensemble, at */
	FFNTP_JOURNAL_CONTINUES,   /* ensemble, at */
	FFNTP_JOURNAL_LISTED,      /* number, member */
	FFNTP_JOURNAL_ADDED,       /* number, member, at */
	FFNTP_JOURNAL_REMOVED,     /* number, at */
	FFNTP_JOURNAL_INPUT,       /* number, input */
	FFNTP_JOURNAL_MAP,         /* digest */
};

/* One line. The pointers of configurations and input point into the entry: do not move it. */
struct ffntp_journal_entry {
	enum ffntp_journal_kind kind;
	const char *problem; /* a static text */
	const char *program; /* the program's version; it points into the line */
	size_t program_length;
	ffntp_counter at;
	struct ffntp_ensemble_config ensemble; /* with room for one member if it is a session */
	struct ffntp_member_config member;
	unsigned number; /* of the member; FFNTP_ENSEMBLE_ALL: the input is of all, or of a session */
	struct ffntp_input input;
	uint64_t digest;
	struct ffntp_leap_table table;
	struct ffntp_map map;
	struct ffntp_measurement measurement;
	uint8_t bytes[FFNTP_JOURNAL_DATAGRAM_MAX];
};

/*
 * Read one line of 'length' bytes, without its newline. Each value has one valid spelling only, so that writing what
 * was read gives the same line. Returns entry->kind. The journal's state is unchanged after an invalid line.
 */
enum ffntp_journal_kind ffntp_journal_read(struct ffntp_journal *journal, const char *line, size_t length,
					   struct ffntp_journal_entry *entry);

#endif
