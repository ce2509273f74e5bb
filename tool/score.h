/* score: summarises errors by RMS, median, 99th percentile and maximum. */
#ifndef FFNTP_TOOL_SCORE_H
#define FFNTP_TOOL_SCORE_H

#include <stddef.h>

struct score_summary {
	double rms, median, p99, max; /* in the unit of the values */
};

/* Sort the values in place, ascending. */
void score_sort(double *values, size_t count);

/*
 * Return the quantile, 0 to 1, of sorted values, interpolated between neighbours as numpy does by default. count > 0.
 */
double score_quantile(const double *sorted, size_t count, double quantile);

/* Summarise absolute errors, and sort them in place. count > 0. */
struct score_summary score_summarise(double *absolute_errors, size_t count);

#endif
