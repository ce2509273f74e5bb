/*
 * Measures the cost of one accepted reply, from the datagram to the published map, without the estimator's own part:
 * ns per reply, the least of several rounds, because other work of the machine only adds to it. A first pass records
 * the estimator's results; the measured passes replace the estimator by one that returns the recorded results, so that
 * the core makes the same decisions. The program judges nothing; make bench prints its number, and
 * bench/compare_reply.py compares two source trees.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ffntp/client.h>
#include <ffntp/page.h>

#include "../core/estimator.h"
#include "../core/wire.h"

#define ROUNDS 25
#define EXCHANGES 6000

/* The last exchanges are measured, when all windows are full. */
#define MEASURED 4000

#define POLL_S 16
#define BEGIN_S INT64_C(1767225600) /* 2026-01-01, where the built-in table of leap seconds is valid */

struct exchange {
	ffntp_counter ta, tf;
	uint8_t reply[FFNTP_WIRE_SIZE];
};

static struct exchange exchanges[EXCHANGES];
static struct ffntp_estimate estimates[EXCHANGES];
static enum ffntp_verdict verdicts[EXCHANGES];
static unsigned added;
static const struct ffntp_estimator_ops *recorded;

/* --- an estimator that records the real one, and one that repeats the record --- */

static enum ffntp_verdict record_add(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate)
{
	verdicts[added] = recorded->add(state, stamp, estimate);
	estimates[added] = *estimate;
	return verdicts[added++];
}

static enum ffntp_verdict repeat_add(void *state, const struct ffntp_stamp *stamp, struct ffntp_estimate *estimate)
{
	(void)state;
	(void)stamp;
	*estimate = estimates[added];
	return verdicts[added++];
}

static struct ffntp_estimator_ops ops;

const struct ffntp_estimator_ops *__real_ffntp_estimator_choose(enum ffntp_estimator_kind kind);
const struct ffntp_estimator_ops *__wrap_ffntp_estimator_choose(enum ffntp_estimator_kind kind);

/* The linker sends the client's call here (--wrap). */
const struct ffntp_estimator_ops *__wrap_ffntp_estimator_choose(enum ffntp_estimator_kind kind)
{
	(void)kind;
	return &ops;
}

/* --- a quiet path --- */

static double uniform(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return ((double)(*random >> 11) + 0.5) * 0x1p-53;
}

static double delay_s(uint64_t *random)
{
	return 200e-6 - 20e-6 * log(uniform(random));
}

/* Return the delay of a timer (s). */
static double wakeup_s(uint64_t *random)
{
	return -100e-6 * log(uniform(random));
}

static struct ffntp_ntp server_time(double s)
{
	return (struct ffntp_ntp){ ((uint64_t)(BEGIN_S + FFNTP_NTP_UNIX_S) << 32) + (uint64_t)(s * 0x1p32) };
}

static void make_exchange(struct exchange *exchange, double begun_s, uint64_t nonce, uint64_t *random)
{
	const double hz = 1e9 * (1 + 12e-6);
	double arrived_s = begun_s + delay_s(random), left_s = arrived_s + 20e-6, ended_s = left_s + delay_s(random);
	const struct ffntp_packet packet = {
		.version = 4,
		.mode = 4,
		.stratum = 1,
		.precision_log2_s = -24,
		.root_dispersion = 10,
		.refid = 0x47505300,
		.origin = { nonce },
		.receive = server_time(arrived_s),
		.transmit = server_time(left_s),
	};

	exchange->ta = (uint64_t)(begun_s * hz);
	exchange->tf = (uint64_t)(ended_s * hz);
	ffntp_wire_write(&packet, exchange->reply);
}

/* --- measuring --- */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct ffntp_page page;

static void send_request(struct ffntp_client *client, unsigned i)
{
	uint8_t request[FFNTP_REQUEST_SIZE];

	if (!ffntp_client_request(client, exchanges[i].ta, i + 1, request))
		abort();
}

static void take_reply(struct ffntp_client *client, const struct exchange *exchange)
{
	struct ffntp_source source;
	struct ffntp_map map;

	if (ffntp_client_reply(client, exchange->reply, sizeof exchange->reply, exchange->tf) != FFNTP_ACCEPTED)
		abort();
	ffntp_client_output(client, exchange->tf, &map);
	ffntp_client_source(client, &source);
	ffntp_page_hold(&page);
	ffntp_page_publish_steadily(&page, &map, &source, 1, exchange->tf);
}

static double request_pass_ns(struct ffntp_client *client)
{
	double begin_ns = now_ns();

	for (unsigned i = EXCHANGES - MEASURED; i < EXCHANGES; i++)
		send_request(client, i);
	return (now_ns() - begin_ns) / MEASURED;
}

/* Return the cost of an exchange (ns), and set that of its request. */
static double pass_ns(const struct ffntp_client_config *config, void *memory, size_t size, double *request_ns)
{
	const struct ffntp_page_identity identity = { 0 };
	struct ffntp_client *client = ffntp_client_init(memory, size, config, exchanges[0].ta);
	double begin_ns = 0, end_ns;

	if (client == NULL)
		abort();
	memset(&page, 0, sizeof page);
	ffntp_page_format(&page, &identity);
	added = 0;
	for (unsigned i = 0; i < EXCHANGES; i++) {
		if (i == EXCHANGES - MEASURED)
			begin_ns = now_ns();
		send_request(client, i);
		take_reply(client, &exchanges[i]);
	}
	end_ns = now_ns();
	*request_ns = request_pass_ns(client);
	return (end_ns - begin_ns) / MEASURED;
}

static struct ffntp_client_config config;
static size_t size;
static void *memory;

/* Make the exchanges, and record the estimator's results. */
static void prepare(void)
{
	uint64_t random = 88172645463325252;
	double request_ns;

	for (unsigned i = 0; i < EXCHANGES; i++)
		make_exchange(&exchanges[i], 1 + i * (double)POLL_S + wakeup_s(&random), i + 1, &random);
	ffntp_client_config_default(&config);
	config.leap_table = ffntp_leap_table_builtin();
	config.pivot_s = BEGIN_S;
	recorded = __real_ffntp_estimator_choose(config.estimator);
	ops = *recorded;
	ops.add = record_add;
	size = ffntp_client_memory(&config);
	memory = aligned_alloc(16, size);
	if (memory == NULL)
		abort();
	(void)pass_ns(&config, memory, size, &request_ns);
	ops.add = repeat_add;
}

/* Measure once: the cost of an exchange and of its request (ns). compare_reply.py gives it a name for each tree. */
#ifndef MEASURE
#define MEASURE measure
#endif
void MEASURE(double *exchange_ns, double *request_ns);

void MEASURE(double *exchange_ns, double *request_ns)
{
	if (memory == NULL)
		prepare();
	*exchange_ns = pass_ns(&config, memory, size, request_ns);
}

#ifndef PART
int main(void)
{
	double exchange_ns = INFINITY, request_ns = INFINITY;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double ns[2];

		measure(&ns[0], &ns[1]);
		exchange_ns = fmin(exchange_ns, ns[0]);
		request_ns = fmin(request_ns, ns[1]);
	}
	printf("%.1f ns per accepted reply, without the estimator\n", exchange_ns - request_ns);
	free(memory);
	return 0;
}
#endif
