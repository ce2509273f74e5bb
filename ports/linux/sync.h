/*
 * sync: a session on Linux with everything around it: it checks the counter, chooses the server, and keeps the page.
 * The daemon, the devices of linuxdevice.h and the demo share it. It has no thread and never waits: the caller polls
 * the descriptor for POLLIN, for as long as the timeout allows, and then calls the step. One thread at a time; readers
 * of the page may be in any thread.
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

/*
 * Called with each event of the session, for a caller that logs or counts. At FFNTP_EVENT_MAP the page has the map. Do
 * not call the sync in this function.
 */
typedef void ffntp_sync_listener(void *context, const struct ffntp_event *event);

struct ffntp_sync {
	struct ffntp_session *session; /* for reading and recording; its inputs go through this module */
	struct ffntp_counter_source *source;
	struct ffntp_page *page;
	ffntp_sync_listener *listener;
	void *context;
	struct ffntp_servers servers;
	enum ffntp_servers_advice advice; /* to be followed once the present input's events were taken */
	struct ffntp_peer peer;
	uint32_t poll_min_s, poll_max_s;
	bool is_lost;   /* the counter must not be used any more: nothing is published until a new start */
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
 * Open a sync. Nothing is published and no server asked yet, and the session has had no input: a recorder may be set.
 * The sync must not be moved in memory.
 * Returns false if the configuration is out of range, or memory is short; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_sync_parts *parts);

/* Return the time that the names of servers are resolved by, which also advances while the machine is suspended (s). */
int64_t ffntp_sync_now_s(void);

/* Return whether a server has an address. Until then nothing is asked, and the page has no source. */
bool ffntp_sync_has_server(const struct ffntp_sync *sync);

/* Close the sync. The page keeps its content. */
void ffntp_sync_close(struct ffntp_sync *sync);

/*
 * Continue from the last map that an earlier session of this page and this counter published. Until there is a new
 * estimate, the page keeps that map, which is valid until its void_after.
 */
void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former);

/* Publish at once, unless the page keeps an earlier session's map. */
void ffntp_sync_publish(struct ffntp_sync *sync);

/* Send no request for this time (s). */
void ffntp_sync_pause(struct ffntp_sync *sync, double delay_s);

/* Pass an input that is none of these, such as a table of leap seconds; 'at' is set here. */
void ffntp_sync_input(struct ffntp_sync *sync, struct ffntp_input input);

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
