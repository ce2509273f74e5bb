#include "limit.h"

#include <math.h>
#include <stdlib.h>

#include "density.h"

/* Standard deviation of the skew before the first exchange. */
#define SKEW_UNKNOWN 100e-6

/* Extent of the belief that is considered, in standard deviations: less than 1e-10 lies beyond. */
#define REACH 6.5

/* Extent of a kernel, which is what one point becomes; points of less weight are omitted. */
#define KERNEL_REACH 5.0
#define WEIGHT_LEAST 1e-12

/* Points of less weight may be resolved coarsely. */
#define WEIGHT_MATTERS 1e-7

/*
 * Distance of the points, in standard deviations of a point's kernel at the next exchange: a sum of normal
 * distributions at that distance is flat to 1e-5.
 */
#define SPACING 1.25
#define POINTS_LEAST 64
#define POINTS_MOST 8192

/* Without a law the belief has a simple shape: with fewer points, at polls of 1 s, the error grows by less than 1 %. */
#define POINTS_MOST_OF_QUEUES 4096

/*
 * With a law, the points' distance is also at most this share of its narrowest feature, and all points above
 * WEIGHT_LEAST are considered, because a law with several modes may leave a distant mode with a thousandth of the
 * belief.
 */
#define LAW_SPACING 0.25

/* Number of midpoints in a tick of the server, over which the likelihood is averaged. */
#define LATE_STEPS 32

/* theta in s, skew as a ratio. */
struct belief {
	size_t count;
	double spacing_s;
	double weight[POINTS_MOST]; /* of each point; the sum is 1 */
	double theta_s[POINTS_MOST];
	double skew[POINTS_MOST], variance[POINTS_MOST]; /* of the skew, given theta */
	double score[SIM_WAYS][POINTS_MOST];             /* of the newest exchange's delays; set only with a level */
	uint64_t number;                                 /* of the newest exchange */
};

/* Mean and variance of the whole belief. */
struct moments {
	double theta_s, skew, variance_s2;
};

/*
 * Range of theta at tf if no delay is less than the minimum. If the server's stamps are late by a time uniform between
 * two limits, both edges are lower by that time.
 */
struct edges {
	double low_s, high_s;
	double late_least_s, late_most_s;
};

struct sim_limit {
	double wander_per_s; /* growth of the skew's variance per second */
	bool needs_world;    /* the conditions are taken from each exchange */
	bool has_level, has_law;
	struct sim_conditions path;
	struct sim_density density[SIM_WAYS];
	bool has_belief;
	struct belief beliefs[2];
	struct belief *now, *next; /* next: under construction */
	struct moments mean;       /* of 'now' */
	ffntp_counter first;       /* origin of theta: counter */
	int64_t first_ns;
	int64_t at_ns; /* and true time, of 'now' */
};

static void set_path(struct sim_limit *limit, const struct sim_conditions *conditions)
{
	limit->path = *conditions;
	limit->has_level = limit->has_law = false;
	for (size_t way = 0; way < SIM_WAYS; way++) {
		limit->density[way].law = conditions->way[way].law;
		limit->has_law |= conditions->way[way].law != NULL;
		limit->has_level |= conditions->way[way].law && conditions->way[way].level != 0;
	}
}

struct sim_limit *sim_limit_new(const struct sim_scenario *scenario)
{
	struct sim_limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return NULL;
	limit->wander_per_s = scenario->oscillator.wander * scenario->oscillator.wander;
	limit->needs_world = scenario->limit_needs_world;
	limit->now = &limit->beliefs[0];
	limit->next = &limit->beliefs[1];
	for (size_t way = 0; way < SIM_WAYS; way++)
		sim_density_init(&limit->density[way], &scenario->steady.way[way]);
	set_path(limit, &scenario->steady);
	return limit;
}

void sim_limit_free(struct sim_limit *limit)
{
	free(limit);
}

/* Subtract integers first, because 1 ns matters and 1e9 s have passed since 1970. */
static double theta_s(const struct sim_limit *limit, ffntp_counter reading, int64_t time_ns)
{
	int64_t elapsed_ns = (int64_t)(reading - limit->first);

	return (double)(elapsed_ns - (time_ns - limit->first_ns)) * 1e-9;
}

/*
 * The server receives some time after tb and replies a residence later. Both stamps are rounded down to the tick, which
 * leaves the interval in which both roundings agree. The edges are those of a reply at tb + residence.
 */
static struct edges edges_of_tick(const struct sim_limit *limit, const struct sim_exchange *exchange,
				  struct edges edges)
{
	double further_s = (double)(exchange->te_ns - exchange->tb_ns - SIM_RESIDENCE_NS) * 1e-9;

	edges.high_s += further_s;
	edges.late_least_s = fmax(further_s, 0);
	edges.late_most_s = limit->path.server_tick_s + fmin(further_s, 0);
	return edges;
}

static struct edges edges_of(const struct sim_limit *limit, const struct sim_exchange *exchange)
{
	double rtt_s = (double)(int64_t)(exchange->tf - exchange->ta) * 1e-9, error_s = limit->path.server_error_s;
	struct edges edges;

	/* From ta to tf the counter gains the skew times the round trip. */
	edges = (struct edges){
		.low_s = theta_s(limit, exchange->ta, exchange->tb_ns) + limit->path.way[SIM_FORTH].minimum_s +
			 limit->mean.skew * rtt_s + error_s,
		.high_s = theta_s(limit, exchange->tf, exchange->te_ns) - limit->path.way[SIM_BACK].minimum_s + error_s,
	};
	if (limit->path.server_tick_s > 0)
		edges = edges_of_tick(limit, exchange, edges);
	return edges;
}

static double likelihood_if_late(const struct sim_limit *limit, const struct edges *edges, double theta, double late_s)
{
	return sim_density_at(&limit->density[SIM_FORTH], theta - edges->low_s + late_s) *
	       sim_density_at(&limit->density[SIM_BACK], edges->high_s - late_s - theta);
}

static double likelihood(const struct sim_limit *limit, const struct edges *edges, double theta)
{
	double step_s = (edges->late_most_s - edges->late_least_s) / LATE_STEPS, sum = 0;

	if (edges->late_most_s <= 0)
		return likelihood_if_late(limit, edges, theta, 0);
	for (int i = 0; i < LATE_STEPS; i++)
		sum += likelihood_if_late(limit, edges, theta, edges->late_least_s + (i + 0.5) * step_s);
	return sum / LATE_STEPS;
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

/* The distribution that one point becomes: theta and skew, jointly normal. */
struct kernel {
	double theta_s, skew;
	double variance_s2;
	double gain;     /* of the skew on theta */
	double variance; /* of the skew, given theta */
};

/* Integrate a random walk of the skew. */
static struct kernel kernel_of(const struct sim_limit *limit, size_t i, double dt_s)
{
	double skew = limit->now->skew[i], variance = limit->now->variance[i];
	double walked = limit->wander_per_s * dt_s;
	double theta2 = dt_s * dt_s * (variance + walked / 3);
	double both = dt_s * (variance + walked / 2);
	double least_s = limit->now->spacing_s / (2 * SPACING);

	/*
	 * If the next exchange came sooner, the points are further apart than usual; with this minimum their sum is
	 * smooth nevertheless.
	 */
	theta2 = fmax(theta2, least_s * least_s);
	return (struct kernel){
		.theta_s = limit->now->theta_s[i] + skew * dt_s,
		.skew = skew,
		.variance_s2 = theta2,
		.gain = both / theta2,
		.variance = fmax(variance + walked - both * both / theta2, 0),
	};
}

/* Range of the next belief, and the narrowest of the kernels that matter. */
struct prospect {
	double low_s, high_s, narrowest_s;
};

/* Include the range of every kernel above WEIGHT_LEAST. */
static void include(struct prospect *prospect, const struct kernel *kernel, double weight)
{
	double reach_s = KERNEL_REACH * sqrt(kernel->variance_s2);

	if (!(weight > WEIGHT_LEAST))
		return;
	prospect->low_s = fmin(prospect->low_s, kernel->theta_s - reach_s);
	prospect->high_s = fmax(prospect->high_s, kernel->theta_s + reach_s);
}

static struct prospect prospect_of(const struct sim_limit *limit, double dt_s)
{
	struct prospect all = { HUGE_VAL, -HUGE_VAL, HUGE_VAL };
	struct moments moments = { 0 };
	double squares = 0, narrowest2 = HUGE_VAL, reach_s;

	for (size_t i = 0; i < limit->now->count; i++) {
		struct kernel kernel = kernel_of(limit, i, dt_s);
		double from_mean_s = kernel.theta_s - limit->mean.theta_s;

		moments.theta_s += limit->now->weight[i] * from_mean_s;
		squares += limit->now->weight[i] * (from_mean_s * from_mean_s + kernel.variance_s2);
		if (limit->now->weight[i] > WEIGHT_MATTERS)
			narrowest2 = fmin(narrowest2, kernel.variance_s2);
		include(&all, &kernel, limit->now->weight[i]);
	}
	all.narrowest_s = sqrt(narrowest2);
	if (limit->has_law)
		return all;
	moments.variance_s2 = squares - moments.theta_s * moments.theta_s;
	moments.theta_s += limit->mean.theta_s;
	reach_s = REACH * sqrt(moments.variance_s2);
	return (struct prospect){ moments.theta_s - reach_s, moments.theta_s + reach_s, all.narrowest_s };
}

static double spacing_of(const struct sim_limit *limit, double wanted_s)
{
	for (size_t way = 0; way < SIM_WAYS; way++) {
		if (limit->path.way[way].law)
			wanted_s = fmin(wanted_s, LAW_SPACING * sim_law_finest_s(limit->path.way[way].law));
	}
	return wanted_s;
}

static void place_points(const struct sim_limit *limit, double low_s, double high_s, double spacing_s)
{
	double most = limit->has_law ? POINTS_MOST : POINTS_MOST_OF_QUEUES;
	struct belief *belief = limit->next;
	double wanted = ceil((high_s - low_s) / spacing_s);

	belief->count = (size_t)fmin(fmax(wanted, POINTS_LEAST), most);
	belief->spacing_s = (high_s - low_s) / (double)belief->count;
	for (size_t i = 0; i < belief->count; i++) {
		belief->theta_s[i] = low_s + ((double)i + 0.5) * belief->spacing_s;
		belief->weight[i] = belief->skew[i] = belief->variance[i] = 0;
	}
}

/* Range of grid points that a kernel reaches: first up to, not including, end. */
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

/* The scores of one point's delays, and the correlation with the next exchange's scores. */
struct tie {
	double score[SIM_WAYS], level[SIM_WAYS];
};

/*
 * Return the density of the new scores given the former ones, divided by the density without them, up to a constant
 * factor.
 */
static double tie_weight(const struct tie *tie, const struct belief *next, size_t j)
{
	double exponent = 0;

	for (size_t way = 0; way < SIM_WAYS; way++) {
		double level = tie->level[way], score = next->score[way][j], apart = score - level * tie->score[way];

		exponent += score * score / 2 - apart * apart / (2 * (1 - level * level));
	}
	return exp(exponent);
}

static struct tie tie_of(const struct sim_limit *limit, size_t i)
{
	double packets = (double)(limit->next->number - limit->now->number);
	struct tie tie;

	for (size_t way = 0; way < SIM_WAYS; way++) {
		tie.score[way] = limit->now->score[way][i];
		tie.level[way] = pow(limit->path.way[way].level, packets);
	}
	return tie;
}

static double score_of(const struct sim_way *way, double above_s)
{
	return way->level != 0 ? sim_law_score(way->law, above_s) : 0;
}

/* Set the scores of the delays that each point implies for the exchange. */
static void set_scores(const struct sim_limit *limit, struct belief *belief, const struct edges *edges)
{
	for (size_t j = 0; limit->has_level && j < belief->count; j++) {
		double above_s[SIM_WAYS] = { belief->theta_s[j] - edges->low_s, edges->high_s - belief->theta_s[j] };

		for (size_t way = 0; way < SIM_WAYS; way++)
			belief->score[way][j] = score_of(&limit->path.way[way], above_s[way]);
	}
}

/*
 * Add a kernel to the next belief. skew and variance hold weighted sums of the skew and its square until they are
 * finished; 'mean' is their origin. On an even grid the ratio of a normal density at successive points changes by a
 * constant factor.
 */
static void spread(struct belief *next, const struct kernel *kernel, double weight, double mean, const struct tie *tie)
{
	double sd_s = sqrt(kernel->variance_s2), step = next->spacing_s / sd_s;
	struct span span = span_of(next, kernel, sd_s);
	double apart = span.first < span.end ? (next->theta_s[span.first] - kernel->theta_s) / sd_s : 0;
	double mass = weight / sd_s * exp(-apart * apart / 2), ratio = exp(-step * (apart + step / 2));
	double skew = kernel->skew - mean + kernel->gain * apart * sd_s, skew_step = kernel->gain * next->spacing_s;
	double factor = exp(-step * step);

	for (size_t j = span.first; j < span.end; j++) {
		double tied = tie ? mass * tie_weight(tie, next, j) : mass;

		next->weight[j] += tied;
		next->skew[j] += tied * skew;
		next->variance[j] += tied * (skew * skew + kernel->variance);
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
		struct tie tie;

		if (!(limit->now->weight[i] > WEIGHT_LEAST))
			continue;
		if (limit->has_level)
			tie = tie_of(limit, i);
		spread(limit->next, &kernel, limit->now->weight[i], limit->mean.skew, limit->has_level ? &tie : NULL);
	}
	finish_spread(limit->next, limit->mean.skew);
}

/* --- an exchange --- */

/* Weigh the points by the exchange. Returns false if it excludes all of them. */
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
	double low_s;

	limit->first = exchange->ta;
	limit->first_ns = exchange->tb_ns;
	edges = edges_of(limit, exchange);
	low_s = edges.low_s - edges.late_most_s;
	place_points(limit, low_s, edges.high_s, spacing_of(limit, (edges.high_s - low_s) / POINTS_LEAST));
	for (size_t i = 0; i < limit->next->count; i++) {
		limit->next->weight[i] = 1;
		limit->next->variance[i] = SKEW_UNKNOWN * SKEW_UNKNOWN;
	}
	set_scores(limit, limit->next, &edges);
	limit->has_belief = weigh(limit, limit->next, &edges);
}

/* Returns false if the exchange contradicts the whole belief. */
static bool update(struct sim_limit *limit, const struct edges *edges, double dt_s)
{
	struct prospect then = prospect_of(limit, dt_s);
	double low_s = fmax(edges->low_s - edges->late_most_s, then.low_s);
	double high_s = fmin(edges->high_s - edges->late_least_s, then.high_s);

	if (!(high_s > low_s))
		return false;
	place_points(limit, low_s, high_s, spacing_of(limit, SPACING * then.narrowest_s));
	set_scores(limit, limit->next, edges);
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

	if (limit->needs_world)
		set_path(limit, &exchange->conditions);
	limit->next->number = exchange->number;
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
