/*
 * lookup: one server's name and the addresses found for it. The owner of several servers has a lookup for each. Nothing
 * here blocks: a name is resolved in a thread of its own, from the first poll on and again until that succeeds, so that
 * a machine without network or DNS at boot finds its servers later. A numeric address is found at once.
 *
 *   ffntp_lookup_init(&lookup, "ntp.example.org", 123);
 *   about once a second: if (ffntp_lookup_poll(&lookup, now_s) == FFNTP_LOOKUP_FOUND) use lookup.found;
 */
#ifndef FFNTP_LINUX_LOOKUP_H
#define FFNTP_LINUX_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "resolve.h"

struct ffntp_lookup {
	const char *name;              /* in the format of ffntp_resolve */
	uint16_t port;                 /* used if the name has none */
	struct ffntp_addresses found;  /* count 0: none yet. They are kept while a later attempt fails */
	const char *problem;           /* why the last attempt failed; NULL if it succeeded, or none has ended yet */
	struct ffntp_resolver *thread; /* that is resolving now, or NULL */
	int64_t next_s;                /* time of the next attempt */
	int64_t retry_s;               /* wait after the next failure */
	int64_t ended_s;               /* time at which the last attempt ended */
	bool is_due;                   /* the next poll begins the first attempt */
};

/* Begin with no address. name: it must outlive the lookup. The struct may be copied, if only one copy is used later. */
void ffntp_lookup_init(struct ffntp_lookup *lookup, const char *name, uint16_t port);

enum ffntp_lookup_event {
	FFNTP_LOOKUP_NOTHING,
	FFNTP_LOOKUP_FOUND,   /* 'found' has changed, or a problem has ended */
	FFNTP_LOOKUP_PROBLEM, /* 'problem' has changed, and is not NULL: log it */
};

/*
 * Begin an attempt if one is due, and take its result. The first poll already finds a numeric address. After a failure
 * the next attempt is due after 2 s, and then after twice the wait, up to some minutes; after a success after two
 * weeks, or earlier on request. The interface of a link-local address is looked up at each poll, because it may be
 * removed and made again with a different index. now_s: any clock that does not run backwards.
 */
enum ffntp_lookup_event ffntp_lookup_poll(struct ffntp_lookup *lookup, int64_t now_s);

/* Resolve the name again soon, because a server at the addresses found does not answer; at most once a minute. */
void ffntp_lookup_renew(struct ffntp_lookup *lookup);

/* Return whether an attempt has ended, successfully or not. */
bool ffntp_lookup_has_ended(const struct ffntp_lookup *lookup);

/* May be called at any time. The addresses found stay. */
void ffntp_lookup_close(struct ffntp_lookup *lookup);

#endif
