/* radclock: its parts by themselves. */
#include "../core/params.h"
#include "../core/radclock/radclock_floor.h"
#include "../core/radclock/radclock_line.h"
#include "../core/radclock/radclock_offset.h"
#include "../core/radclock/radclock_point.h"
#include "../core/radclock/radclock_rate.h"
#include "../core/radclock/radclock_sums.h"

#define ESTIMATOR_OPS ffntp_radclock_ops
#include "stamptest.h"

#define TEST_ROOM 9000

/* --- the floor of the round trip --- */

static struct ffntp_record round_trip(uint64_t i, uint64_t rtt_ticks)
{
	struct ffntp_record record = { .rtt_ticks = rtt_ticks, .floor_ticks = rtt_ticks, .is_believed = true };

	record.stamp.tf = i * UINT64_C(16000000000) + rtt_ticks;
	record.stamp.ta = record.stamp.tf - rtt_ticks;
	return record;
}

#define FLOOR_STAMPS 512

struct floor_world {
	struct ffntp_record ring[FLOOR_STAMPS];
	uint64_t queue[FLOOR_STAMPS];
	struct ffntp_history history;
	struct ffntp_floor floor;
	uint64_t stamps;
};

static bool floor_add(struct floor_world *world, uint64_t rtt_ticks)
{
	struct ffntp_record record = round_trip(world->stamps++, rtt_ticks);
	double lowered_ticks;

	if (world->stamps == 1) {
		ffntp_history_init(&world->history, world->ring, FLOOR_STAMPS);
		ffntp_floor_init(&world->floor, world->queue, FLOOR_STAMPS);
	}
	ffntp_history_add(&world->history, &record);
	return ffntp_floor_update(&world->floor, &world->history, 1e-9, world->stamps > 100, &lowered_ticks);
}

static void test_the_floor_rises_after_half_an_hour(void **state)
{
	static struct floor_world world;

	(void)state;
	world = (struct floor_world){ 0 };
	for (unsigned i = 0; i < 300; i++)
		(void)floor_add(&world, 4000000 + i % 7);
	assert_int_equal(world.floor.ticks, 4000000);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(world.floor.ticks, 4000000);
		(void)floor_add(&world, 5000000 + i % 7);
	}
	assert_int_equal(world.floor.ticks, 5000000);
	/* Every stamp from the shift on has the new floor, and none before it. */
	assert_int_equal(ffntp_history_at(&world.history, 299)->floor_ticks, 4000000);
	assert_int_equal(ffntp_history_at(&world.history, 300)->floor_ticks, 5000000);
	assert_int_equal(ffntp_history_at(&world.history, 399)->floor_ticks, 5000000);
	/* An occasional stamp as quick as ever keeps the floor from rising. */
	for (unsigned i = 0; i < 1000; i++)
		(void)floor_add(&world, i % 90 == 0 ? 5000000 : 9000000);
	assert_int_equal(world.floor.ticks, 5000000);
}

static void test_the_floor_falls_at_once(void **state)
{
	static struct floor_world world;

	(void)state;
	world = (struct floor_world){ 0 };
	/* While the floor is not yet known, a quicker stamp is never taken for a shorter path. */
	(void)floor_add(&world, 9000000);
	for (unsigned i = 1; i < 300; i++)
		(void)floor_add(&world, 4000000 + i % 7);
	assert_int_equal(ffntp_history_at(&world.history, 0)->floor_ticks, 4000000);
	/* A quicker stamp shows that those before were worse than they seemed. */
	assert_true(floor_add(&world, 3900000));
	assert_int_equal(ffntp_history_at(&world.history, 299)->floor_ticks, 3900000);
	/* A shorter path leaves the quality of those before as it was. */
	(void)floor_add(&world, 3000000);
	assert_int_equal(world.floor.ticks, 3000000);
	assert_int_equal(ffntp_history_at(&world.history, 300)->floor_ticks, 3900000);
	assert_int_equal(ffntp_history_newest(&world.history)->floor_ticks, 3000000);
}

static void test_the_floor_forgets_after_a_week(void **state)
{
	static struct floor_world world;
	unsigned week = (unsigned)(WEEK_S / 16);

	(void)state;
	world = (struct floor_world){ 0 };
	for (unsigned i = 0; i < 300; i++)
		(void)floor_add(&world, 4000000);
	/* The difference is too small for a shift. */
	for (unsigned i = 300; i < week; i++) {
		(void)floor_add(&world, 4100000 + i % 5);
		if (i < week / 2)
			assert_int_equal(world.floor.ticks, 4000000);
	}
	(void)floor_add(&world, 4100000);
	assert_int_equal(world.floor.ticks, 4100000);
}

/* A floor that has risen does not return to its value from before the path changed. */
static void test_a_risen_floor_stays(void **state)
{
	static struct floor_world world;
	unsigned half_week = (unsigned)(WEEK_S / 2 / 16);

	(void)state;
	world = (struct floor_world){ 0 };
	for (unsigned i = 0; i < 300; i++)
		(void)floor_add(&world, 4000000);
	for (unsigned i = 300; i < half_week + 10; i++) {
		(void)floor_add(&world, 5000000);
		if (i >= 400)
			assert_int_equal(ffntp_history_newest(&world.history)->floor_ticks, 5000000);
		if (i >= 400)
			assert_int_equal(world.floor.level, 300);
	}
}

/* At 1024 s, the span of the local rate is enough. */
static void test_the_floor_rises_on_rare_stamps(void **state)
{
	static struct floor_world world;

	(void)state;
	world = (struct floor_world){ 0 };
	for (unsigned i = 0; i < 120; i++, world.stamps += 63)
		(void)floor_add(&world, 4000000 + i % 7);
	for (unsigned i = 0; i < 7; i++, world.stamps += 63)
		(void)floor_add(&world, 5000000);
	assert_int_equal(world.floor.ticks, 5000000);
}

/* The least of a busy hour is not a path's floor, because no other stamp comes near it. */
static void test_the_floor_is_not_that_of_a_queue(void **state)
{
	static struct floor_world world;
	struct prng prng = { 45 };

	(void)state;
	world = (struct floor_world){ 0 };
	for (unsigned i = 0; i < 300; i++)
		(void)floor_add(&world, 4000000 + i % 7);
	for (unsigned i = 0; i < 500; i++) {
		(void)floor_add(&world, 7000000 + prng_below(&prng, 50000000));
		assert_int_equal(world.floor.ticks, 4000000);
	}
}

/* An outage leaves no stamps to conclude from, and one slow stamp after it proves nothing. */
static void test_the_floor_stays_over_a_gap(void **state)
{
	static struct floor_world world;

	(void)state;
	world = (struct floor_world){ 0 };
	for (unsigned i = 0; i < 300; i++)
		(void)floor_add(&world, 4000000 + i % 7);
	world.stamps += 2000;
	for (unsigned i = 0; i < 90; i++)
		(void)floor_add(&world, 5000000 + i % 7);
	assert_int_equal(world.floor.ticks, 4000000);
}

/* --- the others --- */

static void test_no_excess_is_negative(void **state)
{
	struct ffntp_record record = { .rtt_ticks = 1000, .floor_ticks = 900 };

	(void)state;
	assert_true(ffntp_excess_ticks(&record) == 100);
	record.floor_ticks = 1001;
	assert_true(ffntp_excess_ticks(&record) == 0);
}

/* An oscillator does not jump by 3 ppm from one stamp to the next; but a jump that persists is accepted. */
static void test_sane_rates(void **state)
{
	struct ffntp_radclock_rate now = { 1e-9, 1e-9 }, near = { 1.000001e-9, 1e-9 }, far = { 1.000003e-9, 1e-9 };
	struct ffntp_contest contest = { 0 };
	ffntp_counter at = 0;

	(void)state;
	assert_true(ffntp_radclock_rate_is_sane(&now, &near, at, &contest));
	assert_true(ffntp_radclock_rate_is_sane(&near, &now, at, &contest));
	for (; (double)at * 1e-9 < FFNTP_RADCLOCK_RATE_PERSIST_S; at += UINT64_C(16000000000)) {
		assert_false(ffntp_radclock_rate_is_sane(&now, &far, at, &contest));
		assert_false(ffntp_radclock_rate_is_sane(&far, &now, at, &contest));
	}
	assert_true(ffntp_radclock_rate_is_sane(&now, &far, at, &contest));
	assert_false(ffntp_radclock_rate_is_sane(&now, &far, at, &contest));
	/* Two stamps are not enough, however far apart. */
	contest = (struct ffntp_contest){ 0 };
	assert_false(ffntp_radclock_rate_is_sane(&now, &far, 0, &contest));
	assert_false(ffntp_radclock_rate_is_sane(&now, &far, UINT64_C(10000000000000), &contest));
}

/* After a gap of any length, differences are taken from nearby, so that they lose no bit. */
static void test_a_gap_of_years(void **state)
{
	static struct ffntp_record ring[100];
	static double room[TEST_ROOM];
	const double period_s = 1e-9;
	struct ffntp_history history;
	struct ffntp_offset offset;
	uint64_t s = 0;

	(void)state;
	ffntp_history_init(&history, ring, 100);
	ffntp_offset_init(&offset, room, 100);
	for (unsigned i = 0; i < 10; i++) {
		struct ffntp_record record = { .rtt_ticks = 4000000, .floor_ticks = 4000000, .is_believed = true };
		struct ffntp_offset_estimate said;

		s += i == 5 ? 20 * 365 * 86400 + 1 : 16;
		/* This is exact in both units, because a 512th of a second is 1953125 ns. */
		record.stamp.ta = s * UINT64_C(1000000000) + s % 512 * 1953125;
		record.stamp.tf = record.stamp.ta + 4000000;
		record.stamp.tb.units = (s << 32) + (s % 512 << 23);
		record.stamp.te = record.stamp.tb;
		ffntp_history_add(&history, &record);
		ffntp_offset_add(&offset, &history, period_s);
		assert_true(ffntp_offset_combine(&offset, &record.stamp, period_s, period_s, &said));
		assert_below(fabs(said.ahead_s - 2e-3), 1e-12);
	}
}

static void test_the_offset_forgets_by_time(void **state)
{
	static struct ffntp_record ring[3000];
	static double room[TEST_ROOM];
	struct ffntp_history history;
	struct ffntp_offset offset;
	uint64_t tf = 0;

	(void)state;
	assert_true(ffntp_offset_room(1100) <= TEST_ROOM);
	ffntp_history_init(&history, ring, 3000);
	ffntp_offset_init(&offset, room, 1100);
	for (unsigned i = 0; i < 9000; i++) {
		struct ffntp_record record = { .rtt_ticks = 1000000, .floor_ticks = 1000000, .is_believed = i % 5 > 0 };
		unsigned poll_us = i / 3000 == 1 ? 1100071 : 15000013, expected = 0;

		tf += poll_us * UINT64_C(1000);
		record.stamp = (struct ffntp_stamp){ .ta = tf - 1000000, .tf = tf };
		ffntp_history_add(&history, &record);
		ffntp_offset_add(&offset, &history, 1e-9);
		for (uint64_t j = ffntp_history_oldest(&history); j < history.added; j++)
			expected += ffntp_history_at(&history, j)->is_believed &&
				    (double)(tf - ffntp_history_at(&history, j)->stamp.tf) * 1e-9 <= 1024;
		assert_int_equal(offset.window.count, expected);
	}
}

static void test_weighted_sums(void **state)
{
	double time_s[41], ticks[41], excess_ticks[41], weights[41];
	struct prng prng = { 38 };

	(void)state;
	for (uint32_t count = 1; count <= 40; count++) {
		static const double units[] = { 0, 3, 5, 200, 1e5 };
		struct ffntp_points points = { time_s, ticks, excess_ticks, weights, count };
		struct ffntp_points_view view = { 1e12, 1000, 1e-5, 2e-12, 1e-9 };
		double least = HUGE_VAL, weight = 0, weight2 = 0, ahead = 0, ahead2 = 0, age = 0, age2 = 0, both = 0;

		for (uint32_t i = 0; i < count; i++) {
			ticks[i] = (double)prng_below(&prng, 1000000000000);
			time_s[i] = ticks[i] * 1e-9 + (double)prng_below(&prng, 1000) * 1e-7;
			excess_ticks[i] = (double)(prng_below(&prng, 500000) << (count % 3 * 6));
			least = fmin(least, excess_ticks[i] * 1e-5 + (1e12 - ticks[i]) * 2e-12);
		}
		for (uint32_t i = 0; i < count; i++) {
			double error = excess_ticks[i] * 1e-5 + (1e12 - ticks[i]) * 2e-12;
			double w = exp((least - error) * (least + error));
			double a = (1e12 - ticks[i]) * 1e-9, h = time_s[i] - 1000 + a;

			weight += w;
			weight2 += w * w;
			ahead += w * h;
			ahead2 += w * h * h;
			age += w * a;
			age2 += w * a * a;
			both += w * a * h;
		}
		for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
			struct ffntp_points_sums sums;
			struct ffntp_points_squares squares;

			ffntp_points_sum(&points, &view, units[i], &sums);
			ffntp_points_square(&points, &view, &squares);
			assert_true(sums.least == least);
			assert_below(fabs(sums.ahead / sums.weight - ahead / weight), 1e-10);
			assert_below(fabs(sums.age / sums.weight - age / weight), 1e-3);
			assert_below(fabs(sums.weight * sums.weight / squares.weight2 * weight2 / weight / weight - 1),
				     1e-6);
			assert_below(fabs(squares.ahead2 / sums.weight - ahead2 / weight), 1e-14);
			assert_below(fabs(squares.age2 / sums.weight - age2 / weight), 1);
			assert_below(fabs(squares.age_ahead / sums.weight - both / weight), 1e-7);
		}
	}
}

static void test_lines(void **state)
{
	struct ffntp_stamp stamp = { .ta = 0 - UINT64_C(5), .tb = { 0 - UINT64_C(7) }, .te = { 4 }, .tf = 3000000000 };
	struct ffntp_radclock_line line;
	struct prng prng = { 39 };

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		double ahead_s = ((double)prng_below(&prng, 2000000) - 1e6) * 1e-3;
		double to_s = ((double)prng_below(&prng, 2000000) - 1e6) * 1e-3;

		line = ffntp_radclock_line_after(&stamp, ahead_s);
		assert_true(line.at == stamp.tf && line.correction_s >= 0 && line.correction_s < 0x1p-32);
		assert_below(fabs(ffntp_radclock_line_ahead_s(&line, &stamp) - ahead_s), 1e-12);
		ffntp_radclock_line_carry(&line, stamp.tf + (uint64_t)(int64_t)(to_s * 1e9), 1e-9);
		assert_true(line.correction_s >= 0 && line.correction_s < 0x1p-32);
		assert_below(fabs(ffntp_radclock_line_ahead_s(&line, &stamp) - ahead_s - to_s), 1.1e-9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_floor_rises_after_half_an_hour),
		cmocka_unit_test(test_the_floor_falls_at_once),
		cmocka_unit_test(test_the_floor_forgets_after_a_week),
		cmocka_unit_test(test_a_risen_floor_stays),
		cmocka_unit_test(test_the_floor_rises_on_rare_stamps),
		cmocka_unit_test(test_the_floor_is_not_that_of_a_queue),
		cmocka_unit_test(test_the_floor_stays_over_a_gap),
		cmocka_unit_test(test_no_excess_is_negative),
		cmocka_unit_test(test_sane_rates),
		cmocka_unit_test(test_a_gap_of_years),
		cmocka_unit_test(test_the_offset_forgets_by_time),
		cmocka_unit_test(test_weighted_sums),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
