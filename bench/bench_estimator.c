/*
 * What an exchange costs an estimator: ns per stamp, the median of several rounds in which all candidates take turns,
 * and the bytes of its state. Nothing here passes or fails; make bench prints the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../core/estimator.h"
#include "../tests/stampworld.h"

#define ROUNDS 31

/* Of each round: enough to fill every window before, and a few thousand to measure. */
#define STAMPS 12000
#define MEASURED 4000

struct candidate {
	const struct ffntp_estimator_ops *ops;
	double poll_s;
};

static const struct candidate candidates[] = {
	{ &ffntp_radclock_ops, 1 },    { &ffntp_radclock_ops, 16 },   { &ffntp_radclock_ops, 64 },
	{ &ffntp_radclock_ops, 1024 }, { &ffntp_interval_ops, 1 },    { &ffntp_interval_ops, 16 },
	{ &ffntp_interval_ops, 64 },   { &ffntp_interval_ops, 1024 },
};

#define CANDIDATES (sizeof candidates / sizeof *candidates)

struct bench {
	struct stampclock clock;
	struct ffntp_estimator_config config;
	struct ffntp_stamp *stamps;
	double ns[ROUNDS];
};

static struct bench benches[CANDIDATES];

/* A path as quiet as a LAN's: few stamps are so bad that they could be left out. */
static void prepare(struct bench *bench, const struct candidate *candidate)
{
	struct stampworld world = stampworld_new(1);

	world.queue_ns = 20000;
	bench->config = (struct ffntp_estimator_config){ 1e-9, 500e-6, candidate->poll_s, 0 };
	bench->clock = stampclock_new(candidate->ops, &bench->config);
	bench->stamps = calloc(STAMPS, sizeof *bench->stamps);
	if (!bench->stamps)
		abort();
	for (unsigned i = 0; i < STAMPS; i++) {
		bench->stamps[i] = stampworld_exchange(&world);
		stampworld_wait(&world, candidate->poll_s);
	}
}

static void feed(struct bench *bench, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		if (bench->clock.ops->add(bench->clock.state, &bench->stamps[i], &bench->clock.estimate) !=
		    FFNTP_ACCEPTED)
			abort();
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run_once(struct bench *bench)
{
	double start_ns;

	bench->clock.ops->init(bench->clock.state, &bench->config);
	feed(bench, 0, STAMPS - MEASURED);
	start_ns = now_ns();
	feed(bench, STAMPS - MEASURED, STAMPS);
	return (now_ns() - start_ns) / MEASURED;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	for (size_t i = 0; i < CANDIDATES; i++)
		prepare(&benches[i], &candidates[i]);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < CANDIDATES; i++)
			benches[i].ns[round] = run_once(&benches[i]);
	printf("%-10s %10s %14s %12s\n", "estimator", "poll (s)", "ns per stamp", "state bytes");
	for (size_t i = 0; i < CANDIDATES; i++) {
		struct bench *bench = &benches[i];

		qsort(bench->ns, ROUNDS, sizeof *bench->ns, compare);
		printf("%-10s %10g %14.0f %12zu\n", candidates[i].ops->name, candidates[i].poll_s,
		       bench->ns[ROUNDS / 2], candidates[i].ops->memory(&bench->config));
		stampclock_free(&bench->clock);
		free(bench->stamps);
	}
	return 0;
}
