#include "stamping.h"

#include <math.h>
#include <time.h>

#include "../../core/params.h"

/* The narrowest of so many is 26 to 28 ns wide; more gain nothing. */
#define BRACKET_TRIES 5

/*
 * How far two clocks may drift apart without a step: NTP slews CLOCK_REALTIME by up to 500 ppm, and the period that
 * turns ticks into seconds here may be as wrong again.
 */
#define SLEW_MAX 1000e-6

/* What two brackets may differ by for no reason of clocks (ns): their widths, and a reading that was interrupted. */
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

static bool was_stepped(const struct ffntp_stamping *stamping, double ns_per_tick)
{
	double counter_ns = (double)(int64_t)(stamping->after.counter - stamping->before.counter) * ns_per_tick;
	double realtime = (double)(stamping->after.realtime_ns - stamping->before.realtime_ns);

	return !(realtime > 0) || fabs(realtime - counter_ns) > fabs(counter_ns) * SLEW_MAX + BRACKET_SLACK_NS;
}

/*
 * The counter when CLOCK_REALTIME was ns, on the line through both brackets: whatever rate CLOCK_REALTIME is made to
 * run at, and however long we were kept from sending or from waking up, it is off by no more than they are.
 */
static ffntp_counter to_counter(const struct ffntp_stamping *stamping, int64_t ns)
{
	double ticks = (double)(int64_t)(stamping->after.counter - stamping->before.counter);
	double span_ns = (double)(stamping->after.realtime_ns - stamping->before.realtime_ns);

	return stamping->before.counter +
	       (uint64_t)llrint((double)(ns - stamping->before.realtime_ns) / span_ns * ticks);
}

/* What the wider bracket leaves unsure, in ticks, beyond what the core allows every stamp to be off by. */
static ffntp_counter unsure_ticks(const struct ffntp_stamping *stamping, double ns_per_tick)
{
	uint64_t before = stamping->before.width_ticks, after = stamping->after.width_ticks;
	double unsure = (double)(before > after ? before : after) / 2 - FFNTP_STAMPING_ERROR_S * 1e9 / ns_per_tick;

	return unsure > 0 ? (ffntp_counter)llrint(unsure) : 0;
}

/* Whether x lies within [first, last] give or take the slack; then x is moved into it. */
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

	*ta = stamping->own_ta;
	*tf = stamping->own_tf;
	if (was_stepped(stamping, ns_per_tick))
		return;
	if (stamping->has_tx) {
		sent = to_counter(stamping, stamping->tx_ns) - unsure;
		if (fits(&sent, stamping->own_ta, stamping->own_tf, ns_per_tick))
			*ta = sent;
	}
	if (stamping->has_rx) {
		received = to_counter(stamping, stamping->rx_ns) + unsure;
		if (fits(&received, *ta, stamping->own_tf, ns_per_tick))
			*tf = received;
	}
}
