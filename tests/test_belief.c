/* interval_belief: a belief and one edge beside its integral, and a prediction. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/interval/interval_belief.h"

/*
 * The moments by quadrature. An edge lets the truth exceed it by an exponential, and is softened by a Gaussian: the
 * density of both together, of z = theta - span gamma, is exp(-rate z') erfc(...) up to a factor, and that of theta and
 * gamma before it a Gaussian.
 */
struct moments {
	double mass, theta, gamma, p00, p01, p11;
};

static double edge_density(double above, double rate, double sd)
{
	return exp(-rate * above + rate * rate * sd * sd / 2) * erfc((rate * sd - above / sd) / sqrt(2)) / 2;
}

static double gaussian(const struct ffntp_belief *b, double x, double y)
{
	double det = b->p00 * b->p11 - b->p01 * b->p01;

	return exp(-(b->p11 * x * x - 2 * b->p01 * x * y + b->p00 * y * y) / det / 2) / (2 * acos(-1.0) * sqrt(det));
}

static void add_moments(struct moments *m, double weight, double theta, double gamma)
{
	m->mass += weight;
	m->theta += weight * theta;
	m->gamma += weight * gamma;
	m->p00 += weight * theta * theta;
	m->p01 += weight * theta * gamma;
	m->p11 += weight * gamma * gamma;
}

#define GRID 400

static struct moments integrate(const struct ffntp_belief *b, const struct ffntp_constraint *c)
{
	double step_x = 16 * sqrt(b->p00) / GRID, step_y = 16 * sqrt(b->p11) / GRID;
	struct moments m = { 0 };

	for (int i = -GRID / 2; i <= GRID / 2; i++)
		for (int j = -GRID / 2; j <= GRID / 2; j++) {
			double x = i * step_x, y = j * step_y;
			double theta = b->theta + x, gamma = b->gamma + y;
			double above = theta - gamma * c->span - c->low;

			add_moments(&m, gaussian(b, x, y) * edge_density(above, c->forward_rate, sqrt(c->softness2)),
				    theta, gamma);
		}
	return (struct moments){ m.mass * step_x * step_y,
				 m.theta / m.mass,
				 m.gamma / m.mass,
				 m.p00 / m.mass - m.theta * m.theta / m.mass / m.mass,
				 m.p01 / m.mass - m.theta * m.gamma / m.mass / m.mass,
				 m.p11 / m.mass - m.gamma * m.gamma / m.mass / m.mass };
}

static void assert_near(double value, double wanted, double within)
{
	if (!(fabs(value - wanted) <= within))
		print_message("%.9g is not %.9g within %.3g\n", value, wanted, within);
	assert_true(fabs(value - wanted) <= within);
}

/* Where the edge lies, in standard deviations of theta below its mean: below it, across it, far beyond it. */
static void test_an_edge_leaves_the_moments_of_its_integral(void **state)
{
	static const double distances[] = { 3, 1, 0, -1, -3, -5 };
	static const double rates[] = { 0.1, 1, 4 };

	(void)state;
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++)
		for (size_t j = 0; j < sizeof rates / sizeof *rates; j++) {
			struct ffntp_belief b = { .theta = 2, .gamma = 0.5, .p00 = 1, .p01 = 0.03, .p11 = 0.01 };
			struct ffntp_constraint c = { .low = 2 - 0.7 * 0.5 - distances[i],
						      .high = 1e9,
						      .span = 0.7,
						      .share = 0,
						      .forward_rate = rates[j],
						      .softness2 = 0.09 };
			struct moments m = integrate(&b, &c);
			struct ffntp_evidence evidence = ffntp_belief_constrain(&b, &c);

			assert_near(evidence.mass * exp(-evidence.exponent) / m.mass, 1, 1e-6);
			assert_near(b.theta, m.theta, 1e-6);
			assert_near(b.gamma, m.gamma, 1e-7);
			assert_near(b.p00, m.p00, 1e-6);
			assert_near(b.p01, m.p01, 1e-7);
			assert_near(b.p11, m.p11, 1e-8);
		}
}

/* The slope of the evidence that the softness is learnt by, against a difference of one edge's evidences. */
static void test_the_slope_of_the_evidence(void **state)
{
	static const double distances[] = { 30, 3, 1, 0, -1, -3 };

	(void)state;
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
		const struct ffntp_belief prior = { .theta = 2, .p00 = 1, .p11 = 0.01 };
		struct ffntp_constraint c = {
			.low = 2 - distances[i], .high = 1e9, .forward_rate = 1, .softness2 = 0.09
		};
		struct ffntp_belief b = prior;
		double slope = ffntp_belief_constrain(&b, &c).softness_gain, log_evidence[2];

		for (int side = 0; side < 2; side++) {
			struct ffntp_constraint other = c;
			struct ffntp_evidence evidence;

			other.softness2 *= side ? 1.0001 : 0.9999;
			b = prior;
			evidence = ffntp_belief_constrain(&b, &other);
			log_evidence[side] = log(evidence.mass) - evidence.exponent;
		}
		assert_near(slope, (log_evidence[1] - log_evidence[0]) / 0.0002, 1e-6);
	}
}

/* Prediction in one step is that in two, and is Kalman's of an integrated random walk. */
static void test_a_prediction(void **state)
{
	const struct ffntp_belief prior = { 1, 0.1, 0.3, 4, 0.2, 0.05, 0.1, 0.01, 2 };
	struct ffntp_belief once = prior, twice = prior;

	(void)state;
	ffntp_belief_predict(&once, 5, 0.02);
	ffntp_belief_predict(&twice, 2, 0.02);
	ffntp_belief_predict(&twice, 3, 0.02);
	assert_near(once.theta, 1.5, 1e-12);
	assert_near(once.p00, 4 + 2 * 5 * 0.2 + 25 * 0.05 + 0.02 * 125 / 3, 1e-12);
	assert_near(once.p01, 0.2 + 5 * 0.05 + 0.02 * 25 / 2, 1e-12);
	assert_near(once.p11, 0.05 + 0.02 * 5, 1e-12);
	assert_near(once.p02, 0.1 + 5 * 0.01, 1e-12);
	assert_near(twice.p00, once.p00, 1e-12);
	assert_near(twice.p01, once.p01, 1e-12);
	assert_near(twice.p02, once.p02, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_edge_leaves_the_moments_of_its_integral),
		cmocka_unit_test(test_the_slope_of_the_evidence),
		cmocka_unit_test(test_a_prediction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
