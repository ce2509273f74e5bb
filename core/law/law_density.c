/* law_density: see law_density.h. */
#include "law_density.h"

#include <stdint.h>

#include "../assert.h"
#include "../maths.h"

enum { BINS = FFNTP_LAW_BINS, LEAST = FFNTP_LAW_LEAST, GENERATIONS = FFNTP_LAW_GENERATIONS };

/* A delay beyond all bins has a gap of its own if it is this many times its bin's width away. */
#define GAP_WIDTHS 4

/* Half the middle 68 % of an exponential, in means. */
#define EXPONENTIAL_SCALE 0.829

/* Bins are not narrower than this (s), nor than this share of their distance from the origin: edges are floats, which
 * resolve 6e-8 of that, and two edges must differ. */
#define NARROWEST_S 1e-8
#define NARROWEST_SHARE 1e-6

/* One delay in this many looks whether a bin should be split. */
#define BALANCE_DELAYS 8

static double width(const struct ffntp_law *law, int i)
{
	return (double)law->edge[i + 1] - (double)law->edge[i];
}

static double middle(const struct ffntp_law *law, int i)
{
	return ((double)law->edge[i + 1] + (double)law->edge[i]) / 2;
}

static double narrowest(double x)
{
	return NARROWEST_S + NARROWEST_SHARE * ffntp_fabs(x);
}

/* Bins among which one is found by one comparison each, none of which waits for another. */
enum { BLOCK = 16 };

/* Return the bin of x, counted from the origin; the first or the last bin if x lies beyond them. */
static int locate(const struct ffntp_law *law, double at)
{
	float x = (float)at;
	int block = 0, bin = 0;

	for (int k = BLOCK; k < BINS; k += BLOCK)
		block += law->edge[k] <= x;
	for (int k = 1; k < BLOCK; k++)
		bin += law->edge[BLOCK * block + k] <= x;
	return BLOCK * block + bin;
}

/* Return the bin of x likewise, searched from bin i, which is near. */
static inline int walk(const struct ffntp_law *law, int i, float x)
{
	while (i < BINS - 1 && x >= law->edge[i + 1])
		i++;
	while (i > 0 && x < law->edge[i])
		i--;
	return i;
}

double ffntp_law_quantile(const struct ffntp_law *law, double p)
{
	double wanted = p * law->total, sum = 0;

	for (int i = 0; i < BINS; i++) {
		double mass = (double)law->mass[i];

		if (sum + mass >= wanted && mass > 0)
			return law->origin + (double)law->edge[i] + width(law, i) * (wanted - sum) / mass;
		sum += mass;
	}
	return law->origin + (double)law->edge[BINS];
}

/* Mass of bins from 'first' on, up to 'end': four sums, so that a processor need not wait for each addition. */
static double mass_of(const struct ffntp_law *law, int first, int end)
{
	float sum[4] = { 0 };
	int i = first;

	for (; i + 4 <= end; i += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += law->mass[i + k];
	for (; i < end; i++)
		sum[0] += law->mass[i];
	return (double)(sum[0] + sum[1] + (sum[2] + sum[3]));
}

/* Return the rank of x, which is in bin i. */
static double rank_in(const struct ffntp_law *law, int i, double x)
{
	double low = (double)law->edge[i], high = (double)law->edge[i + 1];
	double own = (double)law->mass[i] * (x - low) / (high - low);

	if (x <= (double)law->edge[0])
		return -0.5;
	if (x >= (double)law->edge[BINS])
		return 0.5;
	if (i < BINS / 2)
		return (mass_of(law, 0, i) + own) / law->total - 0.5;
	return 0.5 - (mass_of(law, i, BINS) - own) / law->total;
}

double ffntp_law_rank(const struct ffntp_law *law, double delay_s)
{
	double x = delay_s - law->origin;

	return rank_in(law, locate(law, x), x);
}

double ffntp_law_sure_rank(const struct ffntp_law *law, double delay_s, double reach_s)
{
	double x = delay_s - law->origin, rank;
	int i = locate(law, x - reach_s);

	rank = rank_in(law, i, x - reach_s);
	if (rank > 0)
		return rank;
	rank = rank_in(law, walk(law, i, (float)(x + reach_s)), x + reach_s);
	return rank < 0 ? rank : 0;
}

/* --- density --- */

/* Points that are looked up at a time, so that a compiler can do several at a time. */
enum { POINTS = 12 };

/*
 * Looked-up points: the log density by the line of the point's bin, and by that of the neighbour on the nearer side;
 * the distance from the edge between the two bins, and the width of the narrower bin.
 */
struct places {
	float own[POINTS], neighbour[POINTS], distance[POINTS], narrower[POINTS];
};

/* Return the log density at x by the line of a bin. */
static inline float line_at(const struct ffntp_law *law, int i, float x)
{
	return law->log_density[i] + law->slope[i] * (x - (law->edge[i] + law->edge[i + 1]) / 2);
}

static inline float narrower(float a, float b)
{
	return a < b ? a : b;
}

static inline void look_up(const struct ffntp_law *law, int i, float x, struct places *places, int k)
{
	float low = law->edge[i], high = law->edge[i + 1], from_low = x - low, from_high = high - x;
	int neighbour = i + 1 - 2 * (from_low < from_high);

	places->distance[k] = narrower(from_low, from_high);
	if (places->distance[k] < 0) {
		places->own[k] = places->neighbour[k] = (float)law->far;
		places->distance[k] = places->narrower[k] = 1; /* x may be infinite */
		return;
	}
	neighbour = neighbour < 0 ? 0 : neighbour > BINS - 1 ? BINS - 1 : neighbour;
	places->narrower[k] = narrower(high - low, law->edge[neighbour + 1] - law->edge[neighbour]);
	places->own[k] = line_at(law, i, x);
	places->neighbour[k] = line_at(law, neighbour, x);
}

/* The neighbour's line counts as well within half of the narrower bin: half at the edge, the less the further. */
static void add_values(const struct places *places, int count, double weight, double *out)
{
	for (int k = 0; k < count; k++) {
		float share = 0.5f - places->distance[k] / places->narrower[k];

		share = share > 0 ? share : 0;
		out[k] += weight * (double)(places->own[k] + share * (places->neighbour[k] - places->own[k]));
	}
}

static double log_density_in(const struct ffntp_law *law, int i, double x)
{
	struct places places;
	double value = 0;

	look_up(law, i, (float)x, &places, 0);
	add_values(&places, 1, 1, &value);
	return value;
}

double ffntp_law_log_density(const struct ffntp_law *law, double delay_s)
{
	double x = delay_s - law->origin;

	return log_density_in(law, locate(law, x), x);
}

double ffntp_law_gain(const struct ffntp_law *law, double delay_s, double shifted_s, double *rank)
{
	double x = delay_s - law->origin, shifted = shifted_s - law->origin;
	int i = locate(law, x), j = walk(law, i, (float)shifted);

	*rank = rank_in(law, j, shifted);
	return log_density_in(law, j, shifted) - log_density_in(law, i, x);
}

/* The bins of points, which are in ascending or descending order: each edge between them is compared with all. */
static void locate_each(const struct ffntp_law *law, const float x[POINTS], int bin[POINTS])
{
	int first = locate(law, (double)x[0]), last = locate(law, (double)x[POINTS - 1]);
	int low = first < last ? first : last, high = first < last ? last : first;

	for (int k = 0; k < POINTS; k++)
		bin[k] = low;
	for (int i = low + 1; i <= high; i++)
		for (int k = 0; k < POINTS; k++)
			bin[k] += law->edge[i] <= x[k];
}

void ffntp_law_tabulate(const struct ffntp_law *law, double first_s, double step_s, int count, double weight,
			double *out)
{
	double from = first_s - law->origin;
	struct places places;
	float x[POINTS];
	int bin[POINTS];

	for (int done = 0; done < count; done += POINTS) {
		int points = count - done < POINTS ? count - done : POINTS;

		for (int k = 0; k < POINTS; k++)
			x[k] = (float)(from + (done + k) * step_s);
		locate_each(law, x, bin);
		for (int k = 0; k < points; k++)
			look_up(law, bin[k], x[k], &places, k);
		add_values(&places, points, weight, out + done);
	}
}

/* --- fitting --- */

/* Exchanges and their summed delays below each edge. */
struct sums {
	double count[BINS + 1], moment[BINS + 1];
};

/* The mean of a window's delays, from its middle, in halves of its width, at most: beyond, slopes are too steep. */
#define MEAN_MOST 0.67

/* Bins that are fitted at a time, so that a compiler can do several windows at a time: no branches, and floats. */
enum { LANES = 16 };

/* Windows of bins: the width of each, the exchanges in it, and their summed delays from its middle; and how far from
 * there a fit is wanted. */
struct windows {
	float width[LANES], n[LANES], moment[LANES], x[LANES];
};

/* Of log density at a point: the fit, its slope and its variance; and what other fits must not be below or above. */
struct fits {
	float value[LANES], slope[LANES], variance[LANES], low[LANES], high[LANES];
};

union float_bits {
	float value;
	int32_t bits;
};

/* The natural logarithm of a normal number > 0, within 1e-7 or three parts in 1e7, by the first terms of ffntp_ln's
 * series. */
static inline float rough_ln(float x)
{
	const int32_t root_half = 0x3f3504f3, fraction = 0x7fffff;
	union float_bits m = { .value = x };
	int32_t above = m.bits - root_half;
	float s, s2;

	m.bits = (above & fraction) + root_half;
	s = (m.value - 1) / (m.value + 1);
	s2 = s * s;
	return (float)(above >> 23) * 0.693147181f + s * (2 + s2 * (2 / 3.f + s2 * (2 / 5.f + s2 * (2 / 7.f))));
}

/* The square root of a normal number > 0, within 5 parts in 1e6: two of Newton's steps. */
static inline float rough_sqrt(float x)
{
	union float_bits y = { .value = x };

	y.bits = 0x5f3759df - (y.bits >> 1);
	y.value *= 1.5f - 0.5f * x * y.value * y.value;
	y.value *= 1.5f - 0.5f * x * y.value * y.value;
	return x * y.value;
}

static void set_window(struct windows *windows, int lane, const struct ffntp_law *law, const struct sums *sums, int a,
		       int b, double x)
{
	double low = (double)law->edge[a], high = (double)law->edge[b], centre = (low + high) / 2;
	double n = sums->count[b] - sums->count[a], moment = sums->moment[b] - sums->moment[a] - n * centre;
	/* A window that holds less than half an exchange has no usable mean: its moment counts as 0. */
	double most = MEAN_MOST / 2 * (n > 0.5) * (high - low) * (n + law->params->slope_prior);

	windows->width[lane] = (float)(high - low);
	windows->n[lane] = (float)n;
	windows->moment[lane] = (float)ffntp_fmax(ffntp_fmin(moment, most), -most);
	windows->x[lane] = (float)(x - centre);
}

/*
 * The exponential that fits each window. Its slope t, in units of half the window, is found from the mean r in the same
 * units, by the inverse of Langevin's function (Cohen 1991); log(t / sinh t) is a continued fraction, within 1 % where
 * slopes are allowed. Quotients share divisions, because these windows are most of what a fit costs.
 */
static void fit_windows(const struct windows *windows, int count, const struct ffntp_law_params *params,
			struct fits *fits)
{
	const float slope_prior = (float)params->slope_prior, agree_sd = (float)params->agree_sd;

	for (int i = 0; i < count; i++) {
		float width = windows->width[i], n = windows->n[i], sure = n + 0.5f, shrunk = n + slope_prior;
		float share = 1 / (width * sure * shrunk), per_half = 2 * sure * shrunk * share;
		float u = windows->x[i] * per_half, r = windows->moment[i] * 2 * sure * share, r2 = r * r;
		/* t = p / q with q = 1 - r^2, and log(t / sinh t) = -t^2 / (6 + t^2 / 5 (1 - t^2 / 100)) = -(p q)^2 /
		 * d. */
		float p = r * (3 - r2), p2 = p * p, q = 1 - r2, q2 = q * q;
		float d = 6 * q2 * q2 + p2 * (q2 / 5 - p2 / 500), quotient = 1 / (d * q), t = p * d * quotient;
		float value = rough_ln((n + 0.1f) * per_half / 2) + t * u - p2 * q2 * q * quotient;
		float variance = (1 + 3 * u * u) * width * shrunk * share, margin = agree_sd * rough_sqrt(variance);

		fits->value[i] = value;
		fits->slope[i] = t * per_half;
		fits->variance[i] = variance;
		fits->low[i] = value - margin;
		fits->high[i] = value + margin;
	}
}

/* The range that all windows around a bin agree on so far; the last fit that did not agree, and the last that did. */
struct growth {
	float low, high;
	struct {
		float value, slope, variance;
	} fit[2];
};

/* Return whether the next wider window agrees with all before. */
static bool grow(struct growth *growth, const struct fits *fits, int lane)
{
	bool agrees;

	growth->low = growth->low > fits->low[lane] ? growth->low : fits->low[lane];
	growth->high = growth->high < fits->high[lane] ? growth->high : fits->high[lane];
	agrees = growth->low <= growth->high;
	growth->fit[agrees].value = fits->value[lane];
	growth->fit[agrees].slope = fits->slope[lane];
	growth->fit[agrees].variance = fits->variance[lane];
	return agrees;
}

/*
 * Windows grow while they agree with all smaller ones (intersection of confidence intervals), and while there is more
 * on the sides that they grow to. growths: of LANES bins from 'first' on, in which each bin is a window so far.
 */
static void grow_windows(const struct ffntp_law *law, const struct sums *sums, int first, int to_left, int to_right,
			 struct growth growths[LANES])
{
	static const int radius[] = { 1, 2, 4, 8, 14, 26, 48, 90 };
	int open[LANES], count = LANES;
	bool is_last[LANES];
	struct windows windows = { { 0 }, { 0 }, { 0 }, { 0 } };
	struct fits fits;

	for (int i = 0; i < LANES; i++)
		open[i] = i;
	for (unsigned k = 0; k < sizeof radius / sizeof *radius; k++) {
		int lanes = 0, kept = 0;

		for (int i = 0; i < count; i++) {
			int bin = first + open[i], a = bin - to_left * radius[k], b = bin + to_right * radius[k] + 1;

			if (a < 0 && b > BINS)
				continue;
			is_last[lanes] = to_left == 0 ? b >= BINS : to_right == 0 && a <= 0;
			set_window(&windows, lanes, law, sums, a < 0 ? 0 : a, b > BINS ? BINS : b, middle(law, bin));
			open[lanes++] = open[i];
		}
		/* The count is rounded up: fitting a few unused windows costs less than a second loop for the rest. */
		fit_windows(&windows, (lanes + 3) / 4 * 4, law->params, &fits);
		for (int i = 0; i < lanes; i++) {
			bool agrees = grow(&growths[open[i]], &fits, i);

			open[kept] = open[i];
			kept += agrees & !is_last[i];
		}
		count = kept;
	}
}

/* Sums of the values and slopes of a bin's three fits. The weight of a fit is the inverse square of its variance. */
struct mean {
	double weight, value, slope;
};

static void add_fits(struct mean means[LANES], const struct growth growths[LANES])
{
	for (int i = 0; i < LANES; i++) {
		double weight = 1 / ffntp_square((double)growths[i].fit[1].variance);

		means[i].weight += weight;
		means[i].value += weight * (double)growths[i].fit[1].value;
		means[i].slope += weight * (double)growths[i].fit[1].slope;
	}
}

/* Fit LANES bins by windows to both sides, to the right only and to the left only: smooth where the law is smooth,
 * sharp at its edges. */
static void fit_bins(const struct ffntp_law *law, const struct sums *sums, int first, struct mean means[LANES])
{
	struct growth own[LANES], growths[LANES];
	struct windows windows;
	struct fits fits;

	for (int i = 0; i < LANES; i++) {
		set_window(&windows, i, law, sums, first + i, first + i + 1, middle(law, first + i));
		own[i] = (struct growth){ .low = -1e30f, .high = 1e30f };
		means[i] = (struct mean){ 0 };
	}
	fit_windows(&windows, LANES, law->params, &fits);
	for (int i = 0; i < LANES; i++)
		(void)grow(&own[i], &fits, i);
	for (int side = 0; side < 3; side++) {
		for (int i = 0; i < LANES; i++)
			growths[i] = own[i];
		grow_windows(law, sums, first, side != 1, side != 2, growths);
		add_fits(means, growths);
	}
}

/* Return the density that is spread evenly over many scales, in exchanges per second. */
static double spread(const struct ffntp_law *law)
{
	return law->params->tail_mass / (law->params->tail_width * law->scale);
}

static double log_share(const struct ffntp_law *law, double exchanges_per_s)
{
	return ffntp_ln(exchanges_per_s / (law->n + law->params->tail_mass));
}

static void set_far(struct ffntp_law *law)
{
	law->far = log_share(law, spread(law));
}

/* density: exchanges per second; slope: of its logarithm, 1/s. */
static void set_density(struct ffntp_law *law, int i, double density, double slope)
{
	double most = law->params->slope_most / width(law, i), own = slope * density / (density + spread(law));

	law->log_density[i] = (float)log_share(law, density + spread(law));
	law->slope[i] = (float)ffntp_fmax(ffntp_fmin(own, most), -most);
}

void ffntp_law_fit(struct ffntp_law *law)
{
	struct mean means[LANES];
	struct sums sums;
	double per = law->n / law->total;

	sums.count[0] = sums.moment[0] = 0;
	for (int i = 0; i < BINS; i++) {
		double n = (double)law->mass[i] * per;

		sums.count[i + 1] = sums.count[i] + n;
		sums.moment[i + 1] = sums.moment[i] + n * middle(law, i);
	}
	law->scale = ffntp_fmax((ffntp_law_quantile(law, 0.84) - ffntp_law_quantile(law, 0.16)) / 2, 1e-7);
	law->middle = ffntp_law_quantile(law, 0.5) - law->origin;
	law->power = 0;
	set_far(law);
	for (int first = 0; first < BINS; first += LANES) {
		fit_bins(law, &sums, first, means);
		for (int i = 0; i < LANES; i++) {
			double density = ffntp_exp(means[i].value / means[i].weight);

			set_density(law, first + i, density, means[i].slope / means[i].weight);
			law->power += (double)law->mass[first + i] / law->total * density / law->n;
		}
	}
}

/* --- bins --- */

static double importance(const struct ffntp_law *law, double mass, double low, double high)
{
	const struct ffntp_law_params *params = law->params;
	double distance = ffntp_fabs((low + high) / 2 - law->middle);
	double breadth = (high - low) / (params->wide_scale * law->scale + params->wide_distance * distance);

	return mass / law->total + params->wide_share / FFNTP_LAW_BINS * breadth;
}

/* Join bins i and i + 1: the last bin is free then, and empty. */
static void join(struct ffntp_law *law, int i)
{
	law->mass[i] += law->mass[i + 1];
	for (int k = i + 1; k < BINS - 1; k++) {
		law->edge[k] = law->edge[k + 1];
		law->mass[k] = law->mass[k + 1];
		law->log_density[k] = law->log_density[k + 1];
		law->slope[k] = law->slope[k + 1];
	}
	law->edge[BINS - 1] = law->edge[BINS];
}

/* Move the bins from i on up by one, over the free one. */
static void open(struct ffntp_law *law, int i)
{
	for (int k = BINS - 1; k > i; k--) {
		law->edge[k] = law->edge[k - 1];
		law->mass[k] = law->mass[k - 1];
		law->log_density[k] = law->log_density[k - 1];
		law->slope[k] = law->slope[k - 1];
	}
}

/*
 * Return the first bin of the least important pair of neighbours, of those without bin 'except'. *least: set to its
 * importance.
 */
static int least_pair(const struct ffntp_law *law, int except, double *least)
{
	int found = 0;

	*least = 1e300;
	for (int i = 0; i < BINS - 1; i++) {
		double value = importance(law, (double)law->mass[i] + (double)law->mass[i + 1], (double)law->edge[i],
					  (double)law->edge[i + 2]);

		if (value < *least && i != except && i + 1 != except) {
			*least = value;
			found = i;
		}
	}
	return found;
}

static void free_one(struct ffntp_law *law, int except)
{
	double least;

	join(law, least_pair(law, except, &least));
}

static void set_empty(struct ffntp_law *law, int i)
{
	law->mass[i] = 0;
	law->log_density[i] = (float)law->far;
	law->slope[i] = 0;
}

static void balance(struct ffntp_law *law)
{
	double most = 0, least;
	int heavy = 0, pair;

	for (int i = 0; i < BINS; i++) {
		double value = importance(law, (double)law->mass[i], (double)law->edge[i], (double)law->edge[i + 1]);

		if (value > most && width(law, i) > narrowest((double)law->edge[i])) {
			most = value;
			heavy = i;
		}
	}
	pair = least_pair(law, heavy, &least);
	if (most < law->params->split * least)
		return;
	join(law, pair);
	heavy -= heavy > pair;
	open(law, heavy);
	law->edge[heavy + 1] = (float)(((double)law->edge[heavy] + (double)law->edge[heavy + 2]) / 2);
	law->mass[heavy] /= 2;
	law->mass[heavy + 1] = law->mass[heavy];
}

/* A bin below all others, from x on. */
static void prepend(struct ffntp_law *law, double x)
{
	free_one(law, 0);
	open(law, 0);
	law->edge[0] = (float)x;
	set_empty(law, 0);
}

static void append(struct ffntp_law *law, double x)
{
	free_one(law, BINS - 1);
	law->edge[BINS] = (float)x;
	set_empty(law, BINS - 1);
}

/* A delay beyond all bins gets a bin of its own; between it and the others there is a gap, which must not have its
 * mass. */
static void extend(struct ffntp_law *law, double x, double own)
{
	double low = (double)law->edge[0], high = (double)law->edge[BINS];

	if (x < low) {
		if (low - x > GAP_WIDTHS * own)
			prepend(law, x + own);
		prepend(law, x - own);
	} else if (x >= high) {
		if (x - high > GAP_WIDTHS * own)
			append(law, x - own);
		append(law, x + own);
	}
}

/* --- entering --- */

static void remember_least(struct ffntp_law *law, double x)
{
	struct ffntp_law_generation *newest = &law->least[0];
	double long_enough = ffntp_fmin(law->params->memory / 2, law->params->generation * law->entered);
	int i;

	if (law->entered - newest->since > long_enough && newest->count == LEAST) {
		for (i = GENERATIONS - 1; i > 0; i--)
			law->least[i] = law->least[i - 1];
		*newest = (struct ffntp_law_generation){ .since = law->entered };
	}
	if (newest->count == LEAST && x >= (double)newest->delay[LEAST - 1])
		return;
	if (newest->count < LEAST)
		newest->count++;
	for (i = newest->count - 1; i > 0 && (double)newest->delay[i - 1] > x; i--)
		newest->delay[i] = newest->delay[i - 1];
	newest->delay[i] = (float)x;
}

int ffntp_law_lowest(const struct ffntp_law *law, double lowest[FFNTP_LAW_LEAST])
{
	int next[GENERATIONS] = { 0 };

	for (int n = 0; n < LEAST; n++) {
		int best = -1;

		for (int g = 0; g < GENERATIONS; g++)
			if (next[g] < law->least[g].count &&
			    (best < 0 || law->least[g].delay[next[g]] < law->least[best].delay[next[best]]))
				best = g;
		if (best < 0)
			return n;
		lowest[n] = (double)law->least[best].delay[next[best]++];
	}
	return LEAST;
}

/*
 * Let older delays fade: instead of all masses becoming smaller, the unit in which new delays are entered grows; all
 * masses are divided by it when it is large.
 */
static void fade(struct ffntp_law *law)
{
	double early = law->params->early, share;

	law->entered++;
	share = ffntp_fmax(early / (law->entered + early), 1 / law->params->memory);
	law->n = law->n * (1 - share) + 1;
	law->unit /= 1 - share;
	if (law->unit < 1e6)
		return;
	for (int i = 0; i < BINS; i++)
		law->mass[i] = (float)((double)law->mass[i] / law->unit);
	law->total /= law->unit;
	law->unit = 1;
}

/* Return whether each bin ends above its beginning. */
static bool is_rising(const struct ffntp_law *law)
{
	for (int i = 0; i < BINS; i++)
		if (!(law->edge[i] < law->edge[i + 1]))
			return false;
	return true;
}

void ffntp_law_enter(struct ffntp_law *law, double delay_s, double sd_s, bool is_sound)
{
	/* A normal distribution in seven points. */
	static const double at[] = { -1.8, -1.2, -0.6, 0, 0.6, 1.2, 1.8 };
	static const double share[] = { 0.0482, 0.1174, 0.2004, 0.2680, 0.2004, 0.1174, 0.0482 };
	double x = delay_s - law->origin, sd = ffntp_fmax(sd_s, 2e-8), sum = 0;
	int i;

	fade(law);
	extend(law, x, ffntp_fmax(2 * sd, narrowest(x)));
	i = locate(law, x + at[0] * sd);
	for (unsigned k = 0; k < sizeof at / sizeof *at; k++) {
		if (i < BINS - 1 && x + at[k] * sd >= (double)law->edge[i + 1]) {
			law->mass[i] += (float)(sum * law->unit);
			sum = 0;
			i = walk(law, i, (float)(x + at[k] * sd));
		}
		sum += share[k];
	}
	law->mass[i] += (float)(sum * law->unit);
	law->total += law->unit;
	/* The fit of the floor needs at least one delay. */
	if (is_sound || law->least[0].count + law->least[1].count == 0)
		remember_least(law, x);
	if ((long)law->entered % BALANCE_DELAYS == 0)
		balance(law);
	FFNTP_ASSERT(is_rising(law));
	FFNTP_ASSERT(law->total > 0 && law->n > 0);
}

/* Two empty bins below the floor, then bins of equal mass, the last of which reaches 8 means further. */
static void set_edges(struct ffntp_law *law, double mean_s)
{
	law->edge[0] = (float)(-8 * mean_s);
	law->edge[1] = (float)(-0.5 * mean_s);
	for (int i = 2; i < BINS; i++) {
		double below = (double)(i - 1) / (BINS - 2);

		law->edge[i + 1] =
			i < BINS - 1 ? (float)(-ffntp_ln(1 - below) * mean_s) : law->edge[i] + (float)(8 * mean_s);
		law->mass[i] = (float)(law->total / (BINS - 2));
	}
}

void ffntp_law_begin(struct ffntp_law *law, double floor_s, double mean_s, double weight,
		     const struct ffntp_law_params *params)
{
	double scale = EXPONENTIAL_SCALE * mean_s;

	*law = (struct ffntp_law){
		.params = params,
		.origin = floor_s,
		.entered = weight,
		.n = weight,
		.total = weight,
		.unit = 1,
		.middle = 0.693 * mean_s,
		.scale = scale,
		.power = 0.5 / mean_s,
	};
	set_edges(law, mean_s);
	set_far(law);
	for (int i = 0; i < 2; i++)
		set_empty(law, i);
	for (int i = 2; i < BINS; i++)
		set_density(law, i, ffntp_exp(-middle(law, i) / mean_s) * weight / mean_s, -1 / mean_s);
}
