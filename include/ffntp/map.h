/* map: the function from counter to time, with its errors. A client computes a map, and a page publishes it. */
#ifndef FFNTP_MAP_H
#define FFNTP_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "instant.h"
#include "linkage.h"
#include "timescale.h"

FFNTP_BEGIN_DECLARATIONS

/* Status of a clock; the values are VMClock's (UAPI.13, clock_status). */
enum ffntp_status {
	FFNTP_STATUS_UNKNOWN = 0,      /* the map has no time */
	FFNTP_STATUS_INITIALISING = 1, /* not yet synchronised: the map has no time */
	FFNTP_STATUS_SYNCHRONISED = 2, /* at least two exchanges agree; the error bound contains the true time */
	/*
	 * One exchange only, no usable replies for a while, or replies that contradict the clock or are smeared: the
	 * error bound grows, and remains valid.
	 */
	FFNTP_STATUS_FREE_RUNNING = 3,
	FFNTP_STATUS_DISRUPTED = 4, /* VMClock's "unreliable": the counter jumped, and the map has no time for now */
};

/* Return a short lower-case name such as "free-running"; "unknown" for values outside the enumeration. Never NULL. */
const char *ffntp_status_name(enum ffntp_status status);

/* The kind of counter. A page states it, so that readers know which counter to read. */
enum ffntp_counter_kind {
	FFNTP_COUNTER_NONE = 0,
	FFNTP_COUNTER_TSC = 1,           /* x86 time stamp counter */
	FFNTP_COUNTER_ARM_VIRTUAL = 2,   /* CNTVCT_EL0 */
	FFNTP_COUNTER_MONOTONIC_RAW = 3, /* Linux's CLOCK_MONOTONIC_RAW, in nanoseconds */
	FFNTP_COUNTER_OTHER = 4,         /* a counter of the port, which only the port can read */
};

/*
 * A map: the time at counter reading N is
 *
 *   time(N) = time + (N - at) * period
 *   time(N) - maxerror_before_ns - drift <= true time <= time(N) + maxerror_after_ns + drift,
 *   drift = |N - at| * period_maxerror
 *
 * Periods and their errors are in units of 2^-(64 + period_shift) s per tick. The shift is chosen so that the period
 * uses its top bits, which makes rounding negligible, and ticks * period fits in 128 bits (docs/arithmetic.md).
 */
struct ffntp_map {
	enum ffntp_status status;
	enum ffntp_counter_kind counter_kind;
	enum ffntp_leap leap; /* at 'at' */
	uint8_t period_shift; /* 0 to 62 */
	bool tai_is_known;    /* true: 'time' is TAI; false: it is UTC plus a constant, and TAI is unknown */
	int16_t tai_offset_s; /* time - UTC at 'at', in seconds. If 'time' is TAI, 37 since 2017; else the number of
				 leap seconds since the client began */
	int8_t leap_sign;     /* the nearest known leap second, next or last: 1 inserted, -1 left out, 0 none */
	/*
	 * true: after tai_expires_s TAI - UTC stays as it was last, and later leap seconds are those that servers
	 * announced; false: TAI is unknown from then on.
	 */
	bool tai_outlasts_table;
	int64_t leap_at_s;     /* where, on the scale of 'time', its 23:59:60 begins, or its 23:59:59 would begin */
	int64_t tai_expires_s; /* POSIX time (UTC) at which the table of leap seconds expires; 0: no table */
	uint64_t disruption_marker; /* changes when earlier maps must not be combined with later ones */
	/*
	 * Changes, together with disruption_marker, when the counter itself is in doubt because it jumped, stood still
	 * or changed its rate. Ticks between readings under different counter markers are not a duration.
	 */
	uint32_t counter_marker;
	ffntp_counter at;
	struct ffntp_time time;
	uint64_t period;          /* the local period, the best value for the present; > 0 */
	uint64_t period_esterror; /* standard deviation of the period's error */
	uint64_t period_maxerror; /* maximum rate at which both ends of the error bound grow */
	/*
	 * Estimated errors of time: two standard deviations, independent of each other. esterror_ns contains noise, the
	 * oscillator and the uncertainty of the least delays. asymmetry_esterror_ns is the error from the path's
	 * asymmetry, the difference between the least delays of the two directions, which no exchange reveals; it does
	 * not grow with |N - at|. 0: unknown.
	 */
	uint64_t esterror_ns;
	uint64_t asymmetry_esterror_ns;
	uint64_t maxerror_before_ns; /* at 'at' the true time is at most this before 'time', ... */
	uint64_t maxerror_after_ns;  /* ... and at most this after it */
	uint64_t stable_period;      /* average period, best for long durations */
	uint64_t stable_esterror;    /* standard deviation of the stable period's error */
	ffntp_counter void_after;    /* for later counter readings the status is unknown, whatever 'status' is */
};

/*
 * Return whether TAI - UTC comes from a table that has expired at this POSIX second: it is known, but a leap second
 * since then is in it only if servers announced it to this client.
 */
static inline bool ffntp_map_tai_is_expired(const struct ffntp_map *map, int64_t utc_s)
{
	return map->tai_is_known && map->tai_expires_s != 0 && utc_s >= map->tai_expires_s;
}

/* Return the rule from the map's time to UTC, on both sides of its leap second. */
struct ffntp_numbering ffntp_map_numbering(const struct ffntp_map *map);

FFNTP_END_DECLARATIONS

#endif
