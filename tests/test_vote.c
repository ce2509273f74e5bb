/* vote: compared with a count over all points, and with what a majority guarantees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/vote.h"
#include "prng.h"

static struct ffntp_vote_intervals intervals_of(unsigned count, const double ends[][2])
{
	struct ffntp_vote_intervals intervals = { .count = 0 };

	for (unsigned i = 0; i < count; i++)
		ffntp_vote_add(&intervals, (struct ffntp_vote_interval){ ends[i][0], ends[i][1] });
	return intervals;
}

static struct ffntp_vote vote_of(unsigned count, const double ends[][2])
{
	const struct ffntp_vote_intervals intervals = intervals_of(count, ends);
	struct ffntp_vote_order order = { 0 };

	return ffntp_vote_count(&intervals, &order);
}

#define ENDS(...) ((const double[][2]){ __VA_ARGS__ })
#define VOTE(...) vote_of(sizeof ENDS(__VA_ARGS__) / sizeof(double[2]), ENDS(__VA_ARGS__))

static void assert_vote_at(struct ffntp_vote vote, bool has_majority, double low, double high, int line)
{
	if (vote.has_majority == has_majority && vote.low == low && vote.high == high)
		return;
	print_error("line %d: %s, %g to %g\n", line, vote.has_majority ? "a majority" : "no majority", vote.low,
		    vote.high);
	fail();
}

#define assert_vote(vote, has_majority, low, high) assert_vote_at(vote, has_majority, low, high, __LINE__)

static void test_the_bound_is_what_a_majority_admits(void **state)
{
	(void)state;
	assert_vote(VOTE({ 1, 4 }), true, 1, 4);
	assert_vote(VOTE({ 1, 4 }, { 3, 6 }), true, 3, 4);
	assert_vote(VOTE({ 1, 4 }, { 4, 6 }), true, 4, 4);
	/* Two of three, whichever they are. */
	assert_vote(VOTE({ 1, 4 }, { 3, 6 }, { 2, 9 }), true, 2, 6);
	assert_vote(VOTE({ 1, 4 }, { 8, 9 }, { 2, 6 }), true, 2, 4);
	assert_vote(VOTE({ -9, -8 }, { -7, -4 }, { -5, -2 }), true, -5, -4);
	/* Three of five: there may be a gap between two places where a majority meets. */
	assert_vote(VOTE({ 0, 2 }, { 1, 3 }, { 1, 9 }, { 7, 9 }, { 8, 10 }), true, 1, 9);
	/* Two of four are no majority. */
	assert_vote(VOTE({ 0, 2 }, { 1, 3 }, { 7, 9 }, { 8, 10 }), false, 0, 10);
}

static void test_without_a_majority_everybody_may_be_right(void **state)
{
	(void)state;
	assert_vote(VOTE({ 1, 2 }, { 3, 4 }), false, 1, 4);
	assert_vote(VOTE({ 5, 6 }, { 1, 2 }, { 3, 4 }), false, 1, 6);
	assert_vote(VOTE({ -6, -5 }, { -2, -1 }), false, -6, -1);
}

static void test_who_agrees(void **state)
{
	struct ffntp_vote vote = VOTE({ 1, 4 }, { 3, 6 }, { 2, 9 }), none = VOTE({ 1, 2 }, { 3, 4 });
	const struct ffntp_vote_interval in = { 5, 7 }, touching = { 6, 8 }, below = { -1, 1.5 }, above = { 6.5, 8 };
	const struct ffntp_vote_interval around = { 0, 99 }, of_one = { 1, 2 };

	(void)state;
	assert_true(ffntp_vote_agrees(&vote, &in) && ffntp_vote_agrees(&vote, &touching));
	assert_true(ffntp_vote_agrees(&vote, &around));
	assert_false(ffntp_vote_agrees(&vote, &below) || ffntp_vote_agrees(&vote, &above));
	assert_false(ffntp_vote_agrees(&none, &of_one));
}

static double between(struct prng *prng, double low, double high)
{
	return low + (high - low) * (double)(prng_next(prng) >> 11) * 0x1p-53;
}

/* More than half contain 0, and the others lie as they like, also so that they overlap: the result contains 0. */
static void test_liars_that_are_fewer_than_half_cannot_move_it_off_the_truth(void **state)
{
	struct prng prng = { 7 };
	struct ffntp_vote_order order = { 0 }; /* of the round before, which has nothing to do with this one */

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct ffntp_vote_intervals all = { .count = 0 };
		unsigned count = 1 + (unsigned)prng_below(&prng, FFNTP_VOTE_MOST), right = count / 2 + 1;
		double most_low = -1e9, least_high = 1e9;
		struct ffntp_vote vote;

		for (unsigned i = 0; i < count; i++) {
			double low = i < right ? between(&prng, -4, 0) : between(&prng, -6, 6);
			double high = i < right ? between(&prng, 0, 4) : low + between(&prng, 0, 4);

			ffntp_vote_add(&all, (struct ffntp_vote_interval){ low, high });
			most_low = low < most_low ? most_low : low;
			least_high = high > least_high ? least_high : high;
		}
		vote = ffntp_vote_count(&all, &order);
		assert_true(vote.has_majority && vote.low <= 0 && vote.high >= 0);
		/* It is no narrower than what all have in common, and every end is an interval's. */
		assert_true(most_low > least_high || (vote.low <= most_low && vote.high >= least_high));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_bound_is_what_a_majority_admits),
		cmocka_unit_test(test_without_a_majority_everybody_may_be_right),
		cmocka_unit_test(test_who_agrees),
		cmocka_unit_test(test_liars_that_are_fewer_than_half_cannot_move_it_off_the_truth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
