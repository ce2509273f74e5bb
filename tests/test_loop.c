/* loop: loops around a client. Only the datagrams made here arrive, and the counter's readings are set here. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ffntp/linuxdevice.h>
#include <string.h>
#include <time.h>

#include "../core/wire.h"
#include "../ports/linux/keys.h"
#include "../ports/linux/sync.h"
#include "assertions.h"
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
	struct ffntp_sync sync;
	char events[256];
} loop;

static void take_event(void *context, unsigned member, const struct ffntp_event *event)
{
	struct loop *self = context;

	(void)member;
	assert_true(strlen(self->events) + 20 < sizeof(self->events));
	strcat(self->events, ffntp_event_name(event->kind));
	strcat(self->events, " ");
}

/* Open a loop with servers of these names, on ports on which nothing listens: 9, and those above. */
static void open_with(const char *const *names, size_t servers, unsigned room)
{
	struct ffntp_ensemble_config config = { .members = room };
	struct ffntp_lineup lineup;
	const struct ffntp_sync_parts parts = { &config, &loop.source, &loop.page, &lineup, take_event,
						NULL,    &loop,        NULL,       NULL };

	memset(&loop, 0, sizeof(loop));
	counter_event = FFNTP_COUNTER_STEADY;
	assert_null(ffntp_counter_open(&loop.source, FFNTP_COUNTER_MONOTONIC_RAW));
	ffntp_peer_config_default(&config.client, &loop.source);
	assert_true(ffntp_lineup_init(&lineup, servers));
	for (size_t i = 0; i < servers; i++) {
		const struct ffntp_server_name name = { .name = names[i], .port = (uint16_t)(9 + i) };

		assert_true(ffntp_lineup_name(&lineup.server[i], &name, 1));
		lineup.server[i].member.client = config.client;
	}
	ffntp_lineup_open(&lineup, ffntp_sync_now_s());
	ffntp_page_format(&loop.page, &loop.source.identity);
	assert_true(ffntp_sync_open(&loop.sync, &parts));
}

static const char *const numeric[] = { "127.0.0.1", "127.0.0.1", "127.0.0.1" };

static int open_loop(void **state)
{
	(void)state;
	open_with(numeric, 1, 1);
	return 0;
}

static int open_three(void **state)
{
	(void)state;
	open_with(numeric, 3, FFNTP_ENSEMBLE_MEMBERS);
	return 0;
}

/* "[" is resolved in a thread, without a name server, and fails. */
static int open_nameless(void **state)
{
	static const char *const names[] = { "[" };

	(void)state;
	open_with(names, 1, 1);
	return 0;
}

static int open_one_of_three(void **state)
{
	static const char *const names[] = { "[", "127.0.0.1", "[" };

	(void)state;
	open_with(names, 3, FFNTP_ENSEMBLE_MEMBERS);
	return 0;
}

static int open_none_of_two(void **state)
{
	static const char *const names[] = { "[", "[" };

	(void)state;
	open_with(names, 2, FFNTP_ENSEMBLE_MEMBERS);
	return 0;
}

/* Take one step. revents: the events that poll() reported for each socket. */
static void step(int revents)
{
	struct pollfd ready[FFNTP_SYNC_DESCRIPTORS];
	size_t count = ffntp_sync_descriptors(&loop.sync, ready);

	for (size_t i = 0; i < count; i++)
		ready[i].revents = (short)revents;
	ffntp_sync_step(&loop.sync, ready, count);
}

/* Return the descriptor that is polled first. */
static int descriptor(void)
{
	struct pollfd ready[FFNTP_SYNC_DESCRIPTORS];

	assert_true(ffntp_sync_descriptors(&loop.sync, ready) >= 1);
	return ready[0].fd;
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
	ffntp_sync_spread(&loop.sync, 60, 60);
	assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 1000, 1000);
	step(0);
	assert_int_equal(descriptor(), -1);
	ffntp_sync_spread(&loop.sync, 0, 0);
	assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 1, 1);
	step(0);
	assert_true(descriptor() >= 0);
}

static void without_an_address_nothing_is_asked(void **state)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count = 1;

	(void)state;
	for (int i = 0; i < 3; i++) {
		step(0);
		assert_int_equal(descriptor(), -1);
		assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 1000, 1000);
		counter_event = FFNTP_COUNTER_DISRUPTED; /* it ends a pause */
		ffntp_sync_publish(&loop.sync);
		assert_int_equal(ffntp_page_read_sources(&loop.page, sources, &count), FFNTP_CLOCK_OK);
		assert_int_equal(count, 0);
	}
	assert_null(strstr(loop.events, "unanswered"));
	assert_null(strstr(loop.events, "sent"));
}

static void an_offline_server_is_not_asked(void **state)
{
	struct ffntp_addresses found;

	(void)state;
	assert_true(ffntp_resolve_numeric("127.0.0.1", 9, &found));
	ffntp_peer_move(&loop.sync.peer[0].peer, &found.address[0], NULL);
	ffntp_sync_set_offline(&loop.sync, 0, true);
	for (int i = 0; i < 3; i++) {
		step(0);
		assert_int_equal(descriptor(), -1);
		counter_event = FFNTP_COUNTER_DISRUPTED; /* it ends a pause */
		assert_false(ffntp_sync_burst(&loop.sync, 0));
	}
	assert_null(strstr(loop.events, "sent"));
	assert_true(ffntp_sync_has_route(&loop.sync, 0));
}

static void the_first_address_is_asked_at_once(void **state)
{
	struct ffntp_addresses found;

	(void)state;
	step(0);
	assert_true(ffntp_resolve_numeric("127.0.0.1", 9, &found));
	ffntp_peer_move(&loop.sync.peer[0].peer, &found.address[0], NULL);
	assert_true(ffntp_sync_has_server(&loop.sync));
	step(0);
	assert_true(descriptor() >= 0);
	assert_null(strstr(loop.events, "server"));
}

/* Let the name of a server be resolved in the next step. */
static void resolve(size_t server)
{
	struct ffntp_lookup *lookup = &loop.sync.lineup.server[server].servers.lookup[0];

	ffntp_lookup_close(lookup);
	ffntp_lookup_init(lookup, "127.0.0.1", (uint16_t)(9 + server));
}

static void a_lone_name_is_asked_soon_after_it_is_resolved(void **state)
{
	(void)state;
	step(0);
	assert_false(ffntp_sync_has_server(&loop.sync));
	resolve(0);
	step(0);
	assert_true(ffntp_sync_has_server(&loop.sync));
	assert_string_equal(loop.events, "server ");
	assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 1000), 0,
			201); /* 0: this process had to wait for a processor */
	nanosleep(&(struct timespec){ .tv_nsec = 210000000 }, NULL);
	step(0);
	assert_true(descriptor() >= 0);
}

/* Each address has asked for one request in 256 s. */
static double limit_all(void *context, const struct ffntp_address *address, double *wait_s)
{
	assert_ptr_equal(context, &loop);
	assert_true(ffntp_address_is_some(address));
	*wait_s = 60;
	return 256;
}

/* The only server is a member before it has an address, and of several servers a member joins with its address. */
static void a_server_that_limits_requests_is_asked_later(void **state)
{
	(void)state;
	loop.sync.limiter = limit_all;
	step(0);
	resolve(0);
	step(0);
	assert_true(ffntp_sync_has_server(&loop.sync));
	assert_within(ffntp_peer_limit_s(&loop.sync.peer[0].peer), 256, 0.5, "s");
	nanosleep(&(struct timespec){ .tv_nsec = 210000000 }, NULL);
	step(0);
	assert_int_equal(descriptor(), -1);
	assert_null(strstr(loop.events, "sent"));
}

static void a_counter_that_was_disrupted_is_told_of_and_goes_on(void **state)
{
	(void)state;
	counter_event = FFNTP_COUNTER_DISRUPTED;
	step(0);
	assert_memory_equal(loop.events, "map disrupted ", 14);
	assert_int_equal(page_status(), FFNTP_STATUS_DISRUPTED);
	assert_false(loop.sync.is_lost);
}

static void a_counter_that_is_lost_ends_all(void **state)
{
	(void)state;
	step(0);
	times = 0;
	counter_event = FFNTP_COUNTER_LOST;
	step(POLLIN);
	counter_event = FFNTP_COUNTER_STEADY;
	step(POLLIN);
	assert_true(loop.sync.is_lost);
	assert_int_equal(times, 0);
	assert_string_equal(loop.events, "sent map disrupted ");
	assert_int_equal(page_status(), FFNTP_STATUS_DISRUPTED);
}

/* The reply that waits in the socket and the requests that are due must not wake the caller, who could do nothing. */
static void without_its_counter_there_is_nothing_to_wait_for(void **state)
{
	(void)state;
	step(0);
	assert_true(descriptor() >= 0);
	counter_event = FFNTP_COUNTER_LOST;
	step(POLLIN);
	assert_int_equal(descriptor(), -1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ffntp_sync_timeout_ms(&loop.sync, 1000), 1000);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		step(0);
	}
	assert_int_equal(descriptor(), -1);
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
	step(0);
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
 * Datagrams after the first may have arrived after poll(), so that its reading must not be used as their arrival time:
 * they wait for the next poll().
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
	assert_int_equal(times, 1);
	assert_int_equal(told[0], POLLIN);
	ffntp_device_disconnect(ffntp_linux_ntp_clock(&device));
}

/* --- several servers --- */

/* All are asked, each from a socket of its own. */
static void each_server_is_asked(void **state)
{
	struct pollfd ready[FFNTP_SYNC_DESCRIPTORS];

	(void)state;
	assert_int_equal(descriptor(), -1);
	step(0);
	assert_int_equal(ffntp_sync_descriptors(&loop.sync, ready), 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(ready[i].fd >= 0 && ready[i].events == POLLIN && ready[i].fd != ready[(i + 1) % 3].fd);
	assert_string_equal(loop.events, "sent sent sent ");
}

/* Each socket has its own result of poll(). */
static void what_poll_said_is_of_one_socket(void **state)
{
	struct pollfd ready[FFNTP_SYNC_DESCRIPTORS];
	size_t count;

	(void)state;
	step(0);
	count = ffntp_sync_descriptors(&loop.sync, ready);
	ready[0].revents = ready[2].revents = 0;
	ready[1].revents = POLLIN;
	times = DATAGRAMS;
	memset(told, 0, sizeof(told));
	ffntp_sync_step(&loop.sync, ready, count);
	assert_int_equal(times, DATAGRAMS + 1);
	assert_int_equal(told[DATAGRAMS], POLLIN);
}

/* Only a random part of a second lies between the requests, but they do not leave together. */
static void first_requests_are_spread(void **state)
{
	ffntp_counter deadline[3];

	(void)state;
	ffntp_sync_spread(&loop.sync, 10, 20);
	for (unsigned i = 0; i < 3; i++) {
		deadline[i] = ffntp_session_deadline(ffntp_sync_peer(&loop.sync, i)->session);
		assert_in_range(deadline[i] - loop.sync.began, 9900000000, 21000000000);
	}
	assert_true(deadline[0] != deadline[1] && deadline[1] != deadline[2] && deadline[0] != deadline[2]);
	step(0);
	assert_int_equal(descriptor(), -1);
	assert_in_range(ffntp_sync_timeout_ms(&loop.sync, 30000), 9900, 20100);
}

/* The page is written once, and no member waits for a reply to a request from before the disruption. */
static void a_disruption_is_everyones(void **state)
{
	(void)state;
	step(0);
	loop.events[0] = '\0';
	counter_event = FFNTP_COUNTER_DISRUPTED;
	step(POLLIN);
	assert_memory_equal(loop.events, "map disrupted ", 14);
	for (unsigned i = 0; i < 3; i++)
		assert_false(ffntp_session_is_awaiting(ffntp_sync_peer(&loop.sync, i)->session));
}

/* Make a lineup that keeps all servers of the loop. */
static void keep_all(struct ffntp_lineup *lineup)
{
	assert_true(ffntp_lineup_init(lineup, loop.sync.lineup.count));
	for (size_t i = 0; i < lineup->count; i++) {
		lineup->server[i].member = loop.sync.lineup.server[i].member;
		lineup->server[i].former = (int)i;
	}
}

/* If no server that goes on has the time, the clock would not go on either. */
static void a_lineup_without_the_time_is_not_changed_to(void **state)
{
	struct ffntp_lineup lineup;

	(void)state;
	keep_all(&lineup);
	assert_false(ffntp_sync_change(&loop.sync, &lineup));
	assert_int_equal(lineup.count, 3);
	assert_non_null(ffntp_sync_peer(&loop.sync, 2));
	ffntp_lineup_close(&lineup);
}

static void the_page_shows_each_server(void **state)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count;

	(void)state;
	ffntp_sync_publish(&loop.sync);
	assert_int_equal(ffntp_page_read_sources(&loop.page, sources, &count), FFNTP_CLOCK_OK);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(sources[i].port, 9 + i);
}

/* --- several servers, of which some have no address --- */

static size_t count_shown(void)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count;

	ffntp_sync_publish(&loop.sync);
	assert_int_equal(ffntp_page_read_sources(&loop.page, sources, &count), FFNTP_CLOCK_OK);
	return count;
}

static void servers_without_an_address_join_later(void **state)
{
	(void)state;
	assert_int_equal(ffntp_sync_peer(&loop.sync, 0)->address.v4.sin_port, htons(10));
	assert_null(ffntp_sync_peer(&loop.sync, 1));
	assert_int_equal(count_shown(), 1);
	step(0);
	assert_true(descriptor() >= 0);
	loop.events[0] = '\0';
	resolve(2);
	step(0);
	assert_string_equal(loop.events, "server ");
	assert_int_equal(ffntp_sync_peer(&loop.sync, 1)->address.v4.sin_port, htons(11));
	assert_null(ffntp_sync_peer(&loop.sync, 2));
	assert_int_equal(count_shown(), 2);
}

static void the_counter_is_checked_without_a_server(void **state)
{
	(void)state;
	ffntp_sync_publish(&loop.sync);
	assert_int_equal(page_status(), FFNTP_STATUS_INITIALISING);
	step(0);
	assert_int_equal(descriptor(), -1);
	assert_false(loop.sync.is_lost);
	counter_event = FFNTP_COUNTER_LOST;
	step(0);
	assert_true(loop.sync.is_lost);
}

/* --- with a key --- */

static struct ffntp_key key;

/* The session's last request and last datagram. */
static uint64_t nonce;
static uint8_t recorded[FFNTP_UDP_SIZE];
static size_t recorded_length;

static void record(void *context, unsigned member, const struct ffntp_input *input)
{
	(void)context;
	(void)member;
	if (input->kind == FFNTP_INPUT_REQUEST)
		nonce = input->nonce;
	if (input->kind != FFNTP_INPUT_DATAGRAM)
		return;
	memcpy(recorded, input->bytes, input->length);
	recorded_length = input->length;
}

static const struct ffntp_ensemble_recorder recorder = { .input = record };

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
	step(POLLIN);
}

static uint32_t count_of(enum ffntp_verdict verdict)
{
	return ffntp_session_source(ffntp_sync_peer(&loop.sync, 0)->session)->verdicts[verdict];
}

/* Nothing of a reply without the right MAC reaches the session, and the true reply, which comes later, is used. */
static void with_a_key_only_authentic_replies_are_used(void **state)
{
	static const uint8_t nothing[FFNTP_CRYPTO_NAK_SIZE];
	uint8_t reply[FFNTP_KEY_PACKET_SIZE];
	uint32_t refused = 0;

	(void)state;
	key = key_of(10);
	ffntp_ensemble_record(loop.sync.ensemble, &recorder, NULL);
	loop.sync.peer[0].peer.key = &key;
	step(0);
	make_reply(reply);
	arrive(reply, FFNTP_REQUEST_SIZE);
	assert_int_equal(count_of(FFNTP_REFUSED_AUTHENTICATION), ++refused);
	for (uint32_t id = 11; id <= 12; id++) {
		struct ffntp_key other = key_of(id);

		arrive(reply, ffntp_key_sign(&other, reply, FFNTP_REQUEST_SIZE));
		assert_int_equal(count_of(FFNTP_REFUSED_AUTHENTICATION), ++refused);
		assert_int_equal(recorded_length, sizeof(nothing));
		assert_memory_equal(recorded, nothing, sizeof(nothing));
		assert_true(ffntp_session_is_awaiting(ffntp_sync_peer(&loop.sync, 0)->session));
	}
	arrive(reply, ffntp_key_sign(&key, reply, FFNTP_REQUEST_SIZE));
	assert_int_equal(count_of(FFNTP_ACCEPTED), 1);
	assert_int_equal(count_of(FFNTP_REFUSED_AUTHENTICATION), refused);
	assert_int_equal(recorded_length, FFNTP_REQUEST_SIZE);
	assert_memory_equal(recorded, reply, FFNTP_REQUEST_SIZE);
}

/* Its ensemble has no room for others: a new one follows the new lineup. */
static void a_lone_server_is_not_exchanged(void **state)
{
	uint8_t reply[FFNTP_REQUEST_SIZE];
	struct ffntp_lineup lineup;

	(void)state;
	ffntp_ensemble_record(loop.sync.ensemble, &recorder, NULL);
	step(0);
	make_reply(reply);
	arrive(reply, sizeof(reply));
	assert_int_equal(count_of(FFNTP_ACCEPTED), 1);
	keep_all(&lineup);
	assert_false(ffntp_sync_change(&loop.sync, &lineup));
	ffntp_lineup_close(&lineup);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)
#define TEST_THREE(name) cmocka_unit_test_setup_teardown(name, open_three, close_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_asked_during_a_pause),
		TEST(with_a_key_only_authentic_replies_are_used),
		cmocka_unit_test_setup_teardown(without_an_address_nothing_is_asked, open_nameless, close_loop),
		cmocka_unit_test_setup_teardown(an_offline_server_is_not_asked, open_nameless, close_loop),
		cmocka_unit_test_setup_teardown(the_first_address_is_asked_at_once, open_nameless, close_loop),
		cmocka_unit_test_setup_teardown(a_server_that_limits_requests_is_asked_later, open_nameless,
						close_loop),
		cmocka_unit_test_setup_teardown(a_server_that_limits_requests_is_asked_later, open_none_of_two,
						close_loop),
		cmocka_unit_test_setup_teardown(a_lone_name_is_asked_soon_after_it_is_resolved, open_nameless,
						close_loop),
		cmocka_unit_test_setup_teardown(servers_without_an_address_join_later, open_one_of_three, close_loop),
		cmocka_unit_test_setup_teardown(the_counter_is_checked_without_a_server, open_none_of_two, close_loop),
		TEST(a_counter_that_was_disrupted_is_told_of_and_goes_on),
		TEST(a_counter_that_is_lost_ends_all),
		TEST(without_its_counter_there_is_nothing_to_wait_for),
		TEST(what_a_former_client_said_is_kept),
		TEST(what_told_no_time_is_not_kept),
		cmocka_unit_test(what_poll_said_counts_for_one_datagram),
		TEST_THREE(each_server_is_asked),
		TEST_THREE(what_poll_said_is_of_one_socket),
		TEST_THREE(first_requests_are_spread),
		TEST_THREE(a_lineup_without_the_time_is_not_changed_to),
		TEST(a_lone_server_is_not_exchanged),
		TEST_THREE(a_disruption_is_everyones),
		TEST_THREE(the_page_shows_each_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
