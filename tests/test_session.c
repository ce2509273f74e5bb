/* session: a session in a simulated world, which records its inputs and runs them again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../include/ffntp/session.h"
#include "world.h"

#define START_NS INT64_C(1767225600000000000) /* 2026-01-01 */
#define S_NS INT64_C(1000000000)
#define START_NTP ((uint64_t)(START_NS / S_NS + FFNTP_NTP_UNIX_S) << 32)
#define RECORDED 4096

/* An input as recorded, with copies of what it points to. */
struct recorded {
	struct ffntp_input input;
	uint8_t bytes[FFNTP_WIRE_SIZE];
	struct ffntp_map map;
	struct ffntp_measurement measurement;
};

struct bench {
	struct world world;
	struct ffntp_client_config config;
	struct ffntp_session *session;
	struct ffntp_page page; /* has each map that the session yields */
	bool has_no_nonce, is_link_down;
	/* the reply under way */
	bool has_reply;
	int64_t reply_ns;
	uint8_t reply[FFNTP_WIRE_SIZE];
	/* the last events, oldest first, and counts of all of them */
	struct ffntp_event event[8];
	unsigned events, counts[FFNTP_EVENTS];
	struct recorded *recorded;
	unsigned recordings;
};

/* --- the bench --- */

static ffntp_counter now(const struct bench *b)
{
	return world_counter(&b->world, b->world.now_ns);
}

static void publish(struct ffntp_page *page, const struct ffntp_session *session)
{
	ffntp_page_publish(page, ffntp_session_map(session), ffntp_session_source(session), 1);
}

static void take_events(struct bench *b)
{
	struct ffntp_event event;

	b->events = 0;
	while (ffntp_session_event(b->session, &event)) {
		assert_true(b->events < 8 && event.kind > FFNTP_EVENT_NONE && event.kind < FFNTP_EVENTS);
		b->event[b->events++] = event;
		b->counts[event.kind]++;
		if (event.kind == FFNTP_EVENT_MAP)
			publish(&b->page, b->session);
	}
}

static void put(struct bench *b, struct ffntp_input input)
{
	input.at = input.at != 0 ? input.at : now(b);
	ffntp_session_input(b->session, &input);
	take_events(b);
}

static void put_kind(struct bench *b, enum ffntp_input_kind kind)
{
	put(b, (struct ffntp_input){ .kind = kind });
}

static void begin_session(struct bench *b)
{
	size_t size = ffntp_session_memory(&b->config);
	void *memory = aligned_alloc(16, size);

	assert_true(size > 0 && size % 16 == 0);
	assert_non_null(memory);
	memset(memory, 0xa5, size);
	free(b->session);
	b->session = ffntp_session_init(memory, size, &b->config, now(b));
	assert_non_null(b->session);
}

static struct bench *make(void)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->world = world_new(1, START_NS);
	ffntp_client_config_default(&b->config);
	b->config.counter_kind = FFNTP_COUNTER_TSC;
	b->config.pivot_s = START_NS / S_NS;
	begin_session(b);
	return b;
}

static void drop(struct bench *b)
{
	free(b->session);
	free(b->recorded);
	free(b);
}

static void assert_events_at(const struct bench *b, unsigned count, const enum ffntp_event_kind *kinds, int line)
{
	bool is_same = b->events == count;

	for (unsigned i = 0; is_same && i < count; i++)
		is_same = b->event[i].kind == kinds[i];
	if (is_same)
		return;
	for (unsigned i = 0; i < b->events; i++)
		print_error("event %u: %s\n", i, ffntp_event_name(b->event[i].kind));
	print_error("line %d: %u events were expected\n", line, count);
	fail();
}

#define KINDS(...) ((const enum ffntp_event_kind[]){ __VA_ARGS__ })
#define assert_events(b, ...) \
	assert_events_at(b, sizeof KINDS(__VA_ARGS__) / sizeof(enum ffntp_event_kind), KINDS(__VA_ARGS__), __LINE__)
#define assert_no_events(b) assert_int_equal((b)->events, 0)

static double wait_s(const struct bench *b)
{
	return (double)(int64_t)(ffntp_session_deadline(b->session) - now(b)) / b->world.ticks_per_ns * 1e-9;
}

static void assert_wait_at(const struct bench *b, double least_s, double most_s, int line)
{
	if (wait_s(b) >= least_s && wait_s(b) <= most_s)
		return;
	print_error("line %d: the deadline is in %.6f s, not in %.6f to %.6f s\n", line, wait_s(b), least_s, most_s);
	fail();
}

#define assert_wait(b, least_s, most_s) assert_wait_at(b, least_s, most_s, __LINE__)

static void pass_s(struct bench *b, double seconds)
{
	b->world.now_ns += (int64_t)(seconds * 1e9);
}

/* --- a run --- */

static void send_request(struct bench *b)
{
	int64_t arrival_ns = b->world.now_ns + world_delay_ns(&b->world);
	const uint8_t *packet;

	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST,
				     .nonce = b->has_no_nonce ? 0 : prng_next(&b->world.prng) | 1 });
	packet = ffntp_session_request(b->session);
	b->has_reply = packet != NULL && !b->world.is_silent && !b->is_link_down;
	if (packet == NULL)
		return;
	b->world.requests++;
	if (b->has_reply)
		world_answer(&b->world, packet, arrival_ns, b->reply);
	b->reply_ns = arrival_ns + b->world.residence_ns + world_delay_ns(&b->world);
	if (b->is_link_down)
		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_SENT, .error = 101 });
	else
		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_SENT, .stamp = now(b) + 2000 });
}

static void deliver(struct bench *b)
{
	b->has_reply = false;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .bytes = b->reply, .length = sizeof b->reply });
}

/* Let time pass until the deadline, the reply's arrival, or end_ns. */
static void wait_for_next(struct bench *b, int64_t end_ns)
{
	int64_t wait_ns = (int64_t)fmax(wait_s(b) * 1e9 + 1, 1);
	int64_t wake_ns = b->world.now_ns + wait_ns < end_ns ? b->world.now_ns + wait_ns : end_ns;

	if (!b->has_reply || b->reply_ns > wake_ns) {
		b->world.now_ns = wake_ns;
		return;
	}
	b->world.now_ns = b->reply_ns > b->world.now_ns ? b->reply_ns : b->world.now_ns;
	deliver(b);
}

static void run(struct bench *b, double seconds)
{
	int64_t end_ns = b->world.now_ns + (int64_t)(seconds * 1e9);

	while (b->world.now_ns < end_ns) {
		put_kind(b, FFNTP_INPUT_TIMEOUT);
		if (ffntp_session_wants_request(b->session))
			send_request(b);
		wait_for_next(b, end_ns);
	}
}

static void exchange(struct bench *b)
{
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_true(ffntp_session_wants_request(b->session));
	send_request(b);
	assert_true(b->has_reply);
	b->world.now_ns = b->reply_ns;
	deliver(b);
}

static enum ffntp_status status(const struct bench *b)
{
	return ffntp_session_map(b->session)->status;
}

static int64_t error_ns(const struct bench *b)
{
	struct ffntp_reading reading;

	assert_int_equal(ffntp_clock_at(ffntp_session_map(b->session), now(b), FFNTP_UTC, UINT64_MAX, &reading),
			 FFNTP_CLOCK_OK);
	return ffntp_time_diff_ns(reading.estimate, ffntp_time_from_ns(b->world.now_ns));
}

/* --- the beginning --- */

static void test_memory_that_does_not_suffice_is_refused(void **state)
{
	static _Alignas(16) unsigned char memory[32768];
	struct ffntp_client_config config;
	struct ffntp_session *session;
	size_t size;

	(void)state;
	ffntp_client_config_default(&config);
	size = ffntp_session_memory(&config);
	assert_true(size > ffntp_client_memory(&config) && size + 16 <= sizeof memory);
	assert_null(ffntp_session_init(NULL, size, &config, 1));
	assert_null(ffntp_session_init(memory, size - 1, &config, 1));
	assert_null(ffntp_session_init(memory + 8, size, &config, 1));
	session = ffntp_session_init(memory, size, &config, 1);
	assert_non_null(session);
	assert_null(ffntp_session_copy(session, memory + 8, size));
	config.burst = 0;
	assert_int_equal(ffntp_session_memory(&config), 0);
	assert_null(ffntp_session_init(memory, sizeof memory, &config, 1));
}

static void test_names_are_distinct(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FFNTP_INPUTS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(ffntp_input_name((enum ffntp_input_kind)i),
						ffntp_input_name((enum ffntp_input_kind)j));
	for (unsigned i = 0; i < FFNTP_EVENTS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(ffntp_event_name((enum ffntp_event_kind)i),
						ffntp_event_name((enum ffntp_event_kind)j));
	assert_string_equal(ffntp_input_name(FFNTP_INPUTS), "unknown");
	assert_string_equal(ffntp_event_name(FFNTP_EVENTS), "unknown");
}

/* --- requests and replies --- */

static void test_an_exchange_yields_a_map(void **state)
{
	struct bench *b = make();

	(void)state;
	assert_int_equal(status(b), FFNTP_STATUS_INITIALISING);
	assert_false(ffntp_session_wants_request(b->session));
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_no_events(b);
	assert_true(ffntp_session_wants_request(b->session));
	assert_null(ffntp_session_request(b->session));
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = 7 });
	assert_events(b, FFNTP_EVENT_SENT);
	assert_non_null(ffntp_session_request(b->session));
	assert_int_equal(ffntp_session_request(b->session)[47], 7);
	assert_false(ffntp_session_wants_request(b->session));
	assert_true(ffntp_session_is_awaiting(b->session));
	assert_wait(b, 1.99, 2.01); /* the next request of the burst */
	world_answer(&b->world, ffntp_session_request(b->session), b->world.now_ns, b->reply);
	pass_s(b, 0.001);
	deliver(b);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_REPLY);
	assert_int_equal(b->event[1].verdict, FFNTP_ACCEPTED);
	assert_false(ffntp_session_is_awaiting(b->session));
	assert_null(ffntp_session_request(b->session));
	assert_int_equal(ffntp_session_source(b->session)->stratum, 1);
	drop(b);
}

static void test_it_keeps_time(void **state)
{
	struct bench *b = make();

	(void)state;
	run(b, 3600);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(error_ns(b)) < 200000); /* delays of 2 ms that vary by 0.1 ms */
	assert_int_equal(b->counts[FFNTP_EVENT_REPLY], b->world.requests);
	assert_int_equal(b->counts[FFNTP_EVENT_UNANSWERED], 0);
	assert_true(ffntp_session_period_s(b->session) * 1e9 < 1 - 29e-6);
	assert_true(ffntp_session_period_s(b->session) * 1e9 > 1 - 31e-6);
	drop(b);
}

static void test_a_request_without_a_reply_is_given_up(void **state)
{
	struct bench *b = make();

	(void)state;
	b->world.is_silent = true;
	b->config.poll_min_s = b->config.poll_max_s = 1024;
	b->config.burst = 1;
	begin_session(b);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	send_request(b);
	assert_wait(b, 3.99, 4.01);
	pass_s(b, 3.98);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_no_events(b);
	pass_s(b, 0.03);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_UNANSWERED);
	assert_false(ffntp_session_is_awaiting(b->session));
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_no_events(b);
	drop(b);
}

static void test_a_reply_without_a_time_counts_as_none(void **state)
{
	struct bench *b = make();

	(void)state;
	b->world.leap = 3;
	b->config.poll_min_s = b->config.poll_max_s = 1024;
	b->config.burst = 1;
	begin_session(b);
	exchange(b);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_REPLY);
	assert_int_equal(b->event[1].verdict, FFNTP_REFUSED_UNSYNCHRONISED);
	assert_true(ffntp_session_is_awaiting(b->session));
	assert_wait(b, 3.9, 4);
	pass_s(b, 4);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_UNANSWERED);
	drop(b);
}

static void test_a_request_that_was_not_sent_counts_as_unanswered(void **state)
{
	struct bench *b = make();

	(void)state;
	b->is_link_down = true;
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	send_request(b);
	assert_events(b, FFNTP_EVENT_NOT_SENT);
	assert_int_equal(b->event[0].error, 101);
	pass_s(b, 2.01); /* the next request of the burst is due */
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_UNANSWERED);
	assert_true(ffntp_session_wants_request(b->session));
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_ERROR, .error = 111 });
	assert_events(b, FFNTP_EVENT_ERROR);
	assert_int_equal(b->event[0].error, 111);
	drop(b);
}

static void test_a_server_that_stays_silent_is_to_be_changed(void **state)
{
	struct bench *b = make();

	(void)state;
	b->world.is_silent = true;
	run(b, 600);
	assert_true(b->counts[FFNTP_EVENT_UNANSWERED] >= 16);
	assert_int_equal(b->counts[FFNTP_EVENT_CHANGE_SERVER], b->counts[FFNTP_EVENT_UNANSWERED] / 8);
	drop(b);
}

static void test_without_a_nonce_there_is_no_request_for_a_second(void **state)
{
	struct bench *b = make();

	(void)state;
	b->has_no_nonce = true;
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	send_request(b);
	assert_events(b, FFNTP_EVENT_NO_NONCE);
	assert_null(ffntp_session_request(b->session));
	assert_false(ffntp_session_wants_request(b->session));
	assert_false(ffntp_session_is_awaiting(b->session));
	assert_wait(b, 0.99, 1.01);
	pass_s(b, 0.98);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_false(ffntp_session_wants_request(b->session));
	pass_s(b, 0.03);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_true(ffntp_session_wants_request(b->session));
	drop(b);
}

static void test_a_request_that_is_not_wanted_is_not_begun(void **state)
{
	struct bench *b = make();

	(void)state;
	exchange(b);
	assert_false(ffntp_session_wants_request(b->session));
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = 9 });
	assert_no_events(b);
	assert_null(ffntp_session_request(b->session));
	assert_false(ffntp_session_is_awaiting(b->session));
	drop(b);
}

static void test_a_datagram_that_was_not_asked_for_is_counted(void **state)
{
	struct bench *b = make();

	(void)state;
	exchange(b);
	deliver(b);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_REPLY);
	assert_int_equal(b->event[1].verdict, FFNTP_REFUSED_DUPLICATE);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM });
	assert_int_equal(b->event[1].verdict, FFNTP_REFUSED_LENGTH);
	assert_int_equal(ffntp_session_source(b->session)->verdicts[FFNTP_ACCEPTED], 1);
	assert_int_equal(ffntp_session_source(b->session)->verdicts[FFNTP_REFUSED_DUPLICATE], 1);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUTS });
	assert_no_events(b);
	drop(b);
}

/* A datagram may have arrived before the input that was processed first. */
static void test_a_datagram_may_be_earlier_than_the_last_input(void **state)
{
	struct bench *b = make();
	ffntp_counter arrival, void_after;

	(void)state;
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	send_request(b);
	b->world.now_ns = b->reply_ns;
	arrival = now(b);
	pass_s(b, 1);
	put_kind(b, FFNTP_INPUT_PUBLISH);
	void_after = ffntp_session_map(b->session)->void_after;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .at = arrival, .bytes = b->reply, .length = 48 });
	assert_int_equal(b->event[1].verdict, FFNTP_ACCEPTED);
	assert_in_range(ffntp_session_source(b->session)->rtt_ns, 3900000, 6000000);
	assert_true(ffntp_session_map(b->session)->void_after > void_after - 1000000); /* of the same reading */
	drop(b);
}

/* --- deadlines and pauses --- */

static void test_a_timeout_before_the_deadline_has_no_effect(void **state)
{
	struct bench *b = make();
	ffntp_counter deadline;

	(void)state;
	exchange(b);
	deadline = ffntp_session_deadline(b->session);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = deadline - 1 });
	assert_no_events(b);
	assert_false(ffntp_session_wants_request(b->session));
	assert_true(ffntp_session_deadline(b->session) == deadline);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = deadline });
	assert_true(ffntp_session_wants_request(b->session));
	drop(b);
}

static void test_nothing_is_asked_during_a_pause(void **state)
{
	struct bench *b = make();

	(void)state;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .until = now(b) + 30 * (uint64_t)S_NS });
	assert_wait(b, 29.9, 30.1);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_false(ffntp_session_wants_request(b->session));
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .until = now(b) + 90 * (uint64_t)S_NS });
	run(b, 89);
	assert_int_equal(b->world.requests, 0);
	assert_int_equal(b->counts[FFNTP_EVENT_MAP], 1); /* a map a minute nevertheless */
	run(b, 2);
	assert_int_equal(b->world.requests, 1);
	drop(b);
}

static void test_a_disruption_ends_a_pause(void **state)
{
	struct bench *b = make();

	(void)state;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .until = now(b) + 1000 * (uint64_t)S_NS });
	pass_s(b, 10);
	put_kind(b, FFNTP_INPUT_DISRUPTED);
	assert_true(ffntp_session_wants_request(b->session));
	assert_wait(b, 0, 0);
	drop(b);
}

/* Four requests 2 s apart; the interval stays. */
static void test_a_burst_is_some_requests_soon(void **state)
{
	struct bench *b = make();
	unsigned before;

	(void)state;
	run(b, 300);
	before = b->world.requests;
	while (b->world.requests == before)
		run(b, 1);
	before = b->world.requests;
	run(b, 3); /* a poll of 16 s has just begun */
	assert_int_equal(b->world.requests, before);
	put_kind(b, FFNTP_INPUT_BURST);
	run(b, 1);
	assert_int_equal(b->world.requests, before + 1);
	run(b, 6);
	assert_int_equal(b->world.requests, before + 4);
	run(b, 14);
	assert_int_equal(b->world.requests, before + 4);
	run(b, 3);
	assert_int_equal(b->world.requests, before + 5);
	drop(b);
}

/* A server that an earlier run was limited by: the first request waits, and no burst follows. */
static void test_a_limit_of_an_earlier_session(void **state)
{
	struct bench *b = make();
	ffntp_counter at = now(b);

	(void)state;
	put(b,
	    (struct ffntp_input){ .kind = FFNTP_INPUT_LIMITED, .until = at + 250000000000, .stamp = at + 75000000000 });
	run(b, 74);
	assert_int_equal(b->world.requests, 0);
	run(b, 2);
	assert_int_equal(b->world.requests, 1);
	run(b, 240);
	assert_int_equal(b->world.requests, 1);
	run(b, 20);
	assert_int_equal(b->world.requests, 2);
	drop(b);
}

/* An interval that ends before it begins is none. */
static void test_a_limit_that_ends_before_it_begins(void **state)
{
	struct bench *b = make();
	ffntp_counter at = now(b);

	(void)state;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_LIMITED, .until = at - 1, .stamp = at + 75000000000 });
	run(b, 10);
	assert_true(b->world.requests > 1);
	drop(b);
}

static void test_a_map_is_yielded_once_a_minute(void **state)
{
	struct bench *b = make();
	unsigned maps;

	(void)state;
	b->config.poll_min_s = b->config.poll_max_s = 1024;
	b->config.burst = 1;
	begin_session(b);
	exchange(b);
	maps = b->counts[FFNTP_EVENT_MAP];
	run(b, 1000);
	assert_int_equal(b->world.requests, 1);
	assert_int_equal(b->counts[FFNTP_EVENT_MAP] - maps, 16);
	drop(b);
}

static void test_a_map_is_yielded_where_a_leap_second_begins_and_ends(void **state)
{
	const struct ffntp_numbering truth = { .at_s = 1483228800 + 36, .offset_s = 36, .sign = 1 };
	enum ffntp_leap former;
	struct bench *b = make();
	double changed_at_s[2];
	unsigned changes = 0;

	(void)state;
	b->world = world_new(1, (truth.at_s - 30) * S_NS);
	b->world.numbering = &truth;
	b->config.poll_min_s = b->config.poll_max_s = 1024;
	b->config.leap_table = ffntp_leap_table_builtin();
	b->config.pivot_s = truth.at_s;
	b->config.burst = 1;
	begin_session(b);
	exchange(b);
	former = ffntp_session_map(b->session)->leap;
	assert_int_equal(former, FFNTP_LEAP_PRE_POSITIVE);
	while (b->world.now_ns < (truth.at_s + 10) * S_NS) {
		run(b, 0.001);
		if (ffntp_session_map(b->session)->leap == former)
			continue;
		former = ffntp_session_map(b->session)->leap;
		assert_true(changes < 2);
		changed_at_s[changes++] = (double)(b->world.now_ns - truth.at_s * S_NS) * 1e-9;
	}
	assert_int_equal(changes, 2);
	assert_true(changed_at_s[0] > -0.01 && changed_at_s[0] < 0.1);
	assert_true(changed_at_s[1] > 0.99 && changed_at_s[1] < 1.1);
	assert_int_equal(b->world.requests, 1);
	drop(b);
}

/* --- disruptions --- */

static void test_a_disruption_is_published_at_once(void **state)
{
	struct bench *b = make();

	(void)state;
	run(b, 600);
	pass_s(b, 20);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	send_request(b);
	world_set_counter(&b->world, now(b) - 100000000000, b->world.ticks_per_ns);
	pass_s(b, 60);
	b->has_reply = false;
	put_kind(b, FFNTP_INPUT_DISRUPTED);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_DISRUPTED);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	assert_false(ffntp_session_is_awaiting(b->session));
	assert_true(ffntp_session_wants_request(b->session));
	run(b, 60);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(error_ns(b)) < 1000000);
	drop(b);
}

static void test_a_counter_that_was_replaced_has_the_rate_of_its_hint(void **state)
{
	struct bench *b = make();

	(void)state;
	run(b, 600);
	world_set_counter(&b->world, 5000, 3);
	b->has_reply = false;
	put(b, (struct ffntp_input){
		       .kind = FFNTP_INPUT_COUNTER_REPLACED, .period_hint_s = 1e-9 / 3, .period_hint_error = 1e-4 });
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_DISRUPTED);
	assert_true(fabs(ffntp_session_period_s(b->session) * 3e9 - 1) < 1e-9);
	run(b, 300);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(error_ns(b)) < 1000000);
	drop(b);
}

static void test_a_hint_out_of_range_is_only_a_disruption(void **state)
{
	const double hints[][2] = { { 0, 1e-4 }, { NAN, 1e-4 }, { 1, 1e-4 }, { 1e-9, -1 }, { 1e-9, 1 }, { 1e-9, NAN } };

	(void)state;
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
		struct bench *b = make();

		run(b, 60);
		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_COUNTER_REPLACED,
					     .period_hint_s = hints[i][0],
					     .period_hint_error = hints[i][1] });
		assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_DISRUPTED);
		assert_true(fabs(ffntp_session_period_s(b->session) * 1e9 - 1) < 1e-4);
		drop(b);
	}
}

/* The client may find that the counter jumped: the request in flight is given up. */
static void test_a_reply_in_the_tick_of_its_request_is_a_disruption(void **state)
{
	struct bench *b = make();

	(void)state;
	run(b, 60);
	pass_s(b, 20);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	b->world.delay_ns = b->world.queue_ns = b->world.residence_ns = 0;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = 11 });
	world_answer(&b->world, ffntp_session_request(b->session), b->world.now_ns, b->reply);
	deliver(b);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_REPLY);
	assert_int_equal(b->event[1].verdict, FFNTP_REFUSED_COUNTER);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	assert_false(ffntp_session_is_awaiting(b->session));
	drop(b);
}

/* The port does not report that the counter was set back; the reply in flight shows it. */
static void test_a_counter_set_back_behind_a_request(void **state)
{
	struct bench *b = make();
	unsigned before;

	(void)state;
	run(b, 3600);
	pass_s(b, wait_s(b) + 1e-6);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_true(ffntp_session_wants_request(b->session));
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = 11 });
	world_set_counter(&b->world, now(b) - 3000000000000, b->world.ticks_per_ns);
	world_answer(&b->world, ffntp_session_request(b->session), b->world.now_ns, b->reply);
	deliver(b);
	assert_int_equal(b->event[1].verdict, FFNTP_REFUSED_COUNTER);
	before = b->counts[FFNTP_EVENT_SENT];
	run(b, 60);
	assert_in_range(b->counts[FFNTP_EVENT_SENT] - before, 4, 20);
	assert_int_equal(b->counts[FFNTP_EVENT_DISRUPTED], 0); /* it is not found again by the next timeout */
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* Nor does it while no reply is awaited; the next timeout shows it, long before the deadline. */
static void test_a_counter_set_back_between_exchanges(void **state)
{
	struct bench *b = make();
	struct ffntp_input timeout = { .kind = FFNTP_INPUT_TIMEOUT };

	(void)state;
	run(b, 3600);
	assert_true(wait_s(b) > 0.1);
	put_kind(b, FFNTP_INPUT_PUBLISH); /* the newest reading is the present one */
	timeout.at = now(b) - 100000;
	assert_false(ffntp_session_has_effect(b->session, &timeout)); /* a thread may have been preempted for so long */
	put(b, timeout);
	assert_no_events(b);
	world_set_counter(&b->world, now(b) - 90 * S_NS, b->world.ticks_per_ns);
	timeout.at = now(b);
	assert_true(ffntp_session_has_effect(b->session, &timeout));
	put(b, timeout);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_DISRUPTED);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	assert_true(ffntp_session_wants_request(b->session));
	run(b, 10);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_in_range(error_ns(b) + 1000000, 0, 2000000);
	drop(b);
}

/* The same, where a request is due: it is begun again. */
static void test_a_request_behind_the_newest_reading(void **state)
{
	struct bench *b = make();

	(void)state;
	run(b, 3600);
	pass_s(b, wait_s(b) + 1e-6);
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	assert_true(ffntp_session_wants_request(b->session));
	world_set_counter(&b->world, now(b) - 90 * S_NS, b->world.ticks_per_ns);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = 11 });
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_DISRUPTED);
	assert_null(ffntp_session_request(b->session));
	assert_true(ffntp_session_wants_request(b->session));
	run(b, 10);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* A former map that comes late has no meaning: this session has a time of its own. */
static void test_a_former_map_that_comes_late(void **state)
{
	struct bench *b = make();
	struct ffntp_map former;
	uint64_t before;

	(void)state;
	run(b, 600);
	former = *ffntp_session_map(b->session);
	before = former.disruption_marker;
	former.disruption_marker++;
	former.time.s += 1000;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = &former });
	assert_no_events(b);
	assert_true(ffntp_session_map(b->session)->disruption_marker == before);
	run(b, 600);
	assert_true(ffntp_session_map(b->session)->disruption_marker == before);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* --- servers --- */

static void name_server(struct bench *b, uint8_t last, uint16_t port)
{
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_SERVER, .address = { [15] = last }, .port = port });
}

static void test_a_different_server_is_asked_at_once(void **state)
{
	struct bench *b = make();

	(void)state;
	name_server(b, 1, 123);
	assert_no_events(b);
	exchange(b);
	assert_int_equal(ffntp_session_source(b->session)->address[15], 1);
	assert_int_equal(ffntp_session_source(b->session)->port, 123);
	assert_int_equal(ffntp_session_source(b->session)->selection, FFNTP_SELECTION_FOLLOWED);
	name_server(b, 1, 123);
	assert_no_events(b);
	assert_false(ffntp_session_wants_request(b->session));
	pass_s(b, 3);
	b->world.is_silent = true;
	put_kind(b, FFNTP_INPUT_TIMEOUT);
	send_request(b);
	name_server(b, 2, 123);
	assert_events(b, FFNTP_EVENT_SERVER);
	assert_false(ffntp_session_is_awaiting(b->session));
	assert_true(ffntp_session_wants_request(b->session));
	name_server(b, 2, 124);
	assert_events(b, FFNTP_EVENT_SERVER);
	b->world.is_silent = false;
	exchange(b);
	assert_int_equal(ffntp_session_source(b->session)->address[15], 2);
	assert_int_equal(ffntp_session_source(b->session)->port, 124);
	assert_int_equal(ffntp_session_source(b->session)->verdicts[FFNTP_ACCEPTED], 1);
	drop(b);
}

/* --- a former session's map --- */

static void continue_from(struct bench *b, const struct ffntp_map *former)
{
	begin_session(b);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = former });
}

static void test_a_former_map_is_kept_until_there_is_an_estimate(void **state)
{
	struct bench *b = make();
	struct ffntp_map former;

	(void)state;
	run(b, 1800);
	former = *ffntp_session_map(b->session);
	b->has_reply = false;
	pass_s(b, 100);
	continue_from(b, &former);
	put_kind(b, FFNTP_INPUT_PUBLISH);
	assert_no_events(b);
	b->world.is_silent = true;
	b->counts[FFNTP_EVENT_MAP] = 0;
	run(b, 130);
	assert_true(b->counts[FFNTP_EVENT_UNANSWERED] > 5);
	assert_int_equal(b->counts[FFNTP_EVENT_MAP], 0);
	assert_true(ffntp_session_map(b->session)->at == former.at);
	assert_true(ffntp_session_map(b->session)->void_after == former.void_after);
	b->world.is_silent = false;
	run(b, 30);
	assert_true(b->counts[FFNTP_EVENT_MAP] > 0);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_true(ffntp_session_map(b->session)->at != former.at);
	assert_true(ffntp_session_map(b->session)->disruption_marker == former.disruption_marker);
	drop(b);
}

static void test_a_disruption_ends_a_former_map(void **state)
{
	struct bench *b = make();
	struct ffntp_map former;

	(void)state;
	run(b, 600);
	former = *ffntp_session_map(b->session);
	continue_from(b, &former);
	put_kind(b, FFNTP_INPUT_DISRUPTED);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_DISRUPTED);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	drop(b);
}

static void test_a_former_map_without_a_time_is_not_kept(void **state)
{
	const struct ffntp_map former = { .status = FFNTP_STATUS_DISRUPTED,
					  .counter_kind = FFNTP_COUNTER_TSC,
					  .disruption_marker = 77 };
	struct bench *b = make();

	(void)state;
	continue_from(b, NULL);
	assert_no_events(b);
	continue_from(b, &former);
	put_kind(b, FFNTP_INPUT_PUBLISH);
	assert_events(b, FFNTP_EVENT_MAP);
	assert_int_equal(status(b), FFNTP_STATUS_INITIALISING);
	assert_true(ffntp_session_map(b->session)->disruption_marker == 77);
	drop(b);
}

/* --- leap seconds --- */

static void test_tables_and_votes_yield_a_map(void **state)
{
	struct bench *b = make();

	(void)state;
	b->config.leap_trust = FFNTP_LEAP_TRUST_CALLER;
	begin_session(b);
	exchange(b);
	assert_false(ffntp_session_map(b->session)->tai_is_known);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_TABLE, .leap_table = ffntp_leap_table_builtin() });
	assert_events(b, FFNTP_EVENT_MAP);
	assert_true(ffntp_session_map(b->session)->tai_is_known);
	put_kind(b, FFNTP_INPUT_LEAP_TABLE);
	assert_events(b, FFNTP_EVENT_MAP);
	put_kind(b, FFNTP_INPUT_LEAP_VOTE);
	assert_events(b, FFNTP_EVENT_MAP);
	drop(b);
}

/* --- recording, copies, traces --- */

static void record(void *context, const struct ffntp_input *input)
{
	struct bench *b = context;
	struct recorded *recorded = &b->recorded[b->recordings];

	assert_true(b->recordings < RECORDED);
	assert_true(input->length <= sizeof recorded->bytes);
	recorded->input = *input;
	if (input->length > 0)
		memcpy(recorded->bytes, input->bytes, input->length);
	if (input->map != NULL)
		recorded->map = *input->map;
	if (input->measurement != NULL)
		recorded->measurement = *input->measurement;
	b->recordings++;
}

static void begin_recording(struct bench *b)
{
	b->recorded = calloc(RECORDED, sizeof *b->recorded);
	assert_non_null(b->recorded);
	ffntp_session_record(b->session, record, b);
}

/* Let time pass until the session wants a request; measure in its place, or fail to. */
static void measure(struct bench *b, bool is_lost)
{
	struct ffntp_measurement measurement = { .leap = FFNTP_LEAP_UNANNOUNCED, .stratum = 1, .precision_s = 1e-9 };

	while (!ffntp_session_wants_request(b->session)) {
		pass_s(b, 1);
		put_kind(b, FFNTP_INPUT_TIMEOUT);
	}
	measurement.time = ffntp_ntp_from_time(ffntp_time_from_ns(b->world.now_ns));
	measurement.before = now(b) - 1000;
	if (is_lost)
		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_MEASURED, .error = 19 });
	else
		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_MEASURED, .measurement = &measurement });
}

/* A course with everything that an input can be. */
static void run_course(struct bench *b)
{
	struct ffntp_map former = *ffntp_session_map(b->session);

	former.status = FFNTP_STATUS_DISRUPTED;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = &former });
	name_server(b, 1, 123);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .until = now(b) + 300000000 });
	run(b, 900);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_TABLE, .leap_table = ffntp_leap_table_builtin() });
	b->is_link_down = true;
	run(b, 30);
	b->is_link_down = false;
	b->has_no_nonce = true;
	run(b, 30);
	b->has_no_nonce = false;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_ERROR, .error = 111 });
	b->world.is_silent = true;
	run(b, 300);
	b->world.is_silent = false;
	name_server(b, 2, 123);
	run(b, 600);
	put_kind(b, FFNTP_INPUT_LEAP_VOTE);
	world_set_counter(&b->world, now(b) + 7000000000, b->world.ticks_per_ns);
	put_kind(b, FFNTP_INPUT_DISRUPTED);
	run(b, 600);
	world_set_counter(&b->world, 5000, 2.5);
	b->has_reply = false;
	put(b, (struct ffntp_input){
		       .kind = FFNTP_INPUT_COUNTER_REPLACED, .period_hint_s = 0.4e-9, .period_hint_error = 1e-4 });
	run(b, 600);
	measure(b, false);
	assert_int_equal(b->event[1].verdict, FFNTP_ACCEPTED);
	measure(b, true);
	assert_events(b, FFNTP_EVENT_MAP, FFNTP_EVENT_ERROR, FFNTP_EVENT_UNANSWERED);
	run(b, 600);
	put_kind(b, FFNTP_INPUT_BURST);
	run(b, 30);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_LIMITED, .until = now(b) + 300000000000 });
	run(b, 600);
	put_kind(b, FFNTP_INPUT_PUBLISH);
}

static void put_recorded(struct ffntp_session *session, const struct recorded *recorded)
{
	struct ffntp_input input = recorded->input;

	input.bytes = recorded->input.bytes != NULL ? recorded->bytes : NULL;
	input.map = recorded->input.map != NULL ? &recorded->map : NULL;
	input.measurement = recorded->input.measurement != NULL ? &recorded->measurement : NULL;
	ffntp_session_input(session, &input);
}

/* Run the recorded inputs again; compare the page and the events' number. */
static void assert_replay_is_equal(const struct bench *b, ffntp_counter begun)
{
	struct bench *again = make();
	struct ffntp_session *session = again->session;

	session = ffntp_session_init(session, ffntp_session_memory(&b->config), &b->config, begun);
	assert_non_null(session);
	for (unsigned i = 0; i < b->recordings; i++) {
		put_recorded(session, &b->recorded[i]);
		take_events(again);
	}
	assert_memory_equal(again->counts, b->counts, sizeof b->counts);
	assert_memory_equal(&again->page, &b->page, sizeof b->page);
	drop(again);
}

static void test_recorded_inputs_give_the_same_maps(void **state)
{
	struct bench *b = make();
	ffntp_counter begun = now(b);
	bool is_recorded[FFNTP_INPUTS] = { false };

	(void)state;
	begin_recording(b);
	run_course(b);
	for (unsigned i = 0; i < b->recordings; i++)
		is_recorded[b->recorded[i].input.kind] = true;
	for (unsigned i = 0; i < FFNTP_INPUTS; i++)
		assert_true(is_recorded[i]);
	assert_true(b->counts[FFNTP_EVENT_MAP] > 150);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_replay_is_equal(b, begun);
	drop(b);
}

static void test_a_copy_goes_on_alone(void **state)
{
	struct bench *b = make();
	size_t size = ffntp_session_memory(&b->config);
	struct ffntp_session *copy;
	struct ffntp_page page, former;

	(void)state;
	begin_recording(b);
	run(b, 600);
	copy = ffntp_session_copy(b->session, aligned_alloc(16, size), size);
	assert_non_null(copy);
	page = former = b->page;
	b->recordings = 0;
	run(b, 600);
	assert_memory_not_equal(&former, &b->page, sizeof former);
	publish(&former, copy); /* the copy has not moved */
	for (unsigned i = 0; i < b->recordings; i++) {
		struct ffntp_event event;

		put_recorded(copy, &b->recorded[i]);
		while (ffntp_session_event(copy, &event))
			if (event.kind == FFNTP_EVENT_MAP)
				publish(&page, copy);
	}
	assert_memory_equal(&page, &b->page, sizeof page);
	free(copy);
	drop(b);
}

/* --- random inputs --- */

static uint64_t pick(struct prng *prng, uint64_t limit)
{
	return prng_below(prng, limit);
}

/* An input of any kind; mostly shortly after the last one, sometimes before it or at a wild reading. */
static struct ffntp_input random_input(struct prng *prng, ffntp_counter *at, const uint8_t *bytes,
				       struct ffntp_measurement *measurement)
{
	static const double hints[] = { 1e-9, 0.5e-9, 0, 1e300, NAN };
	uint64_t step = pick(prng, 3) > 0 ? pick(prng, 3000000000) : prng_any_size(prng) >> 20;
	struct ffntp_input input = { .kind = (enum ffntp_input_kind)pick(prng, FFNTP_INPUTS + 1) };

	*at = pick(prng, 200) == 0 ? prng_next(prng) : pick(prng, 10) == 0 ? *at - step / 1000 : *at + step;
	input.at = *at;
	input.nonce = pick(prng, 5) > 0 ? prng_next(prng) : 0;
	input.stamp = *at - pick(prng, 1000000);
	input.until = pick(prng, 10) > 0 ? *at + pick(prng, 10000000000) : prng_next(prng);
	input.bytes = bytes;
	input.length = pick(prng, 4) > 0 ? FFNTP_WIRE_SIZE : pick(prng, FFNTP_WIRE_SIZE);
	input.period_hint_s = hints[pick(prng, 5)];
	input.period_hint_error = hints[pick(prng, 5)] * 1e5;
	input.address[15] = (uint8_t)pick(prng, 3);
	input.vote.sign = (int8_t)(pick(prng, 3) - 1);
	input.leap_table = pick(prng, 2) > 0 ? ffntp_leap_table_builtin() : NULL;
	*measurement = (struct ffntp_measurement){
		.before = *at - pick(prng, 3000),
		.time = { pick(prng, 2) > 0 ? prng_next(prng) : START_NTP + (*at << 2) },
		.is_tai = pick(prng, 3) == 0,
		.leap = (uint8_t)pick(prng, 6),
		.stratum = (uint8_t)pick(prng, 20),
		.max_error_s = hints[pick(prng, 5)],
		.root_delay_s = hints[pick(prng, 4)],
		.precision_s = hints[pick(prng, 5)],
	};
	input.measurement = pick(prng, 20) > 0 ? measurement : NULL;
	return input;
}

/* Give both sessions the input; both must yield the same events. Returns the events' number. */
static unsigned put_both(struct ffntp_session *a, struct ffntp_session *b, const struct ffntp_input *input)
{
	struct ffntp_event of_a, of_b;
	unsigned count = 0;

	ffntp_session_input(a, input);
	ffntp_session_input(b, input);
	while (ffntp_session_event(a, &of_a)) {
		assert_true(ffntp_session_event(b, &of_b));
		assert_true(of_a.kind == of_b.kind && of_a.verdict == of_b.verdict && of_a.error == of_b.error);
		count++;
	}
	assert_false(ffntp_session_event(b, &of_b));
	return count;
}

/* After any inputs the session has a deadline that is reached, and it equals a session that had the same inputs. */
static void test_random_inputs(void **state)
{
	struct bench *b = make(), *other = make();
	uint8_t reply[FFNTP_WIRE_SIZE] = { 0x24, 1 };
	struct prng prng = { 77 };
	ffntp_counter at = now(b);

	(void)state;
	for (int i = 0; i < 30000; i++) {
		struct ffntp_measurement measurement;
		struct ffntp_input input = random_input(&prng, &at, reply, &measurement);
		const uint8_t *packet;

		assert_in_range(put_both(b->session, other->session, &input), 0, FFNTP_INPUTS);
		packet = ffntp_session_request(b->session);
		if (packet != NULL)
			world_answer(&b->world, packet, b->world.now_ns, reply);
		b->world.now_ns += 1000000000;
		if (input.kind != FFNTP_INPUT_TIMEOUT || ffntp_session_wants_request(b->session))
			continue;
		assert_true((int64_t)(ffntp_session_deadline(b->session) - at) > 0);
	}
	publish(&b->page, b->session);
	publish(&other->page, other->session);
	assert_memory_equal(&b->page, &other->page, sizeof b->page);
	drop(other);
	drop(b);
}

struct traced {
	unsigned counts[FFNTP_EVENTS];
	struct ffntp_event reply;
	struct ffntp_map map;
	struct ffntp_source source;
	struct ffntp_decision decision;
};

static void trace(void *context, const struct ffntp_trace_event *event)
{
	struct traced *traced = context;

	assert_int_equal(event->kind, FFNTP_TRACE_EVENT);
	traced->counts[event->event.kind]++;
	if (event->event.kind != FFNTP_EVENT_REPLY)
		return;
	traced->reply = event->event;
	traced->map = *event->map;
	traced->source = *event->source;
	traced->decision = *event->decision;
}

static void test_a_trace_shows_each_event_and_changes_nothing(void **state)
{
	struct bench *b = make();
	static struct traced traced;
	ffntp_counter begun = now(b);

	(void)state;
	begin_recording(b);
	ffntp_session_trace(b->session, trace, &traced);
	run_course(b);
	assert_memory_equal(traced.counts, b->counts, sizeof b->counts);
	assert_int_equal(traced.reply.verdict, FFNTP_ACCEPTED);
	assert_true(traced.source.rtt_ns == ffntp_session_source(b->session)->rtt_ns);
	assert_int_equal(traced.source.poll_log2_s, 7); /* the limit: 120 s */
	assert_int_equal(traced.decision.kind, FFNTP_DECISION_ACCEPT);
	assert_true(traced.decision.offset_s == ffntp_session_decision(b->session)->offset_s);
	assert_int_equal(traced.map.status, FFNTP_STATUS_SYNCHRONISED);
	assert_in_range(traced.map.maxerror_before_ns, 1000000, 3000000);
	assert_replay_is_equal(b, begun); /* without a tracer */
	ffntp_session_trace(b->session, NULL, NULL);
	ffntp_session_record(b->session, NULL, NULL);
	b->recordings = 0;
	run(b, 60);
	assert_int_equal(b->recordings, 0);
	drop(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_that_does_not_suffice_is_refused),
		cmocka_unit_test(test_names_are_distinct),
		cmocka_unit_test(test_an_exchange_yields_a_map),
		cmocka_unit_test(test_it_keeps_time),
		cmocka_unit_test(test_a_request_without_a_reply_is_given_up),
		cmocka_unit_test(test_a_reply_without_a_time_counts_as_none),
		cmocka_unit_test(test_a_request_that_was_not_sent_counts_as_unanswered),
		cmocka_unit_test(test_a_server_that_stays_silent_is_to_be_changed),
		cmocka_unit_test(test_without_a_nonce_there_is_no_request_for_a_second),
		cmocka_unit_test(test_a_request_that_is_not_wanted_is_not_begun),
		cmocka_unit_test(test_a_datagram_that_was_not_asked_for_is_counted),
		cmocka_unit_test(test_a_datagram_may_be_earlier_than_the_last_input),
		cmocka_unit_test(test_a_timeout_before_the_deadline_has_no_effect),
		cmocka_unit_test(test_nothing_is_asked_during_a_pause),
		cmocka_unit_test(test_a_disruption_ends_a_pause),
		cmocka_unit_test(test_a_burst_is_some_requests_soon),
		cmocka_unit_test(test_a_limit_of_an_earlier_session),
		cmocka_unit_test(test_a_limit_that_ends_before_it_begins),
		cmocka_unit_test(test_a_map_is_yielded_once_a_minute),
		cmocka_unit_test(test_a_map_is_yielded_where_a_leap_second_begins_and_ends),
		cmocka_unit_test(test_a_disruption_is_published_at_once),
		cmocka_unit_test(test_a_counter_that_was_replaced_has_the_rate_of_its_hint),
		cmocka_unit_test(test_a_hint_out_of_range_is_only_a_disruption),
		cmocka_unit_test(test_a_reply_in_the_tick_of_its_request_is_a_disruption),
		cmocka_unit_test(test_a_counter_set_back_behind_a_request),
		cmocka_unit_test(test_a_counter_set_back_between_exchanges),
		cmocka_unit_test(test_a_request_behind_the_newest_reading),
		cmocka_unit_test(test_a_former_map_that_comes_late),
		cmocka_unit_test(test_a_different_server_is_asked_at_once),
		cmocka_unit_test(test_a_former_map_is_kept_until_there_is_an_estimate),
		cmocka_unit_test(test_a_disruption_ends_a_former_map),
		cmocka_unit_test(test_a_former_map_without_a_time_is_not_kept),
		cmocka_unit_test(test_tables_and_votes_yield_a_map),
		cmocka_unit_test(test_recorded_inputs_give_the_same_maps),
		cmocka_unit_test(test_a_copy_goes_on_alone),
		cmocka_unit_test(test_random_inputs),
		cmocka_unit_test(test_a_trace_shows_each_event_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
