/* ruling: a client whose server or counter is wrong, and the bounds that it has published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "clientworld.h"

/* --- a server that is wrong: case 18 --- */

static void test_server_an_hour_wrong_is_refused_and_welcomed_back(void **state)
{
	struct fixture f = make(START_NS);
	uint64_t marked;

	(void)state;
	run_bounded(&f, 3600);
	marked = marker(&f);
	f.world.server_error_ns = 3600 * S_NS;
	run_bounded(&f, 1200);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	assert_true(counted(f.client, FFNTP_REFUSED_CONTRADICTION) >= 74);
	f.world.server_error_ns = 0;
	run_bounded(&f, 100); /* one exchange that agrees does not outweigh 75 that do not; eight in a row do */
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	run_bounded(&f, 50);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	run_bounded(&f, 600);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < 200000);
	assert_true(marker(&f) == marked);
	assert_int_equal(counter_marker(&f), 0);
	drop(&f);
}

static void test_server_that_persists_is_believed(void **state)
{
	struct fixture f = make(START_NS);
	uint64_t marked;

	(void)state;
	world_run(&f.world, f.client, 3600);
	marked = marker(&f);
	f.world.server_error_ns = -3600 * S_NS;
	world_run(&f.world, f.client, 1700);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < S_NS);
	world_run(&f.world, f.client, 200);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(world_error_ns(&f.world, f.client) + 3600 * S_NS) < S_NS / 1000);
	assert_true(marker(&f) != marked);
	assert_int_equal(counter_marker(&f), 0);
	drop(&f);
}

/* The fault is within the bound, because delays could explain it: the same rule applies, and the step is as visible. */
static void test_server_that_persists_within_the_bound_is_believed(void **state)
{
	struct fixture f = make(START_NS);
	uint64_t marked;

	(void)state;
	f.world.delay_ns = 20000000;
	world_run(&f.world, f.client, 3 * 3600);
	marked = marker(&f);
	f.world.server_error_ns = 12 * S_NS / 1000;
	run_bounded(&f, 1750);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < S_NS / 1000);
	assert_true(marker(&f) == marked);
	world_run(&f.world, f.client, 150);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(world_error_ns(&f.world, f.client) - f.world.server_error_ns) < S_NS / 1000);
	assert_true(marker(&f) != marked);
	drop(&f);
}

/* A server that states a different time in each reply proves nothing against the counter. */
static void test_server_that_jumps_about_is_never_believed(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	run_bounded(&f, 3600);
	for (int i = 0; i < 600; i++) {
		f.world.server_error_ns = (int64_t)prng_below(&f.world.prng, 1000) * S_NS + S_NS;
		run_bounded(&f, 16);
	}
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	drop(&f);
}

/* --- a counter that is wrong: case 26 --- */

static void test_counter_that_went_back_is_noticed(void **state)
{
	struct fixture f = make(START_NS);
	uint64_t marked;

	(void)state;
	world_run(&f.world, f.client, 3600);
	marked = marker(&f);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns) - 600 * (uint64_t)S_NS, 1 + 30e-6);
	/*
	 * The timer's deadlines are readings of the former counter, so that the port asks when the counter gets there,
	 * or earlier.
	 */
	world_exchange(&f.world, f.client);
	assert_int_equal(f.world.verdict, FFNTP_REFUSED_COUNTER);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_DISRUPTED);
	assert_true(marker(&f) != marked);
	assert_int_not_equal(counter_marker(&f), 0);
	world_run(&f.world, f.client, 2.1); /* no two requests are closer than those of a burst */
	run_bounded(&f, 30);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	assert_true(llabs(world_error_ns(&f.world, f.client)) < S_NS / 1000);
	drop(&f);
}

/* Send a request, and process the reply when the counter has advanced by 'ticks'. */
static enum ffntp_verdict read_after(struct fixture *f, int64_t ticks)
{
	uint8_t request[FFNTP_REQUEST_SIZE], reply[FFNTP_WIRE_SIZE];
	ffntp_counter now = world_counter(&f->world, f->world.now_ns);

	assert_true(ffntp_client_request(f->client, now, 42, request));
	world_answer(&f->world, request, f->world.now_ns + 2000000, reply);
	return ffntp_client_reply(f->client, reply, sizeof reply, now + (uint64_t)ticks);
}

static void test_counter_that_jumped_within_an_exchange_is_noticed(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 600);
	assert_int_equal(read_after(&f, -1), FFNTP_REFUSED_COUNTER);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_DISRUPTED);
	drop(&f);
}

static void run_until_contradicted(struct fixture *f)
{
	do
		world_run(&f->world, f->client, 0.1);
	while (counted(f->client, FFNTP_REFUSED_CONTRADICTION) == 0);
}

/* The guest was stopped: the counter stood still, without any notice. */
static void test_counter_that_stood_still_is_found_by_its_exchanges(void **state)
{
	struct fixture f = make(START_NS);
	uint32_t marked;

	(void)state;
	f.config.counter_may_jump = true;
	make_client(&f);
	world_run(&f.world, f.client, 3600);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), f.world.ticks_per_ns);
	f.world.now_ns += 30 * S_NS;
	f.world.counter_from_ns += 30 * S_NS;
	run_until_contradicted(&f);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_DISRUPTED);
	world_run(&f.world, f.client, 16 + 3 * 2);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	marked = counter_marker(&f);
	assert_int_not_equal(marked, 0);
	run_bounded(&f, 600);
	assert_int_equal(counter_marker(&f), marked);
	drop(&f);
}

static void test_counter_that_changed_its_rate_is_found_by_its_exchanges(void **state)
{
	struct fixture f = make(START_NS);
	uint32_t marked;

	(void)state;
	world_run(&f.world, f.client, 3600);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), 1.01);
	run_until_contradicted(&f);
	assert_int_not_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	world_run(&f.world, f.client, 5 * 16);
	marked = counter_marker(&f);
	assert_int_not_equal(marked, 0);
	run_bounded(&f, 600);
	assert_int_equal(counter_marker(&f), marked);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
}

/* At the new rate the server held the requests for longer than the round trips took: such replies must not be used. */
static void test_counter_that_changed_its_rate_is_not_found_by_nonsense(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	/* The estimator that would use such a reply. */
	f.config.estimator = FFNTP_ESTIMATOR_LAW;
	make_client(&f);
	world_run(&f.world, f.client, 3600);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), 1.05);
	f.world.residence_ns = S_NS / 10;
	f.world.delay_ns = -1500000;
	f.world.queue_ns = 0;
	for (int i = 0; i < 100000 && counter_marker(&f) == 0; i++)
		world_run(&f.world, f.client, 0.01);
	assert_int_equal(f.world.verdict, FFNTP_REFUSED_CONTRADICTION);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_DISRUPTED);
	drop(&f);
}

static void test_disruption_that_the_port_saw(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_reading reading;
	uint64_t marked;

	(void)state;
	world_run(&f.world, f.client, 3600);
	marked = marker(&f);
	world_set_counter(&f.world, 77, 1 - 20e-6);
	ffntp_client_disrupted(f.client, world_counter(&f.world, f.world.now_ns));
	assert_int_equal(world_read(&f.world, f.client, &reading), FFNTP_CLOCK_DISRUPTED);
	assert_true(marker(&f) != marked);
	assert_int_not_equal(counter_marker(&f), 0);
	world_run(&f.world, f.client, 1);
	run_bounded(&f, 600);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
}

/* The counter is 490 ppm fast, which is not known yet. */
static void test_disruption_before_the_rate_is_known(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), 1 + 490e-6);
	f.world.delay_ns = 20000;
	f.world.queue_ns = 1000;
	world_run(&f.world, f.client, 1);
	ffntp_client_disrupted(f.client, world_counter(&f.world, f.world.now_ns));
	world_run(&f.world, f.client, 1);
	run_bounded(&f, 60);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
}

/* A client that is restored into its past does not reuse the markers that it has published since. */
static void test_disruption_after_a_snapshot_is_another_one(void **state)
{
	struct fixture f = make(START_NS), restored = { 0 };
	size_t size = ffntp_client_memory(&f.config);

	(void)state;
	world_run(&f.world, f.client, 60);
	restored.client = ffntp_client_copy(f.client, aligned_alloc(16, size), size);
	assert_non_null(restored.client);
	ffntp_client_disrupted(f.client, world_counter(&f.world, f.world.now_ns));
	world_run(&f.world, f.client, 60);
	restored.world = f.world;
	ffntp_client_disrupted(restored.client, world_counter(&f.world, f.world.now_ns));
	assert_true(marker(&restored) != marker(&f));
	assert_int_not_equal(counter_marker(&restored), counter_marker(&f));
	drop(&restored);
	drop(&f);
}

/* The marker is drawn from the counter, of which this one has only 32 bits. */
static void test_disruption_whose_marker_is_the_former_one_has_another(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_map former;
	ffntp_counter now;

	(void)state;
	world_run(&f.world, f.client, 60);
	now = world_counter(&f.world, f.world.now_ns);
	ffntp_client_output(f.client, now, &former);
	former.counter_marker = (uint32_t)now;
	make_client(&f);
	ffntp_client_continue(f.client, &former);
	ffntp_client_disrupted(f.client, now);
	assert_int_not_equal(counter_marker(&f), former.counter_marker);
	drop(&f);
}

/* The counters of the CPUs differ: each exchange ends before it began. The client must not flood the server for it. */
static void test_counter_that_goes_back_each_time_is_asked_for_seldom(void **state)
{
	struct fixture f = make(START_NS);
	int64_t end_ns;
	unsigned asked = 0;

	(void)state;
	world_run(&f.world, f.client, 600);
	for (end_ns = f.world.now_ns + 60 * S_NS; f.world.now_ns < end_ns; f.world.now_ns += S_NS / 1000) {
		struct ffntp_action action = ffntp_client_timer(f.client, world_counter(&f.world, f.world.now_ns));

		if (action.kind != FFNTP_SEND)
			continue;
		assert_int_equal(read_after(&f, -1000), FFNTP_REFUSED_COUNTER);
		asked++;
	}
	assert_in_range(asked, 20, 31);
	drop(&f);
}

/* A process that was stopped reads its reply late, which does not put the counter in doubt. */
static void test_late_reading_is_not_a_disruption(void **state)
{
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 600);
	assert_int_equal(read_after(&f, 60 * S_NS), FFNTP_REFUSED_LATE);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
}

/* --- the envelope --- */

/* Return whether the later map's estimate lies in the earlier map's interval at counter reading 'when'. */
static bool keeps_promise(struct ffntp_map earlier_map, struct ffntp_map later_map, ffntp_counter when)
{
	struct ffntp_reading earlier, later;

	earlier_map.void_after = later_map.void_after = when;
	assert_int_equal(ffntp_clock_at(&earlier_map, when, FFNTP_UTC, UINT64_MAX, &earlier), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&later_map, when, FFNTP_UTC, UINT64_MAX, &later), FFNTP_CLOCK_OK);
	return !ffntp_time_is_before(later.estimate, earlier.earliest) &&
	       !ffntp_time_is_before(earlier.latest, later.estimate);
}

enum { MAPS = 1500 };

/*
 * Collect maps on a path that is busy at times, with outages, and an oscillator whose rate wanders and is kicked now
 * and then.
 */
static void collect_maps(struct fixture *f, double kick, struct ffntp_map *maps)
{
	int64_t queue_ns = f->world.queue_ns;

	for (int i = 0; i < MAPS; i++) {
		double wander = ((double)prng_below(&f->world.prng, 2001) - 1000) * 2e-11;

		f->world.queue_ns = (i / 100) % 3 == 1 ? 30 * queue_ns : queue_ns;
		f->world.is_silent = (i / 50) % 7 == 3;
		if (i % 200 == 199)
			wander += i % 400 == 199 ? kick : -kick;
		world_set_counter(&f->world, world_counter(&f->world, f->world.now_ns), f->world.ticks_per_ns + wander);
		world_run(&f->world, f->client, 16);
		ffntp_client_output(f->client, world_counter(&f->world, f->world.now_ns), &maps[i]);
	}
}

/* Check all pairs of maps between two disruptions, while each map was current. */
static void assert_promises_kept(const struct ffntp_map *maps)
{
	for (int i = 0; i < MAPS; i++)
		for (int j = i; j < MAPS && maps[j].disruption_marker == maps[i].disruption_marker; j++) {
			ffntp_counter first = maps[j].at, last = maps[j + 1 < MAPS ? j + 1 : j].at;

			/* During an outage a crystal may leave the assumed band, and no exchange shows it. */
			if (last - first > 40 * (uint64_t)S_NS)
				last = first + 40 * (uint64_t)S_NS;
			assert_true(keeps_promise(maps[i], maps[j], first));
			assert_true(keeps_promise(maps[i], maps[j], first + (last - first) / 2));
			assert_true(keeps_promise(maps[i], maps[j], last));
		}
}

static void test_later_maps_keep_earlier_promises(void **state)
{
	static const int64_t delays_ns[] = { 2000000, 50000, 20000 };
	struct ffntp_map *maps = calloc(MAPS, sizeof *maps);

	(void)state;
	assert_non_null(maps);
	for (size_t i = 0; i < sizeof delays_ns / sizeof *delays_ns; i++) {
		struct fixture f = make(START_NS);

		f.world.delay_ns = delays_ns[i];
		f.world.queue_ns = delays_ns[i] / 20;
		collect_maps(&f, 0, maps);
		assert_true(maps[MAPS - 1].disruption_marker == maps[0].disruption_marker);
		assert_promises_kept(maps);
		collect_maps(&f, 8e-6, maps);
		assert_promises_kept(maps);
		drop(&f);
	}
	free(maps);
}

/*
 * The rate of the exchanges themselves distinguishes a step of the rate from a step of the time. Up to 20 ppm, a
 * crystal's step, it is followed; beyond that the counter is in doubt.
 */
static void test_a_rate_that_steps_is_followed_within_a_burst(void **state)
{
	static const double steps[] = { 15e-6, -15e-6, 100e-6, -100e-6 };

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct fixture f = make(START_NS);
		double ticks_per_ns = f.world.ticks_per_ns + steps[i];

		f.world.delay_ns = 20000;
		f.world.queue_ns = 1000;
		world_run(&f.world, f.client, 6 * 3600.0);
		world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), ticks_per_ns);
		world_run(&f.world, f.client, 17);
		assert_int_equal(counted(f.client, FFNTP_REFUSED_CONTRADICTION), 1);
		assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
		world_run(&f.world, f.client, 3 * 16);
		run_bounded(&f, 600);
		assert_in_range(counted(f.client, FFNTP_REFUSED_CONTRADICTION), 1, 3);
		assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
		assert_int_equal(counter_marker(&f) != 0, i >= 2);
		drop(&f);
	}
}

/*
 * A crystal leaves the assumed band suddenly and for good: the false bounds published before do not drag the clock
 * along.
 */
static void test_rate_step_breaks_promises_and_not_the_clock(void **state)
{
	struct fixture f = make(START_NS);
	uint64_t marked;

	(void)state;
	world_run(&f.world, f.client, 6 * 3600.0);
	marked = marker(&f);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), f.world.ticks_per_ns + 5e-6);
	run_bounded(&f, 3 * 3600.0);
	assert_true(marker(&f) != marked);
	assert_int_equal(counter_marker(&f), 0);
	assert_true(llabs(world_error_ns(&f.world, f.client)) <
		    (estimator == FFNTP_ESTIMATOR_RADCLOCK ? 400000 : 30000));
	drop(&f);
}

static void test_successor_keeps_the_promises_of_its_predecessor(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_map former, map;
	struct ffntp_reading earlier, later;
	ffntp_counter now;

	(void)state;
	world_run(&f.world, f.client, 7200);
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &former);
	former.counter_marker = 5;
	f.world.queue_ns = 20000000; /* so that the first estimate of the next client is poor */
	make_client(&f);
	ffntp_client_continue(f.client, &former);
	world_run(&f.world, f.client, 1);
	now = world_counter(&f.world, f.world.now_ns);
	ffntp_client_output(f.client, now, &map);
	assert_true(map.disruption_marker == former.disruption_marker);
	assert_int_equal(map.counter_marker, 5);
	assert_true((double)map.period_maxerror / (double)map.period < 20e-6); /* whereas the hint has 500 */
	assert_int_equal(ffntp_clock_at(&former, now, FFNTP_UTC, UINT64_MAX, &earlier), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &later), FFNTP_CLOCK_OK);
	assert_false(ffntp_time_is_before(later.estimate, earlier.earliest));
	assert_false(ffntp_time_is_before(earlier.latest, later.estimate));
	drop(&f);
}

/*
 * The predecessor's bounds became false when the counter stood still unnoticed: they are dropped with a visible
 * disruption.
 */
static void test_false_promise_is_broken_visibly(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_map former;

	(void)state;
	world_run(&f.world, f.client, 7200);
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &former);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns) - 60 * (uint64_t)S_NS, 1 + 30e-6);
	make_client(&f);
	ffntp_client_continue(f.client, &former);
	world_run(&f.world, f.client, 1);
	assert_true(marker(&f) != former.disruption_marker);
	assert_int_not_equal(counter_marker(&f), former.counter_marker);
	run_bounded(&f, 60);
	drop(&f);
}

/* A former map that makes no sense, or is of an era that the pivot excludes, leaves the client as it is. */
static void test_no_former_map_that_cannot_be_is_continued(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_map former, bad;

	(void)state;
	world_run(&f.world, f.client, 7200);
	ffntp_client_output(f.client, world_counter(&f.world, f.world.now_ns), &former);
	for (unsigned i = 0; i < 4; i++) {
		bad = former;
		bad.time.s += i == 0 ? INT64_C(1) << 32 : 0;
		bad.period /= i == 1 ? 8 : 1;
		bad.period_maxerror = i == 2 ? UINT64_MAX : bad.period_maxerror;
		bad.leap_sign = i == 3;
		bad.leap_at_s = INT64_MIN / 256;
		make_client(&f);
		ffntp_client_continue(f.client, &bad);
		world_run(&f.world, f.client, 1);
		run_bounded(&f, 60);
		assert_true(llabs(world_error_ns(&f.world, f.client)) < S_NS / 1000);
		assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
		/* A false bound that had been continued would have been broken visibly. */
		assert_true(marker(&f) == former.disruption_marker);
	}
	drop(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_an_hour_wrong_is_refused_and_welcomed_back),
		cmocka_unit_test(test_server_that_persists_is_believed),
		cmocka_unit_test(test_server_that_persists_within_the_bound_is_believed),
		cmocka_unit_test(test_server_that_jumps_about_is_never_believed),
		cmocka_unit_test(test_counter_that_went_back_is_noticed),
		cmocka_unit_test(test_counter_that_jumped_within_an_exchange_is_noticed),
		cmocka_unit_test(test_counter_that_stood_still_is_found_by_its_exchanges),
		cmocka_unit_test(test_counter_that_changed_its_rate_is_found_by_its_exchanges),
		cmocka_unit_test(test_counter_that_changed_its_rate_is_not_found_by_nonsense),
		cmocka_unit_test(test_disruption_that_the_port_saw),
		cmocka_unit_test(test_disruption_before_the_rate_is_known),
		cmocka_unit_test(test_disruption_after_a_snapshot_is_another_one),
		cmocka_unit_test(test_disruption_whose_marker_is_the_former_one_has_another),
		cmocka_unit_test(test_counter_that_goes_back_each_time_is_asked_for_seldom),
		cmocka_unit_test(test_late_reading_is_not_a_disruption),
		cmocka_unit_test(test_later_maps_keep_earlier_promises),
		cmocka_unit_test(test_a_rate_that_steps_is_followed_within_a_burst),
		cmocka_unit_test(test_rate_step_breaks_promises_and_not_the_clock),
		cmocka_unit_test(test_successor_keeps_the_promises_of_its_predecessor),
		cmocka_unit_test(test_no_former_map_that_cannot_be_is_continued),
		cmocka_unit_test(test_false_promise_is_broken_visibly),
	};

	if (!choose_estimator(argc, argv))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
