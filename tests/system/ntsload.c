/*
 * A client of NTS that does not wait: many exchanges with a server, one after the other, with forged and replayed
 * replies in between. ntsload ADDRESS NTSPORT CERTIFICATES COUNT LOST prints what came of COUNT exchanges; after half
 * of them LOST replies in a row are lost.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../core/bits.h"
#include "../../core/wire.h"
#include "../../ports/linux/ntslink.h"
#include "../../ports/linux/ntstls.h"
#include "../../ports/linux/random.h"

#define COOKIE_AT (FFNTP_WIRE_SIZE + 36) /* behind the unique identifier */
#define PATIENCE_MS 2000

static struct {
	unsigned count, lost;
	unsigned accepted, unanswered, key_exchanges, repeated, forgeries;
} result;

static uint8_t (*sent)[FFNTP_NTS_COOKIE_MOST];
static unsigned cookies_sent;

static void fail(const char *what)
{
	fprintf(stderr, "ntsload: %s\n", what);
	exit(1);
}

/* Record the cookie of a request, and count it if it was sent before. */
static void watch_cookie(const uint8_t *request)
{
	size_t size = (size_t)ffntp_load_be(request + COOKIE_AT + 2, 2) - 4;
	uint8_t *cookie = sent[cookies_sent];

	if (ffntp_load_be(request + COOKIE_AT, 2) != 0x0204 || size > FFNTP_NTS_COOKIE_MOST)
		fail("a request without a cookie");
	memcpy(cookie, request + COOKIE_AT + 4, size);
	for (unsigned i = 0; i < cookies_sent; i++)
		result.repeated += memcmp(sent[i], cookie, FFNTP_NTS_COOKIE_MOST) == 0;
	cookies_sent++;
}

/* Offer copies of a reply with each byte changed in turn, every 7th; none may have an effect. */
static void forge(struct ffntp_nts *nts, const uint8_t *reply, size_t length)
{
	const struct ffntp_nts before = *nts;
	uint8_t copy[FFNTP_NTS_REPLY_MOST];

	for (size_t i = cookies_sent % 7; i < length; i += 7, result.forgeries++) {
		memcpy(copy, reply, length);
		copy[i] ^= 0x40;
		if (ffntp_nts_reply(nts, copy, length) != 0)
			fail("a forged reply was accepted");
	}
	nts->naks = before.naks;
	if (memcmp(nts, &before, sizeof(before)) != 0)
		fail("a forged reply had an effect");
}

static void replay(struct ffntp_nts *nts, const uint8_t *reply, size_t length)
{
	const struct ffntp_nts before = *nts;

	if (ffntp_nts_reply(nts, reply, length) != 0 || memcmp(nts, &before, sizeof(before)) != 0)
		fail("a replayed reply had an effect");
}

/* Receive the reply to the request in flight. Returns its length; 0 if none comes. */
static size_t receive(int descriptor, uint8_t reply[FFNTP_NTS_REPLY_MOST])
{
	struct pollfd ready = { .fd = descriptor, .events = POLLIN };
	ssize_t length = poll(&ready, 1, PATIENCE_MS) == 1 ? recv(descriptor, reply, FFNTP_NTS_REPLY_MOST, 0) : 0;

	return length > 0 ? (size_t)length : 0;
}

static void take_reply(struct ffntp_ntslink *link, const uint8_t *reply, size_t length, uint64_t nonce)
{
	struct ffntp_packet packet;
	size_t plain = 0;

	if (length > 0) {
		forge(&link->nts, reply, length);
		plain = ffntp_nts_reply(&link->nts, reply, length);
	}
	if (plain == 0 || ffntp_wire_read(reply, plain, &packet) != FFNTP_ACCEPTED || packet.origin.units != nonce) {
		result.unanswered++;
		ffntp_ntslink_unanswered(link);
		return;
	}
	replay(&link->nts, reply, length);
	result.accepted++;
	ffntp_ntslink_answered(link);
}

static void exchange(struct ffntp_ntslink *link, int descriptor, bool is_lost)
{
	struct ffntp_packet packet = { .version = 4, .mode = FFNTP_MODE_CLIENT };
	uint8_t header[FFNTP_WIRE_SIZE], request[FFNTP_NTS_REQUEST_MOST], reply[FFNTP_NTS_REPLY_MOST];
	uint8_t random[FFNTP_NTS_RANDOM];
	size_t length;

	if (!ffntp_random_nonce(&packet.transmit.units) || !ffntp_random_bytes(random, sizeof(random)))
		fail("no random bits");
	ffntp_wire_write(&packet, header);
	length = ffntp_nts_request(&link->nts, header, sizeof(header), random, request);
	watch_cookie(request);
	if (send(descriptor, request, length, 0) != (ssize_t)length)
		fail("a request could not be sent");
	length = receive(descriptor, reply);
	take_reply(link, reply, is_lost ? 0 : length, packet.transmit.units);
}

static int connect_to(const struct ffntp_address *server)
{
	int descriptor = socket(server->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (descriptor < 0 || connect(descriptor, &server->any, ffntp_address_length(server)) != 0)
		fail("no socket");
	return descriptor;
}

/* Agree on keys if that is needed; the waits between attempts pass at once. */
static void work(struct ffntp_ntslink *link, const struct ffntp_address *address, int *descriptor)
{
	static int64_t now_s = 1000;
	struct ffntp_address server;
	bool has_failed;

	switch (ffntp_ntslink_work(link, address, INT64_MIN, now_s += 1000000, &server)) {
	case FFNTP_NTSLINK_READY:
		result.key_exchanges++;
		if (*descriptor >= 0)
			close(*descriptor);
		*descriptor = connect_to(&server);
		break;
	case FFNTP_NTSLINK_FAILED:
		fail(ffntp_ntslink_news(link, &has_failed));
		break;
	case FFNTP_NTSLINK_NOTHING:
		break;
	}
}

int main(int argc, char **argv)
{
	struct ffntp_nts_method method = { .ops = &ffntp_ntstls_module.ops };
	const char *problem, *failed, *files[1] = { argc == 6 ? argv[3] : NULL };
	struct ffntp_addresses found;
	struct ffntp_ntslink link;
	int descriptor = -1;

	if (argc != 6 || !ffntp_resolve_numeric(argv[1], 123, &found))
		fail("ADDRESS NTSPORT CERTIFICATES COUNT LOST");
	method.port = (uint16_t)atoi(argv[2]);
	method.context = ffntp_ntstls_module.read_trust(files, 1, false, &problem, &failed);
	result.count = (unsigned)atoi(argv[4]);
	result.lost = (unsigned)atoi(argv[5]);
	sent = calloc(result.count + result.lost + 100, sizeof(*sent));
	if (method.context == NULL || sent == NULL)
		fail("no certificates, or no memory");
	ffntp_ntslink_open(&link, &method, argv[1], 0);
	while (result.accepted < result.count && result.unanswered < result.lost + 100) {
		work(&link, &found.address[0], &descriptor);
		if (link.nts.cookies > 0 && link.exchange == NULL)
			exchange(&link, descriptor,
				 result.accepted >= result.count / 2 && result.unanswered < result.lost);
		else
			usleep(1000);
	}
	printf("{\"accepted\": %u, \"unanswered\": %u, \"key_exchanges\": %u, \"repeated\": %u, \"forgeries\": %u, "
	       "\"cookies\": %u}\n",
	       result.accepted, result.unanswered, result.key_exchanges, result.repeated, result.forgeries,
	       link.nts.cookies);
	ffntp_ntslink_close(&link);
	method.ops->drop(method.context);
	return 0;
}
