/*
 * timescale: TAI, UTC and the leap seconds between them. A table of TAI - UTC is a value that knows how long it holds.
 * UTC is POSIX time and a flag, a day and picoseconds, or a calendar with 23:59:60; smeared UTC is made here too, and
 * nowhere else. Integers only; nothing is kept; callable from any thread. What may refuse says why and leaves its
 * output untouched.
 */
#ifndef FFNTP_TIMESCALE_H
#define FFNTP_TIMESCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instant.h"
#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* Numbers are those of a line's scales in the clock page (docs/page.md). */
enum ffntp_timescale {
	FFNTP_UTC = 0,
	FFNTP_TAI = 1,
	FFNTP_UTC_SMEARED = 2, /* a leap second is spread linearly over the 24 hours from noon to noon UTC around it */
	FFNTP_UTC_SLS = 3,     /* ... over the last 1000 s before the midnight that ends it (UTC-SLS) */
};

/* VMClock's leap_indicator. */
enum ffntp_leap {
	FFNTP_LEAP_NONE = 0,
	FFNTP_LEAP_PRE_POSITIVE = 1, /* at the end of this month */
	FFNTP_LEAP_PRE_NEGATIVE = 2,
	FFNTP_LEAP_POSITIVE = 3,      /* inside 23:59:60 */
	FFNTP_LEAP_POST_POSITIVE = 4, /* at the end of last month */
	FFNTP_LEAP_POST_NEGATIVE = 5,
};

/* What came of a conversion, or of a table. */
enum ffntp_timescale_result {
	FFNTP_TIMESCALE_OK = 0,
	FFNTP_TIMESCALE_EXPIRED,   /* beyond what the table knows */
	FFNTP_TIMESCALE_TOO_EARLY, /* before the table's first entry */
	FFNTP_TIMESCALE_NO_SECOND, /* UTC has no such second: 23:59:60 without a leap second, 23:59:59 left out */
	FFNTP_TIMESCALE_DATE,      /* no such date or time of day: the 31st of June, 25:00:00 */
	FFNTP_TIMESCALE_RANGE,     /* a year outside 1 to 9999, or a fraction of a second that is none */
	/* a table that is none */
	FFNTP_TIMESCALE_TABLE_EMPTY,
	FFNTP_TIMESCALE_TABLE_SIZE,   /* more entries than it has room for */
	FFNTP_TIMESCALE_TABLE_ORDER,  /* an entry that is not later than the one before it */
	FFNTP_TIMESCALE_TABLE_STEP,   /* TAI - UTC changes by anything but one second */
	FFNTP_TIMESCALE_TABLE_DATE,   /* an entry that is not the beginning of a month of the years 1972 to 9999 */
	FFNTP_TIMESCALE_TABLE_EXPIRY, /* it expires before its last entry, or after the year 9999 */
};

/* One line for people. Never NULL. */
const char *ffntp_timescale_result_text(enum ffntp_timescale_result result);

/* --- the table --- */

/* Room for the leap seconds of a century. */
#define FFNTP_LEAP_TABLE_SIZE 64

/* From this second on, POSIX time (UTC), TAI - UTC is so much. */
struct ffntp_leap_entry {
	int64_t from_s;
	int16_t tai_offset_s;
};

/*
 * Ascending. To be made by the caller, and checked with ffntp_leap_table_check; the functions below take it for good.
 */
struct ffntp_leap_table {
	int64_t expires_s; /* POSIX time (UTC): from then on nothing is known */
	uint32_t count;
	struct ffntp_leap_entry entry[FFNTP_LEAP_TABLE_SIZE];
};

/* FFNTP_TIMESCALE_OK, or one of FFNTP_TIMESCALE_TABLE_*. */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_leap_table_check(const struct ffntp_leap_table *table);

/*
 * All leap seconds from 1972 on, as IERS had announced them when this was written, for whoever has no files. It expires
 * when that announcement did, on 28 June 2026: beyond it TAI is not known, and is not claimed to be.
 */
const struct ffntp_leap_table *ffntp_leap_table_builtin(void);

/* --- UTC and TAI --- */

/*
 * UTC as POSIX counts it. A second that is inserted, 23:59:60, has no number of its own: it repeats 23:59:59 with
 * is_leap; a second that is left out, 23:59:59, has a number that no time has.
 */
struct ffntp_utc {
	struct ffntp_time time;
	bool is_leap;
};

/*
 * How UTC numbers a continuous time scale (TAI, or UTC plus a constant where TAI is not known) around one leap second:
 * UTC = time - offset_s before at_s, and time - (offset_s + sign) from there on.
 */
struct ffntp_numbering {
	int64_t at_s;     /* of the continuous scale: where 23:59:60 begins, or 23:59:59 would have */
	int16_t offset_s; /* before at_s */
	int8_t sign;      /* 1: inserted; -1: left out; 0: no leap second is near, and at_s means nothing */
};

/* time: at least 2^17 s away from both ends of its range, here and below. */
struct ffntp_utc ffntp_numbering_utc(const struct ffntp_numbering *numbering, struct ffntp_time time);

/*
 * UTC with the leap second smeared out; UTC itself where scale is FFNTP_UTC, time itself where it is FFNTP_TAI. Never
 * steps. Where a second is inserted, the 24 hours from noon to noon last 86401 s, and the last 1000 s of the day
 * (UTC-SLS) are told as 999; where one is left out, 86399 s and 1001.
 */
struct ffntp_time ffntp_numbering_tell(const struct ffntp_numbering *numbering, struct ffntp_time time,
				       enum ffntp_timescale scale);

/* NONE outside the years 1 to 9999. */
enum ffntp_leap ffntp_numbering_leap(const struct ffntp_numbering *numbering, struct ffntp_time time);

/*
 * The numbering around the leap second of the table, next or last, that is nearest to a time. TAI that is earlier than
 * the table or later than its expiry: FFNTP_TIMESCALE_TOO_EARLY, FFNTP_TIMESCALE_EXPIRED.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_numbering_from_table(const struct ffntp_leap_table *table,
								      struct ffntp_time tai,
								      struct ffntp_numbering *numbering);

/* Also FFNTP_TIMESCALE_TOO_EARLY and FFNTP_TIMESCALE_EXPIRED. */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_utc_from_tai(const struct ffntp_leap_table *table,
							      struct ffntp_time tai, struct ffntp_utc *utc);

/* Also FFNTP_TIMESCALE_NO_SECOND. */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_tai_from_utc(const struct ffntp_leap_table *table,
							      struct ffntp_utc utc, struct ffntp_time *tai);

/* --- announcements --- */

/* What servers make of the end of this month. */
struct ffntp_leap_vote {
	int8_t sign;       /* 1: a second is inserted; -1: one is left out; 0: neither, or they do not agree */
	bool is_unanimous; /* all of them say so, and they are three or more */
};

/* indicators: NTP's, 0 to 2, one of each server. A leap second needs more than half of all. */
struct ffntp_leap_vote ffntp_leap_count(const uint8_t *indicators, size_t count);

/* --- other ways to write UTC; POSIX nanoseconds are ffntp_time_to_ns --- */

/*
 * Days since 1970-01-01 and picoseconds of the day, below 86400 * 10^12: MirageOS's now_d_ps. Rounded down. Any time.
 */
struct ffntp_day {
	int64_t day;
	uint64_t ps;
};

/* From UTC as POSIX counts it. */
struct ffntp_day ffntp_day_from_time(struct ffntp_time time);

/* The Gregorian calendar, also for dates before it was in use. */
struct ffntp_calendar {
	int32_t year;                 /* 1 to 9999 */
	uint8_t month, day;           /* from 1 */
	uint8_t hour, minute, second; /* second: 60 in a leap second */
	uint64_t frac;                /* 2^-64 s */
};

/*
 * Also FFNTP_TIMESCALE_RANGE; FFNTP_TIMESCALE_NO_SECOND where is_leap is set and it is not 23:59:59 at a month's end.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_calendar_from_utc(struct ffntp_utc utc,
								   struct ffntp_calendar *calendar);

/*
 * Also FFNTP_TIMESCALE_RANGE and FFNTP_TIMESCALE_DATE; FFNTP_TIMESCALE_NO_SECOND for second 60 anywhere but at 23:59:60
 * of a month's last day. Whether there was such a leap second, ffntp_tai_from_utc tells.
 */
FFNTP_MUST_USE enum ffntp_timescale_result ffntp_utc_from_calendar(const struct ffntp_calendar *calendar,
								   struct ffntp_utc *utc);

FFNTP_END_DECLARATIONS

#endif
