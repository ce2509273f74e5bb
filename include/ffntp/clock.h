/*
 * clock: a map and a counter reading give the time. Stateless, integers only, no locks, callable from any thread,
 * interrupt handlers included. Every function that may refuse says why and leaves its output untouched.
 */
#ifndef FFNTP_CLOCK_H
#define FFNTP_CLOCK_H

#include <stdint.h>

#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "timescale.h"

FFNTP_BEGIN_DECLARATIONS

/* What came of a reading. Anything but FFNTP_CLOCK_OK says why there is none. */
enum ffntp_clock_result {
	FFNTP_CLOCK_OK = 0,
	FFNTP_CLOCK_UNSYNCHRONISED, /* no time to tell: initialising, or unknown */
	FFNTP_CLOCK_DISRUPTED,      /* the counter jumped, and has not been mapped anew; or since a mark was taken */
	FFNTP_CLOCK_VOID,           /* beyond void_after: whoever kept the map has stopped */
	FFNTP_CLOCK_TAI_UNKNOWN,    /* nobody has told the offset of TAI from UTC */
	FFNTP_CLOCK_BOUND,          /* the bound exceeds the caller's cap */
	FFNTP_CLOCK_RANGE,          /* a result that does not fit, or readings too far apart to tell past from future */
	FFNTP_CLOCK_TOO_OLD,        /* a counter reading from before the oldest anchor */
	FFNTP_CLOCK_BUSY,           /* the page was being written on every try */
	FFNTP_CLOCK_COUNTER,        /* the counter cannot be used here */
	FFNTP_CLOCK_DISCONNECTED,   /* a device before connect, or after disconnect */
	FFNTP_CLOCK_STEADY,         /* whoever keeps the map keeps no steady time */
	FFNTP_CLOCK_OTHER_BOOT,     /* a mark of another boot, or of another counter */
	FFNTP_CLOCK_FUTURE,         /* a mark that lies in the future */
	FFNTP_CLOCK_NEGATIVE,       /* a duration that ends before it begins */
};

/* One line for people. Never NULL. */
const char *ffntp_clock_result_text(enum ffntp_clock_result result);

/*
 * Truth lies within [earliest, latest]; estimate, anywhere within it, is the best guess. In UTC a leap second makes
 * numbers repeat or go missing (struct ffntp_utc); all three are counted as the estimate is: where the interval reaches
 * across a leap second, its far end has the number that it would have without. Smeared UTC and TAI have no such
 * seconds.
 */
struct ffntp_reading {
	struct ffntp_time earliest, estimate, latest;
	uint64_t bound_ns;    /* what the estimate is off by at most: the distance to the further end, rounded up */
	uint64_t esterror_ns; /* one standard deviation, without the path's asymmetry (map.h) */
	uint64_t asymmetry_esterror_ns; /* standard deviation of that error, independent of the former; 0: unknown */
	enum ffntp_status status;       /* synchronised or free-running */
	enum ffntp_leap leap; /* at the estimate: FFNTP_LEAP_POSITIVE inside 23:59:60, which repeats 23:59:59 */
	int16_t offset_s;     /* of UTC: how far behind continuous time it is at the estimate; else 0 */
};

/*
 * The time at counter reading 'now'. Readings before map->at are converted too; both ends move away either way.
 * max_bound_ns: a bound above it is FFNTP_CLOCK_BOUND; UINT64_MAX for no cap.
 * Refuses also with _UNSYNCHRONISED, _DISRUPTED, _VOID, _RANGE, and with _TAI_UNKNOWN where scale is FFNTP_TAI.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_clock_at(const struct ffntp_map *map, ffntp_counter now,
						      enum ffntp_timescale scale, uint64_t max_bound_ns,
						      struct ffntp_reading *reading);

/* By which rate of the counter a duration is told. */
enum ffntp_rate {
	FFNTP_RATE_LOCAL,  /* best for intervals up to some 1000 s that end about now */
	FFNTP_RATE_STABLE, /* best for longer ones: what the counter has done on average */
	FFNTP_RATE_AUTO,   /* local up to 1000 s; for longer intervals whichever of the two says to err less */
};

struct ffntp_duration {
	int64_t ns;           /* to - from, rounded to the nearest, so that swapping the two changes the sign alone */
	uint64_t bound_ns;    /* half-width of the interval that contains the truth */
	uint64_t esterror_ns; /* one standard deviation */
};

/*
 * The duration between two counter readings, in either order, less than 2^63 ticks and 2^33 s (272 years) apart. It
 * depends on periods alone: no correction of absolute time disturbs it, and it can be told while free-running. Both
 * readings must be of the map's counter_marker, which readings do not tell: the marks of ffntp/device.h do.
 * Refuses with _UNSYNCHRONISED, _DISRUPTED, _VOID (also for what lies beyond void_after), _RANGE.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_clock_duration(const struct ffntp_map *map, ffntp_counter from,
							    ffntp_counter to, enum ffntp_rate rate,
							    struct ffntp_duration *duration);

/* What is certain about two readings. */
enum ffntp_order {
	FFNTP_BEFORE,
	FFNTP_UNORDERED, /* their intervals overlap: nobody can tell */
	FFNTP_AFTER,
};

/*
 * Whether a was certainly taken before b, certainly after, or neither. Both of the same clock and time scale; also
 * across leap seconds.
 */
enum ffntp_order ffntp_clock_order(const struct ffntp_reading *a, const struct ffntp_reading *b);

FFNTP_END_DECLARATIONS

#endif
