/* promise: see promise.h. The upper edge is stored negated, so that both edges are envelopes of maxima. */
#include "promise.h"

#include "assert.h"
#include "maths.h"

/*
 * Relative tolerance for slopes. Two computations of the same slope differ by about 2^-52 of a line's value over its
 * length, which is far below a clock's resolution of 2^-40 s.
 */
#define FFNTP_PROMISE_ROUNDING 1e-13

/* Return whether values fall and slopes rise from each line to the next. */
static bool is_sorted(const struct ffntp_promise_edge *edge)
{
	for (unsigned i = 1; i < edge->count; i++)
		if (!(edge->line[i - 1].value_s > edge->line[i].value_s) ||
		    !(edge->line[i - 1].slope_s < edge->line[i].slope_s))
			return false;
	return edge->count <= FFNTP_PROMISE_LINES;
}

/* Drop each line that a steeper one has overtaken, because it will not matter again. */
static void drop_overtaken(struct ffntp_promise_edge *edge)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < edge->count; i++) {
		while (kept > 0 && edge->line[kept - 1].value_s <= edge->line[i].value_s)
			kept--;
		edge->line[kept++] = edge->line[i];
	}
	edge->count = kept;
}

static void move_edge(struct ffntp_promise_edge *edge, double ticks, double shift_s)
{
	for (unsigned i = 0; i < edge->count; i++)
		edge->line[i].value_s += edge->line[i].slope_s * ticks + shift_s;
	drop_overtaken(edge);
	FFNTP_ASSERT(is_sorted(edge));
}

/* Return whether line a is at least as tight as line b, now and at all later readings. */
static bool covers(struct ffntp_promise_line a, struct ffntp_promise_line b)
{
	return a.value_s >= b.value_s && a.slope_s >= b.slope_s;
}

/* Return the ticks until the line after i becomes tighter than line i. */
static double takes_over_in(const struct ffntp_promise_edge *edge, unsigned i)
{
	return (edge->line[i].value_s - edge->line[i + 1].value_s) /
	       (edge->line[i + 1].slope_s - edge->line[i].slope_s);
}

/* Drop the line that would become the tightest last, because newer bounds will be tighter long before that. */
static void forget_one(struct ffntp_promise_edge *edge)
{
	unsigned last = 0;

	for (unsigned i = 1; i + 1 < edge->count; i++)
		if (takes_over_in(edge, i) > takes_over_in(edge, last))
			last = i;
	edge->count--;
	for (unsigned i = last + 1; i < edge->count; i++)
		edge->line[i] = edge->line[i + 1];
}

/* Return the number of lines that are tighter now. */
static unsigned place_of(const struct ffntp_promise_edge *edge, struct ffntp_promise_line line)
{
	unsigned place = 0;

	while (place < edge->count && edge->line[place].value_s > line.value_s)
		place++;
	return place;
}

/* Replace the lines from index 'from' up to index 'to' by one. There is room for it. */
static void replace_lines(struct ffntp_promise_edge *edge, unsigned from, unsigned to, struct ffntp_promise_line line)
{
	unsigned count = edge->count + 1 - (to - from);

	if (to == from) {
		for (unsigned i = edge->count; i > from; i--)
			edge->line[i] = edge->line[i - 1];
	} else {
		for (unsigned i = to; i < edge->count; i++)
			edge->line[i - to + from + 1] = edge->line[i];
	}
	edge->line[from] = line;
	edge->count = count;
}

/*
 * Insert a line, dropping all that it covers. The lines stay sorted by falling value, and their slopes then rise:
 * among the lines that are as tight now, the last one is the tightest later, and the lines that are covered follow each
 * other.
 */
static void add_to_edge(struct ffntp_promise_edge *edge, struct ffntp_promise_line line)
{
	unsigned from = place_of(edge, line), to;

	if ((from > 0 && covers(edge->line[from - 1], line)) || (from < edge->count && covers(edge->line[from], line)))
		return;
	if (edge->count == FFNTP_PROMISE_LINES) {
		forget_one(edge);
		from = place_of(edge, line);
	}
	for (to = from; to < edge->count && covers(line, edge->line[to]);)
		to++;
	replace_lines(edge, from, to, line);
	FFNTP_ASSERT(is_sorted(edge));
}

void ffntp_promise_move(struct ffntp_promise *promise, ffntp_counter at, struct ffntp_ntp reference)
{
	double ticks = ffntp_counter_diff(at, promise->at);
	double shift_s = ffntp_ntp_diff_s(promise->reference, reference);

	move_edge(&promise->lower, ticks, shift_s);
	move_edge(&promise->upper, ticks, -shift_s);
	promise->at = at;
	promise->reference = reference;
}

/* Raise the value to the edge, then the period until the line stays above the edge for ahead_ticks. */
static void fit_edge(const struct ffntp_promise_edge *edge, double ahead_ticks, double *value_s, double *period_s)
{
	if (edge->count > 0 && *value_s < edge->line[0].value_s)
		*value_s = edge->line[0].value_s;
	for (unsigned i = 0; i < edge->count; i++) {
		double slope_s = edge->line[i].slope_s;

		/* A line that rises no faster never overtakes the value. */
		if (slope_s > *period_s)
			*period_s = ffntp_fmax(*period_s, slope_s - (*value_s - edge->line[i].value_s) / ahead_ticks);
	}
}

bool ffntp_promise_fit(const struct ffntp_promise *promise, double ahead_ticks, double *value_s, double *period_s)
{
	double raised_s, steepened_s, negated_s, negated_period_s;

	fit_edge(&promise->lower, ahead_ticks, value_s, period_s);
	raised_s = *value_s;
	steepened_s = *period_s;
	negated_s = -raised_s;
	negated_period_s = -steepened_s;
	fit_edge(&promise->upper, ahead_ticks, &negated_s, &negated_period_s);
	*value_s = raised_s = -negated_s;
	*period_s = steepened_s = -negated_period_s;
	/* Limited by the upper edge, the line must still lie above the lower one. */
	fit_edge(&promise->lower, ahead_ticks, &raised_s, &steepened_s);
	return raised_s == *value_s && steepened_s <= *period_s * (1 + FFNTP_PROMISE_ROUNDING);
}

void ffntp_promise_add(struct ffntp_promise *promise, const struct ffntp_claim *claim)
{
	add_to_edge(&promise->lower, (struct ffntp_promise_line){ claim->value_s - claim->before_s,
								  claim->period_s - claim->period_error_s });
	add_to_edge(&promise->upper, (struct ffntp_promise_line){ -(claim->value_s + claim->after_s),
								  -(claim->period_s + claim->period_error_s) });
}
