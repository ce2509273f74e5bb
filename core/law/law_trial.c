/* law_trial: see law_trial.h. */
#include "law_trial.h"

#include "../maths.h"

enum { GRID = 36, PASSES = 5 };

/* Natural logarithm of what is negligible beside the greatest value on the grid. */
#define NEGLIGIBLE (-11.5)

/* A logarithm whose exponential is as good as zero, and still a normal number. */
#define LEAST_LOG (-700.0)

/* A posterior on fewer points is tabulated again. */
#define NARROW 9

/* Half of the grid, in standard deviations. */
#define REACH 4.5

#define HALF_LOG_2PI 0.9189385332046727

/* --- a story's belief --- */

static void predict(struct ffntp_law_story *s, double t, double wander2)
{
	s->x[0] += s->x[1] * t;
	s->p[0] += t * (2 * s->p[1] + t * (s->p[2] + wander2 * t / 3));
	s->p[1] += t * (s->p[2] + wander2 * t / 2);
	s->p[2] += wander2 * t;
	s->p[3] += t * s->p[4];
}

/* One way's delay as a function of the unknowns: delay = sight x + offset. */
struct delay {
	double sight[3], offset;
};

/* Covariances of the delay with the unknowns, and its own mean and variance. */
struct regression {
	double covariance[3], mean, variance;
};

static struct regression regress(const struct ffntp_law_story *s, const struct delay *d)
{
	const double *p = s->p, *h = d->sight;
	struct regression r = {
		.covariance = { p[0] * h[0] + p[1] * h[1] + p[3] * h[2], p[1] * h[0] + p[2] * h[1] + p[4] * h[2],
				p[3] * h[0] + p[4] * h[1] + p[5] * h[2] },
		.mean = d->offset,
	};

	for (int i = 0; i < 3; i++) {
		r.mean += h[i] * s->x[i];
		r.variance += h[i] * r.covariance[i];
	}
	r.variance = ffntp_fmax(r.variance, 1e-20);
	return r;
}

struct grid {
	double low, step, most;
	double value[GRID]; /* logarithm of normal density times law, up to a constant */
};

static void tabulate(struct grid *grid, const struct ffntp_law *law, const struct regression *r, double low,
		     double high)
{
	grid->low = low;
	grid->step = (high - low) / (GRID - 1);
	for (int i = 0; i < GRID; i++)
		grid->value[i] = -ffntp_square(low + i * grid->step - r->mean) / (2 * r->variance);
	ffntp_law_tabulate(law, low, grid->step, GRID, 1, grid->value);
	grid->most = grid->value[0];
	for (int i = 1; i < GRID; i++)
		grid->most = ffntp_fmax(grid->most, grid->value[i]);
}

/* If the grid is so coarse that it may step over the law, use the law's own range. */
static void tabulate_widely(struct grid *grid, const struct ffntp_law *law, const struct regression *r)
{
	double sd = ffntp_sqrt(r->variance), centre = law->origin + law->middle;
	struct grid near;

	tabulate(grid, law, r, r->mean - REACH * sd, r->mean + REACH * sd);
	if (sd <= law->scale)
		return;
	tabulate(&near, law, r, centre - 4 * law->scale, centre + 4 * law->scale);
	if (near.most > grid->most)
		*grid = near;
}

static void refine(struct grid *grid, const struct ffntp_law *law, const struct regression *r)
{
	for (int pass = 1; pass < PASSES; pass++) {
		int first = GRID, last = 0;

		for (int i = 0; i < GRID; i++)
			if (grid->value[i] > grid->most + NEGLIGIBLE) {
				first = first == GRID ? i : first;
				last = i;
			}
		if (last - first >= NARROW)
			return;
		tabulate(grid, law, r, grid->low + (first - 1.2) * grid->step, grid->low + (last + 1.2) * grid->step);
	}
}

/*
 * Update an explanation by one way's delay: the posterior's mean and variance of the delay are computed on a grid, and
 * the unknowns follow by regression.
 */
static void learn(struct ffntp_law_story *s, const struct ffntp_law *law, const struct delay *delay)
{
	static const int row[6] = { 0, 0, 1, 0, 1, 2 }, column[6] = { 0, 1, 1, 2, 2, 2 };
	struct regression r = regress(s, delay);
	double m0 = 0, m1 = 0, m2 = 0, variance;
	struct grid grid;

	tabulate_widely(&grid, law, &r);
	refine(&grid, law, &r);
	for (int i = 0; i < GRID; i++)
		grid.value[i] = ffntp_fmax(grid.value[i] - grid.most, LEAST_LOG);
	ffntp_exp_each(grid.value, GRID);
	for (int i = 0; i < GRID; i++) {
		double weight = grid.value[i], x = grid.low + i * grid.step - r.mean;

		m0 += weight;
		m1 += weight * x;
		m2 += weight * x * x;
	}
	m1 /= m0;
	variance = ffntp_fmax(m2 / m0 - m1 * m1, grid.step * grid.step / 12);
	s->evidence += ffntp_ln(m0 * grid.step / ffntp_sqrt(r.variance)) + grid.most - HALF_LOG_2PI;
	for (int i = 0; i < 3; i++)
		s->x[i] += r.covariance[i] / r.variance * m1;
	for (int i = 0; i < 6; i++)
		s->p[i] -= r.covariance[row[i]] * r.covariance[column[i]] / r.variance * (1 - variance / r.variance);
}

/* --- the causes --- */

/* Return the part of a step of the path that lengthens this way. */
static double lengthening(enum ffntp_law_cause cause, int way)
{
	if (cause == FFNTP_LAW_CAUSE_BOTH)
		return 1;
	return cause == (way ? FFNTP_LAW_CAUSE_BACK : FFNTP_LAW_CAUSE_THERE) ? 1 : 0;
}

static bool is_congested(enum ffntp_law_cause cause, int way)
{
	return cause == FFNTP_LAW_CONGESTED || cause == (way ? FFNTP_LAW_CONGESTED_BACK : FFNTP_LAW_CONGESTED_THERE);
}

/* Widen an explanation by a change of the rate with this standard deviation, at some time within since_s. */
static void change_rate(struct ffntp_law_story *s, double by, double since_s)
{
	s->p[0] += ffntp_square(by * since_s) / 3;
	s->p[1] += by * by * since_s / 2;
	s->p[2] += by * by;
}

void ffntp_law_trial_open(struct ffntp_law_trial *trial, const struct ffntp_law_belief *before,
			  const struct ffntp_law laws[2], double step_s, double since_s)
{
	const struct ffntp_law_params *params = laws[0].params;
	const struct ffntp_law_story story = {
		.x = { before->theta, before->gamma, 0 },
		.p = { before->p00, before->p01, before->p11, 0, 0, step_s * step_s },
	};

	trial->is_open = true;
	trial->exchanges = 0;
	trial->elapsed_s = 0;
	for (int c = 0; c < FFNTP_LAW_CAUSES; c++)
		trial->story[c] = story;
	trial->story[FFNTP_LAW_CAUSE_TIME].p[0] += step_s * step_s;
	change_rate(&trial->story[FFNTP_LAW_CAUSE_RATE], params->rate_step, since_s);
	change_rate(&trial->story[FFNTP_LAW_CAUSE_JUMP], params->rate_jump, since_s);
	for (int way = 0; way < 2; way++) {
		trial->floor[way] = ffntp_law_quantile(&laws[way], 0.02);
		trial->excess[way] = params->congested_mean * laws[way].scale;
	}
}

/* Delays that follow no known law are exponential above the floor, with a mean that earlier ones reveal (Lomax 1954).
 */
static double congested_log_density(const struct ffntp_law_trial *trial, const struct ffntp_law *law, int way,
				    double delay_s)
{
	double above = delay_s - trial->floor[way], n = trial->exchanges, sum = trial->excess[way];

	if (above < 0)
		return ffntp_fmin(ffntp_law_log_density(law, delay_s), ffntp_ln(n / sum));
	return ffntp_ln(n / sum) - (n + 1) * ffntp_ln(1 + above / sum);
}

static struct delay delay_of(const struct ffntp_law_sight *sight, enum ffntp_law_cause cause, int way)
{
	double longer = lengthening(cause, way);

	if (way == 0)
		return (struct delay){ { 1, -sight->span_s, -longer }, -sight->forward_s };
	return (struct delay){ { -1, 0, -longer }, sight->backward_s };
}

/*
 * Update an explanation by one way's delay. Returns the excess of the delay over the floor (s) if the way is congested,
 * otherwise 0.
 */
static double go_on(const struct ffntp_law_trial *trial, struct ffntp_law_story *s, enum ffntp_law_cause cause, int way,
		    const struct ffntp_law laws[2], const struct ffntp_law_sight *sight)
{
	struct delay delay = delay_of(sight, cause, way);
	double mean;

	if (!is_congested(cause, way)) {
		learn(s, &laws[way], &delay);
		return 0;
	}
	mean = regress(s, &delay).mean;
	s->evidence += congested_log_density(trial, &laws[way], way, mean);
	return ffntp_fmax(mean - trial->floor[way], 0);
}

/*
 * Return the way to process first, which shows the clock better: the one whose law is known, otherwise the one with the
 * narrower law.
 */
static int first_way(enum ffntp_law_cause cause, const struct ffntp_law laws[2])
{
	if (cause == FFNTP_LAW_CAUSE_THERE || cause == FFNTP_LAW_CONGESTED_THERE)
		return 1;
	if (cause == FFNTP_LAW_CAUSE_BACK || cause == FFNTP_LAW_CONGESTED_BACK)
		return 0;
	return laws[1].scale < laws[0].scale;
}

void ffntp_law_trial_add(struct ffntp_law_trial *trial, const struct ffntp_law laws[2],
			 const struct ffntp_law_sight *sight, double elapsed_s, double wander2)
{
	double excess[2] = { 0, 0 };

	trial->elapsed_s += trial->exchanges > 0 ? elapsed_s : 0;
	trial->exchanges++;
	for (enum ffntp_law_cause c = FFNTP_LAW_CAUSE_NONE; c < FFNTP_LAW_CAUSES; c++) {
		int first = first_way(c, laws);

		predict(&trial->story[c], elapsed_s, wander2);
		for (int i = 0; i < 2; i++) {
			int way = first ^ i;

			excess[way] = ffntp_fmax(go_on(trial, &trial->story[c], c, way, laws, sight), excess[way]);
		}
	}
	trial->excess[0] += excess[0];
	trial->excess[1] += excess[1];
}

void ffntp_law_trial_shift(struct ffntp_law_trial *trial, double theta_s)
{
	for (int c = 0; c < FFNTP_LAW_CAUSES; c++)
		trial->story[c].x[0] += theta_s;
}

double ffntp_law_trial_score(const struct ffntp_law_trial *trial, enum ffntp_law_cause cause, double trust,
			     const struct ffntp_law_params *params)
{
	double ratio = trust * (trial->story[cause].evidence - trial->story[FFNTP_LAW_CAUSE_NONE].evidence);

	if (cause == FFNTP_LAW_CAUSE_NONE)
		return 0;
	return ratio - (cause >= FFNTP_LAW_CONGESTED_THERE ? params->congested_price : params->change_price);
}
