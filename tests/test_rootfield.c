/* rootfield: when the field of fine root values is asked for, what its values change, and a server that steps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/association.h"
#include "../core/bits.h"
#include "../core/client.h"
#include "../core/params.h"
#include "../core/rootfield.h"
#include "assertions.h"

/* --- when it is asked for --- */

static const struct ffntp_packet plain = { .receive = { 0xe800000000000001 }, .transmit = { 0xe800000000001000 } };
static const struct ffntp_packet unmarked = { .receive = { 0xe800000000000001 }, .transmit = { 0xe800000000001001 } };

static bool asks(struct ffntp_rootfield *field)
{
	ffntp_rootfield_ask(field);
	return field->is_asked;
}

/* Let the server answer a number of requests, and return how many had the field. */
static unsigned answer(struct ffntp_rootfield *field, unsigned requests, const struct ffntp_packet *reply,
		       bool has_field)
{
	const struct ffntp_wire_root root = { .is_present = has_field };
	unsigned asked = 0;

	for (unsigned i = 0; i < requests; i++) {
		asked += asks(field);
		ffntp_rootfield_replied(field, reply, &root);
	}
	return asked;
}

static void test_an_unknown_server_is_not_asked(void **state)
{
	struct ffntp_rootfield field = { 0 };

	(void)state;
	assert_int_equal(answer(&field, 1000, &unmarked, false), 0);
	assert_int_equal(answer(&field, FFNTP_ROOT_FIELD_MARKED - 1, &plain, false), 0);
	assert_int_equal(answer(&field, 1, &unmarked, false), 0);
	assert_int_equal(answer(&field, FFNTP_ROOT_FIELD_MARKED, &plain, false), 0);
}

static void test_marks_show_chrony(void **state)
{
	struct ffntp_rootfield field = { 0 };

	(void)state;
	(void)answer(&field, FFNTP_ROOT_FIELD_MARKED, &plain, false);
	assert_int_equal(answer(&field, 1000, &plain, true), 1000);
}

/* An old chrony answers without the field. */
static void test_replies_without_the_field(void **state)
{
	struct ffntp_rootfield field = { .is_configured = true };

	(void)state;
	assert_int_equal(answer(&field, 1 + FFNTP_ROOT_FIELD_PLAIN, &plain, false), 1);
	assert_true(asks(&field));
}

/* A path that drops longer packets, or a server that is silent to unknown fields: one request is lost. */
static void test_silence_after_a_probe(void **state)
{
	struct ffntp_rootfield field = { 0 };

	(void)state;
	(void)answer(&field, FFNTP_ROOT_FIELD_MARKED, &plain, false);
	assert_true(asks(&field));
	ffntp_rootfield_expired(&field);
	assert_int_equal(answer(&field, FFNTP_ROOT_FIELD_PLAIN, &plain, false), 0);
	assert_true(asks(&field));
}

/* Lost packets do not end the use of the field where the server answers it. */
static void test_silence_of_a_server_that_has_it(void **state)
{
	struct ffntp_rootfield field = { .is_configured = true };

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < FFNTP_ROOT_FIELD_SILENT - 1; i++) {
			assert_true(asks(&field));
			ffntp_rootfield_expired(&field);
		}
		assert_int_equal(answer(&field, 10, &plain, true), 10);
	}
	for (int i = 0; i < FFNTP_ROOT_FIELD_SILENT; i++) {
		assert_true(asks(&field));
		ffntp_rootfield_expired(&field);
	}
	assert_false(asks(&field));
}

static void test_it_can_be_forbidden(void **state)
{
	struct ffntp_rootfield field = { .is_forbidden = true };

	(void)state;
	assert_int_equal(answer(&field, 1000, &plain, true), 0);
}

static void test_a_different_server_is_unknown(void **state)
{
	struct ffntp_rootfield field = { 0 };

	(void)state;
	(void)answer(&field, FFNTP_ROOT_FIELD_MARKED, &plain, false);
	(void)answer(&field, 1, &plain, true);
	ffntp_rootfield_forget(&field);
	assert_false(asks(&field));
}

/* --- its values --- */

#define COARSE UINT32_C(3)

/* Write a reply with a field of these values, for a header of COARSE. Returns its length. */
static size_t write_reply(uint8_t bytes[128], uint32_t delay, uint32_t dispersion)
{
	const struct ffntp_packet packet = { .root_delay = COARSE, .root_dispersion = COARSE };

	ffntp_wire_write(&packet, bytes);
	ffntp_wire_ask_root(bytes + FFNTP_WIRE_SIZE);
	ffntp_store_be(bytes + 56, 4, delay);
	ffntp_store_be(bytes + 60, 4, dispersion);
	return FFNTP_WIRE_SIZE + FFNTP_WIRE_ROOT_SIZE;
}

static void assert_values(const uint8_t *bytes, size_t length, double delay_s, double dispersion_s)
{
	struct ffntp_wire_root root;
	struct ffntp_packet packet;

	assert_int_equal(ffntp_wire_read(bytes, length, &packet), FFNTP_ACCEPTED);
	root = ffntp_wire_read_root(bytes, length);
	assert_float_equal(ffntp_wire_root_s(packet.root_delay, root.delay, root.is_present), delay_s, 1e-12);
	assert_float_equal(ffntp_wire_root_s(packet.root_dispersion, root.dispersion, root.is_present), dispersion_s,
			   1e-12);
}

static void test_finer_values(void **state)
{
	uint8_t bytes[128];
	size_t length = write_reply(bytes, 2 * 4096 + 1, 3 * 4096);

	(void)state;
	assert_values(bytes, length, 8193 * 0x1p-28, 3 * 0x1p-16);
	assert_values(bytes, FFNTP_WIRE_SIZE, 3 * 0x1p-16, 3 * 0x1p-16);
}

/* The header's values are the field's, rounded up. A field with other values is not used. */
static void test_values_that_contradict_the_header(void **state)
{
	uint8_t bytes[128];

	(void)state;
	assert_values(bytes, write_reply(bytes, 0, 3 * 4096 + 1), 3 * 0x1p-16, 3 * 0x1p-16);
	assert_values(bytes, write_reply(bytes, UINT32_MAX, 0), 3 * 0x1p-16, 3 * 0x1p-16);
}

static void test_other_fields_are_none(void **state)
{
	uint8_t bytes[128];
	size_t length = write_reply(bytes, 3 * 4096, 3 * 4096 - 1);

	(void)state;
	bytes[52] ^= 1; /* the magic number */
	assert_values(bytes, length, 3 * 0x1p-16, 3 * 0x1p-16);
	bytes[52] ^= 1;
	bytes[49] ^= 1; /* the type */
	assert_values(bytes, length, 3 * 0x1p-16, 3 * 0x1p-16);
	bytes[49] ^= 1;
	bytes[51] = 32; /* the length */
	memset(bytes + length, 0, 4);
	assert_values(bytes, length + 4, 3 * 0x1p-16, 3 * 0x1p-16);
}

/* --- a guest whose server steps --- */

#define PERIOD_S 1e-9
#define RTT_TICKS 200000

/* A server with the field, and a client whose counter may jump. */
struct world {
	struct ffntp_client *client;
	ffntp_counter now;
	double offset_s; /* of the server's clock */
	double ahead_s;  /* its steady clock minus its clock */
	uint32_t epoch;
	double jumped_s; /* of the counter, which did not count this time */
};

static void open_world(struct world *w)
{
	struct ffntp_client_config config;
	size_t size;
	void *memory;

	*w = (struct world){ .now = 1000000000, .epoch = 7 };
	ffntp_client_config_default(&config);
	config.period_hint_s = PERIOD_S;
	config.counter_may_jump = true;
	config.root_field = FFNTP_ROOT_FIELD_ASK;
	config.poll_min_s = config.poll_max_s = 16;
	size = ffntp_client_memory(&config);
	memory = aligned_alloc(16, size);
	assert_non_null(memory);
	w->client = ffntp_client_init(memory, size, &config, w->now);
	assert_non_null(w->client);
}

static struct ffntp_ntp server_time(const struct world *w, ffntp_counter at, double ahead_s)
{
	double since_s = (double)at * PERIOD_S + w->jumped_s + w->offset_s + ahead_s;

	return (struct ffntp_ntp){ (UINT64_C(0xe8000000) << 32) + (uint64_t)(since_s * 0x1p32) };
}

static enum ffntp_verdict exchange(struct world *w)
{
	uint8_t bytes[128];
	uint64_t nonce = w->now | 1;
	struct ffntp_packet reply = { .version = 4, .mode = FFNTP_MODE_SERVER, .stratum = 1, .precision_log2_s = -26 };

	w->now += 16000000000;
	assert_true(ffntp_client_request(w->client, w->now, nonce, bytes));
	reply.origin.units = nonce;
	reply.receive = server_time(w, w->now + RTT_TICKS / 2, 0);
	reply.transmit = server_time(w, w->now + RTT_TICKS / 2 + 1000, 0);
	ffntp_wire_write(&reply, bytes);
	ffntp_wire_ask_root(bytes + FFNTP_WIRE_SIZE);
	ffntp_store_be(bytes + 64, 8, server_time(w, w->now + RTT_TICKS / 2, w->ahead_s).units);
	ffntp_store_be(bytes + 72, 4, w->epoch);
	return ffntp_client_reply(w->client, bytes, FFNTP_WIRE_SIZE + FFNTP_WIRE_ROOT_SIZE, w->now + RTT_TICKS);
}

static struct ffntp_map map_of(struct world *w)
{
	struct ffntp_map map;

	ffntp_client_output(w->client, w->now + RTT_TICKS, &map);
	return map;
}

static void synchronise(struct world *w)
{
	open_world(w);
	for (int i = 0; i < 100; i++)
		assert_int_equal(exchange(w), FFNTP_ACCEPTED);
	assert_int_equal(map_of(w).status, FFNTP_STATUS_SYNCHRONISED);
}

/* The same contradiction without a report of the server is a jump of the counter, which three replies decide. */
static void test_a_jump_of_the_counter(void **state)
{
	struct world w;
	uint32_t marker;

	(void)state;
	synchronise(&w);
	marker = map_of(&w).counter_marker;
	w.jumped_s = 2;
	assert_int_equal(exchange(&w), FFNTP_REFUSED_CONTRADICTION);
	assert_int_equal(map_of(&w).status, FFNTP_STATUS_DISRUPTED);
	(void)exchange(&w);
	assert_int_equal(exchange(&w), FFNTP_ACCEPTED);
	assert_int_not_equal(map_of(&w).counter_marker, marker);
	free(w.client);
}

static void assert_the_servers_fault(struct world *w)
{
	uint32_t marker = map_of(w).counter_marker;
	unsigned refused = 0;

	for (; exchange(w) != FFNTP_ACCEPTED && refused < 1000; refused++)
		assert_int_equal(map_of(w).status, FFNTP_STATUS_FREE_RUNNING);
	assert_true(refused * 16.0 >= FFNTP_DISSENT_PERSIST_S - 32 && refused * 16.0 <= FFNTP_DISSENT_PERSIST_S + 64);
	assert_int_equal(map_of(w).counter_marker, marker);
	free(w->client);
}

static void test_a_server_that_steps_reports_a_new_epoch(void **state)
{
	struct world w;

	(void)state;
	synchronise(&w);
	w.offset_s = 2;
	w.epoch++;
	assert_the_servers_fault(&w);
}

static void test_a_server_that_slews_reports_the_correction(void **state)
{
	struct world w;

	(void)state;
	synchronise(&w);
	w.offset_s = 0.05;
	w.ahead_s = -0.06;
	assert_the_servers_fault(&w);
}

/* A correction that is smaller than the contradiction does not explain it. */
static void test_a_small_correction_explains_nothing(void **state)
{
	struct world w;

	(void)state;
	synchronise(&w);
	w.jumped_s = 2;
	w.ahead_s = 0.5;
	(void)exchange(&w);
	assert_int_equal(map_of(&w).status, FFNTP_STATUS_DISRUPTED);
	free(w.client);
}

/* A different server has a different clock, and an epoch of its own. */
static void test_the_clock_of_a_different_server(void **state)
{
	struct world w;

	(void)state;
	synchronise(&w);
	ffntp_client_server_changed(w.client, w.now);
	w.jumped_s = 2;
	w.epoch++;
	(void)exchange(&w);
	assert_int_equal(map_of(&w).status, FFNTP_STATUS_DISRUPTED);
	free(w.client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_unknown_server_is_not_asked),
		cmocka_unit_test(test_marks_show_chrony),
		cmocka_unit_test(test_replies_without_the_field),
		cmocka_unit_test(test_silence_after_a_probe),
		cmocka_unit_test(test_silence_of_a_server_that_has_it),
		cmocka_unit_test(test_it_can_be_forbidden),
		cmocka_unit_test(test_a_different_server_is_unknown),
		cmocka_unit_test(test_finer_values),
		cmocka_unit_test(test_values_that_contradict_the_header),
		cmocka_unit_test(test_other_fields_are_none),
		cmocka_unit_test(test_a_jump_of_the_counter),
		cmocka_unit_test(test_a_server_that_steps_reports_a_new_epoch),
		cmocka_unit_test(test_a_server_that_slews_reports_the_correction),
		cmocka_unit_test(test_a_small_correction_explains_nothing),
		cmocka_unit_test(test_the_clock_of_a_different_server),
	};

	return cmocka_run_group_tests_name("rootfield", tests, NULL, NULL);
}
