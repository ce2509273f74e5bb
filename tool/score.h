/* score: errors in, what people compare clocks by out. */
#ifndef FFNTP_TOOL_SCORE_H
#define FFNTP_TOOL_SCORE_H

#include <stddef.h>

struct score_summary {
	double rms, median, p99, max; /* in the unit of the values */
};

/* Sorts the values in place, ascending. */
void score_sort(double *values, size_t count);

/* The quantile of sorted values, 0 to 1, interpolated between neighbours as numpy does by default. count > 0. */
double score_quantile(const double *sorted, size_t count, double quantile);

/* Of absolute errors; sorts them in place. count > 0. */
struct score_summary score_summarise(double *absolute_errors, size_t count);

#endif
