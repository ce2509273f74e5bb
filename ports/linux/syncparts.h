/* syncparts: the functions that the parts of sync.h share: syncstep.c, syncevents.c, syncmembers.c, synckeys.c,
 * online.c. */
#ifndef FFNTP_LINUX_SYNCPARTS_H
#define FFNTP_LINUX_SYNCPARTS_H

#include <stdbool.h>

#include "sync.h"

/*
 * The first request to a server that joins later, or is online again, leaves within this time (s), if there are others;
 * and if there are none.
 */
#define FFNTP_SYNC_JOIN_SPREAD_S 2
#define FFNTP_SYNC_ALONE_SPREAD_S 0.2

static inline ffntp_counter ffntp_sync_counter(const struct ffntp_sync *sync)
{
	return ffntp_counter_read(sync->source);
}

/* Return the server of the lineup that a member follows. */
static inline struct ffntp_lineup_server *ffntp_sync_server(const struct ffntp_sync *sync,
							    const struct ffntp_sync_peer *peer)
{
	return &sync->lineup.server[peer->server];
}

static inline bool ffntp_sync_is_refclock(const struct ffntp_sync_peer *peer)
{
	return peer->peer.refclock != NULL;
}

static inline bool ffntp_sync_is_of_pool(const struct ffntp_sync *sync, const struct ffntp_sync_peer *peer)
{
	return sync->lineup.server[peer->server].most > 0;
}

/* Return whether a member can be asked: a server has an address; a reference clock needs none. */
static inline bool ffntp_sync_has_address(const struct ffntp_sync_peer *peer)
{
	return peer->is_open && (ffntp_sync_is_refclock(peer) || ffntp_address_is_some(&peer->peer.address));
}

/* Ask a member soon, at a random moment, so that members that begin together are not asked together. */
static inline void ffntp_sync_ask_soon(const struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	ffntp_peer_pause(&peer->peer, 0,
			 ffntp_sync_is_many(sync) ? FFNTP_SYNC_JOIN_SPREAD_S : FFNTP_SYNC_ALONE_SPREAD_S);
}

static inline bool ffntp_sync_uses_nts(const struct ffntp_sync_peer *peer)
{
	return peer->link != NULL && peer->link->method.ops != NULL;
}

/* --- syncevents.c --- */

/* Pass an event to the caller's listener. */
void ffntp_sync_emit(const struct ffntp_sync *sync, unsigned member, const struct ffntp_event *event);

/*
 * Take an event of the ensemble, as its listener: publish a new map, and find out which addresses and keys are of use.
 * The members change later, in ffntp_sync_follow and ffntp_sync_work_lineup. context: the sync.
 */
void ffntp_sync_take_event(void *context, unsigned member, const struct ffntp_event *event);

/* --- syncmembers.c --- */

/*
 * Follow all servers of the lineup that have an address and are not followed yet, as far as there is room. With room
 * for one the server is followed without an address, too, because the ensemble's map is its own. is_start: the sync is
 * being opened, and has no events yet.
 */
void ffntp_sync_fill(struct ffntp_sync *sync, bool is_start);

/* Close a member, and remove it from the ensemble. */
void ffntp_sync_leave(struct ffntp_sync *sync, struct ffntp_sync_peer *peer);

/*
 * A server that asked for fewer requests before gets no more of them now. Call it with each new address of a member.
 */
void ffntp_sync_limit(const struct ffntp_sync *sync, struct ffntp_sync_peer *peer);

/* Move members to the addresses that the events of the last input chose. */
void ffntp_sync_follow(struct ffntp_sync *sync, struct ffntp_sync_peer *peer);
void ffntp_sync_follow_all(struct ffntp_sync *sync);

/* Resolve the names of servers and pools that need it, and follow their addresses. */
void ffntp_sync_work_lineup(struct ffntp_sync *sync);

/* --- synckeys.c --- */

/* Set what identifies this machine in the files of cookies: the generation of a guest may change while it runs. */
void ffntp_sync_identify_machine(const struct ffntp_sync *sync, struct ffntp_ntslink *link);

/* Do what is due of the key exchanges of NTS. */
void ffntp_sync_work_keys(struct ffntp_sync *sync);

#endif
