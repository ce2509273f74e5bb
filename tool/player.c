#include "player.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "../core/estimator.h"
#include "../core/wire.h"
#include "score.h"

#define COST_PASSES 5

/* "TRCE": the reference id in the replies. */
#define TRACE_REFID UINT32_C(0x54524345)

/* A nanosecond, which is the resolution of a trace's columns. */
#define TRACE_PRECISION_LOG2_S (-30)

/*
 * Return a nonce. Nonces here must differ, but need not be secret, because there is no other sender. splitmix64, which
 * is zero for one input only.
 */
static uint64_t nonce_of(size_t index)
{
	uint64_t x = ((uint64_t)index + 1) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return x ? x : 1;
}

/* Round to the nearest 2^-32 s, so that traces in whole nanoseconds are not biased by a quarter of one. */
static struct ffntp_ntp ntp_from_ns(int64_t ns)
{
	struct ffntp_time t = ffntp_time_from_ns(ns);
	struct ffntp_ntp truncated = ffntp_ntp_from_time(t);

	truncated.units += (t.frac >> 31) & 1;
	return truncated;
}

static void craft_reply(const struct trace_row *row, uint64_t nonce, uint8_t reply[FFNTP_WIRE_SIZE])
{
	struct ffntp_packet packet = {
		.version = FFNTP_WIRE_VERSION,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2_s = TRACE_PRECISION_LOG2_S,
		.refid = TRACE_REFID,
		.reference = ntp_from_ns(row->tb_ns),
		.origin = { nonce },
		.receive = ntp_from_ns(row->tb_ns),
		.transmit = ntp_from_ns(row->te_ns),
	};

	ffntp_wire_write(&packet, reply);
}

void player_configure(struct ffntp_client_config *config, enum ffntp_estimator_kind estimator, uint32_t poll_s,
		      double counter_hz, const struct trace *trace)
{
	ffntp_client_config_default(config);
	config->estimator = estimator;
	config->counter_kind = FFNTP_COUNTER_OTHER;
	config->period_hint_s = 1 / counter_hz;
	config->poll_min_s = poll_s;
	if (config->poll_max_s < poll_s)
		config->poll_max_s = poll_s;
	config->pivot_s = trace->rows[0].tb_ns / FFNTP_NS_PER_S;
}

/* The caller must free *memory, which holds the client. */
static struct ffntp_client *make_client(const struct ffntp_client_config *config, const struct trace *trace,
					void **memory)
{
	size_t size = (ffntp_client_memory(config) + 15) / 16 * 16;

	*memory = size > 0 ? aligned_alloc(16, size) : NULL;
	return *memory ? ffntp_client_init(*memory, size, config, trace->rows[0].ta) : NULL;
}

static enum ffntp_verdict exchange(struct ffntp_client *client, const struct trace_row *row, uint64_t nonce,
				   const uint8_t reply[FFNTP_WIRE_SIZE])
{
	uint8_t request[FFNTP_REQUEST_SIZE];

	if (!ffntp_client_request(client, row->ta, nonce, request))
		return FFNTP_REFUSED_ORIGIN;
	ffntp_client_sent(client, row->ta);
	return ffntp_client_reply(client, reply, FFNTP_WIRE_SIZE, row->tf);
}

static void read_clock(const struct ffntp_map *map, const struct trace_row *row, struct player_reading *reading)
{
	struct ffntp_time truth = ffntp_time_from_ns(row->truth_tf_ns);
	struct ffntp_reading full;

	*reading = (struct player_reading){ 0 };
	reading->result = ffntp_clock_at(map, row->tf, FFNTP_UTC, UINT64_MAX, &full);
	if (reading->result != FFNTP_CLOCK_OK)
		return;
	reading->estimate = full.estimate;
	reading->bound_ns = full.bound_ns;
	reading->esterror_ns = full.esterror_ns;
	reading->is_held = row->has_truth && !ffntp_time_is_before(truth, full.earliest) &&
			   !ffntp_time_is_before(full.latest, truth);
}

bool player_run(const struct ffntp_client_config *config, const struct trace *trace, struct player_step *steps,
		void (*show)(double done))
{
	void *memory;
	struct ffntp_client *client = make_client(config, trace, &memory);
	struct ffntp_map map;

	for (size_t i = 0; client && i < trace->count; i++) {
		uint8_t reply[FFNTP_WIRE_SIZE];

		if (show)
			show((double)i / (double)trace->count);
		/*
		 * Requests without an answer, which a trace does not contain, publish maps again, but change no line.
		 */
		ffntp_client_output(client, trace->rows[i].ta, &map);
		read_clock(&map, &trace->rows[i], &steps[i].before);
		craft_reply(&trace->rows[i], nonce_of(i), reply);
		steps[i].verdict = exchange(client, &trace->rows[i], nonce_of(i), reply);
		ffntp_client_output(client, trace->rows[i].tf, &steps[i].map);
		read_clock(&steps[i].map, &trace->rows[i], &steps[i].after);
	}
	free(memory);
	return client != NULL;
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

const char *player_estimator_name(enum ffntp_estimator_kind kind)
{
	return ffntp_estimator_choose(kind)->name;
}

/* Collect the stamps that reached the estimator. */
static size_t select_stamps(const struct trace *trace, const struct player_step *steps, struct ffntp_stamp *stamps)
{
	size_t count = 0;

	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_row *row = &trace->rows[i];

		if (steps[i].verdict != FFNTP_ACCEPTED)
			continue;
		stamps[count++] = (struct ffntp_stamp){
			.ta = row->ta,
			.tb = ntp_from_ns(row->tb_ns),
			.te = ntp_from_ns(row->te_ns),
			.tf = row->tf,
			.refid = TRACE_REFID,
			.stratum = 1,
		};
	}
	return count;
}

static double time_pass(const struct ffntp_estimator_ops *ops, const struct ffntp_estimator_config *config, void *state,
			const struct ffntp_stamp *stamps, size_t count)
{
	struct ffntp_estimate estimate;
	double start;

	ops->init(state, config);
	start = now_ns();
	for (size_t i = 0; i < count; i++)
		(void)ops->add(state, &stamps[i], &estimate);
	return (now_ns() - start) / (double)count;
}

static double median_pass(const struct ffntp_estimator_ops *ops, const struct ffntp_estimator_config *config,
			  const struct ffntp_stamp *stamps, size_t count)
{
	void *state = aligned_alloc(16, (ops->memory(config) + 15) / 16 * 16);
	double passes[COST_PASSES];

	if (!state)
		return (double)NAN;
	for (size_t pass = 0; pass < COST_PASSES; pass++)
		passes[pass] = time_pass(ops, config, state, stamps, count);
	free(state);
	score_sort(passes, COST_PASSES);
	return score_quantile(passes, COST_PASSES, 0.5);
}

double player_cost_ns(const struct ffntp_client_config *config, const struct trace *trace,
		      const struct player_step *steps)
{
	const struct ffntp_estimator_ops *ops = ffntp_estimator_choose(config->estimator);
	struct ffntp_estimator_config estimator = {
		.period_hint_s = config->period_hint_s,
		.period_hint_error = config->period_hint_error,
		.poll_s = config->poll_min_s,
		.history = config->history,
	};
	struct ffntp_stamp *stamps = calloc(trace->count, sizeof(*stamps));
	size_t count = stamps ? select_stamps(trace, steps, stamps) : 0;
	double cost_ns = count > 0 ? median_pass(ops, &estimator, stamps, count) : (double)NAN;

	free(stamps);
	return cost_ns;
}
