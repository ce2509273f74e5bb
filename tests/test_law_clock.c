/*
 * law_clock: the update, compared with an integral of the posterior over both unknowns, in long double and on a fine
 * grid.
 */
#include "../core/law/law_clock.h"
#include "lawtest.h"

#define BANK FFNTP_LAW_BANK

/* --- the reference --- */

/* The grid's points of theta and of gamma given theta, and its reach in standard deviations. */
#define THETAS 20001
#define GAMMAS 15
#define REACH 8.0L
#define NEGLIGIBLE 1e-3L

struct moments {
	long double mass, theta, gamma, p00, p01, p11;
};

static void add_point(struct moments *sums, long double mass, long double theta, long double gamma)
{
	sums->mass += mass;
	sums->theta += mass * theta;
	sums->gamma += mass * gamma;
	sums->p00 += mass * theta * theta;
	sums->p01 += mass * theta * gamma;
	sums->p11 += mass * gamma * gamma;
}

static void centre(struct moments *m)
{
	m->theta /= m->mass;
	m->gamma /= m->mass;
	m->p00 = m->p00 / m->mass - m->theta * m->theta;
	m->p01 = m->p01 / m->mass - m->theta * m->gamma;
	m->p11 = m->p11 / m->mass - m->gamma * m->gamma;
}

static long double likelihood(const struct ffntp_law laws[2], const struct ffntp_law_sight *sight, double theta,
			      double gamma)
{
	return expl(sight->weight[0] *
			    ffntp_law_log_density(&laws[0], theta - gamma * sight->span_s - sight->forward_s) +
		    sight->weight[1] * ffntp_law_log_density(&laws[1], sight->backward_s - theta));
}

/* Return the density's greatest value along theta, times the ratio below which it is negligible. */
static long double negligible(const struct ffntp_law laws[2], const struct ffntp_law_sight *sight,
			      const struct ffntp_law_belief *prior)
{
	long double sd = sqrtl(prior->p00), most = 0;

	for (int i = 0; i < THETAS; i++) {
		long double z = REACH * (2 * (i + 0.5L) / THETAS - 1);
		double theta = (double)(prior->theta + sd * z), gamma = prior->gamma;

		gamma += prior->p01 / prior->p00 * (theta - prior->theta);
		most = fmaxl(most, expl(-z * z / 2) * likelihood(laws, sight, theta, gamma));
	}
	return most * NEGLIGIBLE;
}

/*
 * Return posterior moments under one Gaussian prior, as differences from its mean; mass is the evidence. Negligible
 * values are left out, because the level tails of laws would add as much width as the prior has.
 */
static struct moments integrate(const struct ffntp_law laws[2], const struct ffntp_law_sight *sight,
				const struct ffntp_law_belief *prior)
{
	long double sd = sqrtl(prior->p00), gain = prior->p01 / (long double)prior->p00;
	long double rest_sd = sqrtl(prior->p11 - gain * prior->p01);
	long double least = negligible(laws, sight, prior);
	struct moments sums = { 0 };

	for (int i = 0; i < THETAS; i++) {
		long double z = REACH * (2 * (i + 0.5L) / THETAS - 1), w = expl(-z * z / 2);

		if (w * likelihood(laws, sight, (double)(prior->theta + sd * z),
				   (double)(prior->gamma + gain * sd * z)) <
		    least)
			continue;

		for (int k = 0; k < GAMMAS; k++) {
			long double y = REACH * (2 * (k + 0.5L) / GAMMAS - 1);
			long double mass =
				w * expl(-y * y / 2) * 4 * REACH * REACH / THETAS / GAMMAS / (2 * (long double)PI);
			long double theta = sd * z, gamma = gain * theta + rest_sd * y;

			mass *= likelihood(laws, sight, (double)(prior->theta + theta), (double)(prior->gamma + gamma));
			add_point(&sums, mass, theta, gamma);
		}
	}
	centre(&sums);
	return sums;
}

/* --- the update --- */

static struct ffntp_law learnt[KINDS];

static int learn_all(void **state)
{
	struct prng prng = { 21 };

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++)
		learn_law(&learnt[kind], kind, 2e-3, 1e-4, 3000, 1e-6, &prng);
	return 0;
}

/* Draw an exchange that agrees with the belief: theta is drawn from it, and both delays from their laws. */
static struct ffntp_law_sight draw_sight(const struct ffntp_law_belief *belief, enum kind there, enum kind back,
					 struct prng *prng)
{
	double z = normal(prng), theta = belief->theta + sqrt(belief->p00) * z;
	double gamma = belief->gamma + belief->p01 / sqrt(belief->p00) * z, span_s = 5e-3;

	return (struct ffntp_law_sight){
		.forward_s = theta - gamma * span_s - 2e-3 - 1e-4 * draw(there, prng),
		.backward_s = theta + 2e-3 + 1e-4 * draw(back, prng),
		.span_s = span_s,
		.weight = { 1, 1 },
	};
}

static const enum kind pairs[][2] = {
	{ EXPONENTIAL, EXPONENTIAL }, { CUT_NORMAL, CUT_NORMAL }, { EXPONENTIAL, CUT_NORMAL },
	{ UNIFORM, TWO_MODES },       { TWO_MODES, ERLANG2 },
};

struct worst {
	double theta, spread, gamma, rate, evidence;
};

/*
 * Keep the greatest errors: of means in posterior standard deviations, of deviations as logarithms of ratios, of
 * evidence in nepers.
 */
static void compare(const struct moments *exact, const struct ffntp_law_belief *prior,
		    const struct ffntp_law_belief *found, double evidence, struct worst *worst)
{
	double sd = (double)sqrtl(exact->p00), rate_sd = (double)sqrtl(exact->p11);

	worst->theta = fmax(worst->theta, fabs(found->theta - prior->theta - (double)exact->theta) / sd);
	worst->spread = fmax(worst->spread, fabs(log(sqrt(found->p00) / sd)));
	worst->gamma = fmax(worst->gamma, fabs(found->gamma - prior->gamma - (double)exact->gamma) / rate_sd);
	worst->rate = fmax(worst->rate, fabs(log(sqrt(found->p11) / rate_sd)));
	worst->evidence = fmax(worst->evidence, fabs(evidence - (double)logl(exact->mass)));
}

/* Return the worst errors. width: the prior's, in sizes of the laws. */
static struct worst worst_of(size_t pair, double width, double correlation, unsigned draws)
{
	const struct ffntp_law laws[2] = { learnt[pairs[pair][0]], learnt[pairs[pair][1]] };
	double sd = width * 1e-4, rate_sd = 1e-8;
	const struct ffntp_law_belief prior = { 1e-5, 12e-6, sd * sd, correlation * sd * rate_sd, rate_sd * rate_sd };
	struct prng prng = { 22 };
	struct worst worst = { 0 };

	for (unsigned i = 0; i < draws; i++) {
		struct ffntp_law_sight sight = draw_sight(&prior, pairs[pair][0], pairs[pair][1], &prng);
		struct moments exact = integrate(laws, &sight, &prior);
		struct ffntp_law_belief found;
		struct ffntp_law_clock clock;
		double evidence;

		ffntp_law_clock_begin(&clock, &prior, &law_params);
		evidence = ffntp_law_clock_update(&clock, laws, &sight);
		found = ffntp_law_clock_mixture(&clock);
		compare(&exact, &prior, &found, evidence, &worst);
	}
	return worst;
}

static void assert_worst(const struct worst *worst, double most)
{
	assert_less("theta", worst->theta, most);
	assert_less("its deviation", worst->spread, most);
	assert_less("gamma", worst->gamma, most / 2);
	assert_less("its deviation", worst->rate, most / 2);
	assert_less("evidence", worst->evidence, most);
}

/* The clock is known better than an exchange shows. */
static void test_a_narrow_clock_becomes_the_posterior(void **state)
{
	(void)state;
	for (size_t pair = 0; pair < COUNT(pairs); pair++) {
		struct worst narrowest = worst_of(pair, 0.003, 0.5, 8), narrow = worst_of(pair, 0.1, -0.9, 8);

		assert_worst(&narrowest, 5e-3);
		assert_worst(&narrow, 0.15);
	}
}

/* The clock is known less well than an exchange shows: 32 points resolve less of the laws' edges. */
static void test_a_wide_clock_becomes_the_posterior(void **state)
{
	static const double widths[] = { 1, 3, 10, 30, 300 };

	(void)state;
	for (size_t pair = 0; pair < COUNT(pairs); pair++)
		for (size_t i = 0; i < COUNT(widths); i++) {
			struct worst worst = worst_of(pair, widths[i], 0.5, 8);

			assert_worst(&worst, 0.6);
		}
}

/* A delay of weight 0 changes nothing; two exchanges of half the weight each change as much as one. */
static void test_weights_of_ways(void **state)
{
	const struct ffntp_law laws[2] = { learnt[CUT_NORMAL], learnt[CUT_NORMAL] };
	const struct ffntp_law_belief prior = { 1e-5, 12e-6, 1e-10, 0, 1e-16 };
	struct prng prng = { 23 };

	(void)state;
	for (unsigned i = 0; i < 30; i++) {
		struct ffntp_law_sight sight = draw_sight(&prior, CUT_NORMAL, CUT_NORMAL, &prng);
		struct ffntp_law_belief none, once, twice;
		struct ffntp_law_clock clock;

		ffntp_law_clock_begin(&clock, &prior, &law_params);
		(void)ffntp_law_clock_update(&clock, laws, &sight);
		once = ffntp_law_clock_mixture(&clock);
		sight.weight[0] = sight.weight[1] = 0.5;
		ffntp_law_clock_begin(&clock, &prior, &law_params);
		(void)ffntp_law_clock_update(&clock, laws, &sight);
		(void)ffntp_law_clock_update(&clock, laws, &sight);
		twice = ffntp_law_clock_mixture(&clock);
		assert_less("theta", fabs(twice.theta - once.theta), 0.02 * sqrt(once.p00));
		assert_less("variance", fabs(twice.p00 / once.p00 - 1), 0.02);
		sight.weight[0] = sight.weight[1] = 0;
		ffntp_law_clock_begin(&clock, &prior, &law_params);
		assert_less("evidence", fabs(ffntp_law_clock_update(&clock, laws, &sight)), 1e-3);
		none = ffntp_law_clock_mixture(&clock);
		assert_less("theta", fabs(none.theta - prior.theta), 1e-3 * sqrt(prior.p00));
		assert_less("variance", fabs(none.p00 / prior.p00 - 1), 1e-3);
	}
}

/* --- prediction --- */

static void assert_ratio(double a, double b, double most)
{
	assert_less("ratio", fabs(a - b), most * fabs(b));
}

/* The random walk of the rate does not depend on the moments of prediction. */
static void test_prediction_is_the_same_in_any_parts(void **state)
{
	struct prng prng = { 24 };

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		double elapsed_s = pow(10, 6 * uniform(&prng)), wander2 = pow(10, -22 + 7 * uniform(&prng)),
		       left = elapsed_s;
		struct ffntp_law_belief whole = { 1e-3 * normal(&prng), 1e-5 * normal(&prng), 1e-12, 1e-17, 1e-18 },
					parts = whole;

		ffntp_law_belief_predict(&whole, elapsed_s, wander2);
		for (unsigned i = 0; i < 9; i++) {
			double part = left * uniform(&prng);

			ffntp_law_belief_predict(&parts, part, wander2);
			left -= part;
		}
		ffntp_law_belief_predict(&parts, left, wander2);
		assert_less("theta", fabs(parts.theta - whole.theta), 1e-12 * (1e-3 + fabs(whole.gamma) * elapsed_s));
		assert_true(parts.gamma == whole.gamma);
		assert_ratio(parts.p00, whole.p00, 1e-12);
		assert_ratio(parts.p01, whole.p01, 1e-12);
		assert_ratio(parts.p11, whole.p11, 1e-12);
	}
}

/* Compare the variance with that of the sum of many small steps of a rate, from the steps themselves. */
static void test_prediction_is_that_of_a_random_walk(void **state)
{
	enum { STEPS = 2000 };
	double elapsed_s = 100, step_s = elapsed_s / STEPS, wander2 = 1e-18, p00 = 0, p01 = 0, p11 = 0;
	struct ffntp_law_belief belief = { 0 };

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		double left_s = elapsed_s - (i + 0.5) * step_s;

		p11 += wander2 * step_s;
		p01 += wander2 * step_s * left_s;
		p00 += wander2 * step_s * left_s * left_s;
	}
	ffntp_law_belief_predict(&belief, elapsed_s, wander2);
	assert_ratio(belief.p00, p00, 1e-5);
	assert_ratio(belief.p01, p01, 1e-5);
	assert_ratio(belief.p11, p11, 1e-5);
}

static void test_theta_is_counted_from_anywhere(void **state)
{
	const struct ffntp_law laws[2] = { learnt[EXPONENTIAL], learnt[CUT_NORMAL] };
	const struct ffntp_law_belief prior = { 1e-5, 12e-6, 1e-10, 0, 1e-16 };
	struct prng prng = { 25 };
	struct ffntp_law_clock here, there;
	struct ffntp_law_belief a, b;
	const double by = 0.25;

	(void)state;
	ffntp_law_clock_begin(&here, &prior, &law_params);
	ffntp_law_clock_begin(&there, &prior, &law_params);
	ffntp_law_clock_shift(&there, by);
	for (unsigned i = 0; i < 50; i++) {
		struct ffntp_law_sight sight = draw_sight(&prior, EXPONENTIAL, CUT_NORMAL, &prng);

		(void)ffntp_law_clock_update(&here, laws, &sight);
		sight.forward_s += by;
		sight.backward_s += by;
		(void)ffntp_law_clock_update(&there, laws, &sight);
	}
	a = ffntp_law_clock_mixture(&here);
	b = ffntp_law_clock_mixture(&there);
	assert_less("theta", fabs(b.theta - by - a.theta), 1e-3 * sqrt(a.p00));
	assert_ratio(b.p00, a.p00, 1e-3);
}

/* --- the bank --- */

static double sum_of_weights(const struct ffntp_law_clock *clock)
{
	double sum = 0;

	for (int i = 0; i < BANK; i++)
		sum += clock->weight[i];
	return sum;
}

/* Simulate an oscillator with this wander (1/sqrt(s)), seen every 16 s; return the bank's mean wander at the end. */
static double wander_found(double wander, struct prng *prng)
{
	const struct ffntp_law laws[2] = { learnt[EXPONENTIAL], learnt[EXPONENTIAL] };
	const struct ffntp_law_belief prior = { 0, 0, 1e-10, 0, 1e-14 };
	double theta = 0, gamma = 0, elapsed_s = 16, sum = 0;
	struct ffntp_law_clock clock;
	const int exchanges = 4000;

	ffntp_law_clock_begin(&clock, &prior, &law_params);
	for (int i = 0; i < exchanges; i++) {
		double step = wander * sqrt(elapsed_s) * normal(prng), level = wander * sqrt(elapsed_s) * normal(prng);
		struct ffntp_law_sight sight = { .span_s = 4e-3, .weight = { 1, 1 } };

		theta += elapsed_s * (gamma + step / 2 + level / sqrt(12));
		gamma += step;
		sight.forward_s = theta - gamma * sight.span_s - 2e-3 - 1e-4 * exponential(prng);
		sight.backward_s = theta + 2e-3 + 1e-4 * exponential(prng);
		ffntp_law_clock_predict(&clock, elapsed_s);
		(void)ffntp_law_clock_update(&clock, laws, &sight);
		assert_less("weights' sum less 1", fabs(sum_of_weights(&clock) - 1), 1e-7);
		for (int k = 1; k < BANK; k++)
			assert_true(clock.wander2[k] == 4 * clock.wander2[k - 1]);
		assert_true(clock.wander2[0] > 0.24 * pow(law_params.wander_least, 2));
		assert_true(clock.wander2[BANK - 1] < 4.1 * pow(law_params.wander_most, 2));
		sum += i >= exchanges / 2 ? ffntp_law_clock_wander2(&clock) : 0;
	}
	return sqrt(sum / (exchanges / 2));
}

/* The bank slides from its start to the oscillator's wander, up or down, and finds it within a factor of two. */
static void test_the_bank_slides_to_the_oscillator(void **state)
{
	static const double wanders[] = { 1e-9, 1e-8, 2e-8 };
	struct prng prng = { 26 };

	(void)state;
	for (size_t i = 0; i < COUNT(wanders); i++) {
		double found = wander_found(wanders[i], &prng);

		assert_less("wander found", fabs(log(found / wanders[i])), log(2));
	}
	/* A wander below what the exchanges can show is only known to be small. */
	assert_less("wander of an oven", wander_found(1e-11, &prng), 2e-10);
}

/* The members' weights follow Bayes' rule, each from its own integral; the mean of all is that of their sum. */
static void test_members_are_weighed_by_what_they_predict(void **state)
{
	struct ffntp_law laws[2] = { learnt[CUT_NORMAL], learnt[CUT_NORMAL] };
	const struct ffntp_law_belief prior = { 0, 0, 1e-14, 0, 1e-18 };
	struct ffntp_law_params params = law_params;
	struct ffntp_law_sight sight = { 0, 0, 4e-3, { 1, 1 } };
	struct ffntp_law_clock before, after;
	long double evidence[BANK], sum = 0;

	(void)state;
	params.wander_start = 1e-9;
	params.wander_slide = 2; /* the bank never slides */
	laws[0].params = laws[1].params = &params;
	ffntp_law_clock_begin(&before, &prior, &params);
	ffntp_law_clock_predict(&before, 10000);
	sight.forward_s = -2.3e-3 + 3e-4;
	sight.backward_s = 2.3e-3 + 3e-4;
	for (int i = 0; i < BANK; i++) {
		evidence[i] = before.weight[i] * integrate(laws, &sight, &before.belief[i]).mass;
		sum += evidence[i];
	}
	after = before;
	assert_less("evidence", fabs(ffntp_law_clock_update(&after, laws, &sight) - (double)logl(sum)), 0.1);
	for (int i = 0; i < BANK; i++)
		assert_less("weight", fabs(after.weight[i] - (double)(evidence[i] / sum)), 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_narrow_clock_becomes_the_posterior),
		cmocka_unit_test(test_a_wide_clock_becomes_the_posterior),
		cmocka_unit_test(test_weights_of_ways),
		cmocka_unit_test(test_prediction_is_the_same_in_any_parts),
		cmocka_unit_test(test_prediction_is_that_of_a_random_walk),
		cmocka_unit_test(test_theta_is_counted_from_anywhere),
		cmocka_unit_test(test_the_bank_slides_to_the_oscillator),
		cmocka_unit_test(test_members_are_weighed_by_what_they_predict),
	};

	return cmocka_run_group_tests(tests, learn_all, NULL);
}
