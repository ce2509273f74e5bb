/*
 * beginning: clocks whose first exchanges are congested, in one world after another, and the time until they have
 * forgotten it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "assertions.h"
#include <stdlib.h>

#include "count.h"
#include "world.h"

#define START_S INT64_C(1700000000)
#define SEEDS 6
#define QUIET_POLLS 60 /* observed after the congestion */
#define FORGOTTEN_AFTER 20

static const unsigned congested_polls[] = { 3, 12, 25, 60, 200 };
static const int64_t congested_ns[] = { 60000000, 300000000 }; /* the queue's mean, each way */
static const int64_t delay_ns[] = { 50000, 2000000 };
static const int64_t quiet_ns[] = { 5000, 20000, 200000 };

#define WORLDS (COUNT(congested_polls) * COUNT(congested_ns) * COUNT(delay_ns) * COUNT(quiet_ns) * SEEDS)

struct course {
	enum ffntp_estimator_kind estimator;
	uint32_t poll_s;
	unsigned polls;
	int64_t congested_ns, delay_ns, quiet_ns;
	uint64_t seed;
};

struct outcome {
	double error;   /* in units of the path's delays, at the twentieth poll that is not congested */
	bool is_broken; /* a bound did not hold */
};

static struct outcome outcome_of(const struct course *course)
{
	struct world world = world_new(course->seed, START_S * FFNTP_NS_PER_S);
	struct ffntp_client_config config;
	struct ffntp_client *client;
	struct outcome outcome = { 0 };

	ffntp_client_config_default(&config);
	config.estimator = course->estimator;
	config.pivot_s = START_S;
	config.poll_min_s = config.poll_max_s = course->poll_s;
	client = world_client(&world, &config);
	world.delay_ns = course->delay_ns;
	world.queue_ns = course->congested_ns;
	world_run(&world, client, course->polls * course->poll_s);
	world.queue_ns = course->quiet_ns;
	for (unsigned i = 0; i < QUIET_POLLS; i++) {
		world_run(&world, client, course->poll_s);
		if (i > 0) /* a congested reply may be on its way until then */
			outcome.is_broken |= !world_bound_holds(&world, client);
		if (i == FORGOTTEN_AFTER)
			outcome.error = fabs((double)world_error_ns(&world, client)) /
					(double)(course->delay_ns + course->quiet_ns);
	}
	free(client);
	return outcome;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

struct summary {
	double half, nine_in_ten; /* quantiles of the worlds' errors */
	unsigned worlds, broken;
};

static struct course course_number(size_t i)
{
	struct course course = { .seed = i + 1 };

	i /= SEEDS;
	course.quiet_ns = quiet_ns[i % COUNT(quiet_ns)];
	i /= COUNT(quiet_ns);
	course.delay_ns = delay_ns[i % COUNT(delay_ns)];
	i /= COUNT(delay_ns);
	course.congested_ns = congested_ns[i % COUNT(congested_ns)];
	course.polls = congested_polls[i / COUNT(congested_ns)];
	return course;
}

static struct summary run(enum ffntp_estimator_kind estimator, uint32_t poll_s)
{
	static double errors[WORLDS];
	struct summary summary = { .worlds = WORLDS };

	for (size_t i = 0; i < WORLDS; i++) {
		struct course course = course_number(i);
		struct outcome outcome;

		course.estimator = estimator;
		course.poll_s = poll_s;
		outcome = outcome_of(&course);
		errors[i] = outcome.error;
		summary.broken += outcome.is_broken;
	}
	qsort(errors, WORLDS, sizeof errors[0], compare);
	summary.half = errors[WORLDS / 2];
	summary.nine_in_ten = errors[WORLDS * 9 / 10];
	return summary;
}

static void assert_forgotten(enum ffntp_estimator_kind estimator, const struct summary *wanted)
{
	for (uint32_t poll_s = 1; poll_s <= 16; poll_s *= 4) {
		struct summary summary = run(estimator, poll_s);

		print_message("# polls of %2u s: bound broken in %u of %u worlds; half of all errors up to %.3f of the "
			      "delay, nine in ten %.3f\n",
			      poll_s, summary.broken, summary.worlds, summary.half, summary.nine_in_ten);
		assert_true(summary.half <= wanted->half && summary.nine_in_ten <= wanted->nine_in_ten);
		assert_at_most(summary.broken, wanted->broken, "");
	}
}

/* At 1 s polls its rate error may be larger than stated when it is first used: in one world a bound does not hold. */
static void test_the_default_forgets_congestion(void **state)
{
	(void)state;
	assert_forgotten(FFNTP_ESTIMATOR_LAW, &(struct summary){ .half = 0.02, .nine_in_ten = 0.2, .broken = 1 });
}

/* Its rate error may be larger than stated when it is first used: in one world of a hundred a bound does not hold. */
static void test_radclock_forgets_congestion(void **state)
{
	(void)state;
	assert_forgotten(FFNTP_ESTIMATOR_RADCLOCK,
			 &(struct summary){ .half = 0.1, .nine_in_ten = 0.8, .broken = WORLDS / 100 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_default_forgets_congestion),
		cmocka_unit_test(test_radclock_forgets_congestion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
