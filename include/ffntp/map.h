/* map: how a counter maps to time, with what may be wrong about it. What a client puts out and what a page holds. */
#ifndef FFNTP_MAP_H
#define FFNTP_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "instant.h"
#include "linkage.h"
#include "timescale.h"

FFNTP_BEGIN_DECLARATIONS

/* Values are VMClock's (UAPI.13, clock_status). */
enum ffntp_status {
	FFNTP_STATUS_UNKNOWN = 0,      /* nothing may be read from the map */
	FFNTP_STATUS_INITIALISING = 1, /* not yet synchronised: nothing may be read from the map */
	FFNTP_STATUS_SYNCHRONISED = 2, /* the bound contains the truth */
	FFNTP_STATUS_FREE_RUNNING = 3, /* no news from the server for a while; the bound grows, and holds */
	FFNTP_STATUS_DISRUPTED = 4,    /* VMClock's "unreliable": the counter jumped; void until mapped anew */
};

/* A short lower-case name such as "free-running"; "unknown" beyond the last. Never NULL. */
const char *ffntp_status_name(enum ffntp_status status);

/* What counts; a page names it, so that readers know what to read. */
enum ffntp_counter_kind {
	FFNTP_COUNTER_NONE = 0,
	FFNTP_COUNTER_TSC = 1,           /* x86 time stamp counter */
	FFNTP_COUNTER_ARM_VIRTUAL = 2,   /* CNTVCT_EL0 */
	FFNTP_COUNTER_MONOTONIC_RAW = 3, /* Linux's CLOCK_MONOTONIC_RAW, in nanoseconds */
	FFNTP_COUNTER_OTHER = 4,         /* a port's own: only its writer can read it */
};

/*
 * A period is in units of 2^-(64 + period_shift) s per tick; the shift is such that ticks * period never exceeds 2^128
 * and rounding never matters: the period has its top bits in use (docs/arithmetic.md).
 *
 *   time(N) = time + (N - at) * period
 *   time(N) - maxerror_before_ns - drift <= truth <= time(N) + maxerror_after_ns + drift,
 *   drift = |N - at| * period_maxerror
 */
struct ffntp_map {
	enum ffntp_status status;
	enum ffntp_counter_kind counter_kind;
	enum ffntp_leap leap;  /* at 'at' */
	uint8_t period_shift;  /* 0 to 62 */
	bool tai_is_known;     /* time is TAI; else it is UTC plus a constant, and TAI cannot be told */
	int16_t tai_offset_s;  /* time - UTC at 'at': 37 since 2017 where it is TAI; else leap seconds that were seen */
	int8_t leap_sign;      /* the nearest leap second, next or last: 1 inserted, -1 left out, 0 none is known */
	int64_t leap_at_s;     /* of 'time': where its 23:59:60 begins, or its 23:59:59 would have */
	int64_t tai_expires_s; /* POSIX time (UTC) from which on the table of leap seconds is silent; 0: no table */
	uint64_t disruption_marker; /* changes when maps from before must not be mixed with maps from after */
	uint32_t counter_marker; /* changes, and the other one with it, when the counter itself is in doubt: it jumped,
				    stood still or changed its rate. Ticks from before to after are no duration */
	ffntp_counter at;
	struct ffntp_time time;
	uint64_t period;          /* the local period: best now; > 0 */
	uint64_t period_esterror; /* estimated error (one standard deviation) of the period */
	uint64_t period_maxerror; /* maximum rate at which both ends of the error bound grow */
	/*
	 * Estimated errors of time: two standard deviations, independent of each other. esterror_ns contains noise, the
	 * oscillator and the uncertainty of the least delays. asymmetry_esterror_ns is the error from the path's
	 * asymmetry, the difference between the least delays of the two directions, which no exchange reveals; it does
	 * not grow with |N - at|. 0: unknown.
	 */
	uint64_t esterror_ns;
	uint64_t asymmetry_esterror_ns;
	uint64_t maxerror_before_ns; /* truth at 'at' is no earlier than this before time, ... */
	uint64_t maxerror_after_ns;  /* ... and no later than this after it */
	uint64_t stable_period;      /* best for long differences; same unit */
	uint64_t stable_esterror;
	ffntp_counter void_after; /* beyond this reading the status is unknown, whatever it says here */
};

/* How UTC numbers the time of the map, on both sides of its leap second. */
struct ffntp_numbering ffntp_map_numbering(const struct ffntp_map *map);

FFNTP_END_DECLARATIONS

#endif
