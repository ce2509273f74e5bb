/* sync: see sync.h. */
#include "sync.h"

#include <time.h>

/* Limits the datagrams per step, so that a flood of them does not delay the timer. */
#define DATAGRAMS_PER_STEP 16

int64_t ffntp_sync_now_s(void)
{
	struct timespec time = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
}

static ffntp_counter now(const struct ffntp_sync *sync)
{
	return ffntp_counter_read(sync->source);
}

/* --- events --- */

bool ffntp_sync_has_server(const struct ffntp_sync *sync)
{
	return ffntp_address_is_some(&sync->peer.address);
}

static void publish_map(struct ffntp_sync *sync)
{
	ffntp_page_hold(sync->page);
	ffntp_page_publish_steadily(sync->page, ffntp_session_map(sync->session), ffntp_session_source(sync->session),
				    ffntp_sync_has_server(sync), ffntp_counter_read_ordered(sync->source->kind));
}

static void take_reply(struct ffntp_sync *sync, enum ffntp_verdict verdict)
{
	if (verdict == FFNTP_ACCEPTED) {
		ffntp_servers_answered(&sync->servers);
		sync->pause_s = sync->poll_min_s;
	}
	if (verdict == FFNTP_REFUSED_SMEAR && sync->servers.count > 1)
		sync->advice = ffntp_servers_change(&sync->servers);
}

/* A missing reply and the wish for a different server may be events of one input: the server is changed once. */
static void take_event(struct ffntp_sync *sync, const struct ffntp_event *event)
{
	switch (event->kind) {
	case FFNTP_EVENT_MAP:
		publish_map(sync);
		break;
	case FFNTP_EVENT_REPLY:
		take_reply(sync, event->verdict);
		break;
	case FFNTP_EVENT_UNANSWERED:
		sync->advice = ffntp_servers_unanswered(&sync->servers);
		break;
	case FFNTP_EVENT_CHANGE_SERVER:
		if (sync->advice == FFNTP_STAY)
			sync->advice = ffntp_servers_change(&sync->servers);
		break;
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_SENT:
	case FFNTP_EVENT_NOT_SENT:
	case FFNTP_EVENT_NO_NONCE:
	case FFNTP_EVENT_ERROR:
	case FFNTP_EVENT_DISRUPTED:
	case FFNTP_EVENT_SERVER:
	case FFNTP_EVENTS:
		break;
	}
}

static void listen_to_session(void *context, const struct ffntp_event *event)
{
	struct ffntp_sync *sync = context;

	take_event(sync, event);
	if (sync->listener != NULL)
		sync->listener(sync->context, event);
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
	};
	if (!ffntp_peer_open(&sync->peer, parts->config, sync->source, ffntp_servers_address(&sync->servers)))
		return false;
	sync->peer.listener = listen_to_session;
	sync->peer.context = sync;
	sync->session = sync->peer.session;
	return true;
}

void ffntp_sync_close(struct ffntp_sync *sync)
{
	ffntp_peer_close(&sync->peer);
	ffntp_servers_close(&sync->servers);
}

/* --- inputs --- */

void ffntp_sync_pause(struct ffntp_sync *sync, double delay_s)
{
	ffntp_counter at = now(sync);
	ffntp_counter delay = (ffntp_counter)(delay_s / sync->source->period_hint_s);

	ffntp_peer_input(&sync->peer, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .at = at, .until = at + delay });
}

static void pause_requests(struct ffntp_sync *sync)
{
	ffntp_sync_pause(sync, sync->pause_s);
	sync->pause_s *= 2;
	if (sync->pause_s > sync->poll_max_s)
		sync->pause_s = sync->poll_max_s;
}

static void follow(struct ffntp_sync *sync)
{
	enum ffntp_servers_advice advice = sync->advice;

	sync->advice = FFNTP_STAY;
	if (advice == FFNTP_STAY)
		return;
	ffntp_peer_move(&sync->peer, ffntp_servers_address(&sync->servers));
	if (advice == FFNTP_MOVE_AFTER_PAUSE)
		pause_requests(sync);
}

void ffntp_sync_input(struct ffntp_sync *sync, struct ffntp_input input)
{
	ffntp_peer_input(&sync->peer, input);
	follow(sync);
}

void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former)
{
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = former });
}

void ffntp_sync_publish(struct ffntp_sync *sync)
{
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH });
}

/* --- one step --- */

int ffntp_sync_descriptor(const struct ffntp_sync *sync)
{
	return ffntp_peer_descriptor(&sync->peer);
}

int ffntp_sync_timeout_ms(const struct ffntp_sync *sync, int limit_ms)
{
	return ffntp_peer_timeout_ms(&sync->peer, now(sync), limit_ms);
}

/* Call it before anything is measured or used. */
static void check_counter(struct ffntp_sync *sync)
{
	enum ffntp_counter_event event = ffntp_counter_check(sync->source);

	if (event == FFNTP_COUNTER_STEADY)
		return;
	sync->is_lost = sync->is_lost || event == FFNTP_COUNTER_LOST;
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_DISRUPTED });
}

static void receive(struct ffntp_sync *sync, int revents, ffntp_counter woke)
{
	for (int i = 0; i < DATAGRAMS_PER_STEP && ffntp_peer_receive(&sync->peer, revents, woke); i++) {
		follow(sync);
		revents = 0; /* because poll() has not reported the other datagrams that may be there */
	}
}

void ffntp_sync_step(struct ffntp_sync *sync, int revents)
{
	ffntp_counter woke = now(sync);

	if (revents != 0 || ffntp_peer_is_due(&sync->peer, woke))
		check_counter(sync);
	if (sync->is_lost)
		return;
	if (revents != 0)
		receive(sync, revents, woke);
	while (ffntp_peer_timer(&sync->peer, now(sync)))
		follow(sync);
	sync->advice = ffntp_servers_poll(&sync->servers, ffntp_sync_now_s());
	follow(sync);
}
