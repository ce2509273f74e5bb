#include "world.h"

#include <math.h>
#include <stdlib.h>

#include "../core/wire.h"

/* "SIM". */
#define REFID UINT32_C(0x53494d00)

/* The server's stated precision, if its clock has no tick: a nanosecond. */
#define PRECISION_LOG2_S (-30)

/* The daemon's limits of adaptive polling. */
#define ADAPTIVE_MIN_S 64
#define ADAPTIVE_MAX_S 1024

/* A session that waits for less than this is called again after this time. */
#define LEAST_WAIT_NS 1000

#define NONCE_STREAM 4
#define TRANSMIT_STREAM 5

void sim_world_init(struct sim_world *world, const struct sim_scenario *scenario, uint64_t seed)
{
	*world = (struct sim_world){
		.path.steady = scenario->steady,
		.nonces = sim_random_begin(seed, NONCE_STREAM),
		.transmit = sim_random_begin(seed, TRANSMIT_STREAM),
		.now_ns = SIM_START_NS,
	};
	for (size_t i = 0; i < SIM_SPELLS; i++)
		world->path.spells[i] = scenario->spells[i];
	for (size_t i = 0; i < SIM_DRIFTS; i++)
		world->path.drifts[i] = scenario->drifts[i];
	sim_path_init(&world->path, seed);
	sim_oscillator_init(&world->oscillator, &scenario->oscillator, seed, SIM_START_NS);
}

ffntp_counter sim_world_counter(struct sim_world *world)
{
	return sim_oscillator_read(&world->oscillator, world->now_ns);
}

double sim_world_gauge_s(const struct sim_world *world, int64_t truth_ns)
{
	return sim_path_gauge_s(&world->path, (double)(truth_ns - SIM_START_NS) * 1e-9);
}

void sim_world_configure(struct ffntp_client_config *config, const struct sim_scenario *scenario,
			 enum ffntp_estimator_kind estimator, uint32_t poll_s)
{
	ffntp_client_config_default(config);
	config->estimator = estimator;
	config->counter_kind = FFNTP_COUNTER_OTHER;
	config->period_hint_s = 1 / SIM_COUNTER_HZ;
	config->poll_is_adaptive = poll_s == 0;
	config->poll_min_s = poll_s == 0 ? ADAPTIVE_MIN_S : poll_s;
	config->poll_max_s = config->poll_min_s > ADAPTIVE_MAX_S ? config->poll_min_s : ADAPTIVE_MAX_S;
	config->counter_may_jump = scenario->counter_may_jump;
	config->pivot_s = SIM_START_NS / FFNTP_NS_PER_S;
}

/* Round to the nearest 2^-32 s, so that whole nanoseconds are not biased by a quarter of one. */
static struct ffntp_ntp ntp_from_ns(int64_t ns)
{
	struct ffntp_time t = ffntp_time_from_ns(ns);
	struct ffntp_ntp truncated = ffntp_ntp_from_time(t);

	truncated.units += (t.frac >> 31) & 1;
	return truncated;
}

/* Round up, because the statement must be true. */
static int8_t precision_log2_s(double tick_s)
{
	return tick_s > 0 ? (int8_t)ceil(log2(tick_s)) : PRECISION_LOG2_S;
}

/*
 * Answer in interleaved mode (RFC 9769) if the request asks for the reply that the server remembers. As chrony does, it
 * remembers only replies to requests that ask.
 */
static void interleave(struct sim_world *world, const struct ffntp_packet *request, struct ffntp_packet *reply)
{
	bool is_saved = request->origin.units == world->saved_receive.units;

	if (request->origin.units == 0)
		return;
	if (is_saved) {
		reply->origin = request->receive;
		reply->transmit = world->saved_transmit;
	}
	world->saved_receive = reply->receive;
	world->saved_transmit = ntp_from_ns(world->exchange.departed_ns);
}

/* Compose the server's reply to the request. */
static void answer(struct sim_world *world, const uint8_t bytes[FFNTP_REQUEST_SIZE], uint8_t reply[FFNTP_WIRE_SIZE])
{
	const struct sim_exchange *exchange = &world->exchange;
	struct ffntp_packet request, packet;

	if (ffntp_wire_read(bytes, FFNTP_REQUEST_SIZE, &request) != FFNTP_ACCEPTED)
		abort();
	packet = (struct ffntp_packet){
		.version = FFNTP_WIRE_VERSION,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2_s = precision_log2_s(exchange->conditions.server_tick_s),
		.root_dispersion = (uint32_t)ceil(exchange->conditions.root_distance_s * 0x1p16),
		.refid = REFID,
		.reference = ntp_from_ns(exchange->tb_ns),
		.origin = request.transmit,
		.receive = ntp_from_ns(exchange->tb_ns),
		.transmit = ntp_from_ns(exchange->te_ns),
	};
	interleave(world, &request, &packet);
	ffntp_wire_write(&packet, reply);
}

static int64_t ticked_ns(int64_t ns, double tick_s)
{
	int64_t tick_ns = (int64_t)(tick_s * 1e9);

	return tick_ns > 0 ? ns - ns % tick_ns : ns;
}

/* Return how much later than its transmit timestamp the reply leaves. */
static int64_t transmit_ns(struct sim_world *world)
{
	double mean_s = world->exchange.conditions.server_transmit_s;

	return mean_s > 0 ? (int64_t)(mean_s * 1e9 * sim_random_exponential(&world->transmit)) : 0;
}

/* Draw the delays of both ways at once. Returns false if a packet is lost on one of them. */
static bool travel(struct sim_world *world, struct sim_exchange *exchange)
{
	double t_s = (double)(world->now_ns - SIM_START_NS) * 1e-9;
	int64_t forth_ns = 0, back_ns = 0, transmit, server_ns;
	bool arrives;

	exchange->conditions = sim_path_conditions(&world->path, t_s);
	arrives = sim_path_delay(&world->path, SIM_FORTH, &exchange->conditions.way[SIM_FORTH], &forth_ns);
	arrives &= sim_path_delay(&world->path, SIM_BACK, &exchange->conditions.way[SIM_BACK], &back_ns);
	transmit = transmit_ns(world);
	server_ns = (int64_t)(exchange->conditions.server_error_s * 1e9);
	exchange->truth_ta_ns = world->now_ns;
	server_ns += world->now_ns + forth_ns;
	exchange->tb_ns = ticked_ns(server_ns, exchange->conditions.server_tick_s);
	exchange->te_ns = ticked_ns(server_ns + SIM_RESIDENCE_NS, exchange->conditions.server_tick_s);
	exchange->departed_ns = ticked_ns(server_ns + SIM_RESIDENCE_NS + transmit, exchange->conditions.server_tick_s);
	exchange->truth_tf_ns = world->now_ns + forth_ns + SIM_RESIDENCE_NS + transmit + back_ns;
	return arrives;
}

static uint64_t nonce_of(struct sim_world *world)
{
	uint64_t nonce = sim_random_next(&world->nonces);

	return nonce != 0 ? nonce : 1;
}

static void put(struct sim_world *world, struct ffntp_session *session, struct ffntp_input input)
{
	input.at = sim_world_counter(world);
	ffntp_session_input(session, &input);
}

/* An older reply that is still under way is dropped, because the session has given it up. */
static void send_request(struct sim_world *world, struct ffntp_session *session)
{
	const uint8_t *request;

	world->exchange = (struct sim_exchange){ .ta = sim_world_counter(world), .number = world->requests };
	put(world, session, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = nonce_of(world) });
	request = ffntp_session_request(session);
	if (request == NULL)
		abort();
	world->requests++;
	world->is_in_flight = travel(world, &world->exchange);
	if (world->is_in_flight)
		answer(world, request, world->reply);
}

static enum ffntp_verdict take_verdict(struct ffntp_session *session)
{
	struct ffntp_event event = { .kind = FFNTP_EVENT_NONE };

	while (ffntp_session_event(session, &event) && event.kind != FFNTP_EVENT_REPLY)
		;
	if (event.kind != FFNTP_EVENT_REPLY)
		abort();
	return event.verdict;
}

static void deliver(struct sim_world *world, struct ffntp_session *session, const struct sim_observer *observer)
{
	enum ffntp_verdict verdict;

	world->is_in_flight = false;
	world->exchange.tf = sim_world_counter(world);
	if (observer->before)
		observer->before(observer->context, &world->exchange);
	put(world, session,
	    (struct ffntp_input){ .kind = FFNTP_INPUT_DATAGRAM, .bytes = world->reply, .length = sizeof world->reply });
	verdict = take_verdict(session);
	if (observer->after)
		observer->after(observer->context, &world->exchange, verdict);
}

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* Return when the counter will have this value if it keeps its rate; the session is called again then. */
static int64_t time_of(struct sim_world *world, ffntp_counter reading)
{
	double wait_ns = (double)(int64_t)(reading - sim_world_counter(world)) / (1 + world->oscillator.skew);

	if (!(wait_ns > LEAST_WAIT_NS))
		return world->now_ns + LEAST_WAIT_NS;
	return wait_ns < 1e18 ? world->now_ns + (int64_t)wait_ns : INT64_MAX;
}

static int64_t next_second(const struct sim_world *world)
{
	int64_t seconds = (world->now_ns - SIM_START_NS) / FFNTP_NS_PER_S + 1;

	return SIM_START_NS + seconds * FFNTP_NS_PER_S;
}

/* Let the session do what is due. Returns the time until which it waits. */
static int64_t act(struct sim_world *world, struct ffntp_session *session)
{
	put(world, session, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT });
	if (ffntp_session_wants_request(session))
		send_request(world, session);
	return time_of(world, ffntp_session_deadline(session));
}

struct ffntp_session *sim_world_begin(struct sim_world *world, const struct ffntp_client_config *config)
{
	size_t size = ffntp_session_memory(config);
	void *memory = size > 0 ? aligned_alloc(16, size) : NULL;

	return memory != NULL ? ffntp_session_init(memory, size, config, sim_world_counter(world)) : NULL;
}

const struct ffntp_map *sim_session_map(struct ffntp_session *session, ffntp_counter now)
{
	const struct ffntp_input input = { .kind = FFNTP_INPUT_PUBLISH, .at = now };

	ffntp_session_input(session, &input);
	return ffntp_session_map(session);
}

void sim_world_run(struct sim_world *world, struct ffntp_session *session, int64_t until_ns,
		   const struct sim_observer *observer)
{
	while (world->now_ns < until_ns) {
		int64_t second_ns = next_second(world);
		int64_t wake_ns = sooner(act(world, session), sooner(second_ns, until_ns));
		bool has_reply = world->is_in_flight && world->exchange.truth_tf_ns <= wake_ns;

		world->now_ns = has_reply ? world->exchange.truth_tf_ns : wake_ns;
		if (has_reply)
			deliver(world, session, observer);
		if (world->now_ns == second_ns && observer->second)
			observer->second(observer->context, second_ns, sim_world_counter(world));
	}
}
