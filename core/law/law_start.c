/*
 * law_start: the first exchanges, from which no law can be learnt yet. Both laws are assumed to be exponentials above
 * half of the least round trip, with one mean. Separate means would be learnt from the clock that they place: a clock
 * that errs towards one way makes the other way's delays look longer, and would then err further. All exchanges so far
 * are processed again at every fourth, and whenever a round trip is shorter than all before.
 */
#include "law_filter.h"

#include "../maths.h"

/* At each of the first FEW exchanges all are processed again from scratch; later at every FEWth. */
#define FEW 4

static double round_trip(const struct ffntp_law_past *past)
{
	return past->backward_s - past->forward_s;
}

/* After the first exchange theta is uniform between its edges: its variance is a twelfth of the width's square. */
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

/* Return whether there are many exchanges, and the newest one hardly changes the assumed laws. */
static bool is_as_expected(const struct ffntp_law_filter *filter)
{
	int n = filter->filled;

	return n > FEW && n % FEW != 0 && round_trip(&filter->past[n - 1]) >= filter->round_trip_s;
}

static void take_newest(struct ffntp_law_filter *filter)
{
	struct ffntp_law_past *newest = &filter->past[filter->filled - 1];
	struct ffntp_law_sight sight = ffntp_law_sight_of(newest);

	(void)ffntp_law_clock_update(&filter->clock, filter->law, &sight);
	ffntp_law_refresh(filter);
	newest->after = filter->now;
}

void ffntp_law_start(struct ffntp_law_filter *filter)
{
	const struct ffntp_law_params *params = filter->params;
	double least = 1e300, sum = 0, guess, noise, floor_s, n = filter->filled;

	if (is_as_expected(filter)) {
		take_newest(filter);
		return;
	}
	for (int i = 0; i < filter->filled; i++)
		least = ffntp_fmin(least, round_trip(&filter->past[i]));
	for (int i = 0; i < filter->filled; i++)
		sum += round_trip(&filter->past[i]) - least;
	guess = ffntp_fmax(least * params->noise_guess, params->noise_least_s);
	noise = n > 1 ? (sum / 2 + guess) / n : guess;
	/* The least of n sums of two exponentials is Rayleigh's: 1.25 means / sqrt(n) above both floors. */
	floor_s = (least - 1.25 * noise / ffntp_sqrt(n)) / 2;
	noise = ffntp_fmax(noise, params->noise_least_s);
	ffntp_law_begin(&filter->law[0], floor_s, noise, 8 + 4 * n, params);
	filter->law[1] = filter->law[0];
	go_through(filter);
	filter->round_trip_s = least;
	filter->gauge = 0;
	filter->gauge_variance = noise * noise / 2 / n;
}
