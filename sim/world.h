/*
 * world: true time, a counter, and servers with a path each around a real ensemble, which sees only packets and its
 * counter.
 */
#ifndef FFNTP_SIM_WORLD_H
#define FFNTP_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/ensemble.h"
#include "oscillator.h"
#include "path.h"
#include "scenario.h"

/* True time is in nanoseconds since 1970, UTC. Simulations begin with the year 2026. */
#define SIM_START_NS (INT64_C(1767225600) * FFNTP_NS_PER_S)

/* How long the server holds a request. */
#define SIM_RESIDENCE_NS 20000

/* The counter's nominal rate. */
#define SIM_COUNTER_HZ 1e9

/* One completed exchange, with the true times, which neither side can know. */
struct sim_exchange {
	ffntp_counter ta, tf;
	int64_t tb_ns, te_ns; /* the server's clock */
	int64_t truth_ta_ns, truth_tf_ns;
	struct sim_conditions conditions;
	uint64_t number; /* of its request, among those to its server */
	unsigned server;
};

/* Functions called during the simulation. Each may be NULL. */
struct sim_observer {
	void *context;
	/* At every whole second since the start. */
	void (*second)(void *context, int64_t truth_ns, ffntp_counter now);
	/* At tf, before the ensemble is given the reply, and after. */
	void (*before)(void *context, const struct sim_exchange *exchange);
	void (*after)(void *context, const struct sim_exchange *exchange, enum ffntp_verdict verdict);
};

struct sim_server {
	struct sim_path path;
	struct sim_random nonces;
	uint64_t requests;
	int member;      /* its number in the ensemble; negative: it is not a member */
	bool is_dead;    /* it does not answer */
	int64_t wake_ns; /* its session is called then */
	bool is_in_flight;
	struct sim_exchange exchange; /* the exchange in flight */
	uint8_t reply[FFNTP_REQUEST_SIZE];
};

struct sim_world {
	struct sim_oscillator oscillator;
	int64_t now_ns;
	uint64_t requests; /* to all servers */
	struct ffntp_client_config config;
	struct sim_random starts, churns;
	double churn_s;
	unsigned servers;
	struct sim_server server[FFNTP_ENSEMBLE_MEMBERS];
};

/*
 * The first server has the same random numbers as the only one of a scenario with one. The oscillator is the same
 * whatever the number of servers.
 */
void sim_world_init(struct sim_world *world, const struct sim_scenario *scenario, uint64_t seed);

/* Read the counter now. */
ffntp_counter sim_world_counter(struct sim_world *world);

/*
 * Return the gauge at a true time, as in path.h, in s. With several servers 0: the time that they agree on has no
 * gauge.
 */
double sim_world_gauge_s(const struct sim_world *world, int64_t truth_ns);

/* Return a server's clock minus true time, in s, without its ticks. */
double sim_world_server_error_s(const struct sim_world *world, unsigned server, int64_t truth_ns);

/*
 * Set the client's configuration: its counter, the era, whether the counter may jump. It polls every poll_s; 0:
 * adaptively, with the daemon's defaults.
 */
void sim_world_configure(struct ffntp_client_config *config, const struct sim_scenario *scenario,
			 enum ffntp_estimator_kind estimator, uint32_t poll_s);

/*
 * Make an ensemble with room for this world's servers, as *all describes it. Returns NULL if memory is short. The
 * caller frees the ensemble with free().
 */
struct ffntp_ensemble *sim_world_make(struct sim_world *world, const struct ffntp_client_config *config,
				      struct ffntp_ensemble_config *all);

/* Add the servers. The first one is asked at once, the others at a random moment of the first 16 s. */
void sim_world_add(struct sim_world *world, struct ffntp_ensemble *ensemble);

/* Make an ensemble, and add the servers. */
struct ffntp_ensemble *sim_world_begin(struct sim_world *world, const struct ffntp_client_config *config);

/* Run the ensemble until this true time. The observer is called for the last second, too. */
void sim_world_run(struct sim_world *world, struct ffntp_ensemble *ensemble, int64_t until_ns,
		   const struct sim_observer *observer);

/* Return the ensemble's map as of counter reading now. */
const struct ffntp_map *sim_ensemble_map(struct ffntp_ensemble *ensemble, ffntp_counter now);

#endif
