/*
 * torture_device: a client in the background, and sixteen threads that read its clock in all ways. ThreadSanitizer must
 * find no race, and no reading may be wrong: the server serves this computer's clock, which is therefore the truth.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include <ffntp/linuxdevice.h>

#include "../../tool/loopserver.h"

#define READERS 16

/* Maps that each reader must see. */
#define MAPS 4

struct reader {
	struct ffntp_linux_ntp_device *device;
	uint64_t readings, wrong, maps;
	ffntp_counter at;
	struct ffntp_time steady;
	uint64_t elapsed_ns;
};

static int64_t realtime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec;
}

static void read_now(struct reader *reader, struct ffntp_device *clock)
{
	int64_t before_ns = realtime_ns();
	struct ffntp_reading reading;

	if (ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	reader->readings++;
	reader->wrong +=
		ffntp_time_to_ns(reading.latest) + 1 < before_ns || ffntp_time_to_ns(reading.earliest) > realtime_ns();
}

static void read_steady(struct reader *reader, struct ffntp_device *clock)
{
	struct ffntp_time utc;
	uint64_t ns;

	if (ffntp_device_steady(clock, &utc) == FFNTP_CLOCK_OK) {
		reader->wrong += ffntp_time_is_before(utc, reader->steady);
		reader->steady = utc;
	}
	if (ffntp_device_elapsed(clock, &ns) == FFNTP_CLOCK_OK) {
		reader->wrong += ns < reader->elapsed_ns;
		reader->elapsed_ns = ns;
	}
}

static void read_difference(struct reader *reader, struct ffntp_device *clock)
{
	struct ffntp_duration duration;
	struct ffntp_reading past;
	struct ffntp_mark mark;

	if (ffntp_device_mark(clock, &mark) != FFNTP_CLOCK_OK)
		return;
	if (ffntp_device_since(clock, mark, &duration) == FFNTP_CLOCK_OK)
		reader->wrong += duration.ns < 0;
	if (ffntp_device_at(clock, mark, FFNTP_UTC, UINT64_MAX, &past) == FFNTP_CLOCK_OK)
		reader->wrong += ffntp_time_to_ns(past.earliest) > realtime_ns();
}

static void count_maps(struct reader *reader)
{
	struct ffntp_map map;

	if (ffntp_page_read(reader->device->over_page.reader.page, &map) != FFNTP_CLOCK_OK || map.at == reader->at)
		return;
	reader->at = map.at;
	reader->maps++;
}

static void *run_reader(void *context)
{
	struct reader *reader = context;
	struct ffntp_device *clock = ffntp_linux_ntp_clock(reader->device);

	while (reader->maps < MAPS || reader->readings == 0) {
		read_now(reader, clock);
		read_steady(reader, clock);
		read_difference(reader, clock);
		count_maps(reader);
		sched_yield();
	}
	return NULL;
}

static void sixteen_threads_read_one_device(void **state)
{
	struct loopserver server;
	char name[32];
	const char *const servers[] = { name };
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp_device device;
	struct reader readers[READERS];
	pthread_t threads[READERS];

	(void)state;
	assert_int_equal(loopserver_start(&server, 0), 0);
	snprintf(name, sizeof(name), "127.0.0.1:%u", (unsigned)server.port);
	ffntp_linux_ntp_config_init(&config, servers, 1);
	config.poll_min_s = 1;
	ffntp_linux_ntp_device_init(&device, &config);
	assert_null(ffntp_device_connect(ffntp_linux_ntp_clock(&device)));
	for (size_t i = 0; i < READERS; i++) {
		readers[i] = (struct reader){ .device = &device, .steady = { INT64_MIN, 0 } };
		assert_int_equal(pthread_create(&threads[i], NULL, run_reader, &readers[i]), 0);
	}
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(readers[i].wrong, 0);
	}
	ffntp_device_disconnect(ffntp_linux_ntp_clock(&device));
	loopserver_stop(&server);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(sixteen_threads_read_one_device) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
