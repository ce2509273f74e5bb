/* steady: see ffntp/steady.h. */
#include "../include/ffntp/steady.h"

#include "clock.h"
#include "params.h"

static struct ffntp_span as_span(struct ffntp_time t)
{
	return (struct ffntp_span){ (uint64_t)t.s, t.frac };
}

static struct ffntp_time as_time(struct ffntp_span span)
{
	return (struct ffntp_time){ (int64_t)span.s, span.frac };
}

/* Return a - b, which may be negative. */
static struct ffntp_time minus(struct ffntp_time a, struct ffntp_time b)
{
	return as_time(ffntp_span_minus(as_span(a), as_span(b)));
}

static struct ffntp_time plus(struct ffntp_time a, struct ffntp_time b)
{
	return as_time(ffntp_span_plus(as_span(a), as_span(b)));
}

static struct ffntp_time later(struct ffntp_time a, struct ffntp_time b)
{
	return ffntp_time_is_before(a, b) ? b : a;
}

static struct ffntp_time from_ns(uint64_t ns)
{
	return as_time(ffntp_distance(ns));
}

static uint64_t to_ns(struct ffntp_time t)
{
	int64_t ns = ffntp_time_to_ns(t);

	return ns > 0 ? (uint64_t)ns : 0;
}

/* Return the time counted since 'at'; 0 if the counter is behind; at most 34 000 years. */
static struct ffntp_span counted(const struct ffntp_steady *steady, ffntp_counter now)
{
	uint64_t ticks = (int64_t)(now - steady->at) < 0 ? 0 : now - steady->at;
	struct ffntp_span span = ffntp_span_down(ticks, steady->period, steady->period_shift & 63);

	return span.s < FFNTP_READING_ELAPSED_LIMIT_S ? span : (struct ffntp_span){ FFNTP_READING_ELAPSED_LIMIT_S, 0 };
}

struct ffntp_time ffntp_steady_elapsed(const struct ffntp_steady *steady, ffntp_counter now)
{
	return ffntp_time_plus(steady->elapsed, counted(steady, now));
}

struct ffntp_time ffntp_steady_phase(const struct ffntp_steady *steady, ffntp_counter now)
{
	struct ffntp_time base = steady->kind == FFNTP_STEADY_RUNNING ? steady->time : steady->elapsed;

	return ffntp_time_plus(plus(base, steady->joint), counted(steady, now));
}

/* Return the slew in a span of time, rounded down, so that a difference shrinks more slowly than time advances. */
static struct ffntp_time shrinkage(struct ffntp_span span)
{
	struct ffntp_u128 whole = ffntp_mul64(span.s, FFNTP_STEADY_SLEW);
	struct ffntp_u128 sum = ffntp_add128(whole, ffntp_mul64(span.frac, FFNTP_STEADY_SLEW).high);

	return (struct ffntp_time){ (int64_t)sum.high, sum.low };
}

static struct ffntp_time shrink(struct ffntp_time ahead, struct ffntp_span span)
{
	static const struct ffntp_time none = { 0, 0 };
	struct ffntp_time less = shrinkage(span);

	if (ffntp_time_is_before(ahead, none))
		return ffntp_time_is_before(none, plus(ahead, less)) ? none : plus(ahead, less);
	return ffntp_time_is_before(ahead, less) ? none : minus(ahead, less);
}

/*
 * Return monotonic UTC minus UTC at a time. A leap second adds to the difference, because UTC steps there and monotonic
 * UTC does not.
 */
static struct ffntp_time ahead_at(const struct ffntp_steady *steady, struct ffntp_time time)
{
	struct ffntp_time leap = { steady->numbering.at_s, 0 }, step = { steady->numbering.sign, 0 };
	struct ffntp_time ahead;

	if (steady->numbering.sign == 0 || ffntp_time_is_before(time, leap) ||
	    !ffntp_time_is_before(steady->time, leap))
		return shrink(steady->ahead, as_span(minus(time, steady->time)));
	ahead = plus(shrink(steady->ahead, as_span(minus(leap, steady->time))), step);
	return shrink(ahead, as_span(minus(time, leap)));
}

static struct ffntp_time utc_at(const struct ffntp_steady *steady, ffntp_counter now)
{
	struct ffntp_time time = ffntp_time_plus(steady->time, counted(steady, now));

	return plus(ffntp_numbering_convert(&steady->numbering, time, FFNTP_UTC), ahead_at(steady, time));
}

static bool is_void(const struct ffntp_steady *steady, ffntp_counter now)
{
	return (int64_t)(now - steady->at) > (int64_t)(steady->void_after - steady->at);
}

/* Return whether the reading is behind by more than the disorder between CPUs and caches. */
static bool is_set_back(const struct ffntp_steady *steady, ffntp_counter now)
{
	return (int64_t)(now - steady->at) < -(int64_t)FFNTP_STEADY_DISORDER_TICKS;
}

enum ffntp_clock_result ffntp_steady_utc(const struct ffntp_steady *steady, ffntp_counter now, struct ffntp_time *utc)
{
	if (steady->kind == FFNTP_STEADY_NONE)
		return FFNTP_CLOCK_STEADY;
	if (steady->kind != FFNTP_STEADY_RUNNING)
		return FFNTP_CLOCK_UNSYNCHRONISED;
	if (is_void(steady, now))
		return FFNTP_CLOCK_VOID;
	if (is_set_back(steady, now))
		return FFNTP_CLOCK_DISRUPTED;
	*utc = utc_at(steady, now);
	return FFNTP_CLOCK_OK;
}

/* --- the next state --- */

/*
 * Return the most by which a reader may be ahead of the next line, because it still uses the former one up to
 * FFNTP_STEADY_DISORDER_TICKS after 'now'. The rates of successive maps differ by less than 1/512.
 */
static struct ffntp_span guard(const struct ffntp_steady *next)
{
	return ffntp_span_down(FFNTP_STEADY_DISORDER_TICKS >> 9, next->period, next->period_shift & 63);
}

/* Return the same for elapsed time, whose only difference is that of the two periods. */
static struct ffntp_span elapsed_guard(const struct ffntp_steady *former, const struct ffntp_steady *next)
{
	bool is_faster = next->period > former->period;
	uint64_t apart = is_faster ? next->period - former->period : former->period - next->period;

	if (former->period_shift != next->period_shift || apart > next->period >> 9)
		return guard(next);
	return ffntp_span_down(FFNTP_STEADY_DISORDER_TICKS, apart, next->period_shift & 63);
}

/* Return the latest monotonic UTC that a reader can have obtained. Returns false if there was none. */
static bool latest_utc(const struct ffntp_steady *former, ffntp_counter now, struct ffntp_time *latest)
{
	switch (former->kind) {
	case FFNTP_STEADY_NONE:
		return false;
	case FFNTP_STEADY_HELD:
		*latest = former->time;
		return true;
	case FFNTP_STEADY_RUNNING:
		break;
	}
	*latest = utc_at(former, is_void(former, now) ? former->void_after : now);
	return true;
}

/*
 * Return the least lead of the next monotonic UTC over its estimate. If the counter was set back, the last reading
 * before that is unknown; but it was ahead of the true time by at most margin_ns, and so is any later one.
 */
static struct ffntp_time lead(const struct ffntp_steady *former, ffntp_counter now)
{
	if (former->kind == FFNTP_STEADY_HELD)
		return former->ahead;
	return is_set_back(former, now) ? from_ns(former->margin_ns) : (struct ffntp_time){ 0, 0 };
}

static void hold(struct ffntp_steady *next, const struct ffntp_steady *former)
{
	if (!latest_utc(former, next->at, &next->time))
		return;
	next->kind = FFNTP_STEADY_HELD;
	next->ahead = lead(former, next->at);
}

static int64_t offset_s(const struct ffntp_numbering *numbering, struct ffntp_time time)
{
	return time.s - ffntp_numbering_utc(numbering, time).time.s;
}

/* Return the change of continuous time (s) between the two states, which occurs where TAI becomes known or unknown. */
static int64_t renumbered_s(const struct ffntp_steady *former, const struct ffntp_steady *next)
{
	const struct ffntp_numbering *was = &former->numbering, *is = &next->numbering;
	bool is_same_leap =
		was->sign == is->sign && (was->sign == 0 || was->at_s - was->offset_s == is->at_s - is->offset_s);

	if (is_same_leap)
		return is->offset_s - was->offset_s;
	return offset_s(is, next->time) - offset_s(was, ffntp_time_plus(former->time, counted(former, next->at)));
}

/* Return the largest lead of the map's time over the true time until void_after, in ns. */
static uint64_t bound_ns(const struct ffntp_map *map)
{
	return ffntp_map_maxerror_ns(map, map->maxerror_before_ns, map->void_after - map->at);
}

/*
 * Set monotonic UTC and the phase of the next state. Monotonic UTC slews from its latest value to the estimate, or
 * steps forward to it where that is allowed.
 */
static void run(struct ffntp_steady *next, const struct ffntp_steady *former, const struct ffntp_map *map,
		struct ffntp_time utc, bool is_continuous)
{
	bool is_followed = is_continuous && former->kind == FFNTP_STEADY_RUNNING && !is_void(former, next->at);
	struct ffntp_time latest, ahead = lead(former, next->at);

	if (ahead.s != 0 || ahead.frac != 0)
		ahead = plus(ahead, from_ns(bound_ns(map)));
	if (latest_utc(former, next->at, &latest)) {
		struct ffntp_time gap = minus(ffntp_time_plus(latest, guard(next)), utc);

		ahead = is_followed ? gap : later(gap, ahead);
	}
	/* The phase continues from its former value; while the marker stays the same it follows the estimate. */
	next->joint = plus(next->joint, minus(next->elapsed, next->time));
	if (is_continuous && former->kind == FFNTP_STEADY_RUNNING)
		next->joint = minus(former->joint, (struct ffntp_time){ renumbered_s(former, next), 0 });
	next->kind = FFNTP_STEADY_RUNNING;
	next->ahead = ahead;
	next->margin_ns = bound_ns(map) + to_ns(ahead);
}

struct ffntp_steady ffntp_steady_next(const struct ffntp_steady *former, const struct ffntp_map *map,
				      bool is_continuous, ffntp_counter now)
{
	struct ffntp_steady next = {
		.period_shift = map->period_shift,
		.at = now,
		.period = map->period,
		.void_after = map->void_after,
	};
	struct ffntp_reading reading;

	next.elapsed = ffntp_time_plus(ffntp_steady_elapsed(former, now), elapsed_guard(former, &next));
	next.joint = minus(ffntp_steady_phase(former, now), next.elapsed);
	if (ffntp_clock_at(map, now, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK) {
		hold(&next, former);
		return next;
	}
	next.time = (struct ffntp_time){ reading.estimate.s + reading.offset_s, reading.estimate.frac };
	next.numbering = ffntp_map_numbering(map);
	run(&next, former, map, reading.estimate, is_continuous);
	return next;
}
