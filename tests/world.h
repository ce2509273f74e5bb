/* world: true time, a counter, a server and the path between them, around a real client. Deterministic. */
#ifndef FFNTP_TESTS_WORLD_H
#define FFNTP_TESTS_WORLD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/wire.h"
#include "../include/ffntp/client.h"
#include "../include/ffntp/clock.h"
#include "prng.h"

struct world {
	struct prng prng;
	/* true time, in ns since 1970, and the counter as a line through it */
	int64_t now_ns;
	int64_t counter_from_ns;
	ffntp_counter counter_from;
	double ticks_per_ns;
	/* the server */
	int64_t server_error_ns;
	const struct ffntp_numbering *numbering; /* NULL: truth is UTC; else it is TAI, and this is the server's UTC */
	enum ffntp_timescale server_scale;       /* FFNTP_UTC, or the scale of a server that smears */
	int64_t server_step_ns;                  /* the size of the steps in which its clock moves; 0: none */
	int8_t server_log2_s;                    /* the precision that it states */
	int64_t residence_ns;
	uint8_t stratum, leap;
	uint32_t refid;
	uint32_t root_dispersion;
	bool is_silent;
	/* the path, each way */
	int64_t delay_ns, queue_ns;
	int64_t sent_late_ns; /* the kernel's departure stamp belongs to a copy that left this much later; 0: no copy */
	int64_t asymmetry_ns; /* the least delay of requests minus that of replies */
	/* results */
	unsigned requests, accepted;
	enum ffntp_verdict verdict;
};

static inline struct world world_new(uint64_t seed, int64_t start_ns)
{
	return (struct world){
		.prng = { seed },
		.now_ns = start_ns,
		.counter_from_ns = start_ns,
		.counter_from = 1000000000000,
		.ticks_per_ns = 1 + 30e-6,
		.server_log2_s = -25,
		.residence_ns = 20000,
		.stratum = 1,
		.refid = 0x47505300,
		.delay_ns = 2000000,
		.queue_ns = 100000,
	};
}

static inline ffntp_counter world_counter(const struct world *world, int64_t at_ns)
{
	double ticks = floor((double)(at_ns - world->counter_from_ns) * world->ticks_per_ns);

	return world->counter_from + (uint64_t)(int64_t)ticks;
}

/* Return a client that begins now, in cleared memory of the exact size that it asks for; the caller frees it. */
static inline struct ffntp_client *world_client(const struct world *world, const struct ffntp_client_config *config)
{
	size_t size = ffntp_client_memory(config);
	void *memory = size > 0 ? aligned_alloc(16, size) : NULL;

	if (memory == NULL)
		abort();
	memset(memory, 0xa5, size);
	return ffntp_client_init(memory, size, config, world_counter(world, world->now_ns));
}

/* Set the counter to another value and rate from now on. */
static inline void world_set_counter(struct world *world, ffntp_counter value, double ticks_per_ns)
{
	world->counter_from = value;
	world->counter_from_ns = world->now_ns;
	world->ticks_per_ns = ticks_per_ns;
}

static inline int64_t world_delay_ns(struct world *world)
{
	double uniform = ((double)(prng_next(&world->prng) >> 11) + 1) * 0x1p-53;

	return world->delay_ns + (int64_t)(-log(uniform) * (double)world->queue_ns);
}

static inline struct ffntp_ntp world_server_time(const struct world *world, int64_t at_ns)
{
	int64_t ns = at_ns + world->server_error_ns;
	struct ffntp_time time = ffntp_time_from_ns(ns - (world->server_step_ns > 0 ? ns % world->server_step_ns : 0));

	if (world->numbering != NULL)
		time = ffntp_numbering_convert(world->numbering, time, world->server_scale);
	return ffntp_ntp_from_time(time);
}

/* Write the server's reply to a 'request' that reaches it at arrival_ns. */
static inline void world_answer(const struct world *world, const uint8_t *request, int64_t arrival_ns, uint8_t *reply)
{
	struct ffntp_packet packet;

	if (ffntp_wire_read(request, FFNTP_WIRE_SIZE, &packet) != FFNTP_ACCEPTED)
		abort();
	packet = (struct ffntp_packet){
		.leap = world->leap,
		.version = 4,
		.mode = FFNTP_MODE_SERVER,
		.stratum = world->stratum,
		.precision_log2_s = world->server_log2_s,
		.root_dispersion = world->root_dispersion,
		.refid = world->refid,
		.origin = packet.transmit,
		.receive = world_server_time(world, arrival_ns),
		.transmit = world_server_time(world, arrival_ns + world->residence_ns),
	};
	ffntp_wire_write(&packet, reply);
}

/* Make one request and, unless the server is silent, its reply. Time advances to the reply's arrival. */
static inline void world_exchange(struct world *world, struct ffntp_client *client)
{
	uint8_t request[FFNTP_REQUEST_SIZE], reply[FFNTP_WIRE_SIZE];
	int64_t out_ns = world->asymmetry_ns > 0 ? world->asymmetry_ns : 0, home_ns = out_ns - world->asymmetry_ns;
	int64_t arrival_ns = world->now_ns + out_ns + world_delay_ns(world);
	int64_t back_ns = arrival_ns + world->residence_ns + home_ns + world_delay_ns(world);

	if (!ffntp_client_request(client, world_counter(world, world->now_ns), prng_next(&world->prng) | 1, request))
		abort();
	world->requests++;
	if (world->sent_late_ns != 0)
		ffntp_client_sent(client, world_counter(world, world->now_ns + world->sent_late_ns));
	if (world->is_silent)
		return;
	world_answer(world, request, arrival_ns, reply);
	world->now_ns = back_ns;
	world->verdict = ffntp_client_reply(client, reply, sizeof reply, world_counter(world, back_ns));
	world->accepted += world->verdict == FFNTP_ACCEPTED;
}

/* Let the client follow its timer for this number of seconds. Return how often it asked for another server. */
static inline unsigned world_run(struct world *world, struct ffntp_client *client, double seconds)
{
	int64_t end_ns = world->now_ns + (int64_t)(seconds * 1e9);
	unsigned changes = 0;

	while (world->now_ns < end_ns) {
		struct ffntp_action action = ffntp_client_timer(client, world_counter(world, world->now_ns));
		double wait_ns;

		if (action.kind == FFNTP_SEND) {
			world_exchange(world, client);
			continue;
		}
		if (action.kind == FFNTP_CHANGE_SERVER) {
			changes++;
			continue;
		}
		wait_ns = (double)(int64_t)(action.until - world_counter(world, world->now_ns)) / world->ticks_per_ns;
		world->now_ns += (int64_t)fmax(wait_ns, 1000);
	}
	world->now_ns = end_ns;
	return changes;
}

/* Read the clock now. */
static inline enum ffntp_clock_result world_read(const struct world *world, struct ffntp_client *client,
						 struct ffntp_reading *reading)
{
	ffntp_counter now = world_counter(world, world->now_ns);
	struct ffntp_map map;

	ffntp_client_output(client, now, &map);
	return ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, reading);
}

static inline enum ffntp_status world_status(const struct world *world, struct ffntp_client *client)
{
	struct ffntp_map map;

	ffntp_client_output(client, world_counter(world, world->now_ns), &map);
	return map.status;
}

/* Return the clock minus the truth; positive: ahead. Abort if the clock has no time. */
static inline int64_t world_error_ns(const struct world *world, struct ffntp_client *client)
{
	struct ffntp_reading reading;

	if (world_read(world, client, &reading) != FFNTP_CLOCK_OK)
		abort();
	return ffntp_time_diff_ns(reading.estimate, ffntp_time_from_ns(world->now_ns));
}

static inline bool world_bound_holds(const struct world *world, struct ffntp_client *client)
{
	struct ffntp_time truth = ffntp_time_from_ns(world->now_ns);
	struct ffntp_reading reading;

	return world_read(world, client, &reading) == FFNTP_CLOCK_OK &&
	       !ffntp_time_is_before(truth, reading.earliest) && !ffntp_time_is_before(reading.latest, truth);
}

#endif
