#include "recorded.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../sim/limit.h"
#include "../sim/world.h"

static struct sim_exchange exchange_of(const struct trace_row *row)
{
	return (struct sim_exchange){
		.ta = row->ta,
		.tf = row->tf,
		.tb_ns = row->tb_ns,
		.te_ns = row->te_ns,
		.truth_ta_ns = row->truth_ta_ns,
		.truth_tf_ns = row->truth_tf_ns,
	};
}

/*
 * errors_us: has room for all exchanges. The middle is computed as in replay: halves first, because the sum of two
 * times may not fit.
 */
static void run_limit(const struct trace *trace, struct sim_limit *limit, double *errors_us, struct recorded *recorded)
{
	int64_t middle_ns = trace->rows[0].truth_tf_ns / 2 + trace->rows[trace->count - 1].truth_tf_ns / 2;

	for (size_t i = 0; i < trace->count; i++) {
		struct sim_exchange exchange = exchange_of(&trace->rows[i]);
		double error_s = sim_limit_error_s(limit, exchange.tf, exchange.truth_tf_ns);

		if (exchange.truth_tf_ns >= middle_ns && isfinite(error_s))
			errors_us[recorded->scored++] = fabs(error_s) * 1e6;
		sim_limit_add(limit, &exchange);
	}
}

static bool score(const struct sim_scenario *scenario, const struct trace *trace, struct recorded *recorded,
		  char error[TRACE_ERROR_SIZE])
{
	struct sim_limit *limit = sim_limit_new(scenario);
	double *errors_us = calloc(trace->count, sizeof(*errors_us));
	bool has_memory = limit && errors_us;

	*recorded = (struct recorded){ .exchanges = trace->count };
	if (has_memory)
		run_limit(trace, limit, errors_us, recorded);
	if (recorded->scored > 0)
		recorded->before = score_summarise(errors_us, recorded->scored);
	else
		snprintf(error, TRACE_ERROR_SIZE, "%s: %s", trace->name,
			 has_memory ? "nothing to score" : "out of memory");
	sim_limit_free(limit);
	free(errors_us);
	return recorded->scored > 0;
}

bool recorded_limit(const struct sim_scenario *scenario, const char *path, struct recorded *recorded,
		    char error[TRACE_ERROR_SIZE])
{
	struct trace trace;
	bool is_good;

	if (!tracefile_read(path, &trace, error))
		return false;
	is_good = trace.rows[0].has_truth && score(scenario, &trace, recorded, error);
	if (!trace.rows[0].has_truth)
		snprintf(error, TRACE_ERROR_SIZE, "%s: the trace has no true time, so that it cannot be compared",
			 path);
	tracefile_release(&trace);
	return is_good;
}
