/* dissent: exchanges that contradict a clock, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/dissent.h"
#include "../core/params.h"

#define POLL_S 64.0
#define LONG 1000 /* earlier exchanges that agreed with the clock; more than a burst */

static const struct ffntp_rate_bound hint = { 1e-9, 500e-6 }, known = { 1e-9, 2e-6 };

/* Return the stamp of an exchange of 2 ms each way at 'at' s, with a server that is ahead by ahead_s. */
static struct ffntp_stamp at(double at_s, double ahead_s)
{
	const uint64_t second = UINT64_C(1) << 32, era = UINT64_C(1) << 63;

	return (struct ffntp_stamp){
		.ta = (uint64_t)(at_s * 1e9),
		.tb = { era + (uint64_t)((at_s + 2e-3 + ahead_s) * (double)second) },
		.te = { era + (uint64_t)((at_s + 2e-3 + ahead_s) * (double)second) },
		.tf = (uint64_t)((at_s + 4e-3) * 1e9),
	};
}

struct judged {
	struct ffntp_dissent dissent;
	struct ffntp_candidate decided;
	unsigned exchanges, clock_exchanges;
	double poll_s;
	bool may_jump;
};

static struct judged begin(void)
{
	return (struct judged){ .clock_exchanges = LONG, .poll_s = POLL_S };
}

/* Add an exchange. The clock is right if ahead_s is 0, and its bound excludes all other values. */
static enum ffntp_dissent_outcome add(struct judged *judged, double ahead_s)
{
	const struct ffntp_stamp stamp = at(1000 + judged->exchanges++ * judged->poll_s, ahead_s);
	const struct ffntp_dissent_case fact = {
		.stamp = &stamp,
		.agrees = ahead_s == 0,
		.is_outside = ahead_s != 0,
		.hint = hint,
		.max_drift = 1e-6,
		.rate = known,
		.clock_exchanges = judged->clock_exchanges,
		.may_jump = judged->may_jump,
	};

	judged->clock_exchanges += ahead_s == 0;
	return ffntp_dissent_add(&judged->dissent, &fact, &judged->decided);
}

/* Add the same exchange until the outcome is no longer 'open'. Return the number of exchanges. */
static unsigned until_decided(struct judged *judged, double ahead_s, enum ffntp_dissent_outcome *outcome)
{
	unsigned count = 0;

	do {
		*outcome = add(judged, ahead_s);
		count++;
	} while (*outcome == FFNTP_DISSENT_OPEN && count < 10 * LONG);
	return count;
}

static void test_one_exchange_is_outvoted_by_one(void **state)
{
	struct judged judged = begin();

	(void)state;
	assert_int_equal(add(&judged, 1), FFNTP_DISSENT_OPEN);
	assert_int_equal(judged.dissent.count, 1);
	assert_int_equal(add(&judged, 0), FFNTP_DISSENT_NONE);
	assert_int_equal(judged.dissent.count, 0);
}

/* Ten exchanges are not outvoted by one, but by as many, or by a burst in a row. */
static void test_one_exchange_does_not_outvote_ten(void **state)
{
	struct judged judged = begin();
	enum ffntp_dissent_outcome outcome;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(add(&judged, 1), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 0), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 1), FFNTP_DISSENT_OPEN);
	assert_int_equal(until_decided(&judged, 0, &outcome), FFNTP_DISSENT_EXCHANGES);
	assert_int_equal(outcome, FFNTP_DISSENT_NONE);
}

/*
 * Add exchanges with a server whose time advances by this number of seconds in each second of the counter's nominal
 * rate, which is 1 GHz. Return whether they are recognised as those of a counter of that rate.
 */
static bool is_recognised(double seconds)
{
	struct judged judged = begin();

	for (int i = 0; i < 20; i++)
		if (add(&judged, 1e5 - judged.exchanges * judged.poll_s * (1 - seconds)) == FFNTP_DISSENT_ALIGNED)
			return true;
	return false;
}

/* A server whose time stands still, or flies, would agree with a counter of a rate that is impossible. */
static void test_a_rate_that_no_counter_has(void **state)
{
	(void)state;
	assert_true(is_recognised(0.01)); /* 100 GHz */
	assert_true(is_recognised(500));  /* 2 MHz */
	assert_false(is_recognised(0));
	assert_false(is_recognised(1e-4)); /* 10 THz */
	assert_false(is_recognised(2000)); /* 500 kHz */
	assert_false(is_recognised(-1));
}

/* A candidate persists after half an hour or eight exchanges, whichever comes later. */
static void test_a_candidate_that_persists_is_believed(void **state)
{
	static const struct {
		double poll_s;
		unsigned exchanges;
	} cases[] = { { 16, 1 + 113 }, { 64, 1 + 29 }, { 256, 1 + 8 }, { 300, 8 }, { 1024, 8 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct judged judged = begin();
		enum ffntp_dissent_outcome outcome;

		judged.poll_s = cases[i].poll_s;
		assert_int_equal(until_decided(&judged, 1, &outcome), cases[i].exchanges);
		assert_int_equal(outcome, FFNTP_DISSENT_BELIEVED);
		assert_int_equal(judged.decided.agreed, cases[i].exchanges);
	}
}

/*
 * Two of three exchanges agree on a time, and the third with the clock: the candidate is accepted as soon as possible.
 */
static void test_a_majority_is_believed_whatever_comes_between(void **state)
{
	struct judged judged = begin();
	unsigned exchanges = 0;

	(void)state;
	while (add(&judged, exchanges % 3 == 2 ? 0 : 1) != FFNTP_DISSENT_BELIEVED)
		assert_in_range(exchanges++, 0, 31);
	assert_in_range(exchanges, 28, 31);
}

/* One exchange in three is never enough. */
static void test_a_minority_is_not(void **state)
{
	struct judged judged = begin();

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		assert_true(add(&judged, i % 3 == 0 ? 1 : 0) <= FFNTP_DISSENT_OPEN);
}

/* The servers state a different time each: none is accepted, and the table has room for them. */
static void test_candidates_that_come_once_are_forgotten(void **state)
{
	struct judged judged = begin();

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		assert_int_equal(add(&judged, 1 + i * (i % 7) * 0.7), FFNTP_DISSENT_OPEN);
		assert_in_range(judged.dissent.count, 1, FFNTP_DISSENT_CANDIDATES);
	}
}

/* A few strays do not displace the candidate of the majority. */
static void test_strays_do_not_displace_a_candidate(void **state)
{
	struct judged judged = begin();
	unsigned i = 0;

	(void)state;
	while (add(&judged, i % 3 == 2 ? 10 + i * 3.1 : 1) != FFNTP_DISSENT_BELIEVED)
		assert_in_range(i++, 0, 32);
	assert_int_equal(judged.decided.agreed, judged.decided.alone);
}

/* A clock of one exchange is outvoted by two, and one of fifteen by sixteen; one of sixteen is not. */
static void test_a_young_clock_is_outvoted_within_a_burst(void **state)
{
	(void)state;
	for (unsigned clock = 1; clock <= FFNTP_DISSENT_YOUNG; clock++) {
		struct judged judged = begin();
		enum ffntp_dissent_outcome outcome;
		unsigned count;

		judged.poll_s = 2;
		judged.clock_exchanges = clock;
		count = until_decided(&judged, 1, &outcome);
		assert_int_equal(outcome, FFNTP_DISSENT_BELIEVED);
		if (clock < FFNTP_DISSENT_YOUNG)
			assert_int_equal(count, clock + 1);
		else
			assert_above(count, FFNTP_DISSENT_PERSIST_S / judged.poll_s, "");
	}
}

static void test_a_counter_that_may_jump_is_given_a_burst(void **state)
{
	struct judged judged = begin();
	enum ffntp_dissent_outcome outcome;

	(void)state;
	judged.may_jump = true;
	assert_int_equal(until_decided(&judged, 1, &outcome), FFNTP_DISSENT_JUMP_EXCHANGES);
	assert_int_equal(outcome, FFNTP_DISSENT_BELIEVED);
}

/* The rate is off by 100 ppm, because each exchange is further ahead. The candidate's exchanges alone show this. */
static void test_another_rate_is_told_from_a_step(void **state)
{
	struct judged judged = begin();

	(void)state;
	assert_int_equal(add(&judged, 7e-3), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 7e-3 + 64 * 100e-6), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 7e-3 + 128 * 100e-6), FFNTP_DISSENT_RATE);
	assert_true(ffntp_rate_range_excludes(&judged.decided.range, known));
}

/* The rate is off by one per cent, which the hint excludes. */
static void test_a_rate_beyond_the_hint_is_found_by_a_line(void **state)
{
	struct judged judged = begin();

	(void)state;
	for (int i = 0; i < FFNTP_DISSENT_ALIGNED_STEPS; i++)
		assert_int_equal(add(&judged, 0.3 + i * 0.64), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 0.3 + FFNTP_DISSENT_ALIGNED_STEPS * 0.64), FFNTP_DISSENT_ALIGNED);
	assert_true(judged.dissent.least_s <= 1.01e-9 && 1.01e-9 <= judged.dissent.most_s);
}

/* An exchange that fits two candidates counts for both. They become one if they exclude each other no longer. */
static void test_stories_that_nothing_tells_apart_are_merged(void **state)
{
	for (int is_outside = 0; is_outside <= 1; is_outside++) {
		struct judged judged = begin();
		struct ffntp_stamp stamp = at(1000, 3e-3);
		struct ffntp_dissent_case fact = { .stamp = &stamp,
						   .is_outside = is_outside,
						   .hint = hint,
						   .max_drift = 1e-6,
						   .rate = known,
						   .clock_exchanges = LONG };

		(void)state;
		assert_int_equal(ffntp_dissent_add(&judged.dissent, &fact, &judged.decided), FFNTP_DISSENT_OPEN);
		stamp = at(1000 + POLL_S, 3e-3);
		fact.agrees = true;
		fact.is_outside = false;
		assert_int_equal(ffntp_dissent_add(&judged.dissent, &fact, &judged.decided),
				 is_outside ? FFNTP_DISSENT_MERGED : FFNTP_DISSENT_NONE);
		assert_int_equal(judged.dissent.count, 0);
	}
}

/*
 * After two exchanges the rate is known to 60 ppm, 4 ms from one exchange to the next, so that no line connects
 * different times.
 */
static void test_no_candidate_bridges_two_times(void **state)
{
	struct judged judged = begin();

	(void)state;
	assert_int_equal(add(&judged, 1), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 1), FFNTP_DISSENT_OPEN);
	assert_int_equal(add(&judged, 1 + 7e-3), FFNTP_DISSENT_OPEN);
	assert_int_equal(judged.dissent.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_exchange_is_outvoted_by_one),
		cmocka_unit_test(test_one_exchange_does_not_outvote_ten),
		cmocka_unit_test(test_a_rate_that_no_counter_has),
		cmocka_unit_test(test_a_candidate_that_persists_is_believed),
		cmocka_unit_test(test_a_majority_is_believed_whatever_comes_between),
		cmocka_unit_test(test_a_minority_is_not),
		cmocka_unit_test(test_candidates_that_come_once_are_forgotten),
		cmocka_unit_test(test_strays_do_not_displace_a_candidate),
		cmocka_unit_test(test_a_young_clock_is_outvoted_within_a_burst),
		cmocka_unit_test(test_a_counter_that_may_jump_is_given_a_burst),
		cmocka_unit_test(test_another_rate_is_told_from_a_step),
		cmocka_unit_test(test_a_rate_beyond_the_hint_is_found_by_a_line),
		cmocka_unit_test(test_stories_that_nothing_tells_apart_are_merged),
		cmocka_unit_test(test_no_candidate_bridges_two_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
