/*
 * follow: a clock that depends on another machine's page. It translates that page's map to our own counter, which runs
 * at the same rate with a constant offset. Meant for guests that share their host's page: no client and no network.
 * Integer arithmetic only; no static state.
 */
#ifndef FFNTP_FOLLOW_H
#define FFNTP_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/page.h"

/*
 * Relation of our counter to the counter of the followed page, in ticks: ours = theirs + offset, within half of
 * 'width'.
 */
struct ffntp_follow_link {
	uint64_t offset;
	uint64_t width;
};

struct ffntp_follow {
	struct ffntp_map map; /* for reading: the content of our page */
	/* Private. */
	struct ffntp_page *own;
	const struct ffntp_page *followed; /* NULL: no page is followed yet */
	struct ffntp_follow_link link;
	uint64_t marker;
	uint32_t counter_marker;
	bool has_taken;
	struct ffntp_map taken; /* the followed page's map when it was last taken over */
};

/* Start with our page initialising. own: zeroed, or published by an earlier run. now: our counter. */
void ffntp_follow_begin(struct ffntp_follow *follow, struct ffntp_page *own, const struct ffntp_page_identity *identity,
			ffntp_counter now);

/*
 * Follow 'page', of which 4096 bytes must be readable, and publish its content at once. If the page or the link differs
 * from before, both markers change. If the page cannot be used, ours becomes disrupted.
 */
void ffntp_follow_page(struct ffntp_follow *follow, const struct ffntp_page *page, struct ffntp_follow_link link,
		       ffntp_counter now);

/* Take over the followed page's map if it has changed; call it often. Returns whether it had changed. */
bool ffntp_follow_update(struct ffntp_follow *follow);

/*
 * Stop following because the page is no longer accessible; it is not read any more. Its last map still holds: our page
 * becomes free-running, and its bound grows. If that page had no time, ours stays as it is.
 */
void ffntp_follow_lose(struct ffntp_follow *follow, ffntp_counter now);

/*
 * Stop following for good: our page gets the status disrupted, VMClock's "unreliable", because VMClock has no field
 * that ends a map.
 */
void ffntp_follow_end(struct ffntp_follow *follow, ffntp_counter now);

#endif
