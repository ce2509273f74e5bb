/*
 * golden_limit: the limit of laws that were observed, beside the figures of a particle filter that shares no code with
 * sim/ and processed other realisations of the same laws. The seeds are used nowhere else.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../sim/limit.h"
#include "simcourse.h"

#define FIRST_SEED 7229
#define SEEDS 3
#define LENGTH_NS (24 * HOUR_NS)

/* Three realisations differ from three others by 6 %, one standard deviation. */
#define SAMPLING 0.15

/* RMS just before each exchange over the second half of three realisations, in us. */
static const struct {
	const char *scenario;
	double rms_us;
} limits[] = {
	{ "normal-tails", 14.95 },    { "gamma-tails", 16.11 },        { "gamma-down", 8.29 },
	{ "gamma-up", 6.44 },         { "hump-down", 18.06 },          { "uniform-down", 14.17 },
	{ "lognormal-tails", 15.69 }, { "weibull-tails", 6.80 },       { "granted-uplink", 11.68 },
	{ "fast-mode-rare", 4.62 },   { "slow-mode-rare", 15.57 },     { "slotted-uplink", 3.80 },
	{ "cellular-comb", 4.92 },    { "beam-comb", 3.08 },           { "spikes-and-tails", 9.17 },
	{ "lasting-queues", 15.27 },  { "missing-bunches", 16.42 },    { "cheap-oscillator", 10.08 },
	{ "floors-apart", 11.98 },    { "route-change-gamma", 12.63 }, { "server-fault-normal", 10.54 },
};

struct day {
	struct sim_limit *limit;
	double squares;
	unsigned scored;
};

static void watch(void *context, const struct sim_exchange *exchange)
{
	struct day *day = context;

	if (exchange->truth_tf_ns >= SIM_START_NS + LENGTH_NS / 2) {
		double error_s = sim_limit_error_s(day->limit, exchange->tf, exchange->truth_tf_ns);

		day->squares += error_s * error_s;
		day->scored++;
	}
	sim_limit_add(day->limit, exchange);
}

static void run(const struct sim_scenario *scenario, uint64_t seed, struct day *day)
{
	const struct sim_observer observer = { .context = day, .before = watch };
	struct ffntp_ensemble *ensemble;
	struct sim_world world;

	sim_world_init(&world, scenario, seed);
	ensemble = make_ensemble(scenario, 16, &world);
	day->limit = sim_limit_new(scenario);
	assert_non_null(day->limit);
	sim_world_run(&world, ensemble, SIM_START_NS + LENGTH_NS, &observer);
	sim_limit_free(day->limit);
	free(ensemble);
}

static void the_limit_of_observed_laws(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct day day = { 0 };
		double rms_us;

		for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++)
			run(scenario_named(limits[i].scenario), seed, &day);
		rms_us = sqrt(day.squares / day.scored) * 1e6;
		if (!(fabs(rms_us / limits[i].rms_us - 1) < SAMPLING))
			print_message("%s: %.2f us, not %.2f\n", limits[i].scenario, rms_us, limits[i].rms_us);
		assert_near(rms_us, limits[i].rms_us, SAMPLING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_of_observed_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
