/* timeseries: measurements over time for 'ffntp report', and the statistics that are made of them. No I/O. */
#ifndef FFNTP_TOOL_TIMESERIES_H
#define FFNTP_TOOL_TIMESERIES_H

#include <stdbool.h>
#include <stddef.h>

struct timeseries_point {
	double t; /* s; ascending, except where the clock stepped */
	double y; /* NAN: a gap, where nothing connects the points before and after it */
};

/* Zeroed: empty. */
struct timeseries {
	struct timeseries_point *point;
	size_t count, room;
	size_t settled; /* the first point that timeseries_shift moves */
};

/* Add a point. Returns false if memory is short; the series is then as before. */
bool timeseries_add(struct timeseries *series, double t, double y);

/* Settle the points so far: later shifts leave them in their places. */
void timeseries_settle(struct timeseries *series);

/* Add 'seconds' to the time of all points that are not settled, and settle them. */
void timeseries_shift(struct timeseries *series, double seconds);

/* Remove the points before this time. */
void timeseries_cut_before(struct timeseries *series, double t);

/* Release the memory; the series is empty. */
void timeseries_clear(struct timeseries *series);

/*
 * Add to 'few' the points of 'all' that a plot of this many columns shows: of each column the least and the greatest
 * value, in their order. Gaps stay. from, to: the range of time. Returns false if memory is short.
 */
bool timeseries_decimate(const struct timeseries *all, double from, double to, size_t columns, struct timeseries *few);

/*
 * Return the values without the gaps, ascending, and their number in *count; to be freed. NULL if there are none, with
 * *count 0, or if memory is short, with *count 1.
 */
double *timeseries_sorted(const struct timeseries *series, size_t *count);

/*
 * Add to 'law' the histogram of 'sorted': for each of 'bins' bins from 'low', each 'width' wide, the bin's middle and
 * the percentage of the values in it. Values beyond the last bin are in none. Returns false if memory is short.
 */
bool timeseries_histogram(const double *sorted, size_t count, double low, double width, size_t bins,
			  struct timeseries *law);

/*
 * Add to 'deviation' the overlapping Allan deviation of a clock's phase (s over s), at averaging times that double,
 * as points of averaging time (s) and deviation. The phase is interpolated at steps of the median distance of its
 * points; no term spans a gap, or more than four steps without a point. Averaging times with fewer than 4 terms are
 * left out. Returns false if memory is short.
 */
bool timeseries_allan(const struct timeseries *phase, struct timeseries *deviation);

#endif
