/*
 * law_floor: see law_floor.h. Two sources: the least delays of each way, whose distribution is taken to begin as a
 * power; and the differences of quantiles, which are known far better but equal that of the ends only if the laws are
 * alike.
 */
#include "law_floor.h"

#include "../maths.h"

enum { GAPS = 20, SHAPES = 8, POINTS = 56, LEVELS = 7, LEAST = FFNTP_LAW_LEAST };

/* A logarithm whose exponential is as good as zero, and still a normal number. */
#define LEAST_LOG (-700.0)

/* Of a distance to that from the end to the end of the stretch: the product of LEAST of these is a normal number. */
#define LEAST_QUOTIENT 1e-18

/* For each exponent of the tail: log evidence, and mean and variance of the lower end. */
struct tail {
	double evidence[SHAPES], mean[SHAPES], variance[SHAPES];
	double end, spread; /* of all exponents together: mean and standard deviation */
	double doubt2;      /* variance of the end because the tail is not exactly a power (s^2) */
};

/* Delays from the law's origin, each with the number of exchanges it stands for; 'upper' ends the stretch. */
struct points {
	double at[POINTS], weight[POINTS], total, upper;
	int count;
};

/* The logarithm of an exponent. */
static double log_shape(const struct ffntp_law_params *params, int k)
{
	return ffntp_ln(params->shape_least) + params->shape_span * k / (SHAPES - 1);
}

/* Set each exponent's distance from the expected one, in standard deviations of the prior. */
static void shape_deviations(const struct ffntp_law_params *params, double deviation[SHAPES])
{
	for (int k = 0; k < SHAPES; k++)
		deviation[k] = (log_shape(params, k) - ffntp_ln(params->shape_median)) / params->shape_sd;
}

static void add_point(struct points *points, double at, double weight)
{
	points->at[points->count] = at;
	points->weight[points->count++] = weight;
	points->total += weight;
}

/* The least delays one by one, and beyond them bins of the histogram, until they stand for 'wanted' exchanges. */
static void collect(const struct ffntp_law *law, double wanted, struct points *points)
{
	double lowest[LEAST], seen = ffntp_fmin(law->entered, 1.3 * law->params->memory);
	double per = law->params->count_share * seen / law->total;
	int n = ffntp_law_lowest(law, lowest);

	points->count = 0;
	points->total = 0;
	points->upper = lowest[n - 1];
	for (int i = 0; i < n - 1; i++)
		add_point(points, lowest[i], 1);
	for (int i = 0; i < FFNTP_LAW_BINS && points->total < wanted - 1 && points->count < POINTS; i++) {
		double low = (double)law->edge[i], high = (double)law->edge[i + 1];
		double from = ffntp_fmax(low, lowest[n - 1]), count = (double)law->mass[i] * per;

		if (high <= from || count <= 0)
			continue;
		count *= (high - from) / (high - low);
		if (points->total + count > wanted) {
			high = from + (high - from) * (wanted - points->total) / count;
			count = wanted - points->total;
		}
		add_point(points, (from + high) / 2, count);
		points->upper = high;
	}
	if (points->count == 0)
		add_point(points, lowest[n - 1], 1);
}

/* Moments of the gap under one exponent; likelihood[] is the logarithm at each gap. */
static void condense(struct tail *tail, int k, double likelihood[GAPS], const double gaps[GAPS])
{
	double most = likelihood[0], m0 = 0, m1 = 0, m2 = 0;

	for (int g = 1; g < GAPS; g++)
		most = ffntp_fmax(most, likelihood[g]);
	for (int g = 0; g < GAPS; g++)
		likelihood[g] = ffntp_fmax(likelihood[g] - most, LEAST_LOG);
	ffntp_exp_each(likelihood, GAPS);
	for (int g = 0; g < GAPS; g++) {
		double weight = likelihood[g];

		m0 += weight;
		m1 += weight * gaps[g];
		m2 += weight * gaps[g] * gaps[g];
	}
	m1 /= m0;
	tail->evidence[k] = most + ffntp_ln(m0);
	tail->mean[k] = -m1;
	tail->variance[k] = ffntp_fmax(m2 / m0 - m1 * m1, 0);
}

/* Combine the moments of all exponents, weighted by their evidence and their prior probability. */
static void summarise(struct tail *tail, const struct ffntp_law_params *params)
{
	double score[SHAPES], deviation[SHAPES], most = -1e300, m0 = 0, m1 = 0, m2 = 0;

	shape_deviations(params, deviation);
	for (int k = 0; k < SHAPES; k++) {
		score[k] = tail->evidence[k] - ffntp_square(deviation[k]) / 2;
		most = ffntp_fmax(most, score[k]);
	}
	for (int k = 0; k < SHAPES; k++) {
		double weight = ffntp_exp(score[k] - most), apart = tail->mean[k] - tail->mean[0];

		m0 += weight;
		m1 += weight * apart;
		m2 += weight * (apart * apart + tail->variance[k]);
	}
	tail->end = tail->mean[0] + m1 / m0;
	tail->spread = ffntp_sqrt(ffntp_fmax(m2 / m0 - ffntp_square(m1 / m0), 0));
}

/*
 * Return the weighted sum of log((x - end) / (upper - end)) over all points; 'soft' is added to both differences,
 * because the clock that placed the delays blurs them. Points are in ascending order, and those that stand for one
 * exchange come first: their quotients are multiplied, so that one logarithm serves all of them. The product does not
 * underflow, because each quotient is above 1e-18.
 */
static double sum_logs(const struct points *points, double end, double length, double soft)
{
	double quotient[POINTS + 1] = { 1 }, sum, per = 1 / (length + soft);
	int single = 0, count = points->count;

	for (int i = 0; i < count; i++)
		quotient[i + 1] = ffntp_fmax(ffntp_fmin((points->at[i] - end + soft) * per, 1), LEAST_QUOTIENT);
	while (single < count && single < LEAST && points->weight[single] == 1)
		quotient[single + 1] *= quotient[single], single++;
	ffntp_ln_each(quotient + single, count - single + 1);
	sum = quotient[single];
	for (int i = single; i < count; i++)
		sum += points->weight[i] * quotient[i + 1];
	return sum;
}

/* P(delay < x) = ((x - end) / (upper - end))^k up to 'upper': the posterior of the end on a grid of gaps below the
 * least delay, whose logarithm is evenly likely, but for gaps far below the stretch. */
static struct tail fit(const struct ffntp_law *law, const struct points *points, double blur)
{
	const struct ffntp_law_params *params = law->params;
	double least = points->at[0], upper = ffntp_fmax(points->upper, least + 2 * blur + 1e-8), reach = upper - least;
	double soft = 0.3 * blur, fifteenth = points->at[points->count > 14 ? 14 : points->count - 1];
	double first = params->gap_least * (fifteenth - least + blur + 1e-9);
	double growth = ffntp_ln(params->gap_most * reach / first) / (GAPS - 1);
	double likelihood[SHAPES][GAPS], gaps[GAPS], log_k[SHAPES], shape[SHAPES];
	int early =
		(int)ffntp_fmin(ffntp_exp(ffntp_ln(law->entered + 1) / 3), points->count > 14 ? 14 : points->count - 1);
	struct tail tail;

	for (int k = 0; k < SHAPES; k++)
		log_k[k] = shape[k] = log_shape(params, k);
	ffntp_exp_each(shape, SHAPES);
	for (int g = 0; g < GAPS; g++) {
		double length, logs, log_length, prior;

		gaps[g] = first * ffntp_exp(growth * g);
		length = reach + gaps[g];
		logs = sum_logs(points, least - gaps[g], length, soft);
		log_length = ffntp_ln(length);
		prior = 0.5 * ffntp_ln(gaps[g]) - log_length;
		for (int k = 0; k < SHAPES; k++)
			likelihood[k][g] = points->total * (log_k[k] - log_length) + (shape[k] - 1) * logs + prior;
	}
	for (int k = 0; k < SHAPES; k++) {
		condense(&tail, k, likelihood[k], gaps);
		tail.mean[k] += law->origin + least;
		tail.variance[k] += params->floor_blur * blur * blur;
	}
	summarise(&tail, params);
	tail.doubt2 = params->end_doubt * ffntp_square(points->at[early] - least);
	return tail;
}

/* Return whether two fits agree within the error of the one with fewer delays. */
static bool agree(const struct tail *fewer, const struct tail *more, double sd)
{
	return ffntp_fabs(more->end - fewer->end) <= sd * fewer->spread;
}

/* The least delays first, then three times as many, and so on to n^(2/3), as long as all agree (Lepski). */
static struct tail tail_of(const struct ffntp_law *law, double blur)
{
	double n = ffntp_fmin(law->entered, law->params->memory), most = ffntp_exp(ffntp_ln(n) * 2 / 3);
	double sd = law->params->lepski_sd;
	struct points points;
	struct tail first, tail;

	collect(law, LEAST, &points);
	first = tail = fit(law, &points, blur);
	for (double wanted = 3 * LEAST; wanted <= most; wanted *= 3) {
		struct tail wider;

		collect(law, wanted, &points);
		wider = fit(law, &points, blur);
		if (!agree(&first, &wider, sd) || !agree(&tail, &wider, sd))
			break;
		tail = wider;
	}
	return tail;
}

/* Return the prior probability of two exponents together, up to a constant factor. a, b: their deviations. */
static double both_shapes(const struct ffntp_law_params *params, double a, double b)
{
	double apart = (a - b) / params->alike_sd;
	double alike = params->alike_share / params->alike_sd * ffntp_exp(-apart * apart / 2 - (a + b) * (a + b) / 8);

	return alike + (1 - params->alike_share) * ffntp_exp(-(a * a + b * b) / 2);
}

/* From the least delays alone. */
static struct ffntp_law_floors from_tails(const struct ffntp_law_params *params, const struct tail *there,
					  const struct tail *back)
{
	double base = there->mean[0] - back->mean[0], most[2] = { -1e300, -1e300 }, m0 = 0, m1 = 0, m2 = 0;
	double deviation[SHAPES], likely[2][SHAPES];

	shape_deviations(params, deviation);
	for (int k = 0; k < SHAPES; k++) {
		most[0] = ffntp_fmax(most[0], there->evidence[k]);
		most[1] = ffntp_fmax(most[1], back->evidence[k]);
	}
	for (int k = 0; k < SHAPES; k++) {
		likely[0][k] = ffntp_exp(there->evidence[k] - most[0]);
		likely[1][k] = ffntp_exp(back->evidence[k] - most[1]);
	}
	for (int i = 0; i < SHAPES; i++)
		for (int j = 0; j < SHAPES; j++) {
			double weight = both_shapes(params, deviation[i], deviation[j]) * likely[0][i] * likely[1][j];
			double apart = there->mean[i] - back->mean[j] - base;

			m0 += weight;
			m1 += weight * apart;
			m2 += weight * (apart * apart + there->variance[i] + back->variance[j]);
		}
	m1 /= m0;
	return (struct ffntp_law_floors){ base + m1, m2 / m0 - m1 * m1 };
}

/* Quantiles 1/2, 1/4, ... of a law, and their sampling errors; the lowest has some 6 delays below it. */
struct quantiles {
	double at[LEVELS], error[LEVELS];
};

static void measure(const struct ffntp_law *law, double n, int levels, struct quantiles *q)
{
	double p = 0.5;

	for (int i = 0; i < levels; i++, p /= 2) {
		double dp = ffntp_sqrt(p * (1 - p) / n);

		q->at[i] = ffntp_law_quantile(law, p);
		q->error[i] =
			(ffntp_law_quantile(law, p + dp) - ffntp_law_quantile(law, ffntp_fmax(p - dp, 0.3 / n))) / 2;
	}
}

static double least_delay(const struct ffntp_law *law)
{
	double lowest[LEAST];

	(void)ffntp_law_lowest(law, lowest);
	return law->origin + lowest[0];
}

/*
 * Estimate the difference of the ends from the differences of the quantiles. The further a quantile lies above the end,
 * the more its difference may deviate, because the two laws may be unlike.
 */
static struct ffntp_law_floors from_quantiles(const struct ffntp_law laws[2], const struct tail *there,
					      const struct tail *back)
{
	double n = ffntp_fmin(laws[0].n, laws[1].n), far[2], unlike;
	struct ffntp_law_floors best = { 0, 1e300 };
	struct quantiles q[2];
	int levels = 0, last;

	for (double p = 0.5; levels < LEVELS && p * n > 6; p /= 2)
		levels++;
	if (levels < 2)
		return best;
	last = levels - 1;
	for (int way = 0; way < 2; way++) {
		measure(&laws[way], n, levels, &q[way]);
		far[way] = q[way].at[0] - least_delay(&laws[way]);
	}
	unlike = ffntp_fmax(ffntp_fabs(far[0] - far[1]) / (far[0] + far[1] + 1e-12) - laws[0].params->unlike_least, 0);
	for (int i = 0; i < last; i++) {
		double a = q[0].at[i] - q[0].at[last], b = q[1].at[i] - q[1].at[last], sum = a + b + 1e-12;
		double rho = (a - b) / sum, reach = q[0].at[i] - there->end + q[1].at[i] - back->end;
		double own = ffntp_square(q[0].error[i]) + ffntp_square(q[1].error[i]);
		double base = ffntp_square(q[0].error[last]) + ffntp_square(q[1].error[last]);
		double variance = own + reach * reach * (rho * rho + (base + own) / (sum * sum) + unlike * unlike);

		if (variance < best.variance)
			best = (struct ffntp_law_floors){ q[0].at[i] - q[1].at[i], variance };
	}
	return best;
}

struct ffntp_law_floors ffntp_law_floors(const struct ffntp_law laws[2], double variance_s2)
{
	double blur = ffntp_sqrt(variance_s2);
	struct tail there = tail_of(&laws[0], blur), back = tail_of(&laws[1], blur);
	struct ffntp_law_floors tails = from_tails(laws[0].params, &there, &back);
	struct ffntp_law_floors quantiles = from_quantiles(laws, &there, &back);
	double sum = 1 / tails.variance + 1 / quantiles.variance;

	return (struct ffntp_law_floors){
		.difference = (tails.difference / tails.variance + quantiles.difference / quantiles.variance) / sum,
		.variance = 1 / sum + ffntp_square(1 / tails.variance / sum) * (there.doubt2 + back.doubt2),
	};
}
