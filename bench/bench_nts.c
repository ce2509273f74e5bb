/*
 * Measures the cost of NTS in an exchange: making the request and checking the reply, with one new cookie of 100 bytes.
 * Beside it, the cost of a plain exchange: a request and its reply through a session with the default estimator,
 * without the system calls, which both have. ns per exchange, the least of several rounds, because other work of the
 * machine only adds to it.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ffntp/session.h>

#include "../core/bits.h"
#include "../core/wire.h"
#include "../ports/linux/aead.h"

#define ROUNDS 9
#define EXCHANGES 2000
#define POLL_S 16
#define HZ 1e9
#define BEGIN_S INT64_C(1767225600) /* 2026-01-01 */
#define COOKIE 100

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- the plain exchange --- */

static double delay_s(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return 200e-6 - 20e-6 * log(((double)(*random >> 11) + 0.5) * 0x1p-53);
}

static struct ffntp_ntp server_time(double s)
{
	return (struct ffntp_ntp){ ((uint64_t)(BEGIN_S + FFNTP_NTP_UNIX_S) << 32) + (uint64_t)(s * 0x1p32) };
}

static void input(struct ffntp_session *session, struct ffntp_input input)
{
	struct ffntp_event event;

	ffntp_session_input(session, &input);
	while (ffntp_session_event(session, &event))
		;
}

static void exchange_once(struct ffntp_session *session, double begun_s, uint64_t *random)
{
	double arrived_s = begun_s + delay_s(random), ended_s = arrived_s + delay_s(random);
	ffntp_counter at = (ffntp_counter)(begun_s * HZ);
	struct ffntp_packet packet = {
		.version = 4,
		.mode = 4,
		.stratum = 1,
		.precision_log2_s = -24,
		.root_dispersion = 10,
		.refid = 0x47505300,
		.receive = server_time(arrived_s),
		.transmit = server_time(arrived_s),
	};
	uint8_t reply[FFNTP_WIRE_SIZE];

	input(session, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = at });
	input(session, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .at = at, .nonce = *random | 1 });
	if (ffntp_session_request(session) == NULL)
		return;
	packet.origin.units = ffntp_load_be(ffntp_session_request(session) + 40, 8);
	ffntp_wire_write(&packet, reply);
	input(session, (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM,
					     .at = (ffntp_counter)(ended_s * HZ),
					     .bytes = reply,
					     .length = sizeof(reply) });
}

static double plain_ns(void)
{
	struct ffntp_client_config config;
	struct ffntp_session *session;
	uint64_t random = 88172645463325252;
	double begin_ns = 0;
	void *memory;
	size_t size;

	ffntp_client_config_default(&config);
	config.pivot_s = BEGIN_S;
	config.poll_min_s = config.poll_max_s = POLL_S;
	size = ffntp_session_memory(&config);
	memory = aligned_alloc(16, size);
	session = ffntp_session_init(memory, size, &config, (ffntp_counter)HZ);
	if (session == NULL)
		abort();
	for (unsigned i = 0; i < 2 * EXCHANGES; i++) {
		if (i == EXCHANGES)
			begin_ns = now_ns();
		exchange_once(session, 1 + i * (double)POLL_S * 1.01, &random);
	}
	free(memory);
	return (now_ns() - begin_ns) / EXCHANGES;
}

/* --- NTS --- */

struct reply {
	uint8_t bytes[512];
	size_t length;
};

/* Make the server's reply to the request in flight. */
static void make_reply(const struct ffntp_nts *nts, struct reply *reply)
{
	uint8_t plain[4 + COOKIE] = { 2, 4, 0, 4 + COOKIE };
	size_t at = FFNTP_REQUEST_SIZE, covered = at + 4 + FFNTP_NTS_IDENTIFIER;

	memset(reply->bytes, 0x24, FFNTP_REQUEST_SIZE);
	memcpy(reply->bytes + at, (const uint8_t[]){ 1, 4, 0, 4 + FFNTP_NTS_IDENTIFIER }, 4);
	memcpy(reply->bytes + at + 4, nts->identifier, FFNTP_NTS_IDENTIFIER);
	at = covered;
	ffntp_store_be(reply->bytes + at, 2, 0x404);
	ffntp_store_be(reply->bytes + at + 2, 2, 4 + 4 + 16 + FFNTP_NTS_TAG + sizeof(plain));
	ffntp_store_be(reply->bytes + at + 4, 2, 16);
	ffntp_store_be(reply->bytes + at + 6, 2, FFNTP_NTS_TAG + sizeof(plain));
	memset(reply->bytes + at + 8, 7, 16);
	nts->aead->seal(nts->reply_key, reply->bytes + at + 8, 16, reply->bytes, covered, plain, sizeof(plain),
			reply->bytes + at + 24);
	reply->length = at + 24 + FFNTP_NTS_TAG + sizeof(plain);
}

static double nts_ns(void)
{
	struct ffntp_nts nts = { .aead = ffntp_aead_find(FFNTP_NTS_AES_SIV_CMAC_256) };
	uint8_t header[FFNTP_REQUEST_SIZE] = { 0x23 }, random[FFNTP_NTS_RANDOM] = { 0 }, cookie[COOKIE] = { 0 };
	uint8_t request[FFNTP_NTS_REQUEST_MOST];
	double spent_ns = 0;

	for (unsigned i = 0; i < FFNTP_NTS_COOKIES; i++)
		ffntp_nts_add_cookie(&nts, cookie, sizeof(cookie));
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct reply reply;
		double begin_ns = now_ns(), sent_ns;

		random[0]++;
		if (ffntp_nts_request(&nts, header, sizeof(header), random, request) == 0)
			abort();
		sent_ns = now_ns();
		make_reply(&nts, &reply);
		spent_ns += sent_ns - begin_ns;
		begin_ns = now_ns();
		if (!ffntp_nts_reply(&nts, reply.bytes, reply.length))
			abort();
		spent_ns += now_ns() - begin_ns;
	}
	return spent_ns / EXCHANGES;
}

int main(void)
{
	double plain = INFINITY, nts = INFINITY;

	for (unsigned round = 0; round < ROUNDS; round++) {
		plain = fmin(plain, plain_ns());
		nts = fmin(nts, nts_ns());
	}
	printf("%.0f ns a plain exchange, %.0f ns more with NTS: %.2f times\n", plain, nts, (plain + nts) / plain);
	return 0;
}
