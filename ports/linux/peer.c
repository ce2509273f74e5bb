/* peer: see peer.h. */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../core/maths.h"
#include "../../core/params.h"
#include "../../core/session.h"
#include "../../core/stamp.h"
#include "../../nts/packet.h"
#include "keys.h"
#include "random.h"
#include "refclock.h"

/* The session of a server without an address or keys, or offline, is paused for this time, again and again (s). */
#define WAIT_S 16

void ffntp_peer_config_default(struct ffntp_client_config *config, const struct ffntp_counter_source *source)
{
	ffntp_client_config_default(config);
	config->counter_kind = source->kind;
	config->period_hint_s = source->period_hint_s;
	config->period_hint_error = source->period_hint_error;
	config->counter_may_jump = source->may_jump;
}

bool ffntp_peer_join(struct ffntp_peer *peer, struct ffntp_ensemble *ensemble, const struct ffntp_member_config *config,
		     const struct ffntp_counter_source *source, const struct ffntp_address *address, ffntp_counter at)
{
	int member = ffntp_ensemble_add(ensemble, config, at);

	if (member < 0)
		return false;
	*peer = (struct ffntp_peer){
		.ensemble = ensemble,
		.member = (unsigned)member,
		.session = ffntp_ensemble_session(ensemble, (unsigned)member),
		.source = source,
		.keeps_stamping = -1,
	};
	if (address != NULL)
		peer->address = *address;
	ffntp_udp_init(&peer->udp);
	return true;
}

bool ffntp_peer_open(struct ffntp_peer *peer, const struct ffntp_client_config *config,
		     const struct ffntp_counter_source *source, const struct ffntp_address *address,
		     const struct ffntp_key *key)
{
	const struct ffntp_ensemble_config alone = { .client = *config, .members = 1 };
	const struct ffntp_member_config member = { .client = *config };
	size_t size = ffntp_ensemble_memory(&alone);
	ffntp_counter now = ffntp_counter_read(source);
	void *memory = size > 0 ? aligned_alloc(16, size) : NULL;
	struct ffntp_ensemble *ensemble = memory != NULL ? ffntp_ensemble_init(memory, size, &alone, now) : NULL;

	if (ensemble == NULL || !ffntp_peer_join(peer, ensemble, &member, source, address, now)) {
		free(memory);
		return false;
	}
	peer->memory = memory;
	peer->key = key;
	peer->keeps_stamping = ffntp_udp_keep_stamping();
	return true;
}

void ffntp_peer_close(struct ffntp_peer *peer)
{
	ffntp_udp_close(&peer->udp);
	if (peer->keeps_stamping >= 0)
		close(peer->keeps_stamping);
	peer->keeps_stamping = -1;
	free(peer->memory);
	peer->memory = NULL;
	peer->ensemble = NULL;
	peer->session = NULL;
}

/* --- inputs --- */

/* Pass an input, and its events to the listener. */
static void put(struct ffntp_peer *peer, const struct ffntp_input *input)
{
	struct ffntp_event event;
	unsigned member;

	ffntp_ensemble_input(peer->ensemble, peer->member, input);
	while (ffntp_ensemble_event(peer->ensemble, &member, &event))
		if (peer->listener != NULL)
			peer->listener(peer->context, member, &event);
}

static void name_server(struct ffntp_peer *peer)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_SERVER, .at = ffntp_counter_read(peer->source) };

	peer->is_named = true;
	ffntp_address_bytes(&peer->address, input.address, &input.port);
	put(peer, &input);
}

void ffntp_peer_name(struct ffntp_peer *peer)
{
	if (!peer->is_named && ffntp_address_is_some(&peer->address))
		name_server(peer);
}

void ffntp_peer_input(struct ffntp_peer *peer, struct ffntp_input input)
{
	ffntp_peer_name(peer);
	if (input.at == 0)
		input.at = ffntp_counter_read(peer->source);
	put(peer, &input);
}

void ffntp_peer_pause(struct ffntp_peer *peer, double least_s, double most_s)
{
	uint64_t bits;
	double share = ffntp_random_nonce(&bits) ? (double)(bits >> 11) * 0x1p-53 : 0;
	ffntp_counter at = ffntp_counter_read(peer->source);
	ffntp_counter delay = (ffntp_counter)((least_s + share * (most_s - least_s)) / peer->source->period_hint_s);

	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .at = at, .until = at + delay });
}

void ffntp_peer_move(struct ffntp_peer *peer, const struct ffntp_address *address, const struct ffntp_key *key)
{
	bool is_first = !ffntp_address_is_some(&peer->address);

	ffntp_udp_close(&peer->udp);
	peer->address = *address;
	peer->key = key;
	name_server(peer);
	if (is_first)
		ffntp_peer_hurry(peer);
}

void ffntp_peer_hurry(struct ffntp_peer *peer)
{
	ffntp_counter now = ffntp_counter_read(peer->source);

	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .at = now, .until = now });
}

void ffntp_peer_limit(struct ffntp_peer *peer, double interval_s, double wait_s)
{
	ffntp_counter at = ffntp_counter_read(peer->source);

	ffntp_peer_input(peer, (struct ffntp_input){
				       .kind = FFNTP_INPUT_LIMITED,
				       .at = at,
				       .until = at + (ffntp_counter)(interval_s / peer->source->period_hint_s),
				       .stamp = at + (ffntp_counter)(wait_s / peer->source->period_hint_s),
			       });
}

double ffntp_peer_limit_s(const struct ffntp_peer *peer)
{
	return ffntp_session_limit_s(peer->session);
}

/* --- waiting --- */

int ffntp_peer_descriptor(const struct ffntp_peer *peer)
{
	return peer->udp.descriptor;
}

static ffntp_counter deadline(const struct ffntp_peer *peer)
{
	ffntp_counter until = ffntp_session_deadline(peer->session);

	return peer->udp.descriptor >= 0 && ffntp_counter_is_before(peer->listens_until, until) ? peer->listens_until
												: until;
}

int ffntp_peer_timeout_ms(const struct ffntp_peer *peer, ffntp_counter now, int limit_ms)
{
	double wait_ms = (double)(int64_t)(deadline(peer) - now) * ffntp_session_period_s(peer->session) * 1e3;

	if (!(wait_ms > 1))
		return 1;
	return wait_ms < limit_ms ? (int)ffntp_ceil(wait_ms) : limit_ms;
}

/* --- receiving --- */

static const uint8_t crypto_nak[FFNTP_CRYPTO_NAK_SIZE];

/* Put what was verified of a reply, or else a crypto-NAK, in the datagram's place: no other byte is ever used. */
static void authenticate(const struct ffntp_peer *peer, struct ffntp_input *datagram)
{
	size_t authentic = peer->nts != NULL ? ffntp_nts_reply(peer->nts, datagram->bytes, datagram->length)
					     : ffntp_key_verify(peer->key, datagram->bytes, datagram->length);

	datagram->length = authentic > 0 ? authentic : sizeof(crypto_nak);
	if (authentic == 0)
		datagram->bytes = crypto_nak;
}

/*
 * The departure's stamp is passed as of the departure: a reply that waited for this program while its deadline passed
 * is still in time.
 */
static void put_reply(struct ffntp_peer *peer, const uint8_t *bytes, size_t length)
{
	struct ffntp_input datagram = { .kind = FFNTP_INPUT_DATAGRAM, .bytes = bytes, .length = length };
	ffntp_counter ta;

	if (peer->key != NULL || peer->nts != NULL)
		authenticate(peer, &datagram);
	ffntp_stamping_resolve(&peer->udp.stamping, ffntp_session_period_s(peer->session), &ta, &datagram.at);
	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_SENT, .at = ta, .stamp = ta });
	ffntp_peer_input(peer, datagram);
}

bool ffntp_peer_receive(struct ffntp_peer *peer, int revents, ffntp_counter woke)
{
	uint8_t bytes[FFNTP_UDP_SIZE];
	size_t length;
	int error;

	if (peer->udp.descriptor < 0)
		return false;
	switch (ffntp_udp_receive(&peer->udp, peer->source, revents, woke, bytes, &length, &error)) {
	case FFNTP_UDP_DATAGRAM:
		put_reply(peer, bytes, length);
		return true;
	case FFNTP_UDP_ERROR:
		ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_ERROR, .error = error });
		return true;
	case FFNTP_UDP_NOTHING:
		break;
	}
	return false;
}

/* --- sending --- */

enum { PACKET_SIZE = FFNTP_NTS_REQUEST_MOST };

_Static_assert((int)PACKET_SIZE >= (int)FFNTP_KEY_PACKET_SIZE, "a packet has either kind of authentication");

/* Make the packet of the session's request. Returns its length; 0 if there is no packet, because the kernel has no
 * random bits.
 */
static size_t make_packet(struct ffntp_peer *peer, uint8_t packet[PACKET_SIZE])
{
	const uint8_t *request = ffntp_session_request(peer->session);
	size_t length = ffntp_session_request_length(peer->session);
	uint8_t random[FFNTP_NTS_RANDOM];

	if (peer->nts != NULL)
		return ffntp_random_bytes(random, sizeof(random))
			       ? ffntp_nts_request(peer->nts, request, length, random, packet)
			       : 0;
	memcpy(packet, request, length);
	return peer->key != NULL ? ffntp_key_sign(peer->key, packet, length) : length;
}

/* Listen for as long as a reply may be awaited, also for duplicates, which are counted. */
static void send_request(struct ffntp_peer *peer, ffntp_counter at)
{
	uint8_t packet[PACKET_SIZE];
	size_t length = make_packet(peer, packet);
	int error = length > 0 ? ffntp_udp_send(&peer->udp, packet, length) : EAGAIN;

	peer->listens_until = at + (ffntp_counter)(FFNTP_REPLY_TIMEOUT_S / ffntp_session_period_s(peer->session));
	if (error != 0)
		ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_SENT, .error = error });
}

/*
 * If anything fails after the request has begun, the session waits for a reply as usual: it does not ask again at once.
 */
static void ask(struct ffntp_peer *peer, ffntp_counter now)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_REQUEST, .at = now };
	int error;

	if (!ffntp_random_nonce(&input.nonce)) {
		input.nonce = 0;
		ffntp_peer_input(peer, input);
		return;
	}
	error = ffntp_udp_open(&peer->udp, &peer->address);
	input.at = ffntp_udp_prepare(&peer->udp, peer->source);
	ffntp_peer_input(peer, input);
	if (error != 0)
		ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_SENT, .error = error });
	else if (ffntp_session_request(peer->session) != NULL)
		send_request(peer, input.at);
}

/* --- a reference clock --- */

/* The session asks again after its interval, or after the refclock's wait. A disruption ends that wait. */
static void report_failure(struct ffntp_peer *peer, int error)
{
	ffntp_counter now = ffntp_counter_read(peer->source);
	ffntp_counter wait = (ffntp_counter)(peer->refclock->wait_s / ffntp_session_period_s(peer->session));

	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_MEASURED, .at = now, .error = error });
	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .at = now, .until = now + wait });
}

static void measure(struct ffntp_peer *peer)
{
	struct ffntp_input input = { .kind = FFNTP_INPUT_MEASURED };
	struct ffntp_measurement measurement;
	int error = ffntp_refclock_read(peer->refclock, peer->source, &measurement, &input.at);

	input.measurement = &measurement;
	if (error == 0)
		ffntp_peer_input(peer, input);
	else
		report_failure(peer, error);
}

/* --- the timer --- */

/* Close the socket once no reply is awaited, so that nothing is received without a request. */
static void stop_listening(struct ffntp_peer *peer, ffntp_counter now)
{
	if (peer->udp.descriptor >= 0 && !ffntp_counter_is_before(now, peer->listens_until))
		ffntp_udp_close(&peer->udp);
}

/* A reference clock needs neither. */
static bool can_ask(const struct ffntp_peer *peer)
{
	bool can_send = ffntp_address_is_some(&peer->address) && (peer->nts == NULL || peer->nts->cookies > 0);

	return !peer->is_offline && (peer->refclock != NULL || can_send);
}

/* Without an address or keys, or offline, there is nothing to ask: the request waits. A disruption ends this pause. */
static void wait_until_it_can(struct ffntp_peer *peer, ffntp_counter now)
{
	ffntp_counter wait = (ffntp_counter)(WAIT_S / ffntp_session_period_s(peer->session));

	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .at = now, .until = now + wait });
}

bool ffntp_peer_timer(struct ffntp_peer *peer, ffntp_counter now)
{
	if (!peer->is_named && ffntp_address_is_some(&peer->address)) {
		ffntp_peer_name(peer); /* an input of its own, after which 'now' is old */
		return true;
	}
	stop_listening(peer, now);
	if (ffntp_session_wants_request(peer->session) && !can_ask(peer))
		wait_until_it_can(peer, now);
	if (ffntp_session_wants_request(peer->session)) {
		if (peer->refclock != NULL)
			measure(peer);
		else
			ask(peer, now);
		return true;
	}
	if (ffntp_counter_is_before(now, ffntp_session_deadline(peer->session)))
		return false;
	ffntp_peer_input(peer, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = now });
	return true;
}
