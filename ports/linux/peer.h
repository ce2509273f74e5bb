/*
 * peer: the association with one server on Linux: a member of an ensemble, an address, and the socket of the request in
 * flight; or with a reference clock, which is read in place of a request. The caller polls the descriptor, if there is
 * one, for POLLIN. It calls ffntp_peer_receive when the descriptor is ready, and then ffntp_peer_timer
 * until it returns false. The listener gets the ensemble's events.
 *
 *   timeout = ffntp_peer_timeout_ms(&peer, now, 1000);
 *   poll(&(struct pollfd){ .fd = ffntp_peer_descriptor(&peer), .events = POLLIN }, 1, timeout);
 */
#ifndef FFNTP_LINUX_PEER_H
#define FFNTP_LINUX_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/ensemble.h"
#include "counter.h"
#include "resolve.h"
#include "udp.h"

struct ffntp_key;      /* keys.h */
struct ffntp_nts;      /* nts/packet.h */
struct ffntp_refclock; /* refclock.h */

/*
 * Called with each event, before the next input. member: as ffntp_ensemble_event sets it; an input of one member may
 * yield events of others. The listener must not call this module; the ensemble's results may be read.
 */
typedef void ffntp_peer_listener(void *context, unsigned member, const struct ffntp_event *event);

struct ffntp_peer {
	struct ffntp_ensemble *ensemble;
	unsigned member;                     /* its number in the ensemble */
	const struct ffntp_session *session; /* the member's, for reading */
	void *memory;                        /* of the ensemble, if it is the peer's own; else NULL */
	struct ffntp_address address;        /* or none, if its name has not been resolved yet */
	struct ffntp_refclock *refclock;     /* in place of a server; NULL: it is a server */
	const struct ffntp_key *key;         /* of the server at this address; NULL: requests and replies have no MAC */
	struct ffntp_nts *nts; /* keys and cookies; NULL: no NTS. While it has no cookie nothing is asked */
	const struct ffntp_counter_source *source;
	ffntp_peer_listener *listener;
	void *context;
	struct ffntp_udp udp;
	ffntp_counter listens_until; /* the socket is closed then */
	int keeps_stamping;          /* ffntp_udp_keep_stamping, with an ensemble of its own; else -1 */
	bool is_named;               /* the session has the server's address */
	bool is_offline;             /* no request leaves; the caller may set it at any time */
};

/* Set the usual configuration for this counter. The system's date has no effect on it, because it may be wrong. */
void ffntp_peer_config_default(struct ffntp_client_config *config, const struct ffntp_counter_source *source);

/*
 * Create an ensemble with this one member, whose server is at address; it has no input yet. config: period_hint_s and
 * counter_kind must be the source's. source, key: must outlive the peer; key may be NULL. address: NULL if none is
 * known yet; then no request leaves before ffntp_peer_move. listener and context may be set in the struct after that.
 * Returns false if the configuration is out of range or memory is short; then there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_peer_open(struct ffntp_peer *peer, const struct ffntp_client_config *config,
				    const struct ffntp_counter_source *source, const struct ffntp_address *address,
				    const struct ffntp_key *key);

/*
 * Join an ensemble as a new member, likewise, without a key and a reference clock, which may be set in the struct. at:
 * the counter. The ensemble must outlive the peer. Returns false if the ensemble does not accept the member; then there
 * is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_peer_join(struct ffntp_peer *peer, struct ffntp_ensemble *ensemble,
				    const struct ffntp_member_config *config, const struct ffntp_counter_source *source,
				    const struct ffntp_address *address, ffntp_counter at);

/* Close the socket, and free the peer's own ensemble. In an ensemble that it joined the member stays. */
void ffntp_peer_close(struct ffntp_peer *peer);

/* Return the descriptor to poll for POLLIN; -1 while no reply is awaited. It changes with each request. */
int ffntp_peer_descriptor(const struct ffntp_peer *peer);

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

/*
 * Change the server's address and key. The path is forgotten, the oscillator is kept. The first address is asked at
 * once.
 */
void ffntp_peer_move(struct ffntp_peer *peer, const struct ffntp_address *address, const struct ffntp_key *key);

/* Ask at once, whatever the pause; for keys of NTS that have come. */
void ffntp_peer_hurry(struct ffntp_peer *peer);

/* Pass the server's address to the session, if it is known and was not passed yet; other inputs of the member do so,
 * too.
 */
void ffntp_peer_name(struct ffntp_peer *peer);

/* Send no request for a random time between these (s). */
void ffntp_peer_pause(struct ffntp_peer *peer, double least_s, double most_s);

/*
 * The server has asked for fewer requests before: send none for wait_s, and then one in each interval_s (s), without a
 * burst. Before the first request to its address.
 */
void ffntp_peer_limit(struct ffntp_peer *peer, double interval_s, double wait_s);

/* Return the least interval (s) that the server's kiss-o'-death or its silence requires; 0 if neither does. */
double ffntp_peer_limit_s(const struct ffntp_peer *peer);

/* Pass any other input of ffntp/session.h to this member. Its 'at' is the counter, unless it is set. */
void ffntp_peer_input(struct ffntp_peer *peer, struct ffntp_input input);

#endif
