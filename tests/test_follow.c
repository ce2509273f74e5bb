/*
 * follow: a page that mirrors another machine's: the same time in terms of the own counter, and no reading from before
 * a switch.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../include/ffntp/clock.h"
#include "../ports/follow.h"

#define HZ 2500000000u
#define OFFSET UINT64_C(0xfffff00000000000)

static struct ffntp_page first, second, own;
static struct ffntp_follow follow;
static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_TSC };
static const struct ffntp_follow_link known = { OFFSET, 1000 };

static struct ffntp_map map_of(int64_t s, ffntp_counter at)
{
	return (struct ffntp_map){
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = FFNTP_COUNTER_TSC,
		.period_shift = 16,
		.disruption_marker = 77,
		.at = at,
		.time = { s, 0 },
		.period = (uint64_t)(0x1p80 / HZ),
		.period_maxerror = 1,
		.asymmetry_esterror_ns = 52000,
		.maxerror_before_ns = 5000,
		.maxerror_after_ns = 6000,
		.void_after = at + UINT64_C(100) * HZ,
	};
}

static void setup_pages(void)
{
	struct ffntp_map map = map_of(1000, 5000);

	memset(&first, 0, sizeof first);
	memset(&second, 0, sizeof second);
	memset(&own, 0, sizeof own);
	ffntp_page_format(&first, &identity);
	ffntp_page_format(&second, &identity);
	ffntp_page_publish(&first, &map, NULL, 0);
	map = map_of(99000, 5000);
	ffntp_page_publish(&second, &map, NULL, 0);
	ffntp_follow_begin(&follow, &own, &identity, OFFSET);
}

static struct ffntp_map own_map(void)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(&own, &map), FFNTP_CLOCK_OK);
	return map;
}

static enum ffntp_clock_result read_own(ffntp_counter at, struct ffntp_reading *reading)
{
	struct ffntp_map map = own_map();

	return ffntp_clock_at(&map, at, FFNTP_UTC, UINT64_MAX, reading);
}

static void test_nothing_is_read_before_a_page_is_followed(void **state)
{
	struct ffntp_reading reading;

	(void)state;
	setup_pages();
	assert_int_equal(read_own(OFFSET, &reading), FFNTP_CLOCK_UNSYNCHRONISED);
	assert_false(ffntp_follow_update(&follow));
}

static void test_the_time_is_the_same_at_the_same_instant(void **state)
{
	struct ffntp_reading theirs, ours;
	struct ffntp_map map;

	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_int_equal(ffntp_page_read(&first, &map), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&map, 5000 + 3 * UINT64_C(2500000000), FFNTP_UTC, UINT64_MAX, &theirs),
			 FFNTP_CLOCK_OK);
	assert_int_equal(read_own(OFFSET + 5000 + 3 * UINT64_C(2500000000), &ours), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_time_diff_ns(theirs.estimate, ours.estimate), 0);
	/* 500 ticks at 2.5 GHz, rounded up. */
	assert_in_range(own_map().maxerror_before_ns, 5200, 5202);
	assert_in_range(own_map().maxerror_after_ns, 6200, 6202);
	/* The asymmetry is that of the followed clock's path. */
	assert_int_equal(own_map().asymmetry_esterror_ns, 52000);
	assert_int_equal(own_map().void_after, map.void_after + OFFSET);
}

static void test_what_changes_is_taken_over_once(void **state)
{
	struct ffntp_map map = map_of(1001, 5000 + HZ);
	uint32_t counter_marker;
	uint64_t marker;

	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	marker = own_map().disruption_marker;
	counter_marker = own_map().counter_marker;
	assert_false(ffntp_follow_update(&follow));
	ffntp_page_publish(&first, &map, NULL, 0);
	assert_true(ffntp_follow_update(&follow));
	assert_false(ffntp_follow_update(&follow));
	assert_int_equal(own_map().at, OFFSET + 5000 + HZ);
	assert_int_equal(own_map().disruption_marker, marker);
	map.disruption_marker++;
	ffntp_page_publish(&first, &map, NULL, 0);
	assert_true(ffntp_follow_update(&follow));
	assert_int_equal(own_map().counter_marker, counter_marker);
	map.disruption_marker++;
	map.counter_marker++;
	map.status = FFNTP_STATUS_DISRUPTED;
	ffntp_page_publish(&first, &map, NULL, 0);
	assert_true(ffntp_follow_update(&follow));
	assert_int_equal(own_map().status, FFNTP_STATUS_DISRUPTED);
	assert_int_not_equal(own_map().disruption_marker, marker);
	assert_int_not_equal(own_map().counter_marker, counter_marker);
}

static void changes(const struct ffntp_map *map)
{
	ffntp_page_publish(&first, map, NULL, 0);
	assert_true(ffntp_follow_update(&follow));
	assert_false(ffntp_follow_update(&follow));
}

static void test_each_change_is_noticed(void **state)
{
	struct ffntp_map map = map_of(1000, 5000);

	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	map.at++;
	changes(&map);
	map.status = FFNTP_STATUS_FREE_RUNNING;
	changes(&map);
	map.void_after++;
	changes(&map);
	map.disruption_marker++;
	changes(&map);
}

static void test_a_bound_without_limit_stays_one(void **state)
{
	struct ffntp_map map = map_of(1000, 5000);

	(void)state;
	setup_pages();
	map.maxerror_before_ns = UINT64_MAX;
	ffntp_page_publish(&first, &map, NULL, 0);
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_exactly(own_map().maxerror_before_ns, UINT64_MAX, "ns");
}

static void test_another_page_is_right_at_once_and_a_disruption(void **state)
{
	struct ffntp_reading reading;
	uint64_t marker;

	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	marker = own_map().disruption_marker;
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_int_equal(own_map().disruption_marker, marker);
	assert_int_equal(own_map().counter_marker, 1);
	ffntp_follow_page(&follow, &second, known, OFFSET);
	assert_int_not_equal(own_map().disruption_marker, marker);
	assert_int_equal(own_map().counter_marker, 2);
	assert_int_equal(read_own(OFFSET + 5000, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.estimate.s, 99000);
	marker = own_map().disruption_marker;
	ffntp_follow_page(&follow, &second, (struct ffntp_follow_link){ OFFSET + 1, 1000 }, OFFSET);
	assert_int_not_equal(own_map().disruption_marker, marker);
	marker = own_map().disruption_marker;
	ffntp_follow_page(&follow, &second, (struct ffntp_follow_link){ OFFSET + 1, 2000 }, OFFSET);
	assert_int_not_equal(own_map().disruption_marker, marker);
}

static void test_a_page_that_cannot_be_used_leaves_ours_disrupted(void **state)
{
	struct ffntp_map map = map_of(1, 1);

	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	memset(&second, 0, sizeof second);
	ffntp_follow_page(&follow, &second, known, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_DISRUPTED);
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_SYNCHRONISED);
	/* The page is of a different counter. */
	map.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	ffntp_page_format(&second, &(struct ffntp_page_identity){ .counter_kind = FFNTP_COUNTER_MONOTONIC_RAW });
	ffntp_page_publish(&second, &map, NULL, 0);
	ffntp_follow_page(&follow, &second, known, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_DISRUPTED);
}

static void test_a_page_that_vanishes_leaves_ours_free_running(void **state)
{
	struct ffntp_reading reading, before;
	uint64_t marker;

	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	marker = own_map().disruption_marker;
	assert_int_equal(read_own(OFFSET + 5000 + HZ, &before), FFNTP_CLOCK_OK);
	ffntp_follow_lose(&follow, OFFSET + 5000 + HZ);
	memset(&first, 0xff, sizeof first);
	assert_false(ffntp_follow_update(&follow));
	assert_int_equal(own_map().status, FFNTP_STATUS_FREE_RUNNING);
	assert_int_equal(own_map().disruption_marker, marker);
	assert_int_equal(read_own(OFFSET + 5000 + HZ, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_time_diff_ns(reading.estimate, before.estimate), 0);
	assert_int_equal(reading.bound_ns, before.bound_ns);
	/* After the other page would have become void, the time continues, and the bound grows. */
	assert_int_equal(read_own(OFFSET + 5000 + 1000000 * UINT64_C(2500000000), &reading), FFNTP_CLOCK_OK);
	assert_above(reading.bound_ns, before.bound_ns, "ns");
	/* The same page again, or a different one in its place: the two are distinguished. */
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	ffntp_follow_lose(&follow, OFFSET);
	marker = own_map().disruption_marker;
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_int_not_equal(own_map().disruption_marker, marker);
	assert_int_equal(own_map().status, FFNTP_STATUS_SYNCHRONISED);
}

static void test_a_page_that_vanishes_before_it_said_anything(void **state)
{
	struct ffntp_reading reading;

	(void)state;
	setup_pages();
	ffntp_follow_lose(&follow, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_INITIALISING);
	ffntp_page_format(&first, &identity);
	ffntp_follow_page(&follow, &first, known, OFFSET);
	ffntp_follow_lose(&follow, OFFSET);
	assert_int_not_equal(read_own(OFFSET, &reading), FFNTP_CLOCK_OK);
}

static void leaves_ours_disrupted(void)
{
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_SYNCHRONISED);
	ffntp_follow_page(&follow, &second, known, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_DISRUPTED);
}

static void test_a_page_of_nonsense_leaves_ours_disrupted(void **state)
{
	struct ffntp_map map = map_of(1000, 5000);

	(void)state;
	setup_pages();
	memset(&second, 0xff, 4); /* the magic number */
	leaves_ours_disrupted();
	setup_pages();
	map.period_shift = 63;
	ffntp_page_publish(&second, &map, NULL, 0);
	leaves_ours_disrupted();
}

/* VMClock has no field like void_after: Linux's driver uses a page until its status is 4. */
static void test_the_end_is_unreliable(void **state)
{
	(void)state;
	setup_pages();
	ffntp_follow_page(&follow, &first, known, OFFSET);
	assert_int_equal(own_map().status, FFNTP_STATUS_SYNCHRONISED);
	ffntp_follow_end(&follow, OFFSET);
	assert_int_equal(((const uint8_t *)&own)[0x22], 4);
	assert_false(ffntp_follow_update(&follow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_read_before_a_page_is_followed),
		cmocka_unit_test(test_the_time_is_the_same_at_the_same_instant),
		cmocka_unit_test(test_what_changes_is_taken_over_once),
		cmocka_unit_test(test_each_change_is_noticed),
		cmocka_unit_test(test_a_bound_without_limit_stays_one),
		cmocka_unit_test(test_another_page_is_right_at_once_and_a_disruption),
		cmocka_unit_test(test_a_page_that_cannot_be_used_leaves_ours_disrupted),
		cmocka_unit_test(test_a_page_that_vanishes_leaves_ours_free_running),
		cmocka_unit_test(test_a_page_that_vanishes_before_it_said_anything),
		cmocka_unit_test(test_a_page_of_nonsense_leaves_ours_disrupted),
		cmocka_unit_test(test_the_end_is_unreliable),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
