/* leap: clients, pages and readers through leap seconds. The truth is TAI, from which each server makes its own UTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assertions.h"
#include "../core/leap.h"
#include "../core/page.h"
#include "count.h"
#include "world.h"

#define S_NS INT64_C(1000000000)
#define DAY_NS (86400 * S_NS)

/* The source from which a test's client learns of leap seconds. */
enum knowledge { BY_TABLE, BY_SERVER, BY_CALLER };

struct fixture {
	struct world world;
	struct ffntp_client_config config;
	struct ffntp_client *client;
	struct ffntp_page *page;
	struct ffntp_numbering numbering; /* the truth */
	int64_t leap_ns;                  /* TAI at which UTC's offset changes */
	bool announces; /* the server sets its leap indicator on the last day, until the leap second */
};

static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_TSC };

static ffntp_counter counter(const struct fixture *f)
{
	return world_counter(&f->world, f->world.now_ns);
}

static void make_client(struct fixture *f)
{
	free(f->client);
	f->client = world_client(&f->world, &f->config);
	assert_non_null(f->client);
}

static void make_page(struct fixture *f)
{
	f->page = aligned_alloc(FFNTP_PAGE_SIZE, FFNTP_PAGE_SIZE);
	assert_non_null(f->page);
	memset(f->page, 0, FFNTP_PAGE_SIZE);
	ffntp_page_format(f->page, &identity);
}

/* Make a fixture that begins before_s ahead of a leap second. */
static struct fixture make(struct ffntp_numbering numbering, enum knowledge knowledge, int64_t before_s)
{
	struct fixture f = { .numbering = numbering, .leap_ns = numbering.at_s * S_NS };

	f.world = world_new(1, f.leap_ns - before_s * S_NS);
	ffntp_client_config_default(&f.config);
	f.config.counter_kind = FFNTP_COUNTER_TSC;
	f.config.pivot_s = numbering.at_s - 3600;
	f.announces = knowledge != BY_TABLE;
	if (knowledge == BY_CALLER)
		f.config.leap_trust = FFNTP_LEAP_TRUST_CALLER;
	make_page(&f);
	return f;
}

static void drop(struct fixture *f)
{
	free(f->client);
	free(f->page);
}

static uint8_t indicator_of(int sign)
{
	return sign > 0 ? 1 : sign < 0 ? 2 : 0;
}

static void publish(struct fixture *f)
{
	struct ffntp_map map;

	ffntp_client_output(f->client, counter(f), &map);
	ffntp_page_publish(f->page, &map, NULL, 0);
}

/* Take one action of the timer, or wait until the given time. */
static void step(struct fixture *f, int64_t until_ns)
{
	struct ffntp_action action = ffntp_client_timer(f->client, counter(f));
	int64_t wait_ns = (int64_t)((double)(int64_t)(action.until - counter(f)) / f->world.ticks_per_ns) + 1;

	if (f->announces)
		f->world.leap = f->world.now_ns < f->leap_ns && f->world.now_ns > f->leap_ns - DAY_NS
					? indicator_of(f->numbering.sign)
					: 0;
	if (action.kind == FFNTP_SEND)
		world_exchange(&f->world, f->client);
	else if (action.kind == FFNTP_WAIT)
		f->world.now_ns += wait_ns < until_ns - f->world.now_ns ? wait_ns : until_ns - f->world.now_ns;
	publish(f);
}

static void run_until(struct fixture *f, int64_t until_ns)
{
	while (f->world.now_ns < until_ns)
		step(f, until_ns);
}

static void run(struct fixture *f, double seconds)
{
	run_until(f, f->world.now_ns + (int64_t)(seconds * 1e9));
}

/* Read the page: by the prepared line if it is valid, and the same from the map. */
static enum ffntp_clock_result read_page(const struct fixture *f, int64_t at_ns, enum ffntp_timescale scale,
					 struct ffntp_reading *reading)
{
	ffntp_counter at = world_counter(&f->world, at_ns);
	struct ffntp_reading by_line;
	struct ffntp_map map;
	enum ffntp_clock_result result;

	assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
	result = ffntp_clock_at(&map, at, scale, UINT64_MAX, reading);
	if (ffntp_page_read_line(f->page, ffntp_page_begin(f->page), FFNTP_COUNTER_TSC, at, scale, UINT64_MAX,
				 &by_line)) {
		assert_int_equal(result, FFNTP_CLOCK_OK);
		assert_int_equal(ffntp_time_diff_ns(by_line.estimate, reading->estimate), 0);
		assert_int_equal(by_line.offset_s, reading->offset_s);
		assert_int_equal(by_line.leap, reading->leap);
	}
	return result;
}

/* Check UTC at a true time: the right number, the right flag, and the truth inside the bound. */
static void assert_utc_is_right(const struct fixture *f, int64_t at_ns)
{
	struct ffntp_utc utc = ffntp_numbering_utc(&f->numbering, ffntp_time_from_ns(at_ns));
	struct ffntp_reading reading;

	assert_int_equal(read_page(f, at_ns, FFNTP_UTC, &reading), FFNTP_CLOCK_OK);
	assert_below(llabs(ffntp_time_diff_ns(reading.estimate, utc.time)), S_NS / 1000, "ns");
	assert_int_equal(reading.leap == FFNTP_LEAP_POSITIVE, utc.is_leap);
	assert_true(!ffntp_time_is_before(utc.time, reading.earliest) &&
		    !ffntp_time_is_before(reading.latest, utc.time));
}

/* The clock is off by microseconds, so that very close to the edge it may be on the other side of it. */
static bool is_near_an_edge(const struct fixture *f, int64_t at_ns)
{
	return llabs(at_ns - f->leap_ns) < S_NS / 1000 || llabs(at_ns - f->leap_ns - S_NS) < S_NS / 1000;
}

/*
 * Compare the same counter value by the former map and by the present one: time does not step when a map is published.
 */
static void assert_continuous(const struct ffntp_map *former, const struct ffntp_map *map)
{
	struct ffntp_time before = former->time, after = map->time;

	if (former->disruption_marker != map->disruption_marker || former->at == map->at)
		return;
	before = ffntp_map_time(former, map->at);
	assert_at_most(llabs(ffntp_time_diff_ns(before, after)), (int64_t)former->maxerror_after_ns * 2, "ns");
}

/*
 * Watch from -a to b seconds around the leap second, with ten readings a second, and every map that is published in
 * between.
 */
static void watch(struct fixture *f, double from_s, double to_s)
{
	int64_t end_ns = f->leap_ns + (int64_t)(to_s * 1e9);
	struct ffntp_map former, map;

	run_until(f, f->leap_ns + (int64_t)(from_s * 1e9));
	assert_int_equal(ffntp_page_read(f->page, &former), FFNTP_CLOCK_OK);
	while (f->world.now_ns < end_ns) {
		run(f, 0.0977);
		if (!is_near_an_edge(f, f->world.now_ns))
			assert_utc_is_right(f, f->world.now_ns);
		assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
		assert_continuous(&former, &map);
		former = map;
	}
}

/* --- leap seconds of the past --- */

/* Let the map cross the edge by itself; its line does not change. */
static void cross_in_silence(struct fixture *f)
{
	ffntp_counter later = world_counter(&f->world, f->leap_ns + 3 * S_NS);
	struct ffntp_reading before, after;
	struct ffntp_duration passed[2];
	struct ffntp_map map, moved;
	enum ffntp_timescale scale = f->config.leap_table != NULL ? FFNTP_TAI : FFNTP_UTC;

	f->world.is_silent = true;
	run_until(f, f->leap_ns - S_NS);
	ffntp_client_output(f->client, counter(f), &map);
	run_until(f, f->leap_ns + 2 * S_NS);
	ffntp_client_output(f->client, counter(f), &moved);
	f->world.is_silent = false;
	assert_true(moved.at != map.at && moved.disruption_marker == map.disruption_marker);
	assert_int_equal(ffntp_clock_at(&map, later, scale, UINT64_MAX, &before), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&moved, later, scale, UINT64_MAX, &after), FFNTP_CLOCK_OK);
	assert_int_equal(before.offset_s, after.offset_s);
	assert_at_most(llabs(ffntp_time_diff_ns(before.estimate, after.estimate)), 1, "");
	assert_true(after.bound_ns >= before.bound_ns && after.bound_ns <= before.bound_ns + 3);
	assert_int_equal(ffntp_clock_duration(&map, map.at, later, FFNTP_RATE_LOCAL, &passed[0]), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_duration(&moved, map.at, later, FFNTP_RATE_LOCAL, &passed[1]), FFNTP_CLOCK_OK);
	assert_exactly(passed[0].ns, passed[1].ns, "");
}

/* Check the page's fields of VMClock: offset and indicator, before, inside and after. */
static void assert_page_says(const struct fixture *f, int64_t at_ns, enum ffntp_leap leap, int offset_s)
{
	struct ffntp_map map;

	assert_at_most(f->world.now_ns, at_ns + S_NS / 2, "ns");
	assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
	assert_int_equal(map.leap, leap);
	assert_int_equal(map.tai_offset_s, offset_s);
}

static void replay(struct ffntp_numbering numbering, enum knowledge knowledge, const struct ffntp_leap_table *table)
{
	bool is_inserted = numbering.sign > 0;
	int before_s = knowledge == BY_TABLE ? numbering.offset_s : 0;
	struct fixture f = make(numbering, knowledge, 3600);

	f.config.leap_table = table;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run(&f, 100);
	if (knowledge == BY_CALLER)
		ffntp_client_announce(f.client, (struct ffntp_leap_vote){ .sign = numbering.sign }, counter(&f));
	watch(&f, -3000, -2900);
	assert_page_says(&f, f.world.now_ns, is_inserted ? FFNTP_LEAP_PRE_POSITIVE : FFNTP_LEAP_PRE_NEGATIVE, before_s);
	watch(&f, -20, 0.4);
	if (is_inserted)
		assert_page_says(&f, f.leap_ns, FFNTP_LEAP_POSITIVE, before_s + 1);
	watch(&f, 0.4, 60);
	assert_page_says(&f, f.world.now_ns, is_inserted ? FFNTP_LEAP_POST_POSITIVE : FFNTP_LEAP_POST_NEGATIVE,
			 before_s + numbering.sign);
	watch(&f, 60, 1000);
	assert_int_equal(f.world.accepted, f.world.requests);
	drop(&f);

	f = make(numbering, knowledge, 3600);
	f.config.leap_table = table;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run(&f, 1000);
	if (knowledge == BY_CALLER)
		ffntp_client_announce(f.client, (struct ffntp_leap_vote){ .sign = numbering.sign }, counter(&f));
	cross_in_silence(&f);
	drop(&f);
}

/* Return the UTC rule around the leap second that an entry of the table ends. */
static struct ffntp_numbering numbering_of(const struct ffntp_leap_table *table, uint32_t entry)
{
	struct ffntp_numbering numbering;
	struct ffntp_time before = { table->entry[entry].from_s + table->entry[entry - 1].tai_offset_s - 100, 0 };

	assert_int_equal(ffntp_numbering_from_table(table, before, &numbering), FFNTP_TIMESCALE_OK);
	return numbering;
}

/* Return all leap seconds there were, and a deleted one at the end of June 2024. */
static struct ffntp_leap_table all(void)
{
	struct ffntp_leap_table table = *ffntp_leap_table_builtin();

	table.entry[table.count++] = (struct ffntp_leap_entry){ INT64_C(1719792000), 36 };
	assert_int_equal(ffntp_leap_table_check(&table), FFNTP_TIMESCALE_OK);
	return table;
}

static void every_leap_second_by_the_table(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	for (uint32_t i = 1; i < table.count; i++)
		replay(numbering_of(&table, i), BY_TABLE, &table);
}

static void every_leap_second_as_announced(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	for (uint32_t i = 1; i < table.count; i++)
		replay(numbering_of(&table, i), BY_SERVER, NULL);
}

static void leap_seconds_as_the_caller_counts(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	replay(numbering_of(&table, table.count - 1), BY_CALLER, NULL);
	replay(numbering_of(&table, table.count - 2), BY_CALLER, NULL);
}

/* Return a rule without a leap second: servers' UTC continues, but they may announce one for this midnight. */
static struct ffntp_numbering none_at(int64_t midnight_utc_s)
{
	return (struct ffntp_numbering){ .at_s = midnight_utc_s + 37, .offset_s = 37, .sign = 0 };
}

/* Return the last leap second there was. */
static struct ffntp_numbering in_2016(void)
{
	const struct ffntp_leap_table table = all();

	return numbering_of(&table, table.count - 2);
}

/* The server is asked each second, also inside 23:59:60, and every reply is useful. */
static void each_second_is_heard(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	for (uint32_t entry = table.count - 2; entry < table.count; entry++) {
		struct fixture f = make(numbering_of(&table, entry), BY_SERVER, 100);

		f.config.poll_min_s = f.config.poll_max_s = 1;
		f.world.numbering = &f.numbering;
		make_client(&f);
		watch(&f, -10, 10);
		assert_above(f.world.requests, 60, "");
		assert_int_equal(f.world.accepted, f.world.requests);
		drop(&f);
	}
}

/*
 * The client begins inside 23:59:59 or 23:59:60, which are ambiguous: no reply is used. From 00:00:00 on replies are
 * used as always.
 */
static void begin_inside(enum knowledge knowledge, const struct ffntp_leap_table *table, double begin_s)
{
	struct fixture f = make(in_2016(), knowledge, 0);
	struct ffntp_reading reading;

	f.config.leap_table = table;
	f.config.poll_min_s = f.config.poll_max_s = 1;
	f.config.leap_trust = FFNTP_LEAP_TRUST_SERVER;
	f.world.numbering = &f.numbering;
	f.world.now_ns = f.leap_ns + (int64_t)(begin_s * 1e9);
	make_client(&f);
	step(&f, INT64_MAX);
	assert_int_equal(f.world.verdict, FFNTP_REFUSED_LEAP);
	assert_int_equal(read_page(&f, f.world.now_ns, FFNTP_UTC, &reading), FFNTP_CLOCK_UNSYNCHRONISED);
	run_until(&f, f.leap_ns + 4 * S_NS);
	f.world.verdict = FFNTP_VERDICTS;
	run(&f, 10);
	assert_int_equal(f.world.verdict, FFNTP_ACCEPTED);
	assert_utc_is_right(&f, f.world.now_ns);
	drop(&f);
}

static void nobody_guesses_which_second_it_is(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	begin_inside(BY_TABLE, &table, -0.5);
	begin_inside(BY_TABLE, &table, 0.5);
	begin_inside(BY_SERVER, NULL, -0.5);
}

/* --- tables that come and go, and restarts --- */

static void assert_tai_at(const struct fixture *f, int64_t at_ns, enum ffntp_clock_result expected)
{
	struct ffntp_reading reading;

	assert_int_equal(read_page(f, at_ns, FFNTP_TAI, &reading), expected);
	if (expected == FFNTP_CLOCK_OK)
		assert_below(llabs(ffntp_time_to_ns(reading.estimate) - at_ns), S_NS / 1000, "ns");
}

static void assert_tai(const struct fixture *f, enum ffntp_clock_result expected)
{
	struct ffntp_map map;

	assert_tai_at(f, f->world.now_ns, expected);
	assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
	assert_int_equal(map.tai_is_known, expected == FFNTP_CLOCK_OK); /* as VMClock's flag states */
}

/* Check that TAI is right, and marked as from an expired table. */
static void assert_tai_is_expired(const struct fixture *f, int64_t at_ns, bool is_expired)
{
	struct ffntp_map map;

	assert_tai_at(f, at_ns, FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
	assert_true(map.tai_outlasts_table);
	assert_int_equal(ffntp_map_tai_is_expired(&map, at_ns / S_NS - map.tai_offset_s), is_expired);
}

static uint64_t marker_now(const struct fixture *f)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
	return map.disruption_marker;
}

/*
 * The leap second was announced to a client that is stopped. The next client, of a server that does not announce it,
 * inherits it.
 */
static void what_was_announced_outlives_a_restart(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	for (uint32_t entry = table.count - 2; entry < table.count; entry++) {
		for (int after_s = -100; after_s <= 100; after_s += 200) {
			struct fixture f = make(numbering_of(&table, entry), BY_SERVER, 3600);
			struct ffntp_map former;
			uint64_t marker;

			f.world.numbering = &f.numbering;
			make_client(&f);
			run_until(&f, f.leap_ns - 200 * S_NS);
			marker = marker_now(&f);
			assert_int_equal(ffntp_page_read(f.page, &former), FFNTP_CLOCK_OK);
			f.world.now_ns = f.leap_ns + after_s * S_NS;
			f.announces = false;
			f.config.leap_trust = FFNTP_LEAP_TRUST_NOBODY;
			make_client(&f);
			ffntp_client_continue(f.client, &former);
			run(&f, 20);
			watch(&f, after_s + 20, 200);
			assert_exactly(marker_now(&f), marker, "");
			drop(&f);
		}
	}
}

/*
 * Strict: TAI is unknown, then known from a table, of the same continuous time; then the table expires. UTC is the same
 * throughout.
 */
static void tai_is_known_while_a_table_holds(void **state)
{
	struct ffntp_leap_table table = all(), longer = table;
	struct fixture f = make(numbering_of(&table, table.count - 1), BY_TABLE, -3600);
	uint64_t marker;

	(void)state;
	table.expires_s = 1719792000 + 7200;
	f.config.leap_expiry = FFNTP_LEAP_EXPIRY_STRICT;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run(&f, 100);
	marker = marker_now(&f);
	assert_tai(&f, FFNTP_CLOCK_TAI_UNKNOWN);
	watch(&f, 3700, 3800);
	ffntp_client_leap_table(f.client, &table);
	publish(&f);
	assert_tai(&f, FFNTP_CLOCK_OK);
	watch(&f, 3800, 7190);
	assert_tai(&f, FFNTP_CLOCK_OK);
	assert_tai_at(&f, f.leap_ns + 7199 * S_NS, FFNTP_CLOCK_OK);
	assert_tai_at(&f, f.leap_ns + 7202 * S_NS, FFNTP_CLOCK_TAI_UNKNOWN); /* by the page of before */
	watch(&f, 7201, 7300);
	assert_tai(&f, FFNTP_CLOCK_TAI_UNKNOWN);
	ffntp_client_leap_table(f.client, &longer);
	watch(&f, 7300, 7400);
	assert_tai(&f, FFNTP_CLOCK_OK);
	ffntp_client_leap_table(f.client, NULL);
	watch(&f, 7400, 7500);
	assert_tai(&f, FFNTP_CLOCK_OK); /* it stays the same TAI until the table would have expired */
	assert_exactly(marker_now(&f), marker, "");
	drop(&f);
}

/* The table expires while the client runs, and a longer one comes: TAI is the same throughout, and so is UTC. */
static void tai_outlasts_its_table(void **state)
{
	struct ffntp_leap_table table = all(), longer = table;
	struct fixture f = make(numbering_of(&table, table.count - 1), BY_TABLE, -3600);
	struct ffntp_map former;
	uint64_t marker;

	(void)state;
	table.expires_s = 1719792000 + 7200;
	f.config.leap_table = &table;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run_until(&f, f.leap_ns + 7190 * S_NS);
	marker = marker_now(&f);
	assert_tai_is_expired(&f, f.leap_ns + 7199 * S_NS, false);
	assert_tai_is_expired(&f, f.leap_ns + 7202 * S_NS, true); /* by the page of before */
	watch(&f, 7190, 7300);
	assert_tai_is_expired(&f, f.world.now_ns, true);
	ffntp_client_leap_table(f.client, NULL);
	watch(&f, 7300, 7400);
	assert_tai_is_expired(&f, f.world.now_ns, true);
	assert_int_equal(ffntp_page_read(f.page, &former), FFNTP_CLOCK_OK);
	f.config.leap_table = NULL;
	make_client(&f);
	ffntp_client_continue(f.client, &former);
	run(&f, 20);
	assert_tai_is_expired(&f, f.world.now_ns, true);
	ffntp_client_leap_table(f.client, &longer);
	watch(&f, 7430, 7500);
	assert_tai_is_expired(&f, f.world.now_ns, false);
	assert_true(marker_now(&f) == marker);
	drop(&f);
}

/*
 * The table has expired when the client begins, and a leap second follows that servers announce: TAI - UTC changes by
 * it. The table read again does not undo that, nor does a restart.
 */
static void a_leap_second_comes_after_the_expiry(void **state)
{
	static const enum knowledge knowledges[] = { BY_SERVER, BY_CALLER };
	const struct ffntp_leap_table full = all();

	(void)state;
	for (uint32_t entry = full.count - 2; entry < full.count; entry++) {
		for (size_t i = 0; i < COUNT(knowledges); i++) {
			struct fixture f = make(numbering_of(&full, entry), knowledges[i], 7200);
			struct ffntp_leap_table table = full, again;
			struct ffntp_map former;

			table.count = entry;
			table.expires_s = full.entry[entry].from_s - 3 * 86400;
			again = table;
			f.config.leap_table = &table;
			f.world.numbering = &f.numbering;
			make_client(&f);
			run(&f, 100);
			assert_tai_is_expired(&f, f.world.now_ns, true);
			if (knowledges[i] == BY_CALLER)
				ffntp_client_announce(f.client, (struct ffntp_leap_vote){ .sign = f.numbering.sign },
						      counter(&f));
			watch(&f, -100, 100);
			assert_tai_is_expired(&f, f.world.now_ns, true);
			assert_page_says(&f, f.world.now_ns,
					 f.numbering.sign > 0 ? FFNTP_LEAP_POST_POSITIVE : FFNTP_LEAP_POST_NEGATIVE,
					 f.numbering.offset_s + f.numbering.sign);
			ffntp_client_leap_table(f.client, &again);
			watch(&f, 100, 200);
			assert_tai(&f, FFNTP_CLOCK_OK);
			again.expires_s += 86400;
			ffntp_client_leap_table(f.client, &again);
			watch(&f, 200, 300);
			assert_tai(&f, FFNTP_CLOCK_OK);
			assert_int_equal(ffntp_page_read(f.page, &former), FFNTP_CLOCK_OK);
			make_client(&f);
			ffntp_client_continue(f.client, &former);
			run(&f, 20);
			assert_tai_is_expired(&f, f.world.now_ns, true);
			drop(&f);
		}
	}
}

/*
 * The client begins after a leap second that its expired table does not have: its TAI is a second off, and marked as
 * from an expired table. A new table corrects it; UTC stays, the disruption marker changes, the counter's does not.
 */
static void a_new_table_corrects_tai(void **state)
{
	const struct ffntp_leap_table full = all();
	struct fixture f = make(numbering_of(&full, full.count - 1), BY_TABLE, -3600);
	struct ffntp_leap_table table = full;
	struct ffntp_map before, after;

	(void)state;
	table.count--;
	table.expires_s = full.entry[table.count].from_s - 86400;
	f.config.leap_table = &table;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run(&f, 100);
	assert_utc_is_right(&f, f.world.now_ns);
	assert_int_equal(ffntp_page_read(f.page, &before), FFNTP_CLOCK_OK);
	assert_true(before.tai_is_known && before.tai_offset_s == 37);
	assert_true(ffntp_map_tai_is_expired(&before, f.world.now_ns / S_NS - 37));
	table = full;
	table.expires_s = full.entry[full.count - 1].from_s + 86400 * 100;
	ffntp_client_leap_table(f.client, &table);
	publish(&f);
	assert_tai_is_expired(&f, f.world.now_ns, false);
	assert_utc_is_right(&f, f.world.now_ns);
	assert_int_equal(ffntp_page_read(f.page, &after), FFNTP_CLOCK_OK);
	assert_true(after.tai_offset_s == 36 && after.counter_marker == before.counter_marker);
	assert_true(after.disruption_marker != before.disruption_marker);
	run(&f, 100);
	assert_true(marker_now(&f) == after.disruption_marker);
	drop(&f);
}

/* Two leap seconds are announced after the expiry: TAI - UTC has both, also when the table is read again. */
static void two_leap_seconds_come_after_the_expiry(void **state)
{
	const struct ffntp_leap_table full = all();
	struct ffntp_leap_table table = full;
	struct ffntp_leap_belief belief = { .table = &table };
	int tai_offset_s = 36;

	(void)state;
	table.count = full.count - 2;
	table.expires_s = 1451260800; /* 2015-12-28 */
	ffntp_leap_begin(&belief, (struct ffntp_time){ 1460000000, 0 });
	for (uint32_t entry = table.count; entry < full.count; entry++) {
		struct ffntp_numbering truth = numbering_of(&full, entry);
		struct ffntp_map map = { .time = { truth.at_s + 100, 0 } };

		ffntp_leap_take_vote(&belief, (struct ffntp_time){ truth.at_s - 3600, 0 },
				     (struct ffntp_leap_vote){ .sign = truth.sign });
		ffntp_leap_follow(&belief, map.time);
		ffntp_leap_describe(&belief, &map);
		tai_offset_s += truth.sign;
		assert_true(map.tai_is_known && map.tai_offset_s == tai_offset_s && map.leap_at_s == truth.at_s);
	}
}

/* The client's time jumps by years, to after the table's expiry: TAI is found again from the last entry. */
static void a_jump_beyond_the_expiry(void **state)
{
	const struct ffntp_leap_table *table = ffntp_leap_table_builtin();
	const struct ffntp_time then = { INT64_C(1437000000), 0 }, later = { table->expires_s + 86400, 0 };

	(void)state;
	for (int is_strict = 0; is_strict <= 1; is_strict++) {
		struct ffntp_leap_belief belief = { .table = table, .is_strict = is_strict };
		struct ffntp_map map = { .time = { later.s + 36, 0 } };

		ffntp_leap_begin(&belief, then);
		assert_true(belief.tai_is_known && belief.numbering.offset_s == 35 && belief.numbering.sign == 1);
		ffntp_leap_jump(&belief);
		ffntp_leap_follow(&belief, map.time);
		ffntp_leap_describe(&belief, &map);
		assert_int_equal(map.tai_is_known, !is_strict);
		if (is_strict)
			continue;
		assert_int_equal(map.tai_offset_s, 37);
		assert_true(map.time.s == later.s + 37);
		assert_false(belief.is_corrected); /* the jump itself is a disruption */
	}
}

/* An expired table counts as none if strict, and an invalid one is a configuration error. */
static void a_table_must_hold(void **state)
{
	struct ffntp_leap_table table = all();
	struct fixture f = make(numbering_of(&table, table.count - 1), BY_TABLE, 3600);

	(void)state;
	table.expires_s = 1719792000;
	table.count--;
	f.config.leap_table = &table;
	f.numbering = none_at(1719792000 + 300 * 86400);
	f.world.numbering = &f.numbering;
	f.world.now_ns += 2 * DAY_NS;
	make_client(&f);
	run(&f, 100);
	assert_tai_is_expired(&f, f.world.now_ns, true);
	f.config.leap_expiry = FFNTP_LEAP_EXPIRY_STRICT;
	make_client(&f);
	run(&f, 100);
	assert_tai(&f, FFNTP_CLOCK_TAI_UNKNOWN);
	assert_utc_is_right(&f, f.world.now_ns);
	table.entry[3].tai_offset_s = 99;
	assert_int_equal(ffntp_client_memory(&f.config), 0);
	f.config.leap_table = NULL;
	assert_int_not_equal(ffntp_client_memory(&f.config), 0);
	f.config.leap_expiry = (enum ffntp_leap_expiry)2;
	assert_int_equal(ffntp_client_memory(&f.config), 0);
	drop(&f);
}

/*
 * 2036: NTP's era ends in February, the table at the end of June, and the year with a leap second that servers
 * announce. The client polls as a daemon does; the clock and TAI are checked every hour.
 */
static void a_year_with_everything_in_it(void **state)
{
	const int64_t begin_s = 2082758400, era_s = 2085978496, end_s = 2114380800; /* to 2037-01-01 */
	struct ffntp_leap_table table = all();
	const struct ffntp_numbering truth = { .at_s = end_s + 36, .offset_s = 36, .sign = 1 };
	struct fixture f = make(truth, BY_SERVER, end_s - begin_s);

	(void)state;
	table.expires_s = end_s - 186 * 86400; /* 2036-06-29 */
	f.config.pivot_s = 1767225600;
	f.config.poll_min_s = 64;
	f.config.poll_is_adaptive = true;
	f.config.leap_table = &table;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run(&f, 20);
	while (f.world.now_ns < (end_s + 20 * 86400) * S_NS) {
		run(&f, 3607);
		assert_utc_is_right(&f, f.world.now_ns);
		assert_tai_is_expired(&f, f.world.now_ns, f.world.now_ns / S_NS - 36 >= table.expires_s);
		if (llabs(f.world.now_ns / S_NS - era_s) < 3600)
			watch(&f, (double)(era_s - 100 - truth.at_s), (double)(era_s + 100 - truth.at_s));
		if (f.leap_ns - f.world.now_ns > 0 && f.leap_ns - f.world.now_ns < 3700 * S_NS)
			watch(&f, -100, 100);
	}
	assert_int_equal(f.world.accepted, f.world.requests);
	drop(&f);
}

/* --- servers that are wrong --- */

static int16_t offset_now(const struct fixture *f)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(f->page, &map), FFNTP_CLOCK_OK);
	return map.tai_offset_s;
}

static void assert_no_leap_second(struct fixture *f, double until_s, int offset_s)
{
	for (int64_t until_ns = f->leap_ns + (int64_t)(until_s * 1e9); f->world.now_ns < until_ns; run(f, 0.97)) {
		assert_utc_is_right(f, f->world.now_ns);
		assert_int_equal(offset_now(f), offset_s);
	}
}

/*
 * The announcement comes on days other than the last one of June or December: a week before, a month before, and the
 * day after.
 */
static void what_is_announced_at_a_wrong_time_is_not_believed(void **state)
{
	static const int64_t midnights_s[] = {
		1483228800 - 7 * 86400, /* 2016-12-25 */
		1483228800 + 86400,     /* 2017-01-02 */
		1488326400,             /* 2017-03-01 */
		1498867200 - 86400,     /* 2017-06-30 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(midnights_s); i++) {
		for (uint8_t leap = 1; leap <= 2; leap++) {
			struct fixture f = make(none_at(midnights_s[i]), BY_TABLE, 1000);

			f.world.numbering = &f.numbering;
			f.world.leap = leap;
			make_client(&f);
			run(&f, 60);
			assert_no_leap_second(&f, 100, 0);
			drop(&f);
		}
	}
}

/*
 * The server continues to announce after the event: no second leap second follows, neither that day nor at the end of
 * the month.
 */
static void who_does_not_stop_announcing_is_not_believed_again(void **state)
{
	struct fixture f = make(in_2016(), BY_TABLE, 3600);

	(void)state;
	f.world.numbering = &f.numbering;
	f.world.leap = 1;
	f.config.poll_min_s = f.config.poll_max_s = 256;
	make_client(&f);
	run(&f, 60);
	watch(&f, -100, 100);
	for (int day = 0; day < 40; day++) {
		run(&f, 86400);
		assert_utc_is_right(&f, f.world.now_ns);
		assert_int_equal(offset_now(&f), 1);
	}
	drop(&f);
}

/* The leap second is announced, and withdrawn an hour before. */
static void an_announcement_can_be_taken_back(void **state)
{
	struct fixture f = make(none_at(1483228800), BY_TABLE, 7200);
	struct ffntp_map map;

	(void)state;
	f.world.numbering = &f.numbering;
	f.world.leap = 1;
	make_client(&f);
	run(&f, 3600);
	assert_int_equal(ffntp_page_read(f.page, &map), FFNTP_CLOCK_OK);
	assert_int_equal(map.leap, FFNTP_LEAP_PRE_POSITIVE);
	f.world.leap = 0;
	run(&f, 60);
	assert_no_leap_second(&f, 100, 0);
	drop(&f);
}

/*
 * The server announces a leap second to the end, and makes none: the clock inserts it, free-runs, and is corrected in
 * half an hour. base_s: TAI - UTC if it is known, from an expired table, else 0.
 */
static void undo_announcement(const struct ffntp_leap_table *table, int base_s)
{
	struct fixture f = make(none_at(1483228800), BY_TABLE, 7200);
	struct ffntp_map map;
	uint64_t marker;

	f.numbering.offset_s = 36;
	f.leap_ns -= S_NS;
	f.config.leap_table = table;
	f.world.numbering = &f.numbering;
	f.world.leap = 1;
	make_client(&f);
	run_until(&f, f.leap_ns + 5 * S_NS);
	marker = marker_now(&f);
	f.world.leap = 0;
	run(&f, 100);
	assert_int_equal(offset_now(&f), base_s + 1);
	assert_int_equal(ffntp_page_read(f.page, &map), FFNTP_CLOCK_OK);
	assert_int_equal(map.status, FFNTP_STATUS_FREE_RUNNING);
	run(&f, 2200);
	assert_utc_is_right(&f, f.world.now_ns);
	assert_int_equal(offset_now(&f), base_s);
	assert_tai(&f, base_s != 0 ? FFNTP_CLOCK_OK : FFNTP_CLOCK_TAI_UNKNOWN);
	assert_true(marker_now(&f) != marker);
	assert_no_leap_second(&f, 4000, base_s);
	drop(&f);
}

static void an_announcement_that_was_none_is_undone(void **state)
{
	(void)state;
	undo_announcement(NULL, 0);
}

/* Return the table that had expired before the end of 2016. */
static struct ffntp_leap_table expired_in_2016(void)
{
	struct ffntp_leap_table table = *ffntp_leap_table_builtin();

	table.count--;
	table.expires_s = 1482883200; /* 2016-12-28 */
	assert_int_equal(table.entry[table.count - 1].tai_offset_s, 36);
	return table;
}

/* After the table's expiry announcements of servers count, and wrong ones leave TAI as it was. */
static void a_wrong_announcement_after_the_expiry(void **state)
{
	const struct ffntp_leap_table table = expired_in_2016();
	struct fixture f = make(none_at(1483228800), BY_TABLE, 7200);

	(void)state;
	undo_announcement(&table, 36);
	f.numbering.offset_s = 36;
	f.leap_ns -= S_NS;
	f.config.leap_table = &table;
	f.world.numbering = &f.numbering;
	f.world.leap = 1;
	make_client(&f);
	run(&f, 3600);
	assert_page_says(&f, f.world.now_ns, FFNTP_LEAP_PRE_POSITIVE, 36);
	f.world.leap = 0;
	run(&f, 60);
	assert_no_leap_second(&f, 100, 36);
	assert_tai_is_expired(&f, f.world.now_ns, true);
	drop(&f);
}

/*
 * The server inserts a leap second that was not announced: half an hour of doubt, then the clock is right, and
 * continuous time never stepped.
 */
static void a_leap_second_that_was_not_announced_is_found(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	for (uint32_t entry = table.count - 2; entry < table.count; entry++) {
		struct fixture f = make(numbering_of(&table, entry), BY_TABLE, 7200);
		struct ffntp_map before, after;
		int64_t elapsed_ns;

		f.world.numbering = &f.numbering;
		make_client(&f);
		run_until(&f, f.leap_ns - 10 * S_NS);
		assert_int_equal(ffntp_page_read(f.page, &before), FFNTP_CLOCK_OK);
		run_until(&f, f.leap_ns + 2200 * S_NS);
		watch(&f, 2200, 2300);
		assert_int_equal(offset_now(&f), f.numbering.sign);
		assert_int_equal(ffntp_page_read(f.page, &after), FFNTP_CLOCK_OK);
		elapsed_ns = ffntp_time_diff_ns(after.time, ffntp_map_time(&before, after.at));
		assert_below(llabs(elapsed_ns), S_NS / 100, "ns");
		drop(&f);
	}
}

/*
 * The table has the leap second, and the server is without it for an hour, or has one of its own. Its replies are
 * rejected until it is right.
 */
static void the_table_knows_better(void **state)
{
	const struct ffntp_leap_table table = all();
	const struct ffntp_numbering truths[] = { in_2016(), none_at(1640995200) }, missed = { .offset_s = 36 };

	(void)state;
	for (size_t i = 0; i < COUNT(truths); i++) {
		struct fixture f = make(truths[i], BY_TABLE, 7200);
		struct ffntp_map map;
		uint64_t marker;

		if (i == 1)
			f.numbering.offset_s = 36; /* since the deleted one */
		f.config.leap_table = &table;
		f.world.numbering = &f.numbering;
		f.world.leap = i == 1 ? 1 : 0;
		make_client(&f);
		run_until(&f, f.leap_ns + (i == 0 ? -S_NS : S_NS));
		ffntp_client_output(f.client, counter(&f), &map);
		marker = map.disruption_marker;
		f.world.server_error_ns = i == 0 ? 0 : -S_NS;
		if (i == 0) {
			f.world.numbering = &missed;
			run_until(&f, f.leap_ns + 3 * S_NS);
		}
		watch(&f, 3, 3600);
		ffntp_client_output(f.client, counter(&f), &map);
		assert_int_equal(map.status, FFNTP_STATUS_FREE_RUNNING);
		assert_int_equal(map.disruption_marker, marker);
		f.world.numbering = &f.numbering;
		f.world.server_error_ns = 0;
		run(&f, 150); /* eight exchanges in a row */
		assert_int_equal(ffntp_page_read(f.page, &map), FFNTP_CLOCK_OK);
		assert_int_equal(map.status, FFNTP_STATUS_SYNCHRONISED);
		drop(&f);
	}
}

/* A lost second of the counter, on any other day, is no leap second: it is treated as any other jump. */
static void a_second_that_the_counter_lost_is_none(void **state)
{
	const struct ffntp_leap_table table = all();
	struct fixture f = make(none_at(1640995200 + 5 * 86400), BY_TABLE, 7200);

	(void)state;
	f.numbering.offset_s = 36;
	f.config.leap_table = &table;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run(&f, 3600);
	world_set_counter(&f.world, counter(&f) - (uint64_t)S_NS, f.world.ticks_per_ns);
	run(&f, 2200);
	assert_utc_is_right(&f, f.world.now_ns);
	drop(&f);
}

/* --- smear --- */

static int64_t error_ns(const struct fixture *f)
{
	struct ffntp_utc utc = ffntp_numbering_utc(&f->numbering, ffntp_time_from_ns(f->world.now_ns));
	struct ffntp_reading reading;

	assert_int_equal(read_page(f, f->world.now_ns, FFNTP_UTC, &reading), FFNTP_CLOCK_OK);
	return ffntp_time_diff_ns(reading.estimate, utc.time);
}

static uint32_t counted(const struct fixture *f, enum ffntp_verdict verdict)
{
	struct ffntp_source source;

	ffntp_client_source(f->client, &source);
	return source.verdicts[verdict];
}

static struct fixture make_smeared(uint32_t entry, enum ffntp_timescale scale, const struct ffntp_leap_table *table,
				   int64_t before_s)
{
	struct fixture f = make(numbering_of(table, entry), BY_TABLE, before_s);

	f.config.leap_table = table;
	f.config.poll_min_s = f.config.poll_max_s = 64;
	f.world.server_scale = scale;
	return f;
}

/*
 * The server smears from noon to noon, and the table has the leap second. After a quarter of an hour the smear is
 * detected, replies since noon are discarded, and the clock free-runs within its bound until the smear is over.
 */
static void who_smears_is_found_out(void **state)
{
	const struct ffntp_leap_table table = all();

	(void)state;
	for (uint32_t entry = table.count - 2; entry < table.count; entry++) {
		struct fixture f = make_smeared(entry, FFNTP_UTC_SMEARED, &table, 60000);
		struct ffntp_reading reading;
		struct ffntp_map map;

		f.world.numbering = &f.numbering;
		make_client(&f);
		run_until(&f, f.leap_ns - 43200 * S_NS);
		assert_int_equal(counted(&f, FFNTP_REFUSED_SMEAR), 0);
		run(&f, 1100);
		assert_above(counted(&f, FFNTP_REFUSED_SMEAR), 0, "");
		while (f.world.now_ns < f.leap_ns + 42500 * S_NS) {
			uint32_t accepted = f.world.accepted;

			run(&f, 600);
			assert_int_equal(f.world.accepted, accepted);
			assert_int_equal(read_page(&f, f.world.now_ns, FFNTP_UTC, &reading), FFNTP_CLOCK_OK);
			assert_at_most(llabs(error_ns(&f)), (int64_t)reading.bound_ns, "ns");
			assert_below(llabs(error_ns(&f)), S_NS / 1000, "ns");
			assert_int_equal(ffntp_page_read(f.page, &map), FFNTP_CLOCK_OK);
			assert_int_equal(map.status, FFNTP_STATUS_FREE_RUNNING);
		}
		run_until(&f, f.leap_ns + 44000 * S_NS);
		assert_below(llabs(error_ns(&f)), 500000, "");
		assert_int_equal(ffntp_page_read(f.page, &map), FFNTP_CLOCK_OK);
		assert_int_equal(map.status, FFNTP_STATUS_SYNCHRONISED);
		drop(&f);
	}
}

/* Another server, which does not smear, is used at once; and a server that never smears is not affected. */
static void who_does_not_smear_is_heard(void **state)
{
	const struct ffntp_leap_table table = all();
	struct fixture f = make_smeared(table.count - 2, FFNTP_UTC_SMEARED, &table, 60000);

	(void)state;
	f.world.numbering = &f.numbering;
	make_client(&f);
	run_until(&f, f.leap_ns - 10000 * S_NS);
	assert_above(counted(&f, FFNTP_REFUSED_SMEAR), 0, "");
	f.world.server_scale = FFNTP_UTC;
	ffntp_client_server_changed(f.client, counter(&f));
	run(&f, 200);
	assert_below(llabs(error_ns(&f)), 500000, "");
	watch(&f, -100, 100);
	drop(&f);

	f = make_smeared(table.count - 2, FFNTP_UTC, &table, 60000);
	f.world.numbering = &f.numbering;
	make_client(&f);
	run_until(&f, f.leap_ns + 60000 * S_NS);
	assert_int_equal(f.world.accepted, f.world.requests);
	drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leap_second_by_the_table),
		cmocka_unit_test(every_leap_second_as_announced),
		cmocka_unit_test(leap_seconds_as_the_caller_counts),
		cmocka_unit_test(each_second_is_heard),
		cmocka_unit_test(nobody_guesses_which_second_it_is),
		cmocka_unit_test(what_was_announced_outlives_a_restart),
		cmocka_unit_test(tai_is_known_while_a_table_holds),
		cmocka_unit_test(tai_outlasts_its_table),
		cmocka_unit_test(a_leap_second_comes_after_the_expiry),
		cmocka_unit_test(two_leap_seconds_come_after_the_expiry),
		cmocka_unit_test(a_new_table_corrects_tai),
		cmocka_unit_test(a_jump_beyond_the_expiry),
		cmocka_unit_test(a_table_must_hold),
		cmocka_unit_test(a_year_with_everything_in_it),
		cmocka_unit_test(what_is_announced_at_a_wrong_time_is_not_believed),
		cmocka_unit_test(who_does_not_stop_announcing_is_not_believed_again),
		cmocka_unit_test(an_announcement_can_be_taken_back),
		cmocka_unit_test(an_announcement_that_was_none_is_undone),
		cmocka_unit_test(a_wrong_announcement_after_the_expiry),
		cmocka_unit_test(a_leap_second_that_was_not_announced_is_found),
		cmocka_unit_test(the_table_knows_better),
		cmocka_unit_test(a_second_that_the_counter_lost_is_none),
		cmocka_unit_test(who_smears_is_found_out),
		cmocka_unit_test(who_does_not_smear_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
