/*
 * golden_difference: the difference clock on recorded traces. After each exchange a device returns the durations since
 * the marks that it took 1, 100 and 1000 s before; the trace has the true durations. Writes TAP. Usage:
 * golden_difference TRACES
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../include/ffntp/device.h"
#include "../tool/player.h"
#include "../tool/score.h"
#include "../tool/tracefile.h"

/* Counters of traces count nanoseconds. */
#define TICKS_PER_S INT64_C(1000000000)

/* The first hour is warm-up. */
#define BEGIN_S 3600

#define LIMIT_PPM 0.05 /* at 1000 s, 99th percentile */
#define LIMIT_S 1000

/* A fault of 150 ms within an interval of 1000 s would be an error of 150 ppm. */
#define WORST_PPM 0.5

static const int64_t intervals_s[] = { 1, 100, 1000 };

#define INTERVALS (sizeof(intervals_s) / sizeof(intervals_s[0]))

/* A device over a page. Its counter has the reading of the present place in the trace. */
struct player {
	const struct trace *trace;
	const struct player_step *steps;
	struct ffntp_page page;
	struct ffntp_page_device device;
	ffntp_counter now;
};

/* Intervals of one length: marks whose interval has not ended, and the errors of those that have. */
struct series {
	int64_t length_s;
	struct ffntp_mark *mark; /* indexed by the exchange that ends the interval */
	size_t marked;
	double *error_ppm;
	size_t count, outside; /* ended intervals; those outside of the bound */
};

static ffntp_counter read_player(void *context)
{
	struct player *player = context;

	return player->now;
}

static void fail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		fail("no memory");
	return memory;
}

static ffntp_counter begin_of(const struct player *player, const struct series *series, size_t i)
{
	return player->trace->rows[i].tf - (ffntp_counter)(series->length_s * TICKS_PER_S);
}

/* Interpolate the truth between two exchanges, because a crystal's rate moves by 1e-9 in 16 s. */
static double true_ns(const struct trace *trace, ffntp_counter begin, size_t end)
{
	const struct trace_row *rows = trace->rows;
	size_t i = end;
	double share;

	while (i > 1 && rows[i - 1].tf > begin)
		i--;
	share = (double)(int64_t)(begin - rows[i - 1].tf) / (double)(rows[i].tf - rows[i - 1].tf);
	return (double)(rows[end].truth_tf_ns - rows[i - 1].truth_tf_ns) -
	       share * (double)(rows[i].truth_tf_ns - rows[i - 1].truth_tf_ns);
}

/* Take the marks that are due before the next exchange, from the present page. */
static void take_marks(struct player *player, struct series *series, ffntp_counter until)
{
	while (series->marked < player->trace->count &&
	       (int64_t)(begin_of(player, series, series->marked) - until) < 0) {
		player->now = begin_of(player, series, series->marked);
		if (ffntp_device_mark(&player->device.device, &series->mark[series->marked++]) != FFNTP_CLOCK_OK)
			fail("no mark");
	}
}

static void score(struct player *player, struct series *series, size_t i)
{
	ffntp_counter begin = begin_of(player, series, i);
	struct ffntp_duration duration;
	double error_ns;

	if ((int64_t)(begin - player->trace->rows[0].tf) < BEGIN_S * TICKS_PER_S)
		return;
	if (ffntp_device_since(&player->device.device, series->mark[i], &duration) != FFNTP_CLOCK_OK)
		return; /* because the clock was unsynchronised for a while */
	error_ns = fabs((double)duration.ns - true_ns(player->trace, begin, i));
	series->outside += error_ns > (double)duration.bound_ns;
	series->error_ppm[series->count++] = error_ns / (double)series->length_s * 1e-3;
}

static void publish(struct player *player, size_t i)
{
	player->now = player->trace->rows[i].tf;
	ffntp_page_hold(&player->page);
	ffntp_page_publish_steadily(&player->page, &player->steps[i].map, NULL, 0, player->now);
}

static void play(struct player *player, struct series *series)
{
	static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_OTHER };

	ffntp_page_format(&player->page, &identity);
	ffntp_page_device_init(&player->device, &player->page, read_player, player);
	if (ffntp_device_connect(&player->device.device) != NULL)
		fail("no device");
	for (size_t i = 0; i < player->trace->count; i++) {
		for (size_t k = 0; k < INTERVALS; k++)
			take_marks(player, &series[k], player->trace->rows[i].tf);
		publish(player, i);
		for (size_t k = 0; k < INTERVALS; k++)
			score(player, &series[k], i);
	}
}

/* Sort and print the errors; return whether they are within the limits. */
static bool judge(struct series *series)
{
	double high_ppm, worst_ppm;

	if (series->count == 0)
		fail("no intervals");
	score_sort(series->error_ppm, series->count);
	high_ppm = score_quantile(series->error_ppm, series->count, 0.99);
	worst_ppm = score_quantile(series->error_ppm, series->count, 1);
	printf("# %4d s: median %.4f, 99th percentile %.4f, largest %.4f ppm; %zu of %zu outside the bound\n",
	       (int)series->length_s, score_quantile(series->error_ppm, series->count, 0.5), high_ppm, worst_ppm,
	       series->outside, series->count);
	return series->outside == 0 && worst_ppm < WORST_PPM && (series->length_s < LIMIT_S || high_ppm <= LIMIT_PPM);
}

static bool run(const struct trace *trace)
{
	struct player_step *steps = allocate(trace->count, sizeof(*steps));
	struct player *player = allocate(1, sizeof(*player));
	struct ffntp_client_config config;
	struct series series[INTERVALS];
	bool is_good = true;

	player_configure(&config, FFNTP_ESTIMATOR_DEFAULT, 16, (double)TICKS_PER_S, trace);
	if (!player_run(&config, trace, steps, NULL))
		fail("no client");
	for (size_t k = 0; k < INTERVALS; k++)
		series[k] = (struct series){ .length_s = intervals_s[k],
					     .mark = allocate(trace->count, sizeof(struct ffntp_mark)),
					     .error_ppm = allocate(trace->count, sizeof(double)) };
	player->trace = trace;
	player->steps = steps;
	play(player, series);
	for (size_t k = 0; k < INTERVALS; k++) {
		is_good = judge(&series[k]) && is_good;
		free(series[k].mark);
		free(series[k].error_ppm);
	}
	free(player);
	free(steps);
	return is_good;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "metro", "temperature", "server-fault", "lan", "metro-quiet-oscillator" };
	size_t count = sizeof(names) / sizeof(names[0]);
	int failures = 0;

	if (argc != 2)
		return 2;
	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		char path[4096], error[TRACE_ERROR_SIZE];
		struct trace trace;
		bool is_good;

		snprintf(path, sizeof(path), "%s/%s.txt.gz", argv[1], names[i]);
		if (!tracefile_read(path, &trace, error))
			fail(error);
		is_good = run(&trace);
		failures += !is_good;
		printf("%sok %zu - differences on %s\n", is_good ? "" : "not ", i + 1, names[i]);
		tracefile_release(&trace);
	}
	return failures != 0;
}
