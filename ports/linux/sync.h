/*
 * sync: an ensemble on Linux with everything around it: it checks the counter, follows the servers of a lineup, chooses
 * their addresses, and keeps the page. The daemon, the devices of linuxdevice.h and the demo share it. It has no thread
 * and never waits: the caller polls the descriptors for POLLIN, for as long as the timeout allows, and then calls the
 * step. One thread at a time; readers of the page may be in any thread.
 *
 *   count = ffntp_sync_descriptors(&sync, ready);
 *   poll(ready, count, ffntp_sync_timeout_ms(&sync, 1000));
 *   ffntp_sync_step(&sync, ready, count);
 */
#ifndef FFNTP_LINUX_SYNC_H
#define FFNTP_LINUX_SYNC_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/ensemble.h"
#include "../../include/ffntp/map.h"
#include "../../include/ffntp/page.h"
#include "counter.h"
#include "lineup.h"
#include "peer.h"
#include "wakeup.h"

/*
 * Called with each event of the ensemble, for a caller that logs or counts. member: as ffntp_ensemble_event sets it. At
 * FFNTP_EVENT_MAP the page has the map. A member that joins later, or gets its first address later, begins with
 * FFNTP_EVENT_SERVER. Do not call the sync in this function.
 */
typedef void ffntp_sync_listener(void *context, unsigned member, const struct ffntp_event *event);

/* Called by ffntp_sync_open with its ensemble, which has no members yet: a caller that records it begins here. */
typedef void ffntp_sync_recorder(void *context, struct ffntp_ensemble *ensemble,
				 const struct ffntp_ensemble_config *config, ffntp_counter at);

/* A member: one address that is followed. */
struct ffntp_sync_peer {
	struct ffntp_peer peer;
	bool is_open;
	struct ffntp_ntslink *link;       /* keys and cookies of NTS; NULL: the server has none */
	size_t server;                    /* its place in the lineup */
	enum ffntp_servers_advice advice; /* to be followed once the present input's events were taken */
	double pause_s;                   /* length of the next pause, after a round without an answer */
	bool has_answered;                /* the rest is of a pool: since the address came into use, */
	unsigned unanswered, wrong;       /* requests without a reply, and replies of a falseticker, in a row */
	bool is_unfit;                    /* to be replaced by a different address */
};

/*
 * Called with each address before it is asked. Returns the interval (s) that the server there has asked for before, by
 * a kiss-o'-death, and in *wait_s the time until the next request; 0: it has not.
 */
typedef double ffntp_sync_limiter(void *context, const struct ffntp_address *address, double *wait_s);

struct ffntp_sync {
	struct ffntp_ensemble *ensemble;   /* for reading and recording; its inputs go through this module */
	ffntp_counter began;               /* the reading that it began with */
	unsigned room;                     /* for this many members */
	struct ffntp_client_config client; /* the usual configuration of members */
	struct ffntp_counter_source *source;
	struct ffntp_page *page;
	struct ffntp_wakeup *wakeup; /* or NULL */
	ffntp_sync_listener *listener;
	ffntp_sync_limiter *limiter;
	void *context;
	struct ffntp_lineup lineup;
	struct ffntp_sync_peer *peer; /* by number of the member */
	struct ffntp_ntslink *link;   /* likewise; not written, and so without memory, where there is no NTS */
	int keeps_stamping;           /* ffntp_udp_keep_stamping */
	/*
	 * The counter must not be used any more: nothing is published, and there is nothing to wait for, until a new
	 * start.
	 */
	bool is_lost;
};

/* The parts of a sync. */
struct ffntp_sync_parts {
	const struct ffntp_ensemble_config *config; /* with room for one member, or for all that a lineup may have */
	struct ffntp_counter_source *source; /* it must outlive the sync, like the page and the listener's context */
	struct ffntp_page *page;             /* a page of this counter */
	const struct ffntp_lineup *lineup;   /* opened; the sync owns it from now on, unless opening fails */
	ffntp_sync_listener *listener;       /* or NULL */
	ffntp_sync_recorder *recorder;       /* or NULL */
	void *context;                       /* of these */
	struct ffntp_wakeup *wakeup;         /* further signs of a disruption, or NULL; it must outlive the sync */
	ffntp_sync_limiter *limiter;         /* or NULL */
};

/* Most descriptors that ffntp_sync_descriptors sets. */
#define FFNTP_SYNC_DESCRIPTORS FFNTP_ENSEMBLE_MEMBERS

/*
 * Open a sync. Nothing is published and no server asked yet. Servers that have an address are members from now on, and
 * those whose names are resolved later join then. With room for one the server is a member at once in any case.
 * The sync must not be moved in memory.
 * Returns false if the configuration is out of range, or memory is short; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_sync_parts *parts);

/* Return the time that the names of servers are resolved by, which also advances while the machine is suspended (s). */
int64_t ffntp_sync_now_s(void);

/* Return whether a server has an address, or there is a reference clock. Until then nothing is asked, and the page has
 * no source. */
bool ffntp_sync_has_server(const struct ffntp_sync *sync);

/* Close the sync. The page keeps its content. */
void ffntp_sync_close(struct ffntp_sync *sync);

/* Close all but the lineup, which is the caller's again. */
struct ffntp_lineup ffntp_sync_end(struct ffntp_sync *sync);

/*
 * Follow the servers of a new lineup; those with a place in the former one go on as they are. The sync owns the new
 * lineup from now on, unless this fails.
 * Returns false if no server that has the time goes on, or the ensemble has no room: open a new sync then.
 */
FFNTP_MUST_USE bool ffntp_sync_change(struct ffntp_sync *sync, struct ffntp_lineup *lineup);

/*
 * Continue from the last map that an earlier ensemble of this page and this counter published. Until there is a new
 * estimate, the page keeps that map, which is valid until its void_after.
 */
void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former);

/* Publish at once, unless the page keeps an earlier ensemble's map. */
void ffntp_sync_publish(struct ffntp_sync *sync);

/*
 * Ask a server of the lineup no more, or again, within two seconds. Its path and its time stay known, and age. The sync
 * begins with the lineup's state.
 */
void ffntp_sync_set_offline(struct ffntp_sync *sync, size_t server, bool is_offline);

/* Ask a server of the lineup some times soon. Returns false if it is offline or has no address. */
bool ffntp_sync_burst(struct ffntp_sync *sync, size_t server);

/* Return whether the system has a route to an address that a server of the lineup has, or it has none yet. */
bool ffntp_sync_has_route(const struct ffntp_sync *sync, size_t server);

/* Let the first request to each server wait for a random time between these (s). */
void ffntp_sync_spread(struct ffntp_sync *sync, double least_s, double most_s);

/* Pass an input to all members that is none of these, such as a table of leap seconds; 'at' is set here. */
void ffntp_sync_input(struct ffntp_sync *sync, struct ffntp_input input);

/* Return the map that the page should have. */
const struct ffntp_map *ffntp_sync_map(const struct ffntp_sync *sync);

/*
 * Return a member, NULL if there is none of this number; and the name of its server, or the path of its reference
 * clock.
 */
const struct ffntp_peer *ffntp_sync_peer(const struct ffntp_sync *sync, unsigned member);
const char *ffntp_sync_name(const struct ffntp_sync *sync, unsigned member);

/*
 * Take the result of a member's last key exchange of NTS, to be logged. Returns a line about it; NULL if there is
 * nothing new. *has_failed: it is a problem.
 */
const char *ffntp_sync_nts_news(struct ffntp_sync *sync, unsigned member, bool *has_failed);

/* Return whether there is room for several servers. */
static inline bool ffntp_sync_is_many(const struct ffntp_sync *sync)
{
	return sync->room > 1;
}

/*
 * Set the descriptors to poll for POLLIN. They change with each request.
 * ready: room for FFNTP_SYNC_DESCRIPTORS, or for one if the ensemble has room for one.
 * Returns their number, at least 1: while nothing is awaited, one that poll() ignores.
 */
size_t ffntp_sync_descriptors(const struct ffntp_sync *sync, struct pollfd *ready);

/*
 * Return how long the caller may wait before the next step: 1 to limit_ms. The next step also takes what was resolved
 * in the background.
 */
int ffntp_sync_timeout_ms(const struct ffntp_sync *sync, int limit_ms);

/* Look for a disruption, and do what is due. ready, count: the descriptors after poll(), with their revents; a failed
 * poll() reports none. */
void ffntp_sync_step(struct ffntp_sync *sync, const struct pollfd *ready, size_t count);

#endif
