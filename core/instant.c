/*
 * instant: see ffntp/instant.h. No 64-bit division, because on 32-bit machines it needs the compiler's runtime library,
 * which guests lack.
 */
#include "../include/ffntp/instant.h"

#include "bits.h"

#define NS ((uint64_t)FFNTP_NS_PER_S)

/* floor(2^93 / 10^9), which has its top bit in use. */
#define NS_RECIPROCAL UINT64_C(0x89705f4136b4a597)

/* One nanosecond in 2^-64 s: 2^64 = UNITS_PER_NS * 10^9 + UNITS_LEFT. */
#define UNITS_PER_NS (UINT64_MAX / NS)
#define UNITS_LEFT (UINT64_MAX % NS + 1)

/* INT64_MAX nanoseconds are MOST_S seconds and MOST_NS nanoseconds; INT64_MIN is one nanosecond more, negative. */
#define MOST_S (INT64_MAX / FFNTP_NS_PER_S)
#define MOST_NS (INT64_MAX % FFNTP_NS_PER_S)

/*
 * Return value / 10^9, rounded down. The reciprocal is too small by less than 1, so the product by less than 2^64, so
 * the quotient by less than 2^-29: rounded down it is right or one too small.
 */
static uint64_t divide_by_ns(uint64_t value, uint64_t *remainder)
{
	uint64_t quotient = ffntp_mul64(value, NS_RECIPROCAL).high >> 29;

	*remainder = value - quotient * NS;
	if (*remainder >= NS) {
		*remainder -= NS;
		quotient++;
	}
	return quotient;
}

/* Convert ns < 10^9 to 2^-64 s, rounded up so that the reverse conversion, which rounds down, returns ns. */
static uint64_t frac_from_ns(uint64_t ns)
{
	uint64_t remainder;
	/* ns * UNITS_LEFT < 2^60. */
	uint64_t rest = divide_by_ns(ns * UNITS_LEFT, &remainder);

	return ns * UNITS_PER_NS + rest + (remainder != 0);
}

/* Return a + b modulo 2^64. The conversion to signed is two's complement in both supported compilers. */
static int64_t wrapping_add(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

struct ffntp_ntp ffntp_ntp_from_time(struct ffntp_time t)
{
	return (struct ffntp_ntp){ (uint64_t)wrapping_add(t.s, FFNTP_NTP_UNIX_S) << 32 | t.frac >> 32 };
}

struct ffntp_time ffntp_time_from_ntp(struct ffntp_ntp t, int64_t pivot_s)
{
	uint32_t pivot = (uint32_t)wrapping_add(pivot_s, FFNTP_NTP_UNIX_S);
	/*
	 * The nearest instant is the one whose distance from the pivot, in whole seconds modulo the era, fits in 32
	 * signed bits.
	 */
	int32_t from_pivot = (int32_t)((uint32_t)(t.units >> 32) - pivot);

	return (struct ffntp_time){ wrapping_add(pivot_s, from_pivot), t.units << 32 };
}

int64_t ffntp_time_to_ns(struct ffntp_time t)
{
	int64_t ns = (int64_t)ffntp_mul64(t.frac, NS).high;

	if (t.s > MOST_S || (t.s == MOST_S && ns > MOST_NS))
		return INT64_MAX;
	/* ns counts upwards from a negative s. */
	if (t.s < -MOST_S - 1 || (t.s == -MOST_S - 1 && ns < FFNTP_NS_PER_S - MOST_NS - 1))
		return INT64_MIN;
	return (int64_t)((uint64_t)t.s * NS + (uint64_t)ns);
}

struct ffntp_time ffntp_time_from_ns(int64_t ns)
{
	uint64_t remainder;
	uint64_t s;

	if (ns >= 0) {
		s = divide_by_ns((uint64_t)ns, &remainder);
		return (struct ffntp_time){ (int64_t)s, frac_from_ns(remainder) };
	}
	/* Rounded down: -1 - s, where s counts from -1 ns backwards. */
	s = divide_by_ns(~(uint64_t)ns, &remainder);
	return (struct ffntp_time){ -1 - (int64_t)s, frac_from_ns(NS - 1 - remainder) };
}

struct ffntp_time ffntp_time_add_ns(struct ffntp_time t, int64_t ns)
{
	struct ffntp_time step = ffntp_time_from_ns(ns);
	uint64_t frac = t.frac + step.frac;
	/* The carry cannot overflow: |step.s| < 2^34. */
	int64_t step_s = step.s + (frac < t.frac);

	if (step_s > 0 && t.s > INT64_MAX - step_s)
		return (struct ffntp_time){ INT64_MAX, UINT64_MAX };
	if (step_s < 0 && t.s < INT64_MIN - step_s)
		return (struct ffntp_time){ INT64_MIN, 0 };
	return (struct ffntp_time){ t.s + step_s, frac };
}

int64_t ffntp_time_diff_ns(struct ffntp_time a, struct ffntp_time b)
{
	struct ffntp_time diff = {
		.s = (int64_t)((uint64_t)a.s - (uint64_t)b.s - (a.frac < b.frac)),
		.frac = a.frac - b.frac,
	};

	/* A difference beyond 2^63 s has the wrong sign. */
	if (ffntp_time_is_before(a, b))
		return diff.s < 0 ? ffntp_time_to_ns(diff) : INT64_MIN;
	return diff.s >= 0 ? ffntp_time_to_ns(diff) : INT64_MAX;
}
