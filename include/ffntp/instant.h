/*
 * instant: counters, NTP timestamps and absolute time, and the few ways to get from one to another. Integers only;
 * nothing is kept; callable from any thread.
 */
#ifndef FFNTP_INSTANT_H
#define FFNTP_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* A raw reading of the hardware counter. It wraps; only differences, modulo 2^64, mean anything. */
typedef uint64_t ffntp_counter;

/*
 * An NTP timestamp (RFC 5905, section 6), 2^-32 s into an era of 2^32 s that it does not name. Two of them are
 * subtracted modulo 2^64, which is right while they lie within 68 years of each other. On the wire it is UTC; in stamps
 * and estimators it is continuous (TAI, or UTC plus a constant).
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

/* newer - older in 2^-32 s. Holds across an era; exact for timestamps within 68 years of each other. */
static inline int64_t ffntp_ntp_diff(struct ffntp_ntp newer, struct ffntp_ntp older)
{
	return (int64_t)(newer.units - older.units);
}

/* s seconds later, or earlier if negative; the era is forgotten. */
static inline struct ffntp_ntp ffntp_ntp_add_s(struct ffntp_ntp t, int64_t s)
{
	t.units += (uint64_t)s << 32;
	return t;
}

/* The era is forgotten; 2^-64 s is truncated to 2^-32 s. */
struct ffntp_ntp ffntp_ntp_from_time(struct ffntp_time t);

/* The instant with timestamp t that lies nearest to pivot_s (seconds since 1970): within 68 years of it. */
struct ffntp_time ffntp_time_from_ntp(struct ffntp_ntp t, int64_t pivot_s);

/* Nanoseconds since 1970, rounded down; saturates at INT64_MIN and INT64_MAX (the years 1677 and 2262). */
int64_t ffntp_time_to_ns(struct ffntp_time t);
/* The reverse, exact to 2^-64 s. Any ns. */
struct ffntp_time ffntp_time_from_ns(int64_t ns);

/* t + ns; saturates. */
struct ffntp_time ffntp_time_add_ns(struct ffntp_time t, int64_t ns);

/* a - b in nanoseconds, rounded down; saturates. */
int64_t ffntp_time_diff_ns(struct ffntp_time a, struct ffntp_time b);

/* Whether a is earlier than b. */
static inline bool ffntp_time_is_before(struct ffntp_time a, struct ffntp_time b)
{
	return a.s < b.s || (a.s == b.s && a.frac < b.frac);
}

FFNTP_END_DECLARATIONS

#endif
