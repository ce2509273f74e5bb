/*
 * sync: a client that keeps a page: a counter, servers being asked, and when to do what. The one loop of the daemon, of
 * the devices of linuxdevice.h and of the demo. No thread and no waiting: the caller polls the descriptor for POLLIN,
 * for as long as the timeout says, and steps. One thread at a time; readers of the page may be in any.
 */
#ifndef FFNTP_LINUX_SYNC_H
#define FFNTP_LINUX_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/map.h"
#include "../../include/ffntp/page.h"
#include "counter.h"
#include "peer.h"
#include "servers.h"

/* What happens, for who logs or counts it. Each is told before what follows from it. */
enum ffntp_sync_event {
	FFNTP_SYNC_NEWS,      /* of the peer */
	FFNTP_SYNC_MOVED,     /* to another address or server, which is to be asked from now on */
	FFNTP_SYNC_DISRUPTED, /* the counter was: all is measured anew */
	FFNTP_SYNC_PUBLISHED, /* map and server are new; the page has them unless it is inherited */
};

/* news: of FFNTP_SYNC_NEWS, else NULL. The sync is not to be closed in here. */
typedef void ffntp_sync_listener(void *context, enum ffntp_sync_event event, const struct ffntp_peer_news *news);

struct ffntp_sync {
	struct ffntp_counter_source *source;
	struct ffntp_page *page;
	ffntp_sync_listener *listener;
	void *context;
	struct ffntp_servers servers;
	struct ffntp_peer peer;
	uint32_t poll_min_s, poll_max_s;
	struct ffntp_map map; /* as last published */
	struct ffntp_source server;
	ffntp_counter published_at;
	bool is_inherited; /* the page still says what a former client made of it */
	bool is_lost;      /* the counter is not to be used any more: nothing is told until all begins anew */
	bool is_paused;    /* no request before pause_until */
	ffntp_counter pause_until;
	double pause_s; /* the next pause, after a round in which nobody answers */
};

/* What it is made of. */
struct ffntp_sync_parts {
	const struct ffntp_client_config *config;
	struct ffntp_counter_source
		*source;         /* with the page, and what the listener is told with, it outlives the sync */
	struct ffntp_page *page; /* of this counter */
	const struct ffntp_servers *servers; /* open; they are the sync's from then on, unless it returns false */
	ffntp_sync_listener *listener;       /* or NULL */
	void *context;
};

/*
 * Nothing is published yet, and nobody asked. A sync may be moved in memory. Returns false if the configuration is out
 * of range, or there is no memory; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_sync_parts *parts);

/* The page stays, with what it says. */
void ffntp_sync_close(struct ffntp_sync *sync);

/*
 * Goes on from what a former client of this page, and of this counter, published last: ffntp_client_continue. While
 * there is nothing else to be told, the page keeps saying it, which holds until its void_after.
 */
void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former);

/* What the page says now: in the words of this client, or of the one before. */
void ffntp_sync_output(struct ffntp_sync *sync, struct ffntp_map *map);

/* At once. Otherwise it is published after each reply, where a leap second begins or ends, and once a minute. */
void ffntp_sync_publish(struct ffntp_sync *sync);

/* No request for so long (s). */
void ffntp_sync_pause(struct ffntp_sync *sync, double delay_s);

/* To be polled for POLLIN; -1 while nothing is awaited. Changes with each request. */
int ffntp_sync_descriptor(const struct ffntp_sync *sync);

/* How long the caller may wait before it steps: 1 to limit_ms. What is resolved in the background is looked for then.
 */
int ffntp_sync_timeout_ms(const struct ffntp_sync *sync, int limit_ms);

/* What is due. revents: what poll() reported for the descriptor, just now; 0 if nothing. */
void ffntp_sync_step(struct ffntp_sync *sync, int revents);

#endif
