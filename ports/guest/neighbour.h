/*
 * neighbour: clock pages shared between guests of one Xen. The publisher keeps time and lets other domains read its
 * page; a follower follows that page and asks no server. The administrator configures both in the store
 * (docs/guests.md):
 *   data/ffntp/readers of the publisher   the domains that may read its page
 *   data/ffntp/follow of the follower     the domain whose page it follows
 * In data/ffntp/page/READER, readable for that domain only, the publisher names two grants: its page, and a page with
 * its counter's value at a moment that Xen reports to both domains. Without Xen these functions do nothing.
 */
#ifndef GUEST_NEIGHBOUR_H
#define GUEST_NEIGHBOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "../../include/ffntp/page.h"
#include "../follow.h"

/* Let other domains read the page from now on. */
void share_begin(const struct ffntp_page *page);

/* Apply the requests that came since the last call; call it often. */
void share_look(void);

enum peer_news {
	PEER_NOTHING,
	PEER_FOUND,  /* follow 'page' */
	PEER_LOST,   /* the page must not be read any more, or a different domain is to be followed */
	PEER_MOVED,  /* the relation of the two counters changed; it is being measured again */
	PEER_ABSENT, /* a page is to be followed, but this domain may not read it yet */
};

struct peer {
	const struct ffntp_page *page;
	struct ffntp_follow_link link;
	uint64_t domain;
};

#define PEER_NOBODY UINT64_MAX

/* domain: the domain to follow while the store names none; or PEER_NOBODY. */
void peer_begin(uint64_t domain);

/* Return what has changed since the last call; call it often. */
enum peer_news peer_look(struct peer *peer);

/* Report that the counter was disrupted. peer_look then measures the counters again and returns PEER_FOUND. */
void peer_forget(void);

#endif
