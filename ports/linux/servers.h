/*
 * servers: which of the named servers to ask. The first that answers is used; the next one is tried when it stops,
 * first at its other addresses. A round in which nobody answers is followed by a pause, each longer than the one
 * before.
 */
#ifndef FFNTP_LINUX_SERVERS_H
#define FFNTP_LINUX_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolve.h"

#define FFNTP_SERVERS_MAX 8 /* as many as a page has room for */

struct ffntp_server_name {
	const char *name; /* as ffntp_resolve takes it */
	uint16_t port;    /* where the name says none */
};

struct ffntp_servers {
	const struct ffntp_server_name *names;
	size_t count;
	const char *problem[FFNTP_SERVERS_MAX];          /* why it did not resolve at the start, or NULL */
	struct ffntp_addresses found[FFNTP_SERVERS_MAX]; /* count 0: not resolved yet */
	size_t server;                                   /* in use: its place among the names, */
	size_t address;                                  /* and of its addresses */
	bool has_answered;                               /* since it is in use */
	unsigned unanswered;                             /* requests in a row since it is in use */
	size_t tried;                                    /* candidates in a row that never answered */
	struct ffntp_resolver *resolver;                 /* of the name 'resolving', or NULL */
	size_t resolving;
};

/*
 * Resolves every name, in this thread. names: 1 to FFNTP_SERVERS_MAX of them; they must outlive the servers.
 * Returns false if none does; 'problem' says why in either case.
 */
FFNTP_MUST_USE bool ffntp_servers_open(struct ffntp_servers *servers, const struct ffntp_server_name *names,
				       size_t count);

/*
 * The same in the background, for who has others to ask meanwhile. Begun here; ffntp_servers_finish is false while
 * names are being resolved, then true, once, and *is_any what ffntp_servers_open returns.
 */
void ffntp_servers_start(struct ffntp_servers *servers, const struct ffntp_server_name *names, size_t count);
FFNTP_MUST_USE bool ffntp_servers_finish(struct ffntp_servers *servers, bool *is_any);

/* At any time. */
void ffntp_servers_close(struct ffntp_servers *servers);

/* The address to ask, and the name it was found under. */
const struct ffntp_address *ffntp_servers_address(const struct ffntp_servers *servers);
const char *ffntp_servers_name(const struct ffntp_servers *servers);

enum ffntp_servers_advice {
	FFNTP_STAY,
	FFNTP_MOVE,            /* ffntp_servers_address has changed: go there at once */
	FFNTP_MOVE_AFTER_PAUSE /* it has changed, but nobody answered in a whole round */
};

/* The server in use gave a reply that was accepted. */
void ffntp_servers_answered(struct ffntp_servers *servers);

/* It gave none in time. */
enum ffntp_servers_advice ffntp_servers_unanswered(struct ffntp_servers *servers);

/* The client wants another one. Resolves the name anew, in the background. */
enum ffntp_servers_advice ffntp_servers_change(struct ffntp_servers *servers);

/* Takes what the background has found. The address in use stays while the name still has it. */
enum ffntp_servers_advice ffntp_servers_poll(struct ffntp_servers *servers);

#endif
