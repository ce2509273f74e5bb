/*
 * steady: monotonic times never run backwards, return to the estimate at 500 ppm, and survive a writer that was killed.
 * Through the fake.
 */
#include "../core/page.h"
#include "fakeclock.h"
#include "prng.h"

/* Check how far monotonic UTC is ahead (ns); each new map adds some 0.1 us. */
static void check_ahead(struct ffntp_device *clock, int64_t expected_ns)
{
	int64_t ahead_ns = steady_ns(clock) - utc_ns(clock);

	if (ahead_ns < expected_ns - 2 || ahead_ns > expected_ns + 400)
		fail_msg("%lld ns ahead, not %lld", (long long)ahead_ns, (long long)expected_ns);
}

static void converge_from(int64_t step_ns, int64_t ahead_ns)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	int64_t slew_ns = ahead_ns > 0 ? -500000 : 500000;

	ffntp_fake_bound(&fake, (uint64_t)SECOND, 0);
	ffntp_fake_step(&fake, step_ns);
	check_ahead(clock, ahead_ns);
	(void)ffntp_fake_advance(&fake, SECOND);
	check_ahead(clock, ahead_ns + slew_ns);
	(void)ffntp_fake_advance(&fake, 98 * SECOND);
	check_ahead(clock, ahead_ns + 99 * slew_ns);
	(void)ffntp_fake_advance(&fake, 2 * SECOND);
	assert_int_equal(steady_ns(clock), utc_ns(clock));
}

static void comes_back_at_500_ppm(void **state)
{
	(void)state;
	converge_from(-50000000, 50000000);
	converge_from(50000000, -50000000);
}

static void follows_at_once_where_a_promise_was_broken_and_the_estimate_is_ahead(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	ffntp_fake_step(&fake, 50000000);
	assert_int_equal(steady_ns(clock), utc_ns(clock));
	ffntp_fake_step(&fake, -50000000);
	check_ahead(clock, 50000000);
}

static void after_a_time_without_time_nothing_is_told_twice(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	int64_t last_ns = steady_ns(clock);

	(void)state;
	ffntp_fake_status(&fake, FFNTP_STATUS_INITIALISING);
	ffntp_fake_step(&fake, -30000000);
	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	assert_in_range(steady_ns(clock), last_ns, last_ns + 600);
	ffntp_fake_status(&fake, FFNTP_STATUS_INITIALISING);
	(void)ffntp_fake_advance(&fake, SECOND);
	ffntp_fake_status(&fake, FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(steady_ns(clock), utc_ns(clock));
}

static struct ffntp_map map_at(ffntp_counter at, int64_t s, enum ffntp_status status)
{
	return (struct ffntp_map){
		.status = status,
		.period_shift = 28,
		.at = at,
		.time = { s, 0 },
		.period = UINT64_C(4951760157141521100),
		.maxerror_before_ns = 3000000,
		.maxerror_after_ns = 3000000,
		.void_after = at + 1000 * (uint64_t)SECOND,
	};
}

/* The new table has a leap second, past or future, which was unknown before, or known as a different one. */
static void a_table_that_comes_late_moves_no_phase(void **state)
{
	static const int8_t signs[] = { -1, 0, 1 };
	const struct ffntp_map before = map_at(0, 1000, FFNTP_STATUS_SYNCHRONISED);

	(void)state;
	for (size_t i = 0; i < sizeof signs; i++) {
		for (int64_t leap_at_s = 1017; leap_at_s <= 1057; leap_at_s += 40) {
			struct ffntp_map after = map_at(10 * (uint64_t)SECOND, 1047, FFNTP_STATUS_SYNCHRONISED);
			struct ffntp_steady steady = { .kind = FFNTP_STEADY_NONE }, next;

			after.tai_offset_s = 37;
			after.leap_sign = signs[i];
			after.leap_at_s = leap_at_s;
			steady = ffntp_steady_next(&steady, &before, true, before.at);
			next = ffntp_steady_next(&steady, &after, true, after.at);
			assert_in_range(ffntp_time_diff_ns(ffntp_steady_phase(&next, after.at),
							   ffntp_steady_phase(&steady, before.at)),
					10 * SECOND - 1, 10 * SECOND + 1);
		}
	}
}

/* A reader may have read the time until just before; then the machine slept, and the counter began from 0 again. */
static void a_counter_that_was_set_back_repeats_nothing(void **state)
{
	const struct ffntp_map before = map_at(5000 * (uint64_t)SECOND, 1000, FFNTP_STATUS_SYNCHRONISED);
	const struct ffntp_map none = map_at(10, 0, FFNTP_STATUS_DISRUPTED);
	const struct ffntp_map after = map_at(20, 1500, FFNTP_STATUS_SYNCHRONISED); /* 500 s later, as it turns out */
	struct ffntp_steady steady = { .kind = FFNTP_STEADY_NONE };
	struct ffntp_time told, next;

	(void)state;
	steady = ffntp_steady_next(&steady, &before, false, before.at);
	/* the largest time that any reader can have read after 500 s, from a clock that is as far ahead as it may be */
	assert_int_equal(ffntp_steady_utc(&steady, before.at + 500 * (uint64_t)SECOND + 3000000, &told),
			 FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_steady_utc(&steady, 10, &next), FFNTP_CLOCK_DISRUPTED);
	steady = ffntp_steady_next(&steady, &none, false, none.at);
	assert_int_equal(ffntp_steady_utc(&steady, 15, &next), FFNTP_CLOCK_UNSYNCHRONISED);
	steady = ffntp_steady_next(&steady, &after, false, after.at);
	assert_int_equal(ffntp_steady_utc(&steady, after.at, &next), FFNTP_CLOCK_OK);
	assert_false(ffntp_time_is_before(next, told));
	assert_in_range(ffntp_time_to_ns(next), 1500 * SECOND + 6000000, 1500 * SECOND + 6100000);
}

/* The map was void in the end, so that no reader got a time from it then. */
static void what_was_void_was_not_told(void **state)
{
	const struct ffntp_map before = map_at(0, 1000, FFNTP_STATUS_SYNCHRONISED);
	const struct ffntp_map after = map_at(5000 * (uint64_t)SECOND, 5999, FFNTP_STATUS_SYNCHRONISED);
	struct ffntp_steady steady = { .kind = FFNTP_STEADY_NONE };
	struct ffntp_time utc;

	(void)state;
	steady = ffntp_steady_next(&steady, &before, true, before.at);
	steady = ffntp_steady_next(&steady, &after, true, after.at);
	assert_int_equal(ffntp_steady_utc(&steady, after.at, &utc), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_time_to_ns(utc), 5999 * SECOND);
}

static void elapsed_goes_on_where_the_counter_was_set_back(void **state)
{
	const struct ffntp_map before = map_at(5000 * (uint64_t)SECOND, 1000, FFNTP_STATUS_SYNCHRONISED);
	const struct ffntp_map after = map_at(10, 1500, FFNTP_STATUS_SYNCHRONISED);
	struct ffntp_steady steady = { .kind = FFNTP_STEADY_NONE };
	struct ffntp_time first, second;

	(void)state;
	steady = ffntp_steady_next(&steady, &before, false, before.at);
	first = ffntp_steady_elapsed(&steady, before.at);
	steady = ffntp_steady_next(&steady, &after, false, after.at);
	second = ffntp_steady_elapsed(&steady, after.at + (uint64_t)SECOND);
	assert_in_range(ffntp_time_diff_ns(second, first), SECOND - 1, SECOND + 1);
}

/* The writer is killed after it has written half of the other slot. */
static void a_writer_killed_in_mid_update_loses_nothing(void **state)
{
	static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_OTHER, .boot_id = { 1 } };
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_map former;
	int64_t last_ns;
	uint64_t before, after;

	(void)state;
	for (unsigned i = 0; i < 8; i++) { /* both parities, with and without a copy of the map */
		bool has_copy = (i & 2) != 0;

		(void)ffntp_fake_advance(&fake, SECOND);
		ffntp_fake_step(&fake, 10);
		last_ns = steady_ns(clock);
		assert_int_equal(ffntp_device_elapsed(clock, &before), FFNTP_CLOCK_OK);
		ffntp_page_hold(&fake.page);
		for (size_t word = 0; word < FFNTP_STEADY_STRIDE; word += 8)
			ffntp_page_store(&fake.page,
					 FFNTP_AT_STEADY + word +
						 ((ffntp_page_begin(&fake.page) + 1) >> 1 & 1) * FFNTP_STEADY_STRIDE,
					 0xdeadbeef);
		if (has_copy) {
			assert_true(ffntp_page_adopt(&fake.page, &identity, &former));
		} else {
			ffntp_page_store(&fake.page, FFNTP_AT_COPY_SEQUENCE, 0);
			assert_false(ffntp_page_adopt(&fake.page, &identity, &former));
		}
		assert_int_equal(steady_ns(clock), last_ns);
		ffntp_fake_step(&fake, 0);
		assert_true(steady_ns(clock) >= last_ns);
		assert_int_equal(ffntp_device_elapsed(clock, &after), FFNTP_CLOCK_OK);
		assert_int_equal(after, before);
	}
}

/* The page was written by a broken program. */
static void nonsense_is_no_time(void **state)
{
	static const uint64_t nonsense[] = { UINT64_MAX, UINT64_C(1) << 63, INT64_MAX, UINT64_C(0x0302), 0xff };
	struct prng prng = { 3 };
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t offset = FFNTP_AT_STEADY + 8 * prng_below(&prng, 2 * FFNTP_STEADY_STRIDE / 8);
		struct ffntp_time utc;
		uint64_t ns;

		ffntp_page_store(&fake.page, offset, prng_below(&prng, 2) == 0 ? prng_next(&prng) : nonsense[i % 5]);
		(void)!ffntp_device_steady(clock, &utc); /* UBSan checks this */
		(void)!ffntp_device_elapsed(clock, &ns);
		if (i % 100 == 0)
			ffntp_fake_step(&fake, 0);
	}
	ffntp_page_store(&fake.page, FFNTP_AT_STEADY, 7);
	ffntp_page_store(&fake.page, FFNTP_AT_STEADY + FFNTP_STEADY_STRIDE, 7);
	assert_int_equal(ffntp_device_steady(clock, &(struct ffntp_time){ 0, 0 }), FFNTP_CLOCK_STEADY);
}

static void the_next_writer_goes_on(void **state)
{
	static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_OTHER, .boot_id = { 1 } };
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_map former;
	int64_t last_ns;

	(void)state;
	for (unsigned parity = 0; parity < 3; parity++) {
		(void)ffntp_fake_advance(&fake, SECOND);
		ffntp_fake_step(&fake, -1000);
		last_ns = steady_ns(clock);
		assert_true(ffntp_page_adopt(&fake.page, &identity, &former));
		assert_int_equal(steady_ns(clock), last_ns);
	}
}

static void readings_of_another_boot_are_no_beginning(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct ffntp_time utc;

	(void)state;
	(void)ffntp_fake_advance(&fake, SECOND);
	ffntp_device_disconnect(clock);
	ffntp_fake_reboot(&fake);
	assert_null(ffntp_device_connect(clock));
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_STEADY);
}

/* The slew is slow enough to follow and fast enough to return, whatever happens. */
static void nothing_runs_backwards_in_a_hundred_thousand_lives(void **state)
{
	struct ffntp_fake fake;
	struct ffntp_device *clock = start(&fake);
	struct prng prng = { 7 };
	int64_t last_ns = 0;
	uint64_t last_elapsed = 0, elapsed;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct ffntp_time utc;

		switch (prng_below(&prng, 12)) {
		case 0:
			ffntp_fake_step(&fake, (int64_t)prng_below(&prng, 20000000) - 10000000);
			break;
		case 1:
			(void)ffntp_fake_run(&fake, (int64_t)prng_below(&prng, 400000) - 200000);
			break;
		case 2:
			(void)ffntp_fake_leap(&fake, (int)prng_below(&prng, 3) - 1);
			break;
		case 3:
			ffntp_fake_status(&fake, (enum ffntp_status)prng_below(&prng, 5));
			break;
		case 4:
			(void)ffntp_fake_advance(&fake, (int64_t)prng_below(&prng, 86400) * SECOND);
			break;
		case 5:
			ffntp_fake_tai(&fake, prng_below(&prng, 2) == 0, (int16_t)prng_below(&prng, 40));
			break;
		default:
			(void)ffntp_fake_advance(&fake, (int64_t)prng_below(&prng, 100000));
		}
		assert_int_equal(ffntp_device_elapsed(clock, &elapsed), FFNTP_CLOCK_OK);
		assert_true(elapsed >= last_elapsed);
		last_elapsed = elapsed;
		if (ffntp_device_steady(clock, &utc) != FFNTP_CLOCK_OK)
			continue;
		assert_true(ffntp_time_to_ns(utc) >= last_ns);
		last_ns = ffntp_time_to_ns(utc);
	}
	assert_true(last_ns > START_NS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_at_500_ppm),
		cmocka_unit_test(follows_at_once_where_a_promise_was_broken_and_the_estimate_is_ahead),
		cmocka_unit_test(after_a_time_without_time_nothing_is_told_twice),
		cmocka_unit_test(a_table_that_comes_late_moves_no_phase),
		cmocka_unit_test(a_counter_that_was_set_back_repeats_nothing),
		cmocka_unit_test(what_was_void_was_not_told),
		cmocka_unit_test(elapsed_goes_on_where_the_counter_was_set_back),
		cmocka_unit_test(a_writer_killed_in_mid_update_loses_nothing),
		cmocka_unit_test(nonsense_is_no_time),
		cmocka_unit_test(the_next_writer_goes_on),
		cmocka_unit_test(readings_of_another_boot_are_no_beginning),
		cmocka_unit_test(nothing_runs_backwards_in_a_hundred_thousand_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
