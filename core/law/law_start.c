/*
 * law_start: the first exchanges, of which nothing can be learnt yet: both laws are taken for exponentials above half
 * of the least round trip, and all exchanges so far are gone through again at each.
 */
#include "law_filter.h"

#include "../maths.h"

/* Delays that the mean of both ways counts as beside a way's own: a queue among a few delays would be put down to one
 * way, whose mean would confirm it at the next pass, and so on. */
#define MEAN_DELAYS 8

/* Exchanges from which on each way has a mean of its own. */
#define OWN_MEANS 4

static double round_trip(const struct ffntp_law_past *past)
{
	return past->backward_s - past->forward_s;
}

/* Mean delay of one way above the floor, as the last pass placed the clock, beside that of both. */
static double mean_excess(const struct ffntp_law_filter *filter, int way, double floor_s, double prior_s)
{
	double sum = MEAN_DELAYS * prior_s;

	for (int i = 0; i < filter->filled; i++) {
		const struct ffntp_law_past *past = &filter->past[i];

		sum += ffntp_fmax(ffntp_law_delay(past, &past->after, way) - floor_s, 0);
	}
	return sum / (filter->filled + MEAN_DELAYS);
}

/* The first exchange says that theta is between its edges, where it is uniform: a twelfth of the width's square. */
static struct ffntp_law_belief first_belief(const struct ffntp_law_filter *filter)
{
	const struct ffntp_law_past *first = &filter->past[0];
	struct ffntp_law_belief belief = filter->start;

	belief.theta = (first->forward_s + first->backward_s) / 2;
	belief.p00 = ffntp_square(round_trip(first)) / 12;
	belief.p01 = 0;
	return belief;
}

static void go_through(struct ffntp_law_filter *filter)
{
	struct ffntp_law_belief belief = first_belief(filter);

	ffntp_law_clock_begin(&filter->clock, &belief, filter->params);
	for (int i = 0; i < filter->filled; i++) {
		struct ffntp_law_sight sight = ffntp_law_sight_of(&filter->past[i]);

		if (i > 0)
			ffntp_law_clock_predict(&filter->clock, filter->past[i].elapsed_s);
		(void)ffntp_law_clock_update(&filter->clock, filter->law, &sight);
		filter->past[i].after = ffntp_law_clock_mixture(&filter->clock);
	}
	ffntp_law_refresh(filter);
}

void ffntp_law_start(struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	double least = 1e300, sum = 0, guess, noise, floor_s, n = filter->filled, squares = 0;

	for (int i = 0; i < filter->filled; i++)
		least = ffntp_fmin(least, round_trip(&filter->past[i]));
	for (int i = 0; i < filter->filled; i++)
		sum += round_trip(&filter->past[i]) - least;
	guess = ffntp_fmax(least * params->noise_guess, params->noise_least_s);
	noise = n > 1 ? (sum / 2 + guess) / n : guess;
	/* The least of n sums of two exponentials is Rayleigh's: 1.25 means / sqrt(n) above both floors. */
	floor_s = (least - 1.25 * noise / ffntp_sqrt(n)) / 2;
	for (int way = 0; way < 2; way++) {
		double mean = filter->filled > OWN_MEANS ? mean_excess(filter, way, floor_s, noise) : noise;

		mean = ffntp_fmax(mean, params->noise_least_s);
		squares += mean * mean;
		ffntp_law_begin(&filter->law[way], floor_s, mean, 8 + 4 * n, params);
	}
	go_through(filter);
	filter->round_trip_s = least;
	filter->gauge = 0;
	filter->gauge_variance = squares / 4 / n;
}
