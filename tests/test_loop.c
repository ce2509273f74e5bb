/* loop: loops around a client. Only the datagrams made here arrive, and the counter's readings are set here. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ffntp/linuxdevice.h>
#include <string.h>

#include "../core/wire.h"
#include "../daemon/survey.h"
#include "../ports/linux/keys.h"
#include "../ports/linux/sync.h"
#include "../ports/linux/udp.h"

#define DATAGRAMS 3

/* The result of poll() for each datagram, as passed to the socket. */
static int told[16];
static unsigned times;

/* The next datagram, if its length is not 0. It arrives once. */
static uint8_t arriving[FFNTP_UDP_SIZE];
static size_t arriving_length;

enum ffntp_udp_arrival __wrap_ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source,
						int events, ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE],
						size_t *length, int *error);

enum ffntp_udp_arrival __wrap_ffntp_udp_receive(struct ffntp_udp *udp, const struct ffntp_counter_source *source,
						int events, ffntp_counter woke, uint8_t bytes[FFNTP_UDP_SIZE],
						size_t *length, int *error)
{
	(void)udp;
	(void)source;
	(void)woke;
	(void)error;
	if (arriving_length > 0) {
		memcpy(bytes, arriving, arriving_length);
		*length = arriving_length;
		arriving_length = 0;
		times = DATAGRAMS;
		return FFNTP_UDP_DATAGRAM;
	}
	assert_true(times < sizeof(told) / sizeof(told[0]));
	told[times++] = events;
	*length = 0;
	return times <= DATAGRAMS ? FFNTP_UDP_DATAGRAM : FFNTP_UDP_NOTHING;
}

static enum ffntp_counter_event counter_event;

enum ffntp_counter_event __wrap_ffntp_counter_check(struct ffntp_counter_source *source);

enum ffntp_counter_event __wrap_ffntp_counter_check(struct ffntp_counter_source *source)
{
	(void)source;
	return counter_event;
}

/* A loop with a page of its own, and the names of its events, each with a blank after it. */
static struct loop {
	struct ffntp_page page;
	struct ffntp_counter_source source;
	struct ffntp_server_name name;
	struct ffntp_sync sync;
	char events[256];
} loop;

static void take_event(void *context, const struct ffntp_event *event)
{
	struct loop *self = context;

	assert_true(strlen(self->events) + 20 < sizeof(self->events));
	strcat(self->events, ffntp_event_name(event->kind));
	strcat(self->events, " ");
}

static int open_loop(void **state)
{
	struct ffntp_client_config config;
	struct ffntp_servers servers;
	const struct ffntp_sync_parts parts = { &config, &loop.source, &loop.page, &servers, take_event, &loop };

	(void)state;
	memset(&loop, 0, sizeof(loop));
	counter_event = FFNTP_COUNTER_STEADY;
	loop.name = (struct ffntp_server_name){ .name = "127.0.0.1", .port = 9 };
	assert_null(ffntp_counter_open(&loop.source, FFNTP_COUNTER_MONOTONIC_RAW));
	assert_true(ffntp_servers_open(&servers, &loop.name, 1));
	ffntp_peer_config_default(&config, &loop.source);
	ffntp_page_format(&loop.page, &loop.source.identity);
	assert_true(ffntp_sync_open(&loop.sync, &parts));
	return 0;
}

static int close_loop(void **state)
{
	(void)state;
	ffntp_sync_close(&loop.sync);
	return 0;
}

static enum ffntp_status page_status(void)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(&loop.page, &map), FFNTP_CLOCK_OK);
	return map.status;
}

static void nothing_is_asked_during_a_pause(void **state)
{
	(void)state;
	ffntp_sync_pause(&loop.sync, 60);
	assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 1000, 1000);
	ffntp_sync_step(&loop.sync, 0);
	assert_int_equal(ffntp_sync_descriptor(&loop.sync), -1);
	ffntp_sync_pause(&loop.sync, 0);
	assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 1, 1);
	ffntp_sync_step(&loop.sync, 0);
	assert_true(ffntp_sync_descriptor(&loop.sync) >= 0);
}

static void a_counter_that_was_disrupted_is_told_of_and_goes_on(void **state)
{
	(void)state;
	counter_event = FFNTP_COUNTER_DISRUPTED;
	ffntp_sync_step(&loop.sync, 0);
	assert_memory_equal(loop.events, "map disrupted ", 14);
	assert_int_equal(page_status(), FFNTP_STATUS_DISRUPTED);
	assert_false(loop.sync.is_lost);
}

static void a_counter_that_is_lost_ends_all(void **state)
{
	(void)state;
	ffntp_sync_step(&loop.sync, 0);
	times = 0;
	counter_event = FFNTP_COUNTER_LOST;
	ffntp_sync_step(&loop.sync, POLLIN);
	counter_event = FFNTP_COUNTER_STEADY;
	ffntp_sync_step(&loop.sync, POLLIN);
	assert_true(loop.sync.is_lost);
	assert_int_equal(times, 0);
	assert_string_equal(loop.events, "sent map disrupted ");
	assert_int_equal(page_status(), FFNTP_STATUS_DISRUPTED);
}

/* The page keeps a former client's map until there is a new one. */
static void what_a_former_client_said_is_kept(void **state)
{
	struct ffntp_map former = {
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW,
		.period = UINT64_C(1) << 63,
		.period_shift = 29,
		.at = ffntp_counter_read(&loop.source),
		.time.s = 1800000000,
	};

	(void)state;
	former.void_after = former.at + 1000000000;
	ffntp_page_publish(&loop.page, &former, NULL, 0);
	ffntp_sync_continue(&loop.sync, &former);
	ffntp_sync_publish(&loop.sync);
	assert_string_equal(loop.events, "");
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	counter_event = FFNTP_COUNTER_DISRUPTED;
	ffntp_sync_step(&loop.sync, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_DISRUPTED);
}

static void what_told_no_time_is_not_kept(void **state)
{
	const struct ffntp_map former = { .status = FFNTP_STATUS_DISRUPTED,
					  .counter_kind = FFNTP_COUNTER_MONOTONIC_RAW };

	(void)state;
	ffntp_page_publish(&loop.page, &former, NULL, 0);
	ffntp_sync_continue(&loop.sync, &former);
	ffntp_sync_publish(&loop.sync);
	assert_int_equal(page_status(), FFNTP_STATUS_INITIALISING);
}

/*
 * Datagrams after the first may have arrived after poll(), so that its reading must not be used as their arrival time.
 */
static void what_poll_said_counts_for_one_datagram(void **state)
{
	static const char *const servers[] = { "127.0.0.1:9" };
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp_device device;

	(void)state;
	ffntp_linux_ntp_config_init(&config, servers, 1);
	config.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	ffntp_linux_loop_device_init(&device, &config);
	assert_null(ffntp_device_connect(ffntp_linux_ntp_clock(&device)));
	ffntp_linux_loop_step(&device, 0);
	assert_true(ffntp_linux_loop_descriptor(&device) >= 0);
	times = 0;
	ffntp_linux_loop_step(&device, POLLIN);
	assert_int_equal(times, DATAGRAMS + 1);
	assert_int_equal(told[0], POLLIN);
	for (unsigned i = 1; i < times; i++)
		assert_int_equal(told[i], 0);
	ffntp_device_disconnect(ffntp_linux_ntp_clock(&device));
}

/* The sockets of a survey were not polled. */
static void a_survey_dates_nothing_back(void **state)
{
	static struct ffntp_survey survey;
	struct ffntp_survey_server server = { 0 };
	struct ffntp_counter_source source;
	struct ffntp_client_config config;
	struct ffntp_addresses found;

	(void)state;
	assert_true(ffntp_resolve_numeric("127.0.0.1:9", 123, &found));
	server.address = &found.address[0];
	assert_null(ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW));
	ffntp_client_config_default(&config);
	config.counter_kind = source.kind;
	ffntp_survey_begin(&survey, &config, &source, &server, 1, 1);
	assert_false(ffntp_survey_step(&survey));
	times = 0;
	assert_false(ffntp_survey_step(&survey));
	assert_int_equal(times, 1);
	assert_int_equal(told[0], 0);
	ffntp_survey_close(&survey);
}

/* --- with a key --- */

static struct ffntp_key key;

/* The session's last request and last datagram. */
static uint64_t nonce;
static uint8_t recorded[FFNTP_UDP_SIZE];
static size_t recorded_length;

static void record(void *context, const struct ffntp_input *input)
{
	(void)context;
	if (input->kind == FFNTP_INPUT_REQUEST)
		nonce = input->nonce;
	if (input->kind != FFNTP_INPUT_DATAGRAM)
		return;
	memcpy(recorded, input->bytes, input->length);
	recorded_length = input->length;
}

static struct ffntp_key key_of(uint32_t id)
{
	static struct ffntp_keyfile file = { .text = "10 SHA256 tulip\n11 SHA256 tulip\n12 SHA256 rose\n" };
	struct ffntp_key found;
	struct ffntp_key_error error;

	file.length = strlen(file.text);
	assert_true(ffntp_key_find(&file, id, &found, &error));
	return found;
}

/* The true server's answer to the last request, without its MAC. */
static void make_reply(uint8_t bytes[FFNTP_REQUEST_SIZE])
{
	const struct ffntp_ntp time = { UINT64_C(0xee00000000000000) };
	const struct ffntp_packet reply = {
		.version = 4, .mode = 4, .stratum = 1, .origin = { nonce }, .receive = time, .transmit = time
	};

	ffntp_wire_write(&reply, bytes);
}

static void arrive(const uint8_t *bytes, size_t length)
{
	times = 0;
	memcpy(arriving, bytes, length);
	arriving_length = length;
	ffntp_sync_step(&loop.sync, POLLIN);
}

static uint32_t count_of(enum ffntp_verdict verdict)
{
	return ffntp_session_source(loop.sync.session)->verdicts[verdict];
}

/* Nothing of a reply without the right MAC reaches the session, and the true reply, which comes later, is used. */
static void with_a_key_only_authentic_replies_are_used(void **state)
{
	static const uint8_t nothing[FFNTP_CRYPTO_NAK_SIZE];
	uint8_t reply[FFNTP_KEY_PACKET_SIZE];
	uint32_t refused = 0;

	(void)state;
	key = key_of(10);
	ffntp_session_record(loop.sync.session, record, NULL);
	ffntp_peer_move(&loop.sync.peer, &loop.sync.peer.address, &key);
	ffntp_sync_step(&loop.sync, 0);
	make_reply(reply);
	arrive(reply, FFNTP_REQUEST_SIZE);
	assert_int_equal(count_of(FFNTP_REFUSED_AUTHENTICATION), ++refused);
	for (uint32_t id = 11; id <= 12; id++) {
		struct ffntp_key other = key_of(id);

		arrive(reply, ffntp_key_sign(&other, reply));
		assert_int_equal(count_of(FFNTP_REFUSED_AUTHENTICATION), ++refused);
		assert_int_equal(recorded_length, sizeof(nothing));
		assert_memory_equal(recorded, nothing, sizeof(nothing));
		assert_true(ffntp_session_is_awaiting(loop.sync.session));
	}
	arrive(reply, ffntp_key_sign(&key, reply));
	assert_int_equal(count_of(FFNTP_ACCEPTED), 1);
	assert_int_equal(count_of(FFNTP_REFUSED_AUTHENTICATION), refused);
	assert_int_equal(recorded_length, FFNTP_REQUEST_SIZE);
	assert_memory_equal(recorded, reply, FFNTP_REQUEST_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_asked_during_a_pause),
		TEST(a_counter_that_was_disrupted_is_told_of_and_goes_on),
		TEST(a_counter_that_is_lost_ends_all),
		TEST(what_a_former_client_said_is_kept),
		TEST(what_told_no_time_is_not_kept),
		TEST(with_a_key_only_authentic_replies_are_used),
		cmocka_unit_test(what_poll_said_counts_for_one_datagram),
		cmocka_unit_test(a_survey_dates_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
