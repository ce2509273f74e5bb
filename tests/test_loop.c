/* loop: loops around a client. Only the datagrams made here arrive, and the counter's readings are set here. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ffntp/linuxdevice.h>
#include <string.h>

#include "../daemon/survey.h"
#include "../ports/linux/sync.h"
#include "../ports/linux/udp.h"

#define DATAGRAMS 3

/* The result of poll() for each datagram, as passed to the socket. */
static int told[16];
static unsigned times;

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
	(void)bytes;
	(void)error;
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

static int open_with(const char *name)
{
	struct ffntp_client_config config;
	struct ffntp_servers servers;
	const struct ffntp_sync_parts parts = { &config, &loop.source, &loop.page, &servers, take_event, &loop };

	memset(&loop, 0, sizeof(loop));
	counter_event = FFNTP_COUNTER_STEADY;
	assert_null(ffntp_counter_open(&loop.source, FFNTP_COUNTER_MONOTONIC_RAW));
	ffntp_servers_open(&servers, &(struct ffntp_server_name){ name, 9 }, 1, 0);
	ffntp_peer_config_default(&config, &loop.source);
	ffntp_page_format(&loop.page, &loop.source.identity);
	assert_true(ffntp_sync_open(&loop.sync, &parts));
	return 0;
}

static int open_loop(void **state)
{
	(void)state;
	return open_with("127.0.0.1");
}

/* "[" is resolved in a thread, without a name server, and fails. */
static int open_nameless(void **state)
{
	(void)state;
	return open_with("[");
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

static void without_an_address_nothing_is_asked(void **state)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count = 1;

	(void)state;
	for (int i = 0; i < 3; i++) {
		ffntp_sync_step(&loop.sync, 0);
		assert_int_equal(ffntp_sync_descriptor(&loop.sync), -1);
		assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 1000, 1000);
		counter_event = FFNTP_COUNTER_DISRUPTED; /* it ends a pause */
		ffntp_sync_publish(&loop.sync);
		assert_int_equal(ffntp_page_read_sources(&loop.page, sources, &count), FFNTP_CLOCK_OK);
		assert_int_equal(count, 0);
	}
	assert_null(strstr(loop.events, "unanswered"));
	assert_null(strstr(loop.events, "sent"));
}

static void the_first_address_is_asked_at_once(void **state)
{
	struct ffntp_addresses found;

	(void)state;
	ffntp_sync_step(&loop.sync, 0);
	assert_true(ffntp_resolve_numeric("127.0.0.1", 9, &found));
	ffntp_peer_move(&loop.sync.peer, &found.address[0]);
	assert_true(ffntp_sync_has_server(&loop.sync));
	ffntp_sync_step(&loop.sync, 0);
	assert_true(ffntp_sync_descriptor(&loop.sync) >= 0);
	assert_null(strstr(loop.events, "server"));
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
	const struct ffntp_address *address[1];
	struct ffntp_counter_source source;
	struct ffntp_client_config config;
	struct ffntp_addresses found;

	(void)state;
	assert_true(ffntp_resolve_numeric("127.0.0.1:9", 123, &found));
	address[0] = &found.address[0];
	assert_null(ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW));
	ffntp_client_config_default(&config);
	config.counter_kind = source.kind;
	ffntp_survey_begin(&survey, &config, &source, address, 1, 1);
	assert_false(ffntp_survey_step(&survey));
	times = 0;
	assert_false(ffntp_survey_step(&survey));
	assert_int_equal(times, 1);
	assert_int_equal(told[0], 0);
	ffntp_survey_close(&survey);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_asked_during_a_pause),
		cmocka_unit_test_setup_teardown(without_an_address_nothing_is_asked, open_nameless, close_loop),
		cmocka_unit_test_setup_teardown(the_first_address_is_asked_at_once, open_nameless, close_loop),
		TEST(a_counter_that_was_disrupted_is_told_of_and_goes_on),
		TEST(a_counter_that_is_lost_ends_all),
		TEST(what_a_former_client_said_is_kept),
		TEST(what_told_no_time_is_not_kept),
		cmocka_unit_test(what_poll_said_counts_for_one_datagram),
		cmocka_unit_test(a_survey_dates_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
