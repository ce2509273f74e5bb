/* law_clock: see law_clock.h. */
#include "law_clock.h"

#include "../assert.h"
#include "../maths.h"

enum { BANK = FFNTP_LAW_BANK, TOP = FFNTP_LAW_BANK - 1, GRID = 32 };

/* Of the grid's greatest value: below this the posterior is as good as zero. */
#define NEGLIGIBLE 1e-5

/* Half of what counts as the bulk of a law, in its scales. */
#define BULK 4

/* Grids of one update, at most: each is finer than the one before. */
#define PASSES 6

/* Weight of a member that the bank has just taken in. */
#define NEW_WEIGHT 1e-3

/* A probability that is too small for its logarithm. */
#define LEAST_EVIDENCE 1e-290

/* A logarithm whose exponential is as good as zero, and still a normal number. */
#define LEAST_LOG (-700.0)

void ffntp_law_belief_predict(struct ffntp_law_belief *b, double s, double wander2)
{
	b->theta += b->gamma * s;
	b->p00 += s * (2 * b->p01 + s * (b->p11 + wander2 * s / 3));
	b->p01 += s * (b->p11 + wander2 * s / 2);
	b->p11 += wander2 * s;
}

void ffntp_law_clock_set(struct ffntp_law_clock *clock, const struct ffntp_law_belief *belief)
{
	for (int i = 0; i < BANK; i++)
		clock->belief[i] = *belief;
}

void ffntp_law_clock_begin(struct ffntp_law_clock *clock, const struct ffntp_law_belief *belief,
			   const struct ffntp_law_params *params)
{
	double wander2 = ffntp_square(params->wander_start);

	ffntp_law_clock_set(clock, belief);
	for (int i = 0; i < BANK; i++, wander2 *= 4) {
		clock->wander2[i] = wander2;
		clock->weight[i] = 1.0 / FFNTP_LAW_BANK;
	}
}

void ffntp_law_clock_predict(struct ffntp_law_clock *clock, double elapsed_s)
{
	for (int i = 0; i < BANK; i++)
		ffntp_law_belief_predict(&clock->belief[i], elapsed_s, clock->wander2[i]);
}

void ffntp_law_clock_shift(struct ffntp_law_clock *clock, double theta_s)
{
	for (int i = 0; i < BANK; i++)
		clock->belief[i].theta += theta_s;
}

struct ffntp_law_belief ffntp_law_clock_mixture(const struct ffntp_law_clock *clock)
{
	struct ffntp_law_belief m = { 0 };

	for (int i = 0; i < BANK; i++) {
		m.theta += clock->weight[i] * clock->belief[i].theta;
		m.gamma += clock->weight[i] * clock->belief[i].gamma;
	}
	for (int i = 0; i < BANK; i++) {
		const struct ffntp_law_belief *b = &clock->belief[i];
		double weight = clock->weight[i], theta = b->theta - m.theta, gamma = b->gamma - m.gamma;

		m.p00 += weight * (b->p00 + theta * theta);
		m.p01 += weight * (b->p01 + theta * gamma);
		m.p11 += weight * (b->p11 + gamma * gamma);
	}
	return m;
}

double ffntp_law_clock_wander2(const struct ffntp_law_clock *clock)
{
	double sum = 0;

	for (int i = 0; i < BANK; i++)
		sum += clock->weight[i] * clock->wander2[i];
	return sum;
}

/* --- the bank --- */

static void copy_member(struct ffntp_law_clock *clock, int to, int from)
{
	clock->belief[to] = clock->belief[from];
	clock->wander2[to] = clock->wander2[from];
	clock->weight[to] = clock->weight[from];
}

/* The weights of all but one member sum to 1: give that one its first weight, and take it from the others. */
static void admit(struct ffntp_law_clock *clock, int member)
{
	for (int i = 0; i < BANK; i++)
		clock->weight[i] *= 1 - NEW_WEIGHT;
	clock->weight[member] = NEW_WEIGHT;
}

/*
 * Shift the bank by one member when most of the weight is on the two members at one end: drop the member at the other
 * end, and add one beyond with twice the wander, or half.
 */
static void slide(struct ffntp_law_clock *clock, const struct ffntp_law_params *params)
{
	if (clock->weight[TOP] + clock->weight[TOP - 1] > params->wander_slide &&
	    clock->wander2[TOP] < ffntp_square(params->wander_most)) {
		clock->weight[1] += clock->weight[0];
		for (int i = 0; i < TOP; i++)
			copy_member(clock, i, i + 1);
		clock->wander2[TOP] *= 4;
		admit(clock, TOP);
	} else if (clock->weight[0] + clock->weight[1] > params->wander_slide &&
		   clock->wander2[0] > ffntp_square(params->wander_least)) {
		clock->weight[TOP - 1] += clock->weight[TOP];
		for (int i = TOP; i > 0; i--)
			copy_member(clock, i, i - 1);
		clock->wander2[0] /= 4;
		admit(clock, 0);
	}
}

/* Return whether the weights sum to 1, but for the least weight that each has. */
static bool is_distribution(const struct ffntp_law_clock *clock)
{
	double sum = 0;

	for (int i = 0; i < BANK; i++)
		sum += clock->weight[i];
	return ffntp_fabs(sum - 1) <= BANK * 1e-9;
}

/*
 * Update the weights by Bayes' rule. A share of each weight leaks to its neighbours, because an oscillator's wander may
 * change.
 */
static void reweigh(struct ffntp_law_clock *clock, const double evidence[BANK], double leak)
{
	double weight[BANK], sum = 0;

	for (int i = 0; i < BANK; i++) {
		double from_below = i > 0 ? clock->weight[i - 1] - clock->weight[i] : 0;
		double from_above = i < TOP ? clock->weight[i + 1] - clock->weight[i] : 0;

		weight[i] = (clock->weight[i] + leak * (from_below + from_above)) * evidence[i];
		sum += weight[i];
	}
	for (int i = 0; i < BANK; i++)
		clock->weight[i] = ffntp_fmax(weight[i] / sum, 1e-9);
}

/* Restart a member from the best one if its belief is far from that. */
static void gather(struct ffntp_law_clock *clock, int best)
{
	for (int i = 0; i < BANK; i++) {
		double apart = clock->belief[i].theta - clock->belief[best].theta;

		if (apart * apart > 9 * (clock->belief[i].p00 + clock->belief[best].p00))
			clock->belief[i] = clock->belief[best];
	}
}

/* --- the update --- */

struct grid {
	double low, step;
	double most; /* the greatest log likelihood */
	double likelihood[GRID];
};

static void tabulate(struct grid *grid, double low, double high, double turned, const struct ffntp_law laws[2],
		     const struct ffntp_law_sight *sight)
{
	grid->low = low;
	grid->step = (high - low) / (GRID - 1);
	for (int i = 0; i < GRID; i++)
		grid->likelihood[i] = 0;
	ffntp_law_tabulate(&laws[0], low - turned - sight->forward_s, grid->step, GRID, sight->weight[0],
			   grid->likelihood);
	ffntp_law_tabulate(&laws[1], sight->backward_s - low, -grid->step, GRID, sight->weight[1], grid->likelihood);
	grid->most = grid->likelihood[0];
	for (int i = 1; i < GRID; i++)
		grid->most = ffntp_fmax(grid->most, grid->likelihood[i]);
	for (int i = 0; i < GRID; i++)
		grid->likelihood[i] = ffntp_fmax(grid->likelihood[i] - grid->most, LEAST_LOG);
	ffntp_exp_each(grid->likelihood, GRID);
}

/* The posterior on the grid of one update: of each member, and of all together. */
struct posterior {
	struct grid grid;
	double member[GRID][BANK], all[GRID];
};

/* The normal density of a belief from one point of the grid on: its value there, the factors to the next points up and
 * down, and by how much these change from point to point. */
struct bells {
	double value[BANK], up[BANK], down[BANK], turn[BANK];
};

/* From the point nearest to its mean a normal density only falls; rounding and unused factors may be different. */
static double falling(double log)
{
	return ffntp_fmax(ffntp_fmin(log, 0), LEAST_LOG);
}

/* Set the logarithms of these, from the points 'at'. */
static void set_logs(struct bells *logs, const struct ffntp_law_clock *clock, const struct grid *grid,
		     const int at[BANK])
{
	double h = grid->step;

	for (int i = 0; i < BANK; i++) {
		double z = grid->low + at[i] * h - clock->belief[i].theta, per = -1 / (2 * clock->belief[i].p00);

		logs->value[i] = falling(z * z * per);
		logs->up[i] = falling((2 * z + h) * h * per);
		logs->down[i] = falling((h - 2 * z) * h * per);
		logs->turn[i] = falling(2 * h * h * per);
	}
}

/* A normal density on a grid is a recurrence from the point nearest to its mean; the factor from point to point falls
 * by a constant one. */
static void set_members(struct posterior *p, const struct ffntp_law_clock *clock)
{
	double h = p->grid.step;
	struct bells bells;
	int at[BANK];

	for (int i = 0; i < BANK; i++)
		at[i] = (int)ffntp_fmin(ffntp_fmax((clock->belief[i].theta - p->grid.low) / h + 0.5, 0), GRID - 1);
	set_logs(&bells, clock, &p->grid, at);
	ffntp_exp_each(bells.value, sizeof bells / sizeof(double));
	for (int i = 0; i < BANK; i++) {
		double start = bells.value[i] / ffntp_sqrt(clock->belief[i].p00) * 0.3989422804014327 * h;
		double value = start, ratio = bells.up[i], turn = bells.turn[i];

		p->member[at[i]][i] = start;
		for (int k = at[i] + 1; k < GRID; k++, ratio *= turn)
			p->member[k][i] = value *= ratio;
		value = start;
		ratio = bells.down[i];
		for (int k = at[i] - 1; k >= 0; k--, ratio *= turn)
			p->member[k][i] = value *= ratio;
	}
}

/* Multiply the members by the likelihood, and add them up by their weights. */
static void set_posterior(struct posterior *p, const double weight[BANK])
{
	for (int k = 0; k < GRID; k++) {
		double sum = 0;

		for (int i = 0; i < BANK; i++) {
			p->member[k][i] *= p->grid.likelihood[k];
			sum += weight[i] * p->member[k][i];
		}
		p->all[k] = sum;
	}
}

static void evaluate(struct posterior *p, const struct ffntp_law_clock *clock, double low, double high, double turned,
		     const struct ffntp_law laws[2], const struct ffntp_law_sight *sight)
{
	tabulate(&p->grid, low, high, turned, laws, sight);
	set_members(p, clock);
	set_posterior(p, clock->weight);
}

/* Where the posterior is, if it is on few points of the grid. */
static bool is_narrow(const struct grid *grid, const double posterior[GRID], double points, double *low, double *high)
{
	double most = 0, least;
	int first = 0, last = GRID - 1;

	for (int i = 0; i < GRID; i++)
		most = ffntp_fmax(most, posterior[i]);
	least = NEGLIGIBLE * most;
	while (first < GRID && !(posterior[first] > least))
		first++;
	while (last > first && !(posterior[last] > least))
		last--;
	if (first == GRID || last - first >= points)
		return false;
	*low = grid->low + (first - 1.5) * grid->step;
	*high = grid->low + (last + 1.5) * grid->step;
	return true;
}

/* Sums over the grid, of each member: mass, and moments about the grid's middle. */
struct moments {
	double m0[BANK], m1[BANK], m2[BANK];
};

static struct moments moments_of(const struct posterior *p)
{
	struct moments m = { { 0 }, { 0 }, { 0 } };

	for (int k = 0; k < GRID; k++) {
		double x = (k - GRID / 2) * p->grid.step;

		for (int i = 0; i < BANK; i++) {
			double mass = p->member[k][i];

			m.m0[i] += mass;
			m.m1[i] += mass * x;
			m.m2[i] += mass * x * x;
		}
	}
	return m;
}

/* Two moments of theta are kept; gamma follows by its regression. Returns the belief's evidence. */
static double condense(const struct grid *grid, double m0, double m1, double m2, struct ffntp_law_belief *b)
{
	double variance, by, gain = b->p01 / b->p00;

	if (m0 < LEAST_EVIDENCE)
		return LEAST_EVIDENCE;
	m1 /= m0;
	variance = ffntp_fmax(m2 / m0 - m1 * m1, grid->step * grid->step / 12);
	variance = ffntp_fmin(variance, 4 * b->p00);
	by = grid->low + GRID / 2 * grid->step + m1 - b->theta;
	b->theta += by;
	b->gamma += gain * by;
	b->p11 -= gain * b->p01 * (1 - variance / b->p00);
	b->p01 = gain * variance;
	b->p00 = variance;
	FFNTP_ASSERT(b->p00 > 0 && b->p11 >= 0 && b->p01 * b->p01 <= b->p00 * b->p11 * (1 + 1e-9));
	return m0;
}

/* Logarithm of the posterior density's greatest value. */
static double peak(const struct posterior *p)
{
	double most = 0;

	for (int k = 0; k < GRID; k++)
		most = ffntp_fmax(most, p->all[k]);
	return ffntp_ln(ffntp_fmax(most / p->grid.step, LEAST_EVIDENCE)) + p->grid.most;
}

/* Where both laws have most of their delays; between them if they have none in common. */
static void bulk(const struct ffntp_law laws[2], const struct ffntp_law_sight *sight, double turned, double *low,
		 double *high)
{
	double there = sight->forward_s + turned + laws[0].origin + laws[0].middle;
	double back = sight->backward_s - laws[1].origin - laws[1].middle;
	double a = ffntp_fmax(there - BULK * laws[0].scale, back - BULK * laws[1].scale);
	double b = ffntp_fmin(there + BULK * laws[0].scale, back + BULK * laws[1].scale);

	*low = ffntp_fmin(a, b);
	*high = ffntp_fmax(a, b);
}

/*
 * Exclude values of theta at which a delay would lie below its law. After a silence the belief is wide and the laws are
 * narrow beside it: a grid over the whole belief would step over the only possible place.
 */
static void trim(const struct ffntp_law laws[2], const struct ffntp_law_sight *sight, double turned, double *low,
		 double *high)
{
	double margin = BULK * (laws[0].scale + laws[1].scale);
	double from = sight->forward_s + turned + laws[0].origin + (double)laws[0].edge[0] - margin;
	double to = sight->backward_s - laws[1].origin - (double)laws[1].edge[0] + margin;

	if (from >= *high || to <= *low || from >= to)
		return;
	*low = ffntp_fmax(from, *low);
	*high = ffntp_fmin(to, *high);
}

/* The grid over all that the clock may be is coarse beside the laws after a long silence, and may step over them. */
static void evaluate_widely(struct posterior *p, const struct ffntp_law_clock *clock,
			    const struct ffntp_law_belief *mixture, const struct ffntp_law laws[2],
			    const struct ffntp_law_sight *sight)
{
	double sd = ffntp_sqrt(mixture->p00), reach = laws[0].params->reach_sd * sd;
	double turned = mixture->gamma * sight->span_s, low = mixture->theta - reach, high = mixture->theta + reach;
	bool is_coarse = sd > laws[0].scale || sd > laws[1].scale;
	struct posterior near;

	if (is_coarse)
		trim(laws, sight, turned, &low, &high);
	evaluate(p, clock, low, high, turned, laws, sight);
	if (!is_coarse)
		return;
	bulk(laws, sight, turned, &low, &high);
	if (high - low >= 2 * reach)
		return;
	evaluate(&near, clock, low, high, turned, laws, sight);
	if (peak(&near) > peak(p))
		*p = near;
}

double ffntp_law_clock_update(struct ffntp_law_clock *clock, const struct ffntp_law laws[2],
			      const struct ffntp_law_sight *sight)
{
	const struct ffntp_law_params *params = laws[0].params;
	const struct ffntp_law_belief mixture = ffntp_law_clock_mixture(clock);
	double low, high, evidence[BANK], total = 0;
	struct posterior p;
	struct moments m;
	int best = 0;

	evaluate_widely(&p, clock, &mixture, laws, sight);
	for (int pass = 1; pass < PASSES && is_narrow(&p.grid, p.all, params->narrow_points, &low, &high); pass++)
		evaluate(&p, clock, low, high, mixture.gamma * sight->span_s, laws, sight);
	m = moments_of(&p);
	for (int i = 0; i < BANK; i++) {
		evidence[i] = condense(&p.grid, m.m0[i], m.m1[i], m.m2[i], &clock->belief[i]);
		total += clock->weight[i] * evidence[i];
		best = clock->weight[i] > clock->weight[best] ? i : best;
	}
	reweigh(clock, evidence, params->wander_leak);
	slide(clock, params);
	FFNTP_ASSERT(is_distribution(clock));
	gather(clock, best);
	return ffntp_ln(ffntp_fmax(total, LEAST_EVIDENCE)) + p.grid.most;
}
