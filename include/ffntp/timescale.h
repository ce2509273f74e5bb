/*
 * timescale: conversions between TAI, UTC and smeared UTC. A table of leap seconds is a value with an expiry date. UTC
 * is represented as POSIX time with a flag for leap seconds, as a day and picoseconds, or as a calendar date with
 * 23:59:60. Functions of this header use integers only, keep no state, and may be called from any thread. A function
 * that can fail returns the reason and then leaves its output untouched.
 */
#ifndef FFNTP_TIMESCALE_H
#define FFNTP_TIMESCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instant.h"
#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* Time scales. The first two values are also the indexes of the page's prepared times (docs/page.md). */
enum ffntp_timescale {
	FFNTP_UTC = 0,
	FFNTP_TAI = 1,
	FFNTP_UTC_SMEARED = 2, /* a leap second is spread linearly over the 24 hours from noon to noon UTC around it */
	FFNTP_UTC_SLS = 3,     /* ... over the last 1000 s before the midnight that ends it (UTC-SLS) */
};

/* Leap indicator of a time; the values are VMClock's (leap_indicator). */
enum ffntp_leap {
	FFNTP_LEAP_NONE = 0,
	FFNTP_LEAP_PRE_POSITIVE = 1,  /* a second is inserted at the end of this month */
	FFNTP_LEAP_PRE_NEGATIVE = 2,  /* a second is left out at the end of this month */
	FFNTP_LEAP_POSITIVE = 3,      /* inside 23:59:60 */
	FFNTP_LEAP_POST_POSITIVE = 4, /* a second was inserted at the end of last month */
	FFNTP_LEAP_POST_NEGATIVE = 5, /* a second was left out at the end of last month */
};

/* Result of a conversion, or of checking a table. */
enum ffntp_timescale_result {
	FFNTP_TIMESCALE_OK = 0,
	FFNTP_TIMESCALE_EXPIRED,   /* the time is after the table's expiry */
	FFNTP_TIMESCALE_TOO_EARLY, /* the time is before the table's first entry */
	FFNTP_TIMESCALE_NO_SECOND, /* UTC has no such second: 23:59:60 without a leap second, or 23:59:59 left out */
	FFNTP_TIMESCALE_DATE,      /* no such date or time of day, such as the 31st of June or 25:00:00 */
	FFNTP_TIMESCALE_RANGE,     /* a year outside 1 to 9999, or an invalid fraction of a second */
	/* Errors of a table: */
	FFNTP_TIMESCALE_TABLE_EMPTY,  /* the table has no entries */
	FFNTP_TIMESCALE_TABLE_SIZE,   /* more entries than FFNTP_LEAP_TABLE_SIZE */
	FFNTP_TIMESCALE_TABLE_ORDER,  /* an entry is not later than the one before it */
	FFNTP_TIMESCALE_TABLE_STEP,   /* TAI - UTC changes by anything but one second */
	FFNTP_TIMESCALE_TABLE_DATE,   /* an entry is not at the beginning of a month of the years 1972 to 9999 */
	FFNTP_TIMESCALE_TABLE_EXPIRY, /* the table expires before its last entry, or after the year 9999 */
};

/* Return one line of text for people. Never NULL. */
const char *ffntp_timescale_result_text(enum ffntp_timescale_result result);

/* --- the table --- */

/* Largest number of entries of a table; enough for a century. */
#define FFNTP_LEAP_TABLE_SIZE 64

/* One change of TAI - UTC: tai_offset_s seconds from POSIX time (UTC) from_s on. */
struct ffntp_leap_entry {
	int64_t from_s;
	int16_t tai_offset_s;
};

/*
 * A table of leap seconds, made by the caller with its entries in ascending order. Check it with ffntp_leap_table_check
 * first, because the functions below assume that it is valid.
 */
struct ffntp_leap_table {
	int64_t expires_s; /* POSIX time (UTC) from which on the table states nothing */
	uint32_t count;
	struct ffntp_leap_entry entry[FFNTP_LEAP_TABLE_SIZE];
};

/* Check a table. Returns FFNTP_TIMESCALE_OK or the first error, one of FFNTP_TIMESCALE_TABLE_*. */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_leap_table_check(const struct ffntp_leap_table *table);

/*
 * Return the built-in table, for systems without files: all leap seconds since 1972, as announced by IERS. The table
 * expired with that announcement, on 28 June 2026. A client then keeps its last offset, unless it is strict.
 */
const struct ffntp_leap_table *ffntp_leap_table_builtin(void);

/* --- UTC and TAI --- */

/*
 * UTC as POSIX time. An inserted second, 23:59:60, has no number of its own: it repeats the number of 23:59:59, with
 * is_leap set. The number of a second that is left out, 23:59:59, never occurs.
 */
struct ffntp_utc {
	struct ffntp_time time;
	bool is_leap;
};

/*
 * The rule from a continuous time scale (TAI, or UTC plus a constant where TAI is unknown) to UTC around one leap
 * second: UTC = time - offset_s before at_s, and UTC = time - (offset_s + sign) from at_s on.
 */
struct ffntp_numbering {
	int64_t at_s; /* where 23:59:60 begins on the continuous scale, or 23:59:59 would begin; unused if sign is 0 */
	int16_t offset_s; /* continuous time - UTC before at_s, in seconds */
	int8_t sign;      /* 1: a second is inserted; -1: one is left out; 0: no leap second is known */
};

/*
 * Convert continuous time to UTC.
 * time: at least 2^17 s away from both ends of its type's range. This holds for the functions below, too.
 */
struct ffntp_utc ffntp_numbering_utc(const struct ffntp_numbering *numbering, struct ffntp_time time);

/*
 * Convert continuous time to a time scale; FFNTP_TAI returns 'time' itself. Smeared scales never step:
 * FFNTP_UTC_SMEARED counts 86400 s in the 86401 s from noon to noon (86399 s if a second is left out), and
 * FFNTP_UTC_SLS counts 999 s (or 1001 s) in the last 1000 s of the day.
 */
struct ffntp_time ffntp_numbering_convert(const struct ffntp_numbering *numbering, struct ffntp_time time,
					  enum ffntp_timescale scale);

/* Return the leap indicator of a time; FFNTP_LEAP_NONE outside the years 1 to 9999. */
enum ffntp_leap ffntp_numbering_leap(const struct ffntp_numbering *numbering, struct ffntp_time time);

/*
 * Return the rule around the leap second of the table, past or future, that is nearest to a time.
 * Fails with FFNTP_TIMESCALE_TOO_EARLY or FFNTP_TIMESCALE_EXPIRED if the table does not cover the time.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_numbering_from_table(const struct ffntp_leap_table *table,
								      struct ffntp_time tai,
								      struct ffntp_numbering *numbering);

/* Convert TAI to UTC. Fails with FFNTP_TIMESCALE_TOO_EARLY or _EXPIRED if the table does not cover the time. */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_utc_from_tai(const struct ffntp_leap_table *table,
							      struct ffntp_time tai, struct ffntp_utc *utc);

/*
 * Convert UTC to TAI. Fails with FFNTP_TIMESCALE_TOO_EARLY or _EXPIRED if the table does not cover the time, and with
 * _NO_SECOND if UTC has no such second.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_tai_from_utc(const struct ffntp_leap_table *table,
							      struct ffntp_utc utc, struct ffntp_time *tai);

/* --- announcements --- */

/* The leap second that several servers announce for the end of this month. */
struct ffntp_leap_vote {
	int8_t sign;       /* 1: a second is inserted; -1: one is left out; 0: neither, or no majority */
	bool is_unanimous; /* three or more servers replied, and all announce it */
};

/*
 * Count the announcements of several servers. A leap second needs more than half of all servers.
 * indicators: the leap indicator of each server's reply (RFC 5905), 0 to 2.
 */
struct ffntp_leap_vote ffntp_leap_count(const uint8_t *indicators, size_t count);

/* --- other representations of UTC; for POSIX nanoseconds see ffntp_time_to_ns --- */

/* Days since 1970-01-01 and picoseconds of the day, below 86400 * 10^12, as in MirageOS's now_d_ps. */
struct ffntp_day {
	int64_t day;
	uint64_t ps;
};

/* Convert UTC as POSIX time to days and picoseconds, rounded down. Any time is valid. */
struct ffntp_day ffntp_day_from_time(struct ffntp_time time);

/* A date and time of day in the Gregorian calendar, which is extended to dates before its introduction. */
struct ffntp_calendar {
	int32_t year;                 /* 1 to 9999 */
	uint8_t month, day;           /* from 1 */
	uint8_t hour, minute, second; /* second: 60 in a leap second */
	uint64_t frac;                /* 2^-64 s */
};

/*
 * Convert UTC to a date. Fails with FFNTP_TIMESCALE_RANGE outside the years 1 to 9999, and with
 * FFNTP_TIMESCALE_NO_SECOND if is_leap is set at any time but 23:59:59 on the last day of a month.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_calendar_from_utc(struct ffntp_utc utc,
								   struct ffntp_calendar *calendar);

/*
 * Convert a date to UTC. Fails with FFNTP_TIMESCALE_RANGE, with FFNTP_TIMESCALE_DATE if there is no such date or time,
 * and with FFNTP_TIMESCALE_NO_SECOND for second 60 at any time but 23:59:60 on the last day of a month. Use
 * ffntp_tai_from_utc to check that such a leap second occurred.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_utc_from_calendar(const struct ffntp_calendar *calendar,
								   struct ffntp_utc *utc);

FFNTP_END_DECLARATIONS

#endif
