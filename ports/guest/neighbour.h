/*
 * neighbour: clock pages that guests of one Xen share. One guest keeps time and lets others read its page; another
 * follows that page and asks no server. Whoever runs them says so in the store (docs/guests.md):
 *   data/ffntp/readers of the one   the domains that may read its page
 *   data/ffntp/follow of the other  the domain whose page it follows
 * The one tells each reader in data/ffntp/page/READER, which none but that domain may read, of two grants: the page,
 * and a page where it says how its counter stood at a moment that Xen tells both of. Where there is no Xen, nothing
 * happens.
 */
#ifndef GUEST_NEIGHBOUR_H
#define GUEST_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/page.h"
#include "../follow.h"

/* Lets others read the page from now on. */
void share_begin(const struct ffntp_page *page);

/* Does what was asked for since; to be called often. */
void share_look(void);

enum peer_news {
	PEER_NOTHING,
	PEER_FOUND,  /* 'page' is to be followed */
	PEER_LOST,   /* it is there no more, and must not be looked at; or another is wanted */
	PEER_MOVED,  /* the two counters do not stand to each other as they did; it is looked at anew */
	PEER_ABSENT, /* it is wanted, and not ours to read as yet */
};

struct peer {
	const struct ffntp_page *page;
	struct ffntp_follow_link link;
	uint64_t domain;
};

#define PEER_NOBODY UINT64_MAX

/* domain: whose page to follow as long as the store names no other; or PEER_NOBODY. */
void peer_begin(uint64_t domain);

/* What there is to follow, and what has changed since this was last asked; to be called often. */
enum peer_news peer_look(struct peer *peer);

/* The counter was disrupted: PEER_FOUND comes again, with another link. */
void peer_forget(void);

#endif
