/*
 * lineup: the servers, pools and reference clocks that a daemon or a device follows, with the addresses of their names,
 * which are resolved in the background (servers.h). The name of a pool that lacks addresses is resolved again, after a
 * wait that is longer each time.
 */
#ifndef FFNTP_LINUX_LINEUP_H
#define FFNTP_LINUX_LINEUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/ensemble.h"
#include "ntslink.h"
#include "pool.h"
#include "refclock.h"
#include "servers.h"

/*
 * A server: one address of its names is followed at a time. Or a pool: several addresses of its name are. Or a
 * reference clock, whose only name is the path of its device.
 */
struct ffntp_lineup_server {
	struct ffntp_server_name *names; /* allocated, with their texts */
	struct ffntp_lookup *lookups;    /* allocated, one for each name */
	size_t count;
	struct ffntp_key *key;             /* of all names; allocated, or NULL */
	struct ffntp_nts_method nts;       /* key exchange of NTS; it holds a reference to its context */
	struct ffntp_servers servers;      /* the addresses */
	struct ffntp_member_config member; /* the configuration of each member */
	unsigned most;                     /* of a pool: addresses to follow at once; 0: it is a server */
	struct ffntp_refclock *refclock;   /* allocated; NULL: it is a server or a pool */
	bool is_offline;                   /* it is not asked */
	int former;                        /* for ffntp_sync_change: its place in the former lineup, or -1 */

	struct ffntp_pool pool;
	int64_t rejected_s; /* time at which its name had been resolved when it last gave an address up */
	int64_t renew_at_s; /* resolve its name again then; 0: not planned */
	int64_t wait_s;     /* after that */
};

struct ffntp_lineup {
	struct ffntp_lineup_server *server; /* allocated */
	size_t count;
};

/* Make a lineup of 'count' servers, or none, that have no names yet. Returns false if memory is short; then nothing is
 * to close.
 */
FFNTP_MUST_USE bool ffntp_lineup_init(struct ffntp_lineup *lineup, size_t count);

/* Set the names of a server. They are copied, with their key, which is the same for all. Returns false if memory is
 * short. */
FFNTP_MUST_USE bool ffntp_lineup_name(struct ffntp_lineup_server *server, const struct ffntp_server_name *names,
				      size_t count);

/*
 * Make a server with one name, the path of a device, a reference clock. Returns false if memory is short; then there is
 * nothing to close beyond the server.
 */
FFNTP_MUST_USE bool ffntp_lineup_set_refclock(struct ffntp_lineup_server *server,
					      const struct ffntp_refclock_config *config);

/* Set how a server does key exchange. */
void ffntp_lineup_use_nts(struct ffntp_lineup_server *server, const struct ffntp_nts_method *method);

/* Make a lineup of one server with these names, of which one is asked at a time; 'member' is left zeroed. */
FFNTP_MUST_USE bool ffntp_lineup_init_single(struct ffntp_lineup *lineup, const struct ffntp_server_name *names,
					     size_t count);

/* Begin to resolve the names of one server, or of all that have no place in the former lineup. now_s: as in servers.h.
 */
void ffntp_lineup_start(struct ffntp_lineup_server *server, int64_t now_s);
void ffntp_lineup_open(struct ffntp_lineup *lineup, int64_t now_s);

/*
 * Take the results of the background's resolution. Returns whether a server has an address or a place in the former
 * lineup, or there is a reference clock, or there are no servers; *is_over: no name's first attempt is still running.
 */
FFNTP_MUST_USE bool ffntp_lineup_poll(struct ffntp_lineup *lineup, int64_t now_s, bool *is_over);

/* Return whether two servers have the same key, or none. */
bool ffntp_lineup_is_same_key(const struct ffntp_lineup_server *a, const struct ffntp_lineup_server *b);

/* Return the addresses of a pool's name. */
const struct ffntp_addresses *ffntp_lineup_found(const struct ffntp_lineup_server *server);

/* Give an address of a pool up. */
void ffntp_lineup_reject(struct ffntp_lineup_server *server, const struct ffntp_address *address);

/*
 * Call this about once a second for a pool that lacks addresses: its name is resolved again, and addresses that were
 * given up before are tried again after that. For one that lacks none, call ffntp_lineup_be_content.
 */
void ffntp_lineup_renew(struct ffntp_lineup_server *server, int64_t now_s);
void ffntp_lineup_be_content(struct ffntp_lineup_server *server);

/* Close all servers and free them. A zeroed lineup has nothing to close. */
void ffntp_lineup_close(struct ffntp_lineup *lineup);

#endif
