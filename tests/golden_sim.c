/*
 * golden_sim: whole days of the client with the default estimator in the simulator, beside the limit. Their seeds are
 * used nowhere else, so that nothing was chosen on them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../include/ffntp/clock.h"
#include "../sim/limit.h"
#include "../sim/world.h"

/*
 * The limit is reached by a filter that knows the path and the oscillator. The estimator has to learn them, which was
 * measured to cost 1 to 8 %. The rest is room for better filters that are less lucky with these seeds.
 */
#define MOST_OF_LIMIT 1.25

#define FIRST_SEED 7129
#define SEEDS 3
#define LENGTH_NS (24 * 3600 * FFNTP_NS_PER_S)

struct day {
	struct ffntp_ensemble *ensemble;
	struct sim_limit *limit;
	double squares, limit_squares; /* of errors just before each exchange of the second half, in s */
	unsigned exchanges, refused, broken, scored;
};

/* Return the error (s) of the clock as a reader finds it, and count a bound that does not hold. */
static double read_error_s(struct day *day, ffntp_counter now, int64_t truth_ns)
{
	struct ffntp_time truth = ffntp_time_from_ns(truth_ns);
	struct ffntp_reading reading;
	const struct ffntp_map *map = sim_ensemble_map(day->ensemble, now);

	assert_int_equal(ffntp_clock_at(map, now, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	day->broken += ffntp_time_is_before(truth, reading.earliest) || ffntp_time_is_before(reading.latest, truth);
	return (double)ffntp_time_diff_ns(reading.estimate, truth) * 1e-9;
}

static void watch_second(void *context, int64_t truth_ns, ffntp_counter now)
{
	if (truth_ns >= SIM_START_NS + 60 * FFNTP_NS_PER_S)
		(void)read_error_s(context, now, truth_ns);
}

static void watch_before(void *context, const struct sim_exchange *exchange)
{
	struct day *day = context;

	if (exchange->truth_tf_ns >= SIM_START_NS + LENGTH_NS / 2) {
		double error_s = read_error_s(day, exchange->tf, exchange->truth_tf_ns);
		double limit_s = sim_limit_error_s(day->limit, exchange->tf, exchange->truth_tf_ns);

		day->scored++;
		day->squares += error_s * error_s;
		day->limit_squares += limit_s * limit_s;
	}
	sim_limit_add(day->limit, exchange);
}

static void watch_after(void *context, const struct sim_exchange *exchange, enum ffntp_verdict verdict)
{
	struct day *day = context;

	(void)exchange;
	day->exchanges++;
	day->refused += verdict != FFNTP_ACCEPTED;
}

static void run_day(const struct sim_scenario *scenario, uint64_t seed, struct day *day)
{
	const struct sim_observer observer = { day, watch_second, watch_before, watch_after };
	struct ffntp_client_config config;
	struct sim_world world;

	sim_world_init(&world, scenario, seed);
	sim_world_configure(&config, scenario, FFNTP_ESTIMATOR_LAW, 16);
	day->ensemble = sim_world_begin(&world, &config);
	day->limit = sim_limit_new(scenario);
	assert_true(day->ensemble && day->limit);
	sim_world_run(&world, day->ensemble, SIM_START_NS + LENGTH_NS, &observer);
	sim_limit_free(day->limit);
	free(day->ensemble);
}

static void check_scenario(void **state)
{
	const struct sim_scenario *scenario = sim_scenario_find(*state);

	assert_non_null(scenario);
	for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
		struct day day = { .ensemble = NULL };
		double ratio;

		run_day(scenario, seed, &day);
		ratio = sqrt(day.squares / day.limit_squares);
		if (ratio > MOST_OF_LIMIT)
			print_message("%s, seed %d: %.3f of the limit\n", scenario->name, (int)seed, ratio);
		assert_true(day.exchanges > 5300 && day.refused == 0);
		assert_true(day.broken == 0);
		assert_true(ratio <= MOST_OF_LIMIT);
	}
}

/* The RMS error over half a day, in s. */
static double rms_s(const char *scenario, uint64_t seed)
{
	struct day day = { .ensemble = NULL };

	run_day(sim_scenario_find(scenario), seed, &day);
	assert_true(day.broken == 0);
	return sqrt(day.squares / day.scored);
}

/*
 * These seeds have a spell of congestion over the very first exchanges. Half a day later the clock must be as good as
 * with other seeds, 2 to 3 us. A clock that takes the end of the spell for a route that became shorter is 190 us off.
 */
static void congestion_at_the_start_is_found_out(void **state)
{
	(void)state;
	assert_true(rms_s("congestion", 102) < 5e-6);
	assert_true(rms_s("congestion", 113) < 5e-6);
	assert_true(rms_s("congestion", 134) < 5e-6);
}

/*
 * With these seeds one direction becomes shorter within minutes of the other becoming longer. A clock that takes the
 * two changes for one of a single direction is 600 to 1100 us off for good, because only a return to the former path
 * reveals the error. A clock that recognises the former path is off for the minutes until then: 20 to 250 us RMS.
 */
static void routes_that_change_both_ways_at_once(void **state)
{
	(void)state;
	assert_true(rms_s("flapping-routes", 112) < 300e-6);
	assert_true(rms_s("flapping-routes", 123) < 300e-6);
	assert_true(rms_s("flapping-routes", 141) < 300e-6);
	assert_true(rms_s("flapping-routes", 179) < 300e-6);
}

int main(void)
{
	static char lan[] = "lan", metro[] = "metro", continental[] = "continental";
	const struct CMUnitTest tests[] = {
		{ "lan", check_scenario, NULL, NULL, lan },
		{ "metro", check_scenario, NULL, NULL, metro },
		{ "continental", check_scenario, NULL, NULL, continental },
		cmocka_unit_test(congestion_at_the_start_is_found_out),
		cmocka_unit_test(routes_that_change_both_ways_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
