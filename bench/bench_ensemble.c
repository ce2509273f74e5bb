/*
 * Measures the cost of one exchange in ensembles of several sizes: ns from the datagram to the new map, estimator
 * included, the median of the later exchanges of each ensemble, and the mean. The mean contains the exchanges that fit
 * laws, one in eight, and leaves out the slowest 0.5 %, which the machine's other work has delayed. The sizes take
 * turns, so that this work meets all of them. Prints a table; judges nothing.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <ffntp/ensemble.h>

#include "../core/wire.h"

#define POLL_S 16
#define INTERVAL_S 16.01 /* a little longer, so that a request is due however a member's clock measures POLL_S */
#define ROUNDS 3000      /* exchanges with each member */
#define MEASURED 1000    /* the last ones, when all windows are full */
#define MOST 64
#define BEGIN_S INT64_C(1767225600) /* 2026-01-01 */
#define HZ (1e9 * (1 + 12e-6))

static const unsigned sizes[] = { 1, 2, 4, 16, 64 };

#define SIZES (sizeof sizes / sizeof *sizes)

struct subject {
	struct ffntp_ensemble *ensemble;
	size_t bytes;
	double *cost_ns;
	size_t costs;
};

static double uniform(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return ((double)(*random >> 11) + 0.5) * 0x1p-53;
}

static double delay_s(uint64_t *random)
{
	return 2e-3 - 100e-6 * log(uniform(random));
}

static struct ffntp_ntp server_time(double s)
{
	return (struct ffntp_ntp){ ((uint64_t)(BEGIN_S + FFNTP_NTP_UNIX_S) << 32) + (uint64_t)(s * 0x1p32) };
}

static ffntp_counter counter_at(double s)
{
	return (ffntp_counter)(1e12 + s * HZ);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void make(struct subject *subject, unsigned members)
{
	struct ffntp_ensemble_config config = { .members = members };
	struct ffntp_member_config member = { .is_unused = false };

	ffntp_client_config_default(&config.client);
	config.client.counter_kind = FFNTP_COUNTER_OTHER;
	config.client.poll_min_s = config.client.poll_max_s = POLL_S;
	config.client.pivot_s = BEGIN_S;
	member.client = config.client;
	subject->bytes = ffntp_ensemble_memory(&config);
	subject->ensemble =
		ffntp_ensemble_init(aligned_alloc(16, subject->bytes), subject->bytes, &config, counter_at(0));
	subject->cost_ns = calloc((size_t)MEASURED * members, sizeof(double));
	if (subject->ensemble == NULL || subject->cost_ns == NULL)
		abort();
	for (unsigned i = 0; i < members; i++) {
		if (ffntp_ensemble_add(subject->ensemble, &member, counter_at(0)) < 0)
			abort();
	}
}

/* Make an exchange that begins at begun_s. Returns the cost of its reply (ns). */
static double exchange(struct ffntp_ensemble *ensemble, unsigned member, double begun_s, uint64_t *random)
{
	double arrived_s = begun_s + delay_s(random), left_s = arrived_s + 20e-6, ended_s = left_s + delay_s(random);
	struct ffntp_input input = { .kind = FFNTP_INPUT_TIMEOUT, .at = counter_at(begun_s) };
	struct ffntp_packet packet = {
		.version = 4,
		.mode = 4,
		.stratum = 1,
		.precision_log2_s = -24,
		.root_dispersion = 10,
		.refid = 0x47505300,
		.receive = server_time(arrived_s),
		.transmit = server_time(left_s),
	};
	uint8_t reply[FFNTP_WIRE_SIZE];
	double from_ns;

	ffntp_ensemble_input(ensemble, member, &input);
	input.kind = FFNTP_INPUT_REQUEST;
	input.nonce = packet.origin.units = *random | 1;
	ffntp_ensemble_input(ensemble, member, &input);
	ffntp_wire_write(&packet, reply);
	input = (struct ffntp_input){
		.kind = FFNTP_INPUT_DATAGRAM, .at = counter_at(ended_s), .bytes = reply, .length = sizeof reply
	};
	from_ns = now_ns();
	ffntp_ensemble_input(ensemble, member, &input);
	return now_ns() - from_ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(struct subject *subject)
{
	qsort(subject->cost_ns, subject->costs, sizeof(double), compare);
	return subject->cost_ns[subject->costs / 2];
}

/* The costs are sorted. */
static double mean_of(const struct subject *subject)
{
	size_t count = subject->costs - subject->costs / 200;
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += subject->cost_ns[i];
	return sum / (double)count;
}

static void run_round(struct subject *subject, unsigned members, unsigned round, uint64_t *random)
{
	for (unsigned i = 0; i < members; i++) {
		double begun_s = INTERVAL_S * (round + 1 + (double)i / members);
		double cost_ns = exchange(subject->ensemble, i, begun_s, random);

		if (round >= ROUNDS - MEASURED)
			subject->cost_ns[subject->costs++] = cost_ns;
	}
}

int main(void)
{
	static struct subject subjects[SIZES];
	uint64_t random = 88172645463325252;
	double first_ns = 0, first_mean_ns = 0;

	for (size_t k = 0; k < SIZES; k++)
		make(&subjects[k], sizes[k]);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t k = 0; k < SIZES; k++)
			run_round(&subjects[k], sizes[k], round, &random);
	printf("%-8s %12s %8s %12s %8s %16s\n", "servers", "median", "ratio", "mean", "ratio", "bytes a server");
	for (size_t k = 0; k < SIZES; k++) {
		double median_ns = median_of(&subjects[k]), mean_ns = mean_of(&subjects[k]);

		first_ns = k == 0 ? median_ns : first_ns;
		first_mean_ns = k == 0 ? mean_ns : first_mean_ns;
		printf("%-8u %9.0f ns %8.2f %9.0f ns %8.2f %16zu\n", sizes[k], median_ns, median_ns / first_ns, mean_ns,
		       mean_ns / first_mean_ns, subjects[k].bytes / sizes[k]);
		free(subjects[k].cost_ns);
		free(subjects[k].ensemble);
	}
	return 0;
}
