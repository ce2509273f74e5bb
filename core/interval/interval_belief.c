/* interval_belief: prediction and update of a Gaussian over time, skew and
 * floor. */
#include "interval_belief.h"

#include "../maths.h"

void ffntp_belief_predict(struct ffntp_belief *belief, double elapsed_s, double wander2)
{
	double walked = wander2 * elapsed_s;

	belief->theta += belief->gamma * elapsed_s;
	belief->p00 += elapsed_s * (2 * belief->p01 + elapsed_s * (belief->p11 + walked / 3));
	belief->p01 += elapsed_s * (belief->p11 + walked / 2);
	belief->p11 += walked;
	belief->p02 += elapsed_s * belief->p12;
}

/* z = theta x belief.theta + gamma x belief.gamma + spare x belief.spare: one
 * edge's excess, up to a constant */
struct sight {
	double theta, gamma, spare;
};

static double seen(const struct ffntp_belief *belief, struct sight sight)
{
	return sight.theta * belief->theta + sight.gamma * belief->gamma + sight.spare * belief->spare;
}

/* The covariances with z, and its variance. */
struct regression {
	double theta, gamma, spare, z;
};

static struct regression regress(const struct ffntp_belief *b, struct sight sight)
{
	struct regression r = {
		.theta = sight.theta * b->p00 + sight.gamma * b->p01 + sight.spare * b->p02,
		.gamma = sight.theta * b->p01 + sight.gamma * b->p11 + sight.spare * b->p12,
		.spare = sight.theta * b->p02 + sight.gamma * b->p12 + sight.spare * b->p22,
	};

	r.z = sight.theta * r.theta + sight.gamma * r.gamma + sight.spare * r.spare;
	return r;
}

static struct sight forward_sight(const struct ffntp_constraint *c)
{
	return (struct sight){ 1, -c->span, c->share };
}

static struct sight backward_sight(const struct ffntp_constraint *c)
{
	return (struct sight){ -1, 0, 1 - c->share };
}

/*
 * Where an edge knows 10^6 times better than the belief, the covariance after it would be a difference of numbers that
 * agree to all but 4 of their 16 digits. Such an edge is taken to be softer; the next one finds a belief that knows
 * better.
 */
static double soft_enough(double softness2, double variance)
{
	return softness2 > 1e-12 * variance ? softness2 : 1e-12 * variance;
}

/*
 * z + softness lies above limit, by an exponential of the given rate. The
 * exponential completes a square: it moves the mean by S rate, S the variance
 * of z + softness; then the normal is truncated. The unknowns follow by their
 * regression.
 */
static void cut(struct ffntp_belief *belief, struct sight sight, double limit, double rate, double softness2,
		struct ffntp_evidence *evidence)
{
	struct regression r = regress(belief, sight);
	double s2 = r.z + soft_enough(softness2, r.z), s = ffntp_sqrt(s2), shift = s * rate;
	double above = seen(belief, sight) - limit;
	struct ffntp_truncated t = ffntp_truncated_normal_above(shift - above / s);
	double moved = (t.mean - shift) / s, lost = (1 - t.variance) / s2;

	belief->theta += r.theta * moved;
	belief->gamma += r.gamma * moved;
	belief->spare += r.spare * moved;
	belief->p00 -= r.theta * r.theta * lost;
	belief->p01 -= r.theta * r.gamma * lost;
	belief->p11 -= r.gamma * r.gamma * lost;
	belief->p02 -= r.theta * r.spare * lost;
	belief->p12 -= r.gamma * r.spare * lost;
	belief->p22 -= r.spare * r.spare * lost;
	evidence->mass *= t.mass;
	evidence->exponent += t.exponent + above * rate - shift * shift / 2;
	evidence->softness_gain +=
		softness2 / s2 / 2 * (shift * shift + t.variance + t.mean * t.mean - 1 - 2 * shift * t.mean);
}

struct ffntp_evidence ffntp_belief_constrain(struct ffntp_belief *belief, const struct ffntp_constraint *c)
{
	struct ffntp_evidence evidence = { .mass = 1 };

	cut(belief, forward_sight(c), c->low, c->forward_rate, c->softness2, &evidence);
	cut(belief, backward_sight(c), -c->high, c->backward_rate, c->softness2, &evidence);
	return evidence;
}

void ffntp_belief_set_spare(struct ffntp_belief *belief, double mean_s, double variance_s2)
{
	belief->spare = mean_s;
	belief->p22 = variance_s2;
	belief->p02 = belief->p12 = 0;
}

static double short_by(const struct ffntp_belief *belief, struct sight sight, double limit, double softness2)
{
	return (limit - seen(belief, sight)) / ffntp_sqrt(regress(belief, sight).z + softness2);
}

double ffntp_belief_contradiction(const struct ffntp_belief *belief, const struct ffntp_constraint *c)
{
	double forward = short_by(belief, forward_sight(c), c->low, c->softness2);
	double backward = short_by(belief, backward_sight(c), -c->high, c->softness2);

	return forward > backward ? forward : backward;
}
