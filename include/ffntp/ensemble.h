/*
 * ensemble: one clock from several servers, without I/O. An ensemble has members: each is a session (session.h) with
 * one server, and all have the same counter. The members vote on the time; the ensemble names those that are wrong,
 * combines the others, and yields one map, whose bound holds as long as more than half of the servers are right.
 *
 * With room for one member the ensemble's map is the member's own. As a session, an ensemble never reads a clock, draws
 * no random bits and allocates nothing, and the same inputs always give the same maps, bit for bit. One thread at a
 * time may use it.
 *
 *   number = ffntp_ensemble_add(ensemble, &member, counter());
 *   for each member: as for a session (session.h), with ffntp_ensemble_input(ensemble, number, &input), and
 *           while (ffntp_ensemble_event(ensemble, &number, &event))
 *                   FFNTP_EVENT_MAP: publish ffntp_ensemble_map(ensemble); the others: log
 */
#ifndef FFNTP_ENSEMBLE_H
#define FFNTP_ENSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "linkage.h"
#include "map.h"
#include "page.h"
#include "session.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_ensemble;

/* Largest number of members. */
#define FFNTP_ENSEMBLE_MEMBERS 64

/* In place of a member's number: all members. */
#define FFNTP_ENSEMBLE_ALL 0xffffffffu

/* A member: its server, as the user sees it. */
struct ffntp_member_config {
	/* Of its session. Counter, estimator and leap seconds must be those of the ensemble's configuration. */
	struct ffntp_client_config client;
	/* While a preferred member is right, only preferred ones are combined. */
	bool is_preferred;
	/* While a trusted member has the time, only trusted ones vote. Their majority then decides. */
	bool is_trusted;
	/* The clock is synchronised only while a required member is right, if there is one. */
	bool is_required;
	/* The member is measured, but neither votes nor is combined. */
	bool is_unused;
};

struct ffntp_ensemble_config {
	struct ffntp_client_config client; /* the usual configuration of members */
	unsigned members;                  /* room for this many, 1 to FFNTP_ENSEMBLE_MEMBERS */
	unsigned least_sources; /* the clock is synchronised only while this many members are right; 0 counts as 1 */
};

/* Return the bytes, a multiple of 16, that an ensemble needs; 0 if the configuration is out of range. */
FFNTP_MUST_USE size_t ffntp_ensemble_memory(const struct ffntp_ensemble_config *config);

/*
 * Create an ensemble without members in the caller's memory. Nothing needs to be released. The configuration is copied;
 * its leap table is not.
 * memory, size: ffntp_ensemble_memory bytes or more, aligned to 16.
 * Returns NULL if the configuration is out of range, or the memory too small or misaligned.
 */
FFNTP_MUST_USE struct ffntp_ensemble *
ffntp_ensemble_init(void *memory, size_t size, const struct ffntp_ensemble_config *config, ffntp_counter now);

/*
 * Make an independent copy of an ensemble, as ffntp_session_copy does. The copy has no recorder.
 * memory, size: as for ffntp_ensemble_init.
 * Returns NULL if the memory is too small or misaligned.
 */
FFNTP_MUST_USE struct ffntp_ensemble *ffntp_ensemble_copy(const struct ffntp_ensemble *ensemble, void *memory,
							  size_t size);

/*
 * Add a member. Returns its number, the smallest one that is free; or -1 if there is no room, or its configuration is
 * out of range or needs more memory than the usual one.
 */
FFNTP_MUST_USE int ffntp_ensemble_add(struct ffntp_ensemble *ensemble, const struct ffntp_member_config *config,
				      ffntp_counter now);

/* Remove a member. The clock does not move: the member's share goes to the others, slowly. */
void ffntp_ensemble_remove(struct ffntp_ensemble *ensemble, unsigned member, ffntp_counter now);

/* Return a member's session, for reading only; NULL if there is no member of this number. */
const struct ffntp_session *ffntp_ensemble_session(const struct ffntp_ensemble *ensemble, unsigned member);

/*
 * Process one input of a member, or of all of them (FFNTP_ENSEMBLE_ALL: inputs about the counter, leap seconds, a
 * former map, publishing, pauses). It may yield events; those of the input before it that were not taken are discarded.
 * FFNTP_INPUT_FORMER is for a new ensemble, before its first request.
 */
void ffntp_ensemble_input(struct ffntp_ensemble *ensemble, unsigned member, const struct ffntp_input *input);

/*
 * Take the next event of the last input. member: set to the member's number, or to FFNTP_ENSEMBLE_ALL.
 * Returns false if there is none. At FFNTP_EVENT_SELECTION the member's 'selection' has changed (page.h).
 */
FFNTP_MUST_USE bool ffntp_ensemble_event(struct ffntp_ensemble *ensemble, unsigned *member, struct ffntp_event *event);

/* Return the map of the last FFNTP_EVENT_MAP; before the first one as ffntp_session_map does. */
const struct ffntp_map *ffntp_ensemble_map(const struct ffntp_ensemble *ensemble);

/*
 * Get the state of a member's server as of the last map: ffntp_session_source, with its selection and share, and the
 * offset of the ensemble's clock from it. Returns false, with *source untouched, if there is no such member.
 */
FFNTP_MUST_USE bool ffntp_ensemble_source(const struct ffntp_ensemble *ensemble, unsigned member,
					  struct ffntp_source *source);

/*
 * Functions that are called with all that changes an ensemble, and with its maps; pointers are valid during the call
 * only. NULL: not called.
 */
struct ffntp_ensemble_recorder {
	/* An input, before it is processed. member: a number, or FFNTP_ENSEMBLE_ALL. */
	void (*input)(void *context, unsigned member, const struct ffntp_input *input);
	/* A member that was added, with the arguments of ffntp_ensemble_add. member: the number that it returns. */
	void (*added)(void *context, unsigned member, const struct ffntp_member_config *config, ffntp_counter now);
	/* A member that is about to be removed. */
	void (*removed)(void *context, unsigned member, ffntp_counter now);
	/* A map that the last input yielded, before its events are taken. */
	void (*published)(void *context, const struct ffntp_map *map);
};

/* Record: call the recorder's functions from now on; NULL ends it. The recorder is copied. */
void ffntp_ensemble_record(struct ffntp_ensemble *ensemble, const struct ffntp_ensemble_recorder *recorder,
			   void *context);

FFNTP_END_DECLARATIONS

#endif
