#include "peer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../core/params.h"
#include "random.h"

/* Without a nonce no request is sent; the kernel is asked for one again after this time (s). */
#define NONCE_RETRY_S 1.0

static ffntp_counter ticks(const struct ffntp_peer *peer, double interval_s)
{
	return (ffntp_counter)(interval_s / peer->period_s);
}

/* Return the system's date, or the date of the build if that is later. An error below 68 years does not matter. */
static int64_t pivot_s(int64_t built_s)
{
	struct timespec date = { 0 };

	clock_gettime(CLOCK_REALTIME, &date);
	return date.tv_sec > built_s ? date.tv_sec : built_s;
}

void ffntp_peer_config_default(struct ffntp_client_config *config, const struct ffntp_counter_source *source)
{
	ffntp_client_config_default(config);
	config->counter_kind = source->kind;
	config->period_hint_s = source->period_hint_s;
	config->period_hint_error = source->period_hint_error;
	config->pivot_s = pivot_s(config->pivot_s);
}

bool ffntp_peer_open(struct ffntp_peer *peer, const struct ffntp_client_config *config,
		     const struct ffntp_counter_source *source, const struct ffntp_address *address)
{
	size_t size = ffntp_client_memory(config);
	ffntp_counter now = ffntp_counter_read(source);
	void *memory = size > 0 ? aligned_alloc(16, (size + 15) / 16 * 16) : NULL;

	*peer = (struct ffntp_peer){
		.address = *address,
		.source = source,
		.period_s = config->period_hint_s,
		.until = now,
	};
	ffntp_udp_init(&peer->udp);
	peer->client = memory != NULL ? ffntp_client_init(memory, size, config, now) : NULL;
	if (peer->client == NULL) {
		free(memory);
		return false;
	}
	peer->keeps_stamping = ffntp_udp_keep_stamping();
	return true;
}

void ffntp_peer_close(struct ffntp_peer *peer)
{
	ffntp_udp_close(&peer->udp);
	if (peer->keeps_stamping >= 0)
		close(peer->keeps_stamping);
	peer->keeps_stamping = -1;
	free(peer->client); /* the start of the allocated memory */
	peer->client = NULL;
}

int ffntp_peer_descriptor(const struct ffntp_peer *peer)
{
	return peer->udp.descriptor;
}

int ffntp_peer_timeout_ms(const struct ffntp_peer *peer, ffntp_counter now, int limit_ms)
{
	double wait_ms = ceil((double)(int64_t)(peer->until - now) * peer->period_s * 1e3);

	if (!(wait_ms > 1))
		return 1;
	return wait_ms < limit_ms ? (int)wait_ms : limit_ms;
}

/* --- receiving --- */

static struct ffntp_peer_news reply(struct ffntp_peer *peer, const uint8_t *bytes, size_t length)
{
	struct ffntp_peer_news news = { .event = FFNTP_PEER_REPLY };
	ffntp_counter ta, tf;

	ffntp_stamping_resolve(&peer->udp.stamping, peer->period_s, &ta, &tf);
	ffntp_client_sent(peer->client, ta);
	news.verdict = ffntp_client_reply(peer->client, bytes, length, tf);
	if (news.verdict == FFNTP_ACCEPTED)
		peer->is_awaiting = false;
	return news;
}

struct ffntp_peer_news ffntp_peer_receive(struct ffntp_peer *peer, int revents, ffntp_counter woke)
{
	struct ffntp_peer_news news = { .event = FFNTP_PEER_NOTHING };
	uint8_t bytes[FFNTP_UDP_SIZE];
	size_t length;

	if (peer->udp.descriptor < 0)
		return news;
	switch (ffntp_udp_receive(&peer->udp, peer->source, revents, woke, bytes, &length, &news.error)) {
	case FFNTP_UDP_DATAGRAM:
		return reply(peer, bytes, length);
	case FFNTP_UDP_ERROR:
		news.event = FFNTP_PEER_ERROR;
		break;
	case FFNTP_UDP_NOTHING:
		break;
	}
	return news;
}

/* --- sending --- */

static struct ffntp_peer_news not_sent(int error)
{
	return (struct ffntp_peer_news){ .event = FFNTP_PEER_NOT_SENT, .error = error };
}

/* Back off: without a nonce there is no request. */
static struct ffntp_peer_news hold(struct ffntp_peer *peer, ffntp_counter now)
{
	peer->is_held = true;
	peer->until = now + ticks(peer, NONCE_RETRY_S);
	return not_sent(EAGAIN);
}

/*
 * If anything fails after the request has begun, the client waits for a reply as usual: it does not ask again at once.
 */
static struct ffntp_peer_news ask(struct ffntp_peer *peer, ffntp_counter now)
{
	uint8_t packet[FFNTP_REQUEST_SIZE];
	uint64_t nonce;
	int error;

	if (!ffntp_random_nonce(&nonce))
		return hold(peer, now);
	error = ffntp_udp_open(&peer->udp, &peer->address);
	peer->sent_at = ffntp_udp_prepare(&peer->udp, peer->source);
	if (!ffntp_client_request(peer->client, peer->sent_at, nonce, packet))
		return hold(peer, now);
	peer->is_awaiting = true;
	if (error == 0)
		error = ffntp_udp_send(&peer->udp, packet, sizeof(packet));
	if (error != 0)
		return not_sent(error);
	return (struct ffntp_peer_news){ .event = FFNTP_PEER_SENT };
}

/* Close the socket once no reply is awaited, so that nothing is received without a request. */
static struct ffntp_peer_news stop_listening(struct ffntp_peer *peer)
{
	struct ffntp_peer_news news = { .event = peer->is_awaiting ? FFNTP_PEER_UNANSWERED : FFNTP_PEER_NOTHING };

	ffntp_udp_close(&peer->udp);
	peer->is_awaiting = false;
	return news;
}

static bool is_listening(const struct ffntp_peer *peer)
{
	return peer->is_awaiting || peer->udp.descriptor >= 0;
}

static ffntp_counter deadline(const struct ffntp_peer *peer)
{
	return peer->sent_at + ticks(peer, FFNTP_REPLY_TIMEOUT_S);
}

static bool is_before(ffntp_counter a, ffntp_counter b)
{
	return (int64_t)(a - b) < 0;
}

static void wait_until(struct ffntp_peer *peer, ffntp_counter until)
{
	bool is_deadline_first = is_listening(peer) && is_before(deadline(peer), until);

	peer->until = is_deadline_first ? deadline(peer) : until;
}

struct ffntp_peer_news ffntp_peer_timer(struct ffntp_peer *peer, ffntp_counter now)
{
	struct ffntp_peer_news nothing = { .event = FFNTP_PEER_NOTHING };
	struct ffntp_action action;

	if (peer->is_held && is_before(now, peer->until))
		return nothing;
	peer->is_held = false;
	if (is_listening(peer) && !is_before(now, deadline(peer)))
		return stop_listening(peer);
	action = ffntp_client_timer(peer->client, now);
	switch (action.kind) {
	case FFNTP_CHANGE_SERVER:
		return (struct ffntp_peer_news){ .event = FFNTP_PEER_CHANGE_SERVER };
	case FFNTP_SEND:
		return peer->is_awaiting ? stop_listening(peer) : ask(peer, now);
	case FFNTP_WAIT:
		wait_until(peer, action.until);
		break;
	}
	return nothing;
}

void ffntp_peer_move(struct ffntp_peer *peer, const struct ffntp_address *address, ffntp_counter now)
{
	(void)stop_listening(peer);
	peer->address = *address;
	ffntp_client_server_changed(peer->client, now);
}

void ffntp_peer_output(struct ffntp_peer *peer, ffntp_counter now, struct ffntp_map *map)
{
	ffntp_client_output(peer->client, now, map);
	peer->period_s = ldexp((double)map->period, -64 - map->period_shift);
}

void ffntp_peer_source(const struct ffntp_peer *peer, struct ffntp_source *source)
{
	ffntp_client_source(peer->client, source);
	ffntp_address_bytes(&peer->address, source->address, &source->port);
	source->is_selected = 1;
}
