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

static inline double seen(const struct ffntp_belief *belief, struct sight sight)
{
	return sight.theta * belief->theta + sight.gamma * belief->gamma + sight.spare * belief->spare;
}

/* The covariances with z, and its variance. */
struct regression {
	double theta, gamma, spare, z;
};

static inline struct regression regress(const struct ffntp_belief *b, struct sight sight)
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
 * What is cut off a normal distribution beyond so many standard deviations moves its mean by 6e-9 of one, and its
 * variance by 4e-8 of it: nothing beside what is lost by taking the rest for a Gaussian.
 */
#define FAR_SD 6.0

/* The mean moves by 'by' per unit of covariance. */
static inline void move(struct ffntp_belief *belief, const struct regression *r, double by)
{
	belief->theta += r->theta * by;
	belief->gamma += r->gamma * by;
	belief->spare += r->spare * by;
}

static inline void narrow(struct ffntp_belief *belief, const struct regression *r, double by)
{
	belief->p00 -= r->theta * r->theta * by;
	belief->p01 -= r->theta * r->gamma * by;
	belief->p11 -= r->gamma * r->gamma * by;
	belief->p02 -= r->theta * r->spare * by;
	belief->p12 -= r->gamma * r->spare * by;
	belief->p22 -= r->spare * r->spare * by;
}

/*
 * z + softness lies above limit, by an exponential of the given rate. The exponential completes a square: it moves the
 * mean by S rate, S the variance of z + softness; then the normal is truncated. The unknowns follow by their
 * regression.
 */
static inline struct ffntp_evidence cut(struct ffntp_belief *belief, struct sight sight, double limit, double rate,
					double softness2)
{
	struct regression r = regress(belief, sight);
	double soft = soft_enough(softness2, r.z), s2 = r.z + soft, above = seen(belief, sight) - limit;
	double left = above - s2 * rate, exponent = (above + left) / 2 * rate;
	double s, per_s, shift;
	struct ffntp_truncated t;

	if (left > 0 && left * left > FAR_SD * FAR_SD * s2) {
		move(belief, &r, -rate);
		return (struct ffntp_evidence){ 1, exponent, soft * rate * rate / 2 };
	}
	s = ffntp_sqrt(s2);
	per_s = 1 / s;
	shift = s * rate;
	t = ffntp_truncated_normal_above(-left * per_s);
	move(belief, &r, (t.mean - shift) * per_s);
	narrow(belief, &r, (1 - t.variance) * per_s * per_s);
	return (struct ffntp_evidence){ t.mass, exponent + t.exponent,
					soft * per_s * per_s / 2 *
						(shift * (shift - 2 * t.mean) + t.variance + t.mean * t.mean - 1) };
}

struct ffntp_evidence ffntp_belief_constrain(struct ffntp_belief *belief, const struct ffntp_constraint *c)
{
	struct ffntp_belief b = *belief;
	struct ffntp_evidence forward = cut(&b, forward_sight(c), c->low, c->forward_rate, c->softness2);
	struct ffntp_evidence backward = cut(&b, backward_sight(c), -c->high, c->backward_rate, c->softness2);

	*belief = b;
	return (struct ffntp_evidence){ forward.mass * backward.mass, forward.exponent + backward.exponent,
					forward.softness_gain + backward.softness_gain };
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
