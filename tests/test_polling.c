/*
 * polling: the times of requests to servers that limit their rate, without a word. The limiters here are written from
 * what real servers do, not from the code under test.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../core/params.h"
#include "../core/polling.h"
#include "assertions.h"
#include "prng.h"

/* The counter: 1 ns a tick. */
#define PERIOD_S 1e-9
#define S(s) ((ffntp_counter)((s)*1e9))

/*
 * A limiter: its score grows with each request, also with those that it drops, and decays. It drops requests while the
 * score is above the limit. ntpsec's: 20 s, and one request a second (findings/ntpsec-limits-one-a-second.sh).
 */
struct limiter {
	double decay_s, limit_hz;
	double score, last_s;
};

static bool admits(struct limiter *limiter, double now_s)
{
	limiter->score *= exp((limiter->last_s - now_s) / limiter->decay_s);
	limiter->score += 1 / limiter->decay_s;
	limiter->last_s = now_s;
	return limiter->score <= limiter->limit_hz;
}

/* A world: one client that polls, a server, and what happened. */
struct world {
	struct ffntp_polling polling;
	struct limiter limiter;
	double loss, outage_from_s, outage_to_s;
	struct prng prng;
	bool is_waiting;
	double asked_s;
	/* Counted since the last reset. */
	unsigned requests, answers, silent, most_silent;
	double least_gap_s;
};

static double uniform(struct prng *prng)
{
	return (double)(prng_next(prng) >> 11) * 0x1p-53;
}

static void init(struct world *world, double min_s, double max_s)
{
	const struct ffntp_polling_config config = { .min_s = min_s, .max_s = max_s, .burst = 8 };

	*world = (struct world){ .limiter = { .decay_s = 20, .limit_hz = 1e9 }, .asked_s = -1e9, .least_gap_s = 1e9 };
	world->prng = (struct prng){ 1 };
	ffntp_polling_init(&world->polling, &config, S(1000));
}

static void reset_counts(struct world *world)
{
	world->requests = world->answers = world->silent = world->most_silent = 0;
	world->least_gap_s = 1e9;
}

static bool is_answered(struct world *world, double now_s)
{
	bool is_out = now_s >= world->outage_from_s && now_s < world->outage_to_s;

	return admits(&world->limiter, now_s) && !is_out && uniform(&world->prng) >= world->loss;
}

static void count(struct world *world, bool has_answer, double now_s)
{
	world->requests++;
	world->answers += has_answer;
	world->silent = has_answer ? 0 : world->silent + 1;
	world->most_silent = world->silent > world->most_silent ? world->silent : world->most_silent;
	world->least_gap_s = fmin(world->least_gap_s, now_s - world->asked_s);
	world->asked_s = now_s;
}

static void ask(struct world *world, double now_s)
{
	bool has_answer = is_answered(world, now_s);

	ffntp_polling_sent(&world->polling, S(now_s), PERIOD_S);
	count(world, has_answer, now_s);
	if (has_answer)
		ffntp_polling_replied(&world->polling, FFNTP_ACCEPTED, PERIOD_S);
}

/* As the client does: a request is given up when its reply is overdue, and at the latest before the next one. */
static void run(struct world *world, double until_s)
{
	for (;;) {
		ffntp_counter at =
			world->is_waiting ? ffntp_polling_deadline(&world->polling, PERIOD_S) : world->polling.next;

		if ((double)at * 1e-9 >= until_s)
			return;
		if (!world->is_waiting)
			ask(world, (double)at * 1e-9);
		else
			ffntp_polling_expired(&world->polling, PERIOD_S);
		world->is_waiting = !world->is_waiting && world->silent > 0;
	}
}

static double interval_s(const struct world *world, double s)
{
	return s / world->requests;
}

/* --- limiters --- */

static void a_limiter_that_counts_what_it_drops_is_served_from(void **state)
{
	struct world world;

	(void)state;
	init(&world, 1, 1024);
	world.limiter.limit_hz = 1;
	run(&world, 1000 + 3600);
	assert_below(world.most_silent, 12, "");
	reset_counts(&world);
	run(&world, 1000 + 25 * 3600.0);
	assert_above(world.answers, 0.99 * world.requests, "");
	assert_below(interval_s(&world, 24 * 3600), 2.1, "s");
	assert_below(world.most_silent, 12, "");
}

static void rarer_limits_are_found_too(void **state)
{
	static const double limits_s[] = { 3, 5, 8, 15 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits_s) / sizeof(limits_s[0]); i++) {
		struct world world;

		init(&world, 1, 1024);
		world.limiter = (struct limiter){ .decay_s = 10 * limits_s[i], .limit_hz = 1 / limits_s[i] };
		run(&world, 1000 + 12 * 3600.0);
		reset_counts(&world);
		run(&world, 1000 + 36 * 3600.0);
		assert_above(world.answers, 0.97 * world.requests, "");
		assert_below(interval_s(&world, 24 * 3600), 2.2 * limits_s[i], "s");
	}
}

/* The limit is lifted: within the time of the longest patience the configured interval is used again. */
static void a_limit_that_ends_is_forgotten(void **state)
{
	struct world world;

	(void)state;
	init(&world, 1, 1024);
	world.limiter.limit_hz = 1;
	run(&world, 1000 + 24 * 3600.0);
	world.limiter.limit_hz = 1e9;
	run(&world, 1000 + 27 * 3600.0);
	reset_counts(&world);
	run(&world, 1000 + 28 * 3600.0);
	assert_below(interval_s(&world, 3600), 1.001, "s");
	assert_int_equal(world.polling.patience, 0);
}

/* --- what is no limit --- */

static void an_outage_costs_minutes(void **state)
{
	struct world world;

	(void)state;
	init(&world, 1, 1024);
	world.outage_from_s = 5000;
	world.outage_to_s = 5000 + 24 * 3600.0;
	run(&world, world.outage_from_s + 6 + 5 * 2);
	assert_true(world.polling.interval_s == 2); /* six requests at each interval */
	run(&world, world.outage_from_s + 1800);
	reset_counts(&world);
	run(&world, world.outage_to_s);
	assert_in_range((int)interval_s(&world, 23.5 * 3600), 15, 16);
	run(&world, world.outage_to_s + 300);
	reset_counts(&world);
	run(&world, world.outage_to_s + 600);
	assert_below(interval_s(&world, 300), 1.01, "s");
}

/* After it silence is noticed as soon as before. */
static void an_outage_is_no_loss_by_chance(void **state)
{
	struct world world;

	(void)state;
	init(&world, 64, 1024);
	world.outage_from_s = 10000;
	world.outage_to_s = 10000 + 24 * 3600.0;
	run(&world, world.outage_to_s + 2000);
	assert_above(world.polling.share, 0.99, "");
}

static void a_path_that_loses_packets_is_asked_as_often(void **state)
{
	static const struct {
		double loss, interval_s;
	} paths[] = { { .05, 1.01 }, { .1, 1.01 }, { .3, 1.01 }, { .6, 1.02 }, { .9, 1.05 } };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct world world;

		init(&world, 1, 1024);
		world.loss = paths[i].loss;
		run(&world, 1000 + 100000);
		assert_below(interval_s(&world, 100000), paths[i].interval_s, "s");
	}
}

static void a_server_that_never_answered_is_asked_as_configured(void **state)
{
	struct world world;

	(void)state;
	init(&world, 1, 1024);
	world.loss = 2;
	run(&world, 1000 + 1000);
	assert_below(interval_s(&world, 1000), 1.05, "s");
}

static void no_interval_is_longer_than_configured(void **state)
{
	struct world world;

	(void)state;
	init(&world, 1, 4);
	world.outage_from_s = 2000;
	world.outage_to_s = 9000;
	run(&world, 3000);
	reset_counts(&world);
	run(&world, 9000);
	assert_in_range((int)(interval_s(&world, 6000) * 10), 39, 41);
	/* An interval that every server serves is kept. */
	init(&world, 100, 1024);
	world.outage_from_s = 5000;
	world.outage_to_s = 200000;
	run(&world, 20000);
	reset_counts(&world);
	run(&world, 120000);
	assert_int_equal(world.requests, 1000);
}

/* A kiss is an answer: it is not counted as silence, too. A try that a kiss ends is repeated later as well. */
static void a_try_that_fails_is_repeated_later(void **state)
{
	struct world world;
	unsigned served;

	(void)state;
	init(&world, 1, 1024);
	run(&world, 1100);
	ffntp_polling_replied(&world.polling, FFNTP_REFUSED_KISS_RATE, PERIOD_S);
	for (unsigned expected = FFNTP_KISS_DECAY_REPLIES; expected <= FFNTP_PATIENCE_MOST; expected *= 2) {
		assert_true(world.polling.floor_s == 2);
		for (served = 0; world.polling.floor_s > 1; served++)
			ffntp_polling_replied(&world.polling, FFNTP_ACCEPTED, PERIOD_S);
		assert_int_equal(served, expected);
		ffntp_polling_replied(&world.polling, FFNTP_REFUSED_KISS_RATE, PERIOD_S);
	}
	for (served = 0; world.polling.floor_s > 1; served++)
		ffntp_polling_replied(&world.polling, FFNTP_ACCEPTED, PERIOD_S);
	assert_int_equal(served, FFNTP_PATIENCE_MOST);
}

/* --- the least gap --- */

static enum ffntp_verdict random_verdict(struct prng *prng)
{
	return (enum ffntp_verdict)(prng_next(prng) % FFNTP_VERDICTS);
}

/* One of the things that can happen to a client; all of them leave the next request due, but not at once. */
static void disturb(struct world *world, double now_s)
{
	const struct ffntp_outlook outlook = { .variance_s2 = 1e-12,
					       .rate_variance = 1e-16,
					       .exchange_esterror_s = 1e-6 };

	switch (prng_next(&world->prng) % 5) {
	case 0:
		ffntp_polling_replied(&world->polling, random_verdict(&world->prng), PERIOD_S);
		break;
	case 1:
		ffntp_polling_expired(&world->polling, PERIOD_S);
		break;
	case 2:
		ffntp_polling_restart(&world->polling, S(now_s), PERIOD_S);
		break;
	case 3:
		ffntp_polling_hurry(&world->polling, PERIOD_S);
		break;
	default:
		ffntp_polling_adapt(&world->polling, &outlook, PERIOD_S);
		break;
	}
}

/* In any course of events a client asks once in 2 s, or once a second if it was configured to. */
static void no_two_requests_are_closer_than_two_seconds(void **state)
{
	static const double least_s[] = { 1, 2, 16, 64 };

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct world world;

		init(&world, least_s[seed % 4], 1024);
		world.polling.config.is_adaptive = seed & 4;
		world.prng = (struct prng){ seed };
		for (int i = 0; i < 1000; i++) {
			double now_s = (double)world.polling.next * 1e-9;

			ffntp_polling_sent(&world.polling, S(now_s), PERIOD_S);
			count(&world, false, now_s);
			now_s += uniform(&world.prng) * 2;
			for (uint64_t events = prng_next(&world.prng) % 4; events > 0; events--)
				disturb(&world, now_s);
		}
		assert_above(world.least_gap_s, fmin(least_s[seed % 4], 2) - 1e-6, "s");
	}
}

static void a_burst_obeys_a_kiss(void **state)
{
	struct world world;
	ffntp_counter next;

	(void)state;
	init(&world, 16, 1024);
	for (int i = 0; i < 20; i++)
		ffntp_polling_sent(&world.polling, S(1000 + 100 * i), PERIOD_S);
	ffntp_polling_burst(&world.polling, S(2905), PERIOD_S);
	assert_true(world.polling.next == S(2905));
	ffntp_polling_sent(&world.polling, S(2905), PERIOD_S);
	ffntp_polling_replied(&world.polling, FFNTP_REFUSED_KISS_RATE, PERIOD_S);
	next = world.polling.next;
	ffntp_polling_burst(&world.polling, S(2910), PERIOD_S);
	assert_true(world.polling.next == next);
	assert_true(next > S(2920));
}

/* A limit that an earlier run was given: no burst, the first request when it may leave, and then as after a kiss. */
static void a_limit_of_an_earlier_run_is_kept(void **state)
{
	struct world world;
	const struct ffntp_polling *polling = &world.polling;

	(void)state;
	init(&world, 16, 1024);
	assert_true(ffntp_polling_limit_s(polling) == 0);
	ffntp_polling_limit(&world.polling, 256, S(1040), PERIOD_S);
	assert_true(ffntp_polling_limit_s(polling) == 256);
	assert_true(polling->next == S(1040));
	for (unsigned i = 0; i < FFNTP_KISS_DECAY_REPLIES; i++) {
		ffntp_counter asked = polling->next;

		assert_true(ffntp_polling_limit_s(polling) == 256);
		ffntp_polling_sent(&world.polling, asked, PERIOD_S);
		assert_within((double)(polling->next - asked) * PERIOD_S, 256, 1e-6, "s");
		ffntp_polling_replied(&world.polling, FFNTP_ACCEPTED, PERIOD_S);
	}
	assert_true(ffntp_polling_limit_s(polling) == 128);
}

static void a_limit_is_within_the_configuration(void **state)
{
	struct world world;

	(void)state;
	init(&world, 16, 1024);
	ffntp_polling_limit(&world.polling, 8, S(1040), PERIOD_S);
	assert_true(ffntp_polling_limit_s(&world.polling) == 0);
	assert_true(world.polling.next < S(1040));
	ffntp_polling_limit(&world.polling, 1e9, 0, PERIOD_S);
	assert_true(ffntp_polling_limit_s(&world.polling) == 1024);
	assert_true(world.polling.next > 0);
	ffntp_polling_limit(&world.polling, 64, S(9999), PERIOD_S);
	assert_true(ffntp_polling_limit_s(&world.polling) == 1024);
	assert_true(world.polling.next < S(9999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limiter_that_counts_what_it_drops_is_served_from),
		cmocka_unit_test(rarer_limits_are_found_too),
		cmocka_unit_test(a_limit_that_ends_is_forgotten),
		cmocka_unit_test(an_outage_costs_minutes),
		cmocka_unit_test(an_outage_is_no_loss_by_chance),
		cmocka_unit_test(a_path_that_loses_packets_is_asked_as_often),
		cmocka_unit_test(a_server_that_never_answered_is_asked_as_configured),
		cmocka_unit_test(no_interval_is_longer_than_configured),
		cmocka_unit_test(a_try_that_fails_is_repeated_later),
		cmocka_unit_test(no_two_requests_are_closer_than_two_seconds),
		cmocka_unit_test(a_burst_obeys_a_kiss),
		cmocka_unit_test(a_limit_of_an_earlier_run_is_kept),
		cmocka_unit_test(a_limit_is_within_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
