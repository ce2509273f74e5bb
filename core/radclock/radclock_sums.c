/* radclock_sums: see radclock_sums.h. */
#include "radclock_sums.h"

/*
 * Two numbers at once: GCC and clang make of them what the machine has, with the same bits everywhere. Comparisons give
 * all ones or all zeros, to choose with. Handed on by address alone: how vectors are passed differs between machines.
 */
typedef double pair __attribute__((vector_size(16)));
typedef int64_t pair_bits __attribute__((vector_size(16)));

#define BOTH(x) ((pair){ (x), (x) })
#define LOAD(array, i) ((pair){ (array)[i], (array)[(i) + 1] })

/* Rounds a small number to the nearest integer when added, and leaves it in the lowest bits of the sum. */
#define ROUND 0x1.8p52

#define LOG2_E 0x1.71547652b82fep0
#define LN2 0x1.62e42fefa39efp-1

#define EXPONENT_MOST 40.0

/*
 * e^-x for 0 <= x < EXPONENT_MOST, and 0 beyond: 2^-k e^-r, k the integer next to x / ln 2, |r| <= ln 2 / 2. The series
 * to r^7 leaves out less than r^8 / 40320 = 6e-9. 2^-k is the bits of 1 less k in the exponent; the shift drops all of
 * ROUND but k.
 */
static inline void exp_minus(pair *x)
{
	pair_bits is_small = *x < EXPONENT_MOST;
	pair capped = (pair)((pair_bits)*x & is_small);
	pair rounded = capped * LOG2_E + ROUND;
	pair r = capped - (rounded - ROUND) * LN2;
	pair r2 = r * r;
	pair low = (1 - r) + r2 * (1.0 / 2 - r * (1.0 / 6));
	pair high = (1.0 / 24 - r * (1.0 / 120)) + r2 * (1.0 / 720 - r * (1.0 / 5040));
	pair power = (pair)((pair_bits)BOTH(1.0) - ((pair_bits)rounded << 52));

	*x = (pair)((pair_bits)((low + r2 * r2 * high) * power) & is_small);
}

/* Makes the count even with a point that weighs nothing. */
static void pad(const struct ffntp_points *points)
{
	points->time_s[points->count] = 0;
	points->ticks[points->count] = 0;
	points->excess_ticks[points->count] = 1e300;
}

/* Fills in each point's error. Returns the least. */
static double find_errors(const struct ffntp_points *points, const struct ffntp_points_view *view)
{
	pair least = BOTH(1e300);

	for (uint32_t i = 0; i < points->count; i += 2) {
		pair age_ticks = view->now_ticks - LOAD(points->ticks, i);
		pair error = LOAD(points->excess_ticks, i) * view->excess_widths + age_ticks * view->age_widths;
		pair_bits is_less = error < least;

		points->error[i] = error[0];
		points->error[i + 1] = error[1];
		least = (pair)(((pair_bits)error & is_less) | ((pair_bits)least & ~is_less));
	}
	return least[0] < least[1] ? least[0] : least[1];
}

static double both(const pair *sum)
{
	return (*sum)[0] + (*sum)[1];
}

void ffntp_points_sum(const struct ffntp_points *points, const struct ffntp_points_view *view,
		      struct ffntp_points_sums *sums)
{
	pair weight = BOTH(0.0), weight2 = weight, age = weight, age2 = weight;
	pair ahead = weight, ahead2 = weight, age_ahead = weight;
	double least;

	pad(points);
	least = find_errors(points, view);
	for (uint32_t i = 0; i < points->count; i += 2) {
		pair error = LOAD(points->error, i);
		pair w = (error - least) * (error + least);
		pair a = (view->now_ticks - LOAD(points->ticks, i)) * view->period_s;
		pair h = (LOAD(points->time_s, i) - view->now_s) + a;

		exp_minus(&w);
		weight += w;
		weight2 += w * w;
		age += w * a;
		age2 += w * a * a;
		ahead += w * h;
		ahead2 += w * h * h;
		age_ahead += w * a * h;
	}
	*sums = (struct ffntp_points_sums){
		.least = least,
		.weight = both(&weight),
		.weight2 = both(&weight2),
		.age = both(&age),
		.age2 = both(&age2),
		.ahead = both(&ahead),
		.ahead2 = both(&ahead2),
		.age_ahead = both(&age_ahead),
	};
}
