/*
 * page: a writer that is stopped or killed before any of its stores. Readers go on with the former map, from its copy,
 * and the next writer continues the page. The writer's source is included, so that each of its stores can be the last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/page_words.h"
#include "../include/ffntp/device.h"
#include "count.h"

/* --- a writer whose stores are counted --- */

static struct {
	jmp_buf end;
	bool is_mortal;
	unsigned left; /* stores before the end */
} writer;

static void step(void)
{
	if (writer.is_mortal && writer.left-- == 0)
		longjmp(writer.end, 1);
}

static void store_word(struct ffntp_page *page, size_t offset, uint64_t value)
{
	step();
	ffntp_page_store(page, offset, value);
}

static void store_head(struct ffntp_page *page, size_t i, uint32_t value)
{
	step();
	ffntp_page_store_head(page, i, value);
}

static void store_sequence(_Atomic uint32_t *sequence, uint32_t value, memory_order order)
{
	step();
	atomic_store_explicit(sequence, value, order);
}

#define ffntp_page_store store_word
#define ffntp_page_store_head store_head
#undef atomic_store_explicit
#define atomic_store_explicit store_sequence
#include "../core/page_writer.c"
#undef ffntp_page_store

#include "pageworld.h" /* has an identity, which must not hide those of the writer */

/* Run the act until it ends, or before its store number 'stores'. Returns whether it ended. */
static bool act_for(unsigned stores, void (*act)(void))
{
	volatile bool has_ended = false;

	writer.left = stores;
	writer.is_mortal = true;
	if (setjmp(writer.end) == 0) {
		act();
		has_ended = true;
	}
	writer.is_mortal = false;
	return has_ended;
}

/* --- the maps --- */

#define FORMER 20 /* maps before the update; the ring of past maps is full */
#define PAST (FFNTP_PAGE_ANCHORS - 1)
#define STEP (100 * S)

/* The maps that were published, and the monotonic state with each. */
static struct ffntp_map maps[FORMER + 8];
static struct ffntp_steady steadies[FORMER + 8];
static size_t count;
static struct ffntp_map next;
static const struct ffntp_source sources_now[2] = { { .stratum = 1 }, { .stratum = 2 } };

/* Return a map that differs from every other one in each word. */
static struct ffntp_map map_number(uint64_t n)
{
	struct ffntp_map map = map_at(n * STEP);

	map.status = n % 2 == 0 ? FFNTP_STATUS_SYNCHRONISED : FFNTP_STATUS_FREE_RUNNING;
	map.disruption_marker = 7;
	map.counter_marker = 9;
	map.period += n << 20;
	map.period_esterror += n;
	map.period_maxerror += n;
	map.esterror_ns += n;
	map.asymmetry_esterror_ns = 500 + n; /* a past map has it to the last bit */
	map.maxerror_before_ns += n;
	map.maxerror_after_ns += n;
	map.stable_period += n;
	map.stable_esterror += n;
	map.leap_sign = n % 3 == 0 ? 1 : -1;
	map.leap_at_s = (int64_t)(1800000000 + n);
	map.tai_expires_s = (int64_t)(1900000000 + n);
	return map;
}

static void publish_next(void)
{
	ffntp_page_hold(&memory.page);
	ffntp_page_publish_steadily(&memory.page, &next, sources_now, COUNT(sources_now), next.at + 1);
}

static void note_published(void)
{
	maps[count] = next;
	assert_int_equal(ffntp_page_read_steady(&memory.page, &steadies[count]), FFNTP_CLOCK_OK);
	count++;
}

static void fill_page(void)
{
	fresh();
	for (count = 0; count < FORMER;) {
		next = map_number(count + 1);
		publish_next();
		note_published();
	}
	next = map_number(FORMER + 1);
}

static bool is_odd(void)
{
	return (ffntp_page_begin(&memory.page) & 1) != 0;
}

/* --- what readers see --- */

static ffntp_counter now;

static ffntp_counter read_now(void *context)
{
	(void)context;
	return now;
}

static void check_past(size_t number)
{
	for (size_t i = number - 1; i > 0 && i + PAST >= number; i--) {
		struct ffntp_map past, expected = maps[i - 1];

		assert_int_equal(ffntp_page_read_past(&memory.page, maps[i - 1].at, &past), FFNTP_CLOCK_OK);
		expected.tai_expires_s = maps[number - 1].tai_expires_s; /* the page has it once */
		assert_maps_equal(&past, &expected);
	}
}

/* The oldest past map may be half overwritten, and is not read then. */
static void check_oldest(size_t number)
{
	struct ffntp_map past, expected = maps[number - FFNTP_PAGE_ANCHORS - 1];

	if (ffntp_page_read_past(&memory.page, expected.at + 1, &past) != FFNTP_CLOCK_OK)
		return;
	expected.tai_expires_s = maps[number - 1].tai_expires_s;
	assert_maps_equal(&past, &expected);
}

/* Monotonic UTC and elapsed time may be refused during an update, but a mark is not. */
static void check_device(const struct ffntp_map *map, const struct ffntp_steady *steady)
{
	struct ffntp_reading reading, expected;
	struct ffntp_page_device device;
	struct ffntp_mark mark;
	struct ffntp_time phase;
	uint64_t ns;

	now = map->at + 7 * S;
	phase = ffntp_steady_phase(steady, now);
	ffntp_page_device_init(&device, &memory.page, read_now, NULL);
	assert_null(ffntp_device_connect(&device.device));
	assert_int_equal(ffntp_device_now(&device.device, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_clock_at(map, now, FFNTP_UTC, UINT64_MAX, &expected), FFNTP_CLOCK_OK);
	assert_true(ffntp_time_diff_ns(reading.estimate, expected.estimate) == 0);
	assert_int_equal(reading.bound_ns, expected.bound_ns);
	assert_int_equal(ffntp_device_mark(&device.device, &mark), FFNTP_CLOCK_OK);
	assert_true(mark.phase.s == phase.s && mark.phase.frac == phase.frac);
	assert_int_equal(mark.counter_marker, map->counter_marker);
	assert_int_equal(ffntp_device_elapsed(&device.device, &ns), is_odd() ? FFNTP_CLOCK_BUSY : FFNTP_CLOCK_OK);
	ffntp_device_disconnect(&device.device);
}

/* Check that readers have map 'number', counted from 1, its past and its monotonic state. */
static void check_readers(size_t number)
{
	struct ffntp_map map = read_map(&memory.page);
	struct ffntp_reading reading;

	assert_maps_equal(&map, &maps[number - 1]);
	check_past(number);
	check_oldest(number);
	check_device(&maps[number - 1], &steadies[number - 1]);
	assert_int_equal(read_line(&memory.page, map.at + S, FFNTP_UTC, UINT64_MAX, &reading), !is_odd());
}

/* --- stopped writers --- */

static struct ffntp_map found;
static bool is_adopted;

static void adopt(void)
{
	is_adopted = ffntp_page_adopt(&memory.page, &identity, &found);
}

/* A writer that comes after the stopped one, and after its own successors, continues the page. */
static void check_successors(size_t number, unsigned stores)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	bool was_odd = is_odd();
	size_t sources_there;

	for (unsigned k = stores; !act_for(k, adopt); k += 7)
		check_readers(number);
	assert_true(is_adopted);
	assert_maps_equal(&found, &maps[number - 1]);
	assert_int_equal(ffntp_page_read_sources(&memory.page, sources, &sources_there), FFNTP_CLOCK_OK);
	assert_true(sources_there == 0 || !was_odd);
	check_readers(number);
	count = number;
	next = map_number(FORMER + 2);
	publish_next();
	note_published();
	check_readers(count);
}

/* Stop the act before each of its stores. 'number': of the map that readers have when it has ended. */
static void check_each_store(void (*act)(void), size_t number)
{
	bool has_ended = false;

	for (unsigned stores = 0; !has_ended; stores++) {
		size_t seen = FORMER;

		fill_page();
		has_ended = act_for(stores, act);
		if (read_map(&memory.page).at == next.at) {
			assert_false(is_odd());
			note_published();
			seen++;
		}
		assert_true(seen == number || !has_ended);
		check_readers(seen);
		check_successors(seen, stores % 7);
		assert_true(stores < 1000);
	}
}

static void case_31_an_update_stops_before_any_store(void **state)
{
	(void)state;
	check_each_store(publish_next, FORMER + 1);
}

static void case_31_a_takeover_stops_before_any_store(void **state)
{
	(void)state;
	check_each_store(adopt, FORMER);
}

static void publish_disrupted(void)
{
	struct ffntp_map disrupted = next;

	disrupted.disruption_marker = 8;
	ffntp_page_publish(&memory.page, &disrupted, NULL, 0);
}

/* The update drops all past maps, but until it ends readers have them. */
static void case_31_a_disruption_stops_before_any_store(void **state)
{
	bool has_ended = false;

	(void)state;
	for (unsigned stores = 0; !has_ended; stores++) {
		fill_page();
		has_ended = act_for(stores, publish_disrupted);
		if (read_map(&memory.page).disruption_marker == 7) {
			check_readers(FORMER);
			check_successors(FORMER, stores);
		} else {
			struct ffntp_map past;

			assert_false(is_odd());
			assert_int_equal(ffntp_page_read_past(&memory.page, 5 * STEP, &past), FFNTP_CLOCK_TOO_OLD);
		}
	}
}

/* The page may be laid out again in any state of the former update. Readers see the former map, none, or no time. */
static void format(void)
{
	struct ffntp_page_identity other = identity;

	other.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	ffntp_page_format(&memory.page, &other);
}

static void case_31_a_page_is_never_half_laid_out(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 90; first += 11) {
		bool has_ended = false;

		for (unsigned stores = 0; !has_ended; stores++) {
			struct ffntp_map map, past;

			fill_page();
			(void)act_for(first, publish_next);
			has_ended = act_for(stores, format);
			if (ffntp_page_read(&memory.page, &map) != FFNTP_CLOCK_OK) {
				assert_int_equal(ffntp_page_read_past(&memory.page, 18 * STEP, &past),
						 FFNTP_CLOCK_BUSY);
				continue;
			}
			if (map.status == FFNTP_STATUS_INITIALISING) {
				assert_int_equal(map.counter_kind, FFNTP_COUNTER_MONOTONIC_RAW);
				continue;
			}
			if (map.at == next.at)
				note_published();
			check_readers(count);
		}
		assert_int_equal(read_map(&memory.page).status, FFNTP_STATUS_INITIALISING);
	}
}

/* --- pages without a copy --- */

static void check_busy(void)
{
	struct ffntp_map map = { .at = 1 };
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t number = 99;

	assert_int_equal(ffntp_page_read(&memory.page, &map), FFNTP_CLOCK_BUSY);
	assert_int_equal(ffntp_page_read_past(&memory.page, 15 * STEP, &map), FFNTP_CLOCK_BUSY);
	assert_int_equal(map.at, 1);
	assert_int_equal(ffntp_page_read_sources(&memory.page, sources, &number), FFNTP_CLOCK_BUSY);
	assert_int_equal(number, 99);
}

/* A writer that knows no copy leaves these bytes as it finds them: zeros, or the copy of an earlier update. */
static void publish_without_copy(void)
{
	uint8_t bytes[FFNTP_AT_STEADY - FFNTP_AT_COPY_SEQUENCE];

	memcpy(bytes, &memory.bytes[FFNTP_AT_COPY_SEQUENCE], sizeof(bytes));
	publish_next();
	memcpy(&memory.bytes[FFNTP_AT_COPY_SEQUENCE], bytes, sizeof(bytes));
}

static void case_30_a_writer_that_knows_no_copy(void **state)
{
	(void)state;
	for (unsigned had_copy = 0; had_copy < 2; had_copy++) {
		fill_page();
		if (!had_copy)
			memset(&memory.bytes[FFNTP_AT_COPY_SEQUENCE], 0, FFNTP_AT_STEADY - FFNTP_AT_COPY_SEQUENCE);
		publish_without_copy();
		note_published();
		check_readers(FORMER + 1);
		ffntp_page_hold(&memory.page);
		check_busy();
		assert_false(ffntp_page_adopt(&memory.page, &identity, &found));
		assert_int_equal(read_map(&memory.page).status, FFNTP_STATUS_INITIALISING);
	}
}

/* The next writer, which knows the copy, makes it before its first update. */
static void case_30_a_writer_that_knows_the_copy_comes_after_one_that_does_not(void **state)
{
	bool has_ended = false;

	(void)state;
	for (unsigned stores = 0; !has_ended; stores++) {
		fill_page();
		publish_without_copy();
		note_published();
		has_ended = act_for(stores, adopt);
		check_readers(FORMER + 1);
	}
}

/* The copy changes no word that a reader of VMClock, or of a release without the copy, looks at. */
static void an_older_reader_does_not_see_the_copy(void **state)
{
	uint8_t bytes[FFNTP_PAGE_SIZE];

	(void)state;
	fill_page();
	publish_without_copy();
	memcpy(bytes, memory.bytes, sizeof(bytes));
	fill_page();
	publish_next();
	assert_memory_equal(bytes, memory.bytes, FFNTP_AT_COPY_SEQUENCE);
	assert_memory_equal(bytes + FFNTP_AT_STEADY, memory.bytes + FFNTP_AT_STEADY, sizeof(bytes) - FFNTP_AT_STEADY);
	assert_memory_equal(memory.bytes + 0x10, memory.bytes + 0x158, 0x58);
	assert_memory_equal(memory.bytes + 0x828, memory.bytes + 0x1b0, 0x58);
	assert_memory_equal(memory.bytes + 0x8e8, memory.bytes + 0x208, 0x18);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_31_an_update_stops_before_any_store),
		cmocka_unit_test(case_31_a_takeover_stops_before_any_store),
		cmocka_unit_test(case_31_a_disruption_stops_before_any_store),
		cmocka_unit_test(case_31_a_page_is_never_half_laid_out),
		cmocka_unit_test(case_30_a_writer_that_knows_no_copy),
		cmocka_unit_test(case_30_a_writer_that_knows_the_copy_comes_after_one_that_does_not),
		cmocka_unit_test(an_older_reader_does_not_see_the_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
