#include "stamping.h"

#include <time.h>

#include "../../core/maths.h"
#include "../../core/params.h"

/* The narrowest cross-timestamp of this many is 26 to 28 ns wide; more attempts do not improve it. */
#define BRACKET_TRIES 5

/*
 * Largest rate difference of the two clocks without a step: NTP slews CLOCK_REALTIME by up to 500 ppm, and the period
 * that converts ticks to seconds here may have the same error.
 */
#define SLEW_MAX 1000e-6

/*
 * A rate is measured over at least this many lengths of an exchange: its error then adds an eighth of a
 * cross-timestamp's width.
 */
#define BASELINE_LEAST 8.0

/*
 * Largest difference between two cross-timestamps that proves no step of the clocks (ns): their widths, and an
 * interrupted reading.
 */
#define BRACKET_SLACK_NS 1000

static int64_t realtime_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * FFNTP_NS_PER_S + now.tv_nsec;
}

static struct ffntp_bracket bracket_once(const struct ffntp_counter_source *source)
{
	ffntp_counter begin = ffntp_counter_read(source);
	int64_t ns = realtime_ns();
	uint64_t width = ffntp_counter_read(source) - begin;

	return (struct ffntp_bracket){ .counter = begin + width / 2, .realtime_ns = ns, .width_ticks = width };
}

struct ffntp_bracket ffntp_bracket_take(const struct ffntp_counter_source *source)
{
	struct ffntp_bracket best = bracket_once(source);

	for (int i = 1; i < BRACKET_TRIES; i++) {
		struct ffntp_bracket another = bracket_once(source);

		if (another.width_ticks < best.width_ticks)
			best = another;
	}
	return best;
}

/* CLOCK_REALTIME in ns per tick, and its error or change, as a ratio. */
struct rate {
	double ns_per_tick, error;
};

static double ticks_between(const struct ffntp_bracket *older, const struct ffntp_bracket *newer)
{
	return (double)(int64_t)(newer->counter - older->counter);
}

static double ns_between(const struct ffntp_bracket *older, const struct ffntp_bracket *newer)
{
	return (double)(newer->realtime_ns - older->realtime_ns);
}

/* Return whether CLOCK_REALTIME ran at this rate from one cross-timestamp to the other. */
static bool agrees(const struct ffntp_stamping *stamping, struct rate rate)
{
	double expected_ns = ticks_between(&stamping->before, &stamping->after) * rate.ns_per_tick;
	double ns = ns_between(&stamping->before, &stamping->after);

	return ns > 0 && ffntp_fabs(ns - expected_ns) <= ffntp_fabs(expected_ns) * rate.error + BRACKET_SLACK_NS;
}

/* Compute the rate since the cross-timestamp of the previous exchange. Returns false if that is not usable. */
static bool measure_rate(const struct ffntp_stamping *stamping, struct rate nominal, struct rate *rate)
{
	double baseline = ticks_between(&stamping->earlier, &stamping->before);
	double length = ticks_between(&stamping->before, &stamping->after);

	*rate = (struct rate){ ns_between(&stamping->earlier, &stamping->before) / baseline, 0 };
	return stamping->earlier.realtime_ns != 0 && baseline >= BASELINE_LEAST * length &&
	       ffntp_fabs(rate->ns_per_tick / nominal.ns_per_tick - 1) <= nominal.error;
}

/*
 * Choose the rate of CLOCK_REALTIME during the exchange. If it agrees with the rate before, to a microsecond at the
 * end, no allowance is needed. Otherwise, as in the first exchange or when a daemon began to slew, the allowance is the
 * full slew that NTP permits.
 */
static bool choose_rate(const struct ffntp_stamping *stamping, double ns_per_tick, struct rate *rate)
{
	struct rate nominal = { ns_per_tick, SLEW_MAX };

	if (measure_rate(stamping, nominal, rate) && agrees(stamping, *rate))
		return true;
	*rate = nominal;
	return agrees(stamping, nominal);
}

/* The counter readings between which CLOCK_REALTIME was 'ns', relative to the first cross-timestamp. */
struct span {
	double earliest, latest;
};

/*
 * Extrapolate from either cross-timestamp. A single event between them, a step or a change of rate, leaves one of the
 * two extrapolations right, so that the truth lies between them. A daemon that stepped the clock while this process was
 * stopped is such an event; if the rate is known, further adjustments add less than a microsecond.
 */
static struct span to_span(const struct ffntp_stamping *stamping, int64_t ns, struct rate rate)
{
	double from_before = (double)(ns - stamping->before.realtime_ns) / rate.ns_per_tick;
	double from_after = (double)(ns - stamping->after.realtime_ns) / rate.ns_per_tick;
	double end = ticks_between(&stamping->before, &stamping->after);
	double unsure_before = ffntp_fabs(from_before) * rate.error, unsure_after = ffntp_fabs(from_after) * rate.error;

	return (struct span){
		.earliest = ffntp_fmin(from_before - unsure_before, end + from_after - unsure_after),
		.latest = ffntp_fmax(from_before + unsure_before, end + from_after + unsure_after),
	};
}

static ffntp_counter to_reading(const struct ffntp_stamping *stamping, double ticks)
{
	return stamping->before.counter + (uint64_t)ffntp_floor(ticks + 0.5);
}

/* Return the uncertainty of the wider cross-timestamp, in ticks, beyond what the core allows for every stamp. */
static ffntp_counter unsure_ticks(const struct ffntp_stamping *stamping, double ns_per_tick)
{
	uint64_t before = stamping->before.width_ticks, after = stamping->after.width_ticks;
	double unsure = (double)(before > after ? before : after) / 2 - FFNTP_STAMPING_ERROR_S * 1e9 / ns_per_tick;

	return unsure > 0 ? (ffntp_counter)ffntp_floor(unsure + 0.5) : 0;
}

/* Return whether x lies within [first, last], give or take the slack; if so, x is clamped to it. */
static bool fits(ffntp_counter *x, ffntp_counter first, ffntp_counter last, double ns_per_tick)
{
	int64_t slack = (int64_t)(BRACKET_SLACK_NS / ns_per_tick) + 1;

	if ((int64_t)(*x - first) < -slack || (int64_t)(*x - last) > slack)
		return false;
	if ((int64_t)(*x - first) < 0)
		*x = first;
	if ((int64_t)(*x - last) > 0)
		*x = last;
	return true;
}

void ffntp_stamping_resolve(const struct ffntp_stamping *stamping, double period_s, ffntp_counter *ta,
			    ffntp_counter *tf)
{
	double ns_per_tick = period_s * 1e9;
	ffntp_counter unsure = unsure_ticks(stamping, ns_per_tick), sent, received;
	struct rate rate;

	*ta = stamping->own_ta;
	*tf = stamping->own_tf;
	if (!choose_rate(stamping, ns_per_tick, &rate))
		return;
	if (stamping->has_tx) {
		sent = to_reading(stamping, to_span(stamping, stamping->tx_ns, rate).earliest) - unsure;
		if (fits(&sent, stamping->own_ta, stamping->own_tf, ns_per_tick))
			*ta = sent;
	}
	if (stamping->has_rx) {
		received = to_reading(stamping, to_span(stamping, stamping->rx_ns, rate).latest) + unsure;
		if (fits(&received, *ta, stamping->own_tf, ns_per_tick))
			*tf = received;
	}
}
