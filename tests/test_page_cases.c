/*
 * page: readers of a page whose writer is at work, killed or stopped, and of files that are no page or belong to
 * another system.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/page_words.h"
#include "count.h"
#include "pageworld.h"
#include "prng.h"

#define ROUNDS 2000

/* Leave the page as a writer that is killed in mid-update and makes no copy of the map; test_page_copy has others. */
static void leave_in_mid_update(void)
{
	memset(&memory.bytes[0x150], 0, 8);
	memory.bytes[0x0c] |= 1;
}

/*
 * A reader of a page that is being written, and has no copy, returns a busy result soon, and does not change its
 * output.
 */
static void case_30_a_page_that_is_being_written(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(100 * S), copy = map_at(1);
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	struct ffntp_reading reading;
	size_t count = 99;

	(void)state;
	ffntp_page_publish(page, &map, NULL, 0);
	leave_in_mid_update();
	assert_int_equal(ffntp_page_read(page, &copy), FFNTP_CLOCK_BUSY);
	assert_int_equal(ffntp_page_read_past(page, 100 * S, &copy), FFNTP_CLOCK_BUSY);
	assert_int_equal(copy.at, 1);
	assert_int_equal(ffntp_page_read_sources(page, sources, &count), FFNTP_CLOCK_BUSY);
	assert_int_equal(count, 99);
	assert_false(read_line(page, 100 * S, FFNTP_UTC, UINT64_MAX, &reading));
}

/* An update began and ended during the read. */
static void case_30_a_page_that_changed_meanwhile(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(100 * S);
	struct ffntp_reading reading;
	uint32_t begun = ffntp_page_begin(page);

	(void)state;
	assert_true(ffntp_page_is_whole(page, begun));
	ffntp_page_publish(page, &map, NULL, 0);
	assert_false(ffntp_page_is_whole(page, begun));
	assert_false(ffntp_page_read_line(page, begun, FFNTP_COUNTER_TSC, 100 * S, FFNTP_UTC, UINT64_MAX, &reading));
}

/* The prepared line ends with the map. */
static void case_34_the_line_of_a_stopped_daemon(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(100 * S);
	struct ffntp_reading reading;

	(void)state;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_true(read_line(page, map.void_after, FFNTP_UTC, UINT64_MAX, &reading));
	assert_false(read_line(page, map.void_after + 1, FFNTP_UTC, UINT64_MAX, &reading));
}

/*
 * The sequence is odd, half of the body is new, and there is no copy: the next writer lays the page out from scratch,
 * and readers continue.
 */
static void case_31_a_writer_killed_in_mid_update(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(100 * S), former = map_at(1);

	(void)state;
	map.disruption_marker = map.counter_marker = 7;
	ffntp_page_publish(page, &map, NULL, 0);
	leave_in_mid_update();
	memory.bytes[0x30] ^= 0xff;
	assert_false(ffntp_page_adopt(page, &identity, &former));
	assert_int_equal(former.at, 1);
	former = read_map(page);
	assert_int_equal(former.status, FFNTP_STATUS_INITIALISING);
	assert_true(former.disruption_marker != 7 && former.counter_marker != 7);
	map.disruption_marker = 7; /* a new client may choose any marker, and no former one may come back */
	ffntp_page_publish(page, &map, NULL, 0);
	assert_true(read_map(page).disruption_marker != 7);
	assert_true(read_map(page).disruption_marker != former.disruption_marker);
	assert_true(read_map(page).counter_marker != 7);
}

static void case_31_a_writer_killed_between_updates(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map first = map_at(100 * S), second = map_at(200 * S), former, past;

	(void)state;
	first.disruption_marker = second.disruption_marker = 7;
	ffntp_page_publish(page, &first, NULL, 0);
	ffntp_page_publish(page, &second, NULL, 0);
	assert_true(ffntp_page_adopt(page, &identity, &former));
	assert_maps_equal(&former, &second);
	former.at += 50 * S;
	/* As a client that continues: the marker and the past maps stay. */
	ffntp_page_publish(page, &former, NULL, 0);
	assert_true(read_map(page).disruption_marker == 7);
	assert_int_equal(ffntp_page_read_past(page, 150 * S, &past), FFNTP_CLOCK_OK);
	first.asymmetry_esterror_ns = past.asymmetry_esterror_ns; /* which a past map stores to 0.2 % */
	assert_maps_equal(&past, &first);
}

/* When a client continues after a repair, the marker does not change either. */
static void case_31_a_repaired_page_is_continued(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(100 * S), former;
	uint64_t marker;

	(void)state;
	ffntp_page_publish(page, &map, NULL, 0);
	leave_in_mid_update();
	assert_false(ffntp_page_adopt(page, &identity, &former));
	ffntp_page_publish(page, &map, NULL, 0);
	marker = read_map(page).disruption_marker;
	assert_true(ffntp_page_adopt(page, &identity, &former));
	assert_true(former.disruption_marker == marker);
	assert_int_equal(former.counter_marker, 1);
	ffntp_page_publish(page, &former, NULL, 0);
	assert_true(read_map(page).disruption_marker == marker);
	assert_int_equal(read_map(page).counter_marker, 1);
}

/* A page with past maps and a running monotonic state, as a daemon leaves it. */
static void leave_page(void)
{
	struct ffntp_page *page = fresh();

	for (unsigned i = 1; i <= 4; i++) {
		struct ffntp_map map = map_at(100 * i * S);

		ffntp_page_hold(page);
		ffntp_page_publish_steadily(page, &map, NULL, 0, map.at + S);
	}
}

/* Return whether a page whose last map is this one is adopted. Map and copy are equal there. */
static bool is_adopted_with(struct ffntp_map map)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map former = { .at = 1 };
	bool is_adopted;

	ffntp_page_publish(page, &map, NULL, 0);
	is_adopted = ffntp_page_adopt(page, &identity, &former);
	assert_true(is_adopted == (former.at != 1));
	assert_true(is_adopted || read_map(page).status == FFNTP_STATUS_INITIALISING);
	return is_adopted;
}

/* Check whether a page is adopted if this member of its map has this value. */
#define CHECK_ADOPTED(member, value, expected)                   \
	do {                                                     \
		struct ffntp_map map = map_at(100 * S);          \
                                                                 \
		map.leap_sign = 1;                               \
		map.leap_at_s = map.time.s + 1000;               \
		map.member = (value);                            \
		assert_true(is_adopted_with(map) == (expected)); \
	} while (false)

static void case_31_a_map_that_makes_no_sense_is_not_adopted(void **state)
{
	const uint64_t period = map_at(0).period;
	const int64_t time_s = map_at(100 * S).time.s, era_s = INT64_C(1) << 32;

	(void)state;
	CHECK_ADOPTED(disruption_marker, 1, true);
	CHECK_ADOPTED(status, FFNTP_STATUS_DISRUPTED, true);
	CHECK_ADOPTED(status, (enum ffntp_status)(FFNTP_STATUS_DISRUPTED + 1), false);
	CHECK_ADOPTED(leap, (enum ffntp_leap)(FFNTP_LEAP_POST_NEGATIVE + 1), false);
	CHECK_ADOPTED(leap_sign, 2, false);
	CHECK_ADOPTED(leap_sign, -2, false);
	CHECK_ADOPTED(leap_at_s, time_s + era_s, true);
	CHECK_ADOPTED(leap_at_s, time_s + era_s + 1, false);
	CHECK_ADOPTED(leap_at_s, time_s - era_s - 1, false);
	CHECK_ADOPTED(leap_at_s, INT64_MIN / 256, false);
	CHECK_ADOPTED(leap_at_s, INT64_MAX / 256, false);
	CHECK_ADOPTED(time.s, INT64_MAX, false);
	CHECK_ADOPTED(time.s, INT64_MIN, false);
	CHECK_ADOPTED(tai_expires_s, INT64_MIN, false);
	CHECK_ADOPTED(period, 0, false);
	CHECK_ADOPTED(period, period / 4, false);
	CHECK_ADOPTED(period_maxerror, period / 2, false);
	CHECK_ADOPTED(period_esterror, period / 2, false);
	CHECK_ADOPTED(stable_esterror, period / 2, false);
	CHECK_ADOPTED(stable_period, period / 2, false);
	CHECK_ADOPTED(stable_period, UINT64_MAX, false);
}

/* A shift of 63 and more cannot be published, and the copy has it, too. */
static void case_31_a_shift_that_makes_no_sense_is_not_adopted(void **state)
{
	struct ffntp_map former;

	(void)state;
	leave_page();
	memory.bytes[FFNTP_AT_STATUS + 7] = memory.bytes[FFNTP_AT_COPY_MAP + FFNTP_AT_STATUS - FFNTP_AT_MARKER + 7] =
		63;
	assert_false(ffntp_page_adopt(&memory.page, &identity, &former));
}

/* Check that a page with one byte changed is not adopted, and that its monotonic state is not continued. */
static void check_adoption(size_t at)
{
	struct ffntp_steady steady;
	struct ffntp_map former;

	leave_page();
	memory.bytes[at] ^= 0x80;
	if (ffntp_page_adopt(&memory.page, &identity, &former))
		fail_msg("damage at 0x%zx was not seen", at);
	assert_int_equal(read_map(&memory.page).status, FFNTP_STATUS_INITIALISING);
	assert_int_equal(ffntp_page_read_steady(&memory.page, &steady), FFNTP_CLOCK_OK);
	assert_int_equal(steady.kind, FFNTP_STEADY_NONE);
}

static void case_31_damage_anywhere_in_the_map_or_its_copy_is_seen(void **state)
{
	struct ffntp_map former;

	(void)state;
	leave_page();
	assert_true(ffntp_page_adopt(&memory.page, &identity, &former));
	assert_int_equal(former.at, 400 * S);
	for (size_t at = FFNTP_AT_MARKER; at < FFNTP_AT_GENERATION; at++)
		check_adoption(at);
	for (size_t at = FFNTP_AT_VOID_AFTER; at < FFNTP_AT_LINE; at++)
		check_adoption(at);
	for (size_t at = FFNTP_AT_COPY_MAP; at < FFNTP_AT_STEADY; at++)
		check_adoption(at);
}

/* The three past maps, of which only what cannot be is seen, and the line of the monotonic state. */
static void case_31_damage_of_past_maps_and_of_the_monotonic_state_is_seen(void **state)
{
	size_t slot;

	(void)state;
	leave_page();
	slot = ffntp_page_steady_at(ffntp_page_begin(&memory.page));
	for (size_t i = 0; i < 3; i++) {
		check_adoption(ffntp_page_anchor_at(i) + 2);      /* status */
		check_adoption(ffntp_page_anchor_at(i) + 7);      /* period_shift, 12 */
		check_adoption(ffntp_page_anchor_at(i) + 8 + 7);  /* at */
		check_adoption(ffntp_page_anchor_at(i) + 32 + 7); /* period_maxerror */
	}
	check_adoption(slot + 0x08); /* at, and with it the time there */
	check_adoption(slot + 0x10); /* period */
	check_adoption(slot + 0x18); /* void_after */
	check_adoption(slot + 0x30); /* time */
	check_adoption(slot + 0x38);
}

static void put(size_t offset, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		memory.bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

struct damage {
	size_t offset, size;
	uint64_t value;
	enum ffntp_page_result expected;
};

static void check_damage(const struct damage *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct ffntp_page_identity theirs = { .time_namespace = 99 };
		struct ffntp_page *page = fresh();

		put(table[i].offset, table[i].size, table[i].value);
		assert_int_equal(ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs), table[i].expected);
		assert_true((theirs.time_namespace == 99) == (table[i].expected != FFNTP_PAGE_OK));
	}
}

static void case_32_what_is_no_page(void **state)
{
	static const struct damage table[] = {
		{ 0x00, 4, 0, FFNTP_PAGE_FOREIGN },          /* not laid out yet */
		{ 0x00, 4, 0x56434c4b, FFNTP_PAGE_FOREIGN }, /* the other byte order */
		{ 0x04, 4, 0, FFNTP_PAGE_TRUNCATED },         { 0x04, 4, 4095, FFNTP_PAGE_TRUNCATED },
		{ 0x04, 4, 8192, FFNTP_PAGE_TRUNCATED }, /* larger than the file */
		{ 0x800, 8, 0, FFNTP_PAGE_FOREIGN },     /* VMClock without this project's block */
		{ 0x800, 4, 0x46464e50, FFNTP_PAGE_FOREIGN },
	};
	struct ffntp_page_identity theirs;
	struct ffntp_page *page = fresh();

	(void)state;
	assert_int_equal(ffntp_page_check(page, FFNTP_PAGE_SIZE - 1, &theirs), FFNTP_PAGE_TRUNCATED);
	assert_int_equal(ffntp_page_check(NULL, 0, &theirs), FFNTP_PAGE_TRUNCATED); /* it reads nothing */
	check_damage(table, COUNT(table));
}

static void case_32_garbage(void **state)
{
	struct prng prng = { 5 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_page_identity theirs;
		struct ffntp_map map;
		struct ffntp_reading reading;

		for (size_t k = 0; k < sizeof(memory); k++)
			memory.bytes[k] = (uint8_t)prng_next(&prng);
		assert_int_equal(ffntp_page_check(&memory.page, FFNTP_PAGE_SIZE, &theirs), FFNTP_PAGE_FOREIGN);
		/* and a reader that reads it all the same comes to no harm */
		(void)read_line(&memory.page, prng_next(&prng), FFNTP_UTC, UINT64_MAX, &reading);
		if (ffntp_page_read(&memory.page, &map) == FFNTP_CLOCK_OK)
			(void)!ffntp_clock_at(&map, prng_next(&prng), FFNTP_UTC, UINT64_MAX, &reading);
		(void)!ffntp_page_read_past(&memory.page, prng_next(&prng), &map);
	}
}

static void case_33_a_page_of_others_is_not_adopted(void **state)
{
	struct ffntp_page_identity others[] = { identity, identity, identity };
	struct ffntp_map map = map_at(100 * S), former;

	(void)state;
	others[0].counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	others[1].boot_id[15] ^= 1;
	others[2].time_namespace++;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct ffntp_page_identity theirs;
		struct ffntp_page *page = fresh();

		ffntp_page_publish(page, &map, NULL, 0);
		assert_false(ffntp_page_adopt(page, &others[i], &former));
		assert_int_equal(read_map(page).status, FFNTP_STATUS_INITIALISING);
		assert_int_equal(ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs), FFNTP_PAGE_OK);
		assert_memory_equal(&theirs.boot_id, &others[i].boot_id, 16);
		assert_true(theirs.counter_kind == others[i].counter_kind &&
			    theirs.time_namespace == others[i].time_namespace);
	}
}

/* A later version of the same layout only adds fields; a different version is a different layout. */
static void case_42_versions(void **state)
{
	static const struct damage table[] = {
		{ 0x08, 2, 0, FFNTP_PAGE_VERSION },
		{ 0x08, 2, 2, FFNTP_PAGE_VERSION },
		{ 0x804, 2, 1, FFNTP_PAGE_VERSION },
		{ 0x804, 2, 3, FFNTP_PAGE_VERSION },
		{ 0x806, 2, 2047, FFNTP_PAGE_VERSION },
		{ 0x806, 2, 2049, FFNTP_PAGE_OK },
		{ 0x806, 2, 65535, FFNTP_PAGE_OK },
		{ 0x18, 8, UINT64_C(1) << 40, FFNTP_PAGE_OK }, /* flags of the future are to be ignored */
		{ 0x70, 8, UINT64_MAX, FFNTP_PAGE_OK },
		{ 0xff8, 8, UINT64_MAX, FFNTP_PAGE_OK },
	};

	(void)state;
	check_damage(table, COUNT(table));
}

static void every_result_has_a_line_of_its_own(void **state)
{
	(void)state;
	for (int i = FFNTP_PAGE_OK; i <= FFNTP_PAGE_LIMIT; i++)
		for (int k = FFNTP_PAGE_OK; k < i; k++)
			assert_string_not_equal(ffntp_page_result_text((enum ffntp_page_result)i),
						ffntp_page_result_text((enum ffntp_page_result)k));
	assert_string_equal(ffntp_page_result_text((enum ffntp_page_result)99), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_30_a_page_that_is_being_written),
		cmocka_unit_test(case_30_a_page_that_changed_meanwhile),
		cmocka_unit_test(case_34_the_line_of_a_stopped_daemon),
		cmocka_unit_test(case_31_a_writer_killed_in_mid_update),
		cmocka_unit_test(case_31_a_writer_killed_between_updates),
		cmocka_unit_test(case_31_a_repaired_page_is_continued),
		cmocka_unit_test(case_31_a_map_that_makes_no_sense_is_not_adopted),
		cmocka_unit_test(case_31_a_shift_that_makes_no_sense_is_not_adopted),
		cmocka_unit_test(case_31_damage_anywhere_in_the_map_or_its_copy_is_seen),
		cmocka_unit_test(case_31_damage_of_past_maps_and_of_the_monotonic_state_is_seen),
		cmocka_unit_test(case_32_what_is_no_page),
		cmocka_unit_test(case_32_garbage),
		cmocka_unit_test(case_33_a_page_of_others_is_not_adopted),
		cmocka_unit_test(case_42_versions),
		cmocka_unit_test(every_result_has_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
