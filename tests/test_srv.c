/* srv: SRV records of a DNS message, and the order in which their hosts are asked. Nothing is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../ports/linux/srv.h"

/* A message that is being written. */
struct message {
	uint8_t byte[2048];
	size_t size;
};

static void put(struct message *message, const void *bytes, size_t size)
{
	memcpy(message->byte + message->size, bytes, size);
	message->size += size;
}

static void put16(struct message *message, unsigned value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(message, bytes, 2);
}

/* "a.example" as labels; "" is the root. */
static void put_name(struct message *message, const char *name)
{
	while (*name != '\0') {
		size_t length = strcspn(name, ".");
		uint8_t count = (uint8_t)length;

		put(message, &count, 1);
		put(message, name, length);
		name += length + (name[length] == '.');
	}
	put(message, "", 1);
}

static struct message begin(unsigned answers)
{
	struct message message = { .size = 0 };

	put16(&message, 0x1234);
	put16(&message, 0x8180); /* a reply without an error */
	put16(&message, 1);
	put16(&message, answers);
	put16(&message, 0);
	put16(&message, 0);
	put_name(&message, "_ntp._udp.example");
	put16(&message, 33);
	put16(&message, 1);
	return message;
}

static void put_record(struct message *message, unsigned type, unsigned length)
{
	put16(message, 0xc00c); /* the name of the question */
	put16(message, type);
	put16(message, 1);
	put16(message, 0);
	put16(message, 3600);
	put16(message, length);
}

static void put_target(struct message *message, unsigned priority, unsigned weight, unsigned port, const char *host)
{
	put_record(message, 33, 6 + (unsigned)strlen(host) + (host[0] == '\0' ? 1 : 2));
	put16(message, priority);
	put16(message, weight);
	put16(message, port);
	put_name(message, host);
}

static void records_are_read(void **state)
{
	struct message message = begin(3);
	struct ffntp_srv_targets found;

	(void)state;
	put_target(&message, 10, 60, 123, "a.example");
	put_record(&message, 1, 4); /* of another type */
	put(&message, "\177\0\0\1", 4);
	put_target(&message, 20, 0, 65535, "b.ntp.example");
	assert_true(ffntp_srv_read(message.byte, message.size, &found));
	assert_int_equal(found.count, 2);
	assert_int_equal(found.target[0].priority, 10);
	assert_int_equal(found.target[0].weight, 60);
	assert_int_equal(found.target[0].port, 123);
	assert_string_equal(found.target[0].host, "a.example");
	assert_int_equal(found.target[1].port, 65535);
	assert_string_equal(found.target[1].host, "b.ntp.example");
}

/* "." stands for a service that the domain does not have. */
static void targets_that_are_no_servers_are_left_out(void **state)
{
	struct message message = begin(5);
	struct ffntp_srv_targets found;

	(void)state;
	put_target(&message, 0, 0, 123, "");
	put_target(&message, 0, 0, 0, "a.example");
	put_target(&message, 0, 0, 123, "a:1.example");
	put_target(&message, 0, 0, 123, "fe80%lo.example");
	put_target(&message, 0, 0, 123, "b.example");
	assert_true(ffntp_srv_read(message.byte, message.size, &found));
	assert_int_equal(found.count, 1);
	assert_string_equal(found.target[0].host, "b.example");
}

static void further_records_are_dropped(void **state)
{
	struct message message = begin(40);
	struct ffntp_srv_targets found;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		put_target(&message, i, 0, 1000 + i, "a.example");
	assert_true(ffntp_srv_read(message.byte, message.size, &found));
	assert_int_equal(found.count, FFNTP_SRV_TARGETS);
	assert_int_equal(found.target[FFNTP_SRV_TARGETS - 1].port, 1000 + FFNTP_SRV_TARGETS - 1);
}

/* Read a message that ends where its memory does. */
static bool is_read(const struct message *message, size_t size)
{
	struct ffntp_srv_targets found;
	uint8_t *copy = malloc(size + 1);
	bool result;

	assert_non_null(copy);
	memcpy(copy + 1, message->byte, size);
	result = ffntp_srv_read(copy + 1, size, &found);
	free(copy);
	return result;
}

/* Cut off anywhere, or too short for its fixed part, or with a name that leads to itself, or out of the record. */
static void malformed_messages_are_refused(void **state)
{
	struct message message = begin(1), brief = begin(1), endless = begin(1), leaves = begin(2);

	(void)state;
	put_target(&message, 1, 2, 123, "a.example");
	for (size_t size = 0; size < message.size; size++) {
		if (is_read(&message, size))
			fail_msg("accepted: %zu bytes of %zu", size, message.size);
	}
	put_record(&brief, 33, 2);
	put(&brief, "\0", 2);
	assert_false(is_read(&brief, brief.size));
	put_record(&endless, 33, 8);
	put(&endless, "\0\0\0\0\0{", 6);
	put16(&endless, 0xc000 + (unsigned)endless.size);
	assert_false(is_read(&endless, endless.size));
	put_record(&leaves, 33, 8);
	put(&leaves, "\0\0\0\0\0{\1a", 8);
	put_target(&leaves, 0, 0, 123, "");
	assert_false(is_read(&leaves, leaves.size));
}

static struct ffntp_srv_targets three(unsigned first, unsigned second, unsigned third)
{
	return (struct ffntp_srv_targets){
		.count = 3,
		.target = { { 1, (uint16_t)first, 1, "a" },
			    { 1, (uint16_t)second, 2, "b" },
			    { 0, (uint16_t)third, 3, "c" } },
	};
}

static void a_lower_priority_comes_first(void **state)
{
	struct ffntp_srv_targets found = three(60000, 60000, 0);
	const uint32_t bits[FFNTP_SRV_TARGETS] = { UINT32_MAX, UINT32_MAX, UINT32_MAX };

	(void)state;
	ffntp_srv_order(&found, bits);
	assert_int_equal(found.target[0].port, 3);
	assert_int_equal(found.target[1].port, 2);
	assert_int_equal(found.target[2].port, 1);
}

/* Over all random numbers each target is first in the share that its weight stands for. */
static void weights_are_shares(void **state)
{
	enum { STEPS = 1 << 16 };
	unsigned first = 0;

	(void)state;
	for (uint32_t i = 0; i < STEPS; i++) {
		struct ffntp_srv_targets found = three(30, 10, 5);
		const uint32_t bits[FFNTP_SRV_TARGETS] = { 0, i * (UINT32_MAX / STEPS) };

		ffntp_srv_order(&found, bits);
		assert_int_equal(found.target[0].port, 3);
		assert_int_equal(found.target[1].port + found.target[2].port, 3);
		first += found.target[1].port == 1;
	}
	assert_in_range(first, STEPS * 31 / 41 - 100, STEPS * 31 / 41 + 100);
}

/* Also the sum of the largest weights fits. */
static void a_target_without_weight_comes_last(void **state)
{
	struct ffntp_srv_targets found = { .count = FFNTP_SRV_TARGETS };
	uint32_t bits[FFNTP_SRV_TARGETS];

	(void)state;
	memset(bits, 0xff, sizeof(bits));
	for (unsigned i = 0; i < FFNTP_SRV_TARGETS; i++)
		found.target[i] =
			(struct ffntp_srv_target){ .weight = i == 0 ? 0 : UINT16_MAX, .port = (uint16_t)(i + 1) };
	ffntp_srv_order(&found, bits);
	assert_int_equal(found.target[FFNTP_SRV_TARGETS - 1].port, 1);
	for (unsigned i = 0, seen = 0; i < FFNTP_SRV_TARGETS; i++) {
		assert_int_equal(seen >> found.target[i].port & 1, 0);
		seen |= 1u << found.target[i].port;
	}
}

static void names_of_records_begin_with_an_underscore(void **state)
{
	(void)state;
	assert_true(ffntp_srv_is_name("_ntp._udp.example.org"));
	assert_false(ffntp_srv_is_name("ntp.example.org"));
	assert_false(ffntp_srv_is_name(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read),
		cmocka_unit_test(targets_that_are_no_servers_are_left_out),
		cmocka_unit_test(further_records_are_dropped),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(a_lower_priority_comes_first),
		cmocka_unit_test(weights_are_shares),
		cmocka_unit_test(a_target_without_weight_comes_last),
		cmocka_unit_test(names_of_records_begin_with_an_underscore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
