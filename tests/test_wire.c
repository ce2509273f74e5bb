/* wire: the header in both directions, and the extension fields and MACs that may follow it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/wire.h"
#include "prng.h"

/* A packet whose fields all have different values. */
static const struct ffntp_packet sample = {
	.leap = 1,
	.version = 4,
	.mode = 4,
	.stratum = 2,
	.poll_log2_s = 6,
	.precision_log2_s = -23,
	.root_delay = 0x00010203,
	.root_dispersion = 0x04050607,
	.refid = 0x47505300,
	.reference = { UINT64_C(0x1011121314151617) },
	.origin = { UINT64_C(0x2021222324252627) },
	.receive = { UINT64_C(0x3031323334353637) },
	.transmit = { UINT64_C(0x4041424344454647) },
};

static const uint8_t sample_bytes[FFNTP_WIRE_SIZE] = {
	0x64, 0x02, 0x06, 0xe9, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x47, 0x50, 0x53, 0x00,
	0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
	0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
};

static void assert_packet(const struct ffntp_packet *a, const struct ffntp_packet *b)
{
	assert_int_equal(a->leap, b->leap);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->stratum, b->stratum);
	assert_int_equal(a->poll_log2_s, b->poll_log2_s);
	assert_int_equal(a->precision_log2_s, b->precision_log2_s);
	assert_int_equal(a->root_delay, b->root_delay);
	assert_int_equal(a->root_dispersion, b->root_dispersion);
	assert_int_equal(a->refid, b->refid);
	assert_exactly(a->reference.units, b->reference.units, "");
	assert_exactly(a->origin.units, b->origin.units, "");
	assert_exactly(a->receive.units, b->receive.units, "");
	assert_exactly(a->transmit.units, b->transmit.units, "");
}

/* Read from memory that ends where the datagram ends, so that a sanitizer sees reads past it. */
static enum ffntp_verdict read_tight(const uint8_t *bytes, size_t length, struct ffntp_packet *packet)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);
	enum ffntp_verdict verdict;

	assert_non_null(copy);
	if (length > 0)
		memcpy(copy, bytes, length);
	verdict = ffntp_wire_read(copy, length, packet);
	free(copy);
	return verdict;
}

static void a_packet_is_written_as_the_rfc_draws_it(void **state)
{
	uint8_t bytes[FFNTP_WIRE_SIZE];

	(void)state;
	ffntp_wire_write(&sample, bytes);
	assert_memory_equal(bytes, sample_bytes, FFNTP_WIRE_SIZE);
}

static void a_packet_is_read_as_the_rfc_draws_it(void **state)
{
	struct ffntp_packet packet;

	(void)state;
	assert_int_equal(read_tight(sample_bytes, FFNTP_WIRE_SIZE, &packet), FFNTP_ACCEPTED);
	assert_packet(&packet, &sample);
}

static void every_header_is_written_as_it_was_read(void **state)
{
	struct prng prng = { 5 };

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t bytes[FFNTP_WIRE_SIZE], again[FFNTP_WIRE_SIZE];
		struct ffntp_packet packet;

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)prng_next(&prng);
		bytes[0] = (uint8_t)i;
		assert_int_equal(read_tight(bytes, sizeof(bytes), &packet), FFNTP_ACCEPTED);
		ffntp_wire_write(&packet, again);
		assert_memory_equal(bytes, again, FFNTP_WIRE_SIZE);
	}
}

static void fields_too_large_do_not_spill_into_their_neighbours(void **state)
{
	struct ffntp_packet packet = { .leap = 0xfc, .version = 0xf8, .mode = 0xf8 };
	uint8_t bytes[FFNTP_WIRE_SIZE];

	(void)state;
	ffntp_wire_write(&packet, bytes);
	assert_int_equal(bytes[0], 0);
}

/* A tail of zeros may be nothing, a crypto-NAK, which is refused, or a MAC. A longer one would be a field of length 0.
 */
static void case_08_lengths_from_0_to_2048(void **state)
{
	static uint8_t bytes[2048];

	(void)state;
	memcpy(bytes, sample_bytes, FFNTP_WIRE_SIZE);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		struct ffntp_packet packet = { .stratum = 77 };
		bool is_right = length == 48 || length == 68 || length == 72;
		enum ffntp_verdict reason = length == 52 ? FFNTP_REFUSED_AUTHENTICATION : FFNTP_REFUSED_LENGTH;
		enum ffntp_verdict verdict = read_tight(bytes, length, &packet);

		assert_int_equal(verdict, is_right ? FFNTP_ACCEPTED : reason);
		assert_int_equal(packet.stratum, is_right ? 2 : 77);
	}
}

struct field {
	uint16_t says;  /* the length in its header */
	uint16_t takes; /* the bytes in the datagram */
};

struct tail {
	struct field fields[4];
	size_t mac;
	enum ffntp_verdict verdict;
};

static size_t write_tail(uint8_t *bytes, const struct tail *tail)
{
	size_t length = FFNTP_WIRE_SIZE;

	memcpy(bytes, sample_bytes, FFNTP_WIRE_SIZE);
	for (size_t i = 0; i < 4 && tail->fields[i].takes > 0; i++) {
		const struct field *field = &tail->fields[i];

		memset(bytes + length, 0xa5, field->takes);
		bytes[length + 2] = (uint8_t)(field->says >> 8);
		bytes[length + 3] = (uint8_t)field->says;
		length += field->takes;
	}
	memset(bytes + length, 0x5a, tail->mac);
	return length + tail->mac;
}

static void case_09_tails_as_rfc_7822_allows_them(void **state)
{
	const struct tail tails[] = {
		{ .fields = { { 28, 28 } }, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 32, 32 } }, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 1024, 1024 } }, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 16, 16 }, { 28, 28 } }, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 36, 36 }, { 104, 104 }, { 16, 16 }, { 40, 40 } }, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 16, 16 } }, .mac = 20, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 16, 16 } }, .mac = 24, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 28, 28 } }, .mac = 4, .verdict = FFNTP_ACCEPTED },
		{ .fields = { { 24, 24 }, { 16, 16 } }, .mac = 20, .verdict = FFNTP_ACCEPTED },
		/* These are too short for a last field, and too long or too short for a MAC. */
		{ .fields = { { 16, 16 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 28, 28 }, { 16, 16 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .mac = 8, .verdict = FFNTP_REFUSED_LENGTH },
		{ .mac = 12, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 28, 28 } }, .mac = 12, .verdict = FFNTP_REFUSED_LENGTH },
		/* Lengths that a field cannot have. */
		{ .fields = { { 0, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 1, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 2, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 3, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 4, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 12, 12 }, { 28, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 15, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 30, 30 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 17, 17 }, { 28, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 18, 18 }, { 18, 18 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 29, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 32, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 16, 16 }, { 32, 28 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 65532, 1024 } }, .verdict = FFNTP_REFUSED_LENGTH },
		{ .fields = { { 65535, 1024 } }, .verdict = FFNTP_REFUSED_LENGTH },
		/* A field that reaches into the MAC's bytes leaves a tail of a different length. */
		{ .fields = { { 32, 28 } }, .mac = 20, .verdict = FFNTP_REFUSED_LENGTH },
	};
	uint8_t bytes[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		struct ffntp_packet packet = { .stratum = 77 };
		size_t length = write_tail(bytes, &tails[i]);

		assert_int_equal(read_tight(bytes, length, &packet), tails[i].verdict);
		assert_int_equal(packet.stratum, tails[i].verdict == FFNTP_ACCEPTED ? 2 : 77);
	}
}

/* The largest datagram, filled with fields of one length; its end decides the verdict. */
static void case_09_thousands_of_fields_are_walked_once(void **state)
{
	static uint8_t bytes[65507];
	struct ffntp_packet packet;

	(void)state;
	memcpy(bytes, sample_bytes, FFNTP_WIRE_SIZE);
	for (size_t i = FFNTP_WIRE_SIZE; i + 16 <= sizeof(bytes); i += 16)
		bytes[i + 3] = 16;
	for (size_t fields = 2; fields < 4000; fields++) {
		size_t end = FFNTP_WIRE_SIZE + 16 * fields;

		assert_int_equal(ffntp_wire_read(bytes, end, &packet), FFNTP_REFUSED_LENGTH);
		assert_int_equal(ffntp_wire_read(bytes, end + 4, &packet), FFNTP_ACCEPTED);
		assert_int_equal(ffntp_wire_read(bytes, end + 8, &packet), FFNTP_ACCEPTED);
		assert_int_equal(ffntp_wire_read(bytes, end + 12, &packet), FFNTP_REFUSED_LENGTH);
	}
}

static void case_08_a_jumbo_datagram_is_judged_like_any_other(void **state)
{
	static uint8_t bytes[65507];
	struct ffntp_packet packet;

	(void)state;
	memcpy(bytes, sample_bytes, FFNTP_WIRE_SIZE);
	assert_int_equal(read_tight(bytes, sizeof(bytes), &packet), FFNTP_REFUSED_LENGTH);
	/* One field of 65456 bytes, which is all of the datagram but three odd bytes. */
	bytes[FFNTP_WIRE_SIZE + 2] = 65456 >> 8;
	bytes[FFNTP_WIRE_SIZE + 3] = 65456 & 0xff;
	assert_int_equal(read_tight(bytes, FFNTP_WIRE_SIZE + 65456, &packet), FFNTP_ACCEPTED);
	assert_int_equal(read_tight(bytes, sizeof(bytes), &packet), FFNTP_REFUSED_LENGTH);
}

static void short_formats_are_seconds(void **state)
{
	(void)state;
	assert_exactly(ffntp_short_s(0), 0, "");
	assert_exactly(ffntp_short_s(0x00018000), 1.5, "");
	assert_true(ffntp_short_s(UINT32_MAX) > 65535.99 && ffntp_short_s(UINT32_MAX) < 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_written_as_the_rfc_draws_it),
		cmocka_unit_test(a_packet_is_read_as_the_rfc_draws_it),
		cmocka_unit_test(every_header_is_written_as_it_was_read),
		cmocka_unit_test(fields_too_large_do_not_spill_into_their_neighbours),
		cmocka_unit_test(case_08_lengths_from_0_to_2048),
		cmocka_unit_test(case_09_tails_as_rfc_7822_allows_them),
		cmocka_unit_test(case_09_thousands_of_fields_are_walked_once),
		cmocka_unit_test(case_08_a_jumbo_datagram_is_judged_like_any_other),
		cmocka_unit_test(short_formats_are_seconds),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
