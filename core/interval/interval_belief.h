/*
 * interval_belief: what one is to think of a counter under one assumption about its oscillator. A Gaussian over (theta,
 * gamma):
 *
 *   theta  counter times its nominal period, minus true time, s; at a moment that the caller keeps
 *   gamma  d theta / d counter time, the skew, a ratio
 *
 * gamma is a random walk. Pure functions on differences; see docs/algorithm.md, "Belief".
 */
#ifndef FFNTP_CORE_INTERVAL_BELIEF_H
#define FFNTP_CORE_INTERVAL_BELIEF_H

struct ffntp_belief {
	double theta, gamma;
	double p00, p01, p11; /* covariance: theta theta, theta gamma, gamma gamma */
};

/* What an exchange says of theta: with noise of variance sigma2 added it lies in [low, high], as likely as exp(tilt
 * theta). */
struct ffntp_constraint {
	double low, high; /* s, low < high */
	double sigma2;    /* s^2, >= 0 */
	double tilt;      /* 1/s */
};

/* How well a belief foresaw a constraint: mass * exp(-exponent), up to a factor that is the same for every belief. */
struct ffntp_evidence {
	double mass, exponent;
};

/* elapsed_s of counter time pass; wander2: variance that gamma gains per second, 1/s. */
void ffntp_belief_predict(struct ffntp_belief *belief, double elapsed_s, double wander2);

/* Updates to the first two moments of what the constraint leaves of the belief. */
struct ffntp_evidence ffntp_belief_constrain(struct ffntp_belief *belief, const struct ffntp_constraint *constraint);

#endif
