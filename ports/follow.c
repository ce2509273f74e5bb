/* follow: see follow.h. */
#include "follow.h"

#include "../core/clock.h"

/* Return half of the link's width in time, rounded up (ns). */
static uint64_t link_error_ns(const struct ffntp_map *map, uint64_t width)
{
	struct ffntp_span half = ffntp_span_down(width / 2 + 1, map->period, map->period_shift);

	return half.s * (uint64_t)FFNTP_NS_PER_S + ((half.frac >> 32) * (uint64_t)FFNTP_NS_PER_S >> 32) + 1;
}

static uint64_t saturated_sum(uint64_t a, uint64_t b)
{
	return a < UINT64_MAX - b ? a + b : UINT64_MAX;
}

static void publish_map(struct ffntp_follow *follow, const struct ffntp_map *map)
{
	follow->map = *map;
	follow->map.disruption_marker = follow->marker;
	follow->map.counter_marker = follow->counter_marker;
	ffntp_page_publish(follow->own, &follow->map, NULL, 0);
}

/* Publish a map without a new time. It is valid without limit, because the follower itself publishes the end. */
static void publish_no_time(struct ffntp_follow *follow, enum ffntp_status status, ffntp_counter now)
{
	struct ffntp_map map = follow->map;

	map.status = status;
	map.void_after = now + (UINT64_C(1) << 62);
	publish_map(follow, &map);
}

void ffntp_follow_begin(struct ffntp_follow *follow, struct ffntp_page *own, const struct ffntp_page_identity *identity,
			ffntp_counter now)
{
	*follow = (struct ffntp_follow){
		.own = own,
		.marker = now, /* a marker that an earlier writer is unlikely to have used */
		.map = { .counter_kind = identity->counter_kind, .at = now, .period = 1 },
	};
	ffntp_page_format(own, identity);
	publish_no_time(follow, FFNTP_STATUS_INITIALISING, now);
}

void ffntp_follow_page(struct ffntp_follow *follow, const struct ffntp_page *page, struct ffntp_follow_link link,
		       ffntp_counter now)
{
	if (page == follow->followed && link.offset == follow->link.offset && link.width == follow->link.width)
		return;
	follow->marker++;
	follow->counter_marker++;
	follow->followed = page;
	follow->link = link;
	follow->has_taken = false;
	if (!ffntp_follow_update(follow))
		publish_no_time(follow, FFNTP_STATUS_DISRUPTED, now);
}

/* Read the followed page's map. Returns false if the page cannot be followed. */
static bool look(const struct ffntp_follow *follow, struct ffntp_map *map)
{
	struct ffntp_page_identity identity;

	return follow->followed != NULL &&
	       ffntp_page_check(follow->followed, FFNTP_PAGE_SIZE, &identity) == FFNTP_PAGE_OK &&
	       ffntp_page_read(follow->followed, map) == FFNTP_CLOCK_OK &&
	       map->counter_kind == follow->map.counter_kind && map->period_shift <= 62;
}

static bool is_taken(const struct ffntp_follow *follow, const struct ffntp_map *map)
{
	const struct ffntp_map *taken = &follow->taken;

	return follow->has_taken && map->at == taken->at && map->status == taken->status &&
	       map->void_after == taken->void_after && map->disruption_marker == taken->disruption_marker;
}

bool ffntp_follow_update(struct ffntp_follow *follow)
{
	struct ffntp_map map;
	uint64_t error_ns;

	if (!look(follow, &map) || is_taken(follow, &map))
		return false;
	if (follow->has_taken) {
		follow->marker += map.disruption_marker != follow->taken.disruption_marker;
		follow->counter_marker += map.counter_marker != follow->taken.counter_marker;
	}
	follow->taken = map;
	follow->has_taken = true;
	error_ns = link_error_ns(&map, follow->link.width);
	map.at += follow->link.offset;
	map.void_after += follow->link.offset;
	map.maxerror_before_ns = saturated_sum(map.maxerror_before_ns, error_ns);
	map.maxerror_after_ns = saturated_sum(map.maxerror_after_ns, error_ns);
	map.esterror_ns = saturated_sum(map.esterror_ns, error_ns / 2);
	publish_map(follow, &map);
	return true;
}

void ffntp_follow_lose(struct ffntp_follow *follow, ffntp_counter now)
{
	enum ffntp_status status = follow->map.status;

	follow->followed = NULL;
	publish_no_time(follow, status == FFNTP_STATUS_SYNCHRONISED ? FFNTP_STATUS_FREE_RUNNING : status, now);
}

void ffntp_follow_end(struct ffntp_follow *follow, ffntp_counter now)
{
	follow->followed = NULL;
	publish_no_time(follow, FFNTP_STATUS_DISRUPTED, now);
}
