/* interval_noise: two quantiles, followed step by step. */
#include "interval_noise.h"

/* The difference of two exponentials of mean m is above m ln 2 half of the
 * time, and above m ln 20 a twentieth of it. */
#define MEDIAN_OF_DIFFERENCE 0.6931471805599453
#define TAIL_OF_DIFFERENCE 2.995732273553991

/* Of the first differences the mean is taken: a quantile takes long to find
 * from a wrong guess. */
#define FIRST_DIFFERENCES 8

/*
 * Steps of a stochastic approximation in the logarithm that end at the
 * quantile's best variance: 1 / (density there), which is m exp(-m ln 2 / m) m
 * ln 2 / m = 0.35 at the median and 0.15 at the tail.
 */
#define MEDIAN_STEP (1 / 0.35)
#define TAIL_STEP (1 / 0.15)

void ffntp_noise_init(struct ffntp_noise *noise, double scale_s)
{
	*noise = (struct ffntp_noise){ .scale = scale_s, .tail = scale_s * TAIL_OF_DIFFERENCE, .recent = scale_s };
}

/* Moves a quantile up by 'share' of a step or down by the rest of it, so that
 * it rests where 'share' lies below it. */
static double follow(double quantile, double difference, double share, double step)
{
	return difference > quantile ? quantile * (1 + share * step) : quantile / (1 + (1 - share) * step);
}

static void learn_difference(struct ffntp_noise *noise, double difference, const struct ffntp_interval_params *params)
{
	double gain = 1.0 / noise->seen, median = noise->scale * MEDIAN_OF_DIFFERENCE;

	if (noise->seen <= FIRST_DIFFERENCES) {
		noise->scale += (difference - noise->scale) * gain;
		noise->tail = noise->scale * TAIL_OF_DIFFERENCE;
	} else {
		gain = gain > params->noise_gain ? gain : params->noise_gain;
		noise->scale = follow(median, difference, 0.5, gain * MEDIAN_STEP) / MEDIAN_OF_DIFFERENCE;
		noise->tail = follow(noise->tail, difference, 0.95, gain * TAIL_STEP);
	}
	if (noise->scale < params->noise_least_s)
		noise->scale = params->noise_least_s;
	if (noise->tail < noise->scale)
		noise->tail = noise->scale;
}

static void learn_recent(struct ffntp_noise *noise, double excess, const struct ffntp_interval_params *params)
{
	double most = params->burst_noise * (noise->recent > noise->scale ? noise->recent : noise->scale);

	excess = excess > 0 ? excess : 0;
	noise->recent += ((excess < most ? excess : most) - noise->recent) * params->burst_gain;
}

void ffntp_noise_learn(struct ffntp_noise *noise, double excess_s, const struct ffntp_interval_params *params)
{
	double difference = excess_s - noise->last;

	noise->last = excess_s;
	if (noise->seen < UINT32_MAX)
		noise->seen++;
	if (noise->seen > 1)
		learn_difference(noise, difference < 0 ? -difference : difference, params);
	learn_recent(noise, excess_s, params);
}

double ffntp_noise_rate(const struct ffntp_noise *noise, double excess_s, const struct ffntp_interval_params *params)
{
	double excess = excess_s > 0 ? excess_s : 0;
	double scale = noise->recent > params->burst_noise * noise->scale ? noise->recent : noise->scale;

	return (1 + 1 / params->noise_tail) / (scale + excess / params->noise_tail);
}
