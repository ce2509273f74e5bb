/*
 * radclock_sums: weighted sums over the stamps of the offset's window. Nearly all that an estimate costs is here, so it
 * is written for speed: two stamps at a time, no branches.
 */
#ifndef FFNTP_CORE_RADCLOCK_SUMS_H
#define FFNTP_CORE_RADCLOCK_SUMS_H

#include <stdint.h>

/* Stamps side by side, as differences from some anchor. */
struct ffntp_points {
	double *time_s;       /* the stamp's middle by the server's clock */
	double *ticks;        /* ... by the counter */
	double *excess_ticks; /* of its round trip; >= 0 */
	double *weight;       /* as the last sum gave it */
	uint32_t count;
};

/* Element 'count' of each array is written too: it stands in for the second of the last two. */
#define FFNTP_POINTS_SPARE 1

/* Where the points are seen from. */
struct ffntp_points_view {
	double now_ticks, now_s; /* from the same anchor; not earlier than any point */
	double excess_widths;    /* a tick of excess, in widths of the weights */
	double age_widths;       /* a tick of age, in the same */
	double period_s;         /* carries what a point says to now */
};

struct ffntp_points_sums {
	double least;      /* of the errors: that of the best point, in widths */
	double weight;     /* the sum of weights */
	double age, ahead; /* weighted: ages (s); what the points say that now is, less now_s (s) */
};

/* Weighted squares and products of the same; and the weights' own squares. */
struct ffntp_points_squares {
	double weight2, age2, ahead2, age_ahead;
};

/*
 * Sums with weights exp(unit^2 - error^2), errors in widths. The unit has weight 1, and cancels from every ratio of
 * sums; it is there so that the weights do not all vanish for want of exponent. Any that is near the least error will
 * do, such as the least of the time before; if it is not near, the sums are made again with one that is. points: at
 * least one. Weights are within 2e-7 of the truth, relative; those below e^-40 of the best may be 0.
 */
void ffntp_points_sum(const struct ffntp_points *points, const struct ffntp_points_view *view, double unit,
		      struct ffntp_points_sums *sums);

/* With the weights of the last ffntp_points_sum, of which points and view must be the same. */
void ffntp_points_square(const struct ffntp_points *points, const struct ffntp_points_view *view,
			 struct ffntp_points_squares *squares);

#endif
