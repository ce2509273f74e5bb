/* limit: the densities of delays, and the limit beside particles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../sim/density.h"
#include "../sim/limit.h"
#include "simcourse.h"

#define PI 3.14159265358979323846

/* Check the density against a histogram of delays, and that it is a probability altogether. */
static void check_density(const struct sim_way *way)
{
	static struct sim_density density;
	struct sim_path path = { 0 };
	double total = 0, mean = 0, below = 0, last = 0, point_s;
	const double near_s = way->queue_s + way->heavy_s;
	int64_t delay_ns;
	int found = 0;

	sim_density_init(&density, way);
	for (int i = 1; i <= 40000; i++) {
		point_s = way->queue_s * 1e-4 * expm1(i * 5e-4);
		total += sim_density_at(&density, (point_s + last) / 2) * (point_s - last);
		mean += sim_density_at(&density, (point_s + last) / 2) * (point_s - last) * (point_s + last) / 2;
		if (point_s < near_s)
			below = total;
		last = point_s;
	}
	assert_near(total, 1, 2e-3);
	assert_near(mean, near_s, 1e-2);
	sim_path_init(&path, 61);
	for (int i = 0; i < 100000; i++)
		found += sim_path_delay(&path, SIM_FORTH, way, &delay_ns) && (double)delay_ns * 1e-9 < near_s;
	assert_between(below - 0.006, found / 1e5, below + 0.006);
	assert_exactly(sim_density_at(&density, -1e-9), 0, "");
}

static void test_densities_are_those_of_the_delays(void **state)
{
	(void)state;
	check_density(&(struct sim_way){ .queue_s = 1e-4 });
	check_density(&(struct sim_way){ .queue_s = 5e-4, .heavy_s = 5e-4 });
	check_density(&(struct sim_way){ .queue_s = 3e-4, .heavy_s = 1.5e-3 });
}

/*
 * The same filter by brute force: particles, each with a theta and a skew, which the oscillator's law moves and the
 * path's law weighs, and which are then resampled. Only their number makes it approximate.
 */
#define PARTICLES 25000

struct particles {
	struct sim_random random;
	double theta[PARTICLES], skew[PARTICLES], weight[PARTICLES], room[2][PARTICLES];
	double score[SIM_WAYS][PARTICLES]; /* normal scores of the newest delays, where these are correlated */
	bool has_score;
};

static void particles_move(struct particles *particles, double wander, double dt_s)
{
	for (size_t i = 0; i < PARTICLES; i++) {
		double gain = wander * sqrt(dt_s) * sim_random_normal(&particles->random);
		double rest = wander * dt_s * sqrt(dt_s / 12) * sim_random_normal(&particles->random);

		particles->theta[i] += (particles->skew[i] + gain / 2) * dt_s + rest;
		particles->skew[i] += gain;
	}
}

static double particles_mean(const struct particles *particles)
{
	double sum = 0;

	for (size_t i = 0; i < PARTICLES; i++)
		sum += particles->theta[i];
	return sum / PARTICLES;
}

static void copy_scores(struct particles *particles, const size_t from[PARTICLES])
{
	for (size_t way = 0; way < SIM_WAYS; way++) {
		for (size_t i = 0; i < PARTICLES; i++)
			particles->room[0][i] = particles->score[way][from[i]];
		memcpy(particles->score[way], particles->room[0], sizeof(particles->room[0]));
	}
}

/* Systematic resampling. */
static void particles_choose(struct particles *particles, double total)
{
	static size_t from[PARTICLES];
	double step = total / PARTICLES, mark = step * sim_random_unit(&particles->random), sum = 0;
	size_t chosen = 0;

	for (size_t i = 0; i < PARTICLES; i++) {
		sum += particles->weight[i];
		for (; chosen < PARTICLES && mark < sum; mark += step, chosen++) {
			from[chosen] = i;
			particles->room[0][chosen] = particles->theta[i];
			particles->room[1][chosen] = particles->skew[i];
		}
	}
	assert_at_least(chosen, PARTICLES - 1, "");
	memcpy(particles->theta, particles->room[0], chosen * sizeof(double));
	memcpy(particles->skew, particles->room[1], chosen * sizeof(double));
	if (particles->has_score)
		copy_scores(particles, from);
}

static double normal_density(double x, double mean, double sd)
{
	return exp(-pow((x - mean) / sd, 2) / 2) / (sd * sqrt(2 * PI));
}

/* The density of a delay given the particle's own delay in the exchange before. */
static double density_of(struct particles *particles, size_t i, const struct sim_density density[SIM_WAYS],
			 const struct sim_exchange *exchange, size_t way, double delay_s)
{
	const struct sim_way *conditions = &exchange->conditions.way[way];
	double above_s = delay_s - conditions->minimum_s, dense = sim_density_at(&density[way], above_s), former, score;

	if (conditions->level == 0 || !(dense > 0))
		return dense;
	former = particles->score[way][i];
	particles->score[way][i] = score = sim_law_score(conditions->law, above_s);
	if (!particles->has_score)
		return dense;
	return dense / normal_density(score, 0, 1) *
	       normal_density(score, conditions->level * former, sqrt(1 - pow(conditions->level, 2)));
}

/*
 * For a server that ticks, each particle draws one of the true times that the stamps allow, given that the server
 * replies after SIM_RESIDENCE_NS. Return the amount (s) to be added to tb and te.
 */
static void untick(struct particles *particles, const struct sim_exchange *exchange, double *tb_s, double *te_s)
{
	double tick_s = exchange->conditions.server_tick_s, residence_s = SIM_RESIDENCE_NS * 1e-9, apart_s;

	*tb_s = *te_s = 0;
	if (!(tick_s > 0))
		return;
	apart_s = (double)(exchange->te_ns - exchange->tb_ns) * 1e-9;
	do {
		*tb_s = tick_s * sim_random_unit(&particles->random);
		*te_s = *tb_s + residence_s - apart_s;
	} while (!(*te_s >= 0 && *te_s < tick_s));
}

static void particles_weigh(struct particles *particles, const struct sim_density density[SIM_WAYS],
			    const struct sim_exchange *exchange, double theta_ta, double theta_tf)
{
	double rtt_s = (double)(exchange->tf - exchange->ta) * 1e-9, total = 0;

	for (size_t i = 0; i < PARTICLES; i++) {
		double tb_s, te_s, forth_s, back_s, forth;

		untick(particles, exchange, &tb_s, &te_s);
		forth_s = particles->theta[i] - particles->skew[i] * rtt_s - theta_ta + tb_s;
		back_s = theta_tf - te_s - particles->theta[i];
		forth = density_of(particles, i, density, exchange, SIM_FORTH, forth_s);
		particles->weight[i] =
			forth > 0 ? forth * density_of(particles, i, density, exchange, SIM_BACK, back_s) : 0;
		total += particles->weight[i];
	}
	assert_above(total, 0, "");
	particles->has_score |= exchange->conditions.way[SIM_FORTH].level != 0;
	particles_choose(particles, total);
}

/* Return the counter's seconds since its first reading, minus the true time since the start. */
static double theta_of(ffntp_counter first, ffntp_counter reading, int64_t time_ns)
{
	return (double)((int64_t)(reading - first) - (time_ns - SIM_START_NS)) * 1e-9;
}

/* Return the part of the first round trip above its minimum, plus a tick. */
static double wide_of(const struct sim_exchange *exchange)
{
	const struct sim_conditions *conditions = &exchange->conditions;
	double rtt_s = (double)(exchange->truth_tf_ns - exchange->truth_ta_ns) * 1e-9;

	return rtt_s - conditions->way[SIM_FORTH].minimum_s - conditions->way[SIM_BACK].minimum_s +
	       conditions->server_tick_s;
}

/*
 * Compute the difference of the two beliefs, and the error of the limit, both RMS in s, over the second half of 400
 * exchanges.
 */
static void compare_with_particles(const struct sim_scenario *scenario, uint32_t poll_s, double *apart_s,
				   double *error_s)
{
	struct course *course = course_of(scenario, 62, poll_s, 400.0 * poll_s / 3600);
	struct sim_limit *limit = sim_limit_new(scenario);
	struct particles *particles = calloc(1, sizeof(*particles));
	static struct sim_density density[SIM_WAYS];
	struct statistics apart = { 0 }, error = { 0 };
	ffntp_counter first = course->exchanges[0].ta;

	assert_true(limit && particles);
	particles->random = sim_random_begin(62, 99);
	for (size_t way = 0; way < SIM_WAYS; way++)
		sim_density_init(&density[way], &scenario->steady.way[way]);
	for (size_t i = 0; i < PARTICLES; i++) {
		double wide_s = scenario->steady.way[0].law ? wide_of(&course->exchanges[0])
							    : scenario->steady.way[0].queue_s * 20;

		particles->theta[i] = wide_s * (2 * sim_random_unit(&particles->random) - 1);
		particles->skew[i] = scenario->oscillator.skew + 3e-7 * sim_random_normal(&particles->random);
	}
	for (size_t i = 0; i < course->count; i++) {
		const struct sim_exchange *exchange = &course->exchanges[i];
		double since_s = i > 0 ? (double)(exchange->truth_tf_ns - exchange[-1].truth_tf_ns) * 1e-9 : 0;
		double true_theta = theta_of(first, exchange->tf, exchange->truth_tf_ns);
		double limit_s = sim_limit_error_s(limit, exchange->tf, exchange->truth_tf_ns);
		int64_t ahead_ns = (int64_t)(exchange->conditions.server_error_s * 1e9);

		particles_move(particles, scenario->oscillator.wander, since_s);
		if (i > course->count / 2) {
			statistics_add(&apart, true_theta - particles_mean(particles) - limit_s);
			statistics_add(&error, limit_s);
		}
		for (size_t way = 0; way < SIM_WAYS; way++)
			density[way].law = exchange->conditions.way[way].law;
		particles_weigh(particles, density, exchange, theta_of(first, exchange->ta, exchange->tb_ns - ahead_ns),
				theta_of(first, exchange->tf, exchange->te_ns - ahead_ns));
		sim_limit_add(limit, exchange);
	}
	*apart_s = sqrt(apart.squares / apart.count);
	*error_s = sqrt(error.squares / error.count);
	sim_limit_free(limit);
	free(particles);
	free(course);
}

/*
 * Two estimates of the truth that differ by a twelfth of their errors, both RMS, reach the same error within a third of
 * a percent. The error of the limit's approximation is a 25th to a 16th of its error, and a tenth under gamma-down. The
 * rest of the difference is the noise of few particles, which is largest where each of them also draws a true time
 * within the server's tick.
 */
static void test_the_limit_is_what_particles_find(void **state)
{
	const struct {
		const char *name;
		uint32_t poll_s;
		double skew;
		double parts; /* the error is at least this multiple of the difference */
	} cases[] = { { "metro", 16, 12e-6, 12 },
		      { "unequal-noise", 16, 12e-6, 12 },
		      { "wifi", 16, 12e-6, 12 },
		      { "lan", 64, 12e-6, 12 },
		      { "continental", 16, 200e-6, 12 },
		      { "gamma-down", 16, 12e-6, 8 },
		      { "hump-down", 64, 12e-6, 12 },
		      { "beam-comb", 16, -20e-6, 12 },
		      { "server-ticks-half-ms", 16, 12e-6, 6 },
		      { "floors-apart", 16, 12e-6, 12 },
		      { "busy-spells", 16, 12e-6, 12 },
		      { "lasting-queues", 16, 12e-6, 12 },
		      { "server-wanders", 16, 12e-6, 12 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim_scenario scenario = *scenario_named(cases[i].name);
		double apart_s, error_s;

		scenario.oscillator.skew = cases[i].skew;
		scenario.oscillator.skew_spread = 0;
		compare_with_particles(&scenario, cases[i].poll_s, &apart_s, &error_s);
		assert_between(0, apart_s, error_s / cases[i].parts);
	}
}

/* Return the RMS error (s), over the second half of some hours in a world, of the limit that assumes another world. */
static double error_of(const struct sim_scenario *world, const struct sim_scenario *taken, uint64_t seed, double hours)
{
	struct course *course = course_of(world, seed, 16, hours);
	struct sim_limit *limit = sim_limit_new(taken);
	struct statistics error = { 0 };

	assert_non_null(limit);
	for (size_t i = 0; i < course->count; i++) {
		const struct sim_exchange *exchange = &course->exchanges[i];

		if (i > course->count / 2)
			statistics_add(&error, sim_limit_error_s(limit, exchange->tf, exchange->truth_tf_ns));
		sim_limit_add(limit, exchange);
	}
	sim_limit_free(limit);
	free(course);
	return sqrt(error.squares / error.count);
}

/* The belief has teeth 4 us wide within a millisecond: a grid too coarse to show them loses the truth between them. */
static void test_narrow_teeth_do_not_hide_the_truth(void **state)
{
	const struct sim_law comb = { { { 1, 0, SIM_NORMAL, 4e-6, 3 },
					{ 1, 125e-6, SIM_NORMAL, 4e-6, 3 },
					{ 1, 250e-6, SIM_NORMAL, 4e-6, 3 },
					{ 1, 375e-6, SIM_NORMAL, 4e-6, 3 },
					{ 1, 500e-6, SIM_NORMAL, 4e-6, 3 },
					{ 1, 1e-3, SIM_NORMAL, 4e-6, 3 } } };
	struct sim_scenario scenario = *scenario_named("beam-comb");

	(void)state;
	scenario.steady.way[SIM_FORTH].law = scenario.steady.way[SIM_BACK].law = &comb;
	for (uint64_t seed = 900; seed < 940; seed++)
		assert_between(0, error_of(&scenario, &scenario, seed, 0.25), 20e-6);
}

/*
 * Each piece of the filter's knowledge is worth something: without it, or with a wrong one, it does worse than the
 * limit. The densities of successive delays cannot be wrong and reveal as much.
 */
static void test_knowledge_is_worth_its_share(void **state)
{
	const struct sim_scenario *lasting = scenario_named("lasting-queues"), *apart = scenario_named("floors-apart");
	const struct sim_scenario *thin = scenario_named("gamma-tails");
	const struct sim_law exponential = { { { 1, 0, SIM_EXPONENTIAL, 0.3e-3, 0 } } };
	struct sim_scenario taken = *lasting;
	double limit_s = error_of(lasting, lasting, 63, 12);

	(void)state;
	taken.limit_needs_world = false;
	assert_near(error_of(lasting, &taken, 63, 12), limit_s, 1e-9);
	taken.steady.way[SIM_FORTH].level = taken.steady.way[SIM_BACK].level = 0;
	assert_between(1.25 * limit_s, error_of(lasting, &taken, 63, 12), 3 * limit_s);
	taken = *apart;
	taken.limit_needs_world = false;
	assert_between(1.2 * error_of(apart, apart, 63, 12), error_of(apart, &taken, 63, 12), 1e-4);
	taken = *thin;
	taken.steady.way[SIM_BACK].law = &exponential;
	assert_between(1.5 * error_of(thin, thin, 63, 12), error_of(thin, &taken, 63, 12), 1e-2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_densities_are_those_of_the_delays),
		cmocka_unit_test(test_the_limit_is_what_particles_find),
		cmocka_unit_test(test_narrow_teeth_do_not_hide_the_truth),
		cmocka_unit_test(test_knowledge_is_worth_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
