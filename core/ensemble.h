/* ensemble: the state behind ffntp/ensemble.h, for the files that implement it. */
#ifndef FFNTP_CORE_ENSEMBLE_H
#define FFNTP_CORE_ENSEMBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/ffntp/ensemble.h"
#include "client.h"
#include "law/law_joint.h"
#include "publisher.h"
#include "session.h"
#include "vote.h"

/*
 * The values of a member's session that the ensemble computes with: a copy, set after each change of the session. One
 * member's exchange needs those of all members, and sessions are spread over memory.
 */
struct ffntp_member_view {
	struct ffntp_bound bound;
	struct ffntp_rate_bound rate;
	unsigned candidates; /* clocks that the server's exchanges may show instead */
	bool is_confirmed;   /* enough exchanges agree with the clock */
	bool may_answer;     /* a server that has no time may have it soon */
	uint8_t leap;        /* the newest stamp's leap indicator */
	double poll_s;
	/* The variance of its time, as of a reading, and how it grows; that of its asymmetry. */
	ffntp_counter at;
	double period_s, variance_s2, covariance_s, rate_variance, wander_per_s, asymmetry_s2;
};

/* A member. Zeroed: the place is free. */
struct ffntp_member {
	struct ffntp_session *session;
	struct ffntp_member_view view;
	bool is_preferred, is_trusted, is_required, is_unused;
	enum ffntp_selection selection, shown; /* now, and as the last event had it */
	bool has_time, is_fresh;               /* it has an interval; it answers */
	bool is_right;                         /* the majority agrees with it */
	/* Its markers at the last look, and whether they have changed since the ensemble's changed. */
	uint64_t disruption_marker;
	uint32_t counter_marker;
	bool has_stepped, has_jumped;
	ffntp_counter learnt_at; /* tf of the stamp that was learnt last */
	/* The time that it shows the joint clock. */
	struct ffntp_law_frame frame;
	double behind_s, variance_s2; /* its published time behind the joint clock, as of the newest exchange */
	double share;                 /* in the published time; all shares sum to 1, or are 0 */
	unsigned apart;               /* exchanges in a row that were far from the joint clock */
	bool is_astray;
	double checked_s;   /* distance from the joint clock when it was looked at last */
	unsigned unchecked; /* exchanges since then */
};

/*
 * No more events can follow from one input: those of a session, and the selection of each member. Events of the other
 * members' sessions are not the ensemble's.
 */
#define FFNTP_ENSEMBLE_EVENTS(members) (FFNTP_SESSION_EVENTS + 1 + (members))

struct ffntp_ensemble_event {
	unsigned member;
	struct ffntp_event event;
};

struct ffntp_ensemble {
	struct ffntp_ensemble_config config;
	size_t size, stride; /* of all, and of a member's session, in bytes */
	/* In the same memory, behind this struct: as many as config.members, and their events. */
	unsigned char *sessions;
	struct ffntp_member *member;
	struct ffntp_ensemble_event *event;
	unsigned events, taken;
	ffntp_counter now, begun;
	int lead; /* the member that is followed while there is no joint clock; -1: none yet */

	/* The last estimate, whether it was based on enough exchanges, and whose it was: the lead's, or -1: the joint
	 * clock's. */
	struct ffntp_estimate former;
	int followed;
	bool has_former;

	struct ffntp_law_joint joint;
	/* The published time is the joint clock's, or the lead's, moved by this: it fades, so that no change is a jump.
	 */
	double residual_s;
	ffntp_counter shared_at; /* when the shares were brought up to date */

	struct ffntp_publisher publisher;
	struct ffntp_map map;
	bool has_majority;
	bool prefers;      /* a preferred member is right */
	bool keeps_former; /* the map is a former ensemble's, until this one has an estimate */
	bool is_disrupted;
	bool is_in_doubt; /* a server contradicts the clock, and it is not known yet whether the counter has jumped */
	ffntp_counter doubted_at; /* since then */
	bool is_map_due, has_new_map;

	struct ffntp_vote_order time_order, rate_order;
	struct ffntp_ensemble_recorder recorder;
	void *recorder_context;
};

/* The members that vote, and their intervals. */
struct ffntp_ballot {
	unsigned count, voter[FFNTP_ENSEMBLE_MEMBERS];
	struct ffntp_vote_intervals time, rate;
	struct ffntp_vote result, rate_result;
};

static inline struct ffntp_client *ffntp_member_client(const struct ffntp_member *member)
{
	return member->session->client;
}

static inline const struct ffntp_clock_state *ffntp_member_clock(const struct ffntp_member *member)
{
	return &member->session->client->clock;
}

/* Return whether the member may be combined: it has the time, and the majority agrees with it. */
static inline bool ffntp_member_is_candidate(const struct ffntp_member *member)
{
	return member->session != NULL && member->has_time && member->is_right && !member->is_unused &&
	       !member->is_astray;
}

/* Return whether the member is combined: a preferred one, while there are such. */
static inline bool ffntp_ensemble_combines(const struct ffntp_ensemble *ensemble, unsigned number)
{
	const struct ffntp_member *member = &ensemble->member[number];

	return ffntp_member_is_candidate(member) && (member->is_preferred || !ensemble->prefers);
}

/*
 * ensemble_vote: its session has changed: set the member's view, see whether it has the time, whether it answers, and
 * whether its markers have changed.
 */
void ffntp_ensemble_look_at(struct ffntp_member *member);

/* ensemble_vote: take the member's present markers for those that are known. */
void ffntp_ensemble_store_markers(struct ffntp_member *member);

/*
 * ensemble_vote: the server of a member that was right contradicts the clock, where the counter may jump. All members
 * are asked at once.
 */
void ffntp_ensemble_begin_doubt(struct ffntp_ensemble *ensemble, unsigned member, ffntp_counter at);

/* ensemble_vote: choose the voters, and change the ensemble's markers if most of theirs have changed. */
void ffntp_ensemble_begin_vote(struct ffntp_ensemble *ensemble, struct ffntp_ballot *ballot);

/*
 * ensemble_vote: vote on the time at a reading, from the reference, and on the counter's rate (s per tick); then judge
 * all members by the result. There is a voter.
 */
void ffntp_ensemble_hold_vote(struct ffntp_ensemble *ensemble, struct ffntp_ballot *ballot, ffntp_counter at,
			      struct ffntp_ntp reference);

/* ensemble_vote: return the status: synchronised, free-running, or disrupted while the counter is in doubt. */
enum ffntp_status ffntp_ensemble_status(const struct ffntp_ensemble *ensemble, const struct ffntp_ballot *ballot);

/* ensemble_vote: set how each member is used. */
void ffntp_ensemble_set_selections(struct ffntp_ensemble *ensemble);

/* ensemble_time: process an accepted exchange of a member. */
void ffntp_ensemble_learn(struct ffntp_ensemble *ensemble, unsigned member);

/* ensemble_time: forget all that depends on counter readings, because the members have. */
void ffntp_ensemble_forget(struct ffntp_ensemble *ensemble);

/* ensemble_time: a member is about to leave, or to begin again: its part in the time fades. */
void ffntp_ensemble_release(struct ffntp_ensemble *ensemble, unsigned member);

/* ensemble_time: compute the map as of now, and each member's selection. */
void ffntp_ensemble_compute(struct ffntp_ensemble *ensemble, struct ffntp_map *map);

#endif
