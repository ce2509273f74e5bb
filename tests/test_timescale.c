/*
 * timescale: dates compared with the C library's, leap seconds with the days of IERS's bulletins, smear with its
 * definition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "assertions.h"
#include "../include/ffntp/timescale.h"
#include "count.h"
#include "prng.h"

#define S_NS INT64_C(1000000000)
#define HALF (UINT64_C(1) << 63)

/* The days that ended with 23:59:60, from IERS's Bulletins C. */
static const char *const inserted[] = {
	"1972-06-30", "1972-12-31", "1973-12-31", "1974-12-31", "1975-12-31", "1976-12-31", "1977-12-31",
	"1978-12-31", "1979-12-31", "1981-06-30", "1982-06-30", "1983-06-30", "1985-06-30", "1987-12-31",
	"1989-12-31", "1990-12-31", "1992-06-30", "1993-06-30", "1994-06-30", "1995-12-31", "1997-06-30",
	"1998-12-31", "2005-12-31", "2008-12-31", "2012-06-30", "2015-06-30", "2016-12-31",
};

/* Return the midnight at the end of such a day, from the C library. */
static int64_t midnight_after(const char *day)
{
	struct tm tm = { 0 };

	assert_int_equal(sscanf(day, "%d-%d-%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday), 3);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	tm.tm_mday += 1;
	return timegm(&tm);
}

/* Return the table with a deleted leap second after its last one: 2017-06-30 has no 23:59:59. */
static struct ffntp_leap_table with_negative(void)
{
	struct ffntp_leap_table table = *ffntp_leap_table_builtin();

	table.entry[table.count].from_s = midnight_after("2017-06-30");
	table.entry[table.count].tai_offset_s = 36;
	table.count++;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_OK);
	return table;
}

static void assert_utc(const struct ffntp_leap_table *table, int64_t tai_s, int64_t utc_s, bool is_leap)
{
	struct ffntp_time tai = { tai_s, HALF + 12345 }, back;
	struct ffntp_utc utc;

	assert_int_equal(ffntp_utc_from_tai(table, tai, &utc), FFNTP_TIMESCALE_OK);
	assert_true(utc.time.s == utc_s && utc.time.frac == tai.frac);
	assert_int_equal(utc.is_leap, is_leap);
	assert_int_equal(ffntp_tai_from_utc(table, utc, &back), FFNTP_TIMESCALE_OK);
	assert_true(back.s == tai.s && back.frac == tai.frac);
}

static void every_leap_second_is_where_it_was(void **state)
{
	const struct ffntp_leap_table *table = ffntp_leap_table_builtin();

	(void)state;
	assert_int_equal(table->count, 1 + COUNT(inserted));
	for (size_t i = 0; i < COUNT(inserted); i++) {
		int64_t midnight_s = midnight_after(inserted[i]), begin_tai_s = midnight_s + 10 + (int64_t)i;

		for (int64_t s = -100; s < 0; s++)
			assert_utc(table, begin_tai_s + s, midnight_s + s, false);
		assert_utc(table, begin_tai_s, midnight_s - 1, true);
		for (int64_t s = 0; s < 100; s++)
			assert_utc(table, begin_tai_s + 1 + s, midnight_s + s, false);
	}
}

static void a_second_can_be_left_out(void **state)
{
	const struct ffntp_leap_table table = with_negative();
	int64_t midnight_s = midnight_after("2017-06-30");
	struct ffntp_utc missing = { .time = { midnight_s - 1, HALF } };
	struct ffntp_time tai = { 1, 2 };

	(void)state;
	for (int64_t s = -100; s < -1; s++)
		assert_utc(&table, midnight_s + s + 37, midnight_s + s, false);
	for (int64_t s = 0; s < 100; s++)
		assert_utc(&table, midnight_s + s + 36, midnight_s + s, false);
	assert_int_equal(ffntp_tai_from_utc(&table, missing, &tai), FFNTP_TIMESCALE_NO_SECOND);
	missing.is_leap = true;
	assert_int_equal(ffntp_tai_from_utc(&table, missing, &tai), FFNTP_TIMESCALE_NO_SECOND);
	assert_true(tai.s == 1 && tai.frac == 2);
}

static void a_table_does_not_reach_for_ever(void **state)
{
	const struct ffntp_leap_table *table = ffntp_leap_table_builtin();
	struct ffntp_utc utc = { .time = { 1, 2 }, .is_leap = true };
	struct ffntp_time tai = { 1, 2 };

	(void)state;
	assert_int_equal(table->expires_s, midnight_after("2026-06-27"));
	assert_utc(table, table->entry[0].from_s + 10, table->entry[0].from_s, false);
	assert_utc(table, table->expires_s - 1 + 37, table->expires_s - 1, false);
	assert_int_equal(ffntp_utc_from_tai(table, (struct ffntp_time){ table->entry[0].from_s + 9, UINT64_MAX }, &utc),
			 FFNTP_TIMESCALE_TOO_EARLY);
	assert_int_equal(ffntp_utc_from_tai(table, (struct ffntp_time){ table->expires_s + 37, 0 }, &utc),
			 FFNTP_TIMESCALE_EXPIRED);
	assert_true(utc.time.s == 1 && utc.is_leap);
	utc = (struct ffntp_utc){ .time = { table->entry[0].from_s - 1, UINT64_MAX } };
	assert_int_equal(ffntp_tai_from_utc(table, utc, &tai), FFNTP_TIMESCALE_TOO_EARLY);
	utc.time.s = table->expires_s;
	assert_int_equal(ffntp_tai_from_utc(table, utc, &tai), FFNTP_TIMESCALE_EXPIRED);
	utc = (struct ffntp_utc){ .time = { table->entry[5].from_s, 0 }, .is_leap = true };
	assert_int_equal(ffntp_tai_from_utc(table, utc, &tai), FFNTP_TIMESCALE_NO_SECOND);
	assert_true(tai.s == 1 && tai.frac == 2);
}

static void nonsense_is_no_table(void **state)
{
	const struct ffntp_leap_table good = *ffntp_leap_table_builtin();
	struct ffntp_leap_table table = good;

	(void)state;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_OK);
	table.count = 0;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_EMPTY);
	table.count = FFNTP_LEAP_TABLE_SIZE + 1;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_SIZE);
	table = good;
	table.entry[7].from_s = table.entry[6].from_s;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_ORDER);
	table.entry[7].from_s = table.entry[5].from_s;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_ORDER);
	table = good;
	table.entry[7].tai_offset_s++;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_STEP);
	table.entry[7].tai_offset_s = table.entry[6].tai_offset_s;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_STEP);
	table = good;
	table.entry[7].from_s++;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_DATE);
	table.entry[7].from_s += 86400 - 1;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_DATE);
	table = good;
	table.entry[0].from_s = midnight_after("1971-11-30");
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_DATE);
	table.entry[0].from_s = INT64_MIN;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_DATE);
	table = good;
	table.expires_s = table.entry[table.count - 1].from_s - 1;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_EXPIRY);
	table.expires_s = INT64_MAX;
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_TABLE_EXPIRY);
}

static void every_result_has_a_line_of_its_own(void **state)
{
	const char *lines[FFNTP_TIMESCALE_TABLE_EXPIRY + 2];

	(void)state;
	for (unsigned i = 0; i < COUNT(lines); i++) {
		lines[i] = ffntp_timescale_result_text((enum ffntp_timescale_result)i);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(lines[i], lines[j]);
	}
}

/* --- calendar --- */

static void dates_are_the_c_librarys(void **state)
{
	const int64_t first_s = -INT64_C(62135596800), end_s = INT64_C(253402300800);
	struct prng prng = { 1 };

	(void)state;
	for (int64_t day = 0; day < 3652059; day += 1 + (day % 7 == 0 ? 5 : 0)) {
		time_t s = first_s + day * 86400 + (int64_t)prng_below(&prng, 86400);
		struct ffntp_utc utc = { .time = { s, prng_next(&prng) } }, back;
		struct ffntp_calendar c;
		struct tm tm;

		gmtime_r(&s, &tm);
		assert_int_equal(ffntp_calendar_from_utc(utc, &c), FFNTP_TIMESCALE_OK);
		assert_true(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 && c.day == tm.tm_mday &&
			    c.hour == tm.tm_hour && c.minute == tm.tm_min && c.second == tm.tm_sec &&
			    c.frac == utc.time.frac);
		assert_int_equal(ffntp_utc_from_calendar(&c, &back), FFNTP_TIMESCALE_OK);
		assert_true(back.time.s == s && back.time.frac == utc.time.frac && !back.is_leap);
	}
	for (int i = 0; i < 2; i++) {
		struct ffntp_utc utc = { .time = { i ? end_s : first_s - 1, 0 } };
		struct ffntp_calendar c = { .year = 77 };

		assert_int_equal(ffntp_calendar_from_utc(utc, &c), FFNTP_TIMESCALE_RANGE);
		assert_int_equal(c.year, 77);
	}
}

static void a_leap_second_is_second_60(void **state)
{
	struct ffntp_utc utc = { .time = { midnight_after("2016-12-31") - 1, 7 }, .is_leap = true }, back;
	struct ffntp_calendar c;

	(void)state;
	assert_int_equal(ffntp_calendar_from_utc(utc, &c), FFNTP_TIMESCALE_OK);
	assert_true(c.year == 2016 && c.month == 12 && c.day == 31 && c.hour == 23 && c.minute == 59 && c.second == 60);
	assert_int_equal(ffntp_utc_from_calendar(&c, &back), FFNTP_TIMESCALE_OK);
	assert_true(back.time.s == utc.time.s && back.time.frac == 7 && back.is_leap);
	utc.time.s--;
	assert_int_equal(ffntp_calendar_from_utc(utc, &c), FFNTP_TIMESCALE_NO_SECOND);
	utc.time.s -= 86399;
	assert_int_equal(ffntp_calendar_from_utc(utc, &c), FFNTP_TIMESCALE_NO_SECOND);
}

static void there_are_no_such_dates(void **state)
{
	static const struct {
		struct ffntp_calendar date;
		enum ffntp_timescale_result result;
	} cases[] = {
		{ { 0, 1, 1, 0, 0, 0, 0 }, FFNTP_TIMESCALE_RANGE },
		{ { 10000, 1, 1, 0, 0, 0, 0 }, FFNTP_TIMESCALE_RANGE },
		{ { -5, 1, 1, 0, 0, 0, 0 }, FFNTP_TIMESCALE_RANGE },
		{ { 2026, 0, 1, 0, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 13, 1, 0, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 6, 31, 0, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 6, 0, 0, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 2, 29, 0, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 1900, 2, 29, 0, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2000, 2, 29, 0, 0, 0, 0 }, FFNTP_TIMESCALE_OK },
		{ { 2026, 6, 30, 24, 0, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 6, 30, 23, 60, 0, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 6, 30, 23, 59, 61, 0 }, FFNTP_TIMESCALE_DATE },
		{ { 2026, 6, 30, 23, 59, 60, 0 }, FFNTP_TIMESCALE_OK },
		{ { 2026, 6, 29, 23, 59, 60, 0 }, FFNTP_TIMESCALE_NO_SECOND },
		{ { 2026, 6, 30, 12, 59, 60, 0 }, FFNTP_TIMESCALE_NO_SECOND },
		{ { 2026, 6, 30, 23, 58, 60, 0 }, FFNTP_TIMESCALE_NO_SECOND },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_utc utc;

		assert_int_equal(ffntp_utc_from_calendar(&cases[i].date, &utc), cases[i].result);
	}
}

static void days_and_picoseconds(void **state)
{
	static const struct {
		struct ffntp_time time;
		int64_t day;
		uint64_t ps;
	} cases[] = {
		{ { 0, 0 }, 0, 0 },
		{ { 86399, UINT64_MAX }, 0, UINT64_C(86399999999999999) },
		{ { 86400, 0 }, 1, 0 },
		{ { -1, HALF }, -1, UINT64_C(86399500000000000) },
		{ { -86400, 0 }, -1, 0 },
		{ { -86401, 0 }, -2, UINT64_C(86399000000000000) },
		{ { INT64_MAX, 0 }, INT64_C(106751991167300), UINT64_C(55807000000000000) },
		{ { INT64_MIN, 0 }, INT64_C(-106751991167301), UINT64_C(30592000000000000) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ffntp_day day = ffntp_day_from_time(cases[i].time);

		assert_exactly(day.day, cases[i].day, "");
		assert_exactly(day.ps, cases[i].ps, "");
	}
}

/* --- smear --- */

/* The definition in floating point: seconds behind the former UTC at a time since the smear began. */
static double definition(enum ffntp_timescale scale, int sign, double since_s)
{
	double length_s = scale == FFNTP_UTC_SLS ? 1000 : 86400 + sign;

	return since_s <= 0 ? 0 : since_s >= length_s ? sign : sign * since_s / length_s;
}

static void smear(enum ffntp_timescale scale, int sign)
{
	const struct ffntp_numbering numbering = { .at_s = 1500000000, .offset_s = 37, .sign = (int8_t)sign };
	int64_t midnight_s = numbering.at_s + (sign > 0);
	int64_t begin_s = midnight_s - (scale == FFNTP_UTC_SLS ? 1000 : 43200 + sign);
	struct ffntp_time former = { 0, 0 };
	struct prng prng = { 5 };

	for (int64_t ns = -5 * S_NS; ns < 86410 * S_NS; ns += 1 + (int64_t)prng_below(&prng, (uint64_t)S_NS * 2)) {
		struct ffntp_time time = ffntp_time_add_ns((struct ffntp_time){ begin_s, 0 }, ns);
		struct ffntp_time told = ffntp_numbering_convert(&numbering, time, scale);
		int64_t behind_ns = ffntp_time_diff_ns(time, told) - 37 * S_NS;
		double expected_s = definition(scale, sign, (double)ns * 1e-9);

		assert_true(!ffntp_time_is_before(told, former));
		assert_at_most(llabs(behind_ns - (int64_t)(expected_s * 1e9)), 2, "");
		former = told;
	}
}

static void smears_are_as_they_are_defined(void **state)
{
	(void)state;
	smear(FFNTP_UTC_SMEARED, 1);
	smear(FFNTP_UTC_SMEARED, -1);
	smear(FFNTP_UTC_SLS, 1);
	smear(FFNTP_UTC_SLS, -1);
}

/* The results are equal to the last bit where a smear begins, where it ends, and at each second within. */
static void smears_never_step(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const struct ffntp_numbering numbering = { 1500000000, 37, i & 1 ? 1 : -1 };
		enum ffntp_timescale scale = i & 2 ? FFNTP_UTC_SMEARED : FFNTP_UTC_SLS;

		for (int64_t s = numbering.at_s - 43300; s < numbering.at_s + 43300; s++) {
			struct ffntp_time end =
				ffntp_numbering_convert(&numbering, (struct ffntp_time){ s, UINT64_MAX }, scale);
			struct ffntp_time begin =
				ffntp_numbering_convert(&numbering, (struct ffntp_time){ s + 1, 0 }, scale);

			assert_true(!ffntp_time_is_before(begin, end));
			assert_at_most(begin.s * 2 + (int64_t)(begin.frac >> 63) - end.s * 2 -
					       (int64_t)(end.frac >> 63),
				       1, "");
			assert_below(begin.frac - end.frac, 200000, ""); /* 1e-14 s */
		}
	}
}

/* --- the present month --- */

static void a_leap_second_has_its_month(void **state)
{
	static const struct {
		const char *day;
		enum ffntp_leap
			leap[2]; /* of an inserted and of a deleted one at the end of June 2026, the day after 'day' */
	} cases[] = {
		{ "2026-05-30", { FFNTP_LEAP_NONE, FFNTP_LEAP_NONE } },
		{ "2026-05-31", { FFNTP_LEAP_PRE_POSITIVE, FFNTP_LEAP_PRE_NEGATIVE } },
		{ "2026-06-29", { FFNTP_LEAP_PRE_POSITIVE, FFNTP_LEAP_PRE_NEGATIVE } },
		{ "2026-06-30", { FFNTP_LEAP_POST_POSITIVE, FFNTP_LEAP_POST_NEGATIVE } },
		{ "2026-07-30", { FFNTP_LEAP_POST_POSITIVE, FFNTP_LEAP_POST_NEGATIVE } },
		{ "2026-07-31", { FFNTP_LEAP_NONE, FFNTP_LEAP_NONE } },
	};
	int64_t midnight_s = midnight_after("2026-06-30");

	(void)state;
	for (int i = 0; i < 2; i++) {
		int sign = i ? -1 : 1;
		const struct ffntp_numbering numbering = { midnight_s + 37 - i, 37, (int8_t)sign };

		for (size_t j = 0; j < COUNT(cases); j++) {
			int64_t utc_s = midnight_after(cases[j].day);
			struct ffntp_time time = { utc_s + 37 + (utc_s >= midnight_s ? sign : 0), 0 };

			assert_int_equal(ffntp_numbering_leap(&numbering, time), cases[j].leap[i]);
		}
		assert_int_equal(
			ffntp_numbering_leap(&numbering, (struct ffntp_time){ numbering.at_s - 1, UINT64_MAX }),
			i ? FFNTP_LEAP_PRE_NEGATIVE : FFNTP_LEAP_PRE_POSITIVE);
		assert_int_equal(ffntp_numbering_leap(&numbering, (struct ffntp_time){ numbering.at_s, 0 }),
				 i ? FFNTP_LEAP_POST_NEGATIVE : FFNTP_LEAP_POSITIVE);
	}
}

static void a_table_tells_the_nearest(void **state)
{
	const struct ffntp_leap_table *table = ffntp_leap_table_builtin();
	struct ffntp_numbering numbering;
	int64_t last_s = midnight_after("2016-12-31");

	(void)state;
	assert_int_equal(ffntp_numbering_from_table(table, (struct ffntp_time){ last_s, 0 }, &numbering), 0);
	assert_true(numbering.at_s == last_s + 36 && numbering.offset_s == 36 && numbering.sign == 1);
	assert_int_equal(ffntp_numbering_from_table(table, (struct ffntp_time){ last_s + 86400, 0 }, &numbering), 0);
	assert_true(numbering.at_s == last_s + 36 && numbering.offset_s == 36 && numbering.sign == 1);
	last_s = midnight_after("2016-01-31");
	assert_int_equal(ffntp_numbering_from_table(table, (struct ffntp_time){ last_s, 0 }, &numbering), 0);
	assert_true(numbering.at_s == midnight_after("2015-06-30") + 35 && numbering.offset_s == 35);
	last_s = midnight_after("2015-06-30");
	assert_int_equal(ffntp_numbering_from_table(table, (struct ffntp_time){ last_s + 35, 0 }, &numbering), 0);
	assert_true(numbering.at_s == last_s + 35 && numbering.offset_s == 35 && numbering.sign == 1);
}

static void a_leap_second_needs_a_majority(void **state)
{
	static const struct {
		const char *indicators;
		int sign;
		bool is_unanimous;
	} cases[] = {
		{ "", 0, false },     { "0", 0, false },    { "1", 1, false },      { "2", -1, false },
		{ "10", 0, false },   { "11", 1, false },   { "12", 0, false },     { "110", 1, false },
		{ "100", 0, false },  { "112", 1, false },  { "111", 1, true },     { "222", -1, true },
		{ "1100", 0, false }, { "1122", 0, false }, { "22210", -1, false }, { "33311", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t indicators[8];
		size_t count = strlen(cases[i].indicators);
		struct ffntp_leap_vote vote;

		for (size_t j = 0; j < count; j++)
			indicators[j] = (uint8_t)(cases[i].indicators[j] - '0');
		vote = ffntp_leap_count(indicators, count);
		assert_int_equal(vote.sign, cases[i].sign);
		assert_int_equal(vote.is_unanimous, cases[i].is_unanimous);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leap_second_is_where_it_was),
		cmocka_unit_test(a_second_can_be_left_out),
		cmocka_unit_test(a_table_does_not_reach_for_ever),
		cmocka_unit_test(nonsense_is_no_table),
		cmocka_unit_test(every_result_has_a_line_of_its_own),
		cmocka_unit_test(dates_are_the_c_librarys),
		cmocka_unit_test(a_leap_second_is_second_60),
		cmocka_unit_test(there_are_no_such_dates),
		cmocka_unit_test(days_and_picoseconds),
		cmocka_unit_test(smears_are_as_they_are_defined),
		cmocka_unit_test(smears_never_step),
		cmocka_unit_test(a_leap_second_has_its_month),
		cmocka_unit_test(a_table_tells_the_nearest),
		cmocka_unit_test(a_leap_second_needs_a_majority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
