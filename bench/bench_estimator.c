/*
 * Measures the cost of an exchange to each estimator: processor time per stamp (ns), the median of several rounds in
 * which all candidates take turns, at several poll intervals and ages; and the bytes of its state. The ratio is to the
 * RADclock estimator at 1 s and the same age; the default estimator should not exceed 1.00. This program judges
 * nothing; make bench prints the table. A flat column shows a cost that does not grow with age or poll interval.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../core/estimator.h"

#define ROUNDS 15

/*
 * Stamps measured in each round: the cost is averaged over the last MEASURED stamps before each age. At the first age
 * no window is full, at the last all are.
 */
#define MEASURED 1000
static const unsigned ages[] = { 1000, 4000, 16000 };

#define AGES (sizeof ages / sizeof *ages)
#define STAMPS 16000

static const double polls_s[] = { 1, 16, 64, 256, 1024 };

#define POLLS (sizeof polls_s / sizeof *polls_s)

/* The first estimator at the first poll interval is the reference of the ratios. */
static const struct ffntp_estimator_ops *const estimators[] = { &ffntp_radclock_ops, &ffntp_law_ops };

#define ESTIMATORS (sizeof estimators / sizeof *estimators)

struct bench {
	const struct ffntp_estimator_ops *ops;
	struct ffntp_estimator_config config;
	void *state;
	double ns[AGES][ROUNDS];
	double median_ns[AGES];
};

static struct bench benches[POLLS][ESTIMATORS];
static struct ffntp_stamp stamps[POLLS][STAMPS];

static double uniform(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return ((double)(*random >> 11) + 0.5) * 0x1p-53;
}

/* A path as quiet as a LAN's, so that few stamps are bad enough to be left out. */
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

static void prepare(struct bench *bench, const struct ffntp_estimator_ops *ops, double poll_s)
{
	bench->ops = ops;
	bench->config = (struct ffntp_estimator_config){ 1e-9, 500e-6, poll_s, 0 };
	bench->state = malloc(ops->memory(&bench->config));
	if (!bench->state)
		abort();
}

static void make_stamps(struct ffntp_stamp *made, double poll_s)
{
	uint64_t random = 88172645463325252;

	for (unsigned i = 0; i < STAMPS; i++)
		made[i] = exchange(1 + i * poll_s, &random);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double feed_ns(struct bench *bench, const struct ffntp_stamp *from, unsigned count)
{
	double start_ns = now_ns();
	struct ffntp_estimate estimate;

	for (unsigned i = 0; i < count; i++)
		if (bench->ops->add(bench->state, &from[i], &estimate) != FFNTP_ACCEPTED)
			abort();
	return now_ns() - start_ns;
}

static void run_once(struct bench *bench, const struct ffntp_stamp *all, unsigned round)
{
	unsigned fed = 0;

	bench->ops->init(bench->state, &bench->config);
	for (size_t i = 0; i < AGES; i++) {
		(void)feed_ns(bench, all + fed, ages[i] - MEASURED - fed);
		bench->ns[i][round] = feed_ns(bench, all + ages[i] - MEASURED, MEASURED) / MEASURED;
		fed = ages[i];
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof *values, compare);
	return values[ROUNDS / 2];
}

static double largest_ratio(const struct bench *bench, const struct bench *measure)
{
	double largest = 0;

	for (size_t i = 0; i < AGES; i++)
		largest = fmax(largest, bench->median_ns[i] / measure->median_ns[i]);
	return largest;
}

static void print_row(struct bench *bench, const struct bench *measure)
{
	for (size_t i = 0; i < AGES; i++)
		bench->median_ns[i] = median(bench->ns[i]);
	printf("%-10s %8g", bench->ops->name, bench->config.poll_s);
	for (size_t i = 0; i < AGES; i++)
		printf(" %8.0f", bench->median_ns[i]);
	printf(" %8.2f %12zu\n", largest_ratio(bench, measure), bench->ops->memory(&bench->config));
}

int main(void)
{
	for (size_t poll = 0; poll < POLLS; poll++) {
		make_stamps(stamps[poll], polls_s[poll]);
		for (size_t i = 0; i < ESTIMATORS; i++)
			prepare(&benches[poll][i], estimators[i], polls_s[poll]);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t poll = 0; poll < POLLS; poll++)
			for (size_t i = 0; i < ESTIMATORS; i++)
				run_once(&benches[poll][i], stamps[poll], round);
	printf("ns per stamp, of the %d before each age\n\n%-10s %8s", MEASURED, "estimator", "poll (s)");
	for (size_t i = 0; i < AGES; i++)
		printf(" %8u", ages[i]);
	printf(" %8s %12s\n", "ratio", "state bytes");
	for (size_t i = 0; i < ESTIMATORS; i++)
		for (size_t poll = 0; poll < POLLS; poll++) {
			print_row(&benches[poll][i], &benches[0][0]);
			free(benches[poll][i].state);
		}
	return 0;
}
