/* pageworld: a page in memory, and maps to publish on it. */
#ifndef FFNTP_TESTS_PAGEWORLD_H
#define FFNTP_TESTS_PAGEWORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../core/page.h"
#include "../include/ffntp/page.h"

#define S UINT64_C(1000000000) /* ticks in a second */

static const struct ffntp_page_identity identity = {
	.counter_kind = FFNTP_COUNTER_TSC,
	.boot_id = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
	.time_namespace = 4026531834,
};

/* A page and its bytes. */
static union {
	struct ffntp_page page;
	uint8_t bytes[FFNTP_PAGE_SIZE];
} memory;

static inline struct ffntp_page *fresh(void)
{
	memset(&memory, 0, sizeof(memory));
	ffntp_page_format(&memory.page, &identity);
	return &memory.page;
}

/* A page whose writer knows TAI when it makes the page. */
static inline struct ffntp_page *fresh_tai(void)
{
	struct ffntp_page_identity with_tai = identity;

	with_tai.tai_offset_s = 37;
	memset(&memory, 0, sizeof(memory));
	ffntp_page_format(&memory.page, &with_tai);
	return &memory.page;
}

/* Return a map of 1 ns per tick, made at counter reading 'at', and valid for an hour. */
static inline struct ffntp_map map_at(ffntp_counter at)
{
	return (struct ffntp_map){
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = FFNTP_COUNTER_TSC,
		.period_shift = 28,
		.tai_is_known = true,
		.tai_offset_s = 37,
		.at = at,
		.time = { (int64_t)(1700000037 + at / S), UINT64_C(1) << 63 },
		.period = UINT64_C(0x44b82fa09b5a52cb),
		.period_esterror = UINT64_C(0x44b82fa09b5a52cb) / 100000000,
		.period_maxerror = UINT64_C(0x44b82fa09b5a52cb) / 1000000,
		.esterror_ns = 4000,
		.asymmetry_esterror_ns = 52000,
		.maxerror_before_ns = 90000,
		.maxerror_after_ns = 150000,
		.stable_period = UINT64_C(0x44b82fa09b5a52cb) + 12345,
		.stable_esterror = UINT64_C(0x44b82fa09b5a52cb) / 1000000000,
		.void_after = at + 3600 * S,
	};
}

static inline struct ffntp_map read_map(const struct ffntp_page *page)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(page, &map), FFNTP_CLOCK_OK);
	return map;
}

/* Members that one field of core/page_fields.def has by itself; of the others, PACKED and DERIVED, below. */
#define EQUAL_PLAIN(member) assert_true(a->member == b->member)
#define EQUAL_NEGATED(member) assert_true(a->member == b->member)
#define EQUAL_LEAP(at_s, sign) assert_true(a->at_s == b->at_s && a->sign == b->sign)
#define EQUAL_PACKED(what) (void)0
#define EQUAL_DERIVED(what) (void)0

static inline void assert_maps_equal(const struct ffntp_map *a, const struct ffntp_map *b)
{
	assert_int_equal(a->counter_kind, b->counter_kind);
	assert_int_equal(a->tai_is_known, b->tai_is_known);
	assert_true(a->disruption_marker == b->disruption_marker);
	assert_int_equal(a->counter_marker, b->counter_marker);
	assert_true(a->time.s == b->time.s);
#define STATUS_FIELD(offset, type, name, unit, since, codec) EQUAL_##codec;
#define MAP_WORD(offset, type, NAME, name, unit, since, codec) EQUAL_##codec;
#include "../core/page_fields.def"
}

static inline bool read_line(const struct ffntp_page *page, ffntp_counter now, enum ffntp_timescale scale,
			     uint64_t cap_ns, struct ffntp_reading *reading)
{
	return ffntp_page_read_line(page, ffntp_page_begin(page), FFNTP_COUNTER_TSC, now, scale, cap_ns, reading);
}

#endif
