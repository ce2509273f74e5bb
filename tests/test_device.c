/* Devices: the fake, and properties of every device. */
#include <string.h>

#include "../core/page.h"
#include "fakeclock.h"

static uint64_t elapsed_ns(struct ffntp_device *clock)
{
	uint64_t ns;

	assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_OK);
	return ns;
}

static struct ffntp_mark mark(struct ffntp_device *clock)
{
	struct ffntp_mark now;

	assert_int_equal(ffntp_device_mark(clock, &now), FFNTP_CLOCK_OK);
	return now;
}

static struct ffntp_duration since(struct ffntp_device *clock, struct ffntp_mark from)
{
	struct ffntp_duration duration;

	assert_int_equal(ffntp_device_since(clock, from, &duration), FFNTP_CLOCK_OK);
	return duration;
}

static int64_t utc_ns_at(struct ffntp_device *clock, struct ffntp_mark then)
{
	struct ffntp_reading reading;

	assert_int_equal(ffntp_device_at(clock, then, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	return ffntp_time_to_ns(reading.estimate);
}

static void every_call_is(struct ffntp_device *clock, enum ffntp_clock_result expected)
{
	struct ffntp_mark then = { .counter = 0 };
	struct ffntp_duration duration;
	struct ffntp_reading reading;
	struct ffntp_device_info info;
	struct ffntp_time utc;
	uint64_t ns;

	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), expected);
	assert_int_equal(ffntp_device_steady(clock, &utc), expected);
	assert_int_equal(ffntp_device_elapsed(clock, &ns), expected);
	assert_int_equal(ffntp_device_info(clock, &info), expected);
	assert_int_equal(ffntp_device_mark(clock, &then), expected);
	assert_int_equal(ffntp_device_duration(clock, then, then, &duration), expected);
	assert_int_equal(ffntp_device_since(clock, then, &duration), expected);
	assert_int_equal(ffntp_device_at(clock, then, FFNTP_UTC, UINT64_MAX, &reading), expected);
}

static void before_connect_and_after_disconnect_nothing_is_told(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = ffntp_fake_device(&fake);

	(void)state;
	ffntp_fake_init(&fake, START_NS);
	every_call_is(clock, FFNTP_CLOCK_DISCONNECTED);
	assert_null(ffntp_device_connect(clock));
	assert_int_equal(utc_ns(clock), START_NS);
	assert_string_equal(ffntp_device_connect(clock), "the clock device is connected already");
	ffntp_device_disconnect(clock);
	every_call_is(clock, FFNTP_CLOCK_DISCONNECTED);
	ffntp_device_disconnect(clock);
	assert_null(ffntp_device_connect(clock));
	assert_int_equal(utc_ns(clock), START_NS);
}

static void what_is_no_page_is_not_connected(void **state)
{
	static const struct ffntp_page nothing;
	struct ffntp_fake fake;

	(void)state;
	ffntp_fake_init(&fake, START_NS);
	fake.over_page.page = &nothing;
	assert_string_equal(ffntp_device_connect(ffntp_fake_device(&fake)), ffntp_page_result_text(FFNTP_PAGE_FOREIGN));
	every_call_is(ffntp_fake_device(&fake), FFNTP_CLOCK_DISCONNECTED);
}

/*
 * The writer was killed in mid-update, and made no copy of the map, so that the page does not yield the moment that
 * elapsed time counts from.
 */
static void a_page_that_is_being_written_is_not_connected(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = ffntp_fake_device(&fake);

	(void)state;
	ffntp_fake_init(&fake, START_NS);
	(void)ffntp_fake_advance(&fake, SECOND);
	ffntp_page_hold(&fake.page);
	ffntp_page_store(&fake.page, FFNTP_AT_COPY_SEQUENCE, 0);
	assert_string_equal(ffntp_device_connect(clock), ffntp_clock_result_text(FFNTP_CLOCK_BUSY));
	every_call_is(clock, FFNTP_CLOCK_DISCONNECTED);
	ffntp_fake_step(&fake, 0);
	assert_null(ffntp_device_connect(clock));
	(void)ffntp_fake_advance(&fake, SECOND);
	assert_int_equal(elapsed_ns(clock), SECOND);
	ffntp_device_disconnect(clock);
}

/*
 * The device is connected during an update, and the update makes the period longer or shorter: elapsed time begins at 0
 * and does not run backwards.
 */
static void elapsed_time_begins_during_an_update(void **state)
{
	(void)state;
	for (int64_t ppm = -100; ppm <= 100; ppm += 200) {
		struct ffntp_fake fake;
		struct ffntp_device *clock = ffntp_fake_device(&fake);
		ffntp_counter held;
		uint64_t ns;

		ffntp_fake_init(&fake, START_NS);
		(void)ffntp_fake_advance(&fake, SECOND);
		held = fake.counter;
		ffntp_page_hold(&fake.page);
		fake.counter += SECOND;
		assert_null(ffntp_device_connect(clock));
		fake.map.period = (uint64_t)((int64_t)fake.map.period + (int64_t)fake.map.period / 1000000 * ppm);
		ffntp_page_publish_steadily(&fake.page, &fake.map, NULL, 0, held);
		assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_OK);
		assert_in_range(ns, 0, 101000);
		fake.counter += SECOND;
		assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_OK);
		assert_in_range(ns, SECOND - 201000, SECOND + 201000);
		ffntp_device_disconnect(clock);
	}
}

static void time_stands_still_until_it_is_told_to_pass(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_reading reading;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(utc_ns(clock), START_NS);
	for (int64_t i = 1; i <= 10000; i++) {
		assert_int_equal(ffntp_fake_advance(&fake, i * 977), FFNTP_CLOCK_OK);
		assert_int_equal(utc_ns(clock), START_NS + i * (i + 1) / 2 * 977);
		assert_int_equal(elapsed_ns(clock), i * (i + 1) / 2 * 977);
	}
	assert_int_equal(ffntp_device_now(clock, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_time_to_ns(reading.estimate), utc_ns(clock) + 37 * SECOND);
}

static void time_does_not_go_back(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	assert_int_equal(ffntp_fake_advance(&fake, -1), FFNTP_CLOCK_NEGATIVE);
	assert_int_equal(utc_ns(clock), START_NS);
}

static void each_reading_is_later(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	ffntp_fake_tick(&fake, 10);
	assert_int_equal(utc_ns(clock), START_NS + 10);
	assert_int_equal(utc_ns(clock), START_NS + 20);
	ffntp_fake_tick(&fake, 0);
	assert_int_equal(utc_ns(clock), START_NS + 20);
}

static void it_runs_at_a_chosen_rate(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	assert_int_equal(ffntp_fake_run(&fake, 1000), FFNTP_CLOCK_OK);
	(void)ffntp_fake_advance(&fake, 1000 * SECOND);
	assert_in_range(utc_ns(clock), START_NS + 1000 * SECOND + 999999, START_NS + 1000 * SECOND + 1000000);
	assert_int_equal(ffntp_fake_run(&fake, -1000), FFNTP_CLOCK_OK);
	(void)ffntp_fake_advance(&fake, 1000 * SECOND);
	assert_in_range(utc_ns(clock), START_NS + 2000 * SECOND - 1, START_NS + 2000 * SECOND);
	assert_in_range(elapsed_ns(clock), 2000 * SECOND - 1, 2000 * SECOND + 1);
	assert_int_equal(ffntp_fake_run(&fake, 100000001), FFNTP_CLOCK_RANGE);
	assert_int_equal(ffntp_fake_run(&fake, -100000001), FFNTP_CLOCK_RANGE);
	assert_int_equal(ffntp_fake_run(&fake, INT64_MIN), FFNTP_CLOCK_RANGE);
}

static void a_step_moves_the_estimate_and_nothing_else(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_mark before = mark(clock);

	(void)state;
	(void)ffntp_fake_advance(&fake, SECOND);
	ffntp_fake_step(&fake, -150000000);
	assert_int_equal(utc_ns(clock), START_NS + SECOND - 150000000);
	assert_int_equal(elapsed_ns(clock), SECOND);
	assert_int_equal(since(clock, before).ns, SECOND);
	assert_in_range(steady_ns(clock), START_NS + SECOND, START_NS + SECOND + 1000);
}

static void setting_is_exact(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	(void)ffntp_fake_advance(&fake, 123456789);
	ffntp_fake_set(&fake, INT64_C(4102444800) * SECOND + 7);
	assert_int_equal(utc_ns(clock), INT64_C(4102444800) * SECOND + 7);
	ffntp_fake_set(&fake, 0);
	assert_int_equal(utc_ns(clock), 0);
}

static void markers_change_with_corrections_that_break_promises(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_device_info first, second, third;

	(void)state;
	assert_int_equal(ffntp_device_info(clock, &first), FFNTP_CLOCK_OK);
	ffntp_fake_step(&fake, 1000);
	assert_int_equal(ffntp_device_info(clock, &second), FFNTP_CLOCK_OK);
	assert_int_equal(second.disruption_marker, first.disruption_marker);
	ffntp_fake_step(&fake, -1001);
	assert_int_equal(ffntp_device_info(clock, &third), FFNTP_CLOCK_OK);
	assert_int_not_equal(third.disruption_marker, first.disruption_marker);
}

static void info_tells_period_and_status(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_device_info info;

	(void)state;
	assert_int_equal(ffntp_device_info(clock, &info), FFNTP_CLOCK_OK);
	assert_int_equal(info.status, FFNTP_STATUS_SYNCHRONISED);
	assert_in_range(info.resolution_fs, 1000000, 1000001);
	assert_true(info.tai_is_known);
	ffntp_fake_status(&fake, FFNTP_STATUS_FREE_RUNNING);
	ffntp_fake_tai(&fake, false, 0);
	assert_int_equal(ffntp_device_info(clock, &info), FFNTP_CLOCK_OK);
	assert_int_equal(info.status, FFNTP_STATUS_FREE_RUNNING);
	assert_false(info.tai_is_known);
}

static void a_map_that_nobody_keeps_is_void(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_device_info info;
	struct ffntp_reading reading;
	struct ffntp_time utc;

	(void)state;
	(void)ffntp_fake_advance(&fake, INT64_C(101) * 366 * 86400 * SECOND);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_VOID);
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_VOID);
	assert_int_equal(ffntp_device_info(clock, &info), FFNTP_CLOCK_OK);
	assert_int_equal(info.status, FFNTP_STATUS_UNKNOWN);
	(void)elapsed_ns(clock);
}

static void unsynchronised_it_tells_no_time(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_reading reading;
	struct ffntp_time utc;
	int64_t last = steady_ns(clock);

	(void)state;
	ffntp_fake_status(&fake, FFNTP_STATUS_INITIALISING);
	(void)ffntp_fake_advance(&fake, SECOND);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_UNSYNCHRONISED);
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_UNSYNCHRONISED);
	assert_int_equal(elapsed_ns(clock), SECOND);
	ffntp_fake_status(&fake, FFNTP_STATUS_DISRUPTED);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISRUPTED);
	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(utc_ns(clock), START_NS + SECOND);
	assert_true(steady_ns(clock) >= last + SECOND);
}

static void bounds_grow(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_reading reading;

	(void)state;
	ffntp_fake_bound(&fake, 5000, 1000);
	(void)ffntp_fake_advance(&fake, 10 * SECOND);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_in_range(reading.bound_ns, 15000, 15002);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, 14999, &reading), FFNTP_CLOCK_BOUND);
}

static void the_past_has_the_maps_of_its_own_time(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_mark first = mark(clock), second;
	struct ffntp_reading reading;

	(void)state;
	(void)ffntp_fake_advance(&fake, SECOND);
	second = mark(clock);
	ffntp_fake_step(&fake, 900);
	(void)ffntp_fake_advance(&fake, SECOND);
	assert_int_equal(utc_ns_at(clock, first), START_NS);
	second.counter--;
	assert_int_equal(utc_ns_at(clock, second), START_NS + SECOND - 1);
	second.counter++;
	assert_int_equal(utc_ns_at(clock, second), START_NS + SECOND + 900);
	for (int i = 0; i < 20; i++) {
		(void)ffntp_fake_advance(&fake, SECOND);
		ffntp_fake_step(&fake, 1);
	}
	assert_int_equal(ffntp_device_at(clock, first, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_TOO_OLD);
}

/* The stated errors of the rates exceed those of the phases here, so that durations are differences of phases. */
static void long_durations_follow_refinements_and_no_steps(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_duration duration;
	struct ffntp_mark first;

	(void)state;
	ffntp_fake_bound(&fake, 1000, 1000);
	first = mark(clock);
	(void)ffntp_fake_advance(&fake, SECOND / 2);
	ffntp_fake_step(&fake, 100);
	assert_int_equal(since(clock, first).ns, SECOND / 2);
	(void)ffntp_fake_advance(&fake, 1000 * SECOND - SECOND / 2);
	ffntp_fake_bound(&fake, 1000, 1000); /* a new map, whose phase is known again */
	duration = since(clock, first);
	assert_in_range(duration.ns, 1000 * SECOND + 99, 1000 * SECOND + 101);
	assert_in_range(duration.bound_ns, 1000000, 1000200);
	assert_true(duration.esterror_ns < 250000);
	ffntp_fake_step(&fake, -150000000);
	ffntp_fake_status(&fake, FFNTP_STATUS_INITIALISING);
	(void)ffntp_fake_advance(&fake, 1000 * SECOND);
	ffntp_fake_step(&fake, 150000000);
	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	ffntp_fake_bound(&fake, 1000, 1000);
	duration = since(clock, first);
	assert_in_range(duration.ns, 2000 * SECOND + 90, 2000 * SECOND + 110);
}

/* When a table of leap seconds arrives or expires, the time's numbers change, and the phase does not. */
static void long_durations_do_not_mind_whether_tai_is_known(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign++) {
		for (int64_t late = -1; late <= 1; late++) {
			struct ffntp_fake fake;
			struct ffntp_device *clock = start(&fake);
			struct ffntp_mark first;

			ffntp_fake_tai(&fake, false, 0);
			assert_int_equal(ffntp_fake_leap(&fake, sign), FFNTP_CLOCK_OK);
			(void)ffntp_fake_advance(&fake, (86400 - 500 + late * 600) * SECOND);
			ffntp_fake_bound(&fake, 1000, 1000);
			first = mark(clock);
			(void)ffntp_fake_advance(&fake, 1000 * SECOND);
			ffntp_fake_step(&fake, 100);
			ffntp_fake_tai(&fake, true, 37);
			ffntp_fake_bound(&fake, 1000, 1000);
			assert_in_range(since(clock, first).ns, 1000 * SECOND + 99, 1000 * SECOND + 101);
			ffntp_fake_tai(&fake, false, 0);
			ffntp_fake_bound(&fake, 1000, 1000);
			assert_in_range(since(clock, first).ns, 1000 * SECOND + 99, 1000 * SECOND + 101);
			ffntp_device_disconnect(clock);
		}
	}
}

/* No possible rate leads to the mark's phase. */
static void a_phase_that_contradicts_is_not_taken(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_mark first;

	(void)state;
	ffntp_fake_bound(&fake, 1000, 1000);
	first = mark(clock);
	(void)ffntp_fake_advance(&fake, 1000 * SECOND);
	ffntp_fake_bound(&fake, 1000, 1000);
	first.phase.s--;
	assert_int_equal(since(clock, first).ns, 1000 * SECOND);
}

static void marks_of_another_boot_are_refused(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_mark before = mark(clock), after;
	struct ffntp_duration duration;
	struct ffntp_reading reading;

	(void)state;
	ffntp_device_disconnect(clock);
	ffntp_fake_reboot(&fake);
	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	assert_null(ffntp_device_connect(clock));
	after = mark(clock);
	assert_int_equal(before.counter, after.counter);
	assert_int_equal(ffntp_device_since(clock, before, &duration), FFNTP_CLOCK_OTHER_BOOT);
	assert_int_equal(ffntp_device_duration(clock, before, after, &duration), FFNTP_CLOCK_OTHER_BOOT);
	assert_int_equal(ffntp_device_duration(clock, after, before, &duration), FFNTP_CLOCK_OTHER_BOOT);
	assert_int_equal(ffntp_device_at(clock, before, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OTHER_BOOT);
	assert_int_equal(ffntp_device_since(clock, after, &duration), FFNTP_CLOCK_OK);
}

/*
 * While the counter stood still or jumped, its ticks are no measure of time, so that marks from before must be refused.
 */
static void marks_of_before_the_counter_was_in_doubt_are_refused(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_mark before, after;
	struct ffntp_duration duration;
	struct ffntp_reading reading;

	(void)state;
	(void)ffntp_fake_advance(&fake, 10 * SECOND);
	before = mark(clock);
	fake.counter -= 5 * (uint64_t)SECOND;
	ffntp_fake_status(&fake, FFNTP_STATUS_DISRUPTED);
	ffntp_fake_set(&fake, START_NS + 3600 * SECOND);
	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	(void)ffntp_fake_advance(&fake, 10 * SECOND);
	after = mark(clock);
	assert_int_equal(ffntp_device_since(clock, before, &duration), FFNTP_CLOCK_DISRUPTED);
	assert_int_equal(ffntp_device_duration(clock, before, after, &duration), FFNTP_CLOCK_DISRUPTED);
	assert_int_equal(ffntp_device_at(clock, before, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISRUPTED);
	assert_int_equal(since(clock, after).ns, 0);
}

static void marks_of_the_future_and_negative_durations_are_refused(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_mark first = mark(clock), second, future;
	struct ffntp_duration duration;
	struct ffntp_reading reading;

	(void)state;
	(void)ffntp_fake_advance(&fake, 1000);
	second = mark(clock);
	assert_int_equal(ffntp_device_duration(clock, first, second, &duration), FFNTP_CLOCK_OK);
	assert_int_equal(duration.ns, 1000);
	assert_int_equal(ffntp_device_duration(clock, second, first, &duration), FFNTP_CLOCK_NEGATIVE);
	future = second;
	future.counter += SECOND;
	assert_int_equal(ffntp_device_since(clock, future, &duration), FFNTP_CLOCK_FUTURE);
	assert_int_equal(ffntp_device_duration(clock, first, future, &duration), FFNTP_CLOCK_FUTURE);
	assert_int_equal(ffntp_device_at(clock, future, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_FUTURE);
}

static void a_counter_that_was_set_back_is_told(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_reading reading;
	struct ffntp_time utc;

	(void)state;
	(void)ffntp_fake_advance(&fake, 10 * SECOND);
	ffntp_fake_step(&fake, 0);
	fake.counter -= 5 * (uint64_t)SECOND;
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISRUPTED);
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_DISRUPTED);
}

/* Read the counter of a page on which another map is published meanwhile. */
static ffntp_counter read_while_it_is_published(void *context)
{
	struct ffntp_fake *fake = context;
	ffntp_counter now = fake->counter;

	if (now < (ffntp_counter)SECOND) {
		(void)ffntp_fake_advance(fake, SECOND);
		ffntp_fake_step(fake, -100);
	}
	return now;
}

static struct ffntp_device *start_in_a_race(struct ffntp_fake *fake, struct ffntp_page_device *device)
{
	ffntp_fake_init(fake, START_NS);
	fake->counter = SECOND;
	ffntp_page_device_init(device, &fake->page, read_while_it_is_published, fake);
	assert_null(ffntp_device_connect(&device->device));
	ffntp_fake_init(fake, START_NS);
	return &device->device;
}

static void a_map_that_comes_while_the_counter_is_read_is_not_mixed_with_it(void **state)
{
	struct ffntp_page_device device;
	struct ffntp_reading reading;
	struct ffntp_fake fake;
	struct ffntp_time utc;

	(void)state;
	assert_int_equal(ffntp_device_steady(start_in_a_race(&fake, &device), &utc), FFNTP_CLOCK_OK);
	assert_in_range(ffntp_time_to_ns(utc), START_NS + SECOND, START_NS + SECOND + 200);
	assert_int_equal(ffntp_device_now(start_in_a_race(&fake, &device), FFNTP_UTC, UINT64_MAX, &reading),
			 FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_time_to_ns(reading.estimate), START_NS + SECOND - 100);
}

static void a_page_without_steady_time_says_so(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_time utc;
	uint64_t ns;

	(void)state;
	ffntp_page_publish(&fake.page, &fake.map, NULL, 0);
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_STEADY);
	assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_STEADY);
}

/* UTC and the coming leap second are the same whether TAI is known or not. */
static void a_leap_second_comes_on_time_whether_tai_is_known(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_reading reading;

	(void)state;
	assert_int_equal(ffntp_fake_leap(&fake, 1), FFNTP_CLOCK_OK);
	ffntp_fake_tai(&fake, false, 0);
	(void)ffntp_fake_advance(&fake, 86400 * SECOND);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.leap, FFNTP_LEAP_POSITIVE);
	assert_int_equal(ffntp_time_to_ns(reading.estimate), START_NS + 86399 * SECOND);
	ffntp_fake_tai(&fake, true, 37);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.leap, FFNTP_LEAP_POSITIVE);
	assert_int_equal(ffntp_time_to_ns(reading.estimate), START_NS + 86399 * SECOND);
	(void)ffntp_fake_advance(&fake, SECOND);
	assert_int_equal(utc_ns(clock), START_NS + 86400 * SECOND);
	ffntp_device_disconnect(clock);
}

/* Check UTC in POSIX's numbers, the flag, and monotonic UTC around a leap second at the end of the day. */
static void leap(int sign)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	int64_t steady, midnight_ns = START_NS + 86400 * SECOND, before_ns = 0;
	uint64_t passed_ns = (uint64_t)(86390 * SECOND);
	struct ffntp_reading reading;

	ffntp_fake_bound(&fake, 1000, 0);
	assert_int_equal(ffntp_fake_leap(&fake, sign), FFNTP_CLOCK_OK);
	(void)ffntp_fake_advance(&fake, 86390 * SECOND);
	for (int i = 0; i < 300; i++) {
		int64_t tai_ns = START_NS + (int64_t)passed_ns;
		bool is_inside = sign > 0 && tai_ns >= midnight_ns && tai_ns < midnight_ns + SECOND;
		bool is_after = tai_ns >= midnight_ns - (sign < 0 ? SECOND : 0);

		assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
		assert_int_equal(ffntp_time_to_ns(reading.estimate), tai_ns - (is_after ? sign * SECOND : 0));
		assert_int_equal(reading.leap == FFNTP_LEAP_POSITIVE, is_inside);
		assert_int_equal(elapsed_ns(clock), passed_ns);
		steady = steady_ns(clock);
		if (before_ns != 0)
			assert_in_range(steady - before_ns, 99949999, 100050200);
		before_ns = steady;
		if (i % 70 == 0)
			ffntp_fake_step(&fake, 0); /* the same map again on either side */
		(void)ffntp_fake_advance(&fake, SECOND / 10);
		passed_ns += (uint64_t)SECOND / 10;
	}
	(void)ffntp_fake_advance(&fake, 2100 * SECOND);
	assert_int_equal(steady_ns(clock), utc_ns(clock));
}

static void a_leap_second_is_inserted(void **state)
{
	(void)state;
	leap(1);
}

static void a_leap_second_is_left_out(void **state)
{
	(void)state;
	leap(-1);
}

static void a_leap_second_is_taken_back(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	assert_int_equal(ffntp_fake_leap(&fake, 2), FFNTP_CLOCK_RANGE);
	assert_int_equal(ffntp_fake_leap(&fake, 1), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_fake_leap(&fake, 0), FFNTP_CLOCK_OK);
	(void)ffntp_fake_advance(&fake, 2 * 86400 * SECOND);
	assert_int_equal(utc_ns(clock), START_NS + 2 * 86400 * SECOND);
}

static void two_fakes_do_not_know_each_other(void **state)
{
	struct ffntp_fake one, other;
	struct ffntp_device *clock = start(&one), *second = start(&other);

	(void)state;
	(void)ffntp_fake_advance(&one, SECOND);
	assert_int_equal(utc_ns(clock), START_NS + SECOND);
	assert_int_equal(utc_ns(second), START_NS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_connect_and_after_disconnect_nothing_is_told),
		cmocka_unit_test(what_is_no_page_is_not_connected),
		cmocka_unit_test(a_page_that_is_being_written_is_not_connected),
		cmocka_unit_test(elapsed_time_begins_during_an_update),
		cmocka_unit_test(time_stands_still_until_it_is_told_to_pass),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(each_reading_is_later),
		cmocka_unit_test(it_runs_at_a_chosen_rate),
		cmocka_unit_test(a_step_moves_the_estimate_and_nothing_else),
		cmocka_unit_test(setting_is_exact),
		cmocka_unit_test(markers_change_with_corrections_that_break_promises),
		cmocka_unit_test(info_tells_period_and_status),
		cmocka_unit_test(a_map_that_nobody_keeps_is_void),
		cmocka_unit_test(unsynchronised_it_tells_no_time),
		cmocka_unit_test(bounds_grow),
		cmocka_unit_test(the_past_has_the_maps_of_its_own_time),
		cmocka_unit_test(long_durations_follow_refinements_and_no_steps),
		cmocka_unit_test(long_durations_do_not_mind_whether_tai_is_known),
		cmocka_unit_test(a_phase_that_contradicts_is_not_taken),
		cmocka_unit_test(marks_of_another_boot_are_refused),
		cmocka_unit_test(marks_of_before_the_counter_was_in_doubt_are_refused),
		cmocka_unit_test(marks_of_the_future_and_negative_durations_are_refused),
		cmocka_unit_test(a_counter_that_was_set_back_is_told),
		cmocka_unit_test(a_map_that_comes_while_the_counter_is_read_is_not_mixed_with_it),
		cmocka_unit_test(a_page_without_steady_time_says_so),
		cmocka_unit_test(a_leap_second_comes_on_time_whether_tai_is_known),
		cmocka_unit_test(a_leap_second_is_inserted),
		cmocka_unit_test(a_leap_second_is_left_out),
		cmocka_unit_test(a_leap_second_is_taken_back),
		cmocka_unit_test(two_fakes_do_not_know_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
