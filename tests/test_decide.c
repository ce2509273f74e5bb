/* decide: the decision on each reply, with its evidence, and that deciding changes nothing. */
#include "clientworld.h"

#include "../core/client.h"
#include "../core/decide.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Run until a decision of this kind and return it. Fail if there is none within the duration. */
static struct ffntp_decision find(struct fixture *f, double seconds, enum ffntp_decision_kind kind)
{
	for (double t = 0; t < seconds; t++) {
		world_run(&f->world, f->client, 1);
		if (ffntp_client_decision(f->client)->kind == kind)
			return *ffntp_client_decision(f->client);
	}
	fail_msg("no decision %s within %.0f s", ffntp_decision_name(kind), seconds);
	return (struct ffntp_decision){ 0 };
}

static bool is_near(double value, double expected, double tolerance)
{
	return fabs(value - expected) <= tolerance;
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FFNTP_DECISIONS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(ffntp_decision_name(i), ffntp_decision_name(j));
	for (unsigned i = 0; i < FFNTP_REASONS; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(ffntp_decision_reason_name(i), ffntp_decision_reason_name(j));
	assert_string_equal(ffntp_decision_name(FFNTP_DECISIONS), "unknown");
	assert_string_equal(ffntp_decision_name((enum ffntp_decision_kind) - 1), "unknown");
	assert_string_equal(ffntp_decision_reason_name(FFNTP_REASONS), "unknown");
	assert_string_equal(ffntp_decision_name(FFNTP_DECISION_ESTIMATOR_RESET), "estimator-reset");
	assert_string_equal(ffntp_decision_reason_name(FFNTP_REASON_REPORTED), "reported");
}

static void test_accept(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;
	struct ffntp_source source;

	(void)state;
	assert_int_equal(ffntp_client_decision(f.client)->kind, FFNTP_DECISION_NONE);
	world_run(&f.world, f.client, 600);
	decision = *ffntp_client_decision(f.client);
	ffntp_client_source(f.client, &source);
	assert_int_equal(decision.kind, FFNTP_DECISION_ACCEPT);
	assert_int_equal(decision.reason, FFNTP_REASON_NONE);
	assert_int_equal(decision.verdict, FFNTP_ACCEPTED);
	assert_int_equal(decision.at, source.last_accepted);
	assert_true(is_near(decision.offset_s, (double)source.offset_ns * 1e-9, 1e-9));
	assert_true(decision.gap_s == 0);
	drop(&f);
}

static void test_a_reply_that_is_rejected_by_itself(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;

	(void)state;
	world_run(&f.world, f.client, 600);
	f.world.stratum = 16;
	decision = find(&f, 60, FFNTP_DECISION_REJECT);
	assert_int_equal(decision.reason, FFNTP_REASON_REPLY);
	assert_int_equal(decision.verdict, FFNTP_REFUSED_UNSYNCHRONISED);
	assert_true(decision.at != 0);
	drop(&f);
}

static void test_a_server_that_steps(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;
	uint64_t before;

	(void)state;
	world_run(&f.world, f.client, 3600);
	before = marker(&f);
	f.world.server_error_ns = S_NS / 2;
	decision = find(&f, 60, FFNTP_DECISION_REJECT);
	assert_int_equal(decision.reason, FFNTP_REASON_OUTSIDE);
	assert_int_equal(decision.verdict, FFNTP_REFUSED_CONTRADICTION);
	assert_true(is_near(decision.gap_s, 0.5, 0.01));
	assert_true(is_near(decision.offset_s, -0.5, 0.01));
	assert_int_equal(marker(&f), before);
	decision = find(&f, 3600, FFNTP_DECISION_STEP);
	assert_int_equal(decision.reason, FFNTP_REASON_CANDIDATE);
	assert_int_equal(decision.verdict, FFNTP_ACCEPTED);
	assert_true(decision.exchanges > 50 && decision.rivals == 0);
	assert_true(is_near(decision.span_s, 1800, 20));
	assert_true(is_near(decision.rate, 0, 5e-6));
	assert_int_not_equal(marker(&f), before);
	drop(&f);
}

static void test_a_rate_that_changes(void **state)
{
	static const struct {
		double by;
		bool is_counter_broken;
	} cases[] = { { 15e-6, false }, { -15e-6, false }, { 100e-6, true }, { -100e-6, true } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture f = make(START_NS);
		struct ffntp_decision decision;
		uint32_t before;

		world_run(&f.world, f.client, 4 * 3600);
		before = counter_marker(&f);
		world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns),
				  f.world.ticks_per_ns * (1 - cases[i].by));
		f.world.is_silent = true;
		world_run(&f.world, f.client, 1200);
		f.world.is_silent = false;
		decision = find(&f, 4 * 3600, FFNTP_DECISION_RATE_CHANGE);
		assert_int_equal(decision.reason, FFNTP_REASON_CANDIDATE);
		assert_int_equal(decision.verdict, FFNTP_ACCEPTED);
		assert_true(is_near(decision.rate, cases[i].by, fabs(cases[i].by) / 4));
		assert_true(decision.exchanges >= 3 && decision.rivals == 0);
		assert_int_equal(counter_marker(&f) != before, cases[i].is_counter_broken);
		drop(&f);
	}
}

/* The rate is beyond what the hint admits. */
static void test_a_rate_that_the_hint_excludes(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;

	(void)state;
	world_run(&f.world, f.client, 3600);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), f.world.ticks_per_ns * 1.01);
	decision = find(&f, 3600, FFNTP_DECISION_RATE_CHANGE);
	assert_int_equal(decision.reason, FFNTP_REASON_LINE);
	assert_int_equal(decision.exchanges, 4);
	assert_true(is_near(decision.rate, -0.0099, 0.0005));
	drop(&f);
}

/* A leap second that nobody announced, at the end of 2016. */
static void test_a_leap_second_that_was_not_announced(void **state)
{
	const int64_t leap_s = INT64_C(1483228800) + 36;
	struct fixture f = make((leap_s - 7200) * S_NS);
	struct ffntp_numbering numbering;
	struct ffntp_decision decision;

	(void)state;
	assert_int_equal(ffntp_numbering_from_table(ffntp_leap_table_builtin(), (struct ffntp_time){ leap_s - 7200, 0 },
						    &numbering),
			 FFNTP_TIMESCALE_OK);
	f.world.numbering = &numbering;
	make_client(&f);
	decision = find(&f, 4 * 3600, FFNTP_DECISION_LEAP_CORRECTION);
	assert_int_equal(decision.reason, FFNTP_REASON_LEAP_SECOND);
	assert_int_equal(decision.verdict, FFNTP_ACCEPTED);
	assert_true(is_near(decision.offset_s, 1, 0.01));
	assert_true(is_near(decision.span_s, 1800, 20));
	drop(&f);
}

/* The rate steps on a path whose round trip hides it from the bound. */
static void test_a_strained_bound(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;

	(void)state;
	f.world.delay_ns = 50000000;
	f.world.queue_ns = 20000;
	f.config.estimator = FFNTP_ESTIMATOR_LAW; /* the other one sees a contradiction before */
	f.config.poll_min_s = f.config.poll_max_s = 128;
	make_client(&f);
	world_run(&f.world, f.client, 9760);
	world_set_counter(&f.world, world_counter(&f.world, f.world.now_ns), f.world.ticks_per_ns * (1 + 40e-6));
	for (int i = 0; i < 7200; i++) {
		world_run(&f.world, f.client, 1);
		decision = *ffntp_client_decision(f.client);
		if (decision.reason == FFNTP_REASON_STRAIN)
			break;
	}
	assert_int_equal(decision.kind, FFNTP_DECISION_BOUND_RESET);
	assert_int_equal(decision.reason, FFNTP_REASON_STRAIN);
	assert_int_equal(decision.verdict, FFNTP_ACCEPTED);
	assert_true(decision.bound_is_reset);
	assert_true(decision.strain_s > 0 && decision.exchanges > 1);
	drop(&f);
}

static void test_a_coarse_server(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;

	(void)state;
	f.world.server_step_ns = 10000000;
	make_client(&f);
	decision = find(&f, 7200, FFNTP_DECISION_BOUND_RESET);
	assert_int_equal(decision.reason, FFNTP_REASON_GRAIN);
	assert_true(decision.bound_is_reset);
	drop(&f);
}

static void test_resets(void **state)
{
	struct fixture f = make(START_NS);
	struct ffntp_decision decision;

	(void)state;
	world_run(&f.world, f.client, 600);
	ffntp_client_disrupted(f.client, 42);
	decision = *ffntp_client_decision(f.client);
	assert_int_equal(decision.kind, FFNTP_DECISION_RESET);
	assert_int_equal(decision.reason, FFNTP_REASON_REPORTED);
	assert_int_equal(decision.at, 42);
	world_run(&f.world, f.client, 600);
	assert_int_equal(ffntp_client_decision(f.client)->kind, FFNTP_DECISION_ACCEPT);
	world_set_counter(&f.world, 1000, f.world.ticks_per_ns);
	world_exchange(&f.world, f.client);
	decision = *ffntp_client_decision(f.client);
	assert_int_equal(decision.kind, FFNTP_DECISION_RESET);
	assert_int_equal(decision.reason, FFNTP_REASON_COUNTER);
	assert_int_equal(decision.verdict, FFNTP_REFUSED_COUNTER);
	drop(&f);
}

/*
 * Deciding on an exchange, good or bad, twice gives the same decision and leaves clock and association as they were;
 * with the estimator's verdict, too.
 */
static void test_deciding_changes_nothing(void **state)
{
	static struct ffntp_clock_plan plans[2];
	struct fixture f = make(START_NS);

	(void)state;
	world_run(&f.world, f.client, 3600);
	for (int64_t ahead_ms = -1000; ahead_ms <= 1000; ahead_ms += 125) {
		struct ffntp_clock_state clock = f.client->clock;
		struct ffntp_association association = f.client->association;
		struct ffntp_stamp stamp = association.stamp;

		stamp.ta += 16000000000;
		stamp.tf += 16000000000;
		stamp.tb = ffntp_ntp_from_time(ffntp_time_add_ns(ffntp_time_from_ntp(stamp.tb, START_NS / S_NS),
								 16 * S_NS + ahead_ms * 1000000));
		stamp.te = stamp.tb;
		for (int i = 0; i < 2; i++) {
			memset(&plans[i], 0, sizeof plans[i]);
			ffntp_clock_decide(&f.client->clock, &f.client->association, &stamp, &plans[i]);
		}
		assert_memory_equal(&plans[0].decision, &plans[1].decision, sizeof plans[0].decision);
		for (int i = 0; i < 2 && ahead_ms == 0; i++) {
			struct ffntp_clock_plan accepted = plans[0], refused = plans[0];

			ffntp_clock_decide_estimate(&f.client->clock, &f.client->association, &stamp, FFNTP_ACCEPTED,
						    &accepted);
			ffntp_clock_decide_estimate(&f.client->clock, &f.client->association, &stamp,
						    FFNTP_REFUSED_CONTRADICTION, &refused);
			assert_int_equal(accepted.decision.kind, FFNTP_DECISION_ACCEPT);
			assert_int_equal(refused.decision.kind, FFNTP_DECISION_REJECT);
			assert_int_equal(refused.decision.reason, FFNTP_REASON_ESTIMATE);
		}
		assert_memory_equal(&f.client->clock, &clock, sizeof clock);
		assert_memory_equal(&f.client->association, &association, sizeof association);
		assert_int_equal(plans[0].decision.kind, ahead_ms == 0 ? FFNTP_DECISION_ACCEPT : FFNTP_DECISION_REJECT);
		assert_true(is_near(plans[0].decision.gap_s, (double)ahead_ms * 1e-3, 0.01));
	}
	drop(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_a_reply_that_is_rejected_by_itself),
		cmocka_unit_test(test_a_server_that_steps),
		cmocka_unit_test(test_a_rate_that_changes),
		cmocka_unit_test(test_a_rate_that_the_hint_excludes),
		cmocka_unit_test(test_a_leap_second_that_was_not_announced),
		cmocka_unit_test(test_a_strained_bound),
		cmocka_unit_test(test_a_coarse_server),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_deciding_changes_nothing),
	};

	if (!choose_estimator(argc, argv))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
