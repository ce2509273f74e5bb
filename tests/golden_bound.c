/*
 * golden_bound: on recorded traces, and on every 4th and every 16th of their exchanges: the bound contains the truth,
 * is no wider than the latest exchange alone allows, and no later map contradicts an earlier one. Writes TAP. Usage:
 * golden_bound TRACES
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/params.h"
#include "../tool/player.h"
#include "../tool/score.h"
#include "../tool/tracefile.h"
#include "count.h"

/* Both ends of a map are rounded up to whole nanoseconds, twice; readings once. The replies' precision is 2^-30 s. */
#define ROUNDING_NS 4.0

struct recorded {
	const char *name;
	uint32_t poll_s;
};

static const struct recorded traces[] = {
	{ "lan", 16 },
	{ "metro", 16 },
	{ "metro-quiet-oscillator", 16 },
	{ "continental", 16 },
	{ "intercontinental", 16 },
	{ "wifi", 16 },
	{ "congestion", 16 },
	{ "temperature", 16 },
	{ "frequency-step", 16 },
	{ "route-change-one-way", 16 },
	{ "route-change-both-ways", 16 },
	{ "server-fault", 16 },
	{ "outage-4-hours", 16 },
	{ "loss-90-percent", 16 },
	{ "metro-7-days-poll-64", 64 },
	{ "perfect-network", 16 },
};

static const size_t thinnings[] = { 1, 4, 16 };

struct findings {
	size_t readings, broken;    /* readings; those whose bound misses the truth */
	size_t accepted, wider;     /* intervals; those wider than the latest exchange allows */
	size_t pairs, contradicted; /* pairs of maps under one disruption marker */
	double *shares;             /* widths as shares of those that the exchanges alone would give */
};

static struct ffntp_reading read_at(struct ffntp_map map, ffntp_counter now)
{
	struct ffntp_reading reading;

	map.void_after = now;
	if (ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK) {
		printf("Bail out! a map without a time\n");
		exit(1);
	}
	return reading;
}

static bool has_time(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING;
}

static void check_truth(const struct player_step *step, struct findings *found)
{
	const struct player_reading *readings[] = { &step->before, &step->after };

	for (size_t i = 0; i < COUNT(readings); i++) {
		if (readings[i]->result != FFNTP_CLOCK_OK)
			continue;
		found->readings++;
		found->broken += !readings[i]->is_held;
	}
}

/* A counter's rate as the clock had it when an exchange arrived. */
struct rate {
	double ns_per_tick, error;
};

static struct rate rate_of(const struct ffntp_map *map)
{
	return (struct rate){ ldexp((double)map->period, -64 - map->period_shift) * 1e9,
			      (double)map->period_maxerror / (double)map->period };
}

/*
 * Return half of the longest time that the round trip may have taken, plus a tick, the error of timestamping and
 * rounding. The servers of traces have no root delay and no root dispersion.
 */
static double half_width_limit_ns(const struct trace_row *row, struct rate rate)
{
	double longest_ns = (double)(row->tf - row->ta) * rate.ns_per_tick * (1 + rate.error);

	return (longest_ns - (double)(row->te_ns - row->tb_ns)) / 2 + rate.ns_per_tick + FFNTP_STAMPING_ERROR_S * 1e9 +
	       ROUNDING_NS;
}

static void check_width(const struct trace_row *row, const struct ffntp_map *map, struct rate rate,
			struct findings *found)
{
	struct ffntp_reading reading = read_at(*map, row->tf);
	double half_ns = (double)ffntp_time_diff_ns(reading.latest, reading.earliest) / 2;
	double limit_ns = half_width_limit_ns(row, rate);

	found->wider += half_ns > limit_ns;
	found->shares[found->accepted++] = half_ns / limit_ns;
}

static bool lies_within(const struct ffntp_map *later, const struct ffntp_map *earlier, ffntp_counter when)
{
	struct ffntp_reading said = read_at(*earlier, when), says = read_at(*later, when);

	return !ffntp_time_is_before(says.estimate, said.earliest) && !ffntp_time_is_before(said.latest, says.estimate);
}

/* Compare each map with those 1, 2, 4, 8 ... before it, at its start and when the next is due. */
static void check_promises(const struct player_step *steps, size_t i, uint32_t poll_s, struct findings *found)
{
	const struct ffntp_map *later = &steps[i].map;

	for (size_t back = 1; back <= i; back *= 2) {
		const struct ffntp_map *earlier = &steps[i - back].map;

		if (!has_time(earlier) || earlier->disruption_marker != later->disruption_marker)
			continue;
		found->pairs++;
		found->contradicted += !lies_within(later, earlier, later->at) ||
				       !lies_within(later, earlier, later->at + poll_s * (uint64_t)FFNTP_NS_PER_S);
	}
}

static void check_steps(const struct trace *trace, const struct player_step *steps,
			const struct ffntp_client_config *config, struct findings *found)
{
	const struct rate hint = { config->period_hint_s * 1e9, config->period_hint_error + config->max_drift };
	struct rate rate = hint;
	uint64_t marker = steps[0].map.disruption_marker;

	for (size_t i = 0; i < trace->count; i++) {
		const struct ffntp_map *map = &steps[i].map;

		check_truth(&steps[i], found);
		if (steps[i].verdict != FFNTP_ACCEPTED)
			continue;
		if (map->disruption_marker != marker)
			rate = hint; /* the rate has changed, too */
		marker = map->disruption_marker;
		if (map->status == FFNTP_STATUS_SYNCHRONISED) /* otherwise the bound contains the candidate too */
			check_width(&trace->rows[i], map, rate, found);
		check_promises(steps, i, config->poll_min_s, found);
		rate = rate_of(map);
	}
}

static unsigned markers(const struct trace *trace, const struct player_step *steps)
{
	unsigned changes = 0;

	for (size_t i = 1; i < trace->count; i++)
		changes += steps[i].map.disruption_marker != steps[i - 1].map.disruption_marker;
	return changes;
}

static void thin(struct trace *trace, size_t every)
{
	size_t kept = 0;

	for (size_t i = 0; i < trace->count; i += every)
		trace->rows[kept++] = trace->rows[i];
	trace->count = kept;
}

/* Print the results; return whether they are within the limits. */
static bool judge(const struct trace *trace, uint32_t poll_s)
{
	struct player_step *steps = calloc(trace->count, sizeof(*steps));
	struct findings found = { .shares = calloc(trace->count, sizeof(double)) };
	struct ffntp_client_config config;
	bool is_good;

	player_configure(&config, FFNTP_ESTIMATOR_DEFAULT, poll_s, 1e9, trace);
	if (!steps || !found.shares || !player_run(&config, trace, steps, NULL)) {
		printf("Bail out! no client\n");
		exit(1);
	}
	check_steps(trace, steps, &config, &found);
	score_sort(found.shares, found.accepted);
	printf("# %zu of %zu readings miss the truth; %zu of %zu intervals are too wide (median %.2f of the limit, "
	       "largest %.2f);\n"
	       "# %zu of %zu maps contradict an earlier one; the marker changed %u times\n",
	       found.broken, found.readings, found.wider, found.accepted,
	       score_quantile(found.shares, found.accepted, 0.5), score_quantile(found.shares, found.accepted, 1),
	       found.contradicted, found.pairs, markers(trace, steps));
	is_good = found.readings > 0 && found.broken == 0 && found.wider == 0 && found.contradicted == 0;
	free(found.shares);
	free(steps);
	return is_good;
}

static bool test(const char *folder, const struct recorded *recorded, size_t every)
{
	char path[4096], error[TRACE_ERROR_SIZE];
	struct trace trace;
	bool is_good;

	snprintf(path, sizeof(path), "%s/%s.txt.gz", folder, recorded->name);
	if (!tracefile_read(path, &trace, error)) {
		printf("Bail out! %s\n", error);
		exit(1);
	}
	thin(&trace, every);
	is_good = judge(&trace, recorded->poll_s * (uint32_t)every);
	tracefile_release(&trace);
	return is_good;
}

int main(int argc, char **argv)
{
	int number = 0, failures = 0;

	if (argc != 2)
		return 2;
	printf("1..%zu\n", COUNT(traces) * COUNT(thinnings));
	for (size_t i = 0; i < COUNT(traces); i++)
		for (size_t k = 0; k < COUNT(thinnings); k++) {
			bool is_good = test(argv[1], &traces[i], thinnings[k]);

			failures += !is_good;
			printf("%sok %d - %s, every %zu\n", is_good ? "" : "not ", ++number, traces[i].name,
			       thinnings[k]);
		}
	return failures != 0;
}
