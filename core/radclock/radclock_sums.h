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
	double *error;        /* scratch */
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

/*
 * Weights are exp(least^2 - error^2), errors in widths: the best point's is 1, so they never all vanish for want of
 * exponent. Those below e^-40 are 0: nothing beside it.
 */
struct ffntp_points_sums {
	double least;           /* error */
	double weight, weight2; /* of weights and their squares */
	/* weighted: ages (s); what the points say that now is, less now_s (s); and products of the two */
	double age, age2, ahead, ahead2, age_ahead;
};

/* At least one point. Weights are within 1e-8 of the truth, relative. */
void ffntp_points_sum(const struct ffntp_points *points, const struct ffntp_points_view *view,
		      struct ffntp_points_sums *sums);

#endif
