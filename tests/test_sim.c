/* sim: the simulator's results, compared with theory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "simcourse.h"

#define PI 3.14159265358979323846

/* --- randomness --- */

static double mean_of(const struct statistics *statistics)
{
	return statistics->sum / statistics->count;
}

static double variance_of(const struct statistics *statistics)
{
	return statistics->squares / statistics->count - mean_of(statistics) * mean_of(statistics);
}

/* The first numbers of SplitMix64 from 1234567, as published with it. */
static void test_the_generator_is_splitmix64(void **state)
{
	struct sim_random random = { 1234567 };

	(void)state;
	assert_exactly(sim_random_next(&random), UINT64_C(6457827717110365317), "");
	assert_exactly(sim_random_next(&random), UINT64_C(3203168211198807973), "");
	assert_exactly(sim_random_next(&random), UINT64_C(9817491932198370423), "");
}

static void test_numbers_are_distributed_as_they_say(void **state)
{
	struct sim_random random = sim_random_begin(41, 7);
	struct statistics unit = { 0 }, exponential = { 0 }, normal = { 0 };

	(void)state;
	for (int i = 0; i < 200000; i++) {
		double u = sim_random_unit(&random);

		assert_true(u > 0 && u < 1);
		statistics_add(&unit, u);
		statistics_add(&exponential, sim_random_exponential(&random));
		statistics_add(&normal, sim_random_normal(&random));
	}
	assert_near(mean_of(&unit), 0.5, 0.01);
	assert_near(variance_of(&unit), 1.0 / 12, 0.01);
	assert_near(mean_of(&exponential), 1, 0.01);
	assert_near(variance_of(&exponential), 1, 0.03);
	assert_above(exponential.least, 0, "");
	assert_between(-0.01, mean_of(&normal), 0.01);
	assert_near(variance_of(&normal), 1, 0.02);
}

static void test_streams_of_a_seed_differ(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		for (uint64_t stream = 1; stream < 6; stream++) {
			struct sim_random a = sim_random_begin(seed, 0), b = sim_random_begin(seed, stream);
			struct sim_random c = sim_random_begin(seed + 1, stream);

			assert_true(a.state != b.state && b.state != c.state && a.state != c.state);
		}
	}
}

/* --- the path --- */

static struct statistics delays_of(const struct sim_way *way, int count, double *lost)
{
	struct statistics delays = { 0 };
	struct sim_path path = { 0 };
	int missing = 0;

	sim_path_init(&path, 42);
	for (int i = 0; i < count; i++) {
		int64_t delay_ns;

		if (sim_path_delay(&path, SIM_FORTH, way, &delay_ns))
			statistics_add(&delays, (double)delay_ns * 1e-9);
		else
			missing++;
	}
	*lost = (double)missing / count;
	return delays;
}

static void test_delays(void **state)
{
	const struct {
		struct sim_way way;
		double variance; /* of E: 1; of E E E: 7 */
	} cases[] = {
		{ { .minimum_s = 2e-3 }, 0 },
		{ { .minimum_s = 2e-3, .queue_s = 1e-4 }, 1e-8 },
		{ { .minimum_s = 1e-4, .queue_s = 2e-5, .burst_s = 7e-3 }, 4e-10 + 49e-6 },
		{ { .minimum_s = 75e-3, .queue_s = 5e-4, .heavy_s = 5e-4 }, 8 * 25e-8 },
		{ { .minimum_s = 3e-3, .queue_s = 3e-4, .loss = 0.3 }, 9e-8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sim_way *way = &cases[i].way;
		double queues_s = way->queue_s + way->heavy_s + way->burst_s, lost;
		struct statistics delays = delays_of(way, 400000, &lost);

		assert_near(mean_of(&delays), way->minimum_s + queues_s, 0.01);
		assert_between(cases[i].variance * 0.9 - 1e-15, variance_of(&delays), cases[i].variance * 1.1 + 1e-15);
		assert_between(way->minimum_s - 1e-12, delays.least, way->minimum_s + 0.01 * queues_s + 1e-12);
		assert_between(way->loss - 0.003, lost, way->loss + 0.003);
	}
}

static void test_the_two_ways_know_nothing_of_each_other(void **state)
{
	const struct sim_way way = { .queue_s = 1 };
	struct statistics product = { 0 };
	struct sim_path path = { 0 };

	(void)state;
	sim_path_init(&path, 45);
	for (int i = 0; i < 100000; i++) {
		int64_t forth_ns = 0, back_ns = 0;

		assert_true(sim_path_delay(&path, SIM_FORTH, &way, &forth_ns));
		assert_true(sim_path_delay(&path, SIM_BACK, &way, &back_ns));
		statistics_add(&product, ((double)forth_ns * 1e-9 - 1) * ((double)back_ns * 1e-9 - 1));
	}
	assert_between(-0.02, mean_of(&product), 0.02);
}

/* A lost packet draws its numbers all the same, so that later packets do not change. */
static void test_a_loss_changes_no_later_delay(void **state)
{
	const struct sim_way certain = { .minimum_s = 1e-3, .queue_s = 1e-4 };
	const struct sim_way lossy = { .minimum_s = 1e-3, .queue_s = 1e-4, .loss = 0.5 };
	struct sim_path one = { 0 }, other = { 0 };

	(void)state;
	sim_path_init(&one, 43);
	sim_path_init(&other, 43);
	for (int i = 0; i < 1000; i++) {
		int64_t wanted_ns = 0, delay_ns = 0;

		assert_true(sim_path_delay(&one, SIM_BACK, &certain, &wanted_ns));
		if (sim_path_delay(&other, SIM_BACK, &lossy, &delay_ns))
			assert_exactly(delay_ns, wanted_ns, "ns");
	}
}

static void test_spells(void **state)
{
	struct sim_path path = {
		.steady.way[SIM_FORTH].minimum_s = 1,
		.spells = { { .from_s = 100, .length_s = 50, .more.way[SIM_FORTH].minimum_s = 2 },
			    { .from_s = 1000, .length_s = 10, .every_s = 100, .more.way[SIM_BACK].loss = 0.25 },
			    { .from_s = 120, .length_s = 1e18, .more.server_error_s = -3 } },
	};

	(void)state;
	sim_path_init(&path, 44);
	assert_exactly(sim_path_conditions(&path, 99.9).way[SIM_FORTH].minimum_s, 1, "s");
	assert_exactly(sim_path_conditions(&path, 100).way[SIM_FORTH].minimum_s, 3, "s");
	assert_exactly(sim_path_conditions(&path, 149.9).way[SIM_FORTH].minimum_s, 3, "s");
	assert_exactly(sim_path_conditions(&path, 150).way[SIM_FORTH].minimum_s, 1, "s");
	assert_exactly(sim_path_conditions(&path, 999.9).way[SIM_BACK].loss, 0, "");
	assert_exactly(sim_path_conditions(&path, 1005).way[SIM_BACK].loss, 0.25, "");
	assert_exactly(sim_path_conditions(&path, 1015).way[SIM_BACK].loss, 0, "");
	assert_exactly(sim_path_conditions(&path, 5105).way[SIM_BACK].loss, 0.25, "");
	assert_exactly(sim_path_conditions(&path, 119).server_error_s, 0, "s");
	assert_exactly(sim_path_conditions(&path, 1e9).server_error_s, -3, "s");
}

/* --- the oscillator --- */

static double ahead_at(struct sim_oscillator *oscillator, double t_s)
{
	return sim_oscillator_ahead_s(oscillator, SIM_START_NS + (int64_t)(t_s * 1e9));
}

/*
 * The skew is a random walk in steps of a second: after n of them its variance is n w^2, and the variance of its sum is
 * w^2 (n-1) n (2n-1) / 6. The skew is measured over the last second of them.
 */
static void test_wander_grows_as_a_random_walk_does(void **state)
{
	const struct sim_oscillator_kind kind = { .skew = 5e-6, .wander = 1e-9 };
	const int n[] = { 10, 100, 1000 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct statistics ahead = { 0 }, skew = { 0 };

		for (uint64_t seed = 0; seed < 3000; seed++) {
			struct sim_oscillator oscillator;
			double then_s;

			sim_oscillator_init(&oscillator, &kind, 450000 + seed, SIM_START_NS);
			then_s = ahead_at(&oscillator, n[i]);
			statistics_add(&ahead, then_s);
			statistics_add(&skew, ahead_at(&oscillator, n[i] + 1) - then_s);
		}
		assert_between(-1e-7, (mean_of(&ahead) - 5e-6 * n[i]) / n[i], 1e-7);
		assert_near(variance_of(&skew), 1e-18 * n[i], 0.1);
		assert_near(variance_of(&ahead), 1e-18 * (n[i] - 1.0) * n[i] * (2.0 * n[i] - 1) / 6, 0.1);
	}
}

/*
 * Allan's variance of a random walk of the skew is w^2 tau / 3 in continuous time; here, as long as tau is many
 * seconds.
 */
static void test_wander_has_the_allan_variance_of_a_random_walk(void **state)
{
	const struct sim_oscillator_kind kind = { .wander = 1e-9 };
	struct sim_oscillator oscillator;

	(void)state;
	for (double tau_s = 16; tau_s <= 256; tau_s *= 4) {
		struct statistics squares = { 0 };
		double x0, x1, x2;

		sim_oscillator_init(&oscillator, &kind, 46, SIM_START_NS);
		x0 = ahead_at(&oscillator, 0);
		x1 = ahead_at(&oscillator, tau_s);
		for (int i = 2; i < 8000; i++) {
			x2 = ahead_at(&oscillator, i * tau_s);
			statistics_add(&squares, pow((x2 - 2 * x1 + x0) / tau_s, 2) / 2);
			x0 = x1;
			x1 = x2;
		}
		assert_near(mean_of(&squares), 1e-18 * tau_s / 3, 0.1);
	}
}

static void test_swings_steps_and_jumps(void **state)
{
	struct sim_oscillator_kind kind = { .skew = 1e-5, .swing = 5e-7, .swing_period_s = 7200 };
	struct sim_oscillator oscillator;

	(void)state;
	sim_oscillator_init(&oscillator, &kind, 1, SIM_START_NS);
	assert_near(ahead_at(&oscillator, 3600), 0.036 + 5e-7 * 7200 / PI, 1e-9);
	assert_near(ahead_at(&oscillator, 7200), 0.072, 1e-9);
	kind = (struct sim_oscillator_kind){ .step = 5e-6, .step_at_s = 1000, .jump_s = 2, .jump_at_s = 2000 };
	sim_oscillator_init(&oscillator, &kind, 1, SIM_START_NS);
	assert_exactly(ahead_at(&oscillator, 999), 0, "");
	assert_near(ahead_at(&oscillator, 1999), 5e-6 * 999, 1e-9);
	assert_near(ahead_at(&oscillator, 2001), 2 + 5e-6 * 1001, 1e-9);
	kind = (struct sim_oscillator_kind){ .step = 5e-6, .step_at_s = 1000, .step_length_s = 500 };
	sim_oscillator_init(&oscillator, &kind, 1, SIM_START_NS);
	assert_near(ahead_at(&oscillator, 1400), 5e-6 * 400, 1e-9);
	assert_near(ahead_at(&oscillator, 1600), 5e-6 * 500, 1e-9);
}

/* --- whole worlds --- */

static bool are_same(const struct course *a, const struct course *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (a->exchanges[i].ta != b->exchanges[i].ta || a->exchanges[i].tb_ns != b->exchanges[i].tb_ns ||
		    a->exchanges[i].tf != b->exchanges[i].tf ||
		    a->exchanges[i].truth_tf_ns != b->exchanges[i].truth_tf_ns)
			return false;
	}
	return a->count == b->count;
}

static void test_a_seed_is_one_course(void **state)
{
	(void)state;
	for (size_t i = 0; sim_scenario_at(i) != NULL; i++) {
		const struct sim_scenario *scenario = sim_scenario_at(i);
		struct course *one = course_of(scenario, 51, 16, 1), *again = course_of(scenario, 51, 16, 1);
		struct course *other = course_of(scenario, 52, 16, 1);

		assert_above(one->count, 15, "");
		assert_true(are_same(one, again));
		assert_false(are_same(one, other));
		free(one);
		free(again);
		free(other);
	}
}

/* Comparisons are in pairs: the client changes neither the oscillator nor the packets that it does send. */
static void test_the_world_does_not_mind_who_asks(void **state)
{
	struct course *often = course_of(scenario_named("metro"), 53, 4, 2);
	struct course *seldom = course_of(scenario_named("metro"), 53, 64, 2);

	(void)state;
	assert_true(often->count > 4 * seldom->count && often->seconds == seldom->seconds && often->seconds == 7200);
	for (size_t i = 0; i < often->seconds; i++)
		assert_exactly(often->at_second[i], seldom->at_second[i], "");
	for (size_t i = 0; i < seldom->count; i++) {
		const struct sim_exchange *a = &often->exchanges[i], *b = &seldom->exchanges[i];

		assert_exactly(a->truth_tf_ns - a->truth_ta_ns, b->truth_tf_ns - b->truth_ta_ns, "ns");
	}
	free(often);
	free(seldom);
}

static void check_exchange(const struct sim_exchange *exchange, int64_t former_ns)
{
	const struct sim_conditions *conditions = &exchange->conditions;
	int64_t error_ns = (int64_t)(conditions->server_error_s * 1e9);
	int64_t forth_ns = (int64_t)floor(conditions->way[SIM_FORTH].minimum_s * 1e9);
	int64_t back_ns = (int64_t)floor(conditions->way[SIM_BACK].minimum_s * 1e9);
	int64_t tick_ns = (int64_t)(conditions->server_tick_s * 1e9);

	assert_at_least(exchange->truth_ta_ns, former_ns, "ns");
	assert_at_least(exchange->tb_ns - error_ns + tick_ns, exchange->truth_ta_ns + forth_ns, "ns");
	assert_at_least(exchange->te_ns, exchange->tb_ns + (tick_ns == 0), "ns");
	assert_at_least(exchange->truth_tf_ns, exchange->te_ns - error_ns + back_ns, "ns");
	assert_above(exchange->tf, exchange->ta, "");
	/* The counter is never fast or slow by a thousandth, except where it jumps ahead by two seconds. */
	assert_near((double)(exchange->tf - exchange->ta), (double)(exchange->truth_tf_ns - exchange->truth_ta_ns),
		    1e-3);
}

static void test_truth_goes_on_and_nothing_comes_before_its_cause(void **state)
{
	(void)state;
	for (size_t i = 0; sim_scenario_at(i) != NULL; i++) {
		struct course *course = course_of(sim_scenario_at(i), 54, 16, 6);
		int64_t former_ns[FFNTP_ENSEMBLE_MEMBERS] = { 0 }, newest_ns = SIM_START_NS;

		for (size_t j = 0; j < course->count; j++) {
			const struct sim_exchange *exchange = &course->exchanges[j];

			assert_at_least(exchange->truth_tf_ns, newest_ns, "ns, whatever the server");
			newest_ns = exchange->truth_tf_ns;
			check_exchange(exchange, former_ns[exchange->server]);
			former_ns[exchange->server] = newest_ns;
		}
		free(course);
	}
}

/* --- several servers --- */

/* The first server of several has the packets of a single one; the others have packets and times of their own. */
static void test_each_server_has_a_path_of_its_own(void **state)
{
	struct course *one = course_of(scenario_named("metro"), 58, 16, 2);
	struct course *three = course_of(scenario_named("three-equal"), 58, 16, 2);
	size_t count[3] = { 0 };
	double least_s = 1, sum_s[3] = { 0 };

	(void)state;
	assert_true(three->seconds == one->seconds);
	for (size_t i = 0; i < one->seconds; i++)
		assert_exactly(three->at_second[i], one->at_second[i], "");
	for (size_t i = 0; i < three->count; i++) {
		const struct sim_exchange *exchange = &three->exchanges[i];
		size_t number = count[exchange->server]++;
		int64_t took_ns = exchange->truth_tf_ns - exchange->truth_ta_ns;

		assert_exactly(exchange->number, number, "");
		if (exchange->server == 0)
			assert_exactly(took_ns, one->exchanges[number].truth_tf_ns - one->exchanges[number].truth_ta_ns,
				       "ns");
		sum_s[exchange->server] += (double)took_ns * 1e-9;
		least_s = fmin(least_s, (double)took_ns * 1e-9);
	}
	assert_between(4e-3, least_s, 4.1e-3);
	for (size_t i = 0; i < 3; i++) {
		assert_between(450, (double)count[i], 465);
		assert_near(sum_s[i] / (double)count[i], 4.22e-3, 0.005);
	}
	assert_true(sum_s[0] != sum_s[1] && sum_s[1] != sum_s[2]);
	free(one);
	free(three);
}

/* Half of the sizes are below the median, a tenth above 4 %, and both signs are as frequent; round trips are equal. */
static void test_asymmetries_are_as_measured(void **state)
{
	const struct sim_scenario *scenario = scenario_named("asymmetric-five");
	unsigned below = 0, large = 0, positive = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct sim_world world;

		sim_world_init(&world, scenario, seed);
		assert_true(world.servers == 5);
		for (unsigned i = 0; i < 5; i++) {
			const struct sim_way *way = world.server[i].path.steady.way;
			double share = (way[SIM_FORTH].minimum_s - way[SIM_BACK].minimum_s) / 4e-3;

			assert_near(way[SIM_FORTH].minimum_s + way[SIM_BACK].minimum_s, 4e-3, 1e-12);
			positive += share > 0;
			below += fabs(share) < 0.014;
			large += fabs(share) > 0.04;
		}
	}
	assert_between(930, positive, 1070);
	assert_between(930, below, 1070);
	assert_between(160, large, 240);
}

/* A server that drifts away does so from its beginning on, and the others do not. */
static void test_kinds_are_of_the_first_servers(void **state)
{
	struct sim_world world;

	(void)state;
	sim_world_init(&world, scenario_named("drifting-liar"), 59);
	assert_true(sim_world_server_error_s(&world, 0, SIM_START_NS + 5 * HOUR_NS) == 0);
	assert_near(sim_world_server_error_s(&world, 0, SIM_START_NS + 16 * HOUR_NS), 3.6e-3, 1e-9);
	assert_true(sim_world_server_error_s(&world, 1, SIM_START_NS + 16 * HOUR_NS) == 0);
	sim_world_init(&world, scenario_named("falseticker"), 59);
	assert_true(world.servers == 4 && world.server[2].path.steady.way[SIM_BACK].minimum_s == 15e-3);
	assert_true(sim_world_server_error_s(&world, 2, SIM_START_NS) == 0);
	assert_true(sim_world_server_error_s(&world, 3, SIM_START_NS) == 20e-3);
}

/* Each server is away for a part of the time, and there is never none that answers. */
static void test_churn(void **state)
{
	struct course *course = course_of(scenario_named("churn"), 60, 16, 6);
	size_t count[5] = { 0 };

	(void)state;
	for (size_t i = 0; i < course->count; i++) {
		count[course->exchanges[i].server]++;
		if (i > 0)
			assert_at_most(course->exchanges[i].truth_tf_ns - course->exchanges[i - 1].truth_tf_ns,
				       FFNTP_NS_PER_S * 35, "ns");
	}
	for (size_t i = 0; i < 5; i++)
		assert_between(350, (double)count[i], 1150);
	free(course);
}

static void test_losses_are_as_many_as_they_should_be(void **state)
{
	struct course *course = course_of(scenario_named("loss-90-percent"), 55, 4, 6);
	double requests = (double)course->world.requests;

	(void)state;
	assert_near(requests, 5400, 0.01);
	assert_between(0.085, (double)course->count / requests, 0.115);
	free(course);
}

/* The world has the path's spells: a server that is wrong, and then none. */
static void test_spells_are_what_exchanges_meet(void **state)
{
	struct sim_scenario scenario = *scenario_named("metro");
	struct course *course;
	unsigned wrong = 0;

	(void)state;
	scenario.spells[0] = (struct sim_spell){ .from_s = 1000, .length_s = 500, .more.server_error_s = 0.25 };
	scenario.spells[1] = (struct sim_spell){ .from_s = 2000, .length_s = 500, .more.way[SIM_BACK].loss = 1 };
	course = course_of(&scenario, 56, 16, 1);
	for (size_t i = 0; i < course->count; i++) {
		const struct sim_exchange *exchange = &course->exchanges[i];
		double t_s = (double)(exchange->truth_ta_ns - SIM_START_NS) * 1e-9;
		bool is_wrong = exchange->tb_ns > exchange->truth_tf_ns;

		assert_true(is_wrong == (t_s >= 1000 && t_s < 1500));
		assert_false(t_s >= 2000 && t_s < 2500);
		wrong += is_wrong;
	}
	assert_between(30, wrong, 33);
	assert_at_least(course->refused, wrong, "");
	free(course);
}

/* Sums over the readings of a clock, once a second of the second half. */
struct readings {
	struct ffntp_ensemble *ensemble;
	int64_t from_ns;
	size_t outside, within;
	struct statistics error_us;
};

static void read_second(void *context, int64_t truth_ns, ffntp_counter now)
{
	struct readings *readings = context;
	const struct ffntp_time truth = ffntp_time_from_ns(truth_ns);
	struct ffntp_reading reading;

	if (truth_ns < readings->from_ns)
		return;
	assert_int_equal(
		ffntp_clock_at(sim_ensemble_map(readings->ensemble, now), now, FFNTP_UTC, UINT64_MAX, &reading),
		FFNTP_CLOCK_OK);
	readings->outside +=
		ffntp_time_is_before(truth, reading.earliest) || ffntp_time_is_before(reading.latest, truth);
	readings->within += llabs(ffntp_time_diff_ns(reading.estimate, truth)) <= 2 * (int64_t)reading.esterror_ns;
	statistics_add(&readings->error_us, (double)ffntp_time_diff_ns(reading.estimate, truth) * 1e-3);
}

/* Run a clock for twelve hours. The bound holds at each reading. */
static struct readings readings_of(const struct sim_scenario *scenario, uint64_t seed, uint32_t poll_s,
				   bool is_interleaved)
{
	struct readings readings = { .from_ns = SIM_START_NS + 6 * HOUR_NS };
	const struct sim_observer observer = { .context = &readings, .second = read_second };
	struct ffntp_client_config config;
	struct sim_world world;

	sim_world_init(&world, scenario, seed);
	sim_world_configure(&config, scenario, FFNTP_ESTIMATOR_LAW, poll_s);
	config.interleaved = is_interleaved;
	readings.ensemble = sim_world_begin(&world, &config);
	assert_non_null(readings.ensemble);
	sim_world_run(&world, readings.ensemble, SIM_START_NS + 12 * HOUR_NS, &observer);
	free(readings.ensemble);
	assert_int_equal(readings.outside, 0);
	return readings;
}

/* Return the mean square error (us^2) of a clock. */
static double square_of(const char *name, uint64_t seed, uint32_t poll_s, bool is_interleaved)
{
	struct readings readings = readings_of(scenario_named(name), seed, poll_s, is_interleaved);

	return readings.error_us.squares / readings.error_us.count;
}

/* Interleaved mode removes the noise, and its exchanges, of which each is complete later, make no clock worse. */
static void test_interleaved_mode(void **state)
{
	static const struct {
		const char *name;
		uint32_t poll_s;
		double most; /* interleaved relative to basic, RMS over the seeds */
	} cases[] = {
		{ "server-transmit-noise", 4, 0.8 },
		{ "server-transmit-noise", 64, 0.7 },
		{ "server-transmit-noise", 0, 0.7 },
		{ "metro", 4, 1.05 },
		{ "metro", 64, 0.95 },
		{ "metro", 0, 0.95 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double basic = 0, interleaved = 0;

		for (uint64_t seed = 1; seed <= 10; seed++) {
			basic += square_of(cases[i].name, seed, cases[i].poll_s, false);
			interleaved += square_of(cases[i].name, seed, cases[i].poll_s, true);
		}
		print_message("# %s %u: %.3f\n", cases[i].name, cases[i].poll_s, sqrt(interleaved / basic));
		assert_between(0.2, sqrt(interleaved / basic), cases[i].most);
	}
}

/* The clock of several servers takes most exchanges late, half of them by a poll interval, and knows its error. */
static void test_interleaved_mode_of_several_servers(void **state)
{
	struct sim_scenario scenario = *scenario_named("server-transmit-noise");
	double basic = 0, interleaved = 0, within = 0, count = 0;

	(void)state;
	scenario.servers = 3;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct readings readings = readings_of(&scenario, seed, 0, false);

		basic += readings.error_us.squares;
		readings = readings_of(&scenario, seed, 0, true);
		interleaved += readings.error_us.squares;
		within += (double)readings.within;
		count += readings.error_us.count;
	}
	print_message("# 3 servers: %.3f, within 2 esterror %.3f\n", sqrt(interleaved / basic), within / count);
	assert_between(0.2, sqrt(interleaved / basic), 0.7);
	assert_between(0.954, within / count, 1); /* as of a normal distribution */
}

/*
 * A server's clock that moves in steps is late by up to one of them, uniformly distributed, and states this precision.
 */
static void test_a_server_that_ticks(void **state)
{
	static const int64_t tick_ns = 15625000;
	struct course *course = course_of(scenario_named("server-ticks-16-ms"), 57, 16, 6);
	int64_t least_ns = INT64_MAX, most_ns = INT64_MIN;

	(void)state;
	for (size_t i = 0; i < course->count; i++) {
		const struct sim_exchange *exchange = &course->exchanges[i];
		int64_t late_ns = (exchange->truth_ta_ns + exchange->truth_tf_ns) / 2 - exchange->tb_ns;

		assert_true(exchange->tb_ns % tick_ns == 0 && exchange->te_ns % tick_ns == 0);
		assert_at_most(exchange->tb_ns, exchange->truth_tf_ns, "ns");
		least_ns = late_ns < least_ns ? late_ns : least_ns;
		most_ns = late_ns > most_ns ? late_ns : most_ns;
	}
	/*
	 * From nothing to a whole tick, apart from the queues. The phase of the requests decides how often each occurs.
	 */
	assert_between(-500e3, (double)least_ns, 500e3);
	assert_between((double)tick_ns - 500e3, (double)most_ns, (double)tick_ns + 500e3);
	free(course);
}

/* The event of a scenario comes after 14 hours. */
static void test_events_happen(void **state)
{
	const double after_s = 14 * 3600.0;
	struct sim_path path = { 0 };

	(void)state;
	memcpy(path.spells, scenario_named("server-fault")->spells, sizeof(path.spells));
	sim_path_init(&path, 1);
	assert_exactly(sim_path_conditions(&path, after_s + 1).server_error_s, 0.15, "s");
	assert_exactly(sim_path_conditions(&path, after_s + 1201).server_error_s, 0, "s");
	memcpy(path.spells, scenario_named("outage-4-hours")->spells, sizeof(path.spells));
	assert_exactly(sim_path_conditions(&path, after_s + 4 * 3600 - 1).way[SIM_FORTH].loss, 1, "s");
	assert_exactly(sim_path_conditions(&path, after_s + 4 * 3600 + 1).way[SIM_FORTH].loss, 0, "s");
	memcpy(path.spells, scenario_named("route-change-one-way")->spells, sizeof(path.spells));
	assert_exactly(sim_path_conditions(&path, after_s + 1).way[SIM_FORTH].minimum_s, 1e-3, "s");
	assert_exactly(sim_path_conditions(&path, after_s + 1).way[SIM_BACK].minimum_s, 0, "s");
}

static void test_scenarios_have_names_of_their_own(void **state)
{
	size_t count = 0;

	(void)state;
	for (; sim_scenario_at(count) != NULL; count++) {
		const struct sim_scenario *scenario = sim_scenario_at(count);

		assert_ptr_equal(sim_scenario_find(scenario->name), scenario);
		assert_true(scenario->hours > 0 && strlen(scenario->summary) > 0 && !strchr(scenario->summary, '\n'));
	}
	assert_at_least(count, 18, "");
	assert_null(sim_scenario_find("nowhere"));
	assert_null(sim_scenario_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_generator_is_splitmix64),
		cmocka_unit_test(test_numbers_are_distributed_as_they_say),
		cmocka_unit_test(test_streams_of_a_seed_differ),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_the_two_ways_know_nothing_of_each_other),
		cmocka_unit_test(test_a_loss_changes_no_later_delay),
		cmocka_unit_test(test_spells),
		cmocka_unit_test(test_wander_grows_as_a_random_walk_does),
		cmocka_unit_test(test_wander_has_the_allan_variance_of_a_random_walk),
		cmocka_unit_test(test_swings_steps_and_jumps),
		cmocka_unit_test(test_a_seed_is_one_course),
		cmocka_unit_test(test_the_world_does_not_mind_who_asks),
		cmocka_unit_test(test_truth_goes_on_and_nothing_comes_before_its_cause),
		cmocka_unit_test(test_each_server_has_a_path_of_its_own),
		cmocka_unit_test(test_asymmetries_are_as_measured),
		cmocka_unit_test(test_kinds_are_of_the_first_servers),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_losses_are_as_many_as_they_should_be),
		cmocka_unit_test(test_spells_are_what_exchanges_meet),
		cmocka_unit_test(test_a_server_that_ticks),
		cmocka_unit_test(test_interleaved_mode),
		cmocka_unit_test(test_interleaved_mode_of_several_servers),
		cmocka_unit_test(test_events_happen),
		cmocka_unit_test(test_scenarios_have_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
