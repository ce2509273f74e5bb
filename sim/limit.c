#include "limit.h"

#include <math.h>
#include <stdlib.h>

#include "density.h"

/* Nothing is known of the skew at first: its standard deviation. */
#define SKEW_UNKNOWN 100e-6

/* How much of the belief is looked at, in standard deviations: beyond them lies less than 1e-10. */
#define REACH 6.5

/* The same for what a single point becomes; points that weigh less than this are left out. */
#define KERNEL_REACH 5.0
#define WEIGHT_LEAST 1e-12

/* Points that weigh less may come out coarse. */
#define WEIGHT_MATTERS 1e-7

/*
 * Points lie as far apart as this times the standard deviation of what a point becomes until the next exchange: a sum
 * of normal distributions that far apart is flat to 1e-5.
 */
#define SPACING 1.25
#define POINTS_LEAST 64
#define POINTS_MOST 4096

/* theta in s, skew as a ratio. */
struct belief {
	size_t count;
	double spacing_s;
	double weight[POINTS_MOST]; /* of each point; their sum is 1 */
	double theta_s[POINTS_MOST];
	double skew[POINTS_MOST], variance[POINTS_MOST]; /* of the skew, given theta */
};

/* Mean and variance of all of it. */
struct moments {
	double theta_s, skew, variance_s2;
};

/* Where theta lies if no delay is less than the minimum; at tf. */
struct edges {
	double low_s, high_s;
};

struct sim_limit {
	double wander_per_s; /* variance that the skew gains in a second */
	struct sim_conditions path;
	struct sim_density density[SIM_WAYS];
	bool has_belief;
	struct belief beliefs[2];
	struct belief *now, *next; /* next: while it is made */
	struct moments mean;       /* of now */
	ffntp_counter first;       /* where theta begins */
	int64_t first_ns;
	int64_t at_ns; /* truth, of now */
};

struct sim_limit *sim_limit_new(const struct sim_scenario *scenario)
{
	struct sim_limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return NULL;
	limit->wander_per_s = scenario->oscillator.wander * scenario->oscillator.wander;
	limit->path = scenario->steady;
	limit->now = &limit->beliefs[0];
	limit->next = &limit->beliefs[1];
	for (size_t way = 0; way < SIM_WAYS; way++)
		sim_density_init(&limit->density[way], &scenario->steady.way[way]);
	return limit;
}

void sim_limit_free(struct sim_limit *limit)
{
	free(limit);
}

/* In integers first: 1 ns counts, and 1e9 s have passed since 1970. */
static double theta_s(const struct sim_limit *limit, ffntp_counter reading, int64_t time_ns)
{
	int64_t elapsed_ns = (int64_t)(reading - limit->first);

	return (double)(elapsed_ns - (time_ns - limit->first_ns)) * 1e-9;
}

static struct edges edges_of(const struct sim_limit *limit, const struct sim_exchange *exchange)
{
	double rtt_s = (double)(int64_t)(exchange->tf - exchange->ta) * 1e-9;

	/* Until tf the counter gains what its skew makes of the round trip. */
	return (struct edges){
		.low_s = theta_s(limit, exchange->ta, exchange->tb_ns) + limit->path.way[SIM_FORTH].minimum_s +
			 limit->mean.skew * rtt_s,
		.high_s = theta_s(limit, exchange->tf, exchange->te_ns) - limit->path.way[SIM_BACK].minimum_s,
	};
}

static double likelihood(const struct sim_limit *limit, const struct edges *edges, double theta)
{
	return sim_density_at(&limit->density[SIM_FORTH], theta - edges->low_s) *
	       sim_density_at(&limit->density[SIM_BACK], edges->high_s - theta);
}

static struct moments moments_of(const struct belief *belief)
{
	struct moments moments = { 0 };

	for (size_t i = 0; i < belief->count; i++) {
		moments.theta_s += belief->weight[i] * belief->theta_s[i];
		moments.skew += belief->weight[i] * belief->skew[i];
	}
	for (size_t i = 0; i < belief->count; i++) {
		double apart_s = belief->theta_s[i] - moments.theta_s;

		moments.variance_s2 += belief->weight[i] * apart_s * apart_s;
	}
	return moments;
}

/* --- prediction --- */

/* What one point becomes: theta and skew, jointly normal. */
struct kernel {
	double theta_s, skew;
	double variance_s2;
	double gain;     /* of the skew, on theta */
	double variance; /* of the skew, given theta */
};

/* A random walk of the skew, integrated. */
static struct kernel kernel_of(const struct sim_limit *limit, size_t i, double dt_s)
{
	double skew = limit->now->skew[i], variance = limit->now->variance[i];
	double walked = limit->wander_per_s * dt_s;
	double theta2 = dt_s * dt_s * (variance + walked / 3);
	double both = dt_s * (variance + walked / 2);
	double least_s = limit->now->spacing_s / (2 * SPACING);

	/* Where points lie further apart than usual, for the next exchange came sooner, their sum is smooth all the
	 * same. */
	theta2 = fmax(theta2, least_s * least_s);
	return (struct kernel){
		.theta_s = limit->now->theta_s[i] + skew * dt_s,
		.skew = skew,
		.variance_s2 = theta2,
		.gain = both / theta2,
		.variance = fmax(variance + walked - both * both / theta2, 0),
	};
}

/* The whole belief then, and the narrowest of the kernels that matter. */
static struct moments predicted_moments(const struct sim_limit *limit, double dt_s, double *narrowest_s)
{
	struct moments moments = { 0 };
	double squares = 0, narrowest2 = HUGE_VAL;

	for (size_t i = 0; i < limit->now->count; i++) {
		struct kernel kernel = kernel_of(limit, i, dt_s);
		double from_mean_s = kernel.theta_s - limit->mean.theta_s;

		moments.theta_s += limit->now->weight[i] * from_mean_s;
		squares += limit->now->weight[i] * (from_mean_s * from_mean_s + kernel.variance_s2);
		if (limit->now->weight[i] > WEIGHT_MATTERS)
			narrowest2 = fmin(narrowest2, kernel.variance_s2);
	}
	moments.variance_s2 = squares - moments.theta_s * moments.theta_s;
	moments.theta_s += limit->mean.theta_s;
	*narrowest_s = sqrt(narrowest2);
	return moments;
}

static void place_points(struct belief *belief, double low_s, double high_s, double spacing_s)
{
	double wanted = ceil((high_s - low_s) / spacing_s);

	belief->count = (size_t)fmin(fmax(wanted, POINTS_LEAST), POINTS_MOST);
	belief->spacing_s = (high_s - low_s) / (double)belief->count;
	for (size_t i = 0; i < belief->count; i++) {
		belief->theta_s[i] = low_s + ((double)i + 0.5) * belief->spacing_s;
		belief->weight[i] = belief->skew[i] = belief->variance[i] = 0;
	}
}

/* The points of a grid that a kernel reaches: from first until end. */
struct span {
	size_t first, end;
};

static struct span span_of(const struct belief *next, const struct kernel *kernel, double sd_s)
{
	double place = (kernel->theta_s - next->theta_s[0]) / next->spacing_s;
	double reach = KERNEL_REACH * sd_s / next->spacing_s, count = (double)next->count;

	return (struct span){
		.first = (size_t)fmin(fmax(ceil(place - reach), 0), count),
		.end = (size_t)fmin(fmax(floor(place + reach) + 1, 0), count),
	};
}

/*
 * skew and variance hold weighted sums of the skew and its square until they are finished. 'mean': their origin.
 * On an even grid, the ratio of a normal density at one point to that at the next changes by a constant factor.
 */
static void spread(struct belief *next, const struct kernel *kernel, double weight, double mean)
{
	double sd_s = sqrt(kernel->variance_s2), step = next->spacing_s / sd_s;
	struct span span = span_of(next, kernel, sd_s);
	double apart = span.first < span.end ? (next->theta_s[span.first] - kernel->theta_s) / sd_s : 0;
	double mass = weight / sd_s * exp(-apart * apart / 2), ratio = exp(-step * (apart + step / 2));
	double skew = kernel->skew - mean + kernel->gain * apart * sd_s, skew_step = kernel->gain * next->spacing_s;
	double factor = exp(-step * step);

	for (size_t j = span.first; j < span.end; j++) {
		next->weight[j] += mass;
		next->skew[j] += mass * skew;
		next->variance[j] += mass * (skew * skew + kernel->variance);
		mass *= ratio;
		ratio *= factor;
		skew += skew_step;
	}
}

static void finish_spread(struct belief *next, double mean)
{
	for (size_t j = 0; j < next->count; j++) {
		double mass = next->weight[j], skew = mass > 0 ? next->skew[j] / mass : 0;

		next->variance[j] = mass > 0 ? fmax(next->variance[j] / mass - skew * skew, 0) : 0;
		next->skew[j] = skew + mean;
	}
}

static void spread_all(struct sim_limit *limit, double dt_s)
{
	for (size_t i = 0; i < limit->now->count; i++) {
		struct kernel kernel = kernel_of(limit, i, dt_s);

		if (limit->now->weight[i] > WEIGHT_LEAST)
			spread(limit->next, &kernel, limit->now->weight[i], limit->mean.skew);
	}
	finish_spread(limit->next, limit->mean.skew);
}

/* --- an exchange --- */

/* Returns false if all of it is impossible. */
static bool weigh(const struct sim_limit *limit, struct belief *belief, const struct edges *edges)
{
	double sum = 0;

	for (size_t i = 0; i < belief->count; i++)
		sum += belief->weight[i] *= likelihood(limit, edges, belief->theta_s[i]);
	if (!(sum > 0))
		return false;
	for (size_t i = 0; i < belief->count; i++)
		belief->weight[i] /= sum;
	return true;
}

static void begin(struct sim_limit *limit, const struct sim_exchange *exchange)
{
	struct edges edges;

	limit->first = exchange->ta;
	limit->first_ns = exchange->tb_ns;
	edges = edges_of(limit, exchange);
	place_points(limit->next, edges.low_s, edges.high_s, (edges.high_s - edges.low_s) / POINTS_LEAST);
	for (size_t i = 0; i < limit->next->count; i++) {
		limit->next->weight[i] = 1;
		limit->next->variance[i] = SKEW_UNKNOWN * SKEW_UNKNOWN;
	}
	limit->has_belief = weigh(limit, limit->next, &edges);
}

/* Returns false if the exchange contradicts all that was believed. */
static bool update(struct sim_limit *limit, const struct edges *edges, double dt_s)
{
	double narrowest_s, reach_s, low_s, high_s;
	struct moments then = predicted_moments(limit, dt_s, &narrowest_s);

	reach_s = REACH * sqrt(then.variance_s2);
	low_s = fmax(edges->low_s, then.theta_s - reach_s);
	high_s = fmin(edges->high_s, then.theta_s + reach_s);
	if (!(high_s > low_s))
		return false;
	place_points(limit->next, low_s, high_s, SPACING * narrowest_s);
	spread_all(limit, dt_s);
	return weigh(limit, limit->next, edges);
}

static void swap(struct sim_limit *limit)
{
	struct belief *former = limit->now;

	limit->now = limit->next;
	limit->next = former;
}

void sim_limit_add(struct sim_limit *limit, const struct sim_exchange *exchange)
{
	double dt_s = (double)(exchange->truth_tf_ns - limit->at_ns) * 1e-9;
	struct edges edges;

	if (limit->has_belief) {
		edges = edges_of(limit, exchange);
		if (!update(limit, &edges, dt_s))
			return;
	} else {
		begin(limit, exchange);
	}
	swap(limit);
	limit->at_ns = exchange->truth_tf_ns;
	limit->mean = moments_of(limit->now);
}

double sim_limit_error_s(const struct sim_limit *limit, ffntp_counter now, int64_t truth_ns)
{
	double since_s = (double)(truth_ns - limit->at_ns) * 1e-9;
	double believed_s = limit->mean.theta_s + limit->mean.skew * since_s;

	return limit->has_belief ? theta_s(limit, now, truth_ns) - believed_s : (double)NAN;
}
