/* page: a published map is read back; VMClock's readers see it; the prepared line; past maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "count.h"
#include "pageworld.h"
#include "../core/estimator_state.h"
#include "prng.h"

__extension__ typedef unsigned __int128 wide;

#define ROUNDS 2000

#define ANY_PLAIN(member) map.member = (__typeof__(map.member))prng_any_size(prng)
#define ANY_LEAP(at_s, sign) (void)0
#define ANY_PACKED(what) (void)0
#define ANY_DERIVED(what) (void)0

/* Return a map with any valid value in each field. A new word of the page is among them. */
static struct ffntp_map any_map(struct prng *prng)
{
	struct ffntp_map map = { .counter_kind = FFNTP_COUNTER_TSC };

#define MAP_WORD(offset, type, NAME, name, unit, since, codec) ANY_##codec;
#include "../core/page_fields.def"
	map.status = (enum ffntp_status)prng_below(prng, 5);
	map.leap = (enum ffntp_leap)prng_below(prng, 6);
	map.period_shift = (uint8_t)prng_below(prng, 63);
	map.tai_is_known = prng_below(prng, 2) != 0;
	map.disruption_marker = prng_any_size(prng);
	map.counter_marker = (uint32_t)prng_next(prng);
	map.at = prng_next(prng);
	map.time = (struct ffntp_time){ (int64_t)prng_any_size(prng), prng_next(prng) };
	map.period |= 1;
	map.tai_offset_s = (int16_t)prng_next(prng);
	map.leap_sign = (int8_t)(prng_below(prng, 3) - 1);
	if (map.leap_sign != 0)
		map.leap_at_s = (int64_t)prng_next(prng) / 256;
	map.tai_expires_s = (int64_t)prng_next(prng);
	map.tai_outlasts_table = prng_below(prng, 2) != 0;
	map.void_after = map.at + prng_any_size(prng);
	return map;
}

static void what_is_published_is_read(void **state)
{
	struct ffntp_page *page = fresh();
	struct prng prng = { 1 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = any_map(&prng), copy;

		ffntp_page_publish(page, &map, NULL, 0);
		copy = read_map(page);
		assert_maps_equal(&copy, &map);
	}
}

static void a_new_page_is_initialising(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_page_identity theirs;
	struct ffntp_reading reading;
	struct ffntp_map map = read_map(page);

	(void)state;
	assert_int_equal(map.status, FFNTP_STATUS_INITIALISING);
	assert_int_equal(ffntp_clock_at(&map, 0, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_UNSYNCHRONISED);
	assert_int_equal(ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs), FFNTP_PAGE_OK);
	assert_int_equal(theirs.counter_kind, identity.counter_kind);
	assert_memory_equal(theirs.boot_id, identity.boot_id, sizeof(identity.boot_id));
	assert_true(theirs.time_namespace == identity.time_namespace);
}

/* --- VMClock, by the offsets of its specification alone --- */

static uint64_t little_endian(size_t offset, size_t size)
{
	uint64_t value = 0;

	while (size-- > 0)
		value = value << 8 | memory.bytes[offset + size];
	return value;
}

static void vmclock_fields_lie_where_the_specification_says(void **state)
{
	struct ffntp_page *page = fresh_tai();
	struct ffntp_map map = map_at(77 * S);

	(void)state;
	map.leap = FFNTP_LEAP_PRE_POSITIVE;
	map.disruption_marker = 5;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_memory_equal(memory.bytes, "VCLK", 4);
	assert_int_equal(little_endian(0x04, 4), 4096);
	assert_int_equal(little_endian(0x08, 2), 1);
	assert_int_equal(little_endian(0x0a, 1), 1); /* x86 TSC */
	assert_int_equal(little_endian(0x0b, 1), 1); /* TAI */
	assert_int_equal(little_endian(0x0c, 4), 4); /* two updates */
	assert_int_equal(little_endian(0x10, 8), 5);
	assert_int_equal(little_endian(0x18, 8), 1 | 8 | 16 | 32 | 64);
	assert_int_equal(little_endian(0x20, 2), 0);
	assert_int_equal(little_endian(0x22, 1), 2);            /* synchronised */
	assert_int_equal(little_endian(0x23, 1), 0);            /* no smearing */
	assert_int_equal((int16_t)little_endian(0x24, 2), -37); /* from TAI to UTC */
	assert_int_equal(little_endian(0x26, 1), 1);
	assert_int_equal(little_endian(0x27, 1), 28);
	assert_true(little_endian(0x28, 8) == 77 * S);
	assert_true(little_endian(0x30, 8) == map.period);
	assert_true(little_endian(0x38, 8) == map.period_esterror);
	assert_true(little_endian(0x40, 8) == map.period_maxerror);
	assert_int_equal(little_endian(0x48, 8), 1700000114);
	assert_true(little_endian(0x50, 8) == UINT64_C(1) << 63);
	assert_int_equal(little_endian(0x58, 8), 4000);
	assert_int_equal(little_endian(0x60, 8), 150000); /* the larger of the two */
	assert_int_equal(little_endian(0x68, 8), 0);
	assert_int_equal(little_endian(0x870, 8), 90000);
	assert_int_equal(little_endian(0x878, 8), 150000);
	assert_int_equal(little_endian(0x8e8, 8), 52000);
}

static void vmclock_is_told_what_it_has_words_for(void **state)
{
	static const struct {
		enum ffntp_counter_kind kind;
		uint8_t id;
	} counters[] = {
		{ FFNTP_COUNTER_ARM_VIRTUAL, 0 },      { FFNTP_COUNTER_TSC, 1 },      { FFNTP_COUNTER_NONE, 0xff },
		{ FFNTP_COUNTER_MONOTONIC_RAW, 0xff }, { FFNTP_COUNTER_OTHER, 0xff },
	};
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(S);

	(void)state;
	for (size_t i = 0; i < COUNT(counters); i++) {
		struct ffntp_page_identity other = identity;

		other.counter_kind = counters[i].kind;
		ffntp_page_format(page, &other);
		assert_int_equal(memory.bytes[0x0a], counters[i].id);
	}
	map.tai_outlasts_table = true;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_int_equal(little_endian(0x8f0, 8), 1);
	map.tai_outlasts_table = false; /* as in the page of an older writer */
	ffntp_page_publish(page, &map, NULL, 0);
	assert_int_equal(little_endian(0x8f0, 8), 0);
	map.tai_is_known = false;
	map.tai_offset_s = 0;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_int_equal(memory.bytes[0x0b], 0); /* UTC */
	assert_int_equal(little_endian(0x18, 8) & 1, 0);
	map.status = FFNTP_STATUS_DISRUPTED;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_int_equal(memory.bytes[0x22], 4);
	assert_int_equal(little_endian(0x18, 8) & (8 | 16 | 32 | 64), 0); /* no error fields are valid */
}

/* Evaluate T + period (N - N_ref), TAI, in 2^-64 s, and its maximum error likewise. */
static void vmclock_evaluate(ffntp_counter now, wide *time, wide *error)
{
	uint64_t ticks = now - little_endian(0x28, 8);
	unsigned shift = memory.bytes[0x27];

	*time = ((wide)little_endian(0x48, 8) << 64) + little_endian(0x50, 8);
	*time += (wide)ticks * little_endian(0x30, 8) >> shift;
	*error = ((wide)little_endian(0x60, 8) << 64) / S + ((wide)ticks * little_endian(0x40, 8) >> shift);
}

static wide units(struct ffntp_time t)
{
	return ((wide)(uint64_t)t.s << 64) + t.frac;
}

/* VMClock has one error for both sides: the larger of the two. */
static void vmclock_readers_and_ours_agree(void **state)
{
	struct ffntp_page *page = fresh_tai();
	struct prng prng = { 2 };

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_map map = map_at(prng_any_size(&prng) >> 4);
		ffntp_counter now = map.at + prng_below(&prng, 3600 * S);
		struct ffntp_reading reading;
		wide time, error, rounding = (wide)1 << 36; /* 3.7 ns */

		map.period += prng_below(&prng, 1000000);
		map.maxerror_before_ns = prng_below(&prng, 300000);
		ffntp_page_publish(page, &map, NULL, 0);
		vmclock_evaluate(now, &time, &error);
		map = read_map(page);
		assert_int_equal(ffntp_clock_at(&map, now, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
		assert_true(units(reading.estimate) == time);
		assert_true(time - error <= units(reading.earliest) + rounding);
		assert_true(units(reading.latest) <= time + error + rounding);
		assert_true(((wide)reading.bound_ns << 64) / S + rounding >= error);
		assert_true(((wide)reading.bound_ns << 64) / S <= error + rounding);
	}
}

/* If TAI is not known, VMClock's time is UTC itself, whatever the constant of our continuous time is. */
static void vmclock_readers_are_told_utc_where_tai_is_not_known(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(S), back;
	struct ffntp_reading reading;
	wide time, error;

	(void)state;
	map.tai_is_known = false;
	map.tai_offset_s = -3;
	map.leap = FFNTP_LEAP_POST_NEGATIVE;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_int_equal(memory.bytes[0x0b], 0);
	assert_int_equal(memory.bytes[0x26], 5);
	vmclock_evaluate(7 * S, &time, &error);
	back = read_map(page);
	assert_maps_equal(&back, &map);
	assert_int_equal(ffntp_clock_at(&back, 7 * S, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(units(reading.estimate) == time);
	assert_true(reading.estimate.s == map.time.s + 6 + 3);
}

/*
 * UTC as Linux's driver computes it from the page: its earlier versions take a page of UTC, or of TAI with a valid
 * offset. Returns false where that driver gives EINVAL.
 */
static bool linux_utc_s(int64_t *s)
{
	bool is_tai = memory.bytes[0x0b] == 1, is_offset_valid = (memory.bytes[0x18] & 1) != 0;

	*s = (int64_t)little_endian(0x48, 8) + (is_tai ? (int16_t)little_endian(0x24, 2) : 0);
	return memory.bytes[0x22] != 4 && (!is_tai || is_offset_valid);
}

/* TAI likewise: later versions take a page of TAI, or of UTC with a valid offset. */
static bool linux_tai_s(int64_t *s)
{
	bool is_tai = memory.bytes[0x0b] == 1, is_offset_valid = (memory.bytes[0x18] & 1) != 0;

	*s = (int64_t)little_endian(0x48, 8) - (is_tai ? 0 : (int16_t)little_endian(0x24, 2));
	return memory.bytes[0x22] != 4 && (is_tai || is_offset_valid);
}

/* Require UTC of our own readers at 7 s of map_at(S), and past maps. */
static void assert_utc_of_map(const struct ffntp_page *page)
{
	struct ffntp_map map = read_map(page);
	struct ffntp_reading reading;

	assert_int_equal(ffntp_clock_at(&map, 7 * S, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(reading.estimate.s == 1700000007);
	assert_true(read_line(page, 7 * S, FFNTP_UTC, UINT64_MAX, &reading));
	assert_true(reading.estimate.s == 1700000007);
}

/* VMClock declares the type of time constant. TAI is in the fields that may change. */
static void the_type_of_time_never_changes_on_a_page_of_tai(void **state)
{
	struct ffntp_page *page = fresh_tai();
	struct ffntp_map known = map_at(S), unknown = known,
			 start = { .status = FFNTP_STATUS_INITIALISING, .period = 1 };
	struct ffntp_reading reading;
	int64_t utc_s, tai_s;

	(void)state;
	/* Linux looks at a page once, when its device is found: it has the type and the offset from the beginning. */
	assert_true(linux_utc_s(&utc_s) && linux_tai_s(&tai_s));
	assert_int_equal((int16_t)little_endian(0x24, 2), -37);
	ffntp_page_publish(page, &start, NULL, 0);
	assert_true(linux_utc_s(&utc_s) && linux_tai_s(&tai_s));
	assert_int_equal((int16_t)little_endian(0x24, 2), -37);
	ffntp_page_publish(page, &known, NULL, 0);
	assert_true(linux_utc_s(&utc_s) && utc_s == 1700000001);
	assert_true(linux_tai_s(&tai_s) && tai_s == 1700000038);
	unknown.tai_is_known = false;
	unknown.tai_offset_s = 0;
	unknown.time.s -= 37;
	unknown.leap_sign = 1;
	unknown.leap_at_s = unknown.time.s + 8;
	ffntp_page_publish(page, &unknown, NULL, 0);
	assert_int_equal(memory.bytes[0x0b], 1);
	assert_false(linux_utc_s(&utc_s)); /* the number is right, and the flag states that TAI is not known */
	assert_true(utc_s == 1700000001 && linux_tai_s(&tai_s) && tai_s == 1700000038);
	assert_utc_of_map(page);
	assert_int_equal(read_map(page).tai_is_known, false);
	unknown = read_map(page);
	assert_int_equal(ffntp_clock_at(&unknown, 7 * S, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_TAI_UNKNOWN);
	assert_int_equal(ffntp_clock_at(&unknown, 9 * S, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.leap, FFNTP_LEAP_POSITIVE); /* its leap second has moved along */
	unknown.status = FFNTP_STATUS_DISRUPTED;
	ffntp_page_publish(page, &unknown, NULL, 0);
	assert_int_equal(memory.bytes[0x18] & 1, 0);
	ffntp_page_format(page, &identity); /* the next writer knows no TAI */
	assert_int_equal(memory.bytes[0x0b], 1);
	assert_int_equal((int16_t)little_endian(0x24, 2), -37);
}

static void the_type_of_time_never_changes_on_a_page_of_utc(void **state)
{
	struct ffntp_page_identity with_tai = identity;
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(S), back, past;
	int64_t utc_s, tai_s;

	(void)state;
	assert_false(linux_tai_s(&tai_s));
	ffntp_page_publish(page, &map, NULL, 0);
	assert_int_equal(memory.bytes[0x0b], 0);
	assert_true(linux_utc_s(&utc_s) && utc_s == 1700000001);
	assert_true(linux_tai_s(&tai_s) && tai_s == 1700000038);
	assert_utc_of_map(page);
	back = read_map(page);
	assert_maps_equal(&back, &map);
	back.at += S;
	back.time.s += 1;
	ffntp_page_publish(page, &back, NULL, 0);
	assert_int_equal(ffntp_page_read_past(page, map.at, &past), FFNTP_CLOCK_OK);
	assert_true(past.time.s == map.time.s && past.tai_is_known);
	with_tai.tai_offset_s = 37;
	ffntp_page_format(page, &with_tai); /* the next writer knows TAI */
	assert_int_equal(memory.bytes[0x0b], 0);
	assert_true(linux_utc_s(&utc_s) && linux_tai_s(&tai_s));
}

/* --- a copy for others --- */

/* The memory of the copy may be a guest's, which scribbles on it: only its next reading matters. */
static void a_mirror_is_the_page_whatever_was_there(void **state)
{
	static union {
		struct ffntp_page page;
		uint8_t bytes[FFNTP_PAGE_SIZE];
	} mirror;
	struct ffntp_page *page = fresh_tai();
	struct ffntp_map map = map_at(S), copy;
	struct prng prng = { 3 };

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		map.at += S;
		map.time.s++;
		ffntp_page_publish(page, &map, NULL, 0);
		for (size_t k = 0; k < FFNTP_PAGE_SIZE; k++)
			mirror.bytes[k] = (uint8_t)prng_next(&prng);
		ffntp_page_mirror(&mirror.page, page);
		assert_memory_equal(mirror.bytes, memory.bytes, FFNTP_PAGE_SIZE);
		assert_int_equal(ffntp_page_read(&mirror.page, &copy), FFNTP_CLOCK_OK);
		assert_maps_equal(&copy, &map);
	}
}

/* --- the prepared line --- */

static void assert_readings_equal(const struct ffntp_reading *a, const struct ffntp_reading *b)
{
	assert_true(units(a->earliest) == units(b->earliest));
	assert_true(units(a->estimate) == units(b->estimate));
	assert_true(units(a->latest) == units(b->latest));
	assert_true(a->bound_ns == b->bound_ns && a->esterror_ns == b->esterror_ns);
	assert_true(a->asymmetry_esterror_ns == b->asymmetry_esterror_ns);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->leap, b->leap);
	assert_int_equal(a->offset_s, b->offset_s);
}

/* Wherever the line gives a reading, the map gives the same one. In the common case the line gives one. */
static void the_line_says_what_the_map_says(void **state)
{
	struct ffntp_page *page = fresh();
	struct prng prng = { 3 };

	(void)state;
	for (unsigned i = 0; i < 20 * ROUNDS; i++) {
		bool is_common = i % 2 == 0;
		struct ffntp_map map = is_common ? map_at(prng_next(&prng)) : any_map(&prng);
		ffntp_counter now = map.at + (is_common ? prng_below(&prng, 3600 * S) : prng_any_size(&prng));
		enum ffntp_timescale scale = i % 4 < 2 ? FFNTP_UTC : FFNTP_TAI;
		struct ffntp_reading line, reading;
		bool answers;

		if (is_common) {
			map.maxerror_before_ns = prng_any_size(&prng) >> 20 | 1;
			map.maxerror_after_ns = prng_any_size(&prng) >> 20 | 1;
		}
		ffntp_page_publish(page, &map, NULL, 0);
		answers = read_line(page, now, scale, UINT64_MAX, &line);
		assert_true(answers || !is_common);
		if (answers) {
			assert_int_equal(ffntp_clock_at(&map, now, scale, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
			assert_readings_equal(&line, &reading);
		}
	}
}

/* There is a leap second within the hour: the line is valid until it begins, or until it ends, and never beyond. */
static void a_line_ends_where_a_leap_second_begins_or_ends(void **state)
{
	struct ffntp_page *page = fresh();
	struct prng prng = { 4 };
	unsigned answered[2] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 20 * ROUNDS; i++) {
		struct ffntp_map map = map_at(prng_next(&prng) >> 8);
		ffntp_counter now = map.at + prng_below(&prng, 10 * S);
		enum ffntp_timescale scale = i % 2 ? FFNTP_UTC : FFNTP_TAI;
		struct ffntp_reading line, reading;
		bool answers, is_beyond;

		map.leap_sign = i % 4 < 2 ? 1 : -1;
		map.leap_at_s = map.time.s + 5 - (int64_t)prng_below(&prng, 10);
		map.leap = FFNTP_LEAP_NONE;
		ffntp_page_publish(page, &map, NULL, 0);
		assert_int_equal(ffntp_clock_at(&map, now, scale, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
		answers = read_line(page, now, scale, UINT64_MAX, &line);
		is_beyond = ffntp_time_to_ns(reading.estimate) / (int64_t)S + reading.offset_s >= map.leap_at_s;
		answered[answers]++;
		if (answers)
			assert_readings_equal(&line, &reading);
		if (map.time.s < map.leap_at_s)
			assert_int_equal(answers, !is_beyond);
	}
	assert_true(answered[0] > ROUNDS && answered[1] > ROUNDS);
}

static void the_line_leaves_to_the_map_what_must_be_judged(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(10 * S);
	struct ffntp_reading reading;

	(void)state;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_true(read_line(page, 10 * S, FFNTP_TAI, 150000, &reading));
	assert_false(read_line(page, 10 * S, FFNTP_TAI, 149999, &reading));
	assert_false(read_line(page, 10 * S - 1, FFNTP_TAI, UINT64_MAX, &reading));
	assert_true(read_line(page, map.void_after, FFNTP_TAI, UINT64_MAX, &reading));
	assert_false(read_line(page, map.void_after + 1, FFNTP_TAI, UINT64_MAX, &reading));
	assert_false(ffntp_page_read_line(page, ffntp_page_begin(page), FFNTP_COUNTER_MONOTONIC_RAW, 10 * S, FFNTP_TAI,
					  UINT64_MAX, &reading));
	assert_false(ffntp_page_read_line(page, ffntp_page_begin(page) - 2, FFNTP_COUNTER_TSC, 10 * S, FFNTP_TAI,
					  UINT64_MAX, &reading));
	/* The counter was set back, to a reading between the map's and that of its publication. */
	ffntp_page_hold(page);
	ffntp_page_publish_steadily(page, &map, NULL, 0, 20 * S);
	assert_true(read_line(page, 20 * S, FFNTP_TAI, UINT64_MAX, &reading));
	assert_false(read_line(page, 20 * S - 1, FFNTP_TAI, UINT64_MAX, &reading));
	map.tai_is_known = false;
	map.tai_offset_s = 0;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_true(read_line(page, 10 * S, FFNTP_UTC, UINT64_MAX, &reading));
	assert_false(read_line(page, 10 * S, FFNTP_TAI, UINT64_MAX, &reading));
	map.status = FFNTP_STATUS_DISRUPTED;
	ffntp_page_publish(page, &map, NULL, 0);
	assert_false(read_line(page, 10 * S, FFNTP_UTC, UINT64_MAX, &reading));
}

/* --- older writers and readers --- */

/* The word of the asymmetry's error is 0 in their pages. */
static void a_page_of_an_older_writer_does_not_know_the_asymmetry(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(10 * S), copy;
	struct ffntp_reading line = { .asymmetry_esterror_ns = 1 }, reading;

	(void)state;
	ffntp_page_publish(page, &map, NULL, 0);
	memset(&memory.bytes[0x8e8], 0, 8);
	copy = read_map(page);
	assert_true(read_line(page, 11 * S, FFNTP_UTC, UINT64_MAX, &line));
	assert_int_equal(line.asymmetry_esterror_ns, 0);
	map.asymmetry_esterror_ns = 0;
	assert_maps_equal(&copy, &map);
	assert_int_equal(ffntp_clock_at(&map, 11 * S, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_readings_equal(&line, &reading);
}

/* The version is the same, and no other byte of the page depends on the new word. */
static void an_older_reader_does_not_see_the_asymmetry(void **state)
{
	struct ffntp_map with = map_at(10 * S), without = with;
	uint8_t bytes[FFNTP_PAGE_SIZE];

	(void)state;
	without.asymmetry_esterror_ns = 0;
	ffntp_page_publish(fresh(), &without, NULL, 0);
	memcpy(bytes, memory.bytes, sizeof(bytes));
	ffntp_page_publish(fresh(), &with, NULL, 0);
	assert_int_equal(little_endian(0x804, 2), 2);
	assert_int_equal(little_endian(0x806, 2), 2048);
	assert_memory_not_equal(bytes + 0x8e8, memory.bytes + 0x8e8, 8);
	memset(&memory.bytes[0x8e8], 0, 8);
	memset(&memory.bytes[0x208], 0, 8); /* its copy */
	assert_memory_equal(bytes, memory.bytes, sizeof(bytes));
}

/* --- past maps --- */

/* A past map has every field to the last bit, except that the asymmetry's error is rounded up by at most 0.2 %. */
static void assert_remembered(const struct ffntp_map *past, const struct ffntp_map *map)
{
	struct ffntp_map expected = *map;

	assert_true(past->asymmetry_esterror_ns >= map->asymmetry_esterror_ns);
	assert_true(past->asymmetry_esterror_ns - map->asymmetry_esterror_ns <= map->asymmetry_esterror_ns / 512);
	expected.asymmetry_esterror_ns = past->asymmetry_esterror_ns;
	assert_maps_equal(past, &expected);
}

/* Test no error, a nanosecond, the largest that the field can hold, and beyond. */
static void the_past_knows_its_asymmetry(void **state)
{
	struct prng prng = { 6 };
	struct ffntp_map before = map_at(100 * S), after = map_at(200 * S), past;
	const uint64_t most = UINT64_C(0x3ff) << 31;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ffntp_page *page = fresh();

		before.asymmetry_esterror_ns = i < ROUNDS / 2 ? i : prng_any_size(&prng);
		ffntp_page_publish(page, &before, NULL, 0);
		ffntp_page_publish(page, &after, NULL, 0);
		assert_int_equal(ffntp_page_read_past(page, 150 * S, &past), FFNTP_CLOCK_OK);
		if (before.asymmetry_esterror_ns > most)
			before.asymmetry_esterror_ns = most;
		assert_remembered(&past, &before);
	}
}

static void the_past_is_told_by_the_map_of_its_time(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map expected[40], past;

	(void)state;
	for (unsigned i = 0; i < COUNT(expected); i++) {
		expected[i] = map_at((100 + 16 * i) * S);
		expected[i].maxerror_before_ns += i;
		expected[i].maxerror_after_ns -= i;
		expected[i].asymmetry_esterror_ns += 1000 * i;
		expected[i].leap = (enum ffntp_leap)(i % 3);
		expected[i].tai_is_known = i % 4 != 0;
		expected[i].tai_offset_s = expected[i].tai_is_known ? 37 : 0;
		ffntp_page_publish(page, &expected[i], NULL, 0);
	}
	for (unsigned i = COUNT(expected) - 1 - FFNTP_PAGE_ANCHORS; i < COUNT(expected); i++) {
		assert_int_equal(ffntp_page_read_past(page, expected[i].at, &past), FFNTP_CLOCK_OK);
		assert_remembered(&past, &expected[i]);
		assert_int_equal(ffntp_page_read_past(page, expected[i].at + 16 * S - 1, &past), FFNTP_CLOCK_OK);
		assert_remembered(&past, &expected[i]);
	}
	past = map_at(1);
	assert_int_equal(ffntp_page_read_past(page, expected[COUNT(expected) - 1 - FFNTP_PAGE_ANCHORS].at - 1, &past),
			 FFNTP_CLOCK_TOO_OLD);
	assert_int_equal(past.at, 1);
}

static void the_past_wraps_with_the_counter(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map before = map_at(UINT64_MAX - 10 * S), after = map_at(5 * S), past;

	(void)state;
	ffntp_page_publish(page, &before, NULL, 0);
	ffntp_page_publish(page, &after, NULL, 0);
	assert_int_equal(ffntp_page_read_past(page, 5 * S - 1, &past), FFNTP_CLOCK_OK);
	assert_remembered(&past, &before);
	assert_int_equal(ffntp_page_read_past(page, 5 * S, &past), FFNTP_CLOCK_OK);
	assert_maps_equal(&past, &after);
}

static void only_maps_that_can_be_read_are_remembered(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map map = map_at(100 * S), again = map_at(100 * S), later = map_at(200 * S), past;

	(void)state;
	map.status = FFNTP_STATUS_INITIALISING;
	ffntp_page_publish(page, &map, NULL, 0);
	again.maxerror_after_ns = 9;
	ffntp_page_publish(page, &again, NULL, 0); /* replaces the one with the same 'at' */
	again.maxerror_after_ns = 10;
	ffntp_page_publish(page, &again, NULL, 0);
	ffntp_page_publish(page, &later, NULL, 0);
	assert_int_equal(ffntp_page_read_past(page, 150 * S, &past), FFNTP_CLOCK_OK);
	assert_remembered(&past, &again);
	assert_int_equal(ffntp_page_read_past(page, 100 * S - 1, &past), FFNTP_CLOCK_TOO_OLD);
}

static void a_disruption_ends_the_past(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_map before = map_at(100 * S), after = map_at(200 * S), past;

	(void)state;
	ffntp_page_publish(page, &before, NULL, 0);
	after.disruption_marker = before.disruption_marker + 1;
	ffntp_page_publish(page, &after, NULL, 0);
	assert_int_equal(ffntp_page_read_past(page, 150 * S, &past), FFNTP_CLOCK_TOO_OLD);
	assert_int_equal(ffntp_page_read_past(page, 200 * S, &past), FFNTP_CLOCK_OK);
}

/* --- sources --- */

static struct ffntp_source any_source(struct prng *prng)
{
	struct ffntp_source source = {
		.port = (uint16_t)prng_next(prng),
		.stratum = (uint8_t)prng_next(prng),
		.leap = (uint8_t)prng_below(prng, 4),
		.reach = (uint8_t)prng_next(prng),
		.poll_log2_s = (uint8_t)prng_below(prng, 18),
		.selection = (uint8_t)prng_below(prng, FFNTP_SELECTIONS),
		.share_percent = (uint8_t)prng_below(prng, 101),
		.refid = (uint32_t)prng_next(prng),
		.offset_ns = (int64_t)prng_next(prng),
		.rtt_ns = prng_next(prng),
		.rtt_min_ns = prng_next(prng),
		.root_delay_ns = (uint32_t)prng_next(prng),
		.root_dispersion_ns = (uint32_t)prng_next(prng),
		.last_accepted = prng_next(prng),
	};

	for (size_t i = 0; i < 16; i++)
		source.address[i] = (uint8_t)prng_next(prng);
	for (size_t i = 0; i < FFNTP_VERDICTS; i++)
		source.verdicts[i] = (uint32_t)prng_next(prng);
	return source;
}

static void assert_sources_equal(const struct ffntp_source *a, const struct ffntp_source *b)
{
	assert_memory_equal(a->address, b->address, 16);
	assert_true(a->port == b->port && a->stratum == b->stratum && a->leap == b->leap && a->reach == b->reach);
	assert_true(a->poll_log2_s == b->poll_log2_s && a->selection == b->selection &&
		    a->share_percent == b->share_percent && a->refid == b->refid);
	assert_true(a->offset_ns == b->offset_ns && a->rtt_ns == b->rtt_ns && a->rtt_min_ns == b->rtt_min_ns);
	assert_true(a->root_delay_ns == b->root_delay_ns && a->root_dispersion_ns == b->root_dispersion_ns);
	assert_true(a->last_accepted == b->last_accepted);
	assert_memory_equal(a->verdicts, b->verdicts, sizeof(a->verdicts));
}

static void sources_are_read_as_published(void **state)
{
	struct ffntp_page *page = fresh();
	struct ffntp_source published[FFNTP_PAGE_SOURCES + 1], copy[FFNTP_PAGE_SOURCES];
	struct ffntp_map map = map_at(S);
	struct prng prng = { 4 };

	(void)state;
	for (size_t count = 0; count <= FFNTP_PAGE_SOURCES + 1; count++) {
		size_t expected = count < FFNTP_PAGE_SOURCES ? count : FFNTP_PAGE_SOURCES, found;

		for (size_t i = 0; i < count; i++)
			published[i] = any_source(&prng);
		ffntp_page_publish(page, &map, published, count);
		assert_int_equal(ffntp_page_read_sources(page, copy, &found), FFNTP_CLOCK_OK);
		assert_int_equal(found, expected);
		for (size_t i = 0; i < expected; i++)
			assert_sources_equal(&copy[i], &published[i]);
	}
	assert_int_equal(read_map(page).at, S); /* and the map was not overwritten */
}

/* --- the layout, byte by byte --- */

/* Return a map whose fields are set one after the other, so that every compiler makes the same one. */
static struct ffntp_map map_of_bytes(struct prng *prng, ffntp_counter at)
{
	struct ffntp_map map = map_at(at);

/* The verdicts of the first version. */
#define FIRST_VERDICTS 18

	map.status = (enum ffntp_status)prng_below(prng, 5);
	map.leap = (enum ffntp_leap)prng_below(prng, 6);
	map.tai_is_known = prng_below(prng, 2) != 0;
	map.tai_offset_s = (int16_t)prng_next(prng);
	map.leap_sign = (int8_t)(prng_below(prng, 3) - 1);
	map.leap_at_s = (int64_t)prng_below(prng, UINT64_C(1) << 40);
	map.tai_expires_s = (int64_t)(prng_next(prng) >> 1); /* to come: the first version gave no TAI afterwards */
	map.disruption_marker = prng_below(prng, 8) / 7;
	map.counter_marker = (uint32_t)prng_next(prng);
	map.time.frac = prng_next(prng);
	map.esterror_ns = prng_any_size(prng);
	map.asymmetry_esterror_ns = prng_any_size(prng);
	map.maxerror_before_ns = prng_any_size(prng);
	map.maxerror_after_ns = prng_any_size(prng);
	map.stable_period = prng_next(prng);
	map.stable_esterror = prng_any_size(prng);
	return map;
}

static struct ffntp_source source_of_bytes(struct prng *prng)
{
	struct ffntp_source source = { 0 };

	for (size_t i = 0; i < sizeof(source.address); i++)
		source.address[i] = (uint8_t)prng_next(prng);
	source.port = (uint16_t)prng_next(prng);
	source.stratum = (uint8_t)prng_next(prng);
	source.leap = (uint8_t)prng_next(prng);
	source.reach = (uint8_t)prng_next(prng);
	source.poll_log2_s = (uint8_t)prng_next(prng);
	source.selection = (uint8_t)prng_next(prng);
	source.refid = (uint32_t)prng_next(prng);
	source.offset_ns = (int64_t)prng_next(prng);
	source.rtt_ns = prng_next(prng);
	source.rtt_min_ns = prng_next(prng);
	source.root_delay_ns = (uint32_t)prng_next(prng);
	source.root_dispersion_ns = (uint32_t)prng_next(prng);
	source.last_accepted = prng_next(prng);
	for (size_t i = 0; i < FIRST_VERDICTS; i++)
		source.verdicts[i] = (uint32_t)prng_next(prng);
	return source;
}

/* FNV-1a of the whole page, with zeros where the first version had them and the copy of the map is now. */
/* Return whether a byte belongs to what was added since the first version: the copy of the map, published_at. */
static bool is_younger(size_t at)
{
	return (at >= 0x150 && at < 0x220) || (at >= 0x8f8 && at < 0x900);
}

static uint64_t digest(uint64_t hash)
{
	for (size_t i = 0; i < FFNTP_PAGE_SIZE; i++)
		hash = (hash ^ (is_younger(i) ? 0 : memory.bytes[i])) * UINT64_C(0x100000001b3);
	return hash;
}

/*
 * The digest is that of the pages that the first version wrote. A layout that only adds fields does not change it,
 * because no map here sets them, and because older readers skip the younger ones that each map has.
 */
static uint64_t digest_of_maps(struct ffntp_page *page, bool is_tai)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	struct prng prng = { 7 };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned i = 0; i < 200; i++) {
		struct ffntp_map map = map_of_bytes(&prng, i * S);
		size_t count = prng_below(&prng, FFNTP_PAGE_SOURCES + 1);

		map.tai_is_known = is_tai;
		for (size_t k = 0; k < count; k++)
			sources[k] = source_of_bytes(&prng);
		ffntp_page_hold(page);
		ffntp_page_publish_steadily(page, &map, sources, count, (i + 1) * S);
		hash = digest(hash);
	}
	return hash;
}

static void the_layout_does_not_change(void **state)
{
	(void)state;
	assert_true(digest_of_maps(fresh(), false) == UINT64_C(0x8b0c6f92cb334d2d));
	assert_true(digest_of_maps(fresh_tai(), true) == UINT64_C(0x97cae99252d042e7));
}

/* --- the estimator's state --- */

/* Return whether a reader of the first layout, which has no estimator's state, reads this byte of a source. */
static bool is_read_by_older_readers(size_t offset)
{
	return offset != 0x17 && !(offset >= 0x24 && offset < 0x28) && offset < 0x48 + 4 * FFNTP_VERDICTS;
}

static void an_older_reader_skips_the_estimators_state(void **state)
{
	struct prng prng = { 8 };
	struct ffntp_source without = source_of_bytes(&prng), with = without, copy[FFNTP_PAGE_SOURCES];
	const struct ffntp_map map = map_at(10 * S);
	struct ffntp_estimator_state known = { .kind = FFNTP_ESTIMATOR_LAW,
					       .floor_forward_ns = 4000000,
					       .floor_backward_ns = 5000000,
					       .noise_forward_ns = 10000,
					       .noise_backward_ns = 12000,
					       .wander_1e15 = 1000,
					       .hypothesis = { FFNTP_HYPOTHESIS_UNCHANGED, FFNTP_HYPOTHESIS_TIME },
					       .probability_percent = { 60, 40 } };
	struct ffntp_estimator_state read;
	uint8_t bytes[FFNTP_PAGE_SIZE];
	unsigned changed = 0;
	size_t count;

	(void)state;
	ffntp_page_publish(fresh(), &map, &without, 1);
	memcpy(bytes, memory.bytes, sizeof(bytes));
	assert_int_equal(ffntp_page_read_sources(&memory.page, copy, &count), FFNTP_CLOCK_OK);
	assert_false(ffntp_source_estimator(&copy[0], &read));
	ffntp_estimator_state_pack(&known, &with);
	ffntp_page_publish(fresh(), &map, &with, 1);
	for (size_t i = 0; i < FFNTP_PAGE_SIZE; i++) {
		bool is_in_source = i >= 0x300 && i < 0x300 + 160;

		changed += bytes[i] != memory.bytes[i];
		if (!is_in_source || is_read_by_older_readers(i - 0x300))
			assert_int_equal(bytes[i], memory.bytes[i]);
	}
	assert_true(changed >= 10);
	assert_int_equal(ffntp_page_read_sources(&memory.page, copy, &count), FFNTP_CLOCK_OK);
	assert_true(ffntp_source_estimator(&copy[0], &read));
	assert_int_equal(read.kind, FFNTP_ESTIMATOR_LAW);
	assert_true(read.floor_backward_ns >= 5000000 && read.floor_backward_ns < 5010000);
	assert_int_equal(read.hypothesis[1], FFNTP_HYPOTHESIS_TIME);
	assert_int_equal(read.probability_percent[1], 40);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_published_is_read),
		cmocka_unit_test(a_new_page_is_initialising),
		cmocka_unit_test(vmclock_fields_lie_where_the_specification_says),
		cmocka_unit_test(vmclock_is_told_what_it_has_words_for),
		cmocka_unit_test(vmclock_readers_and_ours_agree),
		cmocka_unit_test(vmclock_readers_are_told_utc_where_tai_is_not_known),
		cmocka_unit_test(a_mirror_is_the_page_whatever_was_there),
		cmocka_unit_test(the_type_of_time_never_changes_on_a_page_of_tai),
		cmocka_unit_test(the_type_of_time_never_changes_on_a_page_of_utc),
		cmocka_unit_test(the_line_says_what_the_map_says),
		cmocka_unit_test(a_line_ends_where_a_leap_second_begins_or_ends),
		cmocka_unit_test(the_line_leaves_to_the_map_what_must_be_judged),
		cmocka_unit_test(a_page_of_an_older_writer_does_not_know_the_asymmetry),
		cmocka_unit_test(an_older_reader_does_not_see_the_asymmetry),
		cmocka_unit_test(the_past_knows_its_asymmetry),
		cmocka_unit_test(the_past_is_told_by_the_map_of_its_time),
		cmocka_unit_test(the_past_wraps_with_the_counter),
		cmocka_unit_test(only_maps_that_can_be_read_are_remembered),
		cmocka_unit_test(a_disruption_ends_the_past),
		cmocka_unit_test(sources_are_read_as_published),
		cmocka_unit_test(the_layout_does_not_change),
		cmocka_unit_test(an_older_reader_skips_the_estimators_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
