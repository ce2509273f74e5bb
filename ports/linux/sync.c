#include "sync.h"

#include <math.h>

/* Limits the datagrams per step, so that a flood of them does not delay the timer. */
#define DATAGRAMS_PER_STEP 16

/* A page is published at least this often (s), so that its void_after advances while no server answers. */
#define PUBLISH_S 60.0

static bool is_before(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)(a - b) < 0;
}

static ffntp_counter now(const struct ffntp_sync *sync)
{
	return ffntp_counter_read(sync->source);
}

static ffntp_counter ticks(const struct ffntp_sync *sync, double interval_s)
{
	return (ffntp_counter)(interval_s / sync->source->period_hint_s);
}

static void tell(struct ffntp_sync *sync, enum ffntp_sync_event event, const struct ffntp_peer_news *news)
{
	if (sync->listener != NULL)
		sync->listener(sync->context, event, news);
}

/* --- start and end --- */

bool ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_sync_parts *parts)
{
	*sync = (struct ffntp_sync){
		.source = parts->source,
		.page = parts->page,
		.listener = parts->listener,
		.context = parts->context,
		.servers = *parts->servers,
		.poll_min_s = parts->config->poll_min_s,
		.poll_max_s = parts->config->poll_max_s,
		.pause_s = parts->config->poll_min_s,
		.published_at = ffntp_counter_read(parts->source),
	};
	return ffntp_peer_open(&sync->peer, parts->config, sync->source, ffntp_servers_address(&sync->servers));
}

void ffntp_sync_close(struct ffntp_sync *sync)
{
	ffntp_peer_close(&sync->peer);
	ffntp_servers_close(&sync->servers);
}

void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former)
{
	ffntp_client_continue(sync->peer.client, former);
	sync->is_inherited = former->status == FFNTP_STATUS_SYNCHRONISED || former->status == FFNTP_STATUS_FREE_RUNNING;
}

/* --- publishing --- */

void ffntp_sync_output(struct ffntp_sync *sync, struct ffntp_map *map)
{
	if (!sync->is_inherited || ffntp_page_read(sync->page, map) != FFNTP_CLOCK_OK)
		ffntp_peer_output(&sync->peer, now(sync), map);
}

/* Keep the previous daemon's map, valid until its void_after, until this client has its first estimate. */
void ffntp_sync_publish(struct ffntp_sync *sync)
{
	sync->published_at = now(sync);
	ffntp_peer_output(&sync->peer, sync->published_at, &sync->map);
	ffntp_peer_source(&sync->peer, &sync->server);
	sync->is_inherited = sync->is_inherited && sync->map.status == FFNTP_STATUS_INITIALISING;
	if (!sync->is_inherited) {
		ffntp_page_hold(sync->page);
		ffntp_page_publish_steadily(sync->page, &sync->map, &sync->server, 1,
					    ffntp_counter_read_ordered(sync->source->kind));
	}
	tell(sync, FFNTP_SYNC_PUBLISHED, NULL);
}

/* The client's timer also fires where a leap second begins or ends: the page is then published at once. */
static bool is_publishing_due(const struct ffntp_sync *sync)
{
	ffntp_counter at = now(sync);
	struct ffntp_map map;

	ffntp_client_output(sync->peer.client, at, &map);
	return map.leap != sync->map.leap || !is_before(at, sync->published_at + ticks(sync, PUBLISH_S));
}

/* --- servers --- */

void ffntp_sync_pause(struct ffntp_sync *sync, double delay_s)
{
	sync->is_paused = true;
	sync->pause_until = now(sync) + ticks(sync, delay_s);
}

static void pause_requests(struct ffntp_sync *sync)
{
	ffntp_sync_pause(sync, sync->pause_s);
	sync->pause_s *= 2;
	if (sync->pause_s > sync->poll_max_s)
		sync->pause_s = sync->poll_max_s;
}

static void follow(struct ffntp_sync *sync, enum ffntp_servers_advice advice)
{
	if (advice == FFNTP_STAY)
		return;
	ffntp_peer_move(&sync->peer, ffntp_servers_address(&sync->servers), now(sync));
	if (advice == FFNTP_MOVE_AFTER_PAUSE)
		pause_requests(sync);
	tell(sync, FFNTP_SYNC_MOVED, NULL);
}

/* --- events --- */

static void take_reply(struct ffntp_sync *sync, enum ffntp_verdict verdict)
{
	if (verdict == FFNTP_ACCEPTED) {
		ffntp_servers_answered(&sync->servers);
		sync->pause_s = sync->poll_min_s;
	}
	ffntp_sync_publish(sync);
	if (verdict == FFNTP_REFUSED_SMEAR && sync->servers.count > 1)
		follow(sync, ffntp_servers_change(&sync->servers));
}

static void take_news(struct ffntp_sync *sync, const struct ffntp_peer_news *news)
{
	tell(sync, FFNTP_SYNC_NEWS, news);
	switch (news->event) {
	case FFNTP_PEER_REPLY:
		take_reply(sync, news->verdict);
		break;
	case FFNTP_PEER_UNANSWERED:
		ffntp_sync_publish(sync);
		follow(sync, ffntp_servers_unanswered(&sync->servers));
		break;
	case FFNTP_PEER_CHANGE_SERVER:
		follow(sync, ffntp_servers_change(&sync->servers));
		break;
	case FFNTP_PEER_NOTHING:
	case FFNTP_PEER_SENT:
	case FFNTP_PEER_NOT_SENT:
	case FFNTP_PEER_ERROR:
		break;
	}
}

/* --- one step --- */

int ffntp_sync_descriptor(const struct ffntp_sync *sync)
{
	return ffntp_peer_descriptor(&sync->peer);
}

int ffntp_sync_timeout_ms(const struct ffntp_sync *sync, int limit_ms)
{
	double wait_ms;

	if (!sync->is_paused)
		return ffntp_peer_timeout_ms(&sync->peer, now(sync), limit_ms);
	wait_ms = ceil((double)(int64_t)(sync->pause_until - now(sync)) * sync->peer.period_s * 1e3);
	if (!(wait_ms > 1))
		return 1;
	return wait_ms < limit_ms ? (int)wait_ms : limit_ms;
}

/* Call it before anything is measured or used. */
static void check_counter(struct ffntp_sync *sync)
{
	enum ffntp_counter_event event = ffntp_counter_check(sync->source);

	if (event == FFNTP_COUNTER_STEADY)
		return;
	sync->is_lost = sync->is_lost || event == FFNTP_COUNTER_LOST;
	tell(sync, FFNTP_SYNC_DISRUPTED, NULL);
	ffntp_client_disrupted(sync->peer.client, now(sync));
	ffntp_sync_publish(sync);
}

static void receive(struct ffntp_sync *sync, int revents, ffntp_counter woke)
{
	for (int i = 0; i < DATAGRAMS_PER_STEP; i++) {
		struct ffntp_peer_news news = ffntp_peer_receive(&sync->peer, revents, woke);

		if (news.event == FFNTP_PEER_NOTHING)
			return;
		take_news(sync, &news);
		revents = 0; /* because poll() has not reported the other datagrams that may be there */
	}
}

static void work_timer(struct ffntp_sync *sync)
{
	struct ffntp_peer_news news;

	if (sync->is_paused && is_before(now(sync), sync->pause_until))
		return;
	sync->is_paused = false;
	while (!sync->is_paused) {
		news = ffntp_peer_timer(&sync->peer, now(sync));
		if (news.event == FFNTP_PEER_NOTHING)
			return;
		take_news(sync, &news);
	}
}

/* Return whether a datagram arrived, or a request is about to leave. */
static bool has_work(const struct ffntp_sync *sync, int revents, ffntp_counter woke)
{
	return revents != 0 || !is_before(woke, sync->peer.until);
}

void ffntp_sync_step(struct ffntp_sync *sync, int revents)
{
	ffntp_counter woke = now(sync);

	if (has_work(sync, revents, woke))
		check_counter(sync);
	if (sync->is_lost)
		return;
	if (revents != 0)
		receive(sync, revents, woke);
	work_timer(sync);
	follow(sync, ffntp_servers_poll(&sync->servers));
	if (is_publishing_due(sync))
		ffntp_sync_publish(sync);
}
