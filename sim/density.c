#include "density.h"

#include <math.h>

/*
 * The table's points are LEAST expm1(i STEP) times the mean: evenly spaced near 0, in a constant ratio far from it, up
 * to 10^4.
 */
#define LEAST 1e-3
#define STEP 5.4e-3

/*
 * The heavy part is E1 P with P = E2 E3. For a given P, E + heavy P E1 is the sum of two exponentials, whose density is
 * known; an integral over ln P remains. ln E has the density exp(a - exp(a)), and ln P has its convolution with itself.
 * Both decay double-exponentially above and like exp below, so that sums over equal steps are as good as integrals.
 */
#define LOG_STEP 0.125
#define LOG_LOWEST (-28.0)
#define LOG_STEPS 280

static double log_exponential(double a)
{
	return exp(a - exp(a));
}

static double log_product(double s)
{
	double sum = 0;

	for (int i = 0; i < LOG_STEPS; i++) {
		double a = LOG_LOWEST + i * LOG_STEP;

		sum += log_exponential(a) * log_exponential(s - a);
	}
	return sum * LOG_STEP;
}

/* Density of E + b E', both exponential with mean 1, in a form without cancellation where b is near 1. */
static double two_exponentials(double x, double b)
{
	double longer = b > 1 ? b : 1, shorter = b > 1 ? 1 : b;
	double apart = longer - shorter;

	if (shorter <= 0)
		return exp(-x);
	if (apart < 1e-9)
		return x * exp(-x);
	return exp(-x / longer) * -expm1(-x * (1 / shorter - 1 / longer)) / apart;
}

static double sum_density(double x, double heavy, const double weights[LOG_STEPS])
{
	double sum = 0;

	for (int i = 0; i < LOG_STEPS; i++)
		sum += weights[i] * two_exponentials(x, heavy * exp(LOG_LOWEST + i * LOG_STEP));
	return sum;
}

void sim_density_init(struct sim_density *density, const struct sim_way *way)
{
	double weights[LOG_STEPS], total = 0;

	density->law = way->law;
	density->queue_s = way->queue_s;
	density->heavy = way->law ? 0 : way->heavy_s / way->queue_s;
	if (density->heavy <= 0)
		return;
	for (int i = 0; i < LOG_STEPS; i++)
		total += weights[i] = log_product(LOG_LOWEST + i * LOG_STEP);
	for (int i = 0; i < LOG_STEPS; i++)
		weights[i] /= total;
	for (int i = 0; i < SIM_DENSITY_POINTS; i++)
		density->table[i] = sum_density(LEAST * expm1(i * STEP), density->heavy, weights);
}

double sim_density_at(const struct sim_density *density, double above_s)
{
	double x, place, part;
	int i;

	if (density->law)
		return sim_law_density(density->law, above_s);
	x = above_s / density->queue_s;
	if (x < 0)
		return 0;
	if (density->heavy <= 0)
		return exp(-x) / density->queue_s;
	place = log1p(x / LEAST) / STEP;
	if (place >= SIM_DENSITY_POINTS - 1)
		return density->table[SIM_DENSITY_POINTS - 1] / density->queue_s;
	i = (int)place;
	part = place - i;
	return (density->table[i] * (1 - part) + density->table[i + 1] * part) / density->queue_s;
}
