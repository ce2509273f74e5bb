/*
 * law: the distribution of the delay above the minimum, by kind. Draw, density and distribution function of each kind
 * are implemented independently, so that tests/test_law.c can compare them.
 */
#ifndef FFNTP_SIM_LAW_H
#define FFNTP_SIM_LAW_H

#include "random.h"

/* In brackets: the meaning of a part's size_s and shape; an unused shape is 0. */
enum sim_law_kind {
	SIM_EXPONENTIAL, /* (mean) */
	SIM_GAMMA,       /* (mean, shape > 0) */
	SIM_NORMAL,      /* (standard deviation, its multiple below the mean that is cut): the cut is at 0 */
	SIM_TRIANGULAR,  /* (upper end, place of the peak as a share of it, strictly between 0 and 1); begins at 0 */
	SIM_UNIFORM,     /* (upper end); begins at 0 */
	SIM_LOGNORMAL,   /* (median, standard deviation of the logarithm) */
	SIM_WEIBULL,     /* (scale, shape > 0) */
};

struct sim_law_part {
	double share;     /* share of the packets with this part; shares are relative to their sum */
	double further_s; /* offset of the part's beginning */
	enum sim_law_kind kind;
	double size_s, shape;
};

/* Enough for a comb of ten slots, as a cellular uplink has. */
#define SIM_LAW_PARTS 10

/* A mixture. A part whose share is 0 ends the list. */
struct sim_law {
	struct sim_law_part parts[SIM_LAW_PARTS];
};

/* Draw a delay, in s. The number of random numbers used differs from call to call. */
double sim_law_draw(const struct sim_law *law, struct sim_random *random);

/* Return the probability density of a delay, per second; 0 below 0. */
double sim_law_density(const struct sim_law *law, double delay_s);

/* Return the probability of a smaller delay. */
double sim_law_below(const struct sim_law *law, double delay_s);

/* Return the delay below which this share of the delays lies; 0 < share < 1. */
double sim_law_quantile(const struct sim_law *law, double share);

/*
 * Return the normal score of a delay: the number below which a normal distribution (mean 0, standard deviation 1) has
 * the same share as the law has below the delay. Between -8 and 8.
 */
double sim_law_score(const struct sim_law *law, double delay_s);

/* Return the share of the normal distribution below a score. */
double sim_law_below_score(double score);

/* Return the width of the narrowest feature of the density, in s: a grid must be finer to show the density. */
double sim_law_finest_s(const struct sim_law *law);

#endif
