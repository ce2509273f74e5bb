/*
 * trust: good servers that a client must come to accept, and bad ones that it must not: counters whose rate steps, bad
 * replies at the start, servers that are wrong now and then, and steps after silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "clientworld.h"
#include "count.h"

#define HALF_AN_HOUR_S 1800.0

static struct fixture make_path(int64_t one_way_ns, uint32_t poll_s, uint32_t burst)
{
	struct fixture f = make(START_NS);

	f.world.delay_ns = one_way_ns;
	f.world.queue_ns = one_way_ns / 20;
	f.config.poll_min_s = f.config.poll_max_s = poll_s;
	f.config.burst = burst;
	make_client(&f);
	return f;
}

static bool is_right(const struct fixture *f)
{
	return world_status(&f->world, f->client) == FFNTP_STATUS_SYNCHRONISED &&
	       world_bound_holds(&f->world, f->client) &&
	       llabs(world_error_ns(&f->world, f->client)) <= f->world.delay_ns;
}

/* Return whether the published time is true, or its status puts it in doubt. */
static bool is_honest(const struct fixture *f)
{
	return world_status(&f->world, f->client) != FFNTP_STATUS_SYNCHRONISED ||
	       world_bound_holds(&f->world, f->client);
}

/* --- the counter's rate steps --- */

/*
 * The bound must hold again, and continue to, half an hour or eight exchanges, whichever is later, after the delays
 * cease to hide the step.
 */
static bool recovers(double step, int64_t one_way_ns, uint32_t poll_s)
{
	struct fixture f = make_path(one_way_ns, poll_s, 8);
	double hidden_s = 2.2e-9 * (double)one_way_ns / fabs(step);
	double last_s = hidden_s + fmax(HALF_AN_HOUR_S, 8 * poll_s) + poll_s;
	bool is_recovered = true;

	world_run(&f.world, f.client, 40 * poll_s + 7200);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), f.world.ticks_per_ns * (1 + step));
	world_run(&f.world, f.client, last_s);
	for (int i = 0; i < 60; i++) {
		is_recovered &= is_right(&f);
		world_run(&f.world, f.client, poll_s);
	}
	drop(&f);
	return is_recovered;
}

static void test_a_rate_that_steps(void **state)
{
	static const double steps[] = { 40e-6, 55e-6, 70e-6, 100e-6, 130e-6, 150e-6, 200e-6 };
	static const int64_t one_ways_ns[] = { 200000, 500000, 1000000, 5000000, 15000000, 50000000 };
	static const uint32_t polls_s[] = { 16, 32, 64, 128, 256, 1024 };
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(steps) * COUNT(one_ways_ns) * COUNT(polls_s) * 4; i++) {
		size_t rest = i / 4;
		double step = steps[rest % COUNT(steps)] * (i % 2 == 0 ? 1 : -1);
		int64_t one_way_ns = one_ways_ns[rest / COUNT(steps) % COUNT(one_ways_ns)];
		uint32_t poll_s = polls_s[rest / COUNT(steps) / COUNT(one_ways_ns)];

		estimator = i % 4 < 2 ? FFNTP_ESTIMATOR_DEFAULT : FFNTP_ESTIMATOR_RADCLOCK;
		if (recovers(step, one_way_ns, poll_s))
			continue;
		print_message("# %.0f ppm, %lld ns, %u s\n", step * 1e6, (long long)one_way_ns, poll_s);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/*
 * The rate steps by 40 ppm on a path of 50 ms each way, which hides it for 1250 s. Long before, exchanges leave the
 * bound to one side, and the truth must be inside all the time.
 */
static void test_a_rate_step_that_a_round_trip_hides(void **state)
{
	(void)state;
	for (int estimators = 0; estimators < 2; estimators++)
		for (int sign = -1; sign <= 1; sign += 2) {
			struct fixture f;

			estimator = estimators == 0 ? FFNTP_ESTIMATOR_DEFAULT : FFNTP_ESTIMATOR_RADCLOCK;
			f = make_path(50000000, 128, 8);
			world_run(&f.world, f.client, 9760);
			world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns),
					  f.world.ticks_per_ns * (1 + sign * 40e-6));
			run_bounded(&f, 2 * 3600);
			assert_at_most(llabs(world_error_ns(&f.world, f.client)), f.world.delay_ns, "ns");
			drop(&f);
		}
}

/* --- bad replies --- */

/* Make the client's next exchange, with the server ahead by ahead_ns. */
static void exchange_once(struct fixture *f, int64_t ahead_ns)
{
	unsigned requests = f->world.requests;

	f->world.server_error_ns = ahead_ns;
	while (f->world.requests == requests)
		world_run(&f->world, f->client, 0.01);
	f->world.server_error_ns = 0;
}

/*
 * One of the first four replies is wrong: it is outvoted within a burst, and no false time is published with confidence
 * later.
 */
static void test_a_bad_reply_at_the_start(void **state)
{
	(void)state;
	for (int estimators = 0; estimators < 2; estimators++) {
		estimator = estimators == 0 ? FFNTP_ESTIMATOR_DEFAULT : FFNTP_ESTIMATOR_RADCLOCK;
		for (int ways = -20; ways <= 20; ways++)
			for (unsigned bad = 0; bad < 4; bad++) {
				struct fixture f = make_path(1000000, 16, 1);

				for (unsigned i = 0; i < 12; i++) {
					exchange_once(&f, i == bad ? ways * f.world.delay_ns : 0);
					if (i > bad + 4)
						assert_true(is_honest(&f));
				}
				for (unsigned i = 0; i < 30; i++) {
					exchange_once(&f, 0);
					assert_true(world_bound_holds(&f.world, f.client));
				}
				assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
				drop(&f);
			}
	}
}

/* Return how often the status is synchronised while the bound is false, if the reply at this position is wrong. */
static unsigned false_statuses(int64_t ahead_ns, unsigned position, uint32_t burst)
{
	struct fixture f = make_path(1000000, 16, burst);
	unsigned count = 0;

	for (int i = 0; i < 1000; i++) {
		f.world.server_error_ns = f.world.requests == position ? ahead_ns : 0;
		world_run(&f.world, f.client, 0.1);
		count += !is_honest(&f);
	}
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	drop(&f);
	return count;
}

/*
 * One of the first two replies is wrong, by more than round trips hide: the status is never synchronised while the
 * bound is false. In a burst the rate's uncertainty hides little. Without one it hides 8 ms, and a second reply that is
 * wrong by less agrees with the first; that must not count.
 */
static void test_an_honest_beginning(void **state)
{
	(void)state;
	estimator = FFNTP_ESTIMATOR_DEFAULT;
	for (int64_t ahead_ns = 4000000; ahead_ns <= 20000000; ahead_ns += 500000)
		for (int sign = -1; sign <= 1; sign += 2) {
			assert_int_equal(false_statuses(sign * ahead_ns, 0, 8), 0);
			assert_int_equal(false_statuses(sign * ahead_ns, 1, 8), 0);
			assert_int_equal(false_statuses(sign * ahead_ns, 1, 1), 0);
		}
}

/* A server is wrong in one of 3 to 12 replies, and in the first: the others prevail. */
static void test_a_server_that_flips(void **state)
{
	static const int64_t aheads_ns[] = { S_NS, -S_NS, S_NS / 100 };

	(void)state;
	estimator = FFNTP_ESTIMATOR_DEFAULT;
	for (unsigned every = 3; every <= 12; every++)
		for (size_t i = 0; i < COUNT(aheads_ns); i++) {
			struct fixture f = make_path(1000000, 16, 1);

			for (unsigned k = 0; k < 600; k++) {
				exchange_once(&f, k % every == 0 ? aheads_ns[i] : 0);
				if (k > 8)
					assert_true(world_bound_holds(&f.world, f.client));
			}
			assert_below(llabs(world_error_ns(&f.world, f.client)), 1000000, "");
			exchange_once(&f, 0);
			assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
			drop(&f);
		}
}

/* While there are two candidates, the bound contains both. */
static void test_both_stories_are_in_the_bound(void **state)
{
	struct fixture f = make_path(1000000, 16, 8);
	struct ffntp_reading reading;
	struct ffntp_time server;

	(void)state;
	estimator = FFNTP_ESTIMATOR_DEFAULT;
	world_run(&f.world, f.client, 7200);
	f.world.server_error_ns = S_NS / 10;
	world_run(&f.world, f.client, 16);
	for (int i = 0; i < 100; i++) {
		world_run(&f.world, f.client, 16.5);
		server = ffntp_time_from_ns(f.world.now_ns + f.world.server_error_ns);
		assert_int_equal(world_read(&f.world, f.client, &reading), FFNTP_CLOCK_OK);
		assert_int_equal(reading.status, FFNTP_STATUS_FREE_RUNNING);
		assert_true(world_bound_holds(&f.world, f.client));
		assert_false(ffntp_time_is_before(reading.latest, server));
		assert_below(reading.bound_ns, 140 * (S_NS / 1000), "ns");
		assert_below(llabs(world_error_ns(&f.world, f.client)), 1000000, "");
	}
	drop(&f);
}

/* --- steps after silence --- */

/*
 * The step is less than 20 ppm of the time in which nothing was accepted: the client refuses it for half an hour all
 * the same.
 */
static void test_a_step_is_one_whatever_the_silence(void **state)
{
	struct fixture f = make_path(1000000, 16, 8);

	(void)state;
	estimator = FFNTP_ESTIMATOR_DEFAULT;
	world_run(&f.world, f.client, 7200);
	f.world.is_silent = true;
	world_run(&f.world, f.client, 4 * 3600);
	f.world.is_silent = false;
	f.world.server_error_ns = S_NS / 10; /* 20 ppm are 288 ms */
	run_bounded(&f, 1750);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_FREE_RUNNING);
	world_run(&f.world, f.client, 150);
	assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
	assert_below(llabs(world_error_ns(&f.world, f.client) - f.world.server_error_ns), 1000000, "ns");
	drop(&f);
}

/* The server is 40 ms ahead for 25 minutes: the clock outlasts it, whatever the age of the fault. */
static void test_a_fault_shorter_than_half_an_hour(void **state)
{
	(void)state;
	for (int estimators = 0; estimators < 2; estimators++) {
		struct fixture f;

		estimator = estimators == 0 ? FFNTP_ESTIMATOR_DEFAULT : FFNTP_ESTIMATOR_RADCLOCK;
		f = make_path(5000000, 16, 8);
		world_run(&f.world, f.client, 6 * 3600);
		f.world.server_error_ns = 40 * (S_NS / 1000);
		run_bounded(&f, 1500);
		f.world.server_error_ns = 0;
		run_bounded(&f, 1500);
		assert_int_equal(world_status(&f.world, f.client), FFNTP_STATUS_SYNCHRONISED);
		assert_below(llabs(world_error_ns(&f.world, f.client)), 1000000, "");
		drop(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rate_that_steps),
		cmocka_unit_test(test_a_rate_step_that_a_round_trip_hides),
		cmocka_unit_test(test_a_bad_reply_at_the_start),
		cmocka_unit_test(test_an_honest_beginning),
		cmocka_unit_test(test_a_server_that_flips),
		cmocka_unit_test(test_both_stories_are_in_the_bound),
		cmocka_unit_test(test_a_step_is_one_whatever_the_silence),
		cmocka_unit_test(test_a_fault_shorter_than_half_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
