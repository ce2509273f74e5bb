/* client: a clock in a simulated world, through the four verbs alone. test_ruling.c tests faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/bits.h"
#include "../core/params.h"
#include "../core/publisher.h"
#include "clientworld.h"

static void test_keeps_time(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_INITIALISING);
	world_run(&f.world, f.client, 1);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < S_NS / 1000);
	world_run(&f.world, f.client, 2);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < S_NS / 1000);
	run_bounded(&f, 7200);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < 100000);
	drop(&f);
}

/*
 * All of the delay is in one direction, and the server is as wrong as it states: the truth is at an end of the
 * interval.
 */
static void test_bound_holds_to_its_ends(void **state)
{
	(void)state;
	for (int side = -1; side <= 1; side += 2) {
		struct fixture f = make(START_NS);
		struct ffntp_reading reading;
		int64_t before_ns, after_ns;

		f.world.delay_ns = 1000;
		f.world.queue_ns = 1000;
		f.world.asymmetry_ns = side * 5000000;
		f.world.root_dispersion = 1 << 12; /* 62.5 ms */
		f.world.server_error_ns = side * 62500000;
		world_run(&f.world, f.client, 1);
		run_bounded(&f, 3600);
		/*
		 * Test right after an exchange, because between two the rate is proven by two root distances in an
		 * hour.
		 */
		for (unsigned accepted = f.world.accepted; f.world.accepted == accepted;)
			world_run(&f.world, f.client, 0.01);
		assert_int_equal(world_read(&f.world, f.client, &reading), FFNTP_CLOCK_OK);
		before_ns = f.world.now_ns - ffntp_time_to_ns(reading.earliest);
		after_ns = ffntp_time_to_ns(reading.latest) - f.world.now_ns;
		assert_true((side > 0 ? before_ns : after_ns) < 50000);
		assert_true(before_ns + after_ns > 2 * 65000000);
		drop(&f);
	}
}

/*
 * A bond that broadcasts, or a bridge that floods, sends several copies of a request. The kernel stamps the last copy,
 * and the first one arrives.
 */
static void test_bound_holds_where_the_departure_is_that_of_a_later_copy(void **state)
{
	static const int64_t late_ns[] = { 100000, 2500000, 3900000 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fixture f = make(START_NS);

		f.world.queue_ns = 20000;
		f.world.sent_late_ns = late_ns[i];
		world_run(&f.world, f.client, 1);
		run_bounded(&f, 3600);
		assert_true(f.world.accepted + 2 > f.world.requests);
		drop(&f);
	}
}

/*
 * After some exchanges the server's coarse steps are detected; from then on, and for good, they are part of its root
 * distance.
 */
static void test_a_server_that_is_coarser_than_it_says_is_seen_to_be(void **state)
{
	static const struct {
		int64_t step_ns, residence_ns;
		int8_t log2_s;
	} cases[] = {
		{ 4000000, 20000, -9 }, { 10000000, 20000, -9 },   { 15600000, 20000, -9 },  { 10000000, 0, -20 },
		{ 15625000, 0, -20 },   { 4000000, 5000000, -20 }, { 16666667, 20000, -24 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint64_t seed = 1; seed <= 4; seed++) {
			struct fixture f = make(START_NS);
			uint64_t before;

			f.world.prng.state = seed;
			f.world.ticks_per_ns = 1 + (double)seed * 17e-6;
			f.world.delay_ns = 300000;
			f.world.queue_ns = 50000;
			f.world.server_step_ns = cases[i].step_ns;
			f.world.residence_ns = cases[i].residence_ns;
			f.world.server_log2_s = cases[i].log2_s;
			world_run(&f.world, f.client, 1);
			before = marker(&f);
			world_run(&f.world, f.client, 119);
			assert_true(marker(&f) != before); /* the maps published before are void */
			for (int k = 0; k < 2000; k++) {
				struct ffntp_source source;

				world_run(&f.world, f.client, 10);
				ffntp_client_source(f.client, &source);
				assert_true(source.root_dispersion_ns * 1.001 >= (double)cases[i].step_ns);
				/* A multiple of the step may be detected first, while polls are regular. */
				assert_true(k < 100 || source.root_dispersion_ns < 40000000);
			}
			drop(&f);
		}
	}
}

/*
 * Once the grain is detected, the bounds and rates that the exchanges proved are void. The estimator had taken the
 * grain for noise, so that its error stays the same.
 */
static void test_a_grain_that_is_seen_does_not_restart_the_estimator(void **state)
{
	const int64_t step_ns = 100000;
	struct fixture f = make(START_NS);
	struct ffntp_source source = { .root_dispersion_ns = 0 };
	struct ffntp_reading before, after;

	(void)state;
	f.world.delay_ns = 300000;
	f.world.queue_ns = step_ns;
	f.world.server_step_ns = step_ns;
	world_run(&f.world, f.client, 1);
	for (int i = 0; source.root_dispersion_ns < step_ns * 9 / 10 && i < 3600; i++) {
		assert_int_equal(world_read(&f.world, f.client, &before), FFNTP_CLOCK_OK);
		world_run(&f.world, f.client, 1);
		ffntp_client_source(f.client, &source);
	}
	assert_true(source.root_dispersion_ns >= step_ns * 9 / 10);
	assert_int_equal(world_read(&f.world, f.client, &after), FFNTP_CLOCK_OK);
	assert_true(after.esterror_ns < 2 * before.esterror_ns);
	assert_true(world_bound_holds(&f.world, f.client));
	drop(&f);
}

/* The steps of one server are not attributed to the next. */
static void test_another_server_is_not_coarse_for_it(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_source source;

	(void)state;
	f.world.server_step_ns = 10000000;
	world_run(&f.world, f.client, 120);
	ffntp_client_source(f.client, &source);
	assert_true(source.root_dispersion_ns > 9900000);
	f.world.server_step_ns = 0;
	ffntp_client_server_changed(f.client, world_counter(&f.world, f.world.now_ns));
	world_run(&f.world, f.client, 1);
	ffntp_client_source(f.client, &source);
	assert_true(source.stratum == 1 && source.root_dispersion_ns < 1000);
	drop(&f);
}

/* A server that states its coarse precision is used from its first reply on, and none of its replies is refused. */
static void test_an_honest_coarse_server_is_used(void **state)
{
	static const int64_t residences_ns[] = { 0, 20000, 5000000, 20000000 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct fixture f = make(START_NS);

		f.world.delay_ns = 300000;
		f.world.queue_ns = 50000;
		f.world.server_step_ns = 15625000;
		f.world.server_log2_s = -6;
		f.world.residence_ns = residences_ns[i];
		world_run(&f.world, f.client, 3600);
		assert_int_equal(counted(f.client, FFNTP_REFUSED_RESIDENCE), 0);
		assert_int_equal(counted(f.client, FFNTP_REFUSED_TIMESTAMPS), 0);
		drop(&f);
	}
}

static void test_starts_with_a_burst_that_tapers_off(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 14.5);
	assert_int_equal(f.world.requests, 8);
	world_run(&f.world, f.client, 2.7 + 3.65 + 4.92 + 6.64 + 8.97 + 12.11);
	assert_int_equal(f.world.requests, 14);
	assert_in_range(requests_in(&f, 160), 9, 11);
	drop(&f);
}

/* Compare all fields, and not the padding between them. */
static void assert_same_map(const struct ffntp_map *map, const struct ffntp_map *other)
{
	assert_memory_equal(map, other, offsetof(struct ffntp_map, leap_sign) + sizeof map->leap_sign);
	assert_memory_equal(&map->leap_at_s, &other->leap_at_s,
			    offsetof(struct ffntp_map, counter_marker) + sizeof map->counter_marker -
				    offsetof(struct ffntp_map, leap_at_s));
	assert_memory_equal(&map->at, &other->at, sizeof *map - offsetof(struct ffntp_map, at));
}

/*
 * The copy is in different memory, in a different world, and nothing of the original is left: it is the same clock, to
 * the last bit.
 */
static void test_a_copy_goes_on_alone(void **state)
{
	struct fixture f = make(START_NS), copy;
	size_t size = ffntp_client_memory(&f.config);
	void *memory = aligned_alloc(16, size);
	struct ffntp_map of_original, of_copy;

	(void)state;
	world_run(&f.world, f.client, 9000);
	copy = f;
	assert_null(ffntp_client_copy(f.client, memory, size - 1));
	copy.client = ffntp_client_copy(f.client, memory, size);
	assert_non_null(copy.client);
	world_run(&f.world, f.client, 3000);
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &of_original);
	memset(f.client, 0xa5, size);
	world_run(&copy.world, copy.client, 3000);
	ffntp_client_output(copy.client, world_counter(&copy.world, copy.world.now_ns), &of_copy);
	assert_int_equal(copy.world.accepted, f.world.accepted);
	assert_same_map(&of_copy, &of_original);
	drop(&copy);
	drop(&f);
}

static struct ffntp_source source_of(const struct fixture *f)
{
	struct ffntp_source source;

	ffntp_client_source(f->client, &source);
	return source;
}

/* The source's data are those of the present server, and of its replies since the last disruption of the counter. */
static void test_of_a_server_is_told_what_it_said(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 600);
	assert_int_equal(source_of(&f).stratum, 1);
	assert_in_range(source_of(&f).rtt_min_ns, 4000000, source_of(&f).rtt_ns);
	assert_true(source_of(&f).last_accepted != 0 && source_of(&f).verdicts[FFNTP_ACCEPTED] > 30);
	ffntp_client_server_changed(f.client, world_counter(&f.world, f.world.now_ns));
	assert_int_equal(source_of(&f).stratum, 0);
	assert_int_equal(source_of(&f).rtt_min_ns, 0);
	assert_int_equal(source_of(&f).last_accepted, 0);
	assert_int_equal(source_of(&f).verdicts[FFNTP_ACCEPTED], 0);
	world_run(&f.world, f.client, 1);
	assert_int_equal(source_of(&f).stratum, 1);
	assert_int_equal(source_of(&f).rtt_min_ns, source_of(&f).rtt_ns);
	ffntp_client_disrupted(f.client, world_counter(&f.world, f.world.now_ns));
	assert_int_equal(source_of(&f).stratum, 0);
	assert_int_equal(source_of(&f).last_accepted, 0);
	assert_int_equal(source_of(&f).verdicts[FFNTP_ACCEPTED], 1);
	drop(&f);
}

static void test_refuses_a_zero_nonce(void **state)
{
	struct fixture f = make(START_NS);
	uint8_t packet[FFNTP_REQUEST_SIZE];

	(void)state;
	assert_false(ffntp_client_request(f.client, 1, 0, packet));
	drop(&f);
}

static void test_refuses_configurations_out_of_range(void **state)
{
	struct ffntp_client_config good, bad;

	(void)state;
	ffntp_client_config_default(&good);
	good.estimator = estimator;
	assert_true(ffntp_client_memory(&good) > 0);
#define REFUSES(field, value)                                   \
	do {                                                    \
		bad = good;                                     \
		bad.field = (value);                            \
		assert_int_equal(ffntp_client_memory(&bad), 0); \
	} while (0)
	REFUSES(period_hint_s, 0);
	REFUSES(period_hint_s, -1e-9);
	REFUSES(period_hint_s, 1.01e-6);
	REFUSES(period_hint_s, (double)NAN);
	REFUSES(period_hint_error, 0.51);
	REFUSES(period_hint_error, (double)NAN);
	REFUSES(poll_min_s, 0);
	REFUSES(poll_max_s, 8);
	REFUSES(poll_max_s, 131073);
	REFUSES(burst, 0);
	REFUSES(burst, 17);
	REFUSES(max_drift, -1);
	REFUSES(max_root_distance_s, 17);
	REFUSES(accuracy_target_s, -1);
	REFUSES(estimator, (enum ffntp_estimator_kind)99);
#undef REFUSES
	assert_null(ffntp_client_init(NULL, 1 << 20, &good, 0));
	drop(&(struct fixture){ 0 });
}

/* A program compiled with later headers has fields beyond ours. The memory behind its struct is not touched. */
static void test_takes_configurations_of_other_versions(void **state)
{
	struct {
		struct ffntp_client_config known;
		uint64_t later, beyond;
	} config = { .later = 1, .beyond = 1 };
	const size_t size = sizeof config - sizeof config.beyond;

	(void)state;
	ffntp_client_config_init(&config.known, size);
	config.known.estimator = estimator;
	assert_int_equal(config.known.size, size);
	assert_int_equal(config.known.poll_max_s, 1024);
	assert_int_equal(config.later, 0);
	assert_int_equal(config.beyond, 1);
	assert_true(ffntp_client_memory(&config.known) > 0);
	config.later = 1;
	assert_int_equal(ffntp_client_memory(&config.known), 0);
	config.known.size = sizeof config.known;
	assert_true(ffntp_client_memory(&config.known) > 0);
	config.known.size = 0;
	assert_int_equal(ffntp_client_memory(&config.known), 0);
}

/* The memory of both is released a short time later: no state is kept outside of it. */
static void test_two_clients_side_by_side(void **state)
{
	struct fixture a = make(START_NS), b = make(START_NS), alone = make(START_NS);

	(void)state;
	b.world.prng.state = 99;
	for (int i = 0; i < 300; i++) {
		world_run(&a.world, a.client, 5);
		world_run(&b.world, b.client, 5);
		world_run(&alone.world, alone.client, 5);
		assert_true(world_error_ns(&a.world, a.client) == world_error_ns(&alone.world, alone.client));
	}
	assert_true(world_error_ns(&a.world, a.client) != world_error_ns(&b.world, b.client));
	drop(&a);
	drop(&b);
	drop(&alone);
}

static void test_free_runs_without_answers(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_reading before, after;
	unsigned changes;

	(void)state;
	world_run(&f.world, f.client, 3600);
	assert_int_equal(world_read(&f.world, f.client, &before), FFNTP_CLOCK_OK);
	f.world.is_silent = true;
	changes = world_run(&f.world, f.client, 8 * 16 + 8);
	assert_int_equal(changes, 1);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	run_bounded(&f, 7200);
	assert_int_equal(world_read(&f.world, f.client, &after), FFNTP_CLOCK_OK);
	assert_true(after.bound_ns > before.bound_ns + 7000000);
	f.world.is_silent = false;
	run_bounded(&f, 60);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
}

/*
 * A server that replies without a usable time counts as silent: the clock free-runs, and the client asks for another
 * server.
 */
static void test_free_runs_on_answers_without_time(void **state)
{
	static const struct {
		uint8_t stratum, leap;
		uint32_t refid, root_dispersion;
		int64_t residence_ns;
		enum ffntp_verdict verdict;
	} useless[] = {
		{ .stratum = 1, .leap = 3, .verdict = FFNTP_REFUSED_UNSYNCHRONISED },
		{ .stratum = 1, .root_dispersion = 4 << 16, .verdict = FFNTP_REFUSED_ROOT_DISTANCE },
		{ .stratum = 1, .residence_ns = -S_NS, .verdict = FFNTP_REFUSED_TIMESTAMPS },
		{ .stratum = 0, .refid = 0x58595a57, .verdict = FFNTP_REFUSED_KISS_OTHER },
		{ .stratum = 0, .refid = 0x52415445, .verdict = FFNTP_REFUSED_KISS_RATE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
		struct fixture f = make(START_NS);
		unsigned changes = 0;

		f.config.poll_max_s = 16;
		make_client(&f);
		world_run(&f.world, f.client, 3600);
		f.world.stratum = useless[i].stratum;
		f.world.leap = useless[i].leap;
		f.world.refid = useless[i].refid;
		f.world.root_dispersion = useless[i].root_dispersion;
		f.world.residence_ns += useless[i].residence_ns;
		while (counted(f.client, useless[i].verdict) < 3)
			changes += world_run(&f.world, f.client, 1);
		assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
		while (counted(f.client, useless[i].verdict) < 4)
			changes += world_run(&f.world, f.client, 1);
		assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
		while (counted(f.client, useless[i].verdict) < 8)
			changes += world_run(&f.world, f.client, 1);
		assert_int_equal(changes + world_run(&f.world, f.client, 4), 1);
		drop(&f);
	}
}

/* Case 34: the daemon that published the map has stopped. */
static void test_a_map_left_alone_becomes_void(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_reading reading;
	struct ffntp_map map;

	(void)state;
	world_run(&f.world, f.client, 600);
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &map);
	assert_int_equal(ffntp_clock_at(&map, world_counter(&f.world, f.world.now_ns + 900 * S_NS), FFNTP_UTC,
					UINT64_MAX, &reading),
			 FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&map, world_counter(&f.world, f.world.now_ns + 1100 * S_NS), FFNTP_UTC,
					UINT64_MAX, &reading),
			 FFNTP_CLOCK_VOID);
	drop(&f);
}

/* --- the error from the path's asymmetry --- */

/* Half of the least round trip of a world without asymmetry, and the world's noise. */
#define WAY_NS 20000000
#define NOISE_NS 50000

static uint64_t asymmetry_ns(const struct fixture *f)
{
	struct ffntp_reading reading;

	assert_int_equal(world_read(&f->world, f->client, &reading), FFNTP_CLOCK_OK);
	return reading.asymmetry_esterror_ns;
}

/* Make a world whose two directions differ by a share of the least round trip; side: which is longer. */
static struct fixture make_asymmetric(double share, int side)
{
	struct fixture f = make(START_NS);

	f.world.delay_ns = WAY_NS;
	f.world.asymmetry_ns = side * (int64_t)(2 * WAY_NS * share / (1 - share));
	world_run(&f.world, f.client, 3600);
	return f;
}

/* Check that an hour's errors are covered by both estimated errors together. */
static void assert_honest(struct fixture *f)
{
	for (unsigned minute = 0; minute < 60; minute++) {
		double error_ns = fabs((double)world_error_ns(&f->world, f->client));
		struct ffntp_reading reading;

		assert_int_equal(world_read(&f->world, f->client, &reading), FFNTP_CLOCK_OK);
		assert_true(error_ns <= 2 * hypot((double)reading.esterror_ns, (double)reading.asymmetry_esterror_ns));
		world_run(&f->world, f->client, 60);
	}
}

/*
 * Of measured paths, one in two has an asymmetry of 1.4 % of the round trip, and one in ten of 4 % or more. The clock's
 * error is half of that. It must be within one standard deviation in the first case, and between one and two in the
 * second. The estimated error alone would explain neither.
 */
static void test_asymmetric_paths_as_they_are(void **state)
{
	(void)state;
	for (int side = -1; side <= 1; side += 2) {
		struct fixture middling = make_asymmetric(0.014, side), extreme = make_asymmetric(0.04, side);
		struct ffntp_reading reading;

		assert_int_equal(world_read(&extreme.world, extreme.client, &reading), FFNTP_CLOCK_OK);
		assert_true(llabs(world_error_ns(&extreme.world, extreme.client)) > 2 * (int64_t)reading.esterror_ns);
		assert_true(llabs(world_error_ns(&middling.world, middling.client)) < (int64_t)asymmetry_ns(&middling));
		assert_true(llabs(world_error_ns(&extreme.world, extreme.client)) > (int64_t)asymmetry_ns(&extreme));
		assert_honest(&middling);
		assert_honest(&extreme);
		drop(&middling);
		drop(&extreme);
	}
}

/*
 * The asymmetry's error is a share of the least round trip of the path that the time is from, and not of the least
 * ever. RADclock's estimator takes its time from the present path; the default one keeps its time when the path
 * changes.
 */
static void test_asymmetry_follows_the_path(void **state)
{
	struct fixture f = make_asymmetric(0, 1);
	uint64_t share_ns = asymmetry_ns(&f),
		 later_ns = estimator == FFNTP_ESTIMATOR_RADCLOCK ? 3 * share_ns : share_ns;

	(void)state;
	assert_in_range(share_ns, 0.013 * 2 * WAY_NS, 0.013 * (2 * WAY_NS + NOISE_NS));
	f.world.delay_ns = 3 * WAY_NS;
	world_run(&f.world, f.client, 3 * 3600);
	assert_in_range(asymmetry_ns(&f), later_ns - 2000, later_ns + 2000);
	f.world.delay_ns = WAY_NS;
	world_run(&f.world, f.client, 3600);
	assert_in_range(asymmetry_ns(&f), share_ns - 2000, share_ns + 2000);
	drop(&f);
}

/* It depends on the path alone and does not grow in silence. */
static void test_asymmetry_does_not_age(void **state)
{
	struct fixture f = make_asymmetric(0, 1);
	uint64_t share_ns = asymmetry_ns(&f);

	(void)state;
	f.world.is_silent = true;
	world_run(&f.world, f.client, 7200);
	assert_int_equal(asymmetry_ns(&f), share_ns);
	drop(&f);
}

/* The same line from a different reference belongs to the same path. */
static void test_asymmetry_is_carried_along(void **state)
{
	struct ffntp_publisher publisher = {
		.has_map = true,
		.map = { .period_shift = 28,
			 .period = UINT64_C(0x44b82fa09b5a52cb), /* 1 ns */
			 .period_esterror = UINT64_C(0x44b82fa09b5a52cb) / 1000000,
			 .esterror_ns = 4000,
			 .asymmetry_esterror_ns = 52000 },
	};

	(void)state;
	ffntp_publisher_move(&publisher, (ffntp_counter)S_NS);
	assert_int_equal(publisher.map.esterror_ns, 5000);
	assert_int_equal(publisher.map.asymmetry_esterror_ns, 52000);
}

/* It is unknown in a map without a time, and known from the first estimate on. */
static void test_asymmetry_is_known_with_the_time(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_map map;

	(void)state;
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &map);
	assert_int_equal(map.asymmetry_esterror_ns, 0);
	world_run(&f.world, f.client, 1);
	assert_true(asymmetry_ns(&f) > 0);
	ffntp_client_disrupted(f.client, world_counter(&f.world, f.world.now_ns));
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &map);
	assert_int_equal(map.asymmetry_esterror_ns, 0);
	drop(&f);
}

/* --- kiss-o'-death: cases 11 to 14 --- */

static void kiss(struct fixture *f, const char *code)
{
	f->world.stratum = 0;
	f->world.refid = (uint32_t)code[0] << 24 | (uint32_t)code[1] << 16 | (uint32_t)code[2] << 8 | (uint32_t)code[3];
}

static void absolve(struct fixture *f)
{
	f->world.stratum = 1;
}

static void test_kiss_rate_slows_down_and_decays(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 600);
	kiss(&f, "RATE");
	while (counted(f.client, FFNTP_REFUSED_KISS_RATE) == 0)
		world_run(&f.world, f.client, 1);
	absolve(&f);
	assert_in_range(requests_in(&f, 1024), 31, 33); /* 32 s apart */
	world_run(&f.world, f.client, 64 * 32);
	assert_in_range(requests_in(&f, 1024), 63, 65); /* and 16 s again */
	kiss(&f, "RATE");
	world_run(&f.world, f.client, 20000);
	assert_in_range(requests_in(&f, 10240), 9, 11); /* not more rarely than poll_max_s */
	drop(&f);
}

static void test_kiss_rate_ends_the_burst(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	kiss(&f, "RATE");
	world_run(&f.world, f.client, 20);
	assert_int_equal(f.world.requests, 1);
	drop(&f);
}

static void test_kiss_deny_backs_off_but_not_for_ever(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 600);
	kiss(&f, "DENY");
	assert_int_equal(world_run(&f.world, f.client, 600), 1);
	assert_in_range(requests_in(&f, 4096), 3, 5);
	absolve(&f);
	world_run(&f.world, f.client, 2048);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
}

static void test_unknown_kiss_changes_nothing(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 600);
	kiss(&f, "XYZW");
	assert_in_range(requests_in(&f, 1600), 99, 101);
	assert_true(counted(f.client, FFNTP_REFUSED_KISS_OTHER) > 90);
	drop(&f);
}

/* CVE-2015-7704: an attacker who cannot see the nonce cannot silence the client. */
static void test_flood_of_forged_kisses(void **state)
{
	struct fixture f = make(START_NS);
	uint8_t request[FFNTP_REQUEST_SIZE], forged[FFNTP_WIRE_SIZE];
	struct ffntp_action before, after;
	ffntp_counter now;

	(void)state;
	world_run(&f.world, f.client, 600);
	now = world_counter(&f.world, f.world.now_ns);
	assert_true(ffntp_client_request(f.client, now, 42, request));
	before = ffntp_client_timer(f.client, now);
	kiss(&f, "RATE");
	for (int i = 0; i < 100000; i++) {
		ffntp_store_be(request + 40, 8, prng_next(&f.world.prng));
		world_answer(&f.world, request, f.world.now_ns, forged);
		assert_int_equal(ffntp_client_reply(f.client, forged, sizeof forged, now + 1000), FFNTP_REFUSED_ORIGIN);
	}
	after = ffntp_client_timer(f.client, now);
	assert_true(before.kind == after.kind && before.until == after.until);
	absolve(&f);
	ffntp_store_be(request + 40, 8, 42);
	world_answer(&f.world, request, f.world.now_ns + 2000000, forged);
	assert_int_equal(ffntp_client_reply(f.client, forged, sizeof forged, now + 4100000), FFNTP_ACCEPTED);
	drop(&f);
}

/* --- adaptive polling --- */

static struct fixture make_adaptive(double accuracy_target_s)
{
	struct fixture f = make(START_NS);

	/* The only estimator that states the value of an exchange. */
	f.config.estimator = FFNTP_ESTIMATOR_LAW;
	f.config.poll_is_adaptive = true;
	f.config.accuracy_target_s = accuracy_target_s;
	make_client(&f);
	return f;
}

static unsigned requests_a_day(double accuracy_target_s)
{
	struct fixture f = make_adaptive(accuracy_target_s);
	unsigned requests;

	world_run(&f.world, f.client, 12 * 3600.0);
	requests = requests_in(&f, 24 * 3600.0);
	assert_true(world_bound_holds(&f.world, f.client));
	drop(&f);
	return requests;
}

static void test_adaptive_polling_asks_no_more_than_it_needs(void **state)
{
	unsigned by_itself = requests_a_day(0), fine = requests_a_day(5e-6), coarse = requests_a_day(1e-3);

	(void)state;
	assert_in_range(coarse, 84, 86); /* poll_max_s */
	assert_true(fine > 2 * coarse);
	assert_true(by_itself >= coarse && by_itself <= fine);
}

static void test_adaptive_polling_obeys_a_kiss(void **state)
{
	struct fixture f = make_adaptive(1e-7); /* more accurate than it can be: it polls as often as it may */

	(void)state;
	world_run(&f.world, f.client, 3600);
	assert_in_range(requests_in(&f, 1600), 99, 101);
	kiss(&f, "RATE");
	while (counted(f.client, FFNTP_REFUSED_KISS_RATE) == 0)
		world_run(&f.world, f.client, 1);
	absolve(&f);
	assert_in_range(requests_in(&f, 1024), 31, 33);
	drop(&f);
}

static void test_adaptive_polling_hurries_when_contradicted(void **state)
{
	struct fixture f = make_adaptive(1e-3);

	(void)state;
	world_run(&f.world, f.client, 12 * 3600.0);
	f.world.server_error_ns = 3600 * S_NS;
	while (counted(f.client, FFNTP_REFUSED_CONTRADICTION) == 0)
		world_run(&f.world, f.client, 1);
	assert_in_range(requests_in(&f, 1600), 99, 101);
	drop(&f);
}

/* --- eras and time scales --- */

static void test_keeps_time_across_eras(void **state)
{
	/* 1970, the ends of eras 0 and 1, 2106, and the year 2200 */
	static const int64_t starts_s[] = { 600, 2085978496 - 600, 4294967296 - 600, 6380945792 - 600, 7258118400 };

	(void)state;
	for (size_t i = 0; i < sizeof starts_s / sizeof *starts_s; i++) {
		struct fixture f = make(starts_s[i] * S_NS);

		f.config.pivot_s = starts_s[i] + 86400 * 365 * 20;
		make_client(&f);
		world_run(&f.world, f.client, 1);
		run_bounded(&f, 1200);
		assert_true(llabs(world_error_ns(&f.world, f.client)) < 300000);
		drop(&f);
	}
}

/* The release's date, around the end of era 0, and 68 and nearly 136 years after the release */
static void test_resolves_the_era_without_a_date_of_the_caller(void **state)
{
	static const int64_t starts_s[] = { FFNTP_RELEASE_S, 2085978496 - 600,
					    FFNTP_RELEASE_S + 68 * 365 * INT64_C(86400),
					    FFNTP_RELEASE_S + 136 * 365 * INT64_C(86400) };

	(void)state;
	for (size_t i = 0; i < sizeof starts_s / sizeof *starts_s; i++) {
		struct fixture f = make(starts_s[i] * S_NS);
		struct ffntp_client_config usual;

		ffntp_client_config_default(&usual);
		f.config.pivot_s = usual.pivot_s;
		make_client(&f);
		world_run(&f.world, f.client, 1);
		run_bounded(&f, 1200);
		assert_true(llabs(world_error_ns(&f.world, f.client)) < 300000);
		drop(&f);
	}
}

static void test_tai_and_utc(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_reading utc, tai;
	struct ffntp_map map;
	ffntp_counter now;

	(void)state;
	world_run(&f.world, f.client, 60);
	now = world_counter(&f.world, f.world.now_ns);
	ffntp_client_output(f.client, now, &map);
	assert_int_equal(ffntp_clock_at(&map, now, FFNTP_TAI, UINT64_MAX, &tai), FFNTP_CLOCK_TAI_UNKNOWN);
	f.config.leap_table = ffntp_leap_table_builtin();
	make_client(&f);
	world_run(&f.world, f.client, 60);
	now = world_counter(&f.world, f.world.now_ns);
	ffntp_client_output(f.client, now, &map);
	assert_int_equal(ffntp_clock_at(&map, now, FFNTP_TAI, UINT64_MAX, &tai), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &utc), FFNTP_CLOCK_OK);
	assert_true(ffntp_time_diff_ns(tai.estimate, utc.estimate) == 37 * S_NS);
	assert_true(world_bound_holds(&f.world, f.client));
	drop(&f);
}

/* The counter's start does not matter, nor does its wrap. */
static void test_counter_may_wrap(void **state)
{
	struct fixture near_zero = make(START_NS), near_wrap = make(START_NS);

	(void)state;
	near_wrap.world.counter_from = (ffntp_counter)0 - 300 * (uint64_t)S_NS;
	make_client(&near_wrap);
	for (int i = 0; i < 600; i++) {
		world_run(&near_zero.world, near_zero.client, 3);
		world_run(&near_wrap.world, near_wrap.client, 3);
		assert_true(world_error_ns(&near_zero.world, near_zero.client) ==
			    world_error_ns(&near_wrap.world, near_wrap.client));
	}
	drop(&near_zero);
	drop(&near_wrap);
}

static void test_root_distance_is_in_the_bound(void **state)
{
	struct fixture near = make(START_NS), far = make(START_NS);
	struct ffntp_reading near_reading, far_reading;

	(void)state;
	far.world.root_dispersion = 0x0000ffff;
	world_run(&near.world, near.client, 300);
	world_run(&far.world, far.client, 300);
	assert_int_equal(world_read(&near.world, near.client, &near_reading), FFNTP_CLOCK_OK);
	assert_int_equal(world_read(&far.world, far.client, &far_reading), FFNTP_CLOCK_OK);
	assert_true(far_reading.bound_ns > near_reading.bound_ns + 999000000);
	drop(&near);
	drop(&far);
}

/* Run a client whose requests take 1 ms longer than the replies, with this correction. Returns the clock's error. */
static int64_t error_with_correction_ns(double correction_s)
{
	struct fixture f = make(START_NS);
	int64_t error_ns;

	f.config.correction_s = correction_s;
	f.world.asymmetry_ns = 1000000;
	make_client(&f);
	for (int i = 0; i < 60; i++) {
		world_run(&f.world, f.client, 60);
		assert_true(world_bound_holds(&f.world, f.client));
	}
	error_ns = world_error_ns(&f.world, f.client);
	drop(&f);
	return error_ns;
}

/* The correction is added to the server's time. The bound holds whatever it is. */
static void test_a_correction_of_the_server(void **state)
{
	int64_t plain_ns = error_with_correction_ns(0);

	(void)state;
	assert_in_range(plain_ns, 450000, 550000);
	assert_in_range(error_with_correction_ns(-0.0005) + 50000, 0, 100000);
	assert_in_range(error_with_correction_ns(0.0005), 950000, 1050000);
	assert_in_range(error_with_correction_ns(0.02), 20450000, 20550000);
	assert_in_range(error_with_correction_ns(-0.02), -19550000, -19450000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_time),
		cmocka_unit_test(test_a_correction_of_the_server),
		cmocka_unit_test(test_bound_holds_to_its_ends),
		cmocka_unit_test(test_bound_holds_where_the_departure_is_that_of_a_later_copy),
		cmocka_unit_test(test_a_server_that_is_coarser_than_it_says_is_seen_to_be),
		cmocka_unit_test(test_a_grain_that_is_seen_does_not_restart_the_estimator),
		cmocka_unit_test(test_another_server_is_not_coarse_for_it),
		cmocka_unit_test(test_an_honest_coarse_server_is_used),
		cmocka_unit_test(test_starts_with_a_burst_that_tapers_off),
		cmocka_unit_test(test_a_copy_goes_on_alone),
		cmocka_unit_test(test_of_a_server_is_told_what_it_said),
		cmocka_unit_test(test_refuses_a_zero_nonce),
		cmocka_unit_test(test_refuses_configurations_out_of_range),
		cmocka_unit_test(test_takes_configurations_of_other_versions),
		cmocka_unit_test(test_two_clients_side_by_side),
		cmocka_unit_test(test_free_runs_without_answers),
		cmocka_unit_test(test_free_runs_on_answers_without_time),
		cmocka_unit_test(test_a_map_left_alone_becomes_void),
		cmocka_unit_test(test_asymmetric_paths_as_they_are),
		cmocka_unit_test(test_asymmetry_follows_the_path),
		cmocka_unit_test(test_asymmetry_does_not_age),
		cmocka_unit_test(test_asymmetry_is_carried_along),
		cmocka_unit_test(test_asymmetry_is_known_with_the_time),
		cmocka_unit_test(test_kiss_rate_slows_down_and_decays),
		cmocka_unit_test(test_kiss_rate_ends_the_burst),
		cmocka_unit_test(test_kiss_deny_backs_off_but_not_for_ever),
		cmocka_unit_test(test_unknown_kiss_changes_nothing),
		cmocka_unit_test(test_flood_of_forged_kisses),
		cmocka_unit_test(test_adaptive_polling_asks_no_more_than_it_needs),
		cmocka_unit_test(test_adaptive_polling_obeys_a_kiss),
		cmocka_unit_test(test_adaptive_polling_hurries_when_contradicted),
		cmocka_unit_test(test_resolves_the_era_without_a_date_of_the_caller),
		cmocka_unit_test(test_keeps_time_across_eras),
		cmocka_unit_test(test_tai_and_utc),
		cmocka_unit_test(test_counter_may_wrap),
		cmocka_unit_test(test_root_distance_is_in_the_bound),
	};

	if (!choose_estimator(argc, argv))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
