/* strain: the exchanges that show that a bound, or a clock, is false, and those that do not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/strain.h"
#include "count.h"
#include "prng.h"

/* A path, a server and a clock, and the number of times that the strain of an exchange proved something. */
struct world {
	struct prng prng;
	struct ffntp_strain strain;
	struct ffntp_bound bound;
	struct ffntp_rate_bound rate; /* known range of the counter's rate, which is 1 GHz */
	double least_s[2], queue_s;
	double root_distance_s;
	double now_s;
	unsigned bounds, clocks; /* number of times that bound and clock were found false */
};

static double exponential(struct world *world)
{
	return -log(((double)(prng_next(&world->prng) >> 11) + 1) * 0x1p-53);
}

static struct world make(uint64_t seed, double there_s, double back_s, double queue_s)
{
	return (struct world){
		.prng = { seed },
		.rate = { 1e-9, 1e-7 },
		.least_s = { there_s, back_s },
		.queue_s = queue_s,
		.now_s = 1,
	};
}

/* Make an exchange with these delays; the server is ahead by server_s, and the clock by clock_s. */
static void exchange_with(struct world *world, double there_s, double back_s, double server_s, double clock_s)
{
	double tb_s = world->now_s + there_s + server_s, tf_s = world->now_s + there_s + back_s;
	const struct ffntp_stamp stamp = {
		.ta = (uint64_t)(world->now_s * 1e9),
		.tb = { (UINT64_C(1) << 63) + (uint64_t)(tb_s * 0x1p32) },
		.te = { (UINT64_C(1) << 63) + (uint64_t)(tb_s * 0x1p32) },
		.tf = (uint64_t)(tf_s * 1e9),
		.root_dispersion_s = world->root_distance_s,
	};

	const struct ffntp_bound interval = ffntp_bound_from_stamp(&stamp, world->rate);
	struct ffntp_bound aged = world->bound;

	world->now_s += 16;
	if (world->bound.is_known)
		ffntp_bound_age(&aged, interval.at, interval.reference, world->rate);
	if (world->bound.is_known &&
	    ffntp_strain_add(&world->strain, &aged, &interval, ffntp_stamp_root_distance_s(&stamp))) {
		world->bounds++;
		world->bound.is_known = false;
	}
	assert_true(ffntp_bound_add(&world->bound, &interval, world->rate) == 0);
	world->clocks += ffntp_strain_add_clock(&world->strain, server_s + (there_s - back_s) / 2 - clock_s);
}

static void exchange(struct world *world, double server_s, double clock_s)
{
	double there_s = world->least_s[0] + world->queue_s * exponential(world);

	exchange_with(world, there_s, world->least_s[1] + world->queue_s * exponential(world), server_s, clock_s);
}

static void assert_found(const struct world *world, unsigned bounds, unsigned clocks)
{
	if (world->bounds != bounds || world->clocks != clocks)
		print_message("bound %u, clock %u\n", world->bounds, world->clocks);
	assert_int_equal(world->bounds, bounds);
	assert_int_equal(world->clocks, clocks);
}

/* Queues of any length beside the least delay, from the first exchange on. */
static void test_queues_show_nothing(void **state)
{
	static const double queues_s[] = { 0, 1e-6, 1e-4, 1e-3, 0.02 };

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++)
		for (size_t i = 0; i < COUNT(queues_s); i++) {
			struct world world = make(seed, 0.5e-3, 0.5e-3, queues_s[i]);

			for (unsigned k = 0; k < 300; k++)
				exchange(&world, 0, 0);
			assert_found(&world, 0, 0);
		}
}

/* One direction becomes longer by ten round trips, later shorter than at first; the clock stays where it was. */
static void test_a_path_that_changes_shows_nothing(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		struct world world = make(7, 2e-3, 2e-3, 1e-4);

		for (unsigned k = 0; k < 600; k++) {
			world.least_s[way] = k < 200 ? 2e-3 : k < 400 ? 42e-3 : 1.5e-3;
			exchange(&world, 0, 0);
		}
		assert_found(&world, 0, 0);
	}
}

/* Both directions change at once and in opposite senses, by little compared with the round trip. */
static void test_a_small_exchange_of_ways_shows_nothing(void **state)
{
	struct world world = make(5, 10e-3, 10e-3, 1e-5);

	(void)state;
	for (unsigned k = 0; k < 600; k++) {
		double moved_s = k / 50 % 2 == 0 ? 0 : 0.5e-3;

		world.least_s[0] = 10e-3 + moved_s;
		world.least_s[1] = 10e-3 - moved_s;
		exchange(&world, 0, 0);
	}
	assert_found(&world, 0, 0);
}

/* One direction is short when the other is long, as if both waited for the same turn; the round trip is constant. */
static void test_ways_that_share_a_turn_show_nothing(void **state)
{
	struct world world = make(3, 0, 0, 0);

	(void)state;
	for (unsigned k = 0; k < 5000; k++) {
		double there_s = 0.01 * (double)(prng_next(&world.prng) >> 11) * 0x1p-53;

		exchange_with(&world, 1e-3 + there_s, 11e-3 - there_s, 0, 0);
	}
	assert_found(&world, 0, 0);
}

/* The server wanders slowly through its whole root distance; the clock is within its bound. */
static void test_a_server_within_its_root_distance_shows_nothing(void **state)
{
	struct world world = make(3, 1e-3, 1e-3, 1e-5);

	(void)state;
	world.root_distance_s = 20e-3;
	for (unsigned k = 0; k < 2000; k++) {
		double server_s = 19.9e-3 * sin((double)k / 50);

		exchange(&world, server_s, server_s / 2);
	}
	assert_found(&world, 0, 0);
}

/*
 * The server's rate is off by 40 ppm, which looks like a change of the counter's rate. Delays of 50 ms each way hide
 * this for 1250 s. The long queues before have no effect any more.
 */
static void test_a_rate_shows_before_the_bound_is_false(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		struct world world = make(1, 50e-3, 50e-3, 50e-3);
		unsigned k = 0;

		for (unsigned i = 0; i < 400; i++) {
			world.queue_s = i < 200 ? 50e-3 : 2.5e-3;
			exchange(&world, 0, 0);
		}
		while (world.bounds == 0 && k < 80) {
			k++;
			exchange(&world, sign * 40e-6 * 16 * k, sign * 40e-6 * 16 * k);
		}
		assert_in_range(k, 5, 1250 / 16);
		assert_found(&world, 1, 0);
	}
}

/*
 * The counter is 400 ppm fast, and only the hint of its rate is known: a drift of the exchanges' middle proves nothing
 * then.
 */
static void test_a_rate_that_is_hardly_known_shows_nothing(void **state)
{
	struct world world = make(1, 1e-3, 1e-3, 1e-5);

	(void)state;
	world.rate = (struct ffntp_rate_bound){ 1e-9, 500e-6 };
	for (unsigned k = 0; k < 200; k++)
		exchange(&world, 400e-6 * 16 * k, 400e-6 * 16 * k);
	assert_found(&world, 0, 0);
}

/*
 * A clock is proved wrong by exchanges that lie on one side of it in succession; not by occasional ones, and not if
 * queues are long.
 */
static void test_a_clock_beside_the_exchanges(void **state)
{
	struct world world = make(1, 50e-3, 50e-3, 1e-3);

	(void)state;
	for (unsigned k = 0; k < 100; k++)
		exchange(&world, 0, k % 6 == 0 ? 0 : 45e-3);
	for (unsigned k = 0; k < 100; k++)
		exchange(&world, 0, k % 2 == 0 ? 45e-3 : -45e-3);
	for (unsigned k = 0; k < 100; k++)
		exchange(&world, 0, 20e-3);
	assert_found(&world, 0, 0);
	for (unsigned k = 0; k < 16 && world.clocks == 0; k++)
		exchange(&world, 0, 45e-3);
	assert_found(&world, 0, 1);
	world = make(1, 5e-3, 5e-3, 100e-3);
	for (unsigned k = 0; k < 100; k++)
		exchange(&world, 0, 45e-3);
	assert_found(&world, 0, 0);
}

/* Queues still count some tens of exchanges after they have gone, but not hundreds. */
static void test_the_mean_of_queues_fades(void **state)
{
	struct world world = make(1, 5e-3, 5e-3, 10e-3);
	double busy_s;

	(void)state;
	for (unsigned k = 0; k < 200; k++)
		exchange(&world, 0, 0);
	busy_s = world.strain.excess_s;
	world.queue_s = 0;
	for (unsigned k = 0; k < 30; k++)
		exchange(&world, 0, 0);
	assert_true(world.strain.excess_s > busy_s / 3);
	for (unsigned k = 0; k < 400; k++)
		exchange(&world, 0, 0);
	assert_true(world.strain.excess_s < busy_s / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queues_show_nothing),
		cmocka_unit_test(test_a_path_that_changes_shows_nothing),
		cmocka_unit_test(test_a_small_exchange_of_ways_shows_nothing),
		cmocka_unit_test(test_ways_that_share_a_turn_show_nothing),
		cmocka_unit_test(test_a_server_within_its_root_distance_shows_nothing),
		cmocka_unit_test(test_a_rate_shows_before_the_bound_is_false),
		cmocka_unit_test(test_a_rate_that_is_hardly_known_shows_nothing),
		cmocka_unit_test(test_a_clock_beside_the_exchanges),
		cmocka_unit_test(test_the_mean_of_queues_fades),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
