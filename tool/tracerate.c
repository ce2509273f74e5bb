#include "tracerate.h"

#include <stdint.h>
#include <stdlib.h>

#include "score.h"

/* With fewer pairs than this, agreement may be chance. */
#define PAIRS_LEAST 3

/*
 * Return the server's time between two rows in ns; as a double, because in an invalid trace it may not fit an integer.
 */
static double elapsed_ns(const struct trace_row *older, const struct trace_row *newer)
{
	return (double)newer->te_ns - (double)older->te_ns;
}

/* Fill in the rates in Hz of all pairs in which both clocks advanced; return their number. */
static size_t measure_pairs(const struct trace *trace, size_t apart, double *rates)
{
	size_t count = 0;

	for (size_t i = apart; i < trace->count; i++) {
		double ticks = (double)(int64_t)(trace->rows[i].tf - trace->rows[i - apart].tf);
		double ns = elapsed_ns(&trace->rows[i - apart], &trace->rows[i]);

		if (ticks > 0 && ns > 0)
			rates[count++] = ticks / ns * 1e9;
	}
	return count;
}

bool tracerate_measure(const struct trace *trace, double *hz, double *unsure)
{
	size_t apart = trace->count < 8 ? 1 : trace->count / 4;
	double *rates = calloc(trace->count, sizeof(*rates));
	size_t pairs = rates ? measure_pairs(trace, apart, rates) : 0;
	bool has_rate = pairs >= PAIRS_LEAST && pairs * 2 > trace->count - apart;

	if (has_rate) {
		score_sort(rates, pairs);
		*hz = score_quantile(rates, pairs, 0.5);
		*unsure = (score_quantile(rates, pairs, 0.75) - score_quantile(rates, pairs, 0.25)) / *hz;
	}
	free(rates);
	return has_rate;
}
