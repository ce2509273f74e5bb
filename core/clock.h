/*
 * clock: the arithmetic of ffntp/clock.h, as inline functions for the code whose speed matters. Integers only, no
 * division. docs/arithmetic.md has the proofs.
 */
#ifndef FFNTP_CORE_CLOCK_H
#define FFNTP_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/clock.h"
#include "bits.h"
#include "params.h"

/* One nanosecond in 2^-(64 + 28) s: 2^92 / 10^9, rounded to nearest; with this shift it has its top bits in use. */
#define FFNTP_NS_PERIOD_SHIFT 28
#define FFNTP_NS_PERIOD UINT64_C(4951760157141521100)

/* Limits beyond which a sum of seconds might overflow: 36 000 million years, and 34 000 years. */
#define FFNTP_READING_EPOCH_LIMIT_S (UINT64_C(1) << 60)
#define FFNTP_READING_ELAPSED_LIMIT_S (UINT64_C(1) << 40)

/* An unsigned span of s + frac * 2^-64 seconds. */
struct ffntp_span {
	uint64_t s, frac;
};

/*
 * Return ticks * rate, converted from 2^-(64 + shift) s to 2^-64 s and rounded down.
 * shift: 0 to 63. Both factors are below 2^64, so the product fits, and its high word has room for whole seconds.
 */
static inline struct ffntp_span ffntp_span_down(uint64_t ticks, uint64_t rate, unsigned shift)
{
	struct ffntp_u128 product = ffntp_mul64(ticks, rate);

	/* Shifting by 63 - shift and then by 1 avoids a shift by 64, which is undefined. */
	return (struct ffntp_span){ product.high >> shift, product.high << 1 << (63 - shift) | product.low >> shift };
}

/*
 * Convert a rate of error to 2^-64 ns per tick, rounded up; the rounding adds less than half a nanosecond over 2^63
 * ticks. The high word is 0 for rates below 1 ns per tick.
 */
static inline struct ffntp_u128 ffntp_rate_ns(uint64_t rate, unsigned shift)
{
	struct ffntp_u128 product = ffntp_mul64(rate, (uint64_t)FFNTP_NS_PER_S);

	return ffntp_shift_right128(ffntp_add128(product, (UINT64_C(1) << shift) - 1), shift);
}

/* Return ticks * rate_ns in nanoseconds, rounded up. ticks <= 2^63, so the result is at most 2^63. */
static inline uint64_t ffntp_drift_ns(uint64_t ticks, uint64_t rate_ns)
{
#ifdef __SIZEOF_INT128__
	return (uint64_t)(((ffntp_native_u128)ticks * rate_ns + UINT64_MAX) >> 64);
#else
	return ffntp_add128(ffntp_mul64(ticks, rate_ns), UINT64_MAX).high;
#endif
}

/*
 * Convert the distance of an interval's end from the estimate, rounded up. Unless the distance is 0 it grows by one
 * more unit, because the estimate may have been rounded down by that. 2^64 / 10^9 = 18446744073.71; the factor is
 * larger by 1.29, which adds 70 ps to 1 s.
 */
static inline struct ffntp_span ffntp_distance(uint64_t distance_ns)
{
	struct ffntp_u128 product = ffntp_mul64(distance_ns, UINT64_C(18446744075));

	return (struct ffntp_span){ product.high, product.low };
}

/* Return a + b, modulo 2^64 s. */
static inline struct ffntp_span ffntp_span_plus(struct ffntp_span a, struct ffntp_span b)
{
#ifdef __SIZEOF_INT128__
	/* Compilers turn this into one addition with carry. */
	ffntp_native_u128 sum = ((ffntp_native_u128)a.s << 64 | a.frac) + ((ffntp_native_u128)b.s << 64 | b.frac);

	return (struct ffntp_span){ (uint64_t)(sum >> 64), (uint64_t)sum };
#else
	uint64_t frac = a.frac + b.frac;

	return (struct ffntp_span){ a.s + b.s + (frac < b.frac), frac };
#endif
}

/* Return a - b, modulo 2^64 s. */
static inline struct ffntp_span ffntp_span_minus(struct ffntp_span a, struct ffntp_span b)
{
#ifdef __SIZEOF_INT128__
	/* NOLINTNEXTLINE(*-core.UndefinedBinaryOperatorResult): clang-tidy 14 calls a shift of 128 bits undefined. */
	ffntp_native_u128 left = ((ffntp_native_u128)a.s << 64 | a.frac) - ((ffntp_native_u128)b.s << 64 | b.frac);

	return (struct ffntp_span){ (uint64_t)(left >> 64), (uint64_t)left };
#else
	return (struct ffntp_span){ a.s - b.s - (a.frac < b.frac), a.frac - b.frac };
#endif
}

/* Return t + span. The caller has checked that the seconds fit. */
static inline struct ffntp_time ffntp_time_plus(struct ffntp_time t, struct ffntp_span span)
{
	struct ffntp_span sum = ffntp_span_plus((struct ffntp_span){ (uint64_t)t.s, t.frac }, span);

	return (struct ffntp_time){ (int64_t)sum.s, sum.frac };
}

/* Return t - span. The caller has checked that the seconds fit. */
static inline struct ffntp_time ffntp_time_minus(struct ffntp_time t, struct ffntp_span span)
{
	struct ffntp_span left = ffntp_span_minus((struct ffntp_span){ (uint64_t)t.s, t.frac }, span);

	return (struct ffntp_time){ (int64_t)left.s, left.frac };
}

/* Return the map's time at a counter reading before or after its 'at'. The caller has checked that it is in range. */
struct ffntp_time ffntp_map_time(const struct ffntp_map *map, ffntp_counter at);

/* Return the map's estimated error of time at this distance in ticks from its 'at', in ns; saturates at UINT64_MAX. */
uint64_t ffntp_map_esterror_ns(const struct ffntp_map *map, uint64_t ticks);

/*
 * Return the distance of an interval's end from the estimate, base_ns at 'at', after this number of ticks; saturates.
 */
uint64_t ffntp_map_maxerror_ns(const struct ffntp_map *map, uint64_t base_ns, uint64_t ticks);

/* Return FFNTP_CLOCK_OK if a map with this status has a time, else the reason why not. */
static inline enum ffntp_clock_result ffntp_reading_judge_status(enum ffntp_status status)
{
	if (status == FFNTP_STATUS_SYNCHRONISED || status == FFNTP_STATUS_FREE_RUNNING)
		return FFNTP_CLOCK_OK;
	return status == FFNTP_STATUS_DISRUPTED ? FFNTP_CLOCK_DISRUPTED : FFNTP_CLOCK_UNSYNCHRONISED;
}

/*
 * Return FFNTP_CLOCK_OK if the map gives the time at 'now', else the reason why not. Distances are taken from map->at,
 * so 'now' and void_after may lie up to 2^63 ticks from it on either side.
 */
static inline enum ffntp_clock_result ffntp_reading_judge(const struct ffntp_map *map, ffntp_counter now)
{
	enum ffntp_clock_result result = ffntp_reading_judge_status(map->status);

	if (result != FFNTP_CLOCK_OK)
		return result;
	if (map->period_shift > 62 || now - map->at == UINT64_C(1) << 63)
		return FFNTP_CLOCK_RANGE;
	if ((int64_t)(now - map->at) > (int64_t)(map->void_after - map->at))
		return FFNTP_CLOCK_VOID;
	return FFNTP_CLOCK_OK;
}

/* Return whether a present reading is so far behind a stored one that the counter was set back. map: for its rate. */
static inline bool ffntp_reading_is_behind(const struct ffntp_map *map, ffntp_counter stored, ffntp_counter now)
{
	struct ffntp_span behind = ffntp_span_down(stored - now, map->period, map->period_shift & 63);

	return (int64_t)(now - stored) < 0 && (behind.s > 0 || behind.frac > FFNTP_BEHIND_LIMIT);
}

/* Return whether the counter was set back after the map was made. now: a present reading. */
static inline bool ffntp_reading_is_set_back(const struct ffntp_map *map, ffntp_counter now)
{
	return ffntp_reading_is_behind(map, map->at, now);
}

static inline bool ffntp_reading_is_far(int64_t s)
{
	return (uint64_t)s + FFNTP_READING_EPOCH_LIMIT_S >= 2 * FFNTP_READING_EPOCH_LIMIT_S;
}

/*
 * Return the leap indicator at a time. It is the map's own, unless the map's leap second lies between that time and the
 * map's.
 */
static inline enum ffntp_leap ffntp_reading_leap(const struct ffntp_map *map, struct ffntp_time time)
{
	bool is_after = time.s >= map->leap_at_s;

	if (map->leap_sign == 0)
		return map->leap;
	if (map->leap_sign > 0 && time.s == map->leap_at_s)
		return FFNTP_LEAP_POSITIVE;
	if (is_after == (map->time.s >= map->leap_at_s) && map->leap != FFNTP_LEAP_POSITIVE)
		return map->leap;
	if (map->leap_sign > 0)
		return is_after ? FFNTP_LEAP_POST_POSITIVE : FFNTP_LEAP_PRE_POSITIVE;
	return is_after ? FFNTP_LEAP_POST_NEGATIVE : FFNTP_LEAP_PRE_NEGATIVE;
}

/* Return whether TAI is known at a time: after its table's expiry only if the map's writer keeps the last offset. */
static inline bool ffntp_reading_has_tai(const struct ffntp_map *map, struct ffntp_time time)
{
	return map->tai_is_known &&
	       (map->tai_outlasts_table || !ffntp_map_tai_is_expired(map, time.s - map->tai_offset_s));
}

static inline uint64_t ffntp_larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Set the three times of a reading from its estimate and the distances of the interval's ends. */
static inline void ffntp_reading_set(struct ffntp_reading *reading, struct ffntp_time estimate,
				     struct ffntp_span before, struct ffntp_span after)
{
	reading->earliest = ffntp_time_minus(estimate, before);
	reading->estimate = estimate;
	reading->latest = ffntp_time_plus(estimate, after);
}

/* --- a map, prepared --- */

/*
 * A prepared map, the form that costs least to read: the writer has made all checks and divisions that it can. It is
 * valid from 'at' to 'at' + limit, and gives the same numbers as ffntp_clock_at.
 */
struct ffntp_line {
	uint64_t key; /* counter kind, and further fields at the shifts below */
	ffntp_counter at;
	uint64_t limit;       /* ticks */
	uint64_t period_high; /* 2^-64 s per tick */
	uint64_t period_low;  /* 2^-128 s per tick */
	uint64_t maxerror_before_ns;
	uint64_t maxerror_after_ns;
	uint64_t maxerror_rate; /* 2^-64 ns per tick */
	uint64_t esterror_ns;
	uint64_t esterror_rate;
	uint64_t frac;
	uint64_t s[2]; /* seconds of the time at 'at' in UTC and TAI, by enum ffntp_timescale; other scales need the map
			*/
};

/*
 * Bit positions in the key. The bit at SCALE_SHIFT + scale: the line can be read in that scale. The offset is that of
 * UTC.
 */
enum {
	FFNTP_LINE_STATUS_SHIFT = 8,
	FFNTP_LINE_SCALE_SHIFT = 16,
	FFNTP_LINE_LEAP_SHIFT = 24,
	FFNTP_LINE_OFFSET_SHIFT = 32,
};

/*
 * Return ticks * period in 2^-64 s, rounded down, with the same result as ffntp_span_down: period_low holds the bits
 * that the shift would have cut off.
 */
static inline struct ffntp_span ffntp_line_elapsed(uint64_t ticks, uint64_t period_high, uint64_t period_low)
{
	struct ffntp_u128 whole = ffntp_mul64(ticks, period_high);
	struct ffntp_span rest = { 0, ffntp_mul64(ticks, period_low).high };

	return ffntp_span_plus((struct ffntp_span){ whole.high, whole.low }, rest);
}

#endif
