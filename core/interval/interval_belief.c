/* interval_belief: prediction and update of a Gaussian over time and skew. */
#include "interval_belief.h"

#include "../maths.h"

void ffntp_belief_predict(struct ffntp_belief *belief, double elapsed_s, double wander2)
{
	double walked = wander2 * elapsed_s;

	belief->theta += belief->gamma * elapsed_s;
	belief->p00 += elapsed_s * (2 * belief->p01 + elapsed_s * (belief->p11 + walked / 3));
	belief->p01 += elapsed_s * (belief->p11 + walked / 2);
	belief->p11 += walked;
}

/* Of the covariance. Rounding may make it negative when a long gap has tied theta to gamma. */
static double determinant(const struct ffntp_belief *belief)
{
	double product = belief->p00 * belief->p11, square = belief->p01 * belief->p01;

	return product > square ? product - square : 0;
}

/*
 * With z = theta + noise, S = Var z, the constraint turns z into a truncated normal of mean m and variance v; theta and
 * gamma follow by their regression on z. The tilt completes a square: it moves the mean of z by S tilt before the
 * truncation, and weighs the belief with exp(tilt theta + S tilt^2 / 2).
 * p - k k' (1 - v) is written as sums of terms that are not negative: as a difference it loses all its digits, and then
 * its sign, where the constraint knows much more than the belief did.
 */
struct ffntp_evidence ffntp_belief_constrain(struct ffntp_belief *belief, const struct ffntp_constraint *constraint)
{
	double s2 = belief->p00 + constraint->sigma2, s = ffntp_sqrt(s2), per_s = 1 / s;
	double shift = s * constraint->tilt;
	struct ffntp_truncated z = ffntp_truncated_normal((constraint->low - belief->theta) * per_s - shift,
							  (constraint->high - belief->theta) * per_s - shift);
	double k0 = belief->p00 * per_s, k1 = belief->p01 * per_s;
	double kept = (constraint->sigma2 + belief->p00 * z.variance) / s2;
	double moved = z.mean + shift;
	struct ffntp_evidence evidence = { z.mass, z.exponent - constraint->tilt * belief->theta - shift * shift / 2 };

	belief->theta += k0 * moved;
	belief->gamma += k1 * moved;
	belief->p11 =
		(belief->p11 * constraint->sigma2 + determinant(belief) + belief->p01 * belief->p01 * z.variance) / s2;
	belief->p00 *= kept;
	belief->p01 *= kept;
	return evidence;
}
