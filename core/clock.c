/* clock: see ffntp/clock.h. */
#include "../include/ffntp/clock.h"

#include "clock.h"

const char *ffntp_clock_result_text(enum ffntp_clock_result result)
{
	switch (result) {
	case FFNTP_CLOCK_OK:
		return "ok";
	case FFNTP_CLOCK_UNSYNCHRONISED:
		return "the clock is not synchronised yet";
	case FFNTP_CLOCK_DISRUPTED:
		return "the counter was disrupted, and the clock is not synchronised anew yet";
	case FFNTP_CLOCK_VOID:
		return "the clock page is stale: nobody keeps it";
	case FFNTP_CLOCK_TAI_UNKNOWN:
		return "the offset of TAI from UTC is not known";
	case FFNTP_CLOCK_BOUND:
		return "the error bound exceeds the limit that was asked for";
	case FFNTP_CLOCK_RANGE:
		return "the counter reading is too far from the clock's to tell a time";
	case FFNTP_CLOCK_TOO_OLD:
		return "the counter reading is older than what the clock page remembers";
	case FFNTP_CLOCK_BUSY:
		return "the clock page was being written on every try";
	case FFNTP_CLOCK_COUNTER:
		return "the clock page's counter cannot be used here";
	case FFNTP_CLOCK_DISCONNECTED:
		return "the clock device is not connected";
	case FFNTP_CLOCK_STEADY:
		return "nobody keeps a time here that never runs backwards";
	case FFNTP_CLOCK_OTHER_BOOT:
		return "the counter reading was taken before this machine last started, or from another counter";
	case FFNTP_CLOCK_FUTURE:
		return "the counter reading lies in the future";
	case FFNTP_CLOCK_NEGATIVE:
		return "the duration ends before it begins";
	}
	return "unknown";
}

enum ffntp_clock_result ffntp_clock_at(const struct ffntp_map *map, ffntp_counter now, enum ffntp_timescale scale,
				       uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	return ffntp_reading_make(map, now, scale, max_bound_ns, reading);
}

/* A rate and what it may be wrong, in the map's units. */
struct rate {
	uint64_t period, esterror, maxerror;
};

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* An oscillator keeps its rate for so long (s), and the local period is that rate: RADclock's SKM scale is 1024 s. */
#define LOCAL_SPAN_S 1000

static bool takes_stable(const struct ffntp_map *map, uint64_t ticks, enum ffntp_rate rate)
{
	struct ffntp_span span = ffntp_span_down(ticks, map->period, map->period_shift & 63);

	return rate == FFNTP_RATE_STABLE ||
	       (rate == FFNTP_RATE_AUTO && span.s >= LOCAL_SPAN_S && map->stable_esterror < map->period_esterror);
}

/*
 * The true rate lies within period_maxerror of the local period, so from the stable one their difference further off.
 */
static struct rate choose_rate(const struct ffntp_map *map, uint64_t ticks, enum ffntp_rate rate)
{
	uint64_t apart =
		map->stable_period > map->period ? map->stable_period - map->period : map->period - map->stable_period;

	if (takes_stable(map, ticks, rate))
		return (struct rate){ map->stable_period, map->stable_esterror,
				      add_saturated(map->period_maxerror, apart) };
	return (struct rate){ map->period, map->period_esterror, map->period_maxerror };
}

/* To the nearest nanosecond. False from 2^33 s (272 years) on; below, the sum is less than 2^63. */
static bool span_to_ns(struct ffntp_span span, int64_t *ns)
{
	struct ffntp_u128 fraction = ffntp_add128(ffntp_mul64(span.frac, FFNTP_READING_NS_PER_S), UINT64_C(1) << 63);

	if (span.s >> 33 != 0)
		return false;
	*ns = (int64_t)(span.s * FFNTP_READING_NS_PER_S + fraction.high);
	return true;
}

/*
 * The nanoseconds are off by less than 1: half for rounding to the nearest, and 10^9 * 2^-64 for the truncated span.
 * The bound has that 1 added.
 */
enum ffntp_clock_result ffntp_clock_duration(const struct ffntp_map *map, ffntp_counter from, ffntp_counter to,
					     enum ffntp_rate rate, struct ffntp_duration *duration)
{
	bool is_backward = (int64_t)(to - from) < 0;
	uint64_t ticks = is_backward ? from - to : to - from;
	struct rate chosen = choose_rate(map, ticks, rate);
	enum ffntp_clock_result result = ffntp_reading_judge(map, from);
	int64_t ns;

	if (result == FFNTP_CLOCK_OK)
		result = ffntp_reading_judge(map, to);
	if (result != FFNTP_CLOCK_OK)
		return result;
	if (ticks == UINT64_C(1) << 63 || !span_to_ns(ffntp_span_down(ticks, chosen.period, map->period_shift), &ns))
		return FFNTP_CLOCK_RANGE;
	duration->ns = is_backward ? -ns : ns;
	duration->bound_ns = ffntp_error_ns(ticks != 0, ticks, chosen.maxerror, map->period_shift);
	duration->esterror_ns = ffntp_error_ns(0, ticks, chosen.esterror, map->period_shift);
	return FFNTP_CLOCK_OK;
}

static struct ffntp_time continuous(struct ffntp_time time, const struct ffntp_reading *reading)
{
	return (struct ffntp_time){ time.s + reading->offset_s, time.frac };
}

enum ffntp_order ffntp_clock_order(const struct ffntp_reading *a, const struct ffntp_reading *b)
{
	if (ffntp_time_is_before(continuous(a->latest, a), continuous(b->earliest, b)))
		return FFNTP_BEFORE;
	if (ffntp_time_is_before(continuous(b->latest, b), continuous(a->earliest, a)))
		return FFNTP_AFTER;
	return FFNTP_UNORDERED;
}
