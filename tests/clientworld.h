/* clientworld: a client in a world, and the questions that tests ask of it. */
#ifndef FFNTP_TESTS_CLIENTWORLD_H
#define FFNTP_TESTS_CLIENTWORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/estimator.h"
#include "world.h"

#define START_NS INT64_C(1767225600000000000) /* 2026-01-01 */
#define S_NS INT64_C(1000000000)

/* The tests run once with each estimator. */
static enum ffntp_estimator_kind estimator;

/* Choose the estimator by name, the only argument. */
static inline bool choose_estimator(int argc, char **argv)
{
	return argc == 2 && ffntp_estimator_find(argv[1], &estimator);
}

struct fixture {
	struct world world;
	struct ffntp_client_config config;
	struct ffntp_client *client;
};

static inline void make_client(struct fixture *f)
{
	free(f->client);
	f->client = world_client(&f->world, &f->config);
	assert_non_null(f->client);
}

static inline struct fixture make(int64_t start_ns)
{
	struct fixture f = { .world = world_new(1, start_ns) };

	ffntp_client_config_default(&f.config);
	f.config.estimator = estimator;
	f.config.pivot_s = start_ns / S_NS;
	make_client(&f);
	return f;
}

static inline void drop(struct fixture *f)
{
	free(f->client);
}

static inline uint32_t counted(const struct ffntp_client *client, enum ffntp_verdict verdict)
{
	struct ffntp_source source;

	ffntp_client_source(client, &source);
	return source.verdicts[verdict];
}

static inline uint64_t marker(const struct fixture *f)
{
	struct ffntp_map map;

	ffntp_client_output(f->client, world_counter(&f->world, f->world.now_ns), &map);
	return map.disruption_marker;
}

static inline uint32_t counter_marker(const struct fixture *f)
{
	struct ffntp_map map;

	ffntp_client_output(f->client, world_counter(&f->world, f->world.now_ns), &map);
	return map.counter_marker;
}

/* Run for this time, look once a second, and require that the bound holds each time. */
static inline void run_bounded(struct fixture *f, double seconds)
{
	for (double t = 0; t < seconds; t++) {
		world_run(&f->world, f->client, 1);
		assert_true(world_bound_holds(&f->world, f->client));
	}
}

static inline unsigned requests_in(struct fixture *f, double seconds)
{
	unsigned before = f->world.requests;

	world_run(&f->world, f->client, seconds);
	return f->world.requests - before;
}

#endif
