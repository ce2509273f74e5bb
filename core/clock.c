/* clock: see ffntp/clock.h. */
#include "../include/ffntp/clock.h"

#include "assert.h"
#include "clock.h"

const char *ffntp_clock_result_text(enum ffntp_clock_result result)
{
	switch (result) {
	case FFNTP_CLOCK_OK:
		return "ok";
	case FFNTP_CLOCK_UNSYNCHRONISED:
		return "the clock is not synchronised yet";
	case FFNTP_CLOCK_DISRUPTED:
		return "the counter was disrupted: its earlier readings no longer give the time";
	case FFNTP_CLOCK_VOID:
		return "the clock page is stale: its writer has stopped; start it again";
	case FFNTP_CLOCK_TAI_UNKNOWN:
		return "the offset of TAI from UTC is not known";
	case FFNTP_CLOCK_BOUND:
		return "the error bound exceeds the requested limit";
	case FFNTP_CLOCK_RANGE:
		return "the counter reading is too far from the clock's to give a time";
	case FFNTP_CLOCK_TOO_OLD:
		return "the counter reading is older than the oldest map on the clock page";
	case FFNTP_CLOCK_BUSY:
		return "the clock page was being written at every try";
	case FFNTP_CLOCK_COUNTER:
		return "the clock page's counter cannot be used here";
	case FFNTP_CLOCK_DISCONNECTED:
		return "the clock device is not connected";
	case FFNTP_CLOCK_STEADY:
		return "the writer of this clock keeps no monotonic time";
	case FFNTP_CLOCK_OTHER_BOOT:
		return "the counter reading was taken before this machine last started, or from another counter";
	case FFNTP_CLOCK_FUTURE:
		return "the counter reading lies in the future";
	case FFNTP_CLOCK_NEGATIVE:
		return "the duration ends before it begins";
	case FFNTP_CLOCK_NO_BOUND:
		return "the VMClock page does not state the maximum errors of its time and period, so that nothing "
		       "bounds "
		       "the time";
	case FFNTP_CLOCK_INVALID:
		return "the VMClock page has values that the VMClock specification does not define";
	}
	return "unknown";
}

/*
 * Return base_ns + ticks * rate, rounded up; saturates at UINT64_MAX. The product is the sum of those with the rate's
 * two words. At rates above 1 ns per tick the drift reaches 2^63 ns within 2^63 ticks.
 */
static inline uint64_t error_ns(uint64_t base_ns, uint64_t ticks, uint64_t rate, unsigned shift)
{
	struct ffntp_u128 rate_ns = ffntp_rate_ns(rate, shift);
	struct ffntp_u128 whole_ns = ffntp_mul64(ticks, rate_ns.high);
	uint64_t drift_ns = ffntp_drift_ns(ticks, rate_ns.low);
	uint64_t sum_ns = base_ns + drift_ns;

	if (whole_ns.high != 0 || sum_ns < drift_ns || whole_ns.low > UINT64_MAX - sum_ns)
		return UINT64_MAX;
	return sum_ns + whole_ns.low;
}

struct ffntp_time ffntp_map_time(const struct ffntp_map *map, ffntp_counter at)
{
	unsigned shift = map->period_shift & 63; /* which a damaged page may exceed */

	if ((int64_t)(at - map->at) < 0)
		return ffntp_time_minus(map->time, ffntp_span_down(map->at - at, map->period, shift));
	return ffntp_time_plus(map->time, ffntp_span_down(at - map->at, map->period, shift));
}

uint64_t ffntp_map_esterror_ns(const struct ffntp_map *map, uint64_t ticks)
{
	return error_ns(map->esterror_ns, ticks, map->period_esterror, map->period_shift);
}

uint64_t ffntp_map_maxerror_ns(const struct ffntp_map *map, uint64_t base_ns, uint64_t ticks)
{
	return error_ns(base_ns, ticks, map->period_maxerror, map->period_shift);
}

/* Check that the map's time can be expressed in this scale. */
static enum ffntp_clock_result judge_scale(const struct ffntp_map *map, enum ffntp_timescale scale)
{
	if (ffntp_reading_is_far(map->time.s) || (map->leap_sign != 0 && ffntp_reading_is_far(map->leap_at_s)))
		return FFNTP_CLOCK_RANGE;
	return scale == FFNTP_TAI && !map->tai_is_known ? FFNTP_CLOCK_TAI_UNKNOWN : FFNTP_CLOCK_OK;
}

/*
 * Convert the reading from the map's continuous time to a scale. Each end of the interval has its own share of a smear.
 */
static void set_times(const struct ffntp_map *map, enum ffntp_timescale scale, struct ffntp_reading *reading)
{
	const struct ffntp_numbering numbering = ffntp_map_numbering(map);
	struct ffntp_time time = reading->estimate;

	reading->leap = ffntp_reading_leap(map, time);
	reading->estimate = ffntp_numbering_convert(&numbering, time, scale);
	if (scale == FFNTP_UTC) {
		reading->offset_s = (int16_t)(time.s - reading->estimate.s);
		reading->earliest.s -= reading->offset_s;
		reading->latest.s -= reading->offset_s;
		return;
	}
	reading->offset_s = 0;
	reading->earliest = ffntp_numbering_convert(&numbering, reading->earliest, scale);
	reading->latest = ffntp_numbering_convert(&numbering, reading->latest, scale);
}

enum ffntp_clock_result ffntp_clock_at(const struct ffntp_map *map, ffntp_counter now, enum ffntp_timescale scale,
				       uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	enum ffntp_clock_result result = ffntp_reading_judge(map, now);

	if (result != FFNTP_CLOCK_OK)
		return result;
	result = judge_scale(map, scale);
	if (result != FFNTP_CLOCK_OK)
		return result;

	bool is_backward = (int64_t)(now - map->at) < 0;
	uint64_t ticks = is_backward ? map->at - now : now - map->at;
	struct ffntp_span elapsed = ffntp_span_down(ticks, map->period, map->period_shift);
	uint64_t maxerror_ns = ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns);
	uint64_t bound_ns = error_ns(maxerror_ns, ticks, map->period_maxerror, map->period_shift);

	if (elapsed.s >= FFNTP_READING_ELAPSED_LIMIT_S)
		return FFNTP_CLOCK_RANGE;
	if (bound_ns > max_bound_ns)
		return FFNTP_CLOCK_BOUND;
	if (bound_ns == UINT64_MAX)
		return FFNTP_CLOCK_RANGE;

	struct ffntp_time estimate =
		is_backward ? ffntp_time_minus(map->time, elapsed) : ffntp_time_plus(map->time, elapsed);

	if (scale == FFNTP_TAI && !ffntp_reading_has_tai(map, estimate))
		return FFNTP_CLOCK_TAI_UNKNOWN;

	/* Both ends have moved away by the drift. A distance of 0 becomes one unit, to leave room for rounding. */
	uint64_t drift_ns = bound_ns - maxerror_ns;
	uint64_t before_ns = map->maxerror_before_ns + drift_ns, after_ns = map->maxerror_after_ns + drift_ns;
	struct ffntp_span before = ffntp_distance(before_ns), after = ffntp_distance(after_ns);

	before.frac |= before_ns == 0;
	after.frac |= after_ns == 0;
	ffntp_reading_set(reading, estimate, before, after);
	reading->bound_ns = bound_ns;
	reading->esterror_ns = error_ns(map->esterror_ns, ticks, map->period_esterror, map->period_shift);
	reading->asymmetry_esterror_ns = map->asymmetry_esterror_ns;
	reading->status = map->status;
	FFNTP_ASSERT(bound_ns >= map->maxerror_before_ns && bound_ns >= map->maxerror_after_ns);
	FFNTP_ASSERT(!ffntp_time_is_before(reading->estimate, reading->earliest));
	FFNTP_ASSERT(!ffntp_time_is_before(reading->latest, reading->estimate));
	set_times(map, scale, reading);
	return FFNTP_CLOCK_OK;
}

/* A rate with its errors, in the map's units. */
struct rate {
	uint64_t period, esterror, maxerror;
};

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/*
 * The local period holds over this span (s), because an oscillator keeps its rate that long: RADclock's SKM scale is
 * 1024 s.
 */
#define LOCAL_SPAN_S 1000

static bool takes_stable(const struct ffntp_map *map, uint64_t ticks, enum ffntp_rate rate)
{
	struct ffntp_span span = ffntp_span_down(ticks, map->period, map->period_shift & 63);

	return rate == FFNTP_RATE_STABLE ||
	       (rate == FFNTP_RATE_AUTO && span.s >= LOCAL_SPAN_S && map->stable_esterror < map->period_esterror);
}

/*
 * The true rate lies within period_maxerror of the local period. The stable period's error is larger by the difference
 * of the two periods.
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

/*
 * Convert to nanoseconds, rounded to nearest. Returns false from 2^33 s (272 years) on; below that the sum is less than
 * 2^63.
 */
static bool span_to_ns(struct ffntp_span span, int64_t *ns)
{
	struct ffntp_u128 fraction = ffntp_add128(ffntp_mul64(span.frac, (uint64_t)FFNTP_NS_PER_S), UINT64_C(1) << 63);

	if (span.s >> 33 != 0)
		return false;
	*ns = (int64_t)(span.s * (uint64_t)FFNTP_NS_PER_S + fraction.high);
	return true;
}

/*
 * The error from rounding is less than 1 ns: half for rounding to nearest, and 10^9 * 2^-64 for the truncated span. The
 * bound contains this 1 ns.
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
	duration->bound_ns = error_ns(ticks != 0, ticks, chosen.maxerror, map->period_shift);
	duration->esterror_ns = error_ns(0, ticks, chosen.esterror, map->period_shift);
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
