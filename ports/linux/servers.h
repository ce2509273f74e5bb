/*
 * servers: chooses which of the named servers to ask. The first one that answers is used. When it stops answering, its
 * other addresses are tried, then the next server. After a round without any answer there is a pause, which is longer
 * each time. The names are resolved in the background (lookup.h); servers that have an address are asked meanwhile.
 */
#ifndef FFNTP_LINUX_SERVERS_H
#define FFNTP_LINUX_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookup.h"

#define FFNTP_SERVERS_MAX 8 /* as many as a page has room for */

struct ffntp_key; /* keys.h */

struct ffntp_server_name {
	const char *name;            /* in the format of ffntp_resolve */
	uint16_t port;               /* used if the name has none */
	const struct ffntp_key *key; /* that authenticates requests and replies; NULL: none */
};

struct ffntp_servers {
	size_t count;
	struct ffntp_lookup *lookup;                     /* of each name; the caller's memory */
	const struct ffntp_key *key[FFNTP_SERVERS_MAX];  /* of each name, or NULL */
	enum ffntp_lookup_event news[FFNTP_SERVERS_MAX]; /* for ffntp_servers_news */
	struct ffntp_address address;                    /* in use; none before the first one was found */
	size_t server;                                   /* in use: index of the name, */
	size_t place;                                    /* and of its address; SIZE_MAX: the name has it no longer */
	bool has_answered;                               /* has answered since it came into use */
	unsigned unanswered;                             /* requests in a row that it left unanswered */
	size_t tried;                                    /* servers tried in a row that never answered */
};

/*
 * Begin to resolve all names in the background, and choose the first numeric address, if there is one.
 * names: 1 to FFNTP_SERVERS_MAX of them; their strings and keys must outlive the servers, as must lookups, which has
 * room for as many. now_s: any clock that does not run backwards.
 */
void ffntp_servers_open(struct ffntp_servers *servers, struct ffntp_lookup *lookups,
			const struct ffntp_server_name *names, size_t count, int64_t now_s);

/*
 * Wait until a server has an address, or until every name has failed. Returns whether a server has one. now_s: as for
 * ffntp_servers_open.
 */
FFNTP_MUST_USE bool ffntp_servers_wait(struct ffntp_servers *servers, int64_t now_s);

/* Return whether a server has an address; *is_over: no name's first attempt is still running. */
FFNTP_MUST_USE bool ffntp_servers_is_any(const struct ffntp_servers *servers, bool *is_over);

/* May be called at any time. */
void ffntp_servers_close(struct ffntp_servers *servers);

/* Return the address to ask, NULL if none has been found yet; the name that it belongs to, and its key. */
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

/*
 * Resolve what is due, and take the results; call it about once a second. The address in use is kept if its name still
 * has it. now_s: the clock of ffntp_servers_open.
 */
enum ffntp_servers_advice ffntp_servers_poll(struct ffntp_servers *servers, int64_t now_s);

/*
 * Take the next event that is to be logged: a problem of a name, or the end of one. Returns the lookup, and its event;
 * NULL if there is none.
 */
const struct ffntp_lookup *ffntp_servers_news(struct ffntp_servers *servers, enum ffntp_lookup_event *event);

#endif
