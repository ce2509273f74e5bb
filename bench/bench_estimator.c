/*
 * What an exchange costs an estimator: ns per stamp, the median of several rounds in which all candidates take turns,
 * and the bytes of its state. Nothing here passes or fails; make bench prints the table.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../core/estimator.h"

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
	const struct ffntp_estimator_ops *ops;
	struct ffntp_estimator_config config;
	void *state;
	struct ffntp_stamp *stamps;
	double ns[ROUNDS];
};

static struct bench benches[CANDIDATES];

static double uniform(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return ((double)(*random >> 11) + 0.5) * 0x1p-53;
}

/* A path as quiet as a LAN's: few stamps are so bad that they could be left out. */
static double delay_s(uint64_t *random)
{
	return 200e-6 - 20e-6 * log(uniform(random));
}

static struct ffntp_stamp exchange(double begun_s, uint64_t *random)
{
	const double hz = 1e9 * (1 + 12e-6);
	double arrived_s = begun_s + delay_s(random), ended_s = arrived_s + delay_s(random);
	struct ffntp_ntp server = { (uint64_t)(arrived_s * 0x1p32) };

	return (struct ffntp_stamp){
		.ta = (uint64_t)(begun_s * hz),
		.tb = server,
		.te = server,
		.tf = (uint64_t)(ended_s * hz),
		.stratum = 1,
	};
}

static void prepare(struct bench *bench, const struct candidate *candidate)
{
	uint64_t random = 88172645463325252;

	bench->ops = candidate->ops;
	bench->config = (struct ffntp_estimator_config){ 1e-9, 500e-6, candidate->poll_s, 0 };
	bench->state = malloc(bench->ops->memory(&bench->config));
	bench->stamps = calloc(STAMPS, sizeof *bench->stamps);
	if (!bench->state || !bench->stamps)
		abort();
	for (unsigned i = 0; i < STAMPS; i++)
		bench->stamps[i] = exchange(1 + i * candidate->poll_s, &random);
}

static void feed(struct bench *bench, unsigned from, unsigned to)
{
	struct ffntp_estimate estimate;

	for (unsigned i = from; i < to; i++)
		if (bench->ops->add(bench->state, &bench->stamps[i], &estimate) != FFNTP_ACCEPTED)
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

	bench->ops->init(bench->state, &bench->config);
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
		free(bench->state);
		free(bench->stamps);
	}
	return 0;
}
