/*
 * lineup: the servers and pools that a daemon or a device follows, with the addresses of their names. Names are
 * resolved at the start; those that cannot be resolved, and pools that lack addresses, are resolved again in the
 * background, after a wait that is longer each time.
 */
#ifndef FFNTP_LINUX_LINEUP_H
#define FFNTP_LINUX_LINEUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/ensemble.h"
#include "pool.h"
#include "servers.h"

/* A server: one address of its names is followed at a time. Or a pool: several addresses of its name are. */
struct ffntp_lineup_server {
	struct ffntp_server_name *names; /* allocated, with their texts */
	size_t count;
	struct ffntp_key *key;             /* of all names; allocated, or NULL */
	struct ffntp_servers servers;      /* the addresses */
	struct ffntp_member_config member; /* the configuration of each member */
	unsigned most;                     /* of a pool: addresses to follow at once; 0: it is a server */
	int former;                        /* for ffntp_sync_change: its place in the former lineup, or -1 */

	struct ffntp_pool pool;
	bool is_resolving, is_resolved; /* in the background; at least once */
	int64_t resolve_at_s;           /* not before */
	int64_t wait_s;                 /* after the next resolution */
};

struct ffntp_lineup {
	struct ffntp_lineup_server *server; /* allocated */
	size_t count;
};

/* Make a lineup of 'count' servers that have no names yet. Returns false if memory is short; then nothing is to close.
 */
FFNTP_MUST_USE bool ffntp_lineup_init(struct ffntp_lineup *lineup, size_t count);

/* Set the names of a server. They are copied, with their key, which is the same for all. Returns false if memory is
 * short. */
FFNTP_MUST_USE bool ffntp_lineup_name(struct ffntp_lineup_server *server, const struct ffntp_server_name *names,
				      size_t count);

/* Make a lineup of one server with these names, of which one is asked at a time; 'member' is left zeroed. */
FFNTP_MUST_USE bool ffntp_lineup_init_single(struct ffntp_lineup *lineup, const struct ffntp_server_name *names,
					     size_t count);

/* Resolve all names in this thread. Returns whether a server has an address; 'problem' of its servers has reasons. */
FFNTP_MUST_USE bool ffntp_lineup_resolve(struct ffntp_lineup *lineup);

/*
 * Resolve a server's names in the background. ffntp_lineup_finish returns false while any names of the lineup are being
 * resolved; then true, and in *is_any whether a server has an address, or a place in the former lineup.
 */
void ffntp_lineup_start(struct ffntp_lineup_server *server);
FFNTP_MUST_USE bool ffntp_lineup_finish(struct ffntp_lineup *lineup, bool *is_any);

/* Return whether two servers have the same key, or none. */
bool ffntp_lineup_is_same_key(const struct ffntp_lineup_server *a, const struct ffntp_lineup_server *b);

/* Return the addresses of a pool's name. */
const struct ffntp_addresses *ffntp_lineup_found(const struct ffntp_lineup_server *server);

/* Work in the background on a server that lacks addresses. Returns true when its name has been resolved again. */
FFNTP_MUST_USE bool ffntp_lineup_work(struct ffntp_lineup_server *server, int64_t now_s);

/* Close one server; a zeroed one has nothing to close. */
void ffntp_lineup_drop(struct ffntp_lineup_server *server);

/* Close all servers and free them. A zeroed lineup has nothing to close. */
void ffntp_lineup_close(struct ffntp_lineup *lineup);

#endif
