/* nts: packets of NTS and messages of key exchange, from real servers and from a hostile network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../core/bits.h"
#include "../nts/packet.h"
#include "../nts/records.h"
#include "../ports/linux/aead.h"
#include "count.h"

static size_t bytes_of(const char *hex, uint8_t *bytes)
{
	size_t count = strlen(hex) / 2;

	for (size_t i = 0; i < count; i++) {
		const char pair[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return count;
}

/* --- algorithms --- */

/* Computed with AESSIV of Python's package cryptography. */
static void aes_siv_is_that_of_another_implementation(void **state)
{
	const struct ffntp_nts_aead *aead = ffntp_aead_find(FFNTP_NTS_AES_SIV_CMAC_256);
	const uint8_t *header = (const uint8_t *)"header", *text = (const uint8_t *)"text";
	uint8_t key[32], nonce[16], expected[32], sealed[20], plain[4];

	(void)state;
	bytes_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key);
	bytes_of("6465666768696a6b6c6d6e6f70717273", nonce);
	assert_int_equal(bytes_of("e2c26529c08f23ffaa4b42e881554f7ab232dd0f", expected), sizeof(sealed));
	assert_int_equal(aead->key_size, sizeof(key));
	aead->seal(key, nonce, sizeof(nonce), header, 6, text, 4, sealed);
	assert_memory_equal(sealed, expected, sizeof(sealed));
	assert_true(aead->open(key, nonce, sizeof(nonce), header, 6, sealed, 4, plain));
	assert_memory_equal(plain, text, 4);
	assert_false(aead->open(key, nonce, sizeof(nonce), header, 5, sealed, 4, plain));
	assert_false(aead->open(key, nonce, 0, header, 6, sealed, 4, plain));
}

/* RFC 8452, appendix C.1. Nettle has it since 3.9. */
static void aes_gcm_siv_is_that_of_rfc_8452(void **state)
{
	const struct ffntp_nts_aead *aead = ffntp_aead_find(FFNTP_NTS_AES_128_GCM_SIV);
	uint8_t key[16], nonce[12], text[8], expected[24], sealed[24], plain[8];

	(void)state;
	if (aead == NULL)
		return;
	bytes_of("01000000000000000000000000000000", key);
	bytes_of("030000000000000000000000", nonce);
	bytes_of("0100000000000000", text);
	bytes_of("b5d839330ac7b786578782fff6013b815b287c22493a364c", expected);
	aead->seal(key, nonce, sizeof(nonce), NULL, 0, text, sizeof(text), sealed);
	assert_memory_equal(sealed, expected, sizeof(sealed));
	assert_true(aead->open(key, nonce, sizeof(nonce), NULL, 0, sealed, sizeof(text), plain));
	assert_memory_equal(plain, text, sizeof(text));
	assert_false(aead->open(key, nonce, sizeof(nonce) - 1, NULL, 0, sealed, sizeof(text), plain));
}

static void what_is_offered_exists(void **state)
{
	uint16_t offers[2];
	size_t count = ffntp_aead_offers(offers);

	(void)state;
	assert_in_range(count, 1, 2);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(ffntp_aead_find(offers[i])->number, offers[i]);
	assert_null(ffntp_aead_find(17));
}

/* --- a client and a server that share keys --- */

#define COOKIE_SIZE 100

struct world {
	struct ffntp_nts client;
	uint8_t header[FFNTP_REQUEST_SIZE], random[FFNTP_NTS_RANDOM];
	uint8_t request[FFNTP_NTS_REQUEST_MOST];
	size_t request_size;
	unsigned cookies; /* that were handed out; each has its number in all its bytes */
};

static void fill_cookie(struct world *world, uint8_t *cookie, size_t size)
{
	memset(cookie, (int)++world->cookies, size);
}

static struct world begin(unsigned cookies, size_t size)
{
	struct world world = { .client = { .aead = ffntp_aead_find(FFNTP_NTS_AES_SIV_CMAC_256) } };
	uint8_t cookie[FFNTP_NTS_COOKIE_MOST];

	memset(world.client.request_key, 0xaa, sizeof(world.client.request_key));
	memset(world.client.reply_key, 0xbb, sizeof(world.client.reply_key));
	for (unsigned i = 0; i < cookies; i++) {
		fill_cookie(&world, cookie, size);
		ffntp_nts_add_cookie(&world.client, cookie, size);
	}
	return world;
}

static void ask(struct world *world)
{
	for (size_t i = 0; i < sizeof(world->header); i++)
		world->header[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(world->random); i++)
		world->random[i]++;
	world->request_size =
		ffntp_nts_request(&world->client, world->header, sizeof(world->header), world->random, world->request);
}

/* A field of the request: where its value is, and its size; 0 if there is none of this number and type. */
static size_t field_of(const uint8_t *packet, size_t length, uint16_t type, unsigned number, size_t *at)
{
	size_t next = FFNTP_REQUEST_SIZE;

	*at = 0;
	while (next + 4 <= length) {
		size_t size = (size_t)ffntp_load_be(packet + next + 2, 2);

		*at = next + 4;
		if (ffntp_load_be(packet + next, 2) == type && number-- == 0)
			return size - 4;
		next += size;
	}
	return 0;
}

static unsigned count_fields(const struct world *world, uint16_t type)
{
	unsigned count = 0;
	size_t at;

	while (field_of(world->request, world->request_size, type, count, &at) > 0)
		count++;
	return count;
}

/* Faults of a reply. */
struct flaw {
	size_t identifier; /* bytes of it; 0: no identifier */
	bool is_other;     /* the identifier is a different one */
	bool is_late;      /* the identifier follows the authenticator */
	bool is_changed;   /* a byte of the header was changed after sealing */
	bool has_wrong_key;
	bool has_no_authenticator;
	int nonce_by, sealed_by; /* errors of the lengths in the authenticator */
	unsigned cookies;        /* inside the authenticator */
	size_t cookie_size;
};

static const struct flaw none = { .identifier = FFNTP_NTS_IDENTIFIER, .cookies = 1, .cookie_size = COOKIE_SIZE };

static size_t add_head(uint8_t *packet, size_t at, uint16_t type, size_t value)
{
	ffntp_store_be(packet + at, 2, type);
	ffntp_store_be(packet + at + 2, 2, value + 4);
	return at + 4;
}

static size_t add_identifier(const struct world *world, const struct flaw *flaw, uint8_t *packet, size_t at)
{
	at = add_head(packet, at, 0x0104, flaw->identifier);
	memcpy(packet + at, world->client.identifier, flaw->identifier);
	packet[at] ^= flaw->is_other;
	return at + flaw->identifier;
}

static size_t add_sealed(struct world *world, const struct flaw *flaw, uint8_t *packet, size_t at)
{
	uint8_t plain[4096], nonce[16] = { 7 }, key[FFNTP_NTS_KEY_MOST];
	size_t begin = at, size = 0;

	for (unsigned i = 0; i < flaw->cookies; i++) {
		size = add_head(plain, size, 0x0204, flaw->cookie_size);
		fill_cookie(world, plain + size, flaw->cookie_size);
		size += flaw->cookie_size;
	}
	at = add_head(packet, at, 0x0404, 4 + sizeof(nonce) + size + FFNTP_NTS_TAG);
	ffntp_store_be(packet + at, 2, (uint64_t)((int)sizeof(nonce) + flaw->nonce_by));
	ffntp_store_be(packet + at + 2, 2, (uint64_t)((int)size + FFNTP_NTS_TAG + flaw->sealed_by));
	memcpy(packet + at + 4, nonce, sizeof(nonce));
	memcpy(key, world->client.reply_key, sizeof(key));
	key[5] ^= flaw->has_wrong_key;
	world->client.aead->seal(key, nonce, sizeof(nonce), packet, begin, plain, size,
				 packet + at + 4 + sizeof(nonce));
	return at + 4 + sizeof(nonce) + size + FFNTP_NTS_TAG;
}

static size_t make_reply(struct world *world, const struct flaw *flaw, uint8_t packet[4096])
{
	size_t at = FFNTP_REQUEST_SIZE;

	memset(packet, 0x24, FFNTP_REQUEST_SIZE);
	if (flaw->identifier > 0 && !flaw->is_late)
		at = add_identifier(world, flaw, packet, at);
	if (!flaw->has_no_authenticator)
		at = add_sealed(world, flaw, packet, at);
	if (flaw->is_late)
		at = add_identifier(world, flaw, packet, at);
	packet[3] ^= flaw->is_changed;
	return at;
}

static bool reply(struct world *world, const struct flaw *flaw)
{
	uint8_t packet[4096];
	size_t length = make_reply(world, flaw, packet);

	return ffntp_nts_reply(&world->client, packet, length);
}

/* --- requests --- */

static void a_request_is_228_bytes_with_eight_cookies_of_100(void **state)
{
	struct world world = begin(8, COOKIE_SIZE);
	size_t at, size;
	uint8_t plain[1];

	(void)state;
	ask(&world);
	assert_int_equal(world.request_size, 228);
	assert_memory_equal(world.request, world.header, FFNTP_REQUEST_SIZE);
	assert_int_equal(field_of(world.request, 228, 0x0104, 0, &at), FFNTP_NTS_IDENTIFIER);
	assert_memory_equal(world.request + at, world.random, FFNTP_NTS_IDENTIFIER);
	assert_int_equal(field_of(world.request, 228, 0x0204, 0, &at), COOKIE_SIZE);
	assert_int_equal(world.request[at], 8);
	assert_int_equal(count_fields(&world, 0x0304), 0);
	size = field_of(world.request, 228, 0x0404, 0, &at);
	assert_int_equal(size, 4 + 16 + FFNTP_NTS_TAG);
	assert_true(world.client.aead->open(world.client.request_key, world.request + at + 4, 16, world.request, at - 4,
					    world.request + at + 20, 0, plain));
}

static void lost_replies_are_made_up_for_by_placeholders(void **state)
{
	struct world world = begin(8, COOKIE_SIZE);
	size_t at;

	(void)state;
	for (unsigned lost = 0; lost < 8; lost++) {
		ask(&world);
		assert_int_equal(count_fields(&world, 0x0304), lost);
		assert_true(lost == 0 || field_of(world.request, world.request_size, 0x0304, 0, &at) == COOKIE_SIZE);
	}
	ask(&world);
	assert_int_equal(world.request_size, 0);
	assert_true(reply(&world, &none)); /* to the last request */
	ask(&world);
	assert_int_equal(count_fields(&world, 0x0304), 7);
}

static void no_cookie_is_sent_twice(void **state)
{
	struct world world = begin(8, COOKIE_SIZE);
	bool was_sent[256] = { false };
	size_t at;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		uint8_t number;

		ask(&world);
		assert_int_equal(field_of(world.request, world.request_size, 0x0204, 0, &at), COOKIE_SIZE);
		number = world.request[at];
		assert_false(was_sent[number]);
		was_sent[number] = true;
		if (i % 3 != 0)
			assert_true(reply(&world, &(struct flaw){ .identifier = FFNTP_NTS_IDENTIFIER,
								  .cookies = 1 + count_fields(&world, 0x0304),
								  .cookie_size = COOKIE_SIZE }));
	}
}

static void a_request_stays_below_the_length_that_servers_ignore(void **state)
{
	(void)state;
	for (size_t size = 12; size <= FFNTP_NTS_COOKIE_MOST; size += 4) {
		for (unsigned cookies = 1; cookies <= 8; cookies++) {
			struct world world = begin(cookies, size);

			ask(&world);
			assert_in_range(world.request_size, 48, 1023);
			assert_int_equal(world.request_size % 4, 0);
		}
	}
}

static void without_keys_there_is_no_request(void **state)
{
	struct world world = { 0 };

	(void)state;
	ask(&world);
	assert_int_equal(world.request_size, 0);
	assert_false(ffntp_nts_reply(&world.client, world.header, sizeof(world.header)));
}

static void cookies_that_cannot_be_used_are_dropped(void **state)
{
	static const uint8_t bytes[FFNTP_NTS_COOKIE_MOST + 4];
	static const size_t wrong[] = { 0, 8, 99, 101, 102, 260 };
	struct ffntp_nts nts = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		ffntp_nts_add_cookie(&nts, bytes, wrong[i]);
	assert_int_equal(nts.cookies, 0);
	for (unsigned i = 0; i < 20; i++)
		ffntp_nts_add_cookie(&nts, bytes, 12);
	assert_int_equal(nts.cookies, FFNTP_NTS_COOKIES);
}

/* --- replies --- */

static void an_authentic_reply_is_accepted_once_and_its_cookies_are_kept(void **state)
{
	struct world world = begin(3, COOKIE_SIZE);
	uint8_t packet[4096];
	struct flaw many = none;
	size_t length;

	(void)state;
	ask(&world);
	many.cookies = 6;
	length = make_reply(&world, &many, packet);
	assert_int_equal(ffntp_nts_reply(&world.client, packet, length), FFNTP_REQUEST_SIZE);
	assert_int_equal(world.client.cookies, 8);
	assert_false(ffntp_nts_reply(&world.client, packet, length));
	ask(&world);
	assert_false(ffntp_nts_reply(&world.client, packet, length));
	assert_true(reply(&world, &none));
}

static void replies_with_a_flaw_change_nothing(void **state)
{
	static const struct flaw flaws[] = {
		{ .identifier = 32, .is_other = true },
		{ .identifier = 0 },
		{ .identifier = 28 },
		{ .identifier = 32, .is_late = true },
		{ .identifier = 32, .is_changed = true },
		{ .identifier = 32, .has_wrong_key = true },
		{ .identifier = 32, .has_no_authenticator = true },
		{ .identifier = 32, .nonce_by = -16 },
		{ .identifier = 32, .nonce_by = 4 },
		{ .identifier = 32, .nonce_by = 0xfff0 },
		{ .identifier = 32, .sealed_by = -16 },
		{ .identifier = 32, .sealed_by = -4 },
		{ .identifier = 32, .sealed_by = 4 },
		{ .identifier = 32, .sealed_by = 0xffef },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(flaws); i++) {
		struct world world = begin(8, COOKIE_SIZE);

		ask(&world);
		if (reply(&world, &flaws[i]))
			fail_msg("flaw %zu was accepted", i);
		assert_int_equal(world.client.cookies, 7);
		assert_int_equal(world.client.naks, 0);
		assert_true(reply(&world, &none));
		assert_int_equal(world.client.cookies, 8);
	}
}

static void each_byte_and_each_length_counts(void **state)
{
	struct world world = begin(8, COOKIE_SIZE);
	uint8_t packet[4096], *copy;
	size_t length;

	(void)state;
	ask(&world);
	length = make_reply(&world, &none, packet);
	for (size_t i = 0; i < length; i++) {
		/* A copy of the exact size, so that AddressSanitizer sees reads past its end. */
		copy = malloc(i + 1);
		memcpy(copy, packet, i + 1);
		if (i + 1 < length && ffntp_nts_reply(&world.client, copy, i + 1))
			fail_msg("%zu of %zu bytes were accepted", i + 1, length);
		free(copy);
		packet[i] ^= 0x10;
		if (ffntp_nts_reply(&world.client, packet, length))
			fail_msg("byte %zu does not count", i);
		packet[i] ^= 0x10;
	}
	assert_int_equal(ffntp_nts_reply(&world.client, packet, length), FFNTP_REQUEST_SIZE);
}

static void fields_behind_the_authenticator_are_ignored(void **state)
{
	struct world world = begin(4, COOKIE_SIZE);
	uint8_t packet[4096], cookie[COOKIE_SIZE] = { 0 };
	size_t length;

	(void)state;
	ask(&world);
	length = make_reply(&world, &none, packet);
	length = add_head(packet, length, 0x0204, sizeof(cookie));
	memcpy(packet + length, cookie, sizeof(cookie));
	assert_true(ffntp_nts_reply(&world.client, packet, length + sizeof(cookie)));
	assert_int_equal(world.client.cookies, 4);
}

static void cookies_outside_of_the_authenticator_are_not_kept(void **state)
{
	struct world world = begin(4, COOKIE_SIZE);
	uint8_t packet[4096];
	size_t at;

	(void)state;
	ask(&world);
	memset(packet, 0x24, FFNTP_REQUEST_SIZE);
	at = add_identifier(&world, &none, packet, FFNTP_REQUEST_SIZE);
	at = add_head(packet, at, 0x0204, COOKIE_SIZE);
	memset(packet + at, 0, COOKIE_SIZE);
	at = add_sealed(&world, &(struct flaw){ .cookies = 0 }, packet, at + COOKIE_SIZE);
	assert_true(ffntp_nts_reply(&world.client, packet, at));
	assert_int_equal(world.client.cookies, 3);
}

static void a_refused_cookie_is_counted_until_an_authentic_reply(void **state)
{
	struct world world = begin(8, COOKIE_SIZE);
	uint8_t packet[4096] = { 0 };
	size_t length;

	(void)state;
	ask(&world);
	memcpy(packet + 12, "NTSN", 4);
	length = add_identifier(&world, &none, packet, FFNTP_REQUEST_SIZE);
	packet[FFNTP_REQUEST_SIZE + 4] ^= 1;
	assert_false(ffntp_nts_reply(&world.client, packet, length));
	assert_int_equal(world.client.naks, 0);
	packet[FFNTP_REQUEST_SIZE + 4] ^= 1;
	assert_false(ffntp_nts_reply(&world.client, packet, length));
	assert_int_equal(world.client.naks, 1);
	assert_true(reply(&world, &none));
	assert_int_equal(world.client.naks, 0);
}

/* --- messages of key exchange --- */

static const uint16_t both[] = { FFNTP_NTS_AES_128_GCM_SIV, FFNTP_NTS_AES_SIV_CMAC_256 };
static const uint16_t siv[] = { FFNTP_NTS_AES_SIV_CMAC_256 };

static void a_request_of_aead_15_is_16_bytes(void **state)
{
	static const uint8_t expected[] = { 0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 15, 0x80, 0, 0, 0 };
	uint8_t request[FFNTP_NTS_MESSAGE_REQUEST];

	(void)state;
	assert_int_equal(ffntp_nts_write_request(siv, 1, request), sizeof(expected));
	assert_memory_equal(request, expected, sizeof(expected));
}

static void a_request_of_aead_30_has_the_record_of_the_exporter(void **state)
{
	static const uint8_t expected[] = {
		0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 4, 0, 30, 0, 15, 4, 0, 0, 0, 0x80, 0, 0, 0
	};
	uint8_t request[FFNTP_NTS_MESSAGE_REQUEST];

	(void)state;
	assert_int_equal(ffntp_nts_write_request(both, 2, request), sizeof(expected));
	assert_memory_equal(request, expected, sizeof(expected));
}

/* A message is hexadecimal digits; C is a cookie of 100 bytes, c one of 101, Z one of none, L one of 300. */
static size_t message_of(const char *text, uint8_t *message)
{
	size_t length = 0;

	for (; *text != '\0'; text++) {
		size_t size = *text == 'C' ? 100 : *text == 'c' ? 101 : *text == 'L' ? 300 : 0;

		if (*text == ' ')
			continue;
		if (strchr("CcZL", *text) != NULL) {
			length += bytes_of("0005", message + length);
			ffntp_store_be(message + length, 2, size);
			memset(message + length + 2, 0x55, size);
			length += 2 + size;
			continue;
		}
		length += bytes_of((const char[]){ text[0], text[1], '\0' }, message + length);
		text++;
	}
	return length;
}

#define NEXT "800100020000 "
#define AEAD "80040002000f "
#define AEAD_30 "00040002001e "
#define END "80000000"

static const char *read_text(const char *text, const uint16_t *offers, size_t count,
			     struct ffntp_nts_agreement *agreement)
{
	uint8_t message[FFNTP_NTS_MESSAGE_MOST];
	size_t length = message_of(text, message);
	uint8_t *copy = malloc(length > 0 ? length : 1);
	const char *problem;

	memcpy(copy, message, length);
	problem = ffntp_nts_read_message(copy, length, offers, count, agreement);
	free(copy);
	return problem;
}

static void messages_of_real_servers_are_accepted(void **state)
{
	static const struct {
		const char *text;
		unsigned cookies;
		uint16_t aead, exported;
	} cases[] = {
		{ NEXT AEAD "CCCCCCCC" END, 8, 15, 15 },
		{ NEXT "00040002000f CCCCCCCC" END, 8, 15, 15 }, /* ntpsec: not critical */
		{ AEAD NEXT "CCC" END, 3, 15, 15 },
		{ NEXT AEAD "CCCCCCCCCCCC" END, 8, 15, 15 },
		{ NEXT AEAD "cZLC" END, 1, 15, 15 },
		{ NEXT AEAD "7fff00020000 C" END, 1, 15, 15 }, /* not known, and not critical */
		{ NEXT AEAD_30 "04000000 C" END, 1, 30, 30 },
		{ NEXT AEAD_30 "C" END, 1, 30, 15 }, /* chrony before 4.6.1 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_nts_agreement agreement;
		const char *problem = read_text(cases[i].text, both, 2, &agreement);

		if (problem != NULL)
			fail_msg("%s: %s", cases[i].text, problem);
		assert_int_equal(agreement.cookies, cases[i].cookies);
		assert_int_equal(agreement.aead, cases[i].aead);
		assert_int_equal(agreement.exported_aead, cases[i].exported);
		assert_string_equal(agreement.name, "");
		assert_int_equal(agreement.port, 123);
	}
}

static void a_different_server_and_port_are_taken(void **state)
{
	struct ffntp_nts_agreement agreement;

	(void)state;
	/* The name is "a.b", the port 4123. */
	assert_null(read_text(NEXT AEAD "00060003612e62 00070002101b C" END, siv, 1, &agreement));
	assert_string_equal(agreement.name, "a.b");
	assert_int_equal(agreement.port, 4123);
}

static void messages_with_a_flaw_are_refused(void **state)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "no end" },
		{ NEXT AEAD "C", "no end" },
		{ NEXT AEAD "C 8000", "no end" },
		{ NEXT AEAD "C 80000001", "no end" },
		{ NEXT AEAD "C 8000000100", "last record" },
		{ NEXT AEAD "C 00000000", "last record" },
		{ NEXT AEAD "C" END "00", "behind the end" },
		{ NEXT AEAD "C" END "80010002", "behind the end" },
		{ NEXT AEAD END, "no usable cookie" },
		{ NEXT AEAD "cZL" END, "no usable cookie" },
		{ AEAD "C" END, "lacks" },
		{ NEXT "C" END, "lacks" },
		{ "80010000" AEAD "C" END, "NTPv4" },
		{ "800100028001" AEAD "C" END, "NTPv4" },
		{ "8001000400008001" AEAD "C" END, "NTPv4" },
		{ "8001000100" AEAD "C" END, "protocol is malformed" },
		{ NEXT NEXT AEAD "C" END, "protocol is malformed" },
		{ NEXT "80040000 C" END, "none of the AEAD" },
		{ NEXT "800400020011 C" END, "not offered" },
		{ NEXT "80040002001e C" END, "not offered" },
		{ NEXT "80040004000f000f C" END, "AEAD algorithm is malformed" },
		{ NEXT AEAD AEAD "C" END, "AEAD algorithm is malformed" },
		{ NEXT AEAD "800200020000" END, "critical record of the request" },
		{ NEXT AEAD "800200020001" END, "malformed" },
		{ NEXT AEAD "800200020002" END, "internal" },
		{ NEXT AEAD "800200020099" END, "not known" },
		{ NEXT AEAD "80020000" END, "malformed record" },
		{ NEXT AEAD "800300020000 C" END, "warns" },
		{ NEXT AEAD "ffff0000 C" END, "critical record is not known" },
		{ NEXT AEAD "00060000 C" END, "name is malformed" },
		{ NEXT AEAD "00060003610062 C" END, "name is malformed" },
		{ NEXT AEAD "00060003612062 C" END, "name is malformed" },
		{ NEXT AEAD "0006012c"
			    "L" END,
		  "name is malformed" },
		{ NEXT AEAD "00070001ff C" END, "port is malformed" },
		{ NEXT AEAD "000700020000 C" END, "port is malformed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_nts_agreement agreement;
		const char *problem = read_text(cases[i].text, siv, 1, &agreement);

		if (problem == NULL || strstr(problem, cases[i].reason) == NULL)
			fail_msg("%s: %s, not '%s'", cases[i].text, problem != NULL ? problem : "accepted",
				 cases[i].reason);
	}
}

/* A server may split a message over any number of TLS records. */
static void a_message_is_complete_with_its_last_record(void **state)
{
	uint8_t message[FFNTP_NTS_MESSAGE_MOST];
	size_t length = message_of(NEXT AEAD "CCCCCCCC" END, message);

	(void)state;
	for (size_t i = 0; i < length; i++)
		assert_false(ffntp_nts_is_complete(message, i));
	assert_true(ffntp_nts_is_complete(message, length));
	length = message_of("800200020001", message);
	assert_true(ffntp_nts_is_complete(message, length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_siv_is_that_of_another_implementation),
		cmocka_unit_test(aes_gcm_siv_is_that_of_rfc_8452),
		cmocka_unit_test(what_is_offered_exists),
		cmocka_unit_test(a_request_is_228_bytes_with_eight_cookies_of_100),
		cmocka_unit_test(lost_replies_are_made_up_for_by_placeholders),
		cmocka_unit_test(no_cookie_is_sent_twice),
		cmocka_unit_test(a_request_stays_below_the_length_that_servers_ignore),
		cmocka_unit_test(without_keys_there_is_no_request),
		cmocka_unit_test(cookies_that_cannot_be_used_are_dropped),
		cmocka_unit_test(an_authentic_reply_is_accepted_once_and_its_cookies_are_kept),
		cmocka_unit_test(replies_with_a_flaw_change_nothing),
		cmocka_unit_test(each_byte_and_each_length_counts),
		cmocka_unit_test(fields_behind_the_authenticator_are_ignored),
		cmocka_unit_test(cookies_outside_of_the_authenticator_are_not_kept),
		cmocka_unit_test(a_refused_cookie_is_counted_until_an_authentic_reply),
		cmocka_unit_test(a_request_of_aead_15_is_16_bytes),
		cmocka_unit_test(a_request_of_aead_30_has_the_record_of_the_exporter),
		cmocka_unit_test(messages_of_real_servers_are_accepted),
		cmocka_unit_test(a_different_server_and_port_are_taken),
		cmocka_unit_test(messages_with_a_flaw_are_refused),
		cmocka_unit_test(a_message_is_complete_with_its_last_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
