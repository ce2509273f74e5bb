/*
 * peer: the association with one server on Linux: a session, an address, and the socket of the request in flight. The
 * caller polls the descriptor, if there is one, for POLLIN. It calls ffntp_peer_receive when the descriptor is ready,
 * and ffntp_peer_timer after each poll, each until it returns false. The listener gets the session's events.
 *
 *   timeout = ffntp_peer_timeout_ms(&peer, now, 1000);
 *   poll(&(struct pollfd){ .fd = ffntp_peer_descriptor(&peer), .events = POLLIN }, 1, timeout);
 */
#ifndef FFNTP_LINUX_PEER_H
#define FFNTP_LINUX_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/session.h"
#include "counter.h"
#include "resolve.h"
#include "udp.h"

/* Called with each event, before the next input. It must not call this module; the session's results may be read. */
typedef void ffntp_peer_listener(void *context, const struct ffntp_event *event);

struct ffntp_peer {
	struct ffntp_session *session; /* the owner may read and record it; only this module passes inputs to it */
	ffntp_counter began;           /* the reading that the session began with */
	struct ffntp_address address;  /* or none, if its name has not been resolved yet */
	const struct ffntp_counter_source *source;
	ffntp_peer_listener *listener;
	void *context;
	struct ffntp_udp udp;
	ffntp_counter listens_until; /* the socket is closed then */
	int keeps_stamping;          /* ffntp_udp_keep_stamping */
	bool is_named;               /* the session has the server's address */
};

/* Set the usual configuration for this counter, and for the system's date. */
void ffntp_peer_config_default(struct ffntp_client_config *config, const struct ffntp_counter_source *source);

/*
 * Create a session with the server at address; it has no input yet. config: period_hint_s and counter_kind must be the
 * source's. source: must outlive the peer. address: NULL if none is known yet; then no request leaves before
 * ffntp_peer_move. listener and context may be set in the struct after that.
 * Returns false if the configuration is out of range or memory is short; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_peer_open(struct ffntp_peer *peer, const struct ffntp_client_config *config,
				    const struct ffntp_counter_source *source, const struct ffntp_address *address);

void ffntp_peer_close(struct ffntp_peer *peer);

/* Return the descriptor to poll for POLLIN; -1 while no reply is awaited. It changes with each request. */
int ffntp_peer_descriptor(const struct ffntp_peer *peer);

/* Return whether ffntp_peer_timer has something to do at counter reading now. */
bool ffntp_peer_is_due(const struct ffntp_peer *peer, ffntp_counter now);

/* Return how long poll() may wait until ffntp_peer_timer has something to do, rounded up, from 1 to limit_ms. */
int ffntp_peer_timeout_ms(const struct ffntp_peer *peer, ffntp_counter now, int limit_ms);

/*
 * Process the events that poll() reported as revents for the descriptor. woke: the counter just after poll(). At most
 * one datagram or error is processed; for further ones call it again with revents 0 until the next poll().
 * Returns false if there was none.
 */
bool ffntp_peer_receive(struct ffntp_peer *peer, int revents, ffntp_counter woke);

/* Do one thing that is due at counter reading now, sending included. Returns false if nothing is due. */
bool ffntp_peer_timer(struct ffntp_peer *peer, ffntp_counter now);

/* Change the server's address. The path is forgotten, the oscillator is kept. The first address is asked at once. */
void ffntp_peer_move(struct ffntp_peer *peer, const struct ffntp_address *address);

/* Pass any other input of ffntp/session.h. Its 'at' is the counter, unless it is set. */
void ffntp_peer_input(struct ffntp_peer *peer, struct ffntp_input input);

#endif
