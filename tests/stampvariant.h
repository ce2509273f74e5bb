/*
 * stampvariant: differences that must not matter to an estimator: the counter's start, the date, and the server's time.
 * The same hours with other numbers must give the same estimates to the bit.
 */
#ifndef FFNTP_TESTS_STAMPVARIANT_H
#define FFNTP_TESTS_STAMPVARIANT_H

#include "stamptest.h"

struct variant {
	ffntp_counter counter_from;
	uint64_t epoch;
	int64_t server_error_ns;
	double hz;
};

#define VARIANT_STAMPS 3000

static const struct variant plain = { 1000000000, UINT64_C(3976214400) << 32, 0, 1e9 };

/* Run some hours with all kinds of events: congestion, gaps, a route change, a server that is wrong. */
static inline void play(const struct variant *variant, struct ffntp_estimate *estimates)
{
	struct ffntp_estimator_config config = usual;
	struct stampworld world = stampworld_new(4);
	struct stampclock clock;
	struct stamprun run = { 0 };

	config.period_hint_s = 1 / variant->hz;
	clock = stampclock_new(&ESTIMATOR_OPS, &config);
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
	/*
	 * Refused are the exchanges while the server is wrong, except for the first ones, whose cause may show only
	 * later.
	 */
	assert_true(run.refused >= 26 && run.refused <= 30);
	stampclock_free(&clock);
}

/* Require the same bits: only the counter and the reference differ, by exactly these amounts. */
static inline void assert_same_bits(const struct variant *variant, uint64_t shift, uint64_t moved)
{
	static struct ffntp_estimate a[VARIANT_STAMPS], b[VARIANT_STAMPS];

	play(&plain, a);
	play(variant, b);
	for (unsigned i = 0; i < VARIANT_STAMPS; i++) {
		b[i].at -= shift;
		b[i].reference.units -= moved;
		assert_memory_equal(&a[i], &b[i], sizeof a[i]);
	}
}

static inline void test_where_the_counter_starts(void **state)
{
	struct variant far = plain, wraps = plain;

	(void)state;
	far.counter_from += UINT64_C(1) << 63;
	assert_same_bits(&far, UINT64_C(1) << 63, 0);
	wraps.counter_from = 0 - UINT64_C(20000000000000);
	assert_same_bits(&wraps, wraps.counter_from - plain.counter_from, 0);
}

/* Begin years later, and before the end of the era in 2036. */
static inline void test_when_it_is(void **state)
{
	struct variant years = plain, era = plain;

	(void)state;
	years.epoch += UINT64_C(86400 * 365 * 7) << 32;
	assert_same_bits(&years, 0, years.epoch - plain.epoch);
	era.epoch = 0 - (UINT64_C(20000) << 32);
	assert_same_bits(&era, 0, era.epoch - plain.epoch);
}

static inline void test_what_the_server_takes_for_the_time(void **state)
{
	struct variant wrong = plain;

	(void)state;
	wrong.server_error_ns = INT64_C(86400000000000);
	assert_same_bits(&wrong, 0, UINT64_C(86400) << 32);
}

#endif
