/*
 * vmclock: pages that are built byte by byte from the VMClock specification (UAPI.13 version 1.1, vmclock-abi.h), never
 * by this project's writer; the times are computed by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "count.h"
#include "prng.h"
#include "../core/page.h"
#include "../core/vmclock.h"

#define PAGE_SIZE 4096
#define ROUNDS 20000

static union {
	struct ffntp_page page;
	uint8_t bytes[PAGE_SIZE];
} memory;

static void put(size_t offset, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		memory.bytes[offset + i] = (uint8_t)(value >> 8 * i);
}

enum {
	FLAG_TAI = 1 << 0,
	FLAG_PERIOD_ESTERROR = 1 << 3,
	FLAG_PERIOD_MAXERROR = 1 << 4,
	FLAG_TIME_ESTERROR = 1 << 5,
	FLAG_TIME_MAXERROR = 1 << 6,
	FLAG_GENERATION = 1 << 8,
	FLAG_NOTIFICATION = 1 << 9,
};
#define BOUNDED (FLAG_PERIOD_MAXERROR | FLAG_TIME_MAXERROR)

/* A counter of 2^30 Hz: its period is 2^-30 s, which is 2^63 in units of 2^-(64 + 29) s. */
#define HZ (UINT64_C(1) << 30)
#define AT (HZ * 5000)

/* 2026-12-15 00:00:00 UTC, which is day 20802; and the end of that month. */
#define UTC_S (INT64_C(20802) * 86400)
#define MONTH_END_S (INT64_C(20819) * 86400)

/*
 * A page of UTC with a bound: the time at AT is UTC_S + 1/4 s, within 2000 ns, and the period within 2^-20
 * of itself, which is 953.67 ns in a second.
 */
static void build(void)
{
	memset(&memory, 0, sizeof(memory));
	memcpy(memory.bytes, "VCLK", 4);
	put(0x04, 4, PAGE_SIZE);
	put(0x08, 2, 1);
	put(0x0a, 1, 1); /* x86 TSC */
	put(0x0b, 1, 0); /* UTC */
	put(0x0c, 4, 6); /* seq_count */
	put(0x10, 8, 77);
	put(0x18, 8, BOUNDED);
	put(0x22, 1, 2); /* synchronised */
	put(0x27, 1, 29);
	put(0x28, 8, AT);
	put(0x30, 8, UINT64_C(1) << 63);
	put(0x40, 8, UINT64_C(1) << 43);
	put(0x48, 8, UTC_S);
	put(0x50, 8, UINT64_C(1) << 62);
	put(0x60, 8, 2000);
}

static struct ffntp_vmclock read_page(void)
{
	struct ffntp_vmclock state;

	assert_int_equal(ffntp_vmclock_check(&memory.page, PAGE_SIZE), FFNTP_PAGE_OK);
	assert_int_equal(ffntp_vmclock_read(&memory.page, &state), FFNTP_CLOCK_OK);
	return state;
}

/* Require the time at a counter reading: seconds, 2^-64 s, and the bound in ns. */
static void assert_time(enum ffntp_timescale scale, ffntp_counter counter, int64_t s, uint64_t frac, uint64_t bound_ns)
{
	struct ffntp_vmclock state = read_page();
	struct ffntp_reading reading;

	assert_int_equal(state.result, FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&state.map, counter, scale, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(reading.estimate.s == s);
	assert_true(reading.estimate.frac == frac);
	assert_true(reading.bound_ns == bound_ns);
}

static void assert_refused(enum ffntp_clock_result expected)
{
	assert_int_equal(read_page().result, expected);
}

static void utc_with_a_bound(void **state)
{
	(void)state;
	build();
	assert_time(FFNTP_UTC, AT, UTC_S, UINT64_C(1) << 62, 2000);
	assert_time(FFNTP_UTC, AT + HZ / 2, UTC_S, UINT64_C(3) << 62, 2477);
	assert_time(FFNTP_UTC, AT + 4 * HZ, UTC_S + 4, UINT64_C(1) << 62, 2000 + 3815);
	assert_time(FFNTP_UTC, AT - HZ, UTC_S - 1, UINT64_C(1) << 62, 2954);
	assert_int_equal(read_page().status, FFNTP_STATUS_SYNCHRONISED);
	put(0x22, 1, 3);
	assert_int_equal(read_page().status, FFNTP_STATUS_FREE_RUNNING);
	assert_time(FFNTP_UTC, AT, UTC_S, UINT64_C(1) << 62, 2000);
}

static void tai_needs_its_offset(void **state)
{
	struct ffntp_vmclock page;
	struct ffntp_reading reading;

	(void)state;
	build();
	page = read_page();
	assert_int_equal(ffntp_clock_at(&page.map, AT, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_TAI_UNKNOWN);
	put(0x24, 2, (uint16_t)-37); /* stated, but not valid by the flags */
	page = read_page();
	assert_int_equal(ffntp_clock_at(&page.map, AT, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_TAI_UNKNOWN);
	put(0x18, 8, BOUNDED | FLAG_TAI);
	assert_time(FFNTP_TAI, AT, UTC_S + 37, UINT64_C(1) << 62, 2000);
	assert_time(FFNTP_UTC, AT, UTC_S, UINT64_C(1) << 62, 2000);
	put(0x0b, 1, 1); /* the same number is TAI now */
	assert_time(FFNTP_TAI, AT, UTC_S, UINT64_C(1) << 62, 2000);
	assert_time(FFNTP_UTC, AT, UTC_S - 37, UINT64_C(1) << 62, 2000);
	put(0x24, 2, 37); /* the sign of version 1.0 of the specification */
	assert_time(FFNTP_UTC, AT, UTC_S - 37, UINT64_C(1) << 62, 2000);
	put(0x18, 8, BOUNDED);
	assert_refused(FFNTP_CLOCK_TAI_UNKNOWN);
	put(0x18, 8, BOUNDED | FLAG_TAI);
	put(0x24, 2, 9);
	assert_refused(FFNTP_CLOCK_TAI_UNKNOWN);
	put(0x24, 2, (uint16_t)-256);
	assert_refused(FFNTP_CLOCK_TAI_UNKNOWN);
	put(0x24, 2, 0x8000);
	assert_refused(FFNTP_CLOCK_TAI_UNKNOWN);
}

static void no_bound_without_both_maximum_errors(void **state)
{
	(void)state;
	build();
	put(0x18, 8, FLAG_PERIOD_MAXERROR | FLAG_TIME_ESTERROR | FLAG_PERIOD_ESTERROR);
	assert_refused(FFNTP_CLOCK_NO_BOUND);
	put(0x18, 8, FLAG_TIME_MAXERROR | FLAG_TIME_ESTERROR | FLAG_PERIOD_ESTERROR);
	assert_refused(FFNTP_CLOCK_NO_BOUND);
	build();
	put(0x60, 8, 0);
	assert_refused(FFNTP_CLOCK_NO_BOUND);
	build();
	put(0x40, 8, 0);
	assert_refused(FFNTP_CLOCK_NO_BOUND);
}

static void estimated_errors(void **state)
{
	(void)state;
	build();
	put(0x38, 8, 11);
	put(0x58, 8, 300);
	assert_int_equal(read_page().map.esterror_ns, 2000); /* not stated: no more than the maximum */
	assert_true(read_page().map.period_esterror == UINT64_C(1) << 43);
	put(0x18, 8, BOUNDED | FLAG_TIME_ESTERROR | FLAG_PERIOD_ESTERROR);
	assert_int_equal(read_page().map.esterror_ns, 300);
	assert_int_equal(read_page().map.period_esterror, 11);
}

static void status_decides(void **state)
{
	static const struct {
		uint8_t status;
		enum ffntp_clock_result result;
		enum ffntp_status is;
	} table[] = {
		{ 0, FFNTP_CLOCK_UNSYNCHRONISED, FFNTP_STATUS_UNKNOWN },
		{ 1, FFNTP_CLOCK_UNSYNCHRONISED, FFNTP_STATUS_INITIALISING },
		{ 4, FFNTP_CLOCK_DISRUPTED, FFNTP_STATUS_DISRUPTED },
		{ 5, FFNTP_CLOCK_UNSYNCHRONISED, FFNTP_STATUS_UNKNOWN },
		{ 0xff, FFNTP_CLOCK_UNSYNCHRONISED, FFNTP_STATUS_UNKNOWN },
	};

	(void)state;
	build();
	for (size_t i = 0; i < COUNT(table); i++) {
		put(0x22, 1, table[i].status);
		assert_refused(table[i].result);
		assert_int_equal(read_page().status, table[i].is);
	}
}

/* As the device that QEMU makes itself: its page has a marker, and no counter. */
static void a_page_that_only_signals_disruptions(void **state)
{
	enum ffntp_counter_kind kind = FFNTP_COUNTER_OTHER;

	(void)state;
	memset(&memory, 0, sizeof(memory));
	memcpy(memory.bytes, "VCLK", 4);
	put(0x04, 4, PAGE_SIZE);
	put(0x08, 2, 1);
	put(0x0a, 1, 0xff);
	put(0x0c, 4, 2);
	put(0x10, 8, 12345);
	assert_int_equal(ffntp_vmclock_check_time(&memory.page, &kind), FFNTP_PAGE_NO_TIME);
	assert_int_equal(kind, FFNTP_COUNTER_OTHER);
	assert_true(read_page().disruption_marker == 12345);
	assert_false(read_page().has_generation);
	put(0x68, 8, 99);
	assert_false(read_page().has_generation);
	put(0x18, 8, FLAG_GENERATION | FLAG_NOTIFICATION);
	assert_true(read_page().has_generation && read_page().generation == 99 && read_page().notifies);
	put(0x04, 4, 0x68); /* the structure ends before the generation counter */
	assert_false(read_page().has_generation);
	put(0x04, 4, 0x20); /* ... and before the status */
	put(0x22, 1, 2);
	assert_int_equal(read_page().status, FFNTP_STATUS_UNKNOWN);
	assert_refused(FFNTP_CLOCK_UNSYNCHRONISED);
}

static void check_kind(uint8_t id, uint8_t type, enum ffntp_page_result expected, enum ffntp_counter_kind counter)
{
	enum ffntp_counter_kind kind = FFNTP_COUNTER_NONE;

	build();
	put(0x0a, 1, id);
	put(0x0b, 1, type);
	assert_int_equal(ffntp_vmclock_check_time(&memory.page, &kind), expected);
	assert_int_equal(kind, counter);
	assert_int_equal(read_page().result == FFNTP_CLOCK_OK, expected == FFNTP_PAGE_OK);
}

static void constant_fields_decide(void **state)
{
	enum ffntp_counter_kind kind;

	(void)state;
	check_kind(0, 0, FFNTP_PAGE_OK, FFNTP_COUNTER_ARM_VIRTUAL);
	check_kind(1, 0, FFNTP_PAGE_OK, FFNTP_COUNTER_TSC);
	check_kind(2, 0, FFNTP_PAGE_NO_TIME, FFNTP_COUNTER_NONE);
	check_kind(0xff, 0, FFNTP_PAGE_NO_TIME, FFNTP_COUNTER_NONE);
	for (unsigned type = 2; type < 256; type++) /* monotonic, smeared, unknown */
		check_kind(1, (uint8_t)type, FFNTP_PAGE_TIMESCALE, FFNTP_COUNTER_NONE);
	build();
	put(0x04, 4, 0x67); /* the maximum error is not there */
	assert_int_equal(ffntp_vmclock_check_time(&memory.page, &kind), FFNTP_PAGE_NO_TIME);
	assert_refused(FFNTP_CLOCK_UNSYNCHRONISED);
	put(0x04, 4, 0x68);
	assert_int_equal(ffntp_vmclock_check_time(&memory.page, &kind), FFNTP_PAGE_OK);
}

static void what_is_no_vmclock_page(void **state)
{
	static const struct {
		size_t offset, size;
		uint64_t value;
		enum ffntp_page_result expected;
	} table[] = {
		{ 0x00, 4, 0, FFNTP_PAGE_FOREIGN },
		{ 0x00, 4, 0x56434c4b, FFNTP_PAGE_FOREIGN },
		{ 0x04, 4, 0, FFNTP_PAGE_TRUNCATED },
		{ 0x04, 4, 0x1f, FFNTP_PAGE_TRUNCATED },
		{ 0x04, 4, 0x20, FFNTP_PAGE_OK },
		{ 0x04, 4, 4097, FFNTP_PAGE_TRUNCATED },
		{ 0x04, 4, UINT32_MAX, FFNTP_PAGE_TRUNCATED },
		{ 0x08, 2, 0, FFNTP_PAGE_VERSION },
		{ 0x08, 2, 2, FFNTP_PAGE_VERSION },
		{ 0x18, 8, UINT64_MAX, FFNTP_PAGE_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		build();
		put(table[i].offset, table[i].size, table[i].value);
		assert_int_equal(ffntp_vmclock_check(&memory.page, PAGE_SIZE), table[i].expected);
	}
	assert_int_equal(ffntp_vmclock_check(NULL, 0), FFNTP_PAGE_TRUNCATED); /* it reads nothing */
	build();
	assert_int_equal(ffntp_vmclock_check(&memory.page, PAGE_SIZE - 1), FFNTP_PAGE_TRUNCATED);
}

static void values_that_make_no_sense(void **state)
{
	static const struct {
		size_t offset, size;
		uint64_t value;
	} table[] = {
		{ 0x27, 1, 63 },         { 0x27, 1, 255 },
		{ 0x30, 8, 0 },          { 0x60, 8, UINT64_C(1) << 62 },
		{ 0x60, 8, UINT64_MAX }, { 0x48, 8, UINT64_C(1) << 60 },
		{ 0x48, 8, UINT64_MAX }, { 0x26, 1, 6 },
		{ 0x26, 1, 0xff },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		build();
		put(table[i].offset, table[i].size, table[i].value);
		assert_refused(FFNTP_CLOCK_INVALID);
	}
}

/* A page whose writer is inside an update has no copy that a reader could use. */
static void an_update_under_way(void **state)
{
	struct ffntp_vmclock page = { .disruption_marker = 5 };
	uint32_t begun;

	(void)state;
	build();
	put(0x0c, 4, 7);
	assert_int_equal(ffntp_vmclock_read(&memory.page, &page), FFNTP_CLOCK_BUSY);
	assert_true(page.disruption_marker == 5);
	put(0x0c, 4, 8);
	begun = ffntp_page_begin(&memory.page);
	put(0x0c, 4, 10);
	assert_false(ffntp_vmclock_try_read(&memory.page, begun, &page));
	assert_true(page.disruption_marker == 5);
	assert_true(ffntp_vmclock_try_read(&memory.page, ffntp_page_begin(&memory.page), &page));
	assert_true(page.disruption_marker == 77);
}

/* A writer that was killed leaves the status as it was. */
static void a_map_ends(void **state)
{
	struct ffntp_vmclock page;
	struct ffntp_reading reading;

	(void)state;
	build();
	page = read_page();
	assert_int_equal(ffntp_clock_at(&page.map, AT + 1800 * HZ, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&page.map, AT + 3600 * HZ, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_VOID);
	put(0x27, 1, 62); /* a period of 2^-63 s: the end lies after the map all the same */
	put(0x30, 8, 1);
	page = read_page();
	assert_true((int64_t)(page.map.void_after - page.map.at) > 0);
}

static void assert_utc(ffntp_counter counter, int64_t s, bool is_leap)
{
	struct ffntp_vmclock page = read_page();
	struct ffntp_reading reading;

	assert_int_equal(page.result, FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(&page.map, counter, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(reading.estimate.s == s);
	assert_int_equal(reading.leap == FFNTP_LEAP_POSITIVE, is_leap);
}

/* Readers cross the end of the month by themselves; UTC and TAI pages agree. */
static void announced_leap_seconds(void **state)
{
	(void)state;
	for (int is_tai = 0; is_tai < 2; is_tai++) {
		build();
		put(0x18, 8, BOUNDED | FLAG_TAI);
		put(0x24, 2, (uint16_t)-37);
		put(0x0b, 1, (uint64_t)is_tai);
		put(0x48, 8, (uint64_t)(MONTH_END_S - 10 + 37 * is_tai));
		put(0x26, 1, 1);
		assert_utc(AT + 9 * HZ, MONTH_END_S - 1, false);
		assert_utc(AT + 10 * HZ, MONTH_END_S - 1, true);
		assert_utc(AT + 11 * HZ, MONTH_END_S, false);
		put(0x26, 1, 2);
		assert_utc(AT + 8 * HZ, MONTH_END_S - 2, false);
		assert_utc(AT + 9 * HZ, MONTH_END_S, false);
		put(0x26, 1, 4); /* after one: no further step */
		assert_utc(AT + 12 * HZ, MONTH_END_S + 2, false);
		put(0x26, 1, 3); /* inside one, which writers number differently */
		assert_int_equal(read_page().map.maxerror_before_ns, 1000002000);
		assert_int_equal(read_page().map.maxerror_after_ns, 1000002000);
	}
}

/* Random bytes give no time, or a bounded one. Sanitizers look at the arithmetic. */
static void garbage(void **state)
{
	struct prng prng = { 11 };
	unsigned usable = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_vmclock page;
		struct ffntp_reading reading;

		build();
		for (unsigned k = 0; k < 1 + i % 4; k++)
			put(0x10 + prng_below(&prng, 0x60), 1, prng_next(&prng));
		assert_int_equal(ffntp_vmclock_read(&memory.page, &page), FFNTP_CLOCK_OK);
		if (page.result != FFNTP_CLOCK_OK || ffntp_clock_at(&page.map, AT + prng_any_size(&prng), FFNTP_UTC,
								    UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
			continue;
		usable++;
		assert_true(reading.bound_ns > 0);
		assert_true(ffntp_time_is_before(reading.earliest, reading.latest));
	}
	assert_true(usable > ROUNDS / 100);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_with_a_bound),
		cmocka_unit_test(tai_needs_its_offset),
		cmocka_unit_test(no_bound_without_both_maximum_errors),
		cmocka_unit_test(estimated_errors),
		cmocka_unit_test(status_decides),
		cmocka_unit_test(a_page_that_only_signals_disruptions),
		cmocka_unit_test(constant_fields_decide),
		cmocka_unit_test(what_is_no_vmclock_page),
		cmocka_unit_test(values_that_make_no_sense),
		cmocka_unit_test(an_update_under_way),
		cmocka_unit_test(a_map_ends),
		cmocka_unit_test(announced_leap_seconds),
		cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
