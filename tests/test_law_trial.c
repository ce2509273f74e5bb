/* law_trial: exchanges under each cause, and the cause that explains them best. */
#include "../core/law/law_trial.h"
#include "lawtest.h"

#define POLL_S 16.0
#define SIZE_S 1e-4
#define FLOOR_S 2e-3
#define WANDER 1e-9

static struct ffntp_law learnt[KINDS];

static int learn_all(void **state)
{
	struct prng prng = { 41 };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++)
		learn_law(&learnt[kind], kind, FLOOR_S, SIZE_S, 5000, 2e-6, &prng);
	return 0;
}

/* An oscillator and a path whose laws are known. */
struct course {
	struct prng prng;
	enum kind kind[2];
	double theta, gamma;
	double longer[2];    /* s */
	double congested[2]; /* mean of the delays above the floor, s; 0: none */
};

static void go_on(struct course *course)
{
	double root = sqrt(POLL_S), step = WANDER * root * normal(&course->prng);

	course->theta += POLL_S * (course->gamma + step / 2 + WANDER * root * normal(&course->prng) / sqrt(12));
	course->gamma += step;
}

static double delay_of(struct course *course, int way)
{
	double above = course->congested[way] > 0 ? course->congested[way] * exponential(&course->prng)
						  : SIZE_S * draw(course->kind[way], &course->prng);

	return FLOOR_S + course->longer[way] + above;
}

static struct ffntp_law_sight exchange(struct course *course)
{
	double span_s = 4.1e-3;

	return (struct ffntp_law_sight){
		.forward_s = course->theta - course->gamma * span_s - delay_of(course, 0),
		.backward_s = course->theta + delay_of(course, 1),
		.span_s = span_s,
		.weight = { 1, 1 },
	};
}

/* Return a belief as certain as after hours. */
static struct ffntp_law_belief settled(const struct course *course)
{
	return (struct ffntp_law_belief){ course->theta, course->gamma, 9e-12, 0.5 * 3e-6 * 1e-8, 1e-16 };
}

static double score_of(const struct ffntp_law_trial *trial, int cause)
{
	return ffntp_law_trial_score(trial, cause, law_params.trust, &law_params);
}

static int best_of(const struct ffntp_law_trial *trial)
{
	int best = FFNTP_LAW_CAUSE_NONE;

	for (int c = 0; c < FFNTP_LAW_CAUSES; c++)
		best = score_of(trial, c) > score_of(trial, best) ? c : best;
	return best;
}

/* --- each cause --- */

static void step_there(struct course *course, double s)
{
	course->longer[0] += s;
}

static void step_back(struct course *course, double s)
{
	course->longer[1] += s;
}

static void step_both(struct course *course, double s)
{
	step_there(course, s);
	step_back(course, s);
}

static void step_time(struct course *course, double s)
{
	course->theta += s;
}

static void step_rate(struct course *course, double s)
{
	course->gamma += s;
}

static void congest_there(struct course *course, double s)
{
	course->congested[0] = s;
}

static void congest_back(struct course *course, double s)
{
	course->congested[1] = s;
}

static void congest_both(struct course *course, double s)
{
	congest_there(course, s);
	congest_back(course, s);
}

static const struct making {
	const char *name;
	void (*change)(struct course *course, double by);
	double by;
	enum ffntp_law_cause cause, or ;
} makings[] = {
	{ "longer there", step_there, 1e-3, FFNTP_LAW_CAUSE_THERE, FFNTP_LAW_CAUSE_THERE },
	{ "shorter there", step_there, -1e-3, FFNTP_LAW_CAUSE_THERE, FFNTP_LAW_CAUSE_THERE },
	{ "longer back", step_back, 1e-3, FFNTP_LAW_CAUSE_BACK, FFNTP_LAW_CAUSE_BACK },
	{ "shorter back", step_back, -1e-3, FFNTP_LAW_CAUSE_BACK, FFNTP_LAW_CAUSE_BACK },
	{ "longer", step_both, 2e-3, FFNTP_LAW_CAUSE_BOTH, FFNTP_LAW_CAUSE_BOTH },
	{ "shorter", step_both, -1.5e-3, FFNTP_LAW_CAUSE_BOTH, FFNTP_LAW_CAUSE_BOTH },
	{ "ahead", step_time, 5e-3, FFNTP_LAW_CAUSE_TIME, FFNTP_LAW_CAUSE_TIME },
	{ "behind", step_time, -150e-3, FFNTP_LAW_CAUSE_TIME, FFNTP_LAW_CAUSE_TIME },
	{ "faster", step_rate, 5e-6, FFNTP_LAW_CAUSE_RATE, FFNTP_LAW_CAUSE_JUMP },
	{ "slower", step_rate, -5e-6, FFNTP_LAW_CAUSE_RATE, FFNTP_LAW_CAUSE_JUMP },
	{ "congested there", congest_there, 8e-3, FFNTP_LAW_CONGESTED_THERE, FFNTP_LAW_CONGESTED_THERE },
	{ "congested back", congest_back, 8e-3, FFNTP_LAW_CONGESTED_BACK, FFNTP_LAW_CONGESTED_BACK },
	{ "congested", congest_both, 8e-3, FFNTP_LAW_CONGESTED, FFNTP_LAW_CONGESTED },
};

/* Let the change happen, and pass this number of exchanges through the trial. */
static struct ffntp_law_trial hold(const struct making *making, enum kind there, enum kind back, int exchanges,
				   uint64_t seed, struct course *course)
{
	struct ffntp_law_trial trial = { 0 };
	struct ffntp_law laws[2] = { learnt[there], learnt[back] };
	struct ffntp_law_belief before;

	*course = (struct course){ .prng = { seed }, .kind = { there, back }, .gamma = 12e-6 };
	before = settled(course);
	making->change(course, making->by);
	ffntp_law_trial_open(&trial, &before, laws, 2 * fmax(fabs(making->by), SIZE_S), 0);
	for (int i = 0; i < exchanges; i++) {
		struct ffntp_law_sight sight;

		go_on(course);
		sight = exchange(course);
		ffntp_law_trial_add(&trial, laws, &sight, POLL_S, WANDER * WANDER);
	}
	return trial;
}

static const enum kind kinds[] = { EXPONENTIAL, ERLANG2, CUT_NORMAL, UNIFORM };

static bool is_congestion(int cause)
{
	return cause >= FFNTP_LAW_CONGESTED_THERE;
}

/* Return whether a cause is the one that was made, its alternative, or, for congestion, any congestion. */
static bool is_meant(const struct making *making, int cause)
{
	return cause == (int)making->cause || cause == (int)making->or ||
	       (is_congestion(making->cause) && is_congestion(cause));
}

/* Return by how much the causes that are meant explain more than all others, "nothing" among them. */
static double lead_of(const struct ffntp_law_trial *trial, const struct making *making)
{
	double meant = -1e300, rest = -1e300;

	for (int c = 0; c < FFNTP_LAW_CAUSES; c++)
		if (is_meant(making, c))
			meant = fmax(meant, score_of(trial, c));
		else
			rest = fmax(rest, score_of(trial, c));
	return meant - rest;
}

/* The cause wins within the trial's time, whatever the laws, in each of 20 courses. */
static void test_each_cause_wins_where_it_is_true(void **state)
{
	(void)state;
	for (size_t m = 0; m < COUNT(makings); m++)
		for (size_t k = 0; k < COUNT(kinds); k++) {
			int won = 0;

			for (uint64_t round = 0; round < 20; round++) {
				struct course course;
				struct ffntp_law_trial trial =
					hold(&makings[m], kinds[k], kinds[(k + 1) % COUNT(kinds)],
					     (int)law_params.trial_exchanges, 1000 + round, &course);

				won += best_of(&trial) == (int)makings[m].cause || best_of(&trial) == (int)makings[m].or
					;
				assert_less(makings[m].name, law_params.lead_score, lead_of(&trial, &makings[m]));
			}
			if (won < 15)
				print_message("%s, %s: %d of 20\n", makings[m].name, kind_names[kinds[k]], won);
			assert_true(won >= 15);
		}
}

/* The winning story is true: the clock is within its stated error, and step and rate are as they were made. */
static void test_the_winner_knows_the_size(void **state)
{
	(void)state;
	for (size_t m = 0; m < COUNT(makings); m++)
		for (size_t k = 0; k < COUNT(kinds); k++) {
			struct course course;
			struct ffntp_law_trial trial = hold(&makings[m], kinds[k], kinds[k], 64, 2000, &course);
			const struct ffntp_law_story *story = &trial.story[best_of(&trial)];

			assert_less("theta", fabs(story->x[0] - course.theta), 4 * sqrt(story->p[0]));
			assert_less("theta's deviation", sqrt(story->p[0]), 0.4 * SIZE_S);
			assert_less("gamma", fabs(story->x[1] - course.gamma), 0.3e-6);
			if (makings[m].cause <= FFNTP_LAW_CAUSE_BOTH)
				assert_less("step", fabs(story->x[2] - makings[m].by), 0.4 * SIZE_S);
		}
}

/* Theta may be counted from any anchor at any time. */
static void test_theta_is_counted_from_anywhere(void **state)
{
	const struct ffntp_law laws[2] = { learnt[EXPONENTIAL], learnt[ERLANG2] };
	struct course course = { .prng = { 43 }, .kind = { EXPONENTIAL, ERLANG2 }, .longer = { 1e-3, 0 } };
	struct ffntp_law_belief before = settled(&course);
	struct ffntp_law_trial here, there;

	(void)state;
	ffntp_law_trial_open(&here, &before, laws, 1e-3, 0);
	there = here;
	for (int i = 0; i < 64; i++) {
		struct ffntp_law_sight sight, shifted;
		double by = i < 32 ? 0.25 : -0.5;

		if (i % 32 == 0)
			ffntp_law_trial_shift(&there, i == 0 ? 0.25 : -0.75);
		go_on(&course);
		shifted = sight = exchange(&course);
		shifted.forward_s += by;
		shifted.backward_s += by;
		ffntp_law_trial_add(&here, laws, &sight, POLL_S, WANDER * WANDER);
		ffntp_law_trial_add(&there, laws, &shifted, POLL_S, WANDER * WANDER);
	}
	for (int c = 0; c < FFNTP_LAW_CAUSES; c++) {
		assert_less("theta", fabs(there.story[c].x[0] + 0.5 - here.story[c].x[0]), 1e-7);
		assert_less("score", fabs(score_of(&there, c) - score_of(&here, c)), 0.05);
	}
}

/* Delays of any size, far from all laws: every number stays finite. */
static void test_any_delay_leaves_numbers(void **state)
{
	const struct ffntp_law laws[2] = { learnt[EXPONENTIAL], learnt[UNIFORM] };
	struct prng prng = { 44 };

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct course course = { .prng = { 1 }, .kind = { EXPONENTIAL, UNIFORM } };
		struct ffntp_law_belief before = settled(&course);
		struct ffntp_law_trial trial;

		ffntp_law_trial_open(&trial, &before, laws, pow(10, -7 + 8 * uniform(&prng)), 1e5 * uniform(&prng));
		for (int i = 0; i < 64; i++) {
			double rtt = pow(10, -7 + 8 * uniform(&prng)),
			       at = normal(&prng) * pow(10, -7 + 8 * uniform(&prng));
			struct ffntp_law_sight sight = { at - rtt / 2, at + rtt / 2, rtt, { 1, 1 } };

			ffntp_law_trial_add(&trial, laws, &sight, pow(10, 6 * uniform(&prng)),
					    pow(10, -21 + 7 * uniform(&prng)));
			for (int c = 0; c < FFNTP_LAW_CAUSES; c++) {
				const struct ffntp_law_story *story = &trial.story[c];

				assert_true(isfinite(score_of(&trial, c)));
				for (int k = 0; k < 3; k++)
					assert_true(isfinite(story->x[k]));
				for (int k = 0; k < 6; k++)
					assert_true(isfinite(story->p[k]));
			}
		}
	}
}

/* --- nothing --- */

/* 20,000 exchanges of each law, in trials of the greatest length. */
static void test_no_cause_wins_where_nothing_happens(void **state)
{
	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct course course = { .prng = { 42 + kind }, .kind = { kind, kind }, .gamma = 12e-6 };
		struct ffntp_law laws[2] = { learnt[kind], learnt[kind] };
		struct ffntp_law_belief before = settled(&course);
		struct ffntp_law_trial trial = { 0 };
		double most = -1e300;

		for (int i = 0; i < 20000; i++) {
			struct ffntp_law_sight sight;

			if (i % 64 == 0) {
				const struct ffntp_law_story *story = &trial.story[FFNTP_LAW_CAUSE_NONE];

				if (i > 0)
					before = (struct ffntp_law_belief){ story->x[0], story->x[1], story->p[0],
									    story->p[1], story->p[2] };
				ffntp_law_trial_open(&trial, &before, laws, 1e-3, 0);
			}
			go_on(&course);
			sight = exchange(&course);
			ffntp_law_trial_add(&trial, laws, &sight, POLL_S, WANDER * WANDER);
			for (int c = FFNTP_LAW_CAUSE_THERE; c <= FFNTP_LAW_CAUSE_JUMP; c++)
				most = fmax(most, score_of(&trial, c));
		}
		assert_less(kind_names[kind], most, law_params.lead_score);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_cause_wins_where_it_is_true),
		cmocka_unit_test(test_the_winner_knows_the_size),
		cmocka_unit_test(test_theta_is_counted_from_anywhere),
		cmocka_unit_test(test_any_delay_leaves_numbers),
		cmocka_unit_test(test_no_cause_wins_where_nothing_happens),
	};

	return cmocka_run_group_tests(tests, learn_all, NULL);
}
