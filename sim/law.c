#include "law.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* More terms than any shape below 100 needs; the sum ends at a term below this share of it. */
#define TERMS_MOST 1000
#define TERM_LEAST 3e-16

/* Steps of a bisection from any interval down to neighbouring doubles. */
#define HALVINGS 100

/* Shares closer to 0 or 1 are replaced by this, so that scores stay between -8 and 8. */
#define SHARE_LEAST 1e-15

static bool is_part(const struct sim_law *law, size_t i)
{
	return i < SIM_LAW_PARTS && law->parts[i].share > 0;
}

static double shares(const struct sim_law *law)
{
	double sum = 0;

	for (size_t i = 0; is_part(law, i); i++)
		sum += law->parts[i].share;
	return sum;
}

double sim_law_below_score(double score)
{
	return 0.5 * erfc(-score / sqrt(2));
}

/* --- draws --- */

/* Marsaglia and Tsang 2000, scale 1. For a shape below 1, from a draw with the next larger shape. */
static double draw_gamma(double shape, struct sim_random *random)
{
	double raised = shape < 1 ? shape + 1 : shape, d = raised - 1.0 / 3, c = 1 / sqrt(9 * d), normal, v;

	do {
		normal = sim_random_normal(random);
		v = 1 + c * normal;
		v = v * v * v;
	} while (!(v > 0 && log(sim_random_unit(random)) < normal * normal / 2 + d - d * v + d * log(v)));
	return shape < 1 ? d * v * pow(sim_random_unit(random), 1 / shape) : d * v;
}

static double draw_normal(double cut, struct sim_random *random)
{
	double normal;

	do
		normal = sim_random_normal(random);
	while (!(normal > -cut));
	return normal + cut;
}

static double draw_triangular(double peak, struct sim_random *random)
{
	double u = sim_random_unit(random);

	return u < peak ? sqrt(u * peak) : 1 - sqrt((1 - u) * (1 - peak));
}

/* Draw in units of the part's size. */
static double draw_part(const struct sim_law_part *part, struct sim_random *random)
{
	switch (part->kind) {
	case SIM_EXPONENTIAL:
		return sim_random_exponential(random);
	case SIM_GAMMA:
		return draw_gamma(part->shape, random) / part->shape;
	case SIM_NORMAL:
		return draw_normal(part->shape, random);
	case SIM_TRIANGULAR:
		return draw_triangular(part->shape, random);
	case SIM_UNIFORM:
		return sim_random_unit(random);
	case SIM_LOGNORMAL:
		return exp(part->shape * sim_random_normal(random));
	case SIM_WEIBULL:
		return pow(sim_random_exponential(random), 1 / part->shape);
	}
	return (double)NAN;
}

double sim_law_draw(const struct sim_law *law, struct sim_random *random)
{
	double left = shares(law) * sim_random_unit(random);
	const struct sim_law_part *part = &law->parts[0];

	/* Because of rounding the loop may end without a choice; the last part is then taken. */
	for (size_t i = 0; is_part(law, i); i++) {
		part = &law->parts[i];
		left -= part->share;
		if (left < 0)
			break;
	}
	return part->further_s + part->size_s * draw_part(part, random);
}

/* --- densities --- */

static double gamma_density(double x, double shape)
{
	double scaled = x * shape;

	return exp((shape - 1) * log(scaled) - scaled - lgamma(shape)) * shape;
}

static double normal_density(double x, double cut)
{
	double z = x - cut;

	return exp(-z * z / 2) / (sqrt(2 * SIM_PI) * sim_law_below_score(cut));
}

static double triangular_density(double x, double peak)
{
	if (x > 1)
		return 0;
	return x < peak ? 2 * x / peak : 2 * (1 - x) / (1 - peak);
}

static double lognormal_density(double x, double sigma)
{
	double z = log(x) / sigma;

	return exp(-z * z / 2) / (x * sigma * sqrt(2 * SIM_PI));
}

/* x: in units of the part's size, > 0; the density is in the inverse of that unit. */
static double part_density(const struct sim_law_part *part, double x)
{
	switch (part->kind) {
	case SIM_EXPONENTIAL:
		return exp(-x);
	case SIM_GAMMA:
		return gamma_density(x, part->shape);
	case SIM_NORMAL:
		return normal_density(x, part->shape);
	case SIM_TRIANGULAR:
		return triangular_density(x, part->shape);
	case SIM_UNIFORM:
		return x <= 1 ? 1 : 0;
	case SIM_LOGNORMAL:
		return lognormal_density(x, part->shape);
	case SIM_WEIBULL:
		return part->shape * pow(x, part->shape - 1) * exp(-pow(x, part->shape));
	}
	return (double)NAN;
}

double sim_law_density(const struct sim_law *law, double delay_s)
{
	double sum = 0, total = 0;

	for (size_t i = 0; is_part(law, i); i++) {
		const struct sim_law_part *part = &law->parts[i];
		double x = (delay_s - part->further_s) / part->size_s;

		total += part->share;
		if (x > 0)
			sum += part->share * part_density(part, x) / part->size_s;
	}
	return sum / total;
}

/* --- distribution functions --- */

/* Abramowitz and Stegun 6.5.29: the incomplete gamma function by its series, which converges fast where x is small. */
static double gamma_below_by_series(double x, double shape)
{
	double term = 1 / shape, sum = term;

	for (int n = 1; n < TERMS_MOST && term > TERM_LEAST * sum; n++) {
		term *= x / (shape + n);
		sum += term;
	}
	return sum * exp(shape * log(x) - x - lgamma(shape));
}

/*
 * The complement by the even part of the continued fraction in Abramowitz and Stegun 6.5.31, which converges fast where
 * x is large: 1/(b0 + a1/(b1 + a2/(b2 + ...))), a = -n (n - shape), b = x + 2 n + 1 - shape, by Lentz's method. x >
 * shape, so that no b is 0.
 */
static double gamma_above_by_fraction(double x, double shape)
{
	double b = x + 1 - shape, c = HUGE_VAL, d = 1 / b, fraction = d, factor = 0;

	for (int n = 1; n < TERMS_MOST && fabs(factor - 1) > TERM_LEAST; n++) {
		double a = -n * (n - shape);

		b += 2;
		d = 1 / (b + a * d);
		c = b + a / c;
		factor = c * d;
		fraction *= factor;
	}
	return exp(shape * log(x) - x - lgamma(shape)) * fraction;
}

static double gamma_below(double x, double shape)
{
	double scaled = x * shape;

	return scaled < shape + 1 ? gamma_below_by_series(scaled, shape) : 1 - gamma_above_by_fraction(scaled, shape);
}

static double normal_below(double x, double cut)
{
	double cut_off = sim_law_below_score(-cut);

	return (sim_law_below_score(x - cut) - cut_off) / (1 - cut_off);
}

static double triangular_below(double x, double peak)
{
	if (x > 1)
		return 1;
	return x < peak ? x * x / peak : 1 - (1 - x) * (1 - x) / (1 - peak);
}

/* x: as in part_density. */
static double part_below(const struct sim_law_part *part, double x)
{
	switch (part->kind) {
	case SIM_EXPONENTIAL:
		return -expm1(-x);
	case SIM_GAMMA:
		return gamma_below(x, part->shape);
	case SIM_NORMAL:
		return normal_below(x, part->shape);
	case SIM_TRIANGULAR:
		return triangular_below(x, part->shape);
	case SIM_UNIFORM:
		return fmin(x, 1);
	case SIM_LOGNORMAL:
		return sim_law_below_score(log(x) / part->shape);
	case SIM_WEIBULL:
		return -expm1(-pow(x, part->shape));
	}
	return (double)NAN;
}

double sim_law_below(const struct sim_law *law, double delay_s)
{
	double sum = 0, total = 0;

	for (size_t i = 0; is_part(law, i); i++) {
		const struct sim_law_part *part = &law->parts[i];
		double x = (delay_s - part->further_s) / part->size_s;

		total += part->share;
		if (x > 0)
			sum += part->share * part_below(part, x);
	}
	return sum / total;
}

double sim_law_quantile(const struct sim_law *law, double share)
{
	double low_s = 0, high_s = law->parts[0].size_s;

	while (sim_law_below(law, high_s) < share)
		high_s *= 2;
	for (int i = 0; i < HALVINGS && high_s - low_s > 1e-13 * high_s; i++) {
		double middle_s = (low_s + high_s) / 2;

		if (sim_law_below(law, middle_s) < share)
			low_s = middle_s;
		else
			high_s = middle_s;
	}
	return (low_s + high_s) / 2;
}

/* Abramowitz and Stegun 26.2.23, for a share up to one half: within 4.5e-4. */
static double coarse_score(double share)
{
	double t = sqrt(-2 * log(share));
	double above = 2.515517 + t * (0.802853 + t * 0.010328);
	double below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));

	return above / below - t;
}

/* One step of Halley's method follows: its error is the cube of the start's. */
double sim_law_score(const struct sim_law *law, double delay_s)
{
	double share = sim_law_below(law, delay_s), score, error;

	share = fmin(fmax(share, SHARE_LEAST), 1 - SHARE_LEAST);
	score = share < 0.5 ? coarse_score(share) : -coarse_score(1 - share);
	error = (sim_law_below_score(score) - share) * sqrt(2 * SIM_PI) * exp(score * score / 2);
	return score - error / (1 + score * error / 2);
}

/* --- width --- */

static double part_width_s(const struct sim_law_part *part)
{
	switch (part->kind) {
	case SIM_GAMMA:
		return part->size_s / fmax(part->shape, 1);
	case SIM_TRIANGULAR:
		return part->size_s * fmin(part->shape, 1 - part->shape);
	case SIM_LOGNORMAL:
		return part->size_s * fmin(part->shape, 1);
	case SIM_WEIBULL:
		return part->size_s / fmax(part->shape, 1);
	case SIM_EXPONENTIAL:
	case SIM_NORMAL:
	case SIM_UNIFORM:
		break;
	}
	return part->size_s;
}

double sim_law_finest_s(const struct sim_law *law)
{
	double finest_s = HUGE_VAL;

	for (size_t i = 0; is_part(law, i); i++)
		finest_s = fmin(finest_s, part_width_s(&law->parts[i]));
	return finest_s;
}
