/*
 * instant: counter readings, NTP timestamps and absolute time, and the conversions between them. Functions of this
 * header use integers only, keep no state, and may be called from any thread.
 */
#ifndef FFNTP_INSTANT_H
#define FFNTP_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* A raw reading of the hardware counter, in ticks. It wraps, so only differences modulo 2^64 have a meaning. */
typedef uint64_t ffntp_counter;

/*
 * An NTP timestamp (RFC 5905, section 6): units of 2^-32 s since the start of an era of 2^32 s, which the timestamp
 * does not name. Differences are taken modulo 2^64 and are right for timestamps within 68 years of each other.
 * Timestamps on the wire are in UTC; those in stamps and estimators are in continuous time (TAI, or UTC plus a
 * constant).
 */
struct ffntp_ntp {
	uint64_t units;
};

/*
 * Absolute time: s + frac * 2^-64 seconds since 1970-01-01 00:00:00 of its time scale (UTC as POSIX counts it, or TAI).
 */
struct ffntp_time {
	int64_t s;
	uint64_t frac;
};

/* Nanoseconds per second, signed. */
#define FFNTP_NS_PER_S INT64_C(1000000000)

/* From 1900-01-01, where NTP era 0 begins, to 1970-01-01: 70 years, 17 of them leap years. */
#define FFNTP_NTP_UNIX_S ((INT64_C(70) * 365 + 17) * 86400)

/* Return newer - older in 2^-32 s, also across eras; exact for timestamps within 68 years of each other. */
static inline int64_t ffntp_ntp_diff(struct ffntp_ntp newer, struct ffntp_ntp older)
{
	return (int64_t)(newer.units - older.units);
}

/* Return the timestamp s seconds after t, or before it if s is negative, modulo the era. */
static inline struct ffntp_ntp ffntp_ntp_add_s(struct ffntp_ntp t, int64_t s)
{
	t.units += (uint64_t)s << 32;
	return t;
}

/* Convert an absolute time to a timestamp, truncated to 2^-32 s, modulo the era. */
struct ffntp_ntp ffntp_ntp_from_time(struct ffntp_time t);

/* Return the instant with timestamp t that is nearest to pivot_s (seconds since 1970): within 68 years of it. */
struct ffntp_time ffntp_time_from_ntp(struct ffntp_ntp t, int64_t pivot_s);

/* Convert to nanoseconds since 1970, rounded down; saturates at INT64_MIN and INT64_MAX (the years 1677 and 2262). */
int64_t ffntp_time_to_ns(struct ffntp_time t);
/* Convert from nanoseconds since 1970, exact to 2^-64 s. Any value of ns is valid. */
struct ffntp_time ffntp_time_from_ns(int64_t ns);

/* Return t + ns; saturates. */
struct ffntp_time ffntp_time_add_ns(struct ffntp_time t, int64_t ns);

/* Return a - b in nanoseconds, rounded down; saturates. */
int64_t ffntp_time_diff_ns(struct ffntp_time a, struct ffntp_time b);

/* Return whether a is earlier than b. */
static inline bool ffntp_time_is_before(struct ffntp_time a, struct ffntp_time b)
{
	return a.s < b.s || (a.s == b.s && a.frac < b.frac);
}

FFNTP_END_DECLARATIONS

#endif
