/* ensemble: several servers in simulated worlds with one counter: right ones, wrong ones, and changes among them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/client.h"
#include "../core/ensemble.h"
#include "../include/ffntp/ensemble.h"
#include "../core/params.h"
#include "world.h"

#define START_NS INT64_C(1767225600000000000) /* 2026-01-01 */
#define S_NS INT64_C(1000000000)
#define MOST 16

/* A server, its path, and the reply under way. */
struct server {
	struct world world; /* its path and its errors; time and counter are those of the bench */
	bool has_reply, is_member, refuses_service;
	int64_t reply_ns;
	uint8_t reply[FFNTP_WIRE_SIZE];
};

struct bench {
	struct world world; /* time and counter */
	struct ffntp_ensemble_config config;
	struct ffntp_ensemble *ensemble;
	struct server server[MOST];
	unsigned counts[FFNTP_EVENTS];
	/* of the run: readings of the clock once a second */
	unsigned readings, broken, synchronised, refused;
	double worst_ns, largest_jump; /* in estimated errors */
	double last_ns;
	bool has_last;
};

static ffntp_counter now(const struct bench *b)
{
	return world_counter(&b->world, b->world.now_ns);
}

static const struct ffntp_map *map(const struct bench *b)
{
	return ffntp_ensemble_map(b->ensemble);
}

static void take_events(struct bench *b)
{
	struct ffntp_event event;
	unsigned member;

	while (ffntp_ensemble_event(b->ensemble, &member, &event)) {
		assert_true(event.kind > FFNTP_EVENT_NONE && event.kind < FFNTP_EVENTS);
		assert_true(member == FFNTP_ENSEMBLE_ALL || ffntp_ensemble_session(b->ensemble, member) != NULL);
		b->counts[event.kind]++;
	}
}

static void put(struct bench *b, unsigned member, struct ffntp_input input)
{
	input.at = input.at != 0 ? input.at : now(b);
	ffntp_ensemble_input(b->ensemble, member, &input);
	take_events(b);
}

static void put_all(struct bench *b, enum ffntp_input_kind kind)
{
	put(b, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = kind });
}

static void begin(struct bench *b)
{
	size_t size = ffntp_ensemble_memory(&b->config);
	void *memory = aligned_alloc(16, size);

	assert_true(size > 0 && size % 16 == 0);
	assert_non_null(memory);
	memset(memory, 0xa5, size);
	free(b->ensemble);
	b->ensemble = ffntp_ensemble_init(memory, size, &b->config, now(b));
	assert_non_null(b->ensemble);
}

static struct ffntp_member_config usual(const struct bench *b)
{
	return (struct ffntp_member_config){ .client = b->config.client };
}

static void add(struct bench *b, unsigned number, const struct ffntp_member_config *config)
{
	struct server *server = &b->server[number];

	server->world = world_new(100 + number, b->world.now_ns);
	server->is_member = true;
	assert_int_equal(ffntp_ensemble_add(b->ensemble, config, now(b)), number);
}

static void add_usual(struct bench *b, unsigned number)
{
	const struct ffntp_member_config config = usual(b);

	add(b, number, &config);
}

static void drop_member(struct bench *b, unsigned number)
{
	ffntp_ensemble_remove(b->ensemble, number, now(b));
	b->server[number].is_member = b->server[number].has_reply = false;
}

/* room: for members; servers: the number of them at the start. */
static struct bench *make(unsigned room, unsigned servers)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->world = world_new(1, START_NS);
	ffntp_client_config_default(&b->config.client);
	b->config.client.counter_kind = FFNTP_COUNTER_TSC;
	b->config.client.pivot_s = START_NS / S_NS;
	b->config.client.leap_trust = room > 1 ? FFNTP_LEAP_TRUST_CALLER : FFNTP_LEAP_TRUST_SERVER;
	b->config.members = room;
	begin(b);
	for (unsigned i = 0; i < servers; i++)
		add_usual(b, i);
	return b;
}

static void drop(struct bench *b)
{
	free(b->ensemble);
	free(b);
}

/* --- a run --- */

static const struct ffntp_session *session(const struct bench *b, unsigned number)
{
	return ffntp_ensemble_session(b->ensemble, number);
}

static void send_request(struct bench *b, unsigned number)
{
	struct server *server = &b->server[number];
	int64_t arrival_ns = b->world.now_ns + world_delay_ns(&server->world) + server->world.asymmetry_ns;
	const uint8_t *packet;

	put(b, number, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = prng_next(&b->world.prng) | 1 });
	packet = ffntp_session_request(session(b, number));
	server->has_reply = packet != NULL && !server->world.is_silent;
	if (!server->has_reply)
		return;
	world_answer(&server->world, packet, arrival_ns, server->reply);
	if (server->refuses_service) {
		server->reply[1] = 0; /* the stratum */
		memcpy(server->reply + 12, "DENY", 4);
	}
	server->reply_ns = arrival_ns + server->world.residence_ns + world_delay_ns(&server->world);
}

static void read_clock(struct bench *b)
{
	struct ffntp_reading reading;
	double error_ns, esterror_ns;

	if (ffntp_clock_at(map(b), now(b), FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK) {
		b->refused++;
		b->has_last = false;
		return;
	}
	error_ns = (double)ffntp_time_diff_ns(reading.estimate, ffntp_time_from_ns(b->world.now_ns));
	esterror_ns = (double)reading.esterror_ns + (double)reading.asymmetry_esterror_ns;
	b->readings++;
	b->synchronised += reading.status == FFNTP_STATUS_SYNCHRONISED;
	b->broken += ffntp_time_is_before(ffntp_time_from_ns(b->world.now_ns), reading.earliest) ||
		     ffntp_time_is_before(reading.latest, ffntp_time_from_ns(b->world.now_ns));
	b->worst_ns = fmax(b->worst_ns, fabs(error_ns));
	if (b->has_last)
		b->largest_jump = fmax(b->largest_jump, fabs(error_ns - b->last_ns) / esterror_ns);
	b->last_ns = error_ns;
	b->has_last = true;
}

/* Return when something is due next, up to end_ns: a member's deadline, a reply, or a reading. */
static int64_t next_ns(const struct bench *b, int64_t end_ns)
{
	int64_t next = (b->world.now_ns / S_NS + 1) * S_NS;

	next = next < end_ns ? next : end_ns;
	for (unsigned i = 0; i < MOST; i++) {
		const struct server *server = &b->server[i];
		int64_t due_ns;

		if (!server->is_member)
			continue;
		due_ns = b->world.now_ns + 1 +
			 (int64_t)fmax((double)(int64_t)(ffntp_session_deadline(session(b, i)) - now(b)) /
					       b->world.ticks_per_ns,
				       1);
		next = due_ns < next ? due_ns : next;
		if (server->has_reply && server->reply_ns < next)
			next = server->reply_ns;
	}
	return next > b->world.now_ns ? next : b->world.now_ns;
}

static void deliver(struct bench *b, unsigned number)
{
	struct server *server = &b->server[number];

	server->has_reply = false;
	put(b, number,
	    (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .bytes = server->reply, .length = FFNTP_WIRE_SIZE });
}

static void act(struct bench *b)
{
	for (unsigned i = 0; i < MOST; i++) {
		if (!b->server[i].is_member)
			continue;
		if (b->server[i].has_reply && b->server[i].reply_ns <= b->world.now_ns)
			deliver(b, i);
		put(b, i, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT });
		if (ffntp_session_wants_request(session(b, i)))
			send_request(b, i);
	}
}

static void run(struct bench *b, double seconds)
{
	int64_t end_ns = b->world.now_ns + (int64_t)(seconds * 1e9);

	b->readings = b->broken = b->synchronised = b->refused = 0;
	b->worst_ns = b->largest_jump = 0;
	while (b->world.now_ns < end_ns) {
		act(b);
		b->world.now_ns = next_ns(b, end_ns);
		if (b->world.now_ns % S_NS == 0)
			read_clock(b);
	}
}

static enum ffntp_selection selection(const struct bench *b, unsigned number)
{
	struct ffntp_source source;

	assert_true(ffntp_ensemble_source(b->ensemble, number, &source));
	return (enum ffntp_selection)source.selection;
}

static bool is_used(const struct bench *b, unsigned number)
{
	return selection(b, number) == FFNTP_SELECTION_FOLLOWED || selection(b, number) == FFNTP_SELECTION_COMBINED;
}

static void assert_selection_at(const struct bench *b, unsigned number, enum ffntp_selection expected, int line)
{
	if (selection(b, number) == expected)
		return;
	print_error("line %d: member %u is %s, not %s\n", line, number, ffntp_selection_name(selection(b, number)),
		    ffntp_selection_name(expected));
	fail();
}

#define assert_selection(b, number, expected) assert_selection_at(b, number, expected, __LINE__)

static void assert_kept_at(const struct bench *b, double worst_ns, int line)
{
	if (b->broken == 0 && b->refused == 0 && b->worst_ns <= worst_ns)
		return;
	print_error("line %d: of %u readings %u outside of the bound, %u refused, %.0f ns wrong at worst\n", line,
		    b->readings, b->broken, b->refused, b->worst_ns);
	fail();
}

/* The bound held in the last run, and no reading was more wrong than this. */
#define assert_kept(b, worst_ns) assert_kept_at(b, worst_ns, __LINE__)

static enum ffntp_status status(const struct bench *b)
{
	return map(b)->status;
}

/* --- the beginning --- */

static void test_memory_and_configurations_are_checked(void **state)
{
	struct ffntp_ensemble_config config = { .members = 2 };
	struct ffntp_member_config member = { .is_unused = true };
	struct ffntp_ensemble *ensemble;
	unsigned char *memory;
	size_t size;

	(void)state;
	ffntp_client_config_default(&config.client);
	size = ffntp_ensemble_memory(&config);
	memory = aligned_alloc(16, size + 16);
	assert_true(size > 2 * ffntp_session_memory(&config.client));
	assert_null(ffntp_ensemble_init(NULL, size, &config, 1));
	assert_null(ffntp_ensemble_init(memory, size - 1, &config, 1));
	assert_null(ffntp_ensemble_init(memory + 8, size, &config, 1));
	ensemble = ffntp_ensemble_init(memory, size, &config, 1);
	assert_non_null(ensemble);
	assert_int_equal(ffntp_ensemble_add(ensemble, &member, 1), -1); /* its client's configuration is not set */
	member.client = config.client;
	assert_int_equal(ffntp_ensemble_add(ensemble, &member, 1), 0);
	assert_int_equal(ffntp_ensemble_add(ensemble, &member, 1), 1);
	assert_int_equal(ffntp_ensemble_add(ensemble, &member, 1), -1);
	ffntp_ensemble_remove(ensemble, FFNTP_ENSEMBLE_ALL, 1);
	ffntp_ensemble_remove(ensemble, 7, 1);
	ffntp_ensemble_remove(ensemble, 0, 1);
	assert_null(ffntp_ensemble_session(ensemble, 0));
	assert_int_equal(ffntp_ensemble_add(ensemble, &member, 1), 0);
	free(memory);
	config.members = 0;
	assert_int_equal(ffntp_ensemble_memory(&config), 0);
	config.members = FFNTP_ENSEMBLE_MEMBERS + 1;
	assert_int_equal(ffntp_ensemble_memory(&config), 0);
	config.members = FFNTP_ENSEMBLE_MEMBERS;
	assert_true(ffntp_ensemble_memory(&config) > 0);
	config.least_sources = FFNTP_ENSEMBLE_MEMBERS + 1;
	assert_int_equal(ffntp_ensemble_memory(&config), 0);
}

static struct ffntp_ensemble *copy_of(const struct bench *b)
{
	size_t size = ffntp_ensemble_memory(&b->config);
	unsigned char *memory = aligned_alloc(16, size + 16);
	struct ffntp_ensemble *copy;

	assert_non_null(memory);
	assert_null(ffntp_ensemble_copy(b->ensemble, memory, size - 1));
	assert_null(ffntp_ensemble_copy(b->ensemble, memory + 8, size));
	copy = ffntp_ensemble_copy(b->ensemble, memory, size);
	assert_non_null(copy);
	return copy;
}

/* The same inputs lead from a copy to the same maps, without the memory of the original. */
static void test_a_copy_is_independent(void **state)
{
	struct bench *b = make(4, 3), twin;
	struct ffntp_map expected;

	(void)state;
	run(b, 300);
	twin = *b;
	twin.ensemble = copy_of(b);
	run(b, 300);
	expected = *map(b);
	memset(b->ensemble, 0xa5, ffntp_ensemble_memory(&b->config));
	run(&twin, 300);
	assert_memory_equal(map(&twin), &expected, sizeof expected);
	assert_true(twin.readings > 0 && twin.broken == 0);
	free(twin.ensemble);
	drop(b);
}

static void test_names_of_selections_are_distinct(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FFNTP_SELECTIONS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(ffntp_selection_name((enum ffntp_selection)i),
						ffntp_selection_name((enum ffntp_selection)j));
	assert_string_equal(ffntp_selection_name(FFNTP_SELECTIONS), "unknown");
}

/* Run a session with the inputs that the ensemble's only member gets. */
struct twin {
	struct ffntp_session *session;
	unsigned maps;
};

static void repeat(void *context, unsigned member, const struct ffntp_input *input)
{
	struct twin *twin = context;
	struct ffntp_event event;

	assert_true(member == 0 || member == FFNTP_ENSEMBLE_ALL);
	ffntp_session_input(twin->session, input);
	while (ffntp_session_event(twin->session, &event))
		twin->maps += event.kind == FFNTP_EVENT_MAP;
}

static const struct ffntp_ensemble_recorder repeater = { .input = repeat };

static void assert_same_map(const struct ffntp_map *a, const struct ffntp_map *b)
{
	assert_true(a->status == b->status && a->leap == b->leap && a->at == b->at && a->time.s == b->time.s &&
		    a->time.frac == b->time.frac && a->period == b->period && a->void_after == b->void_after &&
		    a->maxerror_before_ns == b->maxerror_before_ns && a->maxerror_after_ns == b->maxerror_after_ns &&
		    a->esterror_ns == b->esterror_ns && a->disruption_marker == b->disruption_marker);
}

static void test_with_room_for_one_it_is_a_session(void **state)
{
	struct bench *b = make(1, 0);
	struct twin twin = { NULL, 0 };
	size_t size = ffntp_session_memory(&b->config.client);

	(void)state;
	twin.session = ffntp_session_init(aligned_alloc(16, size), size, &b->config.client, now(b));
	assert_non_null(twin.session);
	add_usual(b, 0);
	ffntp_ensemble_record(b->ensemble, &repeater, &twin);
	for (int hour = 0; hour < 12; hour++) {
		run(b, 600);
		assert_same_map(map(b), ffntp_session_map(twin.session));
		assert_int_equal(b->counts[FFNTP_EVENT_MAP], twin.maps);
		if (hour == 6)
			put_all(b, FFNTP_INPUT_DISRUPTED);
	}
	assert_selection(b, 0, FFNTP_SELECTION_FOLLOWED);
	assert_kept(b, 200000);
	free(twin.session);
	drop(b);
}

/* --- right servers --- */

static void test_three_servers_are_combined(void **state)
{
	struct bench *b = make(4, 3);
	struct ffntp_source source;
	unsigned shares = 0;

	(void)state;
	assert_int_equal(status(b), FFNTP_STATUS_INITIALISING);
	run(b, 4 * 3600);
	run(b, 3600);
	assert_kept(b, 30000);
	assert_int_equal(b->synchronised, b->readings);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(is_used(b, i));
		assert_true(ffntp_ensemble_source(b->ensemble, i, &source));
		shares += source.share_percent;
		assert_true(source.share_percent >= 25 && source.share_percent <= 42);
	}
	assert_true(shares >= 99 && shares <= 101);
	assert_false(ffntp_ensemble_source(b->ensemble, 3, &source));
	assert_false(ffntp_ensemble_source(b->ensemble, 64, &source));
	drop(b);
}

/* Return the RMS error of the clock (us) once a second, over the second half of a run with this number of servers. */
static double rms_of(unsigned servers)
{
	struct bench *b = make(servers, servers);
	double sum = 0;
	int count = 0;

	run(b, 3 * 3600);
	for (; count < 3 * 3600; count++) {
		run(b, 1);
		sum += b->last_ns * b->last_ns;
	}
	drop(b);
	return sqrt(sum / count) * 1e-3;
}

static void test_more_servers_are_better(void **state)
{
	double one = rms_of(1), three = rms_of(3), ten = rms_of(10);

	(void)state;
	print_message("# RMS: one server %.2f us, three %.2f, ten %.2f\n", one, three, ten);
	assert_true(three < 0.8 * one);
	assert_true(ten < 0.55 * one);
}

/* --- changes --- */

static void test_servers_that_come_and_go_do_not_move_the_clock(void **state)
{
	struct bench *b = make(5, 3);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		b->server[i].world.asymmetry_ns = i == 0 ? 60000 : i == 1 ? -40000 : 10000;
	run(b, 3 * 3600);
	for (unsigned round = 0; round < 60; round++) {
		unsigned number = round % 3;

		drop_member(b, number);
		run(b, 40);
		assert_kept(b, 60000);
		assert_true(b->largest_jump < 0.5);
		add_usual(b, number);
		b->server[number].world.asymmetry_ns = round % 2 ? -50000 : 50000;
		run(b, 80);
		assert_kept(b, 60000);
		assert_true(b->largest_jump < 0.5);
		assert_int_equal(b->synchronised, b->readings);
	}
	drop(b);
}

/* A young ensemble follows one server; where that one leaves, its errors fade, and do not go at once. */
static void test_a_lead_that_leaves_is_no_jump(void **state)
{
	struct bench *b = make(3, 3);
	double before_ns;

	(void)state;
	b->server[0].world.server_error_ns = 1000000;
	b->server[0].world.queue_ns = 1000;
	run(b, 100);
	assert_selection(b, 0, FFNTP_SELECTION_FOLLOWED);
	before_ns = b->last_ns;
	assert_true(fabs(before_ns - 1e6) < 1e5);
	drop_member(b, 0);
	run(b, 2);
	assert_true(fabs(b->last_ns - before_ns) < 2e4);
	run(b, 3 * 3600);
	assert_true(fabs(b->last_ns) < 1e5);
	drop(b);
}

/* No server stays for long enough that the joint clock could use it: one that answers is followed meanwhile. */
static void test_a_joint_clock_that_no_server_reaches_is_left(void **state)
{
	struct bench *b = make(5, 3);

	(void)state;
	run(b, 3 * 3600);
	for (unsigned round = 0; round < 180; round++) {
		drop_member(b, round % 3);
		add_usual(b, round % 3);
		b->world.ticks_per_ns += 1e-9; /* so that the rate that was known does not suffice */
		world_set_counter(&b->world, now(b), b->world.ticks_per_ns);
		run(b, 100);
		assert_int_equal(b->broken, 0);
	}
	assert_kept(b, 500000);
	drop(b);
}

static void test_the_last_server_may_go(void **state)
{
	struct bench *b = make(2, 2);

	(void)state;
	run(b, 3600);
	drop_member(b, 0);
	drop_member(b, 1);
	add_usual(b, 0);
	run(b, 10);
	assert_int_equal(b->broken, 0);
	run(b, 600);
	assert_kept(b, 100000);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

static void test_servers_that_fall_silent_count_no_longer(void **state)
{
	struct bench *b = make(3, 3);

	(void)state;
	run(b, 3 * 3600);
	b->server[0].world.is_silent = b->server[1].world.is_silent = true;
	run(b, 6 * 3600);
	assert_kept(b, 60000);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_selection(b, 0, FFNTP_SELECTION_NONE);
	assert_selection(b, 2, FFNTP_SELECTION_FOLLOWED);
	assert_true(map(b)->maxerror_before_ns < 5000000);
	/* All silent: the bound grows. */
	b->server[2].world.is_silent = true;
	run(b, 3600);
	assert_int_equal(b->broken, 0);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	drop(b);
}

static void test_a_disruption_concerns_all(void **state)
{
	struct bench *b = make(3, 3);
	uint64_t marker;

	(void)state;
	run(b, 3600);
	marker = map(b)->disruption_marker;
	world_set_counter(&b->world, 5000, 1 - 10e-6);
	put(b, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = FFNTP_INPUT_DISRUPTED });
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	assert_true(map(b)->disruption_marker != marker);
	for (unsigned i = 0; i < 3; i++) {
		b->server[i].has_reply = false;
		assert_int_equal(selection(b, i), FFNTP_SELECTION_NONE);
	}
	run(b, 30);
	assert_int_equal(b->broken, 0);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	run(b, 3600);
	run(b, 3600);
	assert_kept(b, 60000);
	drop(b);
}

static void test_a_different_counter_is_measured(void **state)
{
	struct bench *b = make(2, 2);

	(void)state;
	run(b, 3600);
	for (int round = 0; round < 2; round++) {
		/* The second hint is out of range, so that it is a disruption only. */
		world_set_counter(&b->world, 1000, 0.25);
		put(b, FFNTP_ENSEMBLE_ALL,
		    (struct ffntp_input){ .kind = FFNTP_INPUT_COUNTER_REPLACED,
					  .period_hint_s = round == 0 ? 4e-9 : 4e9,
					  .period_hint_error = 1e-3 });
		assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
		assert_true(ffntp_session_period_s(session(b, 0)) > 3.9e-9);
		assert_true(map(b)->period_shift == ffntp_session_map(session(b, 0))->period_shift);
		b->server[0].has_reply = b->server[1].has_reply = false;
		run(b, 3600);
		assert_int_equal(b->broken, 0);
		assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
		run(b, 600);
		assert_kept(b, 100000);
	}
	drop(b);
}

static void test_a_former_map_is_kept_until_there_is_a_new_one(void **state)
{
	struct bench *b = make(3, 3);
	struct ffntp_map former;

	(void)state;
	run(b, 3600);
	former = *map(b);
	begin(b);
	for (unsigned i = 0; i < 3; i++)
		add_usual(b, i);
	put(b, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = &former });
	assert_same_map(map(b), &former);
	put_all(b, FFNTP_INPUT_PUBLISH);
	assert_same_map(map(b), &former);
	run(b, 60);
	assert_kept(b, 400000);
	assert_int_equal(map(b)->disruption_marker, former.disruption_marker);
	drop(b);
}

static void test_a_former_map_that_comes_late_is_ignored(void **state)
{
	struct bench *b = make(2, 2);
	struct ffntp_map former, before;

	(void)state;
	run(b, 600);
	former = before = *map(b);
	former.time.s += 1000;
	put(b, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = &former });
	assert_same_map(map(b), &before);
	run(b, 60);
	assert_kept(b, 400000);
	drop(b);
}

static void test_a_former_map_without_time_gives_its_markers(void **state)
{
	struct bench *b = make(2, 2);
	struct ffntp_map former = *map(b);

	(void)state;
	former.status = FFNTP_STATUS_DISRUPTED;
	former.disruption_marker = 77;
	former.maxerror_before_ns = former.maxerror_after_ns = 5;
	put(b, FFNTP_ENSEMBLE_ALL, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = &former });
	assert_int_equal(status(b), FFNTP_STATUS_INITIALISING);
	run(b, 10);
	assert_int_equal(map(b)->disruption_marker, 77);
	assert_int_equal(b->broken, 0);
	drop(b);
}

/* A request in flight gets a reply whose counter reading lies before its departure: the counter was set back. */
static void test_a_counter_that_was_set_back_concerns_all(void **state)
{
	struct bench *b = make(2, 2);
	uint64_t marker;

	(void)state;
	b->config.client.poll_min_s = b->config.client.poll_max_s = 16;
	run(b, 3600);
	marker = map(b)->disruption_marker;
	while (!b->server[0].has_reply) {
		act(b);
		b->world.now_ns = b->server[0].has_reply ? b->world.now_ns : next_ns(b, INT64_MAX);
	}
	b->world.now_ns = b->server[0].reply_ns;
	world_set_counter(&b->world, 1000, b->world.ticks_per_ns);
	b->server[1].has_reply = false;
	deliver(b, 0);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	assert_true(map(b)->disruption_marker != marker);
	run(b, 600);
	run(b, 600);
	assert_kept(b, 300000);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* No reply is awaited. The first member's timeout shows it, and the others need not find out one by one. */
static void test_a_counter_that_was_set_back_between_exchanges_concerns_all(void **state)
{
	struct bench *b = make(3, 3);
	uint64_t marker;

	(void)state;
	run(b, 3600);
	marker = map(b)->disruption_marker;
	for (unsigned i = 0; i < 3; i++)
		assert_false(b->server[i].has_reply);
	world_set_counter(&b->world, now(b) - 90 * S_NS, b->world.ticks_per_ns);
	put(b, 2, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT });
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	assert_true(map(b)->disruption_marker != marker);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ffntp_session_map(session(b, i))->status, FFNTP_STATUS_DISRUPTED);
	run(b, 10);
	assert_int_equal(b->broken, 0);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

static void test_a_refused_reply_teaches_nothing(void **state)
{
	struct bench *b = make(2, 2);
	struct ffntp_map before;

	(void)state;
	run(b, 3600);
	before = *map(b);
	for (int i = 0; i < 30; i++)
		put(b, 0,
		    (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .bytes = b->server[0].reply, .length = 48 });
	assert_true(map(b)->esterror_ns > before.esterror_ns * 9 / 10);
	drop(b);
}

/* In interleaved mode a reply may have no stamp, because its exchange is complete only with the next one. */
static void test_an_incomplete_exchange_teaches_nothing(void **state)
{
	struct bench *b = make(2, 0);
	const struct ffntp_member *member;
	struct ffntp_packet packet;
	double exchanges;

	(void)state;
	b->config.client.interleaved = 1;
	begin(b);
	add_usual(b, 0);
	add_usual(b, 1);
	run(b, 3600);
	member = &b->ensemble->member[0];
	while (!b->server[0].has_reply) {
		act(b);
		b->world.now_ns = b->server[0].has_reply ? b->world.now_ns : next_ns(b, INT64_MAX);
	}
	b->world.now_ns = b->server[0].reply_ns;
	assert_int_equal(ffntp_wire_read(b->server[0].reply, FFNTP_WIRE_SIZE, &packet), FFNTP_ACCEPTED);
	packet.origin.units = packet.origin.units << 1 | packet.origin.units >> 63; /* the request's second nonce */
	ffntp_wire_write(&packet, b->server[0].reply);
	exchanges = member->frame.exchanges;
	assert_true(exchanges > 0 && exchanges < FFNTP_ENSEMBLE_FRAME_EXCHANGES);
	deliver(b, 0);
	assert_int_equal(member->session->client->decision.verdict, FFNTP_ACCEPTED);
	assert_int_equal(member->session->client->decision.reason, FFNTP_REASON_INCOMPLETE);
	assert_true(member->frame.exchanges == exchanges);
	run(b, 600);
	assert_true(member->frame.exchanges > exchanges);
	assert_kept(b, 100000);
	drop(b);
}

/* --- wrong servers --- */

static void test_a_falseticker_is_named_and_left_out(void **state)
{
	struct bench *b = make(3, 3);
	struct ffntp_source source;

	(void)state;
	b->server[0].world.server_error_ns = 100 * 1000000; /* the first one, so that it is there first */
	run(b, 60);
	assert_int_equal(b->broken, 0);
	run(b, 3 * 3600);
	assert_selection(b, 0, FFNTP_SELECTION_FALSETICKER);
	assert_true(is_used(b, 1) && is_used(b, 2));
	assert_true(b->counts[FFNTP_EVENT_SELECTION] > 0);
	run(b, 3600);
	assert_kept(b, 30000);
	assert_int_equal(b->synchronised, b->readings);
	assert_true(ffntp_ensemble_source(b->ensemble, 0, &source));
	assert_in_range(source.offset_ns + 200 * 1000000, 95 * 1000000, 105 * 1000000); /* -100 ms, within 5 ms */
	assert_true(ffntp_ensemble_source(b->ensemble, 1, &source));
	assert_in_range(source.offset_ns + 5 * 1000000, 0, 10 * 1000000);
	drop(b);
}

static void test_without_a_majority_the_bound_admits_all(void **state)
{
	struct bench *b = make(2, 2);
	struct ffntp_reading reading;

	(void)state;
	b->server[1].world.server_error_ns = -100 * 1000000;
	run(b, 600);
	for (unsigned i = 0; i < 2; i++)
		assert_selection(b, i, FFNTP_SELECTION_NO_MAJORITY);
	run(b, 3600);
	assert_int_equal(b->broken, 0);
	assert_int_equal(b->synchronised, 0);
	assert_int_equal(ffntp_clock_at(map(b), now(b), FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(reading.bound_ns > 50 * 1000000);
	drop(b);
}

/* It will not vote for a long time, so that the other one is all that there is. */
static void test_a_server_that_refuses_service_is_not_awaited(void **state)
{
	struct bench *b = make(2, 2);

	(void)state;
	b->server[0].refuses_service = true;
	run(b, 60);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

static void test_a_majority_that_lies_wins(void **state)
{
	struct bench *b = make(3, 3);

	(void)state;
	b->server[0].world.server_error_ns = b->server[1].world.server_error_ns = 100 * 1000000;
	run(b, 3600);
	assert_selection(b, 2, FFNTP_SELECTION_FALSETICKER);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

static void test_a_liar_within_the_bounds_counts_little(void **state)
{
	struct bench *b = make(5, 5);

	(void)state;
	b->server[0].world.server_error_ns = 1000000; /* delays of 2 ms each way hide it */
	run(b, 6 * 3600);
	assert_true(selection(b, 0) != FFNTP_SELECTION_FALSETICKER);
	run(b, 3600);
	assert_kept(b, 40000);
	drop(b);
}

static void test_a_server_that_drifts_away_is_found(void **state)
{
	struct bench *b = make(3, 3);

	(void)state;
	run(b, 3 * 3600);
	for (int s = 0; s < 3600; s++) {
		b->server[1].world.server_error_ns += 100; /* 0.1 ppm */
		run(b, 1);
		assert_kept(b, 30000);
	}
	assert_selection(b, 1, FFNTP_SELECTION_ASTRAY);
	b->server[1].world.server_error_ns = 0;
	run(b, 3 * 3600);
	assert_true(is_used(b, 1));
	drop(b);
}

static void test_a_step_of_all_servers_is_followed(void **state)
{
	struct bench *b = make(3, 3);
	uint32_t marker;

	(void)state;
	b->config.client.counter_may_jump = true;
	begin(b);
	for (unsigned i = 0; i < 3; i++)
		add_usual(b, i);
	run(b, 3600);
	marker = map(b)->counter_marker;
	b->server[1].world.server_error_ns = 5 * S_NS;
	run(b, 3600);
	assert_int_equal(map(b)->counter_marker, marker); /* one server does not change it */
	b->server[1].world.server_error_ns = 0;
	run(b, 3600);
	world_set_counter(&b->world, now(b) + 5000000000, b->world.ticks_per_ns); /* 5 s that nobody reported */
	run(b, 300);
	run(b, 3600);
	assert_kept(b, 100000);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_true(map(b)->counter_marker != marker);
	drop(b);
}

/* Find the time until the first reply of any server, and pass it. */
static void run_until_answered(struct bench *b)
{
	unsigned before = b->counts[FFNTP_EVENT_REPLY];

	while (b->counts[FFNTP_EVENT_REPLY] == before)
		run(b, 0.1);
}

/* The guest was stopped, without a sign. The first reply refuses the time, and a burst finds it. */
static void test_a_jump_of_the_counter_shows_in_the_first_reply(void **state)
{
	struct bench *b = make(3, 0);
	uint32_t marker;

	(void)state;
	b->config.client.counter_may_jump = true;
	b->config.client.poll_min_s = b->config.client.poll_max_s = 64;
	begin(b);
	for (unsigned i = 0; i < 3; i++)
		add_usual(b, i);
	run(b, 3600);
	for (unsigned i = 0; i < 3; i++)
		assert_false(b->server[i].has_reply);
	marker = map(b)->counter_marker;
	world_set_counter(&b->world, now(b), b->world.ticks_per_ns);
	b->world.now_ns += 5 * S_NS;
	b->world.counter_from_ns += 5 * S_NS; /* the counter stood still for 5 s */
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	run_until_answered(b);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	run(b, 10);
	assert_int_equal(b->broken, 0);
	assert_true(map(b)->counter_marker != marker);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	run(b, 600);
	assert_kept(b, 200000);
	drop(b);
}

/* The others are asked at once, and the time is refused only until they have answered. */
static void test_one_server_that_steps_is_no_jump(void **state)
{
	struct bench *b = make(3, 0);
	uint32_t marker;
	int64_t doubted_ns;
	unsigned before;

	(void)state;
	b->config.client.counter_may_jump = true;
	b->config.client.poll_min_s = b->config.client.poll_max_s = 64;
	begin(b);
	for (unsigned i = 0; i < 3; i++)
		add_usual(b, i);
	run(b, 3600);
	marker = map(b)->counter_marker;
	b->server[1].world.server_error_ns = 5 * S_NS;
	doubted_ns = b->world.now_ns;
	while (status(b) != FFNTP_STATUS_DISRUPTED) {
		b->world.now_ns = next_ns(b, INT64_MAX);
		assert_true(b->world.now_ns - doubted_ns < 100 * S_NS);
		act(b);
	}
	run(b, 600);
	assert_in_range(b->refused, 0, 4);
	assert_int_equal(b->broken, 0);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(map(b)->counter_marker, marker);
	assert_selection(b, 1, FFNTP_SELECTION_FALSETICKER);
	/* It is no news any more. */
	b->server[1].world.server_error_ns = 9 * S_NS;
	before = b->counts[FFNTP_EVENT_REPLY];
	while (b->counts[FFNTP_EVENT_REPLY] < before + 12) {
		b->world.now_ns = next_ns(b, INT64_MAX);
		act(b);
		assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	}
	drop(b);
}

/* Two servers that contradict each other after a burst: the vote decides, and does not know either. */
static void test_a_doubt_ends(void **state)
{
	struct bench *b = make(2, 0);

	(void)state;
	b->config.client.counter_may_jump = true;
	begin(b);
	for (unsigned i = 0; i < 2; i++)
		add_usual(b, i);
	run(b, 3600);
	b->server[1].world.server_error_ns = 5 * S_NS;
	run(b, 600);
	assert_in_range(b->refused, 1, 20);
	assert_int_equal(b->broken, 0);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	drop(b);
}

static void test_a_change_of_the_rate_is_followed(void **state)
{
	struct bench *b = make(3, 3);

	(void)state;
	run(b, 3 * 3600);
	world_set_counter(&b->world, now(b), b->world.ticks_per_ns + 5e-6);
	run(b, 1800);
	run(b, 3600);
	assert_kept(b, 40000);
	for (unsigned i = 0; i < 3; i++)
		assert_true(is_used(b, i));
	drop(b);
}

/* A server that contradicts itself may be right before or after: its interval contains both until that is known. */
static void test_a_server_in_doubt_has_a_wide_interval(void **state)
{
	struct bench *b = make(2, 0);
	struct ffntp_member_config config = usual(b);

	(void)state;
	config.is_trusted = true;
	add(b, 0, &config);
	run(b, 3600);
	b->server[0].world.server_error_ns = 200 * 1000000;
	run(b, 300);
	assert_int_equal(b->broken, 0);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	assert_true(map(b)->maxerror_after_ns > 150 * 1000000);
	assert_selection(b, 0, FFNTP_SELECTION_ASTRAY);
	drop(b);
}

static void test_one_of_three_is_not_enough_while_two_may_still_answer(void **state)
{
	struct bench *b = make(3, 3);

	(void)state;
	b->server[1].world.is_silent = b->server[2].world.is_silent = true;
	run(b, 4.5);
	assert_true(b->readings > 2);
	assert_int_equal(b->synchronised, 0);
	run(b, 60);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED); /* the two have been asked in vain */
	drop(b);
}

/* --- what the user wishes --- */

static void test_preferred_servers_are_combined_alone_while_they_are_right(void **state)
{
	struct bench *b = make(3, 0);
	struct ffntp_member_config config = usual(b);

	(void)state;
	add_usual(b, 0);
	config.is_preferred = true;
	add(b, 1, &config);
	add_usual(b, 2);
	run(b, 3 * 3600);
	assert_selection(b, 1, FFNTP_SELECTION_FOLLOWED);
	assert_selection(b, 0, FFNTP_SELECTION_SPARE);
	assert_selection(b, 2, FFNTP_SELECTION_SPARE);
	b->server[1].world.server_error_ns = 100 * 1000000;
	run(b, 3 * 3600);
	assert_selection(b, 1, FFNTP_SELECTION_FALSETICKER);
	assert_true(is_used(b, 0) && is_used(b, 2));
	run(b, 600);
	assert_kept(b, 60000);
	drop(b);
}

static void test_a_trusted_server_is_believed_against_the_majority(void **state)
{
	struct bench *b = make(3, 0);
	struct ffntp_member_config config = usual(b);

	(void)state;
	add_usual(b, 0);
	add_usual(b, 1);
	config.is_trusted = true;
	add(b, 2, &config);
	b->server[0].world.server_error_ns = b->server[1].world.server_error_ns = 100 * 1000000;
	run(b, 3600);
	assert_selection(b, 0, FFNTP_SELECTION_FALSETICKER);
	assert_selection(b, 2, FFNTP_SELECTION_FOLLOWED);
	assert_int_equal(b->broken, 0);
	run(b, 600);
	assert_kept(b, 60000);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

static void test_an_unused_server_has_no_part(void **state)
{
	struct bench *b = make(2, 1);
	struct ffntp_member_config config = usual(b);

	(void)state;
	config.is_unused = true;
	add(b, 1, &config);
	b->server[1].world.server_error_ns = 100 * 1000000;
	run(b, 3600);
	assert_selection(b, 0, FFNTP_SELECTION_FOLLOWED);
	assert_selection(b, 1, FFNTP_SELECTION_FALSETICKER);
	b->server[1].world.server_error_ns = 0;
	run(b, 2 * 3600);
	assert_selection(b, 1, FFNTP_SELECTION_SPARE);
	b->server[0].world.is_silent = true;
	run(b, 3600);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	assert_int_equal(b->broken, 0);
	drop(b);
}

static void test_a_required_server_must_be_right(void **state)
{
	struct bench *b = make(3, 1);
	struct ffntp_member_config config = usual(b);

	(void)state;
	config.is_required = true;
	add(b, 1, &config);
	add_usual(b, 2);
	run(b, 3600);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	b->server[1].world.is_silent = true;
	run(b, 3600);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	b->server[1].world.is_silent = false;
	run(b, 7200);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

static void test_a_least_number_of_servers_must_be_right(void **state)
{
	struct bench *b = make(3, 0);

	(void)state;
	b->config.least_sources = 3;
	begin(b);
	for (unsigned i = 0; i < 3; i++)
		add_usual(b, i);
	run(b, 3 * 3600);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	for (int s = 0; s < 3600; s++) {
		b->server[1].world.server_error_ns += 100; /* 0.1 ppm: it goes astray */
		run(b, 1);
	}
	assert_selection(b, 1, FFNTP_SELECTION_ASTRAY);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	b->server[1].world.server_error_ns = 0;
	b->server[2].world.is_silent = true;
	run(b, 3 * 3600);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	b->server[2].world.is_silent = false;
	run(b, 3600);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* --- leap seconds --- */

static void test_the_majority_announces_leap_seconds(void **state)
{
	const int64_t leap_s = 1782864000; /* 2026-07-01 */
	struct bench *b = make(3, 0);

	(void)state;
	b->world.now_ns = b->world.counter_from_ns = (leap_s - 3 * 3600) * S_NS;
	b->config.client.pivot_s = leap_s;
	begin(b);
	for (unsigned i = 0; i < 3; i++)
		add_usual(b, i);
	b->server[1].world.leap = 1;
	b->server[1].world.queue_ns = b->server[2].world.queue_ns = 1000000;
	run(b, 1800);
	assert_int_equal(map(b)->leap, FFNTP_LEAP_NONE);
	b->server[0].world.leap = 1;
	run(b, 1800);
	assert_int_equal(map(b)->leap, FFNTP_LEAP_PRE_POSITIVE);
	b->server[1].world.leap = 0;
	run(b, 1200);
	assert_int_equal(map(b)->leap, FFNTP_LEAP_NONE);
	/* One of two that answer is no majority, although one that fell silent announced it, and is followed. */
	b->server[1].world.leap = 1;
	b->server[0].world.is_silent = true;
	run(b, 1800);
	assert_int_equal(map(b)->leap, FFNTP_LEAP_NONE);
	b->server[2].world.leap = 1;
	run(b, 1200);
	assert_int_equal(map(b)->leap, FFNTP_LEAP_PRE_POSITIVE);
	drop(b);
}

/* A server that smears is left out until it no longer does; the clock stays synchronised by the others. */
static void test_a_server_that_smears_is_left_out(void **state)
{
	struct ffntp_leap_table table = *ffntp_leap_table_builtin();
	const struct ffntp_leap_entry last = table.entry[table.count - 1]; /* the end of 2016 */
	struct ffntp_numbering numbering;
	struct bench *b = make(3, 0);
	struct ffntp_reading reading;

	(void)state;
	assert_int_equal(ffntp_numbering_from_table(&table, (struct ffntp_time){ last.from_s - 100, 0 }, &numbering),
			 FFNTP_TIMESCALE_OK);
	b->world.now_ns = b->world.counter_from_ns = (last.from_s - 50000) * S_NS;
	b->config.client.pivot_s = last.from_s;
	b->config.client.leap_table = &table;
	begin(b);
	for (unsigned i = 0; i < 3; i++) {
		add_usual(b, i);
		b->server[i].world.numbering = &numbering;
	}
	b->server[0].world.server_scale = FFNTP_UTC_SMEARED;
	run(b, 6000);
	assert_true(is_used(b, 0));
	run(b, 3 * 3600);
	assert_selection(b, 0, FFNTP_SELECTION_NONE);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(ffntp_clock_at(map(b), now(b), FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(llabs(ffntp_time_diff_ns(reading.estimate, ffntp_time_from_ns(b->world.now_ns))) < 40000);
	drop(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_and_configurations_are_checked),
		cmocka_unit_test(test_names_of_selections_are_distinct),
		cmocka_unit_test(test_a_copy_is_independent),
		cmocka_unit_test(test_with_room_for_one_it_is_a_session),
		cmocka_unit_test(test_three_servers_are_combined),
		cmocka_unit_test(test_more_servers_are_better),
		cmocka_unit_test(test_servers_that_come_and_go_do_not_move_the_clock),
		cmocka_unit_test(test_a_lead_that_leaves_is_no_jump),
		cmocka_unit_test(test_a_joint_clock_that_no_server_reaches_is_left),
		cmocka_unit_test(test_the_last_server_may_go),
		cmocka_unit_test(test_servers_that_fall_silent_count_no_longer),
		cmocka_unit_test(test_a_disruption_concerns_all),
		cmocka_unit_test(test_a_different_counter_is_measured),
		cmocka_unit_test(test_a_former_map_is_kept_until_there_is_a_new_one),
		cmocka_unit_test(test_a_falseticker_is_named_and_left_out),
		cmocka_unit_test(test_without_a_majority_the_bound_admits_all),
		cmocka_unit_test(test_a_server_that_refuses_service_is_not_awaited),
		cmocka_unit_test(test_a_majority_that_lies_wins),
		cmocka_unit_test(test_a_liar_within_the_bounds_counts_little),
		cmocka_unit_test(test_a_server_that_drifts_away_is_found),
		cmocka_unit_test(test_a_step_of_all_servers_is_followed),
		cmocka_unit_test(test_a_jump_of_the_counter_shows_in_the_first_reply),
		cmocka_unit_test(test_one_server_that_steps_is_no_jump),
		cmocka_unit_test(test_a_doubt_ends),
		cmocka_unit_test(test_a_change_of_the_rate_is_followed),
		cmocka_unit_test(test_preferred_servers_are_combined_alone_while_they_are_right),
		cmocka_unit_test(test_a_trusted_server_is_believed_against_the_majority),
		cmocka_unit_test(test_an_unused_server_has_no_part),
		cmocka_unit_test(test_a_required_server_must_be_right),
		cmocka_unit_test(test_a_least_number_of_servers_must_be_right),
		cmocka_unit_test(test_a_former_map_that_comes_late_is_ignored),
		cmocka_unit_test(test_a_former_map_without_time_gives_its_markers),
		cmocka_unit_test(test_a_counter_that_was_set_back_concerns_all),
		cmocka_unit_test(test_a_counter_that_was_set_back_between_exchanges_concerns_all),
		cmocka_unit_test(test_a_refused_reply_teaches_nothing),
		cmocka_unit_test(test_an_incomplete_exchange_teaches_nothing),
		cmocka_unit_test(test_a_server_in_doubt_has_a_wide_interval),
		cmocka_unit_test(test_one_of_three_is_not_enough_while_two_may_still_answer),
		cmocka_unit_test(test_the_majority_announces_leap_seconds),
		cmocka_unit_test(test_a_server_that_smears_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
