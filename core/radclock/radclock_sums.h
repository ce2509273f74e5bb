/*
 * radclock_sums: weighted sums over the stamps of the offset's window. They are nearly all of an estimate's cost, so
 * this file is written for speed: two stamps at a time, no branches.
 */
#ifndef FFNTP_CORE_RADCLOCK_SUMS_H
#define FFNTP_CORE_RADCLOCK_SUMS_H

#include <stdint.h>

/* Stamps as parallel arrays of differences from an anchor. */
struct ffntp_points {
	double *time_s;       /* the stamp's middle by the server's clock */
	double *ticks;        /* the stamp's middle by the counter */
	double *excess_ticks; /* of its round trip; >= 0 */
	double *weight;       /* as set by the last sum */
	uint32_t count;
};

/* Each array has this number of additional elements. Element 'count' is written, to complete the last pair. */
#define FFNTP_POINTS_SPARE 1

/* The parameters of a combination of points. */
struct ffntp_points_view {
	double now_ticks, now_s; /* from the same anchor; not earlier than any point */
	double excess_widths;    /* one tick of excess, in widths of the weights */
	double age_widths;       /* one tick of age, in the same unit */
	double period_s;         /* period that extrapolates a point to now */
};

struct ffntp_points_sums {
	double least;      /* least error: that of the best point, in widths */
	double weight;     /* the sum of weights */
	double age, ahead; /* weighted sums of ages (s), and of the predicted present time minus now_s (s) */
};

/* Weighted squares and products of the same quantities, and the sum of squared weights. */
struct ffntp_points_squares {
	double weight2, age2, ahead2, age_ahead;
};

/*
 * Compute sums with weights exp(unit^2 - error^2), errors in widths. An error equal to 'unit' has weight 1; the factor
 * cancels from every ratio of sums, and prevents all weights from underflowing. Any value near the least error is
 * suitable, such as the least error of the former sum; if it is not near, the sums are computed again with one that is.
 * points: at least one. Weights have a relative error of at most 2e-7; those below e^-40 of the best may be 0.
 */
void ffntp_points_sum(const struct ffntp_points *points, const struct ffntp_points_view *view, double unit,
		      struct ffntp_points_sums *sums);

/* Compute squares with the weights of the last ffntp_points_sum, for the same points and view. */
void ffntp_points_square(const struct ffntp_points *points, const struct ffntp_points_view *view,
			 struct ffntp_points_squares *squares);

#endif
