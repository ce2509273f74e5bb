/* world: true time, a counter, a path and a server around a real client, which sees packets and its counter alone. */
#ifndef FFNTP_SIM_WORLD_H
#define FFNTP_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "oscillator.h"
#include "path.h"
#include "scenario.h"

/* Truth is in nanoseconds since 1970, UTC. Simulations begin with 2026. */
#define SIM_START_NS (INT64_C(1767225600) * FFNTP_NS_PER_S)

/* How long the server holds a request. */
#define SIM_RESIDENCE_NS 20000

/* The counter's nominal rate. */
#define SIM_COUNTER_HZ 1e9

/* One exchange that was completed, with what nobody in it can know. */
struct sim_exchange {
	ffntp_counter ta, tf;
	int64_t tb_ns, te_ns; /* the server's clock */
	int64_t truth_ta_ns, truth_tf_ns;
	struct sim_conditions conditions;
	uint64_t number; /* of its request */
};

/* Whoever watches. Each may be NULL. */
struct sim_observer {
	void *context;
	/* At every whole second since the start. */
	void (*second)(void *context, int64_t truth_ns, ffntp_counter now);
	/* At tf, before the client is given the reply, and after. */
	void (*before)(void *context, const struct sim_exchange *exchange);
	void (*after)(void *context, const struct sim_exchange *exchange, enum ffntp_verdict verdict);
};

struct sim_world {
	struct sim_oscillator oscillator;
	struct sim_path path;
	struct sim_random nonces;
	int64_t now_ns;
	uint64_t requests;
	bool is_in_flight;
	struct sim_exchange exchange; /* the one in flight */
	uint8_t reply[FFNTP_REQUEST_SIZE];
};

void sim_world_init(struct sim_world *world, const struct sim_scenario *scenario, uint64_t seed);

/* The counter now. */
ffntp_counter sim_world_counter(struct sim_world *world);

/* The gauge at a true time, as in path.h, in s. */
double sim_world_gauge_s(const struct sim_world *world, int64_t truth_ns);

/*
 * What the client of a simulation is told: its counter, the era, whether the counter may jump. Polls every poll_s;
 * 0: adaptive, as the daemon does unless told otherwise.
 */
void sim_world_configure(struct ffntp_client_config *config, const struct sim_scenario *scenario,
			 enum ffntp_estimator_kind estimator, uint32_t poll_s);

/* Lets the client do what its timer says until that truth; the observer sees the last second, too. */
void sim_world_run(struct sim_world *world, struct ffntp_client *client, int64_t until_ns,
		   const struct sim_observer *observer);

#endif
