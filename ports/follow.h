/*
 * follow: a clock that depends on another machine's page: its map in terms of our own counter, which runs at the same
 * rate from another value. For guests that share their host's page; no client, no network. Integers only, nothing
 * static.
 */
#ifndef FFNTP_FOLLOW_H
#define FFNTP_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/page.h"

/* How our counter stands to the one that the followed page means: ours = theirs + offset, to half of 'width'; ticks. */
struct ffntp_follow_link {
	uint64_t offset;
	uint64_t width;
};

struct ffntp_follow {
	struct ffntp_map map; /* for reading: what our page says */
	/* its own */
	struct ffntp_page *own;
	const struct ffntp_page *followed; /* NULL: none yet */
	struct ffntp_follow_link link;
	uint64_t marker;
	uint32_t counter_marker;
	bool has_taken;
	struct ffntp_map taken; /* what the followed page said when it was last taken over */
};

/* own: zeroed, or one that was published before; says initialising from here on. now: our counter. */
void ffntp_follow_begin(struct ffntp_follow *follow, struct ffntp_page *own, const struct ffntp_page_identity *identity,
			ffntp_counter now);

/*
 * From now on our page follows 'page', of which 4096 bytes can be read, and says at once what that one says. If it is
 * another than before, or the link is, both markers change; a page that cannot be used leaves ours disrupted.
 */
void ffntp_follow_page(struct ffntp_follow *follow, const struct ffntp_page *page, struct ffntp_follow_link link,
		       ffntp_counter now);

/* Takes over what the followed page says, if it has changed; to be called often. Returns whether it has. */
bool ffntp_follow_update(struct ffntp_follow *follow);

/*
 * The followed page is there no more, and is not looked at from here on. What it said last still holds: our page is
 * free-running, and its bound grows. Where it said nothing, ours stays as it is.
 */
void ffntp_follow_lose(struct ffntp_follow *follow, ffntp_counter now);

#endif
