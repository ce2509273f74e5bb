/* simcourse: the exchanges of a client in a simulated world. */
#ifndef FFNTP_TESTS_SIMCOURSE_H
#define FFNTP_TESTS_SIMCOURSE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../include/ffntp/clock.h"
#include "../sim/world.h"

#define HOUR_NS (3600 * FFNTP_NS_PER_S)

static inline void assert_between(double low, double value, double high)
{
	if (!(low <= value && value <= high))
		print_message("%.9g is not between %.9g and %.9g\n", value, low, high);
	assert_true(low <= value && value <= high);
}

static inline void assert_near(double value, double wanted, double ratio)
{
	assert_between(wanted - fabs(wanted) * ratio, value, wanted + fabs(wanted) * ratio);
}

static inline const struct sim_scenario *scenario_named(const char *name)
{
	const struct sim_scenario *scenario = sim_scenario_find(name);

	assert_non_null(scenario);
	return scenario;
}

struct statistics {
	double count, sum, squares, least;
};

static inline void statistics_add(struct statistics *statistics, double value)
{
	if (statistics->count == 0 || value < statistics->least)
		statistics->least = value;
	statistics->count++;
	statistics->sum += value;
	statistics->squares += value * value;
}

#define EXCHANGES 30000

struct course {
	struct sim_exchange exchanges[EXCHANGES];
	size_t count, refused, seconds;
	int64_t second_ns;
	ffntp_counter at_second[12 * 3600];
	struct sim_world world;
};

static inline void course_second(void *context, int64_t truth_ns, ffntp_counter now)
{
	struct course *course = context;

	if (course->seconds > 0) {
		assert_true(truth_ns == course->second_ns + FFNTP_NS_PER_S);
		assert_true(now > course->at_second[course->seconds - 1]);
	}
	course->second_ns = truth_ns;
	assert_true(course->seconds < sizeof(course->at_second) / sizeof(course->at_second[0]));
	course->at_second[course->seconds++] = now;
}

static inline void course_after(void *context, const struct sim_exchange *exchange, enum ffntp_verdict verdict)
{
	struct course *course = context;

	assert_true(course->count < EXCHANGES);
	course->exchanges[course->count++] = *exchange;
	course->refused += verdict != FFNTP_ACCEPTED;
}

/* The caller frees the ensemble. */
static inline struct ffntp_ensemble *make_ensemble(const struct sim_scenario *scenario, uint32_t poll_s,
						   struct sim_world *world)
{
	struct ffntp_client_config config;
	struct ffntp_ensemble *ensemble;

	sim_world_configure(&config, scenario, FFNTP_ESTIMATOR_LAW, poll_s);
	ensemble = sim_world_begin(world, &config);
	assert_non_null(ensemble);
	return ensemble;
}

static inline struct course *course_of(const struct sim_scenario *scenario, uint64_t seed, uint32_t poll_s,
				       double hours)
{
	struct course *course = calloc(1, sizeof(*course));
	const struct sim_observer observer = { .context = course, .second = course_second, .after = course_after };
	struct ffntp_ensemble *ensemble;

	assert_non_null(course);
	sim_world_init(&course->world, scenario, seed);
	ensemble = make_ensemble(scenario, poll_s, &course->world);
	sim_world_run(&course->world, ensemble, SIM_START_NS + (int64_t)(hours * (double)HOUR_NS), &observer);
	free(ensemble);
	return course;
}

#endif
