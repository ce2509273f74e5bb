/* history: the ring's contents, and minima that equal those of a full search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/history.h"
#include "prng.h"

#define CAPACITY 37
#define ADDED 4000

#define PERIOD_S 1e-9

/* Stamps some 16 s apart, sometimes an hour. The first is placed so that the counter wraps on the way. */
struct walk {
	struct prng prng;
	ffntp_counter now;
};

static const struct walk start = { { 7 }, UINT64_MAX - UINT64_C(3000000000000) };

static struct ffntp_record step(struct walk *walk)
{
	uint64_t rtt_ticks = 1000000 + prng_below(&walk->prng, 50);
	struct ffntp_record record = { .rtt_ticks = rtt_ticks, .floor_ticks = 1000000 };

	walk->now += UINT64_C(16000000000) + prng_below(&walk->prng, 1000000000);
	if (prng_below(&walk->prng, 60) == 0)
		walk->now += UINT64_C(3600000000000);
	record.stamp.ta = walk->now - rtt_ticks;
	record.stamp.tf = walk->now;
	record.is_believed = prng_below(&walk->prng, 4) != 0;
	return record;
}

static void test_the_newest_are_remembered(void **state)
{
	struct ffntp_record ring[CAPACITY], all[ADDED];
	struct ffntp_history history;
	struct walk walk = start;

	(void)state;
	ffntp_history_init(&history, ring, CAPACITY);
	assert_int_equal(ffntp_history_oldest(&history), history.added);
	for (uint64_t i = 0; i < ADDED; i++) {
		uint64_t oldest = i < CAPACITY ? 0 : i + 1 - CAPACITY;

		all[i] = step(&walk);
		ffntp_history_add(&history, &all[i]);
		assert_int_equal(history.added, i + 1);
		assert_int_equal(ffntp_history_oldest(&history), oldest);
		assert_int_equal(ffntp_history_newest(&history)->stamp.tf, all[i].stamp.tf);
		for (uint64_t j = oldest; j <= i; j++)
			assert_int_equal(ffntp_history_at(&history, j)->stamp.tf, all[j].stamp.tf);
	}
	ffntp_history_clear(&history);
	assert_int_equal(history.added, 0);
}

/* A window covers exactly the remembered stamps whose age lies between its ends, however often stamps come. */
static void test_windows_are_seconds(void **state)
{
	static const struct ffntp_window windows[] = {
		{ 0, 0 }, { 0, 100 }, { 0, 1e6 }, { 200, 400 }, { 50, 3700 }, { 1e6, 2e6 },
	};

	(void)state;
	for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
		struct ffntp_record ring[CAPACITY];
		struct ffntp_history history;
		struct ffntp_range range = { 0, 0 };
		struct walk walk = start;

		ffntp_history_init(&history, ring, CAPACITY);
		for (uint64_t i = 0; i < ADDED; i++) {
			struct ffntp_record record = step(&walk);

			ffntp_history_add(&history, &record);
			ffntp_window_slide(windows[w], &history, PERIOD_S, &range);
			assert_true(range.begin <= range.end && range.end <= history.added);
			for (uint64_t j = ffntp_history_oldest(&history); j <= i; j++) {
				ffntp_counter tf = ffntp_history_at(&history, j)->stamp.tf;
				double age_s = (double)(walk.now - tf) * PERIOD_S;
				bool is_in = age_s >= windows[w].youngest_s && age_s <= windows[w].oldest_s;

				assert_int_equal(range.begin <= j && j < range.end, is_in);
			}
		}
	}
}

static bool least_of(const struct ffntp_history *history, struct ffntp_range range, bool is_of_believed,
		     uint64_t *least)
{
	bool is_found = false;

	for (uint64_t i = range.begin; i < range.end; i++) {
		const struct ffntp_record *record = ffntp_history_at(history, i);

		if (is_of_believed && !record->is_believed)
			continue;
		if (!is_found || record->rtt_ticks <= ffntp_history_at(history, *least)->rtt_ticks)
			*least = i;
		is_found = true;
	}
	return is_found;
}

static uint64_t between(struct prng *prng, uint64_t least, uint64_t most)
{
	return least + prng_below(prng, most - least + 1);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Check any range whose ends move forward, with gaps, jumps past all of its contents, and empty ranges. */
static void check_minimum(uint64_t seed, bool is_of_believed)
{
	struct ffntp_record ring[CAPACITY];
	uint64_t queue[CAPACITY];
	struct ffntp_history history;
	struct ffntp_minimum minimum;
	struct prng prng = { seed };
	struct walk walk = start;

	ffntp_history_init(&history, ring, CAPACITY);
	ffntp_minimum_init(&minimum, queue, CAPACITY, is_of_believed);
	for (unsigned i = 0; i < ADDED; i++) {
		struct ffntp_record record = step(&walk);
		struct ffntp_range range = minimum.range;
		uint64_t found = 0, expected = 0, oldest;
		bool is_found;

		ffntp_history_add(&history, &record);
		oldest = ffntp_history_oldest(&history);
		if (prng_below(&prng, 3) == 0)
			range.end = between(&prng, later(range.end, oldest), history.added);
		range.end = later(range.end, oldest);
		range.begin = later(range.begin, oldest);
		if (prng_below(&prng, 3) == 0)
			range.begin = between(&prng, range.begin, range.end);
		ffntp_minimum_move(&minimum, &history, range);
		is_found = ffntp_minimum_get(&minimum, &found);
		assert_int_equal(is_found, least_of(&history, range, is_of_believed, &expected));
		assert_int_equal(found, expected);
	}
}

static void test_minimum_is_that_of_all(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		check_minimum(seed, false);
		check_minimum(seed, true);
	}
}

static void test_minimum_includes_the_newest(void **state)
{
	struct ffntp_record ring[CAPACITY];
	uint64_t queue[CAPACITY], found;
	struct ffntp_history history;
	struct ffntp_minimum minimum;

	(void)state;
	ffntp_history_init(&history, ring, CAPACITY);
	ffntp_minimum_init(&minimum, queue, CAPACITY, true);
	/* The window's least stamp leaves exactly when a new least one arrives. */
	for (uint64_t i = 0; i < 100; i++) {
		struct ffntp_record record = { .rtt_ticks = i % 10 == 0 ? 50 : 100 + i, .is_believed = true };

		ffntp_history_add(&history, &record);
		ffntp_minimum_move(&minimum, &history, (struct ffntp_range){ i < 10 ? 0 : i - 9, i + 1 });
		assert_true(ffntp_minimum_get(&minimum, &found));
		assert_int_equal(found, i - i % 10);
	}
	ffntp_minimum_clear(&minimum);
	assert_false(ffntp_minimum_get(&minimum, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_newest_are_remembered),
		cmocka_unit_test(test_windows_are_seconds),
		cmocka_unit_test(test_minimum_is_that_of_all),
		cmocka_unit_test(test_minimum_includes_the_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
