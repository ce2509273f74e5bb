#include "timeseries.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "score.h"

#define FIRST_ROOM 256

/* Most steps of the grid on which the Allan deviation is computed, and fewest terms of one of its points. */
#define GRID_MAX 200000
#define TERMS_MIN 4

/* Longest distance of two points, in steps of the grid, between which the phase is interpolated. */
#define STEPS_BETWEEN 4

bool timeseries_add(struct timeseries *series, double t, double y)
{
	if (series->count == series->room) {
		size_t room = series->room > 0 ? series->room * 2 : FIRST_ROOM;
		struct timeseries_point *grown = realloc(series->point, room * sizeof(*grown));

		if (!grown)
			return false;
		series->point = grown;
		series->room = room;
	}
	series->point[series->count++] = (struct timeseries_point){ t, y };
	return true;
}

void timeseries_settle(struct timeseries *series)
{
	series->settled = series->count;
}

void timeseries_shift(struct timeseries *series, double seconds)
{
	for (size_t i = series->settled; i < series->count; i++)
		series->point[i].t += seconds;
	series->settled = series->count;
}

void timeseries_cut_before(struct timeseries *series, double t)
{
	size_t kept = 0;

	for (size_t i = 0; i < series->count; i++) {
		if (series->point[i].t >= t)
			series->point[kept++] = series->point[i];
	}
	series->count = series->settled = kept;
}

void timeseries_clear(struct timeseries *series)
{
	free(series->point);
	*series = (struct timeseries){ 0 };
}

/* --- decimation --- */

/* The extremes of the present column. */
struct column {
	bool has_points;
	struct timeseries_point least, greatest;
};

static bool flush(struct column *column, struct timeseries *few)
{
	bool is_good = true;
	const struct timeseries_point *first = &column->least, *second = &column->greatest;

	if (!column->has_points)
		return true;
	if (second->t < first->t) {
		first = &column->greatest;
		second = &column->least;
	}
	is_good = timeseries_add(few, first->t, first->y);
	if (first->t < second->t || first->y < second->y || second->y < first->y)
		is_good &= timeseries_add(few, second->t, second->y);
	column->has_points = false;
	return is_good;
}

static void widen(struct column *column, const struct timeseries_point *point)
{
	if (!column->has_points) {
		*column = (struct column){ true, *point, *point };
		return;
	}
	if (point->y < column->least.y)
		column->least = *point;
	if (point->y > column->greatest.y)
		column->greatest = *point;
}

bool timeseries_decimate(const struct timeseries *all, double from, double to, size_t columns, struct timeseries *few)
{
	double width = to > from ? (to - from) / (double)columns : 1;
	struct column column = { 0 };
	double present = (double)NAN;
	bool is_good = true;

	for (size_t i = 0; is_good && i < all->count; i++) {
		const struct timeseries_point *point = &all->point[i];
		double number = floor((point->t - from) / width);

		if (isnan(point->y)) {
			is_good = flush(&column, few) && timeseries_add(few, point->t, point->y);
			continue;
		}
		if (number < present || number > present || isnan(present))
			is_good = flush(&column, few);
		present = number;
		widen(&column, point);
	}
	return is_good && flush(&column, few);
}

/* --- values --- */

double *timeseries_sorted(const struct timeseries *series, size_t *count)
{
	double *values = series->count > 0 ? malloc(series->count * sizeof(*values)) : NULL;

	*count = series->count > 0;
	if (!values)
		return NULL;
	*count = 0;
	for (size_t i = 0; i < series->count; i++) {
		if (!isnan(series->point[i].y))
			values[(*count)++] = series->point[i].y;
	}
	if (*count == 0) {
		free(values);
		return NULL;
	}
	score_sort(values, *count);
	return values;
}

bool timeseries_histogram(const double *sorted, size_t count, double low, double width, size_t bins,
			  struct timeseries *law)
{
	size_t next = 0;
	bool is_good = true;

	while (next < count && sorted[next] < low)
		next++;
	for (size_t bin = 0; is_good && bin < bins; bin++) {
		double end = low + width * (double)(bin + 1);
		size_t first = next;

		while (next < count && sorted[next] < end)
			next++;
		is_good = timeseries_add(law, end - width / 2, (double)(next - first) * 100 / (double)count);
	}
	return is_good;
}

/* --- Allan deviation --- */

/* The phase at regular times; NAN where it is not known. A gap begins a new segment. */
struct grid {
	double *phase_s;
	uint32_t *segment;
	size_t count;
	double step_s;
};

/* Return the median distance of neighbours; 0 if there is none, NAN if memory is short. */
static double median_step_s(const struct timeseries *phase)
{
	double *steps = malloc((phase->count + 1) * sizeof(*steps));
	double median = 0;
	size_t count = 0;

	if (!steps)
		return (double)NAN;
	for (size_t i = 1; i < phase->count; i++) {
		double step = phase->point[i].t - phase->point[i - 1].t;

		if (step > 0 && !isnan(phase->point[i].y) && !isnan(phase->point[i - 1].y))
			steps[count++] = step;
	}
	if (count > 0) {
		score_sort(steps, count);
		median = score_quantile(steps, count, 0.5);
	}
	free(steps);
	return median;
}

/* Set the steps of the grid that lie between two neighbours of this segment. */
static void interpolate(struct grid *grid, double begin, const struct timeseries_point *a,
			const struct timeseries_point *b, uint32_t segment)
{
	double distance = b->t - a->t;
	double slope = (b->y - a->y) / distance;
	double first = ceil((a->t - begin) / grid->step_s);

	if (isnan(slope) || !(distance > 0) || distance > STEPS_BETWEEN * grid->step_s)
		return;
	for (double at = first; at >= 0 && at < (double)grid->count && begin + at * grid->step_s <= b->t; at++) {
		grid->phase_s[(size_t)at] = a->y + slope * (begin + at * grid->step_s - a->t);
		grid->segment[(size_t)at] = segment;
	}
}

static bool make_grid(const struct timeseries *phase, struct grid *grid)
{
	double begin = phase->point[0].t, span = phase->point[phase->count - 1].t - begin;
	uint32_t segment = 0;

	grid->step_s = median_step_s(phase);
	if (isnan(grid->step_s))
		return false;
	if (!(grid->step_s > 0) || !(span > 0))
		return true;
	grid->step_s = fmax(grid->step_s, span / GRID_MAX);
	grid->count = (size_t)(span / grid->step_s) + 1;
	grid->phase_s = malloc(grid->count * sizeof(*grid->phase_s));
	grid->segment = calloc(grid->count, sizeof(*grid->segment));
	if (!grid->phase_s || !grid->segment)
		return false;
	for (size_t i = 0; i < grid->count; i++)
		grid->phase_s[i] = (double)NAN;
	for (size_t i = 1; i < phase->count; i++) {
		segment += isnan(phase->point[i].y) ? 1 : 0;
		interpolate(grid, begin, &phase->point[i - 1], &phase->point[i], segment);
	}
	return true;
}

/* Return the deviation over m steps; NAN if there are too few terms. */
static double deviation_over(const struct grid *grid, size_t m)
{
	double squares = 0, over_s = (double)m * grid->step_s;
	size_t terms = 0;

	for (size_t i = 0; i + 2 * m < grid->count; i++) {
		double bend = grid->phase_s[i + 2 * m] - 2 * grid->phase_s[i + m] + grid->phase_s[i];

		if (isnan(bend) || grid->segment[i] != grid->segment[i + 2 * m])
			continue;
		squares += bend * bend;
		terms++;
	}
	return terms < TERMS_MIN ? (double)NAN : sqrt(squares / (2 * (double)terms)) / over_s;
}

bool timeseries_allan(const struct timeseries *phase, struct timeseries *deviation)
{
	struct grid grid = { 0 };
	bool is_good = phase->count == 0 || make_grid(phase, &grid);

	for (size_t m = 1; is_good && 2 * m < grid.count; m *= 2) {
		double over = deviation_over(&grid, m);

		if (over > 0)
			is_good = timeseries_add(deviation, (double)m * grid.step_s, over);
	}
	free(grid.phase_s);
	free(grid.segment);
	return is_good;
}
