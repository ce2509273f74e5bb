/*
 * law_learn: enters the delays of an exchange into the laws, once enough later exchanges show where the clock was then.
 */
#include "law_filter.h"

#include "../maths.h"
#include "law_floor.h"

enum { LAG = FFNTP_LAW_LAG, STRIDE = FFNTP_LAW_STRIDE, RING = FFNTP_LAW_RING };

/* Exchanges that the laws of the start count as when learning begins. */
#define START_WEIGHT 8

/* Ranks of this many exchanges make the correlation. */
#define CORRELATION_EXCHANGES 512.0

/* Exchanges before a correlation counts. */
#define CORRELATION_LEAST 48

/*
 * Smooth the belief at an exchange: from the filter's belief there, and the smoothed belief at the next exchange
 * (Rauch, Tung and Striebel 1965).
 */
static struct ffntp_law_belief look_back(const struct ffntp_law_past *past, const struct ffntp_law_past *next,
					 const struct ffntp_law_belief *then, double wander2)
{
	const struct ffntp_law_belief *a = &past->after;
	struct ffntp_law_belief before = *a, now;
	double s = next->elapsed_s, m00 = a->p00 + a->p01 * s, m10 = a->p01 + a->p11 * s, determinant;
	double g00, g01, g10, g11, d0, d1, e00, e01, e11;

	ffntp_law_belief_predict(&before, s, wander2);
	determinant = ffntp_fmax(before.p00 * before.p11 - before.p01 * before.p01, 1e-60);
	g00 = (m00 * before.p11 - a->p01 * before.p01) / determinant;
	g01 = (a->p01 * before.p00 - m00 * before.p01) / determinant;
	g10 = (m10 * before.p11 - a->p11 * before.p01) / determinant;
	g11 = (a->p11 * before.p00 - m10 * before.p01) / determinant;
	d0 = then->theta - before.theta;
	d1 = then->gamma - before.gamma;
	e00 = then->p00 - before.p00;
	e01 = then->p01 - before.p01;
	e11 = then->p11 - before.p11;
	now.theta = a->theta + g00 * d0 + g01 * d1;
	now.gamma = a->gamma + g10 * d0 + g11 * d1;
	now.p00 = ffntp_fmax(a->p00 + g00 * (e00 * g00 + e01 * g01) + g01 * (e01 * g00 + e11 * g01), 1e-18);
	now.p01 = a->p01 + g00 * (e00 * g10 + e01 * g11) + g01 * (e01 * g10 + e11 * g11);
	now.p11 = ffntp_fmax(a->p11 + g10 * (e00 * g10 + e01 * g11) + g11 * (e01 * g10 + e11 * g11), 1e-24);
	return now;
}

/*
 * Noise that both ways of an exchange have in common, with opposite signs, shows the clock only once: where a share c
 * of either delay's variance is common, as that of rounded timestamps is, 1 / (1 + c) of the information remains. The
 * clock's own error is common, too, but it lasts from one exchange to the next.
 */
static void correlate_ways(struct ffntp_law_filter *filter, const double rank[2], double gain, double doubt)
{
	double common;

	filter->common_correlation += gain * (12 * rank[0] * rank[1] - filter->common_correlation);
	common = ffntp_fmin(filter->cross_correlation, 0) - filter->common_correlation;
	filter->independence = 1 / (1 + ffntp_fmax(common - doubt, 0));
}

/*
 * Update the share of a delay's information that is left if successive ranks correlate by r: (1 - r) / (1 + r). The
 * correlation between the two ways is the clock's, and is subtracted.
 */
static void correlate(struct ffntp_law_filter *filter, const double rank[2])
{
	double n = ffntp_fmin(filter->law[0].entered + 8, CORRELATION_EXCHANGES), gain = 1 / n;
	double doubt = filter->params->correlation_sd / ffntp_sqrt(n);
	struct ffntp_law_watch *watch = filter->watch;

	for (int way = 0; way < 2; way++)
		watch[way].correlation += gain * (12 * rank[way] * watch[way].last_rank - watch[way].correlation);
	filter->cross_correlation +=
		gain * (6 * (rank[0] * watch[1].last_rank + rank[1] * watch[0].last_rank) - filter->cross_correlation);
	correlate_ways(filter, rank, gain, doubt);
	for (int way = 0; way < 2; way++) {
		double r = watch[way].correlation + ffntp_fmin(filter->cross_correlation, 0) - doubt;
		bool is_wide = ffntp_square(filter->law[way].scale) > 4 * filter->look_back_variance;

		watch[way].independence =
			n > CORRELATION_LEAST && r > 0 && is_wide ? ffntp_fmax((1 - r) / (1 + r), 0.02) : 1;
		watch[way].last_rank = rank[way];
	}
}

static void enter(struct ffntp_law_filter *filter, const struct ffntp_law_past *past, const struct ffntp_law_belief *at)
{
	double delay[2], rank[2], moved = at->theta - past->after.theta;
	bool is_sound = moved * moved < ffntp_square(filter->params->sound_sd) * past->after.p00;

	for (int way = 0; way < 2; way++) {
		delay[way] = ffntp_law_delay(past, at, way);
		rank[way] = ffntp_law_rank(&filter->law[way], delay[way]);
	}
	correlate(filter, rank);
	for (int way = 0; way < 2; way++)
		ffntp_law_enter(&filter->law[way], delay[way], ffntp_sqrt(at->p00), is_sound);
	filter->look_back_variance = at->p00;
}

static double least_delay(const struct ffntp_law *law)
{
	double lowest[FFNTP_LAW_LEAST];

	return ffntp_law_lowest(law, lowest) > 0 ? law->origin + lowest[0] : law->origin;
}

/* Replace the laws of the start, which were only assumed, by laws that count as few exchanges. */
static void begin_learning(struct ffntp_law_filter *filter)
{
	for (int way = 0; way < 2; way++) {
		struct ffntp_law *law = &filter->law[way];

		/* The median of an exponential is 0.693 means. */
		ffntp_law_begin(law, law->origin, law->middle / 0.693, START_WEIGHT, filter->params);
	}
	filter->is_learning = true;
	filter->fit_at = filter->gauge_at = 0;
}

/* Return the number of exchanges at which something is due again that is renewed after a share of all exchanges. */
static double next_time(const struct ffntp_law_filter *filter, double growth)
{
	return filter->seen + ffntp_fmin(growth * filter->seen, filter->params->memory / 16);
}

static void fit(struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	struct ffntp_law_floors floors;

	if (filter->seen >= filter->fit_at) {
		filter->fit_at = next_time(filter, params->smooth_growth);
		ffntp_law_fit(&filter->law[0]);
		ffntp_law_fit(&filter->law[1]);
	}
	if (filter->seen >= filter->gauge_at) {
		filter->gauge_at = next_time(filter, params->gauge_growth);
		floors = ffntp_law_floors(filter->law, filter->look_back_variance);
		filter->gauge = (filter->longer_s[0] - filter->longer_s[1] - floors.difference) / 2;
		filter->round_trip_s = least_delay(&filter->law[0]) + least_delay(&filter->law[1]) -
				       filter->longer_s[0] - filter->longer_s[1];
		filter->gauge_variance = ffntp_square(params->gauge_modesty) * floors.variance / 4;
	}
}

void ffntp_law_learn(struct ffntp_law_filter *filter)
{
	struct ffntp_law_belief looked_back[STRIDE], at = filter->past[RING - 1].after;

	for (int i = RING - 2; i >= 0; i--) {
		at = look_back(&filter->past[i], &filter->past[i + 1], &at, filter->wander2);
		if (i < STRIDE)
			looked_back[i] = at;
	}
	if (!filter->is_learning)
		begin_learning(filter);
	for (int i = 0; i < STRIDE; i++)
		enter(filter, &filter->past[i], &looked_back[i]);
	for (int i = 0; i < LAG; i++)
		filter->past[i] = filter->past[i + STRIDE];
	filter->filled = LAG;
	fit(filter);
}
