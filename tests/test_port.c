/* port: a client driven over the port of a simulated system, which lies at times. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "../ports/brook/brook.h"
#include "../ports/brook/port_brook.h"
#include "../ports/drive.h"
#include "../ports/report.h"
#include "world.h"

#define START_NS (INT64_C(1790000000) * FFNTP_NS_PER_S)
#define S FFNTP_NS_PER_S
#define LINES 4096

/* --- the fake: one machine, its network and its server --- */

static struct {
	struct world world;
	int64_t end_ns;
	uint32_t sleeps;
	bool has_no_entropy, is_link_down;
	bool has_reply;
	int64_t reply_ns;
	uint8_t reply[FFNTP_WIRE_SIZE];
	uint64_t nonces[LINES];
	unsigned sent;
	char line[LINES][FFNTP_REPORT_SIZE];
	unsigned lines;
	/* called once, at its time */
	int64_t event_ns;
	void (*event)(void);
	/* readings of the page, compared with the truth whenever the machine waits */
	struct ffntp_page page;
	unsigned readings, outside, unreadable;
	int64_t largest_ns;
	int64_t watched_from_ns;
} brook;

static void start(double minutes)
{
	memset(&brook, 0, sizeof brook);
	brook.world = world_new(7, START_NS);
	brook.world.counter_from = UINT32_MAX - 100000000; /* wraps after 100 s */
	brook.world.ticks_per_ns = 1e-3 * (1 + 400e-6);
	brook.end_ns = START_NS + (int64_t)(minutes * 60e9);
	brook.event_ns = INT64_MAX;
	brook.watched_from_ns = INT64_MAX;
}

static uint64_t ticks(void)
{
	return world_counter(&brook.world, brook.world.now_ns);
}

uint32_t brook_ticks(void)
{
	return (uint32_t)ticks();
}

uint32_t brook_sleeps(void)
{
	return brook.sleeps;
}

bool brook_entropy(uint8_t *bytes, uint32_t count)
{
	if (brook.has_no_entropy)
		return false;
	for (uint32_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)prng_next(&brook.world.prng);
	return true;
}

bool brook_send(const void *bytes, uint32_t count)
{
	int64_t arrival_ns = brook.world.now_ns + world_delay_ns(&brook.world);

	assert_int_equal(count, FFNTP_REQUEST_SIZE);
	if (brook.is_link_down)
		return false;
	memcpy(&brook.nonces[brook.sent], (const uint8_t *)bytes + 40, 8);
	brook.sent++;
	assert_true(brook.sent < LINES);
	if (brook.world.is_silent)
		return true;
	world_answer(&brook.world, bytes, arrival_ns, brook.reply);
	brook.reply_ns = arrival_ns + brook.world.residence_ns + world_delay_ns(&brook.world);
	brook.has_reply = true;
	return true;
}

/* Widen a counter reading, because the page counts in 64 bits and the machine in 32. */
static ffntp_counter wide(const struct ffntp_map *map)
{
	return map->at + (uint64_t)(int64_t)(int32_t)(brook_ticks() - (uint32_t)map->at);
}

static void watch(void)
{
	struct ffntp_time truth = ffntp_time_from_ns(brook.world.now_ns);
	struct ffntp_reading reading;
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(&brook.page, &map), FFNTP_CLOCK_OK);
	if (ffntp_clock_at(&map, wide(&map), FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK) {
		brook.unreadable++;
		return;
	}
	brook.readings++;
	brook.outside += ffntp_time_is_before(truth, reading.earliest) || ffntp_time_is_before(reading.latest, truth);
	if (brook.world.now_ns >= brook.watched_from_ns) {
		int64_t error_ns = ffntp_time_diff_ns(reading.estimate, truth);

		brook.largest_ns = llabs(error_ns) > brook.largest_ns ? llabs(error_ns) : brook.largest_ns;
	}
}

static void move_to(int64_t ns)
{
	if (ns >= brook.event_ns) {
		brook.world.now_ns = brook.event_ns;
		brook.event_ns = INT64_MAX;
		brook.event();
		return;
	}
	brook.world.now_ns = ns;
}

int32_t brook_receive(void *bytes, uint32_t size, uint32_t wait_ticks)
{
	int64_t until_ns = brook.world.now_ns + (int64_t)((wait_ticks + 1.0) / brook.world.ticks_per_ns);

	assert_true(size >= sizeof brook.reply);
	watch();
	if (brook.world.now_ns >= brook.end_ns)
		return -1;
	if (!brook.has_reply || brook.reply_ns > until_ns) {
		move_to(until_ns);
		return 0;
	}
	move_to(brook.reply_ns > brook.world.now_ns ? brook.reply_ns : brook.world.now_ns);
	brook.has_reply = false;
	memcpy(bytes, brook.reply, sizeof brook.reply);
	return sizeof brook.reply;
}

void brook_print(const char *line)
{
	assert_true(brook.lines < LINES);
	assert_true(strlen(line) < FFNTP_REPORT_SIZE);
	strcpy(brook.line[brook.lines++], line);
}

static unsigned said(const char *words)
{
	unsigned count = 0;

	for (unsigned i = 0; i < brook.lines; i++)
		count += strstr(brook.line[i], words) != NULL;
	return count;
}

static enum ffntp_status page_status(void)
{
	struct ffntp_map map;

	assert_int_equal(ffntp_page_read(&brook.page, &map), FFNTP_CLOCK_OK);
	return map.status;
}

static void run(void)
{
	assert_null(ffntp_brook_main(&brook.page));
	for (unsigned i = 1; i < brook.sent; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(brook.nonces[i] != brook.nonces[j]);
}

/* --- the drive --- */

static void test_it_keeps_time_over_wraps_of_the_counter(void **state)
{
	(void)state;
	start(180);
	brook.watched_from_ns = START_NS + 600 * S;
	run();
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(brook.outside, 0);
	assert_true(brook.readings > 1000);
	assert_true(brook.largest_ns < 200000); /* delays of 2 ms that vary by 0.1 ms */
	assert_int_equal(said(" UTC"), 0);
	assert_true(said("Z +- ") > 600);
	assert_int_equal(said("jumped"), 0);
}

static void sleep_for_an_hour(void)
{
	uint64_t stopped_at = ticks();

	brook.world.now_ns += 3600 * S;
	world_set_counter(&brook.world, stopped_at, brook.world.ticks_per_ns);
	brook.sleeps++;
	brook.watched_from_ns = brook.world.now_ns;
	brook.has_reply = false;
}

static void test_a_sleep_that_the_port_knows_of_is_never_wrong(void **state)
{
	(void)state;
	start(120);
	brook.event_ns = START_NS + 1800 * S;
	brook.event = sleep_for_an_hour;
	run();
	assert_int_equal(said("the counter stood still or jumped; disrupted"), 1);
	assert_int_equal(brook.outside, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	assert_true(brook.largest_ns < 1000000);
}

/* The counter jumps without notice: readings before the next exchange are wrong, and none is from the exchange on. */
static void jump(void)
{
	world_set_counter(&brook.world, ticks() + 5000000, brook.world.ticks_per_ns);
	brook.watched_from_ns = brook.world.now_ns + 60 * S;
}

static void test_a_jump_that_nobody_knows_of_is_put_right_within_a_burst(void **state)
{
	(void)state;
	start(60);
	brook.event_ns = START_NS + 1805 * S;
	brook.event = jump;
	run();
	assert_true(said("contradiction; disrupted") >= 1);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	assert_true(brook.largest_ns < 1000000);
}

static void run_backwards(void)
{
	world_set_counter(&brook.world, ticks() - 100000000, brook.world.ticks_per_ns);
	brook.has_reply = false;
}

static void test_a_counter_that_runs_backwards_is_a_disruption(void **state)
{
	(void)state;
	start(60);
	brook.event_ns = START_NS + 1801 * S;
	brook.event = run_backwards;
	run();
	assert_int_equal(said("the counter stood still or jumped; disrupted"), 1);
	assert_int_equal(brook.outside, 0);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
}

static void lose_entropy(void)
{
	brook.has_no_entropy = true;
	brook.watched_from_ns = brook.sent;
}

static void test_without_random_bytes_nothing_is_sent(void **state)
{
	unsigned sent;

	(void)state;
	start(40);
	brook.event_ns = START_NS + 1800 * S;
	brook.event = lose_entropy;
	run();
	sent = (unsigned)brook.watched_from_ns;
	assert_int_equal(brook.sent, sent);
	assert_true(said("no random bytes") > 500 && said("no random bytes") <= 601);
}

static void test_without_random_bytes_there_is_no_start(void **state)
{
	(void)state;
	start(1);
	brook.has_no_entropy = true;
	assert_string_equal(ffntp_brook_main(&brook.page), "no random bytes");
	assert_int_equal(brook.sent, 0);
}

static void raise_link(void)
{
	brook.is_link_down = false;
}

static void test_a_network_that_comes_late_is_waited_for(void **state)
{
	(void)state;
	start(30);
	brook.is_link_down = true;
	brook.event_ns = START_NS + 600 * S;
	brook.event = raise_link;
	run();
	assert_true(said("the network did not take the request; initialising") >= 20);
	assert_true(said("no usable reply from the server for long") >= 1);
	assert_int_equal(page_status(), FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(brook.outside, 0);
}

static void fall_silent(void)
{
	brook.world.is_silent = true;
}

static void test_a_server_that_falls_silent_is_told_of(void **state)
{
	(void)state;
	start(60);
	brook.event_ns = START_NS + 1800 * S;
	brook.event = fall_silent;
	run();
	assert_true(said("no usable reply; free-running") >= 50);
	assert_int_equal(page_status(), FFNTP_STATUS_FREE_RUNNING);
	assert_int_equal(brook.outside, 0);
}

/* --- beginnings that are refused --- */

static const char *init_with(struct ffntp_port_counter about, size_t size)
{
	static _Alignas(16) unsigned char memory[16384];
	struct ffntp_port port = ffntp_port_brook;
	struct ffntp_client_config config;
	struct ffntp_drive drive;

	port.about = about;
	ffntp_drive_configure(&config, &port);
	return ffntp_drive_init(&drive, &port, &config, memory, size, &brook.page);
}

static void test_a_port_out_of_range_is_refused(void **state)
{
	struct ffntp_port_counter good = { FFNTP_COUNTER_OTHER, 32, 1000000, 100 }, bad;

	(void)state;
	start(1);
	assert_null(init_with(good, 16384));
	assert_string_equal(init_with(good, 64), "the configuration is out of range, or the memory too small");
	bad = good, bad.width = 15;
	assert_string_equal(init_with(bad, 16384), "the counter's width is not 16 to 64 bits");
	bad = good, bad.width = 65;
	assert_string_equal(init_with(bad, 16384), "the counter's width is not 16 to 64 bits");
	bad = good, bad.kind = FFNTP_COUNTER_TSC;
	assert_string_equal(init_with(bad, 16384),
			    "a counter of less than 64 bits must be of kind FFNTP_COUNTER_OTHER");
	bad = good, bad.frequency_hz = 999999;
	assert_string_equal(init_with(bad, 16384), "the counter's frequency is not 1 MHz to 1 THz");
	bad = good, bad.frequency_error_ppm = 100001;
	assert_string_equal(init_with(bad, 16384), "the error of the counter's frequency exceeds a tenth");
}

/* --- another server --- */

static void test_another_server_is_asked_anew(void **state)
{
	static _Alignas(16) unsigned char memory[16384];
	struct ffntp_client_config config;
	struct ffntp_drive drive;
	uint8_t address[16] = { 1 };

	(void)state;
	start(60);
	brook.world.is_silent = true;
	ffntp_drive_configure(&config, &ffntp_port_brook);
	assert_null(ffntp_drive_init(&drive, &ffntp_port_brook, &config, memory, sizeof memory, &brook.page));
	ffntp_drive_server(&drive, address, 123);
	assert_int_equal(ffntp_drive_timer(&drive).kind, FFNTP_EVENT_SENT);
	assert_int_equal(ffntp_drive_timer(&drive).kind, FFNTP_EVENT_NONE);
	assert_true(ffntp_drive_wait(&drive) > 1900000);
	ffntp_drive_server(&drive, address, 123);
	assert_true(ffntp_drive_wait(&drive) > 1900000);
	address[15] = 9;
	ffntp_drive_server(&drive, address, 123);
	assert_int_equal(ffntp_drive_wait(&drive), 0);
	assert_int_equal(ffntp_drive_timer(&drive).kind, FFNTP_EVENT_SERVER);
	assert_int_equal(ffntp_drive_timer(&drive).kind, FFNTP_EVENT_SENT);
	assert_int_equal(ffntp_session_source(drive.session)->address[15], 9);
}

static void drive_on(struct ffntp_drive *drive)
{
	uint8_t datagram[FFNTP_WIRE_SIZE];
	int32_t length;

	while (ffntp_drive_timer(drive).kind != FFNTP_EVENT_NONE)
		;
	length = brook_receive(datagram, sizeof datagram, (uint32_t)ffntp_drive_wait(drive));
	if (length > 0) {
		ffntp_drive_receive(drive, datagram, (size_t)length, brook_ticks());
		assert_int_equal(ffntp_drive_event(drive).kind, FFNTP_EVENT_MAP);
		assert_int_equal(ffntp_drive_event(drive).kind, FFNTP_EVENT_REPLY);
	}
}

static void test_code_on_the_system_is_handed_a_device(void **state)
{
	static _Alignas(16) unsigned char memory[16384];
	static const uint8_t address[16] = { 1 };
	struct ffntp_client_config config;
	struct ffntp_page_device device;
	struct ffntp_duration duration;
	struct ffntp_reading reading;
	struct ffntp_drive drive;
	struct ffntp_mark begin;
	uint64_t elapsed_ns;
	struct ffntp_time utc;
	int64_t begin_ns;

	(void)state;
	start(60);
	ffntp_drive_configure(&config, &ffntp_port_brook);
	assert_null(ffntp_drive_init(&drive, &ffntp_port_brook, &config, memory, sizeof memory, &brook.page));
	ffntp_drive_server(&drive, address, 123);
	ffntp_drive_device(&drive, &device);
	assert_null(ffntp_device_connect(&device.device));
	assert_int_equal(ffntp_device_now(&device.device, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_UNSYNCHRONISED);
	while (ffntp_device_now(&device.device, FFNTP_UTC, 5000000, &reading) != FFNTP_CLOCK_OK)
		drive_on(&drive);
	assert_false(ffntp_time_is_before(ffntp_time_from_ns(brook.world.now_ns), reading.earliest));
	assert_false(ffntp_time_is_before(reading.latest, ffntp_time_from_ns(brook.world.now_ns)));
	assert_int_equal(ffntp_device_steady(&device.device, &utc), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_device_mark(&device.device, &begin), FFNTP_CLOCK_OK);
	begin_ns = brook.world.now_ns;
	while (brook.world.now_ns < begin_ns + 1000 * S)
		drive_on(&drive);
	assert_int_equal(ffntp_device_since(&device.device, begin, &duration), FFNTP_CLOCK_OK);
	assert_in_range(duration.ns, brook.world.now_ns - begin_ns - 1000000, brook.world.now_ns - begin_ns + 1000000);
	assert_int_equal(ffntp_device_elapsed(&device.device, &elapsed_ns), FFNTP_CLOCK_OK);
	assert_in_range(elapsed_ns, brook.world.now_ns - START_NS - 20000000, brook.world.now_ns - START_NS + 20000000);
}

/* --- lines --- */

static void check_date(int64_t s)
{
	char ours[40], theirs[40];
	struct ffntp_text text = ffntp_text_begin(ours, sizeof ours);
	struct tm tm;

	tm = *gmtime(&(time_t){ (time_t)s });
	strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S.500000000Z", &tm);
	ffntp_text_add_utc(&text, (struct ffntp_time){ s, UINT64_C(1) << 63 });
	assert_string_equal(ours, theirs);
}

static void test_dates_are_those_of_the_calendar(void **state)
{
	(void)state;
	for (int64_t day = -40000; day < 150000; day++)
		check_date(day * 86400 + (day * 12345 & 65535));
	check_date(-1);
	check_date(0);
}

static void test_a_line_that_is_too_long_is_cut(void **state)
{
	char line[8];
	struct ffntp_text text = ffntp_text_begin(line, sizeof line);

	(void)state;
	ffntp_text_add(&text, "bound ");
	ffntp_text_add_us(&text, "+", 123456);
	assert_string_equal(line, "bound +");
	text = ffntp_text_begin(line, sizeof line);
	ffntp_text_add_hex(&text, 0xfe0);
	assert_string_equal(line, "0xfe0");
	text = ffntp_text_begin(line, sizeof line);
	ffntp_text_add_us(&text, "", UINT64_MAX);
	assert_string_equal(line, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_keeps_time_over_wraps_of_the_counter),
		cmocka_unit_test(test_a_sleep_that_the_port_knows_of_is_never_wrong),
		cmocka_unit_test(test_a_jump_that_nobody_knows_of_is_put_right_within_a_burst),
		cmocka_unit_test(test_a_counter_that_runs_backwards_is_a_disruption),
		cmocka_unit_test(test_without_random_bytes_nothing_is_sent),
		cmocka_unit_test(test_without_random_bytes_there_is_no_start),
		cmocka_unit_test(test_a_network_that_comes_late_is_waited_for),
		cmocka_unit_test(test_a_server_that_falls_silent_is_told_of),
		cmocka_unit_test(test_a_port_out_of_range_is_refused),
		cmocka_unit_test(test_another_server_is_asked_anew),
		cmocka_unit_test(test_code_on_the_system_is_handed_a_device),
		cmocka_unit_test(test_dates_are_those_of_the_calendar),
		cmocka_unit_test(test_a_line_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
