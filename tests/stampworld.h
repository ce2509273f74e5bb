/*
 * stampworld: true time, an oscillator, a path and a server; the stamps that they make; and an estimator around them.
 * Deterministic.
 */
#ifndef FFNTP_TESTS_STAMPWORLD_H
#define FFNTP_TESTS_STAMPWORLD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/estimator.h"
#include "prng.h"

struct stampworld {
	struct prng prng;
	int64_t now_ns; /* true time since the beginning */
	/* the counter as a line through true time, and the random walk of its rate (1/sqrt(s)) */
	int64_t counter_from_ns;
	ffntp_counter counter_from;
	double hz;
	double skew, wander;
	/* the path, each way */
	int64_t forward_ns, backward_ns, queue_ns;
	/* the server */
	struct ffntp_ntp epoch; /* its time at the beginning */
	int64_t server_error_ns;
	uint32_t refid;
};

static inline struct stampworld stampworld_new(uint64_t seed)
{
	return (struct stampworld){
		.prng = { seed },
		.counter_from = 1000000000,
		.hz = 1e9,
		.skew = 12e-6,
		.forward_ns = 2000000,
		.backward_ns = 2000000,
		.queue_ns = 50000,
		.epoch = { UINT64_C(3976214400) << 32 },
		.refid = 0x47505300,
	};
}

static inline ffntp_counter stampworld_counter(const struct stampworld *world, int64_t at_ns)
{
	double elapsed_s = (double)(at_ns - world->counter_from_ns) * 1e-9;

	return world->counter_from + (uint64_t)(int64_t)floor(elapsed_s * world->hz * (1 + world->skew));
}

/* Change the counter's rate from now on. */
static inline void stampworld_set_skew(struct stampworld *world, double skew)
{
	world->counter_from = stampworld_counter(world, world->now_ns);
	world->counter_from_ns = world->now_ns;
	world->skew = skew;
}

/* Return the time of a server without error, to its last bit. */
static inline struct ffntp_ntp stampworld_time(const struct stampworld *world, int64_t at_ns)
{
	int64_t s = at_ns / 1000000000, rest_ns = at_ns % 1000000000;

	return (struct ffntp_ntp){ world->epoch.units + ((uint64_t)s << 32) +
				   (uint64_t)(rest_ns * (INT64_C(1) << 32) / 1000000000) };
}

static inline double stampworld_uniform(struct stampworld *world)
{
	return ((double)(prng_next(&world->prng) >> 11) + 0.5) * 0x1p-53;
}

static inline int64_t stampworld_queue_ns(struct stampworld *world)
{
	return (int64_t)(-log(stampworld_uniform(world)) * (double)world->queue_ns);
}

/* Make one exchange that begins now. Afterwards 'now' is the time at which it ended. */
static inline struct ffntp_stamp stampworld_exchange(struct stampworld *world)
{
	int64_t ta_ns = world->now_ns;
	int64_t tb_ns = ta_ns + world->forward_ns + stampworld_queue_ns(world);
	int64_t te_ns = tb_ns + 20000;
	int64_t tf_ns = te_ns + world->backward_ns + stampworld_queue_ns(world);

	world->now_ns = tf_ns;
	return (struct ffntp_stamp){
		.ta = stampworld_counter(world, ta_ns),
		.tb = stampworld_time(world, tb_ns + world->server_error_ns),
		.te = stampworld_time(world, te_ns + world->server_error_ns),
		.tf = stampworld_counter(world, tf_ns),
		.refid = world->refid,
		.stratum = 1,
	};
}

/* Let time pass; the oscillator wanders. */
static inline void stampworld_wait(struct stampworld *world, double s)
{
	double step = (stampworld_uniform(world) - 0.5) * sqrt(12 * s) * world->wander;

	world->now_ns += (int64_t)(s * 1e9);
	if (world->wander > 0)
		stampworld_set_skew(world, world->skew + step);
}

/* Return the clock minus the truth (s) at the end of the newest exchange. */
static inline double stampworld_error_s(const struct stampworld *world, const struct ffntp_estimate *estimate)
{
	double ahead_s = ffntp_ntp_diff_s(estimate->reference, stampworld_time(world, world->now_ns));

	return ahead_s + estimate->correction_s +
	       ffntp_counter_diff(stampworld_counter(world, world->now_ns), estimate->at) * estimate->period_s;
}

/* Return a rate minus the counter's true one, as a ratio. */
static inline double stampworld_rate_error(const struct stampworld *world, double period_s)
{
	return period_s * world->hz * (1 + world->skew) - 1;
}

/* An estimator in memory of the exact size that it asks for. */
struct stampclock {
	const struct ffntp_estimator_ops *ops;
	void *state;
	struct ffntp_estimate estimate;
};

static inline struct stampclock stampclock_new(const struct ffntp_estimator_ops *ops,
					       const struct ffntp_estimator_config *config)
{
	struct stampclock clock = { .ops = ops, .state = malloc(ops->memory(config)) };

	if (!clock.state)
		abort();
	memset(clock.state, 0xa5, ops->memory(config));
	ops->init(clock.state, config);
	return clock;
}

static inline void stampclock_free(struct stampclock *clock)
{
	free(clock->state);
}

/* Statistics of a run. */
struct stamprun {
	unsigned stamps, refused, within_2_esterror;
	double worst_s, square_s2, esterror_s; /* esterror_s: the sum over all exchanges */
};

static inline double stamprun_rms_s(const struct stamprun *run)
{
	return sqrt(run->square_s2 / run->stamps);
}

/* Make one exchange, and note the clock's error after it. */
static inline enum ffntp_verdict stampclock_exchange(struct stampclock *clock, struct stampworld *world,
						     struct stamprun *run)
{
	struct ffntp_stamp stamp = stampworld_exchange(world);
	enum ffntp_verdict verdict = clock->ops->add(clock->state, &stamp, &clock->estimate);
	double error_s = stampworld_error_s(world, &clock->estimate);

	run->stamps++;
	run->refused += verdict != FFNTP_ACCEPTED;
	run->within_2_esterror += fabs(error_s) <= 2 * clock->estimate.esterror_s;
	run->esterror_s += clock->estimate.esterror_s;
	run->worst_s = fmax(run->worst_s, fabs(error_s));
	run->square_s2 += error_s * error_s;
	return verdict;
}

static inline struct stamprun stampclock_run(struct stampclock *clock, struct stampworld *world, double poll_s,
					     double duration_s)
{
	int64_t end_ns = world->now_ns + (int64_t)(duration_s * 1e9);
	struct stamprun run = { 0 };

	while (world->now_ns < end_ns) {
		(void)stampclock_exchange(clock, world, &run);
		stampworld_wait(world, poll_s);
	}
	return run;
}

#endif
