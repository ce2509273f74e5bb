/*
 * hostile: a day of a client beside an attacker who sees nothing of the requests, and one who replays all replies. The
 * same day without them has the same clock, bit for bit. test_hostile PACKETS
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../core/bits.h"
#include "../core/wire.h"
#include "../daemon/log.h"
#include "../include/ffntp/session.h"
#include "../nts/packet.h"
#include "../ports/journal.h"
#include "../ports/linux/aead.h"
#include "assertions.h"
#include "prng.h"

#define DAY_S 86400
#define TICKS_PER_S UINT64_C(1000000000)
#define POLL_S 16
#define EXCHANGES (2 * DAY_S / POLL_S) /* more than there are */
#define JUMBO 2048

static uint64_t packets = 100000;

/* One day. */
struct day {
	struct ffntp_session *session;
	ffntp_counter now;
	struct prng server, attacker;
	uint64_t sent;      /* hostile packets */
	uint8_t reply[128]; /* the last true reply */
	size_t length;
	uint8_t seen[2][128]; /* the last two that the attacker has seen, because they have arrived or are lost */
	bool is_lost;         /* the last true reply was */
	struct ffntp_nts nts; /* awaits a reply during the whole day */
	struct ffntp_log_limit limit[FFNTP_VERDICTS];
	uint64_t refused[FFNTP_VERDICTS]; /* verdicts on hostile packets */
	uint64_t accepted;
	uint64_t digest[EXCHANGES]; /* of the map after each reply that was not lost */
	unsigned exchanges;
	struct ffntp_source source;
};

/* --- inputs --- */

static void take_event(struct day *day, const struct ffntp_event *event, bool is_hostile)
{
	if (event->kind != FFNTP_EVENT_REPLY)
		return;
	if (event->verdict == FFNTP_ACCEPTED)
		day->accepted++;
	if (is_hostile)
		day->refused[event->verdict]++;
	if (event->verdict != FFNTP_ACCEPTED)
		ffntp_log_limited(&day->limit[event->verdict], (int64_t)(day->now / TICKS_PER_S),
				  (struct ffntp_log_levels){ FFNTP_LOG_WARNING, FFNTP_LOG_DEBUG }, "reply refused: %s",
				  ffntp_verdict_name(event->verdict));
}

static void put(struct day *day, struct ffntp_input input, bool is_hostile)
{
	struct ffntp_event event;

	input.at = day->now;
	ffntp_session_input(day->session, &input);
	while (ffntp_session_event(day->session, &event))
		take_event(day, &event, is_hostile);
}

/* --- the attacker --- */

static size_t random_bytes(struct day *day, uint8_t *bytes)
{
	size_t length = prng_next(&day->attacker) % 4 == 0 ? prng_next(&day->attacker) % JUMBO
							   : 48 + prng_next(&day->attacker) % 60;

	for (size_t i = 0; i < length; i += 8)
		ffntp_store_be(bytes + i, 8, prng_next(&day->attacker));
	return length;
}

/* A reply that is right but for its origin; or a kiss, or what a server without time sends. */
static size_t guess(struct day *day, uint8_t *bytes)
{
	static const char kisses[][5] = { "RATE", "DENY", "RSTR", "NTSN", "XXXX" };
	uint64_t choice = prng_next(&day->attacker);

	memcpy(bytes, day->seen[0], day->length);
	if (choice % 4 == 0) {
		bytes[1] = 0;
		memcpy(bytes + 12, kisses[choice / 4 % 5], 4);
	}
	ffntp_store_be(bytes + 24, 8, choice % 16 == 1 ? 0 : prng_next(&day->attacker));
	if (choice % 32 == 2) /* one bit away from the nonce of the last request */
		ffntp_store_be(bytes + 24, 8, ffntp_load_be(day->seen[0] + 24, 8) ^ UINT64_C(1) << (choice >> 58));
	if (choice % 3 == 0)
		ffntp_store_be(bytes + 32, 8, prng_next(&day->attacker));
	return choice % 5 == 0 ? FFNTP_WIRE_SIZE : day->length;
}

/* One of the last two replies, as it was. */
static size_t replay(struct day *day, uint8_t *bytes)
{
	memcpy(bytes, day->seen[prng_next(&day->attacker) % 2], day->length);
	return day->length;
}

static size_t make_hostile(struct day *day, uint8_t bytes[JUMBO + 8])
{
	switch (prng_next(&day->attacker) % 4) {
	case 0:
		return random_bytes(day, bytes);
	case 1:
		return replay(day, bytes);
	default:
		return guess(day, bytes);
	}
}

/* The same packet with what NTS adds, so that its authenticator is looked at; the identifier was seen. */
static void attack_nts(struct day *day, uint8_t *bytes, size_t length)
{
	struct ffntp_nts before = day->nts;

	if (length >= FFNTP_WIRE_SIZE && length + 100 < JUMBO && day->sent % 16 == 0) {
		ffntp_store_be(bytes + length, 4, 0x01040024);
		memcpy(bytes + length + 4, day->nts.identifier, FFNTP_NTS_IDENTIFIER);
		ffntp_store_be(bytes + length + 36, 4, 0x04040028);
		ffntp_store_be(bytes + length + 40, 4, 0x00100010);
		length += 76;
	}
	assert_int_equal(ffntp_nts_reply(&day->nts, bytes, length), 0);
	before.naks = day->nts.naks; /* those who see requests can forge them */
	assert_memory_equal(&before, &day->nts, sizeof(before));
}

static void attack(struct day *day)
{
	uint8_t bytes[JUMBO + 8] = { 0 };
	size_t length = make_hostile(day, bytes);

	put(day, (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .bytes = bytes, .length = length }, true);
	attack_nts(day, bytes, length);
	day->sent++;
}

/* Attack until a reading, so that the whole day has the number of packets. The client's timer is not due before that.
 */
static void attack_until(struct day *day, ffntp_counter until, uint64_t most)
{
	uint64_t due = (uint64_t)((double)until / (double)(DAY_S * TICKS_PER_S) * (double)most);
	uint64_t left = due > day->sent ? due - day->sent : 0;

	for (; left > 0 && (int64_t)(until - day->now) > 1; left--) {
		day->now += (until - day->now) / (left + 1);
		attack(day);
	}
}

/* --- the server --- */

static struct ffntp_ntp server_time(ffntp_counter at)
{
	double s = (double)at / (double)TICKS_PER_S;

	return (struct ffntp_ntp){ (UINT64_C(0xe8000000) << 32) + (uint64_t)(s * 0x1p32) };
}

/* Let the attacker see the last true reply. */
static void reveal(struct day *day)
{
	memcpy(day->seen[1], day->seen[0], sizeof(day->seen[1]));
	memcpy(day->seen[0], day->reply, sizeof(day->seen[0]));
}

/* Make the true reply to a request. Returns when it arrives. */
static ffntp_counter serve(struct day *day, const uint8_t *request)
{
	ffntp_counter there = 100000 + prng_next(&day->server) % 50000, back = 100000 + prng_next(&day->server) % 50000;
	struct ffntp_packet reply = { .version = 4, .mode = FFNTP_MODE_SERVER, .stratum = 1, .precision_log2_s = -26 };

	reply.origin.units = ffntp_load_be(request + 40, 8);
	reply.receive = server_time(day->now + there);
	reply.transmit = server_time(day->now + there + 10000);
	ffntp_wire_write(&reply, day->reply);
	ffntp_wire_ask_root(day->reply + FFNTP_WIRE_SIZE);
	ffntp_store_be(day->reply + 64, 8, reply.receive.units);
	day->length = FFNTP_WIRE_SIZE + FFNTP_WIRE_ROOT_SIZE;
	return day->now + there + 10000 + back;
}

/* One exchange. Every 50th reply is lost: the attacker sends it after the next request. */
static void exchange(struct day *day, uint64_t most)
{
	bool is_late = day->exchanges % 50 == 49;
	ffntp_counter arrival;

	if (day->is_lost)
		reveal(day);
	put(day, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = prng_next(&day->server) | 1 }, false);
	arrival = serve(day, ffntp_session_request(day->session));
	if (!is_late) {
		attack_until(day, arrival, most);
		day->now = arrival;
		put(day,
		    (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .bytes = day->reply, .length = day->length },
		    false);
	}
	if (!is_late)
		reveal(day);
	day->is_lost = is_late;
	assert_true(day->exchanges < EXCHANGES);
	if (!is_late)
		day->digest[day->exchanges] = ffntp_journal_digest(ffntp_session_map(day->session));
	day->exchanges++;
}

/* --- a day --- */

static void begin(struct day *day, void *memory, size_t size, const struct ffntp_client_config *config)
{
	static const uint8_t header[FFNTP_WIRE_SIZE], random[FFNTP_NTS_RANDOM] = { 9 }, cookie[100] = { 3 };
	uint8_t request[FFNTP_NTS_REQUEST_MOST];

	*day = (struct day){ .now = TICKS_PER_S, .server = { 1 }, .attacker = { 2 }, .length = FFNTP_WIRE_SIZE };
	day->session = ffntp_session_init(memory, size, config, day->now);
	assert_non_null(day->session);
	day->nts.aead = ffntp_aead_find(FFNTP_NTS_AES_SIV_CMAC_256);
	ffntp_nts_add_cookie(&day->nts, cookie, sizeof(cookie));
	assert_true(ffntp_nts_request(&day->nts, header, sizeof(header), random, request) > 0);
}

static void live(struct day *day, uint64_t most)
{
	struct ffntp_client_config config;
	void *memory;
	size_t size;

	ffntp_client_config_default(&config);
	config.poll_min_s = config.poll_max_s = POLL_S;
	config.root_field = FFNTP_ROOT_FIELD_ASK;
	size = ffntp_session_memory(&config);
	memory = aligned_alloc(16, size);
	assert_non_null(memory);
	begin(day, memory, size, &config);
	while (day->now < DAY_S * TICKS_PER_S) {
		ffntp_counter due;

		put(day, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT }, false);
		if (ffntp_session_wants_request(day->session))
			exchange(day, most);
		due = ffntp_session_deadline(day->session);
		attack_until(day, due, most);
		day->now = due > day->now ? due : day->now + 1;
	}
	day->source = *ffntp_session_source(day->session);
	free(memory);
}

/* Let standard error be a file. Returns it. */
static FILE *catch_log(int *saved)
{
	FILE *log = tmpfile();

	assert_non_null(log);
	fflush(stderr);
	*saved = dup(STDERR_FILENO);
	dup2(fileno(log), STDERR_FILENO);
	return log;
}

static unsigned count_lines(FILE *log, int saved)
{
	unsigned lines = 0;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(log);
	for (int c = getc(log); c != EOF; c = getc(log))
		lines += c == '\n';
	fclose(log);
	return lines;
}

static void assert_same_clock(const struct day *hostile, const struct day *quiet)
{
	assert_int_equal(hostile->exchanges, quiet->exchanges);
	assert_memory_equal(hostile->digest, quiet->digest, sizeof(hostile->digest));
	assert_int_equal(hostile->accepted, quiet->accepted);
	assert_int_equal(hostile->source.reach, quiet->source.reach);
	assert_int_equal(hostile->source.offset_ns, quiet->source.offset_ns);
	assert_int_equal(hostile->source.verdicts[FFNTP_ACCEPTED], quiet->source.verdicts[FFNTP_ACCEPTED]);
}

static void test_a_day_of_hostile_packets_moves_nothing(void **state)
{
	static struct day hostile, quiet;
	unsigned lines, kinds = 0;
	int saved;
	FILE *log;

	(void)state;
	live(&quiet, 0);
	assert_true(quiet.accepted > DAY_S / POLL_S * 9 / 10);
	log = catch_log(&saved);
	live(&hostile, packets);
	lines = count_lines(log, saved);
	for (unsigned i = 0; i < FFNTP_VERDICTS; i++)
		kinds += hostile.refused[i] > 0;
	printf("# %llu hostile packets, %u kinds of refusals, %u lines of log, %llu exchanges\n",
	       (unsigned long long)hostile.sent, kinds, lines, (unsigned long long)hostile.accepted);
	assert_true(hostile.sent >= packets * 99 / 100);
	assert_int_equal(hostile.refused[FFNTP_ACCEPTED], 0);
	assert_true(kinds >= 6);
	assert_true(lines <= kinds * (DAY_S / 60 + 1));
	assert_same_clock(&hostile, &quiet);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_day_of_hostile_packets_moves_nothing),
	};

	if (argc == 2)
		packets = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
