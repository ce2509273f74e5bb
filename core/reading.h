/*
 * reading: the arithmetic of a clock reading, to be inlined where it must cost nothing. Integers only; no division.
 * docs/arithmetic.md has the proofs in full.
 */
#ifndef FFNTP_CORE_READING_H
#define FFNTP_CORE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/clock.h"
#include "bits.h"

#define FFNTP_READING_NS_PER_S UINT64_C(1000000000)

/* Beyond these a sum of seconds might not fit: 36 000 million years, and 34 000. */
#define FFNTP_READING_EPOCH_LIMIT_S (UINT64_C(1) << 60)
#define FFNTP_READING_ELAPSED_LIMIT_S (UINT64_C(1) << 40)

/* An unsigned span of s + frac * 2^-64 seconds. */
struct ffntp_span {
	uint64_t s, frac;
};

/*
 * ticks * rate, from 2^-(64 + shift) s to 2^-64 s, rounded down.
 * shift: 0 to 63. Both factors are below 2^64: the product fits, and the high word is left with whole seconds.
 */
static inline struct ffntp_span ffntp_span_down(uint64_t ticks, uint64_t rate, unsigned shift)
{
	struct ffntp_u128 product = ffntp_mul64(ticks, rate);

	/* high << 1 << (63 - shift): a shift by 64 is not defined. */
	return (struct ffntp_span){ product.high >> shift, product.high << 1 << (63 - shift) | product.low >> shift };
}

/* The same, rounded up. ticks <= 2^63, so that the product is below 2^127 and the sum fits. */
static inline struct ffntp_span ffntp_span_up(uint64_t ticks, uint64_t rate, unsigned shift)
{
	struct ffntp_u128 product = ffntp_add128(ffntp_mul64(ticks, rate), (UINT64_C(1) << shift) - 1);

	return (struct ffntp_span){ product.high >> shift, product.high << 1 << (63 - shift) | product.low >> shift };
}

/* Nanoseconds, rounded up; UINT64_MAX from 2^33 s (272 years) on. Else at most 2^33 * 10^9 < 2^63: the sum fits. */
static inline uint64_t ffntp_span_ns_up(struct ffntp_span span)
{
	struct ffntp_u128 fraction = ffntp_add128(ffntp_mul64(span.frac, FFNTP_READING_NS_PER_S), UINT64_MAX);

	if (span.s >> 33 != 0)
		return UINT64_MAX;
	return span.s * FFNTP_READING_NS_PER_S + fraction.high;
}

/* base_ns + ticks * rate, rounded up; saturates at UINT64_MAX. */
static inline uint64_t ffntp_reading_error_ns(uint64_t base_ns, uint64_t ticks, uint64_t rate, unsigned shift)
{
	uint64_t drift_ns = ffntp_span_ns_up(ffntp_span_up(ticks, rate, shift));

	return drift_ns > UINT64_MAX - base_ns ? UINT64_MAX : base_ns + drift_ns;
}

/*
 * n / 10^9 without a division. 2^93 / 10^9 lies 0.2 above the factor, so the quotient is never too large, and too small
 * by n * 0.2 / 2^93 < 2^-31, which can cost one when it is truncated.
 */
static inline uint64_t ffntp_reading_whole_s(uint64_t ns)
{
	uint64_t s = ffntp_mul64(ns, UINT64_C(0x89705f4136b4a597)).high >> 29;

	return ns - s * FFNTP_READING_NS_PER_S >= FFNTP_READING_NS_PER_S ? s + 1 : s;
}

/*
 * ns as a span, rounded up, and one unit more: by that much an estimate may have been rounded down.
 * 2^64 / 10^9 = 18446744073 + 0.709551616; the factor of the second product is 2^64 times this, rounded down. It falls
 * short by less than n * 2^-64 < 1, its truncation by less than 1. Below 10^9 the sum stays under 2^64 - 1.8e10 + 3.
 */
static inline struct ffntp_span ffntp_reading_half_width(uint64_t bound_ns)
{
	uint64_t s = bound_ns < FFNTP_READING_NS_PER_S ? 0 : ffntp_reading_whole_s(bound_ns);
	uint64_t n = bound_ns - s * FFNTP_READING_NS_PER_S;

	return (struct ffntp_span){ s, n * UINT64_C(18446744073) + ffntp_mul64(n, UINT64_C(0xb5a52cb98b405447)).high +
					       2 + 1 };
}

/* The caller knows that the seconds fit. */
static inline struct ffntp_time ffntp_time_plus(struct ffntp_time t, struct ffntp_span span)
{
	uint64_t frac = t.frac + span.frac;

	return (struct ffntp_time){ t.s + (int64_t)span.s + (frac < span.frac), frac };
}

static inline struct ffntp_time ffntp_time_minus(struct ffntp_time t, struct ffntp_span span)
{
	return (struct ffntp_time){ t.s - (int64_t)span.s - (t.frac < span.frac), t.frac - span.frac };
}

/* Why a map with this status tells nothing; or FFNTP_CLOCK_OK. */
static inline enum ffntp_clock_result ffntp_reading_judge_status(enum ffntp_status status)
{
	if (status == FFNTP_STATUS_SYNCHRONISED || status == FFNTP_STATUS_FREE_RUNNING)
		return FFNTP_CLOCK_OK;
	return status == FFNTP_STATUS_DISRUPTED ? FFNTP_CLOCK_DISRUPTED : FFNTP_CLOCK_UNSYNCHRONISED;
}

/*
 * Whether 'now' can be told from the map. Distances are taken from map->at, so that 'now' and void_after may lie up to
 * 2^63 ticks from it on either side.
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

/* The reference time of the map on another time scale. */
static inline enum ffntp_clock_result ffntp_reading_epoch(const struct ffntp_map *map, enum ffntp_timescale scale,
							  struct ffntp_time *epoch)
{
	if ((uint64_t)map->time.s + FFNTP_READING_EPOCH_LIMIT_S >= 2 * FFNTP_READING_EPOCH_LIMIT_S)
		return FFNTP_CLOCK_RANGE;
	if (scale == FFNTP_TAI && !map->tai_is_known)
		return FFNTP_CLOCK_TAI_UNKNOWN;
	*epoch = map->time;
	if (scale == FFNTP_UTC && map->tai_is_known)
		epoch->s -= map->tai_offset_s;
	return FFNTP_CLOCK_OK;
}

/* ffntp_clock_at */
static inline enum ffntp_clock_result ffntp_reading_make(const struct ffntp_map *map, ffntp_counter now,
							 enum ffntp_timescale scale, uint64_t max_bound_ns,
							 struct ffntp_reading *reading)
{
	enum ffntp_clock_result result = ffntp_reading_judge(map, now);
	struct ffntp_time epoch;

	if (result != FFNTP_CLOCK_OK)
		return result;
	result = ffntp_reading_epoch(map, scale, &epoch);
	if (result != FFNTP_CLOCK_OK)
		return result;

	bool is_backward = (int64_t)(now - map->at) < 0;
	uint64_t ticks = is_backward ? map->at - now : now - map->at;
	struct ffntp_span elapsed = ffntp_span_down(ticks, map->period, map->period_shift);
	uint64_t bound_ns = ffntp_reading_error_ns(map->maxerror_ns, ticks, map->period_maxerror, map->period_shift);

	if (elapsed.s >= FFNTP_READING_ELAPSED_LIMIT_S)
		return FFNTP_CLOCK_RANGE;
	if (bound_ns > max_bound_ns)
		return FFNTP_CLOCK_BOUND;
	if (bound_ns == UINT64_MAX)
		return FFNTP_CLOCK_RANGE;

	struct ffntp_time estimate = is_backward ? ffntp_time_minus(epoch, elapsed) : ffntp_time_plus(epoch, elapsed);
	struct ffntp_span half = ffntp_reading_half_width(bound_ns);

	*reading = (struct ffntp_reading){
		.earliest = ffntp_time_minus(estimate, half),
		.estimate = estimate,
		.latest = ffntp_time_plus(estimate, half),
		.bound_ns = bound_ns,
		.esterror_ns = ffntp_reading_error_ns(map->esterror_ns, ticks, map->period_esterror, map->period_shift),
		.status = map->status,
	};
	return FFNTP_CLOCK_OK;
}

#endif
