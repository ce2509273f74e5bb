/*
 * law_density: the law of one direction's delays: a histogram whose bins go where the mass is, the density fitted to
 * it, and the least delays of all. Memory and time per delay are constant. Delays are in seconds, in the frame of the
 * clock that placed them; moving a law moves that frame.
 *
 * Arrays are float: their values are differences from the law's origin, of which 7 digits are more than any clock
 * knows.
 */
#ifndef FFNTP_CORE_LAW_DENSITY_H
#define FFNTP_CORE_LAW_DENSITY_H

#include <stdbool.h>

#include "law_params.h"

#define FFNTP_LAW_BINS 112
#define FFNTP_LAW_LEAST 16
#define FFNTP_LAW_GENERATIONS 3

/* The least delays since an exchange, ascending. */
struct ffntp_law_generation {
	float delay[FFNTP_LAW_LEAST];
	int count;
	double since;
};

struct ffntp_law {
	const struct ffntp_law_params *params;
	double origin;  /* edges and least delays are counted from here, s */
	double entered; /* delays, those of the start included */
	double n;       /* the number of recent delays that they count as, because older ones fade */
	double total;   /* sum of all masses */
	double unit;    /* mass of one delay now */
	double middle;  /* median, counted from 'origin', s */
	double scale;   /* half the middle 68 %, s; > 0 */
	double power; /* integral of the squared density, 1/s: the change of a delay's rank for each second of shift */
	double far;   /* log density beyond all bins */
	float edge[FFNTP_LAW_BINS + 1], mass[FFNTP_LAW_BINS];
	float log_density[FFNTP_LAW_BINS], slope[FFNTP_LAW_BINS]; /* in the middle of each bin: 1/s, and 1/s per s */
	struct ffntp_law_generation least[FFNTP_LAW_GENERATIONS]; /* the newest first */
};

/* Set an exponential law with this floor and mean (s), worth this many exchanges. */
void ffntp_law_begin(struct ffntp_law *law, double floor_s, double mean_s, double weight,
		     const struct ffntp_law_params *params);

/*
 * Enter a delay known to a standard deviation. is_sound: the delay may also be one of the least. The density stays as
 * it is until ffntp_law_fit.
 */
void ffntp_law_enter(struct ffntp_law *law, double delay_s, double sd_s, bool is_sound);

/* Fit the density to the histogram. */
void ffntp_law_fit(struct ffntp_law *law);

/* Return the logarithm of the density (1/s). */
double ffntp_law_log_density(const struct ffntp_law *law, double delay_s);

/* Add weight times the log density at first_s + i step_s to out[i], i < count. step_s may be negative. */
void ffntp_law_tabulate(const struct ffntp_law *law, double first_s, double step_s, int count, double weight,
			double *out);

/* Return the delay below which the share p of all delays lies. */
double ffntp_law_quantile(const struct ffntp_law *law, double p);

/* Return the share of all delays that lie below delay_s, less 1/2. */
double ffntp_law_rank(const struct ffntp_law *law, double delay_s);

/*
 * Return the rank nearest to 0 among those of all delays within reach_s of this one; 0 if their ranks have both signs.
 */
double ffntp_law_sure_rank(const struct ffntp_law *law, double delay_s, double reach_s);

/* Return the log density at shifted_s minus that at delay_s. *rank: set to the rank of shifted_s. */
double ffntp_law_gain(const struct ffntp_law *law, double delay_s, double shifted_s, double *rank);

/* Store the least delays of all generations, ascending, from the origin; return their number, at least 1 after a delay.
 */
int ffntp_law_lowest(const struct ffntp_law *law, double lowest[FFNTP_LAW_LEAST]);

/* Move the law: the path's length has changed. */
static inline void ffntp_law_move(struct ffntp_law *law, double by_s)
{
	law->origin += by_s;
}

#endif
