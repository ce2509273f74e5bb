/* timescale: see ffntp/timescale.h. No division of 64 bits: guests on 32-bit machines lack the compiler's runtime. */
#include "../include/ffntp/timescale.h"

#include "bits.h"

#define DAY_S 86400
#define DAY_PS (UINT64_C(86400) * 1000000000000)

/* The years 1 to 9999, in seconds since 1970: 719162 days lie before, 3652059 in them. */
#define FIRST_S (-INT64_C(719162) * DAY_S)
#define END_S ((INT64_C(3652059) - 719162) * DAY_S)

const char *ffntp_timescale_result_text(enum ffntp_timescale_result result)
{
	switch (result) {
	case FFNTP_TIMESCALE_OK:
		return "ok";
	case FFNTP_TIMESCALE_EXPIRED:
		return "the table of leap seconds has expired";
	case FFNTP_TIMESCALE_TOO_EARLY:
		return "the date lies before the table of leap seconds begins";
	case FFNTP_TIMESCALE_NO_SECOND:
		return "UTC has no such second";
	case FFNTP_TIMESCALE_DATE:
		return "no such date or time of day";
	case FFNTP_TIMESCALE_RANGE:
		return "out of range: years are 1 to 9999";
	case FFNTP_TIMESCALE_TABLE_EMPTY:
		return "a table of leap seconds without entries";
	case FFNTP_TIMESCALE_TABLE_SIZE:
		return "a table of more leap seconds than there is room for";
	case FFNTP_TIMESCALE_TABLE_ORDER:
		return "a table of leap seconds that is not in order";
	case FFNTP_TIMESCALE_TABLE_STEP:
		return "a table of leap seconds with a step that is not one second";
	case FFNTP_TIMESCALE_TABLE_DATE:
		return "a table of leap seconds with one that is not at the end of a month";
	case FFNTP_TIMESCALE_TABLE_EXPIRY:
		return "a table of leap seconds that expires before its end, or never";
	}
	return "unknown";
}

/* --- days and dates --- */

/*
 * Return value / DAY_S, rounded down. The reciprocal is too small by less than 1, so the quotient is right or one too
 * small.
 */
static uint64_t divide_by_day(uint64_t value, uint32_t *remainder)
{
	uint64_t quotient = ffntp_mul64(value, UINT64_MAX / DAY_S).high;
	uint64_t left = value - quotient * DAY_S;

	if (left >= DAY_S) {
		left -= DAY_S;
		quotient++;
	}
	*remainder = (uint32_t)left;
	return quotient;
}

/* Split a time into its day and the second of that day. */
static int64_t split_day(int64_t s, uint32_t *second)
{
	int64_t day;

	if (s >= 0)
		return (int64_t)divide_by_day((uint64_t)s, second);
	/* Rounded down: the result is -1 - day, where day counts backwards from -1 s. */
	day = -1 - (int64_t)divide_by_day(~(uint64_t)s, second);
	*second = DAY_S - 1 - *second;
	return day;
}

struct ffntp_day ffntp_day_from_time(struct ffntp_time time)
{
	uint32_t second;
	int64_t day = split_day(time.s, &second);

	return (struct ffntp_day){
		.day = day,
		.ps = second * UINT64_C(1000000000000) + ffntp_mul64(time.frac, UINT64_C(1000000000000)).high,
	};
}
_Static_assert(DAY_PS < UINT64_MAX, "a day's picoseconds fit");

struct date {
	uint32_t year;       /* 1 to 9999 */
	uint32_t month, day; /* from 1 */
};

/* Return the days from the first of January of the year 1 to the beginning of a year. */
static uint32_t days_before_year(uint32_t year)
{
	uint32_t past = year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400;
}

static bool is_leap_year(uint32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (uint32_t)(month == 2 && is_leap_year(year));
}

/* Return the date of a day, counted from the first of January of the year 1, below 3652059. */
static struct date date_from_day(uint32_t day)
{
	/* 146097 days are 400 years; the estimated year is right or wrong by one. */
	struct date date = { .year = day * 400 / 146097 + 1, .month = 1 };

	if (days_before_year(date.year + 1) <= day)
		date.year++;
	else if (days_before_year(date.year) > day)
		date.year--;
	day -= days_before_year(date.year);
	while (day >= days_in_month(date.year, date.month))
		day -= days_in_month(date.year, date.month++);
	date.day = day + 1;
	return date;
}

/* Return the date of a time with FIRST_S <= s < END_S, and the second of its day. */
static struct date date_of(int64_t s, uint32_t *second)
{
	return date_from_day((uint32_t)split_day(s - FIRST_S, second));
}

static bool has_date(int64_t s)
{
	return s >= FIRST_S && s < END_S;
}

static bool is_last_day(const struct date *date)
{
	return date->day == days_in_month(date->year, date->month);
}

static bool is_month_begin(int64_t s)
{
	uint32_t second;

	return has_date(s) && date_of(s, &second).day == 1 && second == 0;
}

/* --- the calendar --- */

enum ffntp_timescale_result ffntp_calendar_from_utc(struct ffntp_utc utc, struct ffntp_calendar *calendar)
{
	struct date date;
	uint32_t second;

	if (!has_date(utc.time.s))
		return FFNTP_TIMESCALE_RANGE;
	date = date_of(utc.time.s, &second);
	if (utc.is_leap && (second != DAY_S - 1 || !is_last_day(&date)))
		return FFNTP_TIMESCALE_NO_SECOND;
	*calendar = (struct ffntp_calendar){
		.year = (int32_t)date.year,
		.month = (uint8_t)date.month,
		.day = (uint8_t)date.day,
		.hour = (uint8_t)(second / 3600),
		.minute = (uint8_t)(second / 60 % 60),
		.second = (uint8_t)(second % 60 + utc.is_leap),
		.frac = utc.time.frac,
	};
	return FFNTP_TIMESCALE_OK;
}

static bool is_date(const struct ffntp_calendar *calendar)
{
	return calendar->month >= 1 && calendar->month <= 12 && calendar->day >= 1 &&
	       calendar->day <= days_in_month((uint32_t)calendar->year, calendar->month) && calendar->hour < 24 &&
	       calendar->minute < 60 && calendar->second <= 60;
}

static uint32_t day_of(const struct ffntp_calendar *calendar)
{
	uint32_t day = days_before_year((uint32_t)calendar->year) + calendar->day - 1;

	for (uint32_t month = 1; month < calendar->month; month++)
		day += days_in_month((uint32_t)calendar->year, month);
	return day;
}

static bool may_be_leap(const struct ffntp_calendar *calendar)
{
	return calendar->hour == 23 && calendar->minute == 59 &&
	       calendar->day == days_in_month((uint32_t)calendar->year, calendar->month);
}

enum ffntp_timescale_result ffntp_utc_from_calendar(const struct ffntp_calendar *calendar, struct ffntp_utc *utc)
{
	bool is_leap = calendar->second == 60;
	int64_t second;

	if (calendar->year < 1 || calendar->year > 9999)
		return FFNTP_TIMESCALE_RANGE;
	if (!is_date(calendar))
		return FFNTP_TIMESCALE_DATE;
	if (is_leap && !may_be_leap(calendar))
		return FFNTP_TIMESCALE_NO_SECOND;
	second = calendar->hour * 3600 + calendar->minute * 60 + calendar->second - is_leap;
	*utc = (struct ffntp_utc){
		.time = { FIRST_S + day_of(calendar) * INT64_C(86400) + second, calendar->frac },
		.is_leap = is_leap,
	};
	return FFNTP_TIMESCALE_OK;
}

/* --- around one leap second --- */

static bool is_after(const struct ffntp_numbering *numbering, struct ffntp_time time)
{
	return numbering->sign != 0 && time.s >= numbering->at_s;
}

struct ffntp_utc ffntp_numbering_utc(const struct ffntp_numbering *numbering, struct ffntp_time time)
{
	bool after = is_after(numbering, time);

	return (struct ffntp_utc){
		.time = { time.s - numbering->offset_s - (after ? numbering->sign : 0), time.frac },
		.is_leap = after && numbering->sign > 0 && time.s == numbering->at_s,
	};
}

/* Return the first second, in continuous time, of the UTC day after the leap second. */
static int64_t midnight_s(const struct ffntp_numbering *numbering)
{
	return numbering->at_s + (numbering->sign > 0);
}

/*
 * A smear: within length_s seconds of continuous time from from_s on, smeared UTC gradually loses or gains one second.
 */
struct smear {
	int64_t from_s;
	uint32_t length_s;
	uint64_t share; /* 2^64 / length_s, rounded up so that the smear ends on time; the excess is cut off */
};

#define SMEAR(begin_s, seconds) ((struct smear){ begin_s, seconds, UINT64_MAX / (seconds) + 1 })

static struct smear smear_of(const struct ffntp_numbering *numbering, enum ffntp_timescale scale)
{
	int64_t midnight = midnight_s(numbering);

	if (scale == FFNTP_UTC_SLS)
		return SMEAR(midnight - 1000, 1000);
	/* From noon to noon: an afternoon that is longer or shorter by the leap second, and the next morning. */
	if (numbering->sign > 0)
		return SMEAR(midnight - 43201, 86401);
	return SMEAR(midnight - 43199, 86399);
}

/* Return the part of its second that a smear in progress has completed, in 2^-64 s. */
static uint64_t smeared(const struct smear *smear, struct ffntp_time time)
{
	struct ffntp_u128 done = ffntp_mul64((uint64_t)(time.s - smear->from_s), smear->share);
	uint64_t part = done.low + ffntp_mul64(time.frac, smear->share).high;

	return done.high > 0 || part < done.low ? UINT64_MAX : part;
}

static struct ffntp_time smear_utc(const struct ffntp_numbering *numbering, struct ffntp_time time,
				   enum ffntp_timescale scale)
{
	struct smear smear = smear_of(numbering, scale);
	uint64_t done;

	if (time.s < smear.from_s || time.s >= smear.from_s + smear.length_s)
		return ffntp_numbering_utc(numbering, time).time;
	done = smeared(&smear, time);
	time.s -= numbering->offset_s;
	if (numbering->sign > 0)
		return (struct ffntp_time){ time.s - (time.frac < done), time.frac - done };
	return (struct ffntp_time){ time.s + (time.frac + done < done), time.frac + done };
}

struct ffntp_time ffntp_numbering_convert(const struct ffntp_numbering *numbering, struct ffntp_time time,
					  enum ffntp_timescale scale)
{
	switch (scale) {
	case FFNTP_TAI:
		return time;
	case FFNTP_UTC_SMEARED:
	case FFNTP_UTC_SLS:
		if (numbering->sign != 0)
			return smear_utc(numbering, time, scale);
		break;
	case FFNTP_UTC:
		break;
	}
	return ffntp_numbering_utc(numbering, time).time;
}

/* Return whether a UTC second is more than two months away from the midnight after a leap second. */
static bool is_far(int64_t utc_s, int64_t end_s)
{
	return utc_s - end_s > INT64_C(62) * 86400 || end_s - utc_s > INT64_C(62) * 86400;
}

static uint32_t month_number(const struct date *date)
{
	return date->year * 12 + date->month;
}

enum ffntp_leap ffntp_numbering_leap(const struct ffntp_numbering *numbering, struct ffntp_time time)
{
	struct ffntp_utc utc = ffntp_numbering_utc(numbering, time);
	int64_t end_s = midnight_s(numbering) - numbering->offset_s - numbering->sign;
	struct date now, last;
	uint32_t second;

	if (numbering->sign == 0 || !has_date(utc.time.s) || !has_date(end_s - 1) || is_far(utc.time.s, end_s))
		return FFNTP_LEAP_NONE;
	if (utc.is_leap)
		return FFNTP_LEAP_POSITIVE;
	now = date_of(utc.time.s, &second);
	last = date_of(end_s - 1, &second);
	if (!is_after(numbering, time) && month_number(&now) == month_number(&last))
		return numbering->sign > 0 ? FFNTP_LEAP_PRE_POSITIVE : FFNTP_LEAP_PRE_NEGATIVE;
	if (is_after(numbering, time) && month_number(&now) == month_number(&last) + 1)
		return numbering->sign > 0 ? FFNTP_LEAP_POST_POSITIVE : FFNTP_LEAP_POST_NEGATIVE;
	return FFNTP_LEAP_NONE;
}

/* --- the table --- */

static const struct ffntp_leap_table builtin = {
	/* 2026-06-28 00:00:00 */
	.expires_s = 1782604800,
	.count = 28,
	.entry = {
		{ INT64_C(63072000), 10 },	/* 1972-01-01 */
		{ INT64_C(78796800), 11 },	/* 1972-07-01 */
		{ INT64_C(94694400), 12 },	/* 1973-01-01 */
		{ INT64_C(126230400), 13 },	/* 1974-01-01 */
		{ INT64_C(157766400), 14 },	/* 1975-01-01 */
		{ INT64_C(189302400), 15 },	/* 1976-01-01 */
		{ INT64_C(220924800), 16 },	/* 1977-01-01 */
		{ INT64_C(252460800), 17 },	/* 1978-01-01 */
		{ INT64_C(283996800), 18 },	/* 1979-01-01 */
		{ INT64_C(315532800), 19 },	/* 1980-01-01 */
		{ INT64_C(362793600), 20 },	/* 1981-07-01 */
		{ INT64_C(394329600), 21 },	/* 1982-07-01 */
		{ INT64_C(425865600), 22 },	/* 1983-07-01 */
		{ INT64_C(489024000), 23 },	/* 1985-07-01 */
		{ INT64_C(567993600), 24 },	/* 1988-01-01 */
		{ INT64_C(631152000), 25 },	/* 1990-01-01 */
		{ INT64_C(662688000), 26 },	/* 1991-01-01 */
		{ INT64_C(709948800), 27 },	/* 1992-07-01 */
		{ INT64_C(741484800), 28 },	/* 1993-07-01 */
		{ INT64_C(773020800), 29 },	/* 1994-07-01 */
		{ INT64_C(820454400), 30 },	/* 1996-01-01 */
		{ INT64_C(867715200), 31 },	/* 1997-07-01 */
		{ INT64_C(915148800), 32 },	/* 1999-01-01 */
		{ INT64_C(1136073600), 33 },	/* 2006-01-01 */
		{ INT64_C(1230768000), 34 },	/* 2009-01-01 */
		{ INT64_C(1341100800), 35 },	/* 2012-07-01 */
		{ INT64_C(1435708800), 36 },	/* 2015-07-01 */
		{ INT64_C(1483228800), 37 },	/* 2017-01-01 */
	},
};

const struct ffntp_leap_table *ffntp_leap_table_builtin(void)
{
	return &builtin;
}

/* Check an entry against the one before it. */
static enum ffntp_timescale_result check_entry(const struct ffntp_leap_entry *former,
					       const struct ffntp_leap_entry *entry)
{
	int step = entry->tai_offset_s - former->tai_offset_s;

	if (entry->from_s <= former->from_s)
		return FFNTP_TIMESCALE_TABLE_ORDER;
	return step == 1 || step == -1 ? FFNTP_TIMESCALE_OK : FFNTP_TIMESCALE_TABLE_STEP;
}

enum ffntp_timescale_result ffntp_leap_table_check(const struct ffntp_leap_table *table)
{
	const struct ffntp_leap_entry *entry = table->entry;
	enum ffntp_timescale_result result = FFNTP_TIMESCALE_OK;

	if (table->count == 0)
		return FFNTP_TIMESCALE_TABLE_EMPTY;
	if (table->count > FFNTP_LEAP_TABLE_SIZE)
		return FFNTP_TIMESCALE_TABLE_SIZE;
	for (uint32_t i = 0; i < table->count && result == FFNTP_TIMESCALE_OK; i++) {
		if (entry[i].from_s < builtin.entry[0].from_s || !is_month_begin(entry[i].from_s))
			return FFNTP_TIMESCALE_TABLE_DATE;
		if (i > 0)
			result = check_entry(&entry[i - 1], &entry[i]);
	}
	if (result == FFNTP_TIMESCALE_OK &&
	    (table->expires_s < entry[table->count - 1].from_s || table->expires_s >= END_S))
		return FFNTP_TIMESCALE_TABLE_EXPIRY;
	return result;
}

/* Return the rule around the leap second before entry i, which is not the first. */
static struct ffntp_numbering numbering_of(const struct ffntp_leap_table *table, uint32_t i)
{
	const struct ffntp_leap_entry *former = &table->entry[i - 1], *entry = &table->entry[i];
	int sign = entry->tai_offset_s - former->tai_offset_s;

	return (struct ffntp_numbering){
		.at_s = entry->from_s + former->tai_offset_s - (sign < 0),
		.offset_s = former->tai_offset_s,
		.sign = (int8_t)sign,
	};
}

/*
 * Return the rule around the leap second nearest to tai_s; half-way between two leap seconds both rules agree. The
 * search begins with the latest leap second, because that is the nearest one at present.
 */
static struct ffntp_numbering nearest(const struct ffntp_leap_table *table, int64_t tai_s)
{
	struct ffntp_numbering found = { .offset_s = table->entry[0].tai_offset_s }, later = found;

	for (uint32_t i = table->count - 1; i > 0; i--) {
		found = numbering_of(table, i);
		if (later.sign != 0 && later.at_s - tai_s <= tai_s - found.at_s)
			return later;
		later = found;
	}
	return found;
}

enum ffntp_timescale_result ffntp_numbering_from_table(const struct ffntp_leap_table *table, struct ffntp_time tai,
						       struct ffntp_numbering *numbering)
{
	const struct ffntp_leap_entry *first = &table->entry[0], *last = &table->entry[table->count - 1];

	if (tai.s < first->from_s + first->tai_offset_s)
		return FFNTP_TIMESCALE_TOO_EARLY;
	if (tai.s >= table->expires_s + last->tai_offset_s)
		return FFNTP_TIMESCALE_EXPIRED;
	*numbering = nearest(table, tai.s);
	return FFNTP_TIMESCALE_OK;
}

enum ffntp_timescale_result ffntp_utc_from_tai(const struct ffntp_leap_table *table, struct ffntp_time tai,
					       struct ffntp_utc *utc)
{
	struct ffntp_numbering numbering;
	enum ffntp_timescale_result result = ffntp_numbering_from_table(table, tai, &numbering);

	if (result == FFNTP_TIMESCALE_OK)
		*utc = ffntp_numbering_utc(&numbering, tai);
	return result;
}

/* Return the entry in force at a POSIX second; the first one if there is none. */
static uint32_t entry_at(const struct ffntp_leap_table *table, int64_t s)
{
	uint32_t i = table->count - 1;

	while (i > 0 && table->entry[i].from_s > s)
		i--;
	return i;
}

/* Converting back checks the result: it shows a 23:59:60 without a leap second, and a 23:59:59 that was left out. */
enum ffntp_timescale_result ffntp_tai_from_utc(const struct ffntp_leap_table *table, struct ffntp_utc utc,
					       struct ffntp_time *tai)
{
	struct ffntp_time time = utc.time;
	struct ffntp_utc back;
	enum ffntp_timescale_result result;

	if (utc.time.s < table->entry[0].from_s)
		return FFNTP_TIMESCALE_TOO_EARLY;
	if (utc.time.s >= table->expires_s)
		return FFNTP_TIMESCALE_EXPIRED;
	time.s += table->entry[entry_at(table, utc.time.s)].tai_offset_s + utc.is_leap;
	result = ffntp_utc_from_tai(table, time, &back);
	if (result != FFNTP_TIMESCALE_OK)
		return result;
	if (back.time.s != utc.time.s || back.is_leap != utc.is_leap)
		return FFNTP_TIMESCALE_NO_SECOND;
	*tai = time;
	return FFNTP_TIMESCALE_OK;
}
