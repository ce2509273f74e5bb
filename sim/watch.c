#include "watch.h"

#include <math.h>

/* Queues as long as this many means are rare. */
#define QUEUES 5

double sim_watch_estimated_s(const struct ffntp_reading *reading)
{
	return hypot((double)reading->esterror_ns, (double)reading->asymmetry_esterror_ns) * 1e-9;
}

static bool is_broken(const struct ffntp_reading *reading, int64_t truth_ns)
{
	struct ffntp_time truth = ffntp_time_from_ns(truth_ns);

	return ffntp_time_is_before(truth, reading->earliest) || ffntp_time_is_before(reading->latest, truth);
}

static void judge_reading(struct sim_watch *watch, const struct ffntp_reading *reading, int64_t truth_ns)
{
	double error_s = (double)ffntp_time_diff_ns(reading->estimate, ffntp_time_from_ns(truth_ns)) * 1e-9;
	double jump = fabs(error_s - watch->former_error_s) / watch->former_estimated_s;

	watch->readable++;
	watch->synchronised += reading->status == FFNTP_STATUS_SYNCHRONISED;
	watch->broken += is_broken(reading, truth_ns);
	if (watch->has_former && jump > watch->jump) {
		watch->jump = jump;
		watch->jump_at_s = (truth_ns - SIM_START_NS) / FFNTP_NS_PER_S;
	}
	watch->former_error_s = error_s;
	watch->former_estimated_s = sim_watch_estimated_s(reading);
}

/* Return whether a server's exchanges show intervals without true time, by which a majority can recognise it. */
static bool is_wrong(const struct sim_world *world, unsigned server, int64_t truth_ns)
{
	const struct sim_conditions *steady = &world->server[server].path.steady;
	double most_s = 0;

	for (size_t way = 0; way < SIM_WAYS; way++)
		most_s = fmax(most_s, steady->way[way].minimum_s + QUEUES * steady->way[way].queue_s);
	return fabs(sim_world_server_error_s(world, server, truth_ns)) > steady->root_distance_s + most_s;
}

static void judge_server(struct sim_watch *watch, const struct sim_world *world, const struct ffntp_ensemble *ensemble,
			 unsigned server, int64_t truth_ns)
{
	int member = world->server[server].member;
	struct ffntp_source source;
	bool is_used = member >= 0 && ffntp_ensemble_source(ensemble, (unsigned)member, &source) &&
		       (source.selection == FFNTP_SELECTION_FOLLOWED || source.selection == FFNTP_SELECTION_COMBINED);

	watch->wrong_for[server] = is_wrong(world, server, truth_ns) ? watch->wrong_for[server] + 1 : 0;
	watch->used[server] += is_used;
	watch->wrong_used += is_used && watch->wrong_for[server] > SIM_WATCH_FROM_S;
}

void sim_watch_second(struct sim_watch *watch, const struct sim_world *world, const struct ffntp_ensemble *ensemble,
		      int64_t truth_ns, const struct ffntp_reading *reading)
{
	if (truth_ns < SIM_START_NS + SIM_WATCH_FROM_S * FFNTP_NS_PER_S)
		return;
	watch->seconds++;
	if (reading)
		judge_reading(watch, reading, truth_ns);
	watch->has_former = reading != NULL;
	for (unsigned i = 0; i < world->servers; i++)
		judge_server(watch, world, ensemble, i, truth_ns);
}
