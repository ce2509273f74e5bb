/* linuxdevice: devices of a process on Linux, with a server of known time on the loopback. Nothing is timed. */
#include <dirent.h>
#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "assertions.h"
#include <ffntp/linuxdevice.h>

#include "../ports/linux/counter.h"
#include "../ports/linux/pagefile.h"
#include "../tool/loopserver.h"

#define AHEAD_NS (INT64_C(1000) * FFNTP_NS_PER_S)

static struct loopserver server;
static char server_name[32];
static const char *const servers[] = { server_name };

static int start_server(void **state)
{
	(void)state;
	if (loopserver_start(&server, AHEAD_NS) != 0)
		return -1;
	snprintf(server_name, sizeof(server_name), "127.0.0.1:%u", (unsigned)server.port);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	loopserver_stop(&server);
	return 0;
}

/* CLOCK_MONOTONIC_RAW needs no measurement of its rate. */
static struct ffntp_linux_ntp_config config(void)
{
	struct ffntp_linux_ntp_config quick;

	ffntp_linux_ntp_config_init(&quick, servers, 1);
	quick.poll_min_s = 1;
	quick.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW;
	return quick;
}

static int64_t realtime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* The interval contains the time of the server's clock. */
static void check_reading(struct ffntp_device *clock)
{
	struct ffntp_reading reading;
	int64_t before_ns = realtime_ns() + AHEAD_NS;

	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_at_least(ffntp_time_to_ns(reading.latest), before_ns, "ns");
	assert_at_most(ffntp_time_to_ns(reading.earliest), realtime_ns() + AHEAD_NS, "");
	assert_below(reading.bound_ns, 1000000000, "ns");
}

static bool is_synchronised(struct ffntp_device *clock)
{
	struct ffntp_device_info info;

	assert_int_equal(ffntp_device_info(clock, &info), FFNTP_CLOCK_OK);
	return info.status == FFNTP_STATUS_SYNCHRONISED;
}

static void check_clock(struct ffntp_device *clock)
{
	struct ffntp_duration duration;
	struct ffntp_reading past;
	struct ffntp_mark mark;
	struct ffntp_time utc;
	uint64_t ns;

	check_reading(clock);
	assert_int_equal(ffntp_device_mark(clock, &mark), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_OK);
	assert_below(ffntp_time_to_ns(utc) - AHEAD_NS - realtime_ns(), FFNTP_NS_PER_S, "");
	assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_OK);
	assert_above(ns, 0, "");
	assert_int_equal(ffntp_device_since(clock, mark, &duration), FFNTP_CLOCK_OK);
	assert_true(duration.ns >= 0 && duration.bound_ns > 0);
	assert_int_equal(ffntp_device_at(clock, mark, FFNTP_UTC, UINT64_MAX, &past), FFNTP_CLOCK_OK);
	mark.boot ^= 1;
	assert_int_equal(ffntp_device_since(clock, mark, &duration), FFNTP_CLOCK_OTHER_BOOT);
}

static void it_is_synchronised_in_the_background(void **state)
{
	const struct ffntp_linux_ntp_config quick = config();
	struct ffntp_linux_ntp_device device;
	struct ffntp_device *clock = ffntp_linux_ntp_clock(&device);
	struct ffntp_reading reading;
	uint64_t ns;

	(void)state;
	ffntp_linux_ntp_device_init(&device, &quick);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISCONNECTED);
	assert_null(ffntp_device_connect(clock));
	assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_OK);
	while (!is_synchronised(clock))
		pause_ms(5);
	check_clock(clock);
	ffntp_device_disconnect(clock);
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISCONNECTED);
	assert_null(ffntp_device_connect(clock));
	ffntp_device_disconnect(clock);
}

static void an_event_loop_drives_it(void **state)
{
	const struct ffntp_linux_ntp_config quick = config();
	struct ffntp_linux_ntp_device device;
	struct ffntp_device *clock = ffntp_linux_ntp_clock(&device);

	(void)state;
	ffntp_linux_loop_device_init(&device, &quick);
	assert_int_equal(ffntp_linux_loop_descriptor(&device), -1);
	ffntp_linux_loop_step(&device, 0);
	assert_null(ffntp_device_connect(clock));
	while (!is_synchronised(clock)) {
		struct pollfd waiting = { .fd = ffntp_linux_loop_descriptor(&device), .events = POLLIN };
		int timeout_ms = ffntp_linux_loop_timeout_ms(&device);

		assert_in_range(timeout_ms, 1, 1000);
		poll(&waiting, 1, timeout_ms);
		ffntp_linux_loop_step(&device, waiting.revents);
	}
	check_clock(clock);
	ffntp_device_disconnect(clock);
	assert_int_equal(ffntp_linux_loop_descriptor(&device), -1);
}

static void two_clients_run_side_by_side(void **state)
{
	const struct ffntp_linux_ntp_config quick = config();
	struct ffntp_linux_ntp_device one, other;

	(void)state;
	ffntp_linux_ntp_device_init(&one, &quick);
	ffntp_linux_ntp_device_init(&other, &quick);
	assert_null(ffntp_device_connect(ffntp_linux_ntp_clock(&one)));
	assert_null(ffntp_device_connect(ffntp_linux_ntp_clock(&other)));
	while (!is_synchronised(ffntp_linux_ntp_clock(&one)) || !is_synchronised(ffntp_linux_ntp_clock(&other)))
		pause_ms(5);
	ffntp_device_disconnect(ffntp_linux_ntp_clock(&one));
	check_reading(ffntp_linux_ntp_clock(&other));
	ffntp_device_disconnect(ffntp_linux_ntp_clock(&other));
}

static void the_next_server_is_asked_when_one_is_silent(void **state)
{
	const char *const names[] = { "127.0.0.1:9", server_name };
	struct ffntp_linux_ntp_config quick = config();
	struct ffntp_linux_ntp_device device;
	struct ffntp_device *clock = ffntp_linux_ntp_clock(&device);

	(void)state;
	quick.servers = names;
	quick.server_count = 2;
	ffntp_linux_ntp_device_init(&device, &quick);
	assert_null(ffntp_device_connect(clock));
	while (!is_synchronised(clock))
		pause_ms(20);
	check_reading(clock);
	ffntp_device_disconnect(clock);
}

static size_t count_entries(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

/* The kernel lists a thread for some time after pthread_join() has returned, on a busy machine for longer. */
static void wait_for_threads(size_t most)
{
	for (int i = 0; i < 2000 && count_entries("/proc/self/task") > most; i++)
		pause_ms(5);
	assert_at_most(count_entries("/proc/self/task"), most, "threads");
}

/* Descriptors, threads and memory do not grow; AddressSanitizer looks for unreachable memory. */
static void a_thousand_starts_and_stops_leak_nothing(void **state)
{
	const struct ffntp_linux_ntp_config quick = config();
	struct ffntp_linux_ntp_device device;
	size_t descriptors = 0, threads = 0, bytes = 0;

	(void)state;
	for (long i = 0; i < 1000; i++) {
		ffntp_linux_ntp_device_init(&device, &quick);
		assert_null(ffntp_device_connect(ffntp_linux_ntp_clock(&device)));
		if (i % 10 == 0) /* stop at a different moment of its life each time */
			nanosleep(&(struct timespec){ .tv_nsec = i * 10000 }, NULL);
		ffntp_device_disconnect(ffntp_linux_ntp_clock(&device));
		if (i == 10) { /* the thread library has allocated its own memory by now */
			descriptors = count_entries("/proc/self/fd");
			threads = count_entries("/proc/self/task");
			bytes = mallinfo2().uordblks;
		}
	}
	assert_int_equal(count_entries("/proc/self/fd"), descriptors);
	wait_for_threads(threads);
	assert_in_range(mallinfo2().uordblks, 0, bytes + 1024);
}

static void what_cannot_be_configured_is_refused(void **state)
{
	static const char *const nonsense[] = { "[" };
	struct ffntp_linux_ntp_device device;
	struct ffntp_linux_ntp_config wrong[5];
	size_t descriptors = count_entries("/proc/self/fd");

	(void)state;
	for (size_t i = 0; i < 5; i++)
		wrong[i] = config();
	wrong[0].server_count = 0;
	wrong[1].server_count = 9;
	wrong[2].servers = nonsense;
	wrong[3].poll_min_s = 2000;
	wrong[4].counter_kind = FFNTP_COUNTER_OTHER;
	for (size_t i = 0; i < 5; i++) {
		struct ffntp_reading reading;
		const char *problem;

		ffntp_linux_ntp_device_init(&device, &wrong[i]);
		problem = ffntp_device_connect(ffntp_linux_ntp_clock(&device));
		assert_non_null(problem);
		assert_above(strlen(problem), 10, "");
		assert_int_equal(ffntp_device_now(ffntp_linux_ntp_clock(&device), FFNTP_UTC, UINT64_MAX, &reading),
				 FFNTP_CLOCK_DISCONNECTED);
	}
	assert_int_equal(count_entries("/proc/self/fd"), descriptors);
}

/* --- a page --- */

static void a_page_that_is_not_there_is_told(void **state)
{
	struct ffntp_linux_page_device device;
	struct ffntp_reading reading;

	(void)state;
	ffntp_linux_page_device_init(&device, "/nowhere/page");
	assert_string_equal(ffntp_device_connect(ffntp_linux_page_clock(&device)),
			    ffntp_page_result_text(FFNTP_PAGE_MISSING));
	assert_int_equal(ffntp_device_now(ffntp_linux_page_clock(&device), FFNTP_UTC, UINT64_MAX, &reading),
			 FFNTP_CLOCK_DISCONNECTED);
}

static void a_page_of_another_process_is_a_clock(void **state)
{
	char directory[] = "ffntp-device-XXXXXX", path[64], lock[80];
	struct ffntp_linux_page_device device;
	struct ffntp_page_identity identity;
	struct ffntp_pagefile file;
	struct ffntp_reading reading;
	struct ffntp_time utc;
	struct ffntp_map map;
	bool is_adopted;
	uint64_t ns;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/page", directory);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	ffntp_counter_identity(FFNTP_COUNTER_MONOTONIC_RAW, &identity);
	assert_null(ffntp_pagefile_open(&file, path, &identity, &map, &is_adopted));
	map = (struct ffntp_map){
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = FFNTP_COUNTER_MONOTONIC_RAW,
		.period_shift = 28,
		.at = ffntp_counter_read_raw(),
		.time = { 1000000, 0 },
		.period = UINT64_C(4951760157141521100),
		.maxerror_before_ns = 5,
		.maxerror_after_ns = 5,
	};
	map.void_after = map.at + UINT64_C(3600000000000);
	ffntp_page_hold(file.page);
	ffntp_page_publish_steadily(file.page, &map, NULL, 0, ffntp_counter_read_raw());
	ffntp_linux_page_device_init(&device, path);
	assert_null(ffntp_device_connect(ffntp_linux_page_clock(&device)));
	assert_int_equal(ffntp_device_now(ffntp_linux_page_clock(&device), FFNTP_UTC, UINT64_MAX, &reading),
			 FFNTP_CLOCK_OK);
	assert_in_range(reading.estimate.s, 1000000, 1003600);
	assert_int_equal(ffntp_device_steady(ffntp_linux_page_clock(&device), &utc), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_device_elapsed(ffntp_linux_page_clock(&device), &ns), FFNTP_CLOCK_OK);
	ffntp_device_disconnect(ffntp_linux_page_clock(&device));
	ffntp_pagefile_close(&file);
	unlink(path);
	unlink(lock);
	assert_int_equal(rmdir(directory), 0);
}

/* --- the system's clock --- */

static void the_system_is_a_clock(void **state)
{
	struct ffntp_linux_system_device device;
	struct ffntp_device *clock = ffntp_linux_system_clock(&device);
	struct ffntp_duration duration;
	struct ffntp_reading reading;
	struct ffntp_device_info info;
	struct ffntp_mark mark;
	struct ffntp_time utc;
	int64_t before_ns;
	uint64_t ns;

	(void)state;
	ffntp_linux_system_device_init(&device, 5000000000);
	assert_null(ffntp_device_connect(clock));
	before_ns = realtime_ns();
	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_at_least(ffntp_time_to_ns(reading.estimate), before_ns, "ns");
	assert_at_most(ffntp_time_to_ns(reading.estimate), realtime_ns(), "");
	assert_int_equal(ffntp_device_info(clock, &info), FFNTP_CLOCK_OK);
	assert_in_range(info.resolution_fs, 1000000, 1000001);
	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_STEADY);
	assert_int_equal(ffntp_device_mark(clock, &mark), FFNTP_CLOCK_OK);
	pause_ms(1);
	assert_int_equal(ffntp_device_elapsed(clock, &ns), FFNTP_CLOCK_OK);
	assert_at_least(ns, 1000000, "");
	assert_int_equal(ffntp_device_since(clock, mark, &duration), FFNTP_CLOCK_OK);
	assert_true(duration.ns >= 1000000 && duration.bound_ns >= 500);
	assert_int_equal(ffntp_device_at(clock, mark, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_at_least(ffntp_time_to_ns(reading.latest), before_ns, "ns");
	ffntp_device_disconnect(clock);
	assert_int_equal(ffntp_device_mark(clock, &mark), FFNTP_CLOCK_DISCONNECTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_synchronised_in_the_background),
		cmocka_unit_test(an_event_loop_drives_it),
		cmocka_unit_test(two_clients_run_side_by_side),
		cmocka_unit_test(the_next_server_is_asked_when_one_is_silent),
		cmocka_unit_test(a_thousand_starts_and_stops_leak_nothing),
		cmocka_unit_test(what_cannot_be_configured_is_refused),
		cmocka_unit_test(a_page_that_is_not_there_is_told),
		cmocka_unit_test(a_page_of_another_process_is_a_clock),
		cmocka_unit_test(the_system_is_a_clock),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
