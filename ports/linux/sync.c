#include "sync.h"

#include <time.h>

#include "leapfile.h"
#include "random.h"

/* So long at most (ms): names that the background resolves are looked for. */
#define STEP_MS_MAX 1000

/* A flood of datagrams must not keep the timer from its work. */
#define DATAGRAMS_PER_STEP 16

/* A page is published at least so often (s), so that its void_after moves on while nobody answers. */
#define PUBLISH_S 60.0

#define NTP_PORT 123

static bool is_before(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)(a - b) < 0;
}

static ffntp_counter now(const struct ffntp_sync *sync)
{
	return ffntp_counter_read(&sync->source);
}

static ffntp_counter in_s(const struct ffntp_sync *sync, double interval_s)
{
	return now(sync) + (ffntp_counter)(interval_s / sync->source.period_hint_s);
}

static void publish(struct ffntp_sync *sync)
{
	struct ffntp_source source;
	struct ffntp_map map;

	sync->published_at = now(sync);
	ffntp_peer_output(&sync->peer, sync->published_at, &map);
	ffntp_peer_source(&sync->peer, &source);
	if (sync->is_lost)
		map.status = FFNTP_STATUS_DISRUPTED;
	ffntp_page_hold(&sync->page);
	ffntp_page_publish_steadily(&sync->page, &map, &source, 1, ffntp_counter_read_ordered(sync->source.kind));
}

/* --- opening --- */

static const char *open_servers(struct ffntp_sync *sync, const struct ffntp_linux_ntp_config *config)
{
	if (config->server_count < 1 || config->server_count > FFNTP_SERVERS_MAX)
		return "one to eight servers are needed";
	for (size_t i = 0; i < config->server_count; i++)
		sync->names[i] = (struct ffntp_server_name){ config->servers[i], NTP_PORT };
	if (ffntp_servers_open(&sync->servers, sync->names, config->server_count))
		return NULL;
	return sync->servers.problem[0];
}

/* The system's date, as far as it is later than this program. Right within 68 years is enough. */
static int64_t pivot_s(int64_t built_s)
{
	struct timespec date = { 0 };

	clock_gettime(CLOCK_REALTIME, &date);
	return date.tv_sec > built_s ? date.tv_sec : built_s;
}

static void configure(struct ffntp_sync *sync, const struct ffntp_linux_ntp_config *config,
		      struct ffntp_client_config *client)
{
	ffntp_client_config_default(client);
	client->estimator = config->estimator;
	client->counter_kind = sync->source.kind;
	client->period_hint_s = sync->source.period_hint_s;
	client->period_hint_error = sync->source.period_hint_error;
	client->poll_min_s = config->poll_min_s;
	client->poll_max_s = config->poll_max_s;
	client->poll_is_adaptive = config->poll_min_s < config->poll_max_s;
	client->pivot_s = pivot_s(client->pivot_s);
	/* Without a table TAI is not told, and the server's word is taken for leap seconds. */
	if (ffntp_leapfile_read(FFNTP_LEAPFILE_DEFAULT, &sync->leap_table) == NULL)
		client->leap_table = &sync->leap_table;
}

static const char *open_peer(struct ffntp_sync *sync, const struct ffntp_linux_ntp_config *config)
{
	const char *problem = ffntp_counter_open(&sync->source, config->counter_kind);
	struct ffntp_client_config client;

	if (problem != NULL)
		return problem;
	configure(sync, config, &client);
	if (ffntp_client_memory(&client) == 0)
		return "poll intervals must be 1 to 131072 s, the shortest first, and the estimator one that is there";
	if (!ffntp_peer_open(&sync->peer, &client, &sync->source, ffntp_servers_address(&sync->servers)))
		return "there is no memory";
	return NULL;
}

const char *ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_linux_ntp_config *config)
{
	const char *problem;

	*sync = (struct ffntp_sync){
		.poll_min_s = config->poll_min_s,
		.poll_max_s = config->poll_max_s,
		.pause_s = config->poll_min_s,
	};
	problem = open_servers(sync, config);
	if (problem != NULL)
		return problem;
	problem = open_peer(sync, config);
	if (problem != NULL) {
		ffntp_servers_close(&sync->servers);
		return problem;
	}
	ffntp_page_format(&sync->page, &sync->source.identity);
	publish(sync);
	return NULL;
}

void ffntp_sync_close(struct ffntp_sync *sync)
{
	ffntp_peer_close(&sync->peer);
	ffntp_servers_close(&sync->servers);
}

/* --- servers --- */

static void pause_requests(struct ffntp_sync *sync)
{
	sync->is_paused = true;
	sync->pause_until = in_s(sync, sync->pause_s);
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
}

static void take_news(struct ffntp_sync *sync, struct ffntp_peer_news news)
{
	switch (news.event) {
	case FFNTP_PEER_REPLY:
		if (news.verdict == FFNTP_ACCEPTED) {
			ffntp_servers_answered(&sync->servers);
			sync->pause_s = sync->poll_min_s;
		}
		publish(sync);
		break;
	case FFNTP_PEER_UNANSWERED:
		publish(sync);
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

int ffntp_sync_timeout_ms(const struct ffntp_sync *sync)
{
	return sync->is_paused ? STEP_MS_MAX : ffntp_peer_timeout_ms(&sync->peer, now(sync), STEP_MS_MAX);
}

/* Before anything is measured or believed. */
static void check_counter(struct ffntp_sync *sync)
{
	enum ffntp_counter_event event = ffntp_counter_check(&sync->source);

	if (event == FFNTP_COUNTER_STEADY)
		return;
	sync->is_lost = sync->is_lost || event == FFNTP_COUNTER_LOST;
	ffntp_client_disrupted(sync->peer.client, now(sync));
	publish(sync);
}

static void receive(struct ffntp_sync *sync, int revents, ffntp_counter woke)
{
	for (int i = 0; i < DATAGRAMS_PER_STEP; i++) {
		struct ffntp_peer_news news = ffntp_peer_receive(&sync->peer, revents, woke);

		if (news.event == FFNTP_PEER_NOTHING)
			return;
		take_news(sync, news);
		revents = 0; /* whatever else there is, poll() has not seen it */
	}
}

static void work_timer(struct ffntp_sync *sync)
{
	struct ffntp_peer_news news;

	if (sync->is_paused && is_before(now(sync), sync->pause_until))
		return;
	sync->is_paused = false;
	do {
		news = ffntp_peer_timer(&sync->peer, now(sync));
		take_news(sync, news);
	} while (news.event != FFNTP_PEER_NOTHING && !sync->is_paused);
}

void ffntp_sync_step(struct ffntp_sync *sync, int revents)
{
	ffntp_counter woke = now(sync);

	if (revents != 0 || !is_before(woke, sync->peer.until))
		check_counter(sync);
	if (sync->is_lost)
		return;
	if (revents != 0)
		receive(sync, revents, woke);
	work_timer(sync);
	follow(sync, ffntp_servers_poll(&sync->servers));
	if (!is_before(now(sync), sync->published_at + (ffntp_counter)(PUBLISH_S / sync->source.period_hint_s)))
		publish(sync);
}
