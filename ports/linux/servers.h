/*
 * servers: chooses which of the named servers to ask. The first one that answers is used. When it stops answering, its
 * other addresses are tried, then the next server. After a round without any answer there is a pause, which is longer
 * each time.
 */
#ifndef FFNTP_LINUX_SERVERS_H
#define FFNTP_LINUX_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolve.h"

#define FFNTP_SERVERS_MAX 8 /* as many as a page has room for */

struct ffntp_key; /* keys.h */

struct ffntp_server_name {
	const char *name;            /* in the format of ffntp_resolve */
	uint16_t port;               /* used if the name has none */
	const struct ffntp_key *key; /* that authenticates requests and replies; NULL: none */
};

struct ffntp_servers {
	const struct ffntp_server_name *names;
	size_t count;
	const char *problem[FFNTP_SERVERS_MAX];          /* why it could not be resolved at the start, or NULL */
	struct ffntp_addresses found[FFNTP_SERVERS_MAX]; /* count 0: not resolved yet */
	size_t server;                                   /* in use: index of the name, */
	size_t address;                                  /* and of its address */
	bool has_answered;                               /* has answered since it came into use */
	unsigned unanswered;                             /* requests in a row that it left unanswered */
	size_t tried;                                    /* servers tried in a row that never answered */
	struct ffntp_resolver *resolver;                 /* of the name 'resolving', or NULL */
	size_t resolving;
};

/*
 * Resolve all names, in this thread. names: 1 to FFNTP_SERVERS_MAX of them; they must outlive the servers.
 * Returns false if none could be resolved; 'problem' has the reasons in either case.
 */
FFNTP_MUST_USE bool ffntp_servers_open(struct ffntp_servers *servers, const struct ffntp_server_name *names,
				       size_t count);

/*
 * Resolve all names in the background, for a caller that has other servers to ask meanwhile. ffntp_servers_finish
 * returns false while names are being resolved, then true once, with *is_any as ffntp_servers_open returns it.
 */
void ffntp_servers_start(struct ffntp_servers *servers, const struct ffntp_server_name *names, size_t count);
FFNTP_MUST_USE bool ffntp_servers_finish(struct ffntp_servers *servers, bool *is_any);

/* May be called at any time. */
void ffntp_servers_close(struct ffntp_servers *servers);

/* Return the address to ask, the name that it belongs to, and its key. */
const struct ffntp_address *ffntp_servers_address(const struct ffntp_servers *servers);
const char *ffntp_servers_name(const struct ffntp_servers *servers);
const struct ffntp_key *ffntp_servers_key(const struct ffntp_servers *servers);

enum ffntp_servers_advice {
	FFNTP_STAY,
	FFNTP_MOVE,            /* ffntp_servers_address has changed: use the new address at once */
	FFNTP_MOVE_AFTER_PAUSE /* it has changed, but in a whole round no server answered */
};

/* Record that the server in use gave an acceptable reply. */
void ffntp_servers_answered(struct ffntp_servers *servers);

/* Record that it gave none in time. */
enum ffntp_servers_advice ffntp_servers_unanswered(struct ffntp_servers *servers);

/* Choose a different server, because the client asked for one. The name is resolved again, in the background. */
enum ffntp_servers_advice ffntp_servers_change(struct ffntp_servers *servers);

/* Take the results of the background's resolution. The address in use is kept if its name still has it. */
enum ffntp_servers_advice ffntp_servers_poll(struct ffntp_servers *servers);

#endif
