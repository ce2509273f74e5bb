/*
 * peer: the association with one server on Linux: a core client, an address, and the socket of the request in flight.
 * The caller polls the descriptor, if there is one, for POLLIN. It calls ffntp_peer_receive when the descriptor is
 * ready, and ffntp_peer_timer after each poll. Both return one event at a time; call them until they return none.
 *
 *   timeout = ffntp_peer_timeout_ms(&peer, now, 1000);
 *   poll(&(struct pollfd){ .fd = ffntp_peer_descriptor(&peer), .events = POLLIN }, 1, timeout);
 */
#ifndef FFNTP_LINUX_PEER_H
#define FFNTP_LINUX_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/client.h"
#include "counter.h"
#include "resolve.h"
#include "udp.h"

struct ffntp_peer {
	struct ffntp_client *client; /* every function of its header may be called, between calls of this module */
	struct ffntp_address address;
	const struct ffntp_counter_source *source;
	struct ffntp_udp udp;
	int keeps_stamping; /* ffntp_udp_keep_stamping */
	double period_s;    /* seconds per tick, as far as known */
	bool is_awaiting;   /* a request was sent, and no reply to it has been accepted yet */
	ffntp_counter sent_at;
	ffntp_counter until; /* ffntp_peer_timer has nothing to do before this reading */
	bool is_held;        /* backing off: the kernel gave no nonce, nothing is done before 'until' */
};

enum ffntp_peer_event {
	FFNTP_PEER_NOTHING,
	FFNTP_PEER_SENT,
	FFNTP_PEER_NOT_SENT,      /* the request counts as unanswered; 'error' has the reason */
	FFNTP_PEER_REPLY,         /* a datagram arrived; 'verdict' is the client's result for it */
	FFNTP_PEER_ERROR,         /* the network reported 'error' while a reply was awaited */
	FFNTP_PEER_UNANSWERED,    /* no reply was accepted in time */
	FFNTP_PEER_CHANGE_SERVER, /* FFNTP_CHANGE_SERVER of client.h */
};

struct ffntp_peer_news {
	enum ffntp_peer_event event;
	enum ffntp_verdict verdict;
	int error; /* an errno value */
};

/* Set the usual configuration for this counter, and for the system's date. */
void ffntp_peer_config_default(struct ffntp_client_config *config, const struct ffntp_counter_source *source);

/*
 * Create a client of the server at address. config: period_hint_s and counter_kind must be the source's. source: must
 * outlive the peer.
 * Returns false if the configuration is out of range or memory is short; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_peer_open(struct ffntp_peer *peer, const struct ffntp_client_config *config,
				    const struct ffntp_counter_source *source, const struct ffntp_address *address);

void ffntp_peer_close(struct ffntp_peer *peer);

/* Return the descriptor to poll for POLLIN; -1 while no reply is awaited. It changes with each request. */
int ffntp_peer_descriptor(const struct ffntp_peer *peer);

/* Return how long poll() may wait until ffntp_peer_timer has something to do, rounded up, from 1 to limit_ms. */
int ffntp_peer_timeout_ms(const struct ffntp_peer *peer, ffntp_counter now, int limit_ms);

/*
 * Process what poll() reported as revents for the descriptor. woke: the counter just after poll(). At most one datagram
 * is processed; for further ones call it again with revents 0 until the next poll().
 */
struct ffntp_peer_news ffntp_peer_receive(struct ffntp_peer *peer, int revents, ffntp_counter woke);

/* Do what is due at counter reading now, sending included. */
struct ffntp_peer_news ffntp_peer_timer(struct ffntp_peer *peer, ffntp_counter now);

/* Change the server's address. The path is forgotten, the oscillator is kept. */
void ffntp_peer_move(struct ffntp_peer *peer, const struct ffntp_address *address, ffntp_counter now);

/* Return the map, as ffntp_client_output does, and the server with its address. */
void ffntp_peer_output(struct ffntp_peer *peer, ffntp_counter now, struct ffntp_map *map);
void ffntp_peer_source(const struct ffntp_peer *peer, struct ffntp_source *source);

#endif
