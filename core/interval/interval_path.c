/* interval_path: floors, levels and noise. */
#include "interval_path.h"

#include "../maths.h"

static double min(double a, double b)
{
	return a < b ? a : b;
}

static double max(double a, double b)
{
	return a > b ? a : b;
}

void ffntp_path_init(struct ffntp_path *path, const struct ffntp_edges *edges)
{
	double rtt = edges->upper - edges->lower;

	*path = (struct ffntp_path){ .level = { rtt, 0, rtt / 4 }, .quiet_excess = rtt / 4, .seen = 1 };
}

static void restart_buckets(struct ffntp_path *path)
{
	path->bucket[0].count = path->bucket[1].count = 0;
}

static void fall(struct ffntp_path *path, const struct ffntp_edges *e, const struct ffntp_belief *clock,
		 const struct ffntp_interval_params *params)
{
	struct ffntp_level *level = &path->level;
	double rtt = e->upper - e->lower, drop, spread = ffntp_sqrt(clock->p00);

	while (path->levels > 0 && rtt < (path->former[path->levels - 1].floor + level->floor) / 2) {
		*level = path->former[--path->levels];
		restart_buckets(path);
	}
	drop = level->floor - rtt;
	if (drop <= 0)
		return;
	if (path->seen > params->settled && drop > max(level->excess, 8 * spread)) {
		double low = e->lower + (level->floor + level->asymmetry) / 2 + clock->gamma * e->span;
		double high = e->upper - (level->floor - level->asymmetry) / 2;
		double held = min(max(clock->theta, high), low);

		level->asymmetry += (held - high) - (low - held);
	}
	level->floor = rtt;
}

static void add_to_bucket(struct ffntp_path *path, const struct ffntp_edges *e, const struct ffntp_belief *clock,
			  uint32_t window)
{
	struct ffntp_bucket *b = &path->bucket[1];
	double rtt = e->upper - e->lower, forward = clock->theta - clock->gamma * e->span - e->lower,
	       backward = e->upper - clock->theta;

	if (b->count >= window / 2) {
		path->bucket[0] = *b;
		b->count = 0;
	}
	if (b->count++ == 0) {
		b->rtt = rtt;
		b->forward = forward;
		b->backward = backward;
		return;
	}
	b->rtt = min(b->rtt, rtt);
	b->forward = min(b->forward, forward);
	b->backward = min(b->backward, backward);
}

static void rise(struct ffntp_path *path, const struct ffntp_belief *clock, const struct ffntp_interval_params *params)
{
	struct ffntp_level *level = &path->level;
	const struct ffntp_bucket *a = &path->bucket[0], *b = &path->bucket[1];
	double spread = ffntp_sqrt(clock->p00), up;

	if (path->seen <= params->settled || a->count + b->count < params->shift_window)
		return;
	up = min(a->rtt, b->rtt) - level->floor;
	if (up <= max(max(level->excess, 4e-6), 2 * spread))
		return;
	if (path->levels == FFNTP_PATH_LEVELS) {
		for (int i = 1; i < FFNTP_PATH_LEVELS; i++)
			path->former[i - 1] = path->former[i];
		path->levels--;
	}
	path->former[path->levels++] = (struct ffntp_level){ level->floor, level->asymmetry, path->quiet_excess };
	if (up > 8 * spread) {
		double f = min(a->forward, b->forward) - (level->floor + level->asymmetry) / 2;
		double r = min(a->backward, b->backward) - (level->floor - level->asymmetry) / 2;

		level->asymmetry += max(min(f, up), 0) - max(min(r, up), 0);
	}
	level->floor += up;
	restart_buckets(path);
	if (path->since_change > params->shift_window)
		path->since_change = params->shift_window;
}

static double fourth_smallest(const double *v, double *least)
{
	double sorted[FFNTP_PATH_RECENT];

	for (int i = 0; i < FFNTP_PATH_RECENT; i++) {
		int j = i;

		for (; j > 0 && sorted[j - 1] > v[i]; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = v[i];
	}
	*least = sorted[0];
	return sorted[3];
}

static double lean(struct ffntp_path *path, const struct ffntp_belief *clock, double low, double high,
		   const struct ffntp_interval_params *params)
{
	double spread = ffntp_sqrt(clock->p00), noise = max(path->quiet_excess / 2, 1e-7), least_f, least_b, mid_f,
	       mid_b;

	path->forward[path->recent % FFNTP_PATH_RECENT] = max(clock->theta - low, 0);
	path->backward[path->recent % FFNTP_PATH_RECENT] = max(high - clock->theta, 0);
	path->recent++;
	if (path->seen <= params->settled || path->recent < FFNTP_PATH_RECENT)
		return 0;
	mid_f = fourth_smallest(path->forward, &least_f);
	mid_b = fourth_smallest(path->backward, &least_b);
	if (least_f > max(3 * mid_b + noise, 8 * spread))
		return 1 / max(mid_b, noise);
	if (least_b > max(3 * mid_f + noise, 8 * spread))
		return -1 / max(mid_f, noise);
	return 0;
}

struct ffntp_constraint ffntp_path_constrain(struct ffntp_path *path, const struct ffntp_edges *edges,
					     const struct ffntp_belief *clock,
					     const struct ffntp_interval_params *params)
{
	struct ffntp_level *level = &path->level;
	double rtt = edges->upper - edges->lower, excess, slack;
	struct ffntp_constraint c;

	fall(path, edges, clock, params);
	add_to_bucket(path, edges, clock, params->shift_window);
	rise(path, clock, params);
	excess = max(rtt - level->floor, 0);
	if (excess < 2 * level->excess)
		path->quiet_excess = level->excess;
	path->seen++;
	if (excess < 20 * level->excess + 1e-6)
		level->excess += (excess - level->excess) / (path->seen < 64 ? path->seen : 64);
	else
		level->excess += 0.05 * level->excess;
	path->since_change++;
	slack = params->slack * level->excess *
		ffntp_sqrt(2.0 / (path->since_change < 4000 ? path->since_change : 4000));
	c.low = edges->lower + (level->floor + level->asymmetry) / 2 + clock->gamma * edges->span;
	c.high = edges->upper - (level->floor - level->asymmetry) / 2;
	c.tilt = lean(path, clock, c.low, c.high, params);
	c.low -= slack;
	c.high += slack;
	slack = max(slack, params->resolution_s);
	c.sigma2 = slack * slack;
	if (c.high < c.low + params->resolution_s) {
		double middle = (c.low + c.high) / 2;

		c.low = middle - params->resolution_s / 2;
		c.high = middle + params->resolution_s / 2;
	}
	return c;
}
