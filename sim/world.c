#include "world.h"

#include <math.h>
#include <stdlib.h>

#include "../core/ensemble.h"
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

/* The servers but the first are asked for the first time within this time. */
#define START_S 16.0

/* Stream numbers of a server. */
#define NONCE_STREAM 4
#define ASYMMETRY_STREAM 10

/* Stream numbers of the world; the seeds of servers but the first are the first numbers of the last ones. */
#define START_STREAM 11
#define CHURN_STREAM 12
#define SERVER_STREAM 1000

/* --- the servers --- */

/* Return the kind of a server; NULL if it is as the scenario has it. */
static const struct sim_server_kind *kind_of(const struct sim_scenario *scenario, unsigned server)
{
	const struct sim_server_kind *kind = scenario->kinds;

	for (; kind && kind->count > 0; kind++) {
		if (server < kind->count)
			return kind;
		server -= kind->count;
	}
	return NULL;
}

static void set_kind(struct sim_path *path, const struct sim_server_kind *kind)
{
	for (size_t way = 0; way < SIM_WAYS; way++) {
		if (kind->minimum_s > 0)
			path->steady.way[way].minimum_s = kind->minimum_s;
		if (kind->queue_s > 0)
			path->steady.way[way].queue_s = kind->queue_s;
	}
	sim_conditions_add(&path->steady, &kind->more);
	path->spells[SIM_SPELLS - 1] = kind->spell;
	path->drifts[SIM_DRIFTS - 1] = kind->drift;
}

static void set_asymmetry(struct sim_path *path, const struct sim_asymmetry *asymmetry, uint64_t seed)
{
	struct sim_random random = sim_random_begin(seed, ASYMMETRY_STREAM);
	struct sim_way *forth = &path->steady.way[SIM_FORTH], *back = &path->steady.way[SIM_BACK];
	double size_s = asymmetry->median * (forth->minimum_s + back->minimum_s) *
			exp(asymmetry->spread * sim_random_normal(&random));

	if (sim_random_unit(&random) < 0.5)
		size_s = -size_s;
	forth->minimum_s += size_s / 2;
	back->minimum_s -= size_s / 2;
}

static uint64_t seed_of(uint64_t seed, unsigned server)
{
	struct sim_random random = sim_random_begin(seed, SERVER_STREAM + server);

	return server == 0 ? seed : sim_random_next(&random);
}

static void init_server(struct sim_server *server, const struct sim_scenario *scenario,
			const struct sim_server_kind *kind, uint64_t seed)
{
	server->path.steady = scenario->steady;
	server->nonces = sim_random_begin(seed, NONCE_STREAM);
	server->member = -1;
	for (size_t i = 0; i < SIM_SPELLS; i++)
		server->path.spells[i] = scenario->spells[i];
	for (size_t i = 0; i < SIM_DRIFTS; i++)
		server->path.drifts[i] = scenario->drifts[i];
	if (kind)
		set_kind(&server->path, kind);
	if (scenario->asymmetry.median > 0)
		set_asymmetry(&server->path, &scenario->asymmetry, seed);
	sim_path_init(&server->path, seed);
}

void sim_world_init(struct sim_world *world, const struct sim_scenario *scenario, uint64_t seed)
{
	*world = (struct sim_world){
		.now_ns = SIM_START_NS,
		.starts = sim_random_begin(seed, START_STREAM),
		.churns = sim_random_begin(seed, CHURN_STREAM),
		.churn_s = scenario->churn_s,
		.servers = scenario->servers > 0 ? scenario->servers : 1,
	};
	for (unsigned i = 0; i < world->servers; i++)
		init_server(&world->server[i], scenario, kind_of(scenario, i), seed_of(seed, i));
	sim_oscillator_init(&world->oscillator, &scenario->oscillator, seed, SIM_START_NS);
}

ffntp_counter sim_world_counter(struct sim_world *world)
{
	return sim_oscillator_read(&world->oscillator, world->now_ns);
}

static double since_start_s(int64_t truth_ns)
{
	return (double)(truth_ns - SIM_START_NS) * 1e-9;
}

double sim_world_gauge_s(const struct sim_world *world, int64_t truth_ns)
{
	return world->servers == 1 ? sim_path_gauge_s(&world->server[0].path, since_start_s(truth_ns)) : 0;
}

double sim_world_server_error_s(const struct sim_world *world, unsigned server, int64_t truth_ns)
{
	return sim_path_conditions(&world->server[server].path, since_start_s(truth_ns)).server_error_s;
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
	if (scenario->servers > 1)
		config->leap_trust = FFNTP_LEAP_TRUST_CALLER;
}

/* --- exchanges --- */

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

/* Compose the server's reply to the request. */
static void answer(const struct sim_exchange *exchange, const uint8_t request[FFNTP_REQUEST_SIZE],
		   uint8_t reply[FFNTP_WIRE_SIZE])
{
	struct ffntp_packet packet;

	if (ffntp_wire_read(request, FFNTP_REQUEST_SIZE, &packet) != FFNTP_ACCEPTED)
		abort();
	packet = (struct ffntp_packet){
		.version = FFNTP_WIRE_VERSION,
		.mode = FFNTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2_s = precision_log2_s(exchange->conditions.server_tick_s),
		.root_dispersion = (uint32_t)ceil(exchange->conditions.root_distance_s * 0x1p16),
		.refid = REFID,
		.reference = ntp_from_ns(exchange->tb_ns),
		.origin = packet.transmit,
		.receive = ntp_from_ns(exchange->tb_ns),
		.transmit = ntp_from_ns(exchange->te_ns),
	};
	ffntp_wire_write(&packet, reply);
}

static int64_t ticked_ns(int64_t ns, double tick_s)
{
	int64_t tick_ns = (int64_t)(tick_s * 1e9);

	return tick_ns > 0 ? ns - ns % tick_ns : ns;
}

/* Draw the delays of both ways at once. Returns false if a packet is lost on one of them. */
static bool travel(const struct sim_world *world, struct sim_server *server)
{
	struct sim_exchange *exchange = &server->exchange;
	int64_t forth_ns = 0, back_ns = 0, server_ns;
	bool arrives;

	exchange->conditions = sim_path_conditions(&server->path, since_start_s(world->now_ns));
	arrives = sim_path_delay(&server->path, SIM_FORTH, &exchange->conditions.way[SIM_FORTH], &forth_ns);
	arrives &= sim_path_delay(&server->path, SIM_BACK, &exchange->conditions.way[SIM_BACK], &back_ns);
	server_ns = (int64_t)(exchange->conditions.server_error_s * 1e9);
	exchange->truth_ta_ns = world->now_ns;
	server_ns += world->now_ns + forth_ns;
	exchange->tb_ns = ticked_ns(server_ns, exchange->conditions.server_tick_s);
	exchange->te_ns = ticked_ns(server_ns + SIM_RESIDENCE_NS, exchange->conditions.server_tick_s);
	exchange->truth_tf_ns = world->now_ns + forth_ns + SIM_RESIDENCE_NS + back_ns;
	return arrives && !server->is_dead;
}

static uint64_t nonce_of(struct sim_server *server)
{
	uint64_t nonce = sim_random_next(&server->nonces);

	return nonce != 0 ? nonce : 1;
}

/* --- the ensemble --- */

static void put(struct sim_world *world, struct ffntp_ensemble *ensemble, const struct sim_server *server,
		struct ffntp_input input)
{
	input.at = sim_world_counter(world);
	ffntp_ensemble_input(ensemble, (unsigned)server->member, &input);
}

/* An older reply that is still under way is dropped, because the session has given it up. */
static void send_request(struct sim_world *world, struct ffntp_ensemble *ensemble, struct sim_server *server)
{
	const uint8_t *request;

	server->exchange = (struct sim_exchange){ .ta = sim_world_counter(world),
						  .number = server->requests,
						  .server = (unsigned)(server - world->server) };
	put(world, ensemble, server, (struct ffntp_input){ .kind = FFNTP_INPUT_REQUEST, .nonce = nonce_of(server) });
	request = ffntp_session_request(ffntp_ensemble_session(ensemble, (unsigned)server->member));
	if (request == NULL)
		abort();
	world->requests++;
	server->requests++;
	server->is_in_flight = travel(world, server);
	if (server->is_in_flight)
		answer(&server->exchange, request, server->reply);
}

static enum ffntp_verdict take_verdict(struct ffntp_ensemble *ensemble, const struct sim_server *server)
{
	struct ffntp_event event;
	unsigned member;

	while (ffntp_ensemble_event(ensemble, &member, &event)) {
		if (event.kind == FFNTP_EVENT_REPLY && (int)member == server->member)
			return event.verdict;
	}
	abort();
}

static void deliver(struct sim_world *world, struct ffntp_ensemble *ensemble, struct sim_server *server,
		    const struct sim_observer *observer)
{
	enum ffntp_verdict verdict;

	server->is_in_flight = false;
	server->wake_ns = world->now_ns;
	server->exchange.tf = sim_world_counter(world);
	if (observer->before)
		observer->before(observer->context, &server->exchange);
	put(world, ensemble, server,
	    (struct ffntp_input){
		    .kind = FFNTP_INPUT_DATAGRAM, .bytes = server->reply, .length = sizeof server->reply });
	verdict = take_verdict(ensemble, server);
	if (observer->after)
		observer->after(observer->context, &server->exchange, verdict);
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

/* Let a server's session do what is due. */
static void act(struct sim_world *world, struct ffntp_ensemble *ensemble, struct sim_server *server)
{
	const struct ffntp_session *session = ffntp_ensemble_session(ensemble, (unsigned)server->member);

	put(world, ensemble, server, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT });
	if (ffntp_session_wants_request(session))
		send_request(world, ensemble, server);
	server->wake_ns = time_of(world, ffntp_session_deadline(session));
}

/* Let all sessions do what is due. Returns the time until which they wait. */
static int64_t act_all(struct sim_world *world, struct ffntp_ensemble *ensemble)
{
	int64_t wake_ns = INT64_MAX;

	for (unsigned i = 0; i < world->servers; i++) {
		struct sim_server *server = &world->server[i];

		if (server->member < 0)
			continue;
		if (server->wake_ns <= world->now_ns)
			act(world, ensemble, server);
		wake_ns = sooner(wake_ns, server->wake_ns);
	}
	return wake_ns;
}

static void wake_all(struct sim_world *world)
{
	for (unsigned i = 0; i < world->servers; i++)
		world->server[i].wake_ns = world->now_ns;
}

/* Return the arrival of the next reply, but not later than a time. */
static int64_t next_reply(const struct sim_world *world, int64_t until_ns)
{
	for (unsigned i = 0; i < world->servers; i++) {
		if (world->server[i].is_in_flight)
			until_ns = sooner(until_ns, world->server[i].exchange.truth_tf_ns);
	}
	return until_ns;
}

static void deliver_all(struct sim_world *world, struct ffntp_ensemble *ensemble, const struct sim_observer *observer)
{
	for (unsigned i = 0; i < world->servers; i++) {
		struct sim_server *server = &world->server[i];

		if (server->is_in_flight && server->exchange.truth_tf_ns <= world->now_ns)
			deliver(world, ensemble, server, observer);
	}
}

static void add_server(struct sim_world *world, struct ffntp_ensemble *ensemble, struct sim_server *server)
{
	const struct ffntp_member_config member = { .client = world->config };

	server->member = ffntp_ensemble_add(ensemble, &member, sim_world_counter(world));
	if (server->member < 0)
		abort();
	server->wake_ns = world->now_ns;
}

static void remove_server(struct sim_world *world, struct ffntp_ensemble *ensemble, struct sim_server *server)
{
	ffntp_ensemble_remove(ensemble, (unsigned)server->member, sim_world_counter(world));
	server->member = -1;
	server->is_in_flight = false;
}

static unsigned answering(const struct sim_world *world)
{
	unsigned count = 0;

	for (unsigned i = 0; i < world->servers; i++)
		count += world->server[i].member >= 0 && !world->server[i].is_dead;
	return count;
}

/* A random server leaves or comes. */
static void churn(struct sim_world *world, struct ffntp_ensemble *ensemble)
{
	struct sim_server *server = &world->server[sim_random_next(&world->churns) % world->servers];
	bool dies = sim_random_unit(&world->churns) < 0.5;

	if (server->member < 0)
		add_server(world, ensemble, server);
	else if (server->is_dead)
		server->is_dead = false;
	else if (answering(world) == 1)
		return;
	else if (dies)
		server->is_dead = true;
	else
		remove_server(world, ensemble, server);
}

static bool is_churn_due(const struct sim_world *world)
{
	int64_t every_ns = (int64_t)(world->churn_s * 1e9);

	return every_ns > 0 && (world->now_ns - SIM_START_NS) % every_ns == 0;
}

static void start_later(struct sim_world *world, struct ffntp_ensemble *ensemble, const struct sim_server *server)
{
	double wait_s = START_S * sim_random_unit(&world->starts);
	ffntp_counter until = sim_world_counter(world) + (ffntp_counter)(wait_s * SIM_COUNTER_HZ);

	put(world, ensemble, server, (struct ffntp_input){ .kind = FFNTP_INPUT_PAUSE, .until = until });
}

struct ffntp_ensemble *sim_world_make(struct sim_world *world, const struct ffntp_client_config *config,
				      struct ffntp_ensemble_config *all)
{
	size_t size;
	void *memory;

	*all = (struct ffntp_ensemble_config){ .client = *config, .members = world->servers };
	size = ffntp_ensemble_memory(all);
	memory = size > 0 ? aligned_alloc(16, size) : NULL;
	world->config = *config;
	return memory != NULL ? ffntp_ensemble_init(memory, size, all, sim_world_counter(world)) : NULL;
}

void sim_world_add(struct sim_world *world, struct ffntp_ensemble *ensemble)
{
	for (unsigned i = 0; i < world->servers; i++) {
		add_server(world, ensemble, &world->server[i]);
		if (i > 0)
			start_later(world, ensemble, &world->server[i]);
	}
}

struct ffntp_ensemble *sim_world_begin(struct sim_world *world, const struct ffntp_client_config *config)
{
	struct ffntp_ensemble_config all;
	struct ffntp_ensemble *ensemble = sim_world_make(world, config, &all);

	if (ensemble != NULL)
		sim_world_add(world, ensemble);
	return ensemble;
}

const struct ffntp_map *sim_ensemble_map(struct ffntp_ensemble *ensemble, ffntp_counter now)
{
	const struct ffntp_input input = { .kind = FFNTP_INPUT_PUBLISH, .at = now };

	ffntp_ensemble_input(ensemble, FFNTP_ENSEMBLE_ALL, &input);
	return ffntp_ensemble_map(ensemble);
}

/* At whole seconds all sessions are called, because the oscillator's rate has changed. */
void sim_world_run(struct sim_world *world, struct ffntp_ensemble *ensemble, int64_t until_ns,
		   const struct sim_observer *observer)
{
	wake_all(world);
	while (world->now_ns < until_ns) {
		int64_t second_ns = next_second(world);
		int64_t wake_ns = sooner(act_all(world, ensemble), sooner(second_ns, until_ns));

		world->now_ns = next_reply(world, wake_ns);
		deliver_all(world, ensemble, observer);
		if (world->now_ns != second_ns)
			continue;
		if (observer->second)
			observer->second(observer->context, second_ns, sim_world_counter(world));
		if (is_churn_due(world))
			churn(world, ensemble);
		wake_all(world);
	}
}
