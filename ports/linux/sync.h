/*
 * sync: runs a client that keeps a page: it owns the counter, asks the servers, and decides what is due. The daemon,
 * the devices of linuxdevice.h and the demo share it. It has no thread and never waits: the caller polls the descriptor
 * for POLLIN, for as long as the timeout allows, and then calls the step. One thread at a time; readers of the page may
 * be in any thread.
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

/* Events for a caller that logs or counts. Each is reported before its consequences. */
enum ffntp_sync_event {
	FFNTP_SYNC_NEWS,      /* an event of the peer */
	FFNTP_SYNC_MOVED,     /* a new address or server is asked from now on */
	FFNTP_SYNC_DISRUPTED, /* the counter was disrupted: everything is measured again */
	FFNTP_SYNC_PUBLISHED, /* map and server are new; the page has them unless it is inherited */
};

/* news: for FFNTP_SYNC_NEWS, else NULL. Do not close the sync in this function. */
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
	bool is_inherited; /* the page still has the map of an earlier client */
	bool is_lost;      /* the counter must not be used any more: nothing is published until a new start */
	bool is_paused;    /* no request is sent before pause_until */
	ffntp_counter pause_until;
	double pause_s; /* length of the next pause, after a round without an answer */
};

/* The parts of a sync. */
struct ffntp_sync_parts {
	const struct ffntp_client_config *config;
	struct ffntp_counter_source *source; /* it must outlive the sync, like the page and the listener's context */
	struct ffntp_page *page;             /* a page of this counter */
	const struct ffntp_servers *servers; /* open; the sync owns them from now on, unless opening fails */
	ffntp_sync_listener *listener;       /* or NULL */
	void *context;
};

/*
 * Open a sync. Nothing is published and no server asked yet. A sync may be moved in memory.
 * Returns false if the configuration is out of range, or memory is short; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_sync_parts *parts);

/* Close the sync. The page keeps its content. */
void ffntp_sync_close(struct ffntp_sync *sync);

/*
 * Continue from the last map that an earlier client of this page and this counter published, as ffntp_client_continue
 * does. Until there is a new estimate, the page keeps that map, which is valid until its void_after.
 */
void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former);

/* Return the page's current map: this client's, or the earlier client's. */
void ffntp_sync_output(struct ffntp_sync *sync, struct ffntp_map *map);

/*
 * Publish at once. Otherwise maps are published after each reply, where a leap second begins or ends, and once a
 * minute.
 */
void ffntp_sync_publish(struct ffntp_sync *sync);

/* Send no request for this time (s). */
void ffntp_sync_pause(struct ffntp_sync *sync, double delay_s);

/* Return the descriptor to poll for POLLIN; -1 while nothing is awaited. It changes with each request. */
int ffntp_sync_descriptor(const struct ffntp_sync *sync);

/*
 * Return how long the caller may wait before the next step: 1 to limit_ms. The next step also takes what was resolved
 * in the background.
 */
int ffntp_sync_timeout_ms(const struct ffntp_sync *sync, int limit_ms);

/* Do what is due. revents: the events that poll() has just reported for the descriptor; 0 if none. */
void ffntp_sync_step(struct ffntp_sync *sync, int revents);

#endif
