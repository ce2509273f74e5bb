/*
 * clock: convert counter readings to time with a map. Functions of this header are stateless, use integers only, take
 * no locks, and may be called from any thread and from interrupt handlers. A function that can fail returns the reason
 * and then leaves its output untouched.
 */
#ifndef FFNTP_CLOCK_H
#define FFNTP_CLOCK_H

#include <stdint.h>

#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "timescale.h"

FFNTP_BEGIN_DECLARATIONS

/* Result of a reading: FFNTP_CLOCK_OK, or the reason why there is none. */
enum ffntp_clock_result {
	FFNTP_CLOCK_OK = 0,
	FFNTP_CLOCK_UNSYNCHRONISED, /* the clock has no time: its status is initialising or unknown */
	FFNTP_CLOCK_DISRUPTED,      /* the counter jumped and has not been mapped again, or jumped after a mark */
	FFNTP_CLOCK_VOID,           /* the reading is after void_after: the writer of the map has stopped */
	FFNTP_CLOCK_TAI_UNKNOWN,    /* the offset TAI - UTC is not known */
	FFNTP_CLOCK_BOUND,          /* the error bound exceeds the caller's limit */
	FFNTP_CLOCK_RANGE,   /* the result does not fit, or the readings are too far apart to order past and future */
	FFNTP_CLOCK_TOO_OLD, /* the counter reading is older than the oldest stored map */
	/*
	 * The page was being written at every try. A map is read nevertheless, unless its writer is older than the copy
	 * of the map; monotonic UTC, elapsed time and sources are not, while a writer is suspended in an update or
	 * killed there.
	 */
	FFNTP_CLOCK_BUSY,
	FFNTP_CLOCK_COUNTER,      /* the counter cannot be read in this process */
	FFNTP_CLOCK_DISCONNECTED, /* the device is not connected */
	FFNTP_CLOCK_STEADY,       /* the writer of the map does not keep monotonic UTC */
	FFNTP_CLOCK_OTHER_BOOT,   /* the mark was taken in a different boot or from a different counter */
	FFNTP_CLOCK_FUTURE,       /* the mark lies in the future */
	FFNTP_CLOCK_NEGATIVE,     /* the duration would end before it begins */
	FFNTP_CLOCK_NO_BOUND,     /* a VMClock page of another writer, which does not state its maximum errors */
	FFNTP_CLOCK_INVALID,      /* a VMClock page of another writer, with values that VMClock does not define */
};

/* Return one line of text for people. Never NULL. */
const char *ffntp_clock_result_text(enum ffntp_clock_result result);

/*
 * One reading: the true time lies within [earliest, latest], and the estimate is the best value within it. In UTC a
 * leap second makes numbers repeat or go missing (struct ffntp_utc). If the interval spans a leap second, all three
 * times use the UTC offset in force at the estimate. TAI and smeared UTC have no repeated or missing numbers.
 */
struct ffntp_reading {
	struct ffntp_time earliest, estimate, latest;
	uint64_t bound_ns;    /* error bound of the estimate: the distance to the further end, rounded up */
	uint64_t esterror_ns; /* standard deviation of the estimate's error, without the path's asymmetry (map.h) */
	uint64_t asymmetry_esterror_ns; /* standard deviation of the error from the path's asymmetry, independent of
					   esterror_ns; 0: unknown */
	enum ffntp_status status;       /* synchronised or free-running */
	enum ffntp_leap leap; /* at the estimate; FFNTP_LEAP_POSITIVE inside 23:59:60, whose numbers repeat 23:59:59 */
	int16_t offset_s;     /* continuous time minus UTC at the estimate, in seconds; 0 in other time scales */
};

/*
 * Compute the time at counter reading 'now', which may be before or after map->at: the error bound grows with the
 * distance in both directions.
 * max_bound_ns: largest bound that the caller accepts; UINT64_MAX for no limit.
 * Fails with FFNTP_CLOCK_UNSYNCHRONISED, _DISRUPTED, _VOID, _RANGE, with _BOUND if the bound exceeds max_bound_ns, and
 * with _TAI_UNKNOWN if scale is FFNTP_TAI.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_clock_at(const struct ffntp_map *map, ffntp_counter now,
						      enum ffntp_timescale scale, uint64_t max_bound_ns,
						      struct ffntp_reading *reading);

/* The rate of the counter by which a duration is computed. */
enum ffntp_rate {
	FFNTP_RATE_LOCAL,  /* the present rate: best for intervals up to about 1000 s that end near now */
	FFNTP_RATE_STABLE, /* the average rate of a longer past: best for longer intervals */
	FFNTP_RATE_AUTO,   /* local up to 1000 s; for longer intervals the one with the smaller estimated error */
};

struct ffntp_duration {
	int64_t ns;           /* to - from, rounded to nearest, so that swapping the two changes only the sign */
	uint64_t bound_ns;    /* half-width of the interval that contains the true duration */
	uint64_t esterror_ns; /* standard deviation of the error */
};

/*
 * Compute the duration between two counter readings, in either order, less than 2^63 ticks and 2^33 s (272 years)
 * apart. The result depends on the counter's rate alone, so corrections of absolute time do not affect it, and it is
 * available while the clock is free-running. Both readings must have been taken under the map's counter_marker; a plain
 * reading does not record its marker, but the marks of ffntp/device.h do.
 * Fails with FFNTP_CLOCK_UNSYNCHRONISED, _DISRUPTED, _VOID (also for readings after void_after), _RANGE.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_clock_duration(const struct ffntp_map *map, ffntp_counter from,
							    ffntp_counter to, enum ffntp_rate rate,
							    struct ffntp_duration *duration);

/* The certain order of two readings. */
enum ffntp_order {
	FFNTP_BEFORE,
	FFNTP_UNORDERED, /* the intervals overlap, so the order is unknown */
	FFNTP_AFTER,
};

/*
 * Return whether reading a was certainly taken before b, certainly after b, or neither. Both readings must be of the
 * same clock and time scale. The order is right across leap seconds.
 */
enum ffntp_order ffntp_clock_order(const struct ffntp_reading *a, const struct ffntp_reading *b);

FFNTP_END_DECLARATIONS

#endif
