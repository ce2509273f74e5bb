/* radclock_sums: see radclock_sums.h. */
#include "radclock_sums.h"

#include "../maths.h"

/*
 * A pair of numbers. GCC and clang compile operations on it to the machine's vector instructions, with the same bits
 * everywhere. Comparisons give all ones or all zeros, for selection. Pairs are passed by address only, because
 * conventions for passing vectors differ between machines.
 */
typedef double pair __attribute__((vector_size(16)));
typedef uint64_t pair_bits __attribute__((vector_size(16)));

#define BOTH(x) ((pair){ (x), (x) })
#define LOAD(array, i) ((pair){ (array)[i], (array)[(i) + 1] })

/* Adding this rounds a small number to the nearest integer, which is then in the lowest bits of the sum. */
#define ROUND 0x1.8p52

/* The sum must have exactly a double's bits; the x87 gives it those only when it stores the value. */
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#define STORED volatile
#else
#define STORED
#endif

/* Exponents beyond this are negligible beside the best point's, which is within UNIT_OFF of 0. */
#define EXPONENT_MOST 80.0
#define UNIT_OFF 40.0

/*
 * e^-x for -UNIT_OFF <= x < EXPONENT_MOST, and 0 beyond: 2^-k e^-r, k the integer next to x / ln 2, |r| <= ln 2 / 2.
 * The series to r^6 leaves out less than r^7 / 5040 = 1.2e-7. 2^-k is the bits of 1 less k in the exponent; the shift
 * drops all of ROUND but k.
 */
static inline void exp_minus(pair *x)
{
	pair_bits is_small = (pair_bits)(*x < BOTH(EXPONENT_MOST));
	pair capped = (pair)((pair_bits)*x & is_small);
	STORED pair sum = capped * BOTH(FFNTP_LOG2_E) + BOTH(ROUND);
	pair rounded = sum;
	pair r = capped - (rounded - BOTH(ROUND)) * BOTH(FFNTP_LN_2);
	pair r2 = r * r;
	pair low = (BOTH(1.0) - r) + r2 * (BOTH(1.0 / 2) - r * BOTH(1.0 / 6));
	pair high = (BOTH(1.0 / 24) - r * BOTH(1.0 / 120)) + r2 * BOTH(1.0 / 720);
	pair power = (pair)((pair_bits)BOTH(1.0) - ((pair_bits)rounded << 52));

	*x = (pair)((pair_bits)((low + r2 * r2 * high) * power) & is_small);
}

/* Set each element of *least to the lesser of the two. */
static inline void keep_least(pair *least, const pair *x)
{
	pair_bits is_less = (pair_bits)(*x < *least);

	*least = (pair)(((pair_bits)*x & is_less) | ((pair_bits)*least & ~is_less));
}

/* Make the count even with a point of weight 0. */
static void pad(const struct ffntp_points *points)
{
	points->time_s[points->count] = 0;
	points->ticks[points->count] = 0;
	points->excess_ticks[points->count] = 1e150;
}

static double both(const pair *sum)
{
	return (*sum)[0] + (*sum)[1];
}

/* The loops' input, by value, because a compiler must assume that stores change the target of any pointer. */
struct scene {
	const double *time_s, *ticks, *excess_ticks;
	pair now_ticks, now_s, excess_widths, age_widths, period_s;
	uint32_t count;
};

static struct scene make_scene(const struct ffntp_points *points, const struct ffntp_points_view *view)
{
	return (struct scene){
		.time_s = points->time_s,
		.ticks = points->ticks,
		.excess_ticks = points->excess_ticks,
		.now_ticks = BOTH(view->now_ticks),
		.now_s = BOTH(view->now_s),
		.excess_widths = BOTH(view->excess_widths),
		.age_widths = BOTH(view->age_widths),
		.period_s = BOTH(view->period_s),
		.count = points->count,
	};
}

static void sum_in_units(const struct ffntp_points *points, const struct ffntp_points_view *view, double unit,
			 struct ffntp_points_sums *sums)
{
	const struct scene scene = make_scene(points, view);
	pair least = BOTH(1e300), weight = BOTH(0.0), age = weight, ahead = weight;
	double *weights = points->weight;

	for (uint32_t i = 0; i < scene.count; i += 2) {
		pair age_ticks = scene.now_ticks - LOAD(scene.ticks, i);
		pair age_s = age_ticks * scene.period_s;
		pair ahead_s = (LOAD(scene.time_s, i) - scene.now_s) + age_s;
		pair error = LOAD(scene.excess_ticks, i) * scene.excess_widths + age_ticks * scene.age_widths;
		pair w = (error - BOTH(unit)) * (error + BOTH(unit));

		keep_least(&least, &error);
		exp_minus(&w);
		weights[i] = w[0];
		weights[i + 1] = w[1];
		weight += w;
		age += w * age_s;
		ahead += w * ahead_s;
	}
	*sums = (struct ffntp_points_sums){
		.least = least[0] < least[1] ? least[0] : least[1],
		.weight = both(&weight),
		.age = both(&age),
		.ahead = both(&ahead),
	};
}

void ffntp_points_sum(const struct ffntp_points *points, const struct ffntp_points_view *view, double unit,
		      struct ffntp_points_sums *sums)
{
	double off;

	pad(points);
	sum_in_units(points, view, unit, sums);
	off = (sums->least - unit) * (sums->least + unit);
	if (!(off < UNIT_OFF && off > -UNIT_OFF))
		sum_in_units(points, view, sums->least, sums);
}

void ffntp_points_square(const struct ffntp_points *points, const struct ffntp_points_view *view,
			 struct ffntp_points_squares *squares)
{
	const struct scene scene = make_scene(points, view);
	pair weight2 = BOTH(0.0), age2 = weight2, ahead2 = weight2, age_ahead = weight2;

	for (uint32_t i = 0; i < scene.count; i += 2) {
		pair w = LOAD(points->weight, i);
		pair age_s = (scene.now_ticks - LOAD(scene.ticks, i)) * scene.period_s;
		pair ahead_s = (LOAD(scene.time_s, i) - scene.now_s) + age_s;

		weight2 += w * w;
		age2 += w * age_s * age_s;
		ahead2 += w * ahead_s * ahead_s;
		age_ahead += w * age_s * ahead_s;
	}
	*squares = (struct ffntp_points_squares){
		.weight2 = both(&weight2),
		.age2 = both(&age2),
		.ahead2 = both(&ahead2),
		.age_ahead = both(&age_ahead),
	};
}
