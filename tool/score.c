#include "score.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void score_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

double score_quantile(const double *sorted, size_t count, double quantile)
{
	double position = quantile * (double)(count - 1);
	size_t below = (size_t)position;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

struct score_summary score_summarise(double *absolute_errors, size_t count)
{
	double squares = 0;

	score_sort(absolute_errors, count);
	for (size_t i = 0; i < count; i++)
		squares += absolute_errors[i] * absolute_errors[i];
	return (struct score_summary){
		.rms = sqrt(squares / (double)count),
		.median = score_quantile(absolute_errors, count, 0.5),
		.p99 = score_quantile(absolute_errors, count, 0.99),
		.max = absolute_errors[count - 1],
	};
}
