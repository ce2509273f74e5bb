/* radclock: the estimator through its interface, in worlds whose truth is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../core/params.h"
#include "../core/radclock/radclock_floor.h"
#include "../core/radclock/radclock_line.h"
#include "../core/radclock/radclock_offset.h"
#include "../core/radclock/radclock_point.h"
#include "../core/radclock/radclock_rate.h"
#include "../core/radclock/radclock_sums.h"
#include "stampworld.h"

#define HOUR_S 3600.0
#define DAY_S 86400.0
#define WEEK_S (7 * DAY_S)

#define TEST_ROOM 9000

static const struct ffntp_estimator_config usual = {
	.period_hint_s = 1e-9,
	.period_hint_error = 500e-6,
	.poll_s = 16,
};

static struct stampclock new_clock(void)
{
	return stampclock_new(&ffntp_radclock_ops, &usual);
}

/* A clock that has been running for some hours. */
static struct stampclock settled_clock(struct stampworld *world)
{
	struct stampclock clock = new_clock();

	(void)stampclock_run(&clock, world, 16, 5 * HOUR_S);
	return clock;
}

/* Says what it was if it was too much. */
static void assert_below(double value, double limit)
{
	if (!(value < limit))
		print_message("%g is not below %g\n", value, limit);
	assert_true(value < limit);
}

static void assert_run(struct stamprun run, double rms_s, double worst_s)
{
	assert_below(stamprun_rms_s(&run), rms_s);
	assert_below(run.worst_s, worst_s);
	assert_int_equal(run.refused, 0);
}

/* --- from the first stamp on --- */

static void test_the_first_stamp_tells_the_time(void **state)
{
	struct stampworld world = stampworld_new(1);
	struct stampclock clock = new_clock();
	struct stamprun run = { 0 };

	(void)state;
	assert_int_equal(stampclock_exchange(&clock, &world, &run), FFNTP_ACCEPTED);
	assert_below(run.worst_s, 200e-6);
	assert_int_equal(run.within_2_esterror, 1);
	assert_true(clock.estimate.period_s == 1e-9);
	assert_true(clock.estimate.period_esterror >= 250e-6);
	stampclock_free(&clock);
}

static void test_a_burst_finds_the_rate(void **state)
{
	struct stampworld world = stampworld_new(2);
	struct stampclock clock = new_clock();

	(void)state;
	world.skew = 400e-6;
	(void)stampclock_run(&clock, &world, 2, 16);
	(void)stampclock_run(&clock, &world, 16, 300);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 2e-6);
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 60e-6, 300e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.1e-6);
	stampclock_free(&clock);
}

/* The first stamp was slow one way, and looked as good as any: the second shows what it was worth. */
static void test_better_luck_at_the_second_try(void **state)
{
	struct stampworld world = stampworld_new(40);
	struct stampclock clock = new_clock();
	struct stamprun run = { 0 };

	(void)state;
	world.forward_ns += 20000000;
	assert_int_equal(stampclock_exchange(&clock, &world, &run), FFNTP_ACCEPTED);
	assert_below(run.worst_s, 11e-3);
	stampworld_wait(&world, 2);
	world.forward_ns -= 20000000;
	assert_run(stampclock_run(&clock, &world, 2, 14), 200e-6, 400e-6);
	stampclock_free(&clock);
}

/* Rates from better times are not replaced by rates from worse ones. */
static void test_a_busy_warm_up(void **state)
{
	struct stampworld world = stampworld_new(41);
	struct stampclock clock = new_clock();

	(void)state;
	(void)stampclock_run(&clock, &world, 16, 2000);
	world.queue_ns = 10000000;
	for (unsigned i = 0; i < 100; i++) {
		(void)stampclock_run(&clock, &world, 16, 50);
		assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.2e-6);
		assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 0.2e-6);
	}
	stampclock_free(&clock);
}

static void test_a_quiet_day(void **state)
{
	struct stampworld world = stampworld_new(3);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	assert_run(stampclock_run(&clock, &world, 16, DAY_S), 5e-6, 20e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 20e-9);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 1e-9);
	stampclock_free(&clock);
}

struct conditions {
	double poll_s, wander;
	int64_t queue_ns;
};

static void test_the_estimated_error_is_one_standard_deviation(void **state)
{
	static const struct conditions all[] = {
		{ 16, 0, 50000 },        { 16, 1e-9, 50000 },  { 16, 0, 500000 },     { 16, 1e-9, 500000 },
		{ 256, 0.2e-9, 100000 }, { 1024, 0, 1000000 }, { 1024, 1e-9, 50000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct ffntp_estimator_config config = usual;
		struct stampworld world = stampworld_new(i);
		struct stampclock clock;
		struct stamprun run;
		double share;

		config.poll_s = all[i].poll_s;
		clock = stampclock_new(&ffntp_radclock_ops, &config);
		world.wander = all[i].wander;
		world.queue_ns = all[i].queue_ns;
		(void)stampclock_run(&clock, &world, all[i].poll_s, 40 * fmax(all[i].poll_s, HOUR_S / 8));
		run = stampclock_run(&clock, &world, all[i].poll_s, 3 * DAY_S);
		share = run.within_2_esterror / (double)run.stamps;
		if (share < 0.88)
			print_message("%zu: %g\n", i, share);
		assert_true(share >= 0.88);
		assert_below(run.esterror_s / run.stamps, 2.5 * stamprun_rms_s(&run));
		stampclock_free(&clock);
	}
}

/* What it was while warming up is forgotten. */
static void test_the_estimated_error_after_warm_up(void **state)
{
	struct stampworld world = stampworld_new(42);
	struct stampclock clock = new_clock();

	(void)state;
	world.skew = 400e-6;
	(void)stampclock_run(&clock, &world, 16, FFNTP_RADCLOCK_WARMUP_S + 300);
	assert_below(clock.estimate.esterror_s, 20e-6);
	stampclock_free(&clock);
}

/* What is said to who plans ahead: within a small factor of what the world was made with. */
static void test_what_is_known_of_oscillator_and_path(void **state)
{
	struct stampworld world = stampworld_new(48);
	struct stampclock clock;

	(void)state;
	world.wander = 2e-9;
	clock = settled_clock(&world);
	(void)stampclock_run(&clock, &world, 16, DAY_S);
	/* Half the difference of two exponential delays; those with little of either weigh most. */
	assert_below(clock.estimate.exchange_esterror_s, (double)world.queue_ns * 1e-9 * sqrt(0.5));
	assert_below((double)world.queue_ns * 1e-9 / 5, clock.estimate.exchange_esterror_s);
	assert_below(clock.estimate.wander_per_s, 5 * world.wander * world.wander);
	assert_below(world.wander * world.wander / 5, clock.estimate.wander_per_s);
	assert_true(clock.estimate.covariance_s > 0);
	stampclock_free(&clock);
}

/* --- what must not matter --- */

struct variant {
	ffntp_counter counter_from;
	uint64_t epoch;
	int64_t server_error_ns;
	double hz;
};

#define VARIANT_STAMPS 3000

static const struct variant plain = { 1000000000, UINT64_C(3976214400) << 32, 0, 1e9 };

/* Some hours of a world with all that may happen: loss, congestion, a route that changes, a server that is wrong. */
static void play(const struct variant *variant, struct ffntp_estimate *estimates)
{
	struct ffntp_estimator_config config = usual;
	struct stampworld world = stampworld_new(4);
	struct stampclock clock;
	struct stamprun run = { 0 };

	config.period_hint_s = 1 / variant->hz;
	clock = stampclock_new(&ffntp_radclock_ops, &config);
	world.counter_from = variant->counter_from;
	world.epoch.units = variant->epoch;
	world.hz = variant->hz;
	world.wander = 1e-9;
	for (unsigned i = 0; i < VARIANT_STAMPS; i++) {
		world.queue_ns = i / 100 % 10 == 9 ? 2000000 : 50000;
		world.forward_ns = i < 1500 ? 2000000 : 5000000;
		world.server_error_ns = variant->server_error_ns + (i >= 1200 && i < 1230 ? 150000000 : 0);
		(void)stampclock_exchange(&clock, &world, &run);
		estimates[i] = clock.estimate;
		stampworld_wait(&world, i % 700 == 0 ? 5000 : 16);
	}
	assert_int_equal(run.refused, 30);
	stampclock_free(&clock);
}

/* Same bits: nothing but the counter and the reference may differ, and they by just so much. */
static void assert_same_bits(const struct variant *variant, uint64_t shift, uint64_t moved)
{
	static struct ffntp_estimate a[VARIANT_STAMPS], b[VARIANT_STAMPS];

	play(&plain, a);
	play(variant, b);
	for (unsigned i = 0; i < VARIANT_STAMPS; i++) {
		assert_true(b[i].at - a[i].at == shift);
		assert_true(b[i].reference.units - a[i].reference.units == moved);
		assert_memory_equal(&a[i].correction_s, &b[i].correction_s, sizeof a[i].correction_s);
		assert_memory_equal(&a[i].period_s, &b[i].period_s, sizeof a[i].period_s);
		assert_memory_equal(&a[i].stable_period_s, &b[i].stable_period_s, sizeof a[i].period_s);
		assert_memory_equal(&a[i].esterror_s, &b[i].esterror_s, sizeof a[i].esterror_s);
		assert_memory_equal(&a[i].period_esterror, &b[i].period_esterror, sizeof a[i].period_esterror);
	}
}

static void test_where_the_counter_starts(void **state)
{
	struct variant far = plain, wraps = plain;

	(void)state;
	far.counter_from += UINT64_C(1) << 63;
	assert_same_bits(&far, UINT64_C(1) << 63, 0);
	wraps.counter_from = 0 - UINT64_C(20000000000000);
	assert_same_bits(&wraps, wraps.counter_from - plain.counter_from, 0);
}

static void test_when_it_is(void **state)
{
	struct variant era = plain;

	(void)state;
	era.epoch = 0 - (UINT64_C(20000) << 32);
	assert_same_bits(&era, 0, era.epoch - plain.epoch);
}

static void test_what_the_server_takes_for_the_time(void **state)
{
	struct variant wrong = plain;

	(void)state;
	wrong.server_error_ns = INT64_C(86400000000000);
	assert_same_bits(&wrong, 0, UINT64_C(86400) << 32);
}

static void test_how_fast_the_counter_is(void **state)
{
	static struct ffntp_estimate a[VARIANT_STAMPS], b[VARIANT_STAMPS];
	struct variant fast = plain;

	(void)state;
	fast.hz = 3.7e9;
	play(&plain, a);
	play(&fast, b);
	for (unsigned i = 0; i < VARIANT_STAMPS; i++) {
		double apart_s =
			ffntp_ntp_diff_s(b[i].reference, a[i].reference) + b[i].correction_s - a[i].correction_s;

		assert_below(fabs(apart_s), 1e-7); /* the counters round differently: 1 ns each */
		assert_below(fabs(b[i].period_s * 3.7 / a[i].period_s - 1), i < 100 ? 1e-8 : 1e-10);
	}
}

/* --- poll intervals, gaps --- */

static void test_the_poll_interval_changes(void **state)
{
	static const double polls_s[] = { 16, 64, 4, 256, 16, 1024, 2 };
	struct ffntp_estimator_config config = usual;
	struct stampworld world = stampworld_new(5);
	struct stampclock clock;

	(void)state;
	config.poll_s = 2;
	clock = stampclock_new(&ffntp_radclock_ops, &config);
	world.wander = 0.2e-9;
	(void)stampclock_run(&clock, &world, 16, 5 * HOUR_S);
	for (size_t i = 0; i < sizeof polls_s / sizeof *polls_s; i++)
		assert_run(stampclock_run(&clock, &world, polls_s[i], 4 * HOUR_S), 50e-6, 250e-6);
	stampclock_free(&clock);
}

/* Polling faster than was said, or with less memory than the windows want, shortens them and does no harm. */
static void test_little_memory(void **state)
{
	static const uint32_t histories[] = { 1, 150, 1000, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct ffntp_estimator_config config = usual;
		struct stampworld world = stampworld_new(6);
		struct stampclock clock;

		config.history = histories[i];
		clock = stampclock_new(&ffntp_radclock_ops, &config);
		(void)stampclock_run(&clock, &world, 1, HOUR_S);
		assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 30e-9);
		assert_run(stampclock_run(&clock, &world, 1, 3 * HOUR_S), 50e-6, 200e-6);
		assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 30e-6, 100e-6);
		stampclock_free(&clock);
	}
}

static void test_memory_follows_the_poll_interval(void **state)
{
	struct ffntp_estimator_config fast = usual, slow = usual, small = usual;

	(void)state;
	fast.poll_s = 1;
	slow.poll_s = 1024;
	small.poll_s = 1;
	small.history = 200;
	assert_true(ffntp_radclock_ops.memory(&fast) > 8 * ffntp_radclock_ops.memory(&usual));
	assert_true(ffntp_radclock_ops.memory(&slow) < ffntp_radclock_ops.memory(&usual));
	assert_true(ffntp_radclock_ops.memory(&small) < ffntp_radclock_ops.memory(&usual));
	assert_true(ffntp_radclock_ops.memory(&usual) < 70000);
}

static void test_gaps(void **state)
{
	static const double gaps_s[] = { 2 * HOUR_S, 4 * HOUR_S, 3.8 * DAY_S, 2 * WEEK_S, 1000 };
	struct stampworld world = stampworld_new(7);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	for (size_t i = 0; i < sizeof gaps_s / sizeof *gaps_s; i++) {
		struct stamprun first = { 0 };

		stampworld_wait(&world, gaps_s[i]);
		assert_int_equal(stampclock_exchange(&clock, &world, &first), FFNTP_ACCEPTED);
		assert_below(first.worst_s, 150e-6);
		stampworld_wait(&world, 16);
		assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 20e-6, 150e-6);
		assert_run(stampclock_run(&clock, &world, 16, 4 * HOUR_S), 5e-6, 20e-6);
	}
	stampclock_free(&clock);
}

/* A local rate from before a gap is no better than the average, once the gap is longer than it holds. */
static void test_a_local_rate_goes_stale(void **state)
{
	struct stampworld world = stampworld_new(8);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run = { 0 };

	(void)state;
	stampworld_set_skew(&world, world.skew + 0.3e-6);
	(void)stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_below(0.1e-6, fabs(clock.estimate.period_s / clock.estimate.stable_period_s - 1));
	stampworld_wait(&world, 4 * HOUR_S);
	(void)stampclock_exchange(&clock, &world, &run);
	assert_true(clock.estimate.period_s == clock.estimate.stable_period_s);
	stampclock_free(&clock);
}

/* --- the path --- */

static void test_a_longer_path(void **state)
{
	struct stampworld world = stampworld_new(9);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	world.forward_ns += 2000000;
	world.backward_ns += 2000000;
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 60e-6, 200e-6);
	assert_run(stampclock_run(&clock, &world, 16, 6 * HOUR_S), 5e-6, 20e-6);
	stampclock_free(&clock);
}

static void test_a_shorter_path(void **state)
{
	struct stampworld world = stampworld_new(10);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	world.forward_ns -= 900000;
	world.backward_ns -= 900000;
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 10e-6, 50e-6);
	assert_run(stampclock_run(&clock, &world, 16, 6 * HOUR_S), 5e-6, 20e-6);
	stampclock_free(&clock);
}

/* It moves half a week's average too, as soon as that is worth less than what can be measured since. */
static void test_a_longer_path_does_not_freeze_the_average_rate(void **state)
{
	struct stampworld world = stampworld_new(44);
	struct stampclock clock = new_clock();

	(void)state;
	(void)stampclock_run(&clock, &world, 16, DAY_S);
	world.forward_ns += 1000000;
	world.backward_ns += 1000000;
	stampworld_set_skew(&world, world.skew + 0.3e-6);
	(void)stampclock_run(&clock, &world, 16, 2.3 * DAY_S);
	assert_below(stampworld_rate_error(&world, clock.estimate.stable_period_s), 0.15e-6);
	stampclock_free(&clock);
}

/* Half of what one direction changed by is what every estimator of this kind follows; not more, and it is not lost. */
static void test_a_path_longer_one_way(void **state)
{
	struct stampworld world = stampworld_new(11);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.forward_ns += 10000000;
	run = stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_below(run.worst_s, 5.5e-3);
	assert_int_equal(run.refused, 0);
	world.forward_ns -= 10000000;
	(void)stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 10e-6, 30e-6);
	stampclock_free(&clock);
}

/* A jump that is more than an oscillator can have run away meanwhile waits until it could. */
static void test_a_path_much_longer_one_way(void **state)
{
	struct stampworld world = stampworld_new(47);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.forward_ns += 60000000;
	assert_run(stampclock_run(&clock, &world, 16, 2500), 0.5e-3, 2e-3);
	run = stampclock_run(&clock, &world, 16, HOUR_S);
	assert_int_equal(run.refused, 0);
	assert_below(fabs(fabs(stampworld_error_s(&world, &clock.estimate)) - 30e-3), 0.2e-3);
	/* That one direction took longer does not look like another rate. */
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.1e-6);
	(void)stampclock_run(&clock, &world, 16, 4 * HOUR_S);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 0.05e-6);
	stampclock_free(&clock);
}

/* The local rate goes on being measured while stamps from before and after a shift are in its windows. */
static void test_a_shift_does_not_freeze_the_local_rate(void **state)
{
	static const int64_t shifts_ns[] = { 6000000, -1800000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stampworld world = stampworld_new(12);
		struct stampclock clock = settled_clock(&world);
		unsigned changes = 0;

		world.forward_ns += shifts_ns[i];
		world.backward_ns += shifts_ns[i];
		for (unsigned minute = 0; minute < 150; minute++) {
			double before_s = clock.estimate.period_s;

			(void)stampclock_run(&clock, &world, 16, 60);
			changes += clock.estimate.period_s != before_s;
			assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 50e-9);
		}
		assert_true(changes > 10);
		stampclock_free(&clock);
	}
}

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
	/* From the shift on every stamp has the new floor, and none before it. */
	assert_int_equal(ffntp_history_at(&world.history, 299)->floor_ticks, 4000000);
	assert_int_equal(ffntp_history_at(&world.history, 300)->floor_ticks, 5000000);
	assert_int_equal(ffntp_history_at(&world.history, 399)->floor_ticks, 5000000);
	/* One stamp as quick as ever in all that time, and it would not have. */
	for (unsigned i = 0; i < 1000; i++)
		(void)floor_add(&world, i % 90 == 0 ? 5000000 : 9000000);
	assert_int_equal(world.floor.ticks, 5000000);
}

static void test_the_floor_falls_at_once(void **state)
{
	static struct floor_world world;

	(void)state;
	world = (struct floor_world){ 0 };
	/* While it is not yet known, a quicker stamp is never a shorter path. */
	(void)floor_add(&world, 9000000);
	for (unsigned i = 1; i < 300; i++)
		(void)floor_add(&world, 4000000 + i % 7);
	assert_int_equal(ffntp_history_at(&world.history, 0)->floor_ticks, 4000000);
	/* Better luck: those before were worse than they seemed. */
	assert_true(floor_add(&world, 3900000));
	assert_int_equal(ffntp_history_at(&world.history, 299)->floor_ticks, 3900000);
	/* A shorter path: they were as good as they were. */
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
	/* Too little to be a shift. */
	for (unsigned i = 300; i < week; i++) {
		(void)floor_add(&world, 4100000 + i % 5);
		if (i < week / 2)
			assert_int_equal(world.floor.ticks, 4000000);
	}
	(void)floor_add(&world, 4100000);
	assert_int_equal(world.floor.ticks, 4100000);
}

/* ... but not what it was before the path changed. */
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

/* The least of a busy hour is no path's floor: no other stamp comes near it. */
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

/* --- bad times --- */

/* Nothing good for an hour: the clock goes on by itself, and is there again afterwards. */
static void test_the_clock_comes_back(void **state)
{
	struct stampworld world = stampworld_new(13);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct stamprun run;

		world.queue_ns = 20000000;
		run = stampclock_run(&clock, &world, 16, HOUR_S / 2);
		assert_below(run.worst_s, 300e-6);
		world.queue_ns = 50000;
		(void)stampclock_run(&clock, &world, 16, HOUR_S / 2);
		assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
	}
	stampclock_free(&clock);
}

/* A path that never again is as quick as it once was, and not quick enough for the quality limit: it is followed all
 * the same, once the clock by itself is worse. */
static void test_a_path_that_stays_bad_is_followed(void **state)
{
	struct stampworld world = stampworld_new(14);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.queue_ns = 3000000;
	stampworld_set_skew(&world, world.skew + 1e-6);
	(void)stampclock_run(&clock, &world, 16, 6 * HOUR_S);
	run = stampclock_run(&clock, &world, 16, 12 * HOUR_S);
	assert_below(run.worst_s, 2e-3);
	assert_below(stamprun_rms_s(&run), 500e-6);
	stampclock_free(&clock);
}

/* Nor is it lost when there is no floor at all, while the oscillator goes its own way. */
static void test_a_queue_without_end_is_followed(void **state)
{
	struct stampworld world = stampworld_new(46);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	world.queue_ns = 20000000;
	stampworld_set_skew(&world, world.skew + 0.5e-6);
	run = stampclock_run(&clock, &world, 16, 12 * HOUR_S);
	assert_below(run.worst_s, 8e-3);
	assert_below(stamprun_rms_s(&run), 4e-3);
	assert_true(run.within_2_esterror > run.stamps / 2);
	stampclock_free(&clock);
}

static void test_a_server_that_is_wrong_for_a_while(void **state)
{
	static const int64_t errors_ns[] = { 150000000, -150000000, 3000000, -3000000, 3600000000000, 20000000 };

	(void)state;
	for (size_t i = 0; i < sizeof errors_ns / sizeof *errors_ns; i++) {
		struct stampworld world = stampworld_new(15 + i);
		struct stampclock clock = settled_clock(&world);
		struct stamprun run;

		world.server_error_ns = errors_ns[i];
		run = stampclock_run(&clock, &world, 16, 1200);
		assert_int_equal(run.refused, run.stamps);
		assert_below(run.worst_s, 50e-6);
		world.server_error_ns = 0;
		assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 20e-6, 150e-6);
		assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
		stampclock_free(&clock);
	}
}

/* ... once every few minutes, and each time for one stamp. */
static void test_a_server_that_is_wrong_now_and_then(void **state)
{
	struct stampworld world = stampworld_new(30);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		world.server_error_ns = i % 13 == 0 ? 5000000 + 1000 * i : 0;
		assert_int_equal(stampclock_exchange(&clock, &world, &run),
				 i % 13 == 0 ? FFNTP_REFUSED_CONTRADICTION : FFNTP_ACCEPTED);
		stampworld_wait(&world, 16);
	}
	assert_below(run.worst_s, 50e-6);
	stampclock_free(&clock);
}

/* Until the client decides that it is right after all, and says so by a restart: the clock was wrong, but not its rate.
 */
static void test_a_server_that_stays_wrong_is_refused(void **state)
{
	struct stampworld world = stampworld_new(31);
	struct stampclock clock = settled_clock(&world);
	double stable_s = clock.estimate.stable_period_s;
	struct stamprun run;

	(void)state;
	world.server_error_ns = 1000000000;
	run = stampclock_run(&clock, &world, 16, FFNTP_RADCLOCK_LOST_S - 60);
	assert_int_equal(run.refused, run.stamps);
	clock.ops->restart(clock.state);
	(void)stampclock_exchange(&clock, &world, &run);
	assert_below(fabs(stampworld_error_s(&world, &clock.estimate) - 1), 300e-6);
	assert_true(clock.estimate.stable_period_s == stable_s);
	world.server_error_ns = 0;
	clock.ops->restart(clock.state);
	stampworld_wait(&world, 16);
	assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 60e-6, 300e-6);
	assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
	stampclock_free(&clock);
}

/* A clock whose rate is far off agrees with nothing, and nothing agrees with itself at that rate. */
static void test_a_clock_that_is_lost_starts_anew(void **state)
{
	struct stampworld world = stampworld_new(32);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	stampworld_set_skew(&world, -300e-6);
	(void)stampclock_run(&clock, &world, 16, FFNTP_RADCLOCK_LOST_S + 1000);
	assert_run(stampclock_run(&clock, &world, 16, 4 * HOUR_S), 60e-6, 300e-6);
	assert_run(stampclock_run(&clock, &world, 16, 4 * HOUR_S), 10e-6, 50e-6);
	stampclock_free(&clock);
}

/* However the first stamps were delayed, the clock does not go astray for good. */
static void test_bad_beginnings(void **state)
{
	(void)state;
	for (uint64_t seed = 100; seed < 140; seed++) {
		struct stampworld world = stampworld_new(seed);
		struct stampclock clock = new_clock();
		double poll_s = seed % 2 ? 16 : 64;

		world.forward_ns = world.backward_ns = seed % 3 ? 3000000 : 40000000;
		world.queue_ns = 20000000;
		(void)stampclock_run(&clock, &world, seed % 4 ? 2 : poll_s, seed % 4 ? 16 : 500);
		world.queue_ns = 300000;
		(void)stampclock_run(&clock, &world, poll_s, 3 * HOUR_S);
		assert_run(stampclock_run(&clock, &world, poll_s, 3 * HOUR_S), 80e-6, 300e-6);
		stampclock_free(&clock);
	}
}

static bool is_finite_estimate(const struct ffntp_estimate *estimate)
{
	return isfinite(estimate->correction_s) && estimate->period_s > 0 && isfinite(estimate->period_s) &&
	       estimate->stable_period_s > 0 && isfinite(estimate->stable_period_s) && estimate->esterror_s >= 0 &&
	       isfinite(estimate->esterror_s) && isfinite(estimate->period_esterror) &&
	       isfinite(estimate->stable_esterror) && isfinite(estimate->covariance_s) &&
	       isfinite(estimate->wander_per_s) && isfinite(estimate->exchange_esterror_s);
}

/* Whatever an exchange may look like: any round trip, any residence within it, any server time, any pause before it. */
static struct ffntp_stamp anything(struct prng *prng, ffntp_counter *now, uint64_t server)
{
	uint64_t rtt_ticks = 1 + prng_any_size(prng) % UINT64_C(16000000000);
	uint64_t wild = prng_below(prng, 3) == 0 ? prng_any_size(prng) : prng_below(prng, 1000000);
	struct ffntp_stamp stamp = { .ta = *now + 1 + prng_any_size(prng) % UINT64_C(100000000000000) };

	stamp.tf = *now = stamp.ta + rtt_ticks;
	stamp.tb.units = server + wild;
	stamp.te.units = stamp.tb.units + prng_below(prng, rtt_ticks);
	stamp.refid = (uint32_t)prng_below(prng, 2);
	return stamp;
}

/* Nonsense does not break the clock, and leaves nothing behind once it ends. */
static void test_anything_at_all(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct stampworld world = stampworld_new(seed);
		struct stampclock clock = seed % 2 ? settled_clock(&world) : new_clock();
		struct prng prng = { seed };
		ffntp_counter now = stampworld_counter(&world, world.now_ns);
		double last_s;

		for (unsigned i = 0; i < 500; i++) {
			uint64_t server = stampworld_time(&world, world.now_ns).units;
			struct ffntp_stamp stamp = anything(&prng, &now, server);

			(void)clock.ops->add(clock.state, &stamp, &clock.estimate);
			assert_true(is_finite_estimate(&clock.estimate));
			assert_true(clock.estimate.at == stamp.tf);
		}
		/* On from there: the counter is where it is. */
		world.counter_from = now;
		world.counter_from_ns = world.now_ns;
		stampworld_wait(&world, 16);
		(void)stampclock_run(&clock, &world, 16, 2 * FFNTP_RADCLOCK_LOST_S);
		(void)stampclock_run(&clock, &world, 16, 4 * HOUR_S);
		assert_run(stampclock_run(&clock, &world, 16, HOUR_S), 30e-6, 100e-6);
		last_s = fabs(stampworld_rate_error(&world, clock.estimate.period_s));
		assert_below(last_s, 0.1e-6);
		stampclock_free(&clock);
	}
}

/* A change of leap indicator, stratum or refid: for one stamp the clock goes on by itself. */
static void test_a_server_that_becomes_another(void **state)
{
	struct stampworld world = stampworld_new(33);
	struct stampclock clock = settled_clock(&world);

	(void)state;
	for (unsigned i = 0; i < 48; i++) {
		struct ffntp_estimate before = clock.estimate;
		bool is_other = i % 4 == 0;
		struct ffntp_stamp stamp;
		double expected_s, difference_s;

		stampworld_wait(&world, 16);
		stamp = stampworld_exchange(&world);
		stamp.refid += i / 12;
		stamp.stratum = (uint8_t)(1 + (i + 4) / 12);
		stamp.leap = (uint8_t)((i + 8) / 12 % 3);
		assert_int_equal(clock.ops->add(clock.state, &stamp, &clock.estimate), FFNTP_ACCEPTED);
		expected_s = before.correction_s + ffntp_counter_diff(stamp.tf, before.at) * before.period_s;
		difference_s = ffntp_ntp_diff_s(clock.estimate.reference, before.reference) +
			       clock.estimate.correction_s - expected_s;
		if (i > 0)
			assert_int_equal(fabs(difference_s) < 1e-12, is_other);
		if (i > 0 && is_other)
			assert_true(clock.estimate.period_s == before.period_s &&
				    clock.estimate.stable_period_s == before.stable_period_s);
	}
	stampclock_free(&clock);
}

/* --- the oscillator --- */

static void test_a_step_of_the_rate_is_followed(void **state)
{
	struct stampworld world = stampworld_new(34);
	struct stampclock clock = settled_clock(&world);
	struct stamprun run;

	(void)state;
	stampworld_set_skew(&world, world.skew + 5e-6);
	run = stampclock_run(&clock, &world, 16, 3 * HOUR_S);
	assert_int_equal(run.refused, 0);
	assert_below(run.worst_s, 3e-3);
	assert_run(stampclock_run(&clock, &world, 16, 3 * HOUR_S), 10e-6, 50e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 50e-9);
	stampclock_free(&clock);
}

static void test_the_average_rate_forgets_after_a_week(void **state)
{
	struct ffntp_estimator_config config = usual;
	struct stampworld world = stampworld_new(35);
	struct stampclock clock;
	double error;

	(void)state;
	config.poll_s = 64;
	clock = stampclock_new(&ffntp_radclock_ops, &config);
	(void)stampclock_run(&clock, &world, 64, 6 * DAY_S);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 0.5e-9);
	stampworld_set_skew(&world, world.skew + 0.3e-6);
	(void)stampclock_run(&clock, &world, 64, DAY_S);
	error = stampworld_rate_error(&world, clock.estimate.stable_period_s);
	assert_true(error > 0.2e-6 && error < 0.3e-6); /* six days of seven were at the other rate */
	(void)stampclock_run(&clock, &world, 64, 10 * DAY_S);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 0.5e-9);
	assert_run(stampclock_run(&clock, &world, 64, DAY_S), 20e-6, 100e-6);
	stampclock_free(&clock);
}

static void test_a_known_rate_is_kept(void **state)
{
	struct stampworld world = stampworld_new(36);
	struct stampclock clock = new_clock();

	(void)state;
	clock.ops->warm(clock.state, 1e-9 / (1 + world.skew) * (1 + 20e-9), 50e-9);
	(void)stampclock_run(&clock, &world, 16, 100);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.period_s)), 21e-9);
	assert_run(stampclock_run(&clock, &world, 16, 12 * HOUR_S), 20e-6, 100e-6);
	assert_below(fabs(stampworld_rate_error(&world, clock.estimate.stable_period_s)), 3e-9);
	stampclock_free(&clock);
}

static void test_a_restart_keeps_the_rate_alone(void **state)
{
	struct stampworld world = stampworld_new(37);
	struct stampclock clock = settled_clock(&world);
	double period_s = clock.estimate.period_s, stable_s = clock.estimate.stable_period_s;
	struct stamprun run = { 0 };

	(void)state;
	clock.ops->restart(clock.state);
	world.server_error_ns = 5000000000;
	world.forward_ns = world.backward_ns = 20000000;
	assert_int_equal(stampclock_exchange(&clock, &world, &run), FFNTP_ACCEPTED);
	assert_below(fabs(stampworld_error_s(&world, &clock.estimate) - 5), 300e-6);
	assert_true(clock.estimate.period_s == period_s);
	assert_true(clock.estimate.stable_period_s == stable_s);
	world.server_error_ns = 0;
	clock.ops->restart(clock.state);
	(void)stampclock_run(&clock, &world, 16, 600);
	assert_run(stampclock_run(&clock, &world, 16, 6 * HOUR_S), 30e-6, 100e-6);
	stampclock_free(&clock);
}

/* --- parts --- */

static void test_no_excess_is_negative(void **state)
{
	struct ffntp_record record = { .rtt_ticks = 1000, .floor_ticks = 900 };

	(void)state;
	assert_true(ffntp_excess_ticks(&record) == 100);
	record.floor_ticks = 1001;
	assert_true(ffntp_excess_ticks(&record) == 0);
}

/* No oscillator jumps by 3 ppm from one stamp to the next; but if it has, that is so. */
static void test_sane_rates(void **state)
{
	struct ffntp_rate now = { 1e-9, 1e-9 }, near = { 1.000001e-9, 1e-9 }, far = { 1.000003e-9, 1e-9 };
	struct ffntp_contest contest = { 0 };
	ffntp_counter at = 0;

	(void)state;
	assert_true(ffntp_rate_is_sane(&now, &near, at, &contest));
	assert_true(ffntp_rate_is_sane(&near, &now, at, &contest));
	for (; (double)at * 1e-9 < FFNTP_RADCLOCK_RATE_PERSIST_S; at += UINT64_C(16000000000)) {
		assert_false(ffntp_rate_is_sane(&now, &far, at, &contest));
		assert_false(ffntp_rate_is_sane(&far, &now, at, &contest));
	}
	assert_true(ffntp_rate_is_sane(&now, &far, at, &contest));
	assert_false(ffntp_rate_is_sane(&now, &far, at, &contest));
	/* Two stamps are not enough, however far apart. */
	contest = (struct ffntp_contest){ 0 };
	assert_false(ffntp_rate_is_sane(&now, &far, 0, &contest));
	assert_false(ffntp_rate_is_sane(&now, &far, UINT64_C(10000000000000), &contest));
}

/* However long nobody asked: differences are from near by, so that no bit of them is lost. */
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
		/* Exact in both: a 512th of a second is 1953125 ns. */
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
	struct ffntp_line line;
	struct prng prng = { 39 };

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		double ahead_s = ((double)prng_below(&prng, 2000000) - 1e6) * 1e-3;
		double to_s = ((double)prng_below(&prng, 2000000) - 1e6) * 1e-3;

		line = ffntp_line_after(&stamp, ahead_s);
		assert_true(line.at == stamp.tf && line.correction_s >= 0 && line.correction_s < 0x1p-32);
		assert_below(fabs(ffntp_line_ahead_s(&line, &stamp) - ahead_s), 1e-12);
		ffntp_line_carry(&line, stamp.tf + (uint64_t)(int64_t)(to_s * 1e9), 1e-9);
		assert_true(line.correction_s >= 0 && line.correction_s < 0x1p-32);
		assert_below(fabs(ffntp_line_ahead_s(&line, &stamp) - ahead_s - to_s), 1.1e-9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_stamp_tells_the_time),
		cmocka_unit_test(test_a_burst_finds_the_rate),
		cmocka_unit_test(test_better_luck_at_the_second_try),
		cmocka_unit_test(test_a_busy_warm_up),
		cmocka_unit_test(test_a_quiet_day),
		cmocka_unit_test(test_the_estimated_error_is_one_standard_deviation),
		cmocka_unit_test(test_the_estimated_error_after_warm_up),
		cmocka_unit_test(test_what_is_known_of_oscillator_and_path),
		cmocka_unit_test(test_where_the_counter_starts),
		cmocka_unit_test(test_when_it_is),
		cmocka_unit_test(test_what_the_server_takes_for_the_time),
		cmocka_unit_test(test_how_fast_the_counter_is),
		cmocka_unit_test(test_the_poll_interval_changes),
		cmocka_unit_test(test_little_memory),
		cmocka_unit_test(test_memory_follows_the_poll_interval),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_a_local_rate_goes_stale),
		cmocka_unit_test(test_a_longer_path),
		cmocka_unit_test(test_a_shorter_path),
		cmocka_unit_test(test_a_longer_path_does_not_freeze_the_average_rate),
		cmocka_unit_test(test_a_path_longer_one_way),
		cmocka_unit_test(test_a_path_much_longer_one_way),
		cmocka_unit_test(test_a_shift_does_not_freeze_the_local_rate),
		cmocka_unit_test(test_the_floor_rises_after_half_an_hour),
		cmocka_unit_test(test_the_floor_falls_at_once),
		cmocka_unit_test(test_the_floor_forgets_after_a_week),
		cmocka_unit_test(test_a_risen_floor_stays),
		cmocka_unit_test(test_the_floor_rises_on_rare_stamps),
		cmocka_unit_test(test_the_floor_is_not_that_of_a_queue),
		cmocka_unit_test(test_the_floor_stays_over_a_gap),
		cmocka_unit_test(test_the_clock_comes_back),
		cmocka_unit_test(test_a_path_that_stays_bad_is_followed),
		cmocka_unit_test(test_a_queue_without_end_is_followed),
		cmocka_unit_test(test_a_server_that_is_wrong_for_a_while),
		cmocka_unit_test(test_a_server_that_is_wrong_now_and_then),
		cmocka_unit_test(test_a_server_that_stays_wrong_is_refused),
		cmocka_unit_test(test_a_clock_that_is_lost_starts_anew),
		cmocka_unit_test(test_bad_beginnings),
		cmocka_unit_test(test_anything_at_all),
		cmocka_unit_test(test_a_server_that_becomes_another),
		cmocka_unit_test(test_a_step_of_the_rate_is_followed),
		cmocka_unit_test(test_the_average_rate_forgets_after_a_week),
		cmocka_unit_test(test_a_known_rate_is_kept),
		cmocka_unit_test(test_a_restart_keeps_the_rate_alone),
		cmocka_unit_test(test_no_excess_is_negative),
		cmocka_unit_test(test_sane_rates),
		cmocka_unit_test(test_a_gap_of_years),
		cmocka_unit_test(test_the_offset_forgets_by_time),
		cmocka_unit_test(test_weighted_sums),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
