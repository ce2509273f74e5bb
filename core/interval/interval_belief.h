/*
 * interval_belief: what one is to think of a counter under one assumption about its oscillator. A Gaussian over three
 * unknowns:
 *
 * - theta: counter time at its nominal period, minus true time, s; at a moment that the caller keeps
 * - gamma: d theta / d counter time, the skew, a ratio; a random walk
 * - spare: by how much the floor of the round trip is assumed too high, s
 *
 * Pure functions on differences.
 */
#ifndef FFNTP_CORE_INTERVAL_BELIEF_H
#define FFNTP_CORE_INTERVAL_BELIEF_H

struct ffntp_belief {
	double theta, gamma, spare;
	double p00, p01, p11, p02, p12, p22; /* covariance */
};

/*
 * What an exchange says, one edge for each direction:
 *   forward delay's excess  = theta - span gamma + share spare - low
 *   backward delay's excess = high - theta + (1 - share) spare
 * Both are positive but for a softness of variance softness2, and exponential
 * with the given rates.
 */
struct ffntp_constraint {
	double low, high;                   /* s */
	double span;                        /* counter time between the edges: the forward one speaks of
					       theta so long ago, s */
	double share;                       /* of the spare that is in the forward direction, 0 to 1 */
	double forward_rate, backward_rate; /* 1/s */
	double softness2;                   /* s^2, > 0 */
};

struct ffntp_evidence {
	double mass, exponent; /* how well it was foreseen: mass * exp(-exponent), up
				  to a factor common to all beliefs */
	double softness_gain;  /* d log evidence / d log softness2 */
};

/* elapsed_s of counter time pass; wander2: variance that gamma gains per
 * second, 1/s. */
void ffntp_belief_predict(struct ffntp_belief *belief, double elapsed_s, double wander2);

/*
 * Updates to the first two moments of what the constraint leaves of the belief.
 */
struct ffntp_evidence ffntp_belief_constrain(struct ffntp_belief *belief, const struct ffntp_constraint *constraint);

/*
 * The path has another floor: its spare is unknown with this mean and variance.
 */
void ffntp_belief_set_spare(struct ffntp_belief *belief, double mean_s, double variance_s2);

/* By how many standard deviations the edge farthest off contradicts the belief;
 * <= 0: none. */
double ffntp_belief_contradiction(const struct ffntp_belief *belief, const struct ffntp_constraint *constraint);

#endif
