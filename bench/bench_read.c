/*
 * Measures the cost of a reading: ns per call and calls per second in one thread, the median of several rounds in which
 * all candidates take turns, and the ratio to clock_gettime(CLOCK_REALTIME) in the same rounds. This program judges
 * nothing; make bench prints the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ffntp/linux.h>
#include <ffntp/linuxdevice.h>

#include "../ports/linux/counter.h"
#include "../ports/linux/pagefile.h"

/* Turns are short because other work of the machine then hits neighbouring turns alike, and most turns not at all. */
#define ROUNDS 1501
#define CALLS 2000

struct bench {
	struct ffntp_pagefile file;
	struct ffntp_linux_reader reader;
	struct ffntp_linux_page_device device;
	bool is_open;
	char path[64];
};

static struct bench tsc, raw;
static volatile uint64_t sink; /* so that no call is optimised away */

/* --- candidates: each makes CALLS calls --- */

static void time_of_system(void)
{
	struct timespec t;

	for (unsigned i = 0; i < CALLS; i++) {
		clock_gettime(CLOCK_REALTIME, &t);
		sink = (uint64_t)t.tv_nsec;
	}
}

static void time_of_system_raw(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		sink = ffntp_counter_read_raw();
}

static void counter_only(void)
{
	for (unsigned i = 0; i < CALLS; i++)
		sink = ffntp_linux_counter(&tsc.reader);
}

static void bounded(const struct bench *bench)
{
	struct ffntp_reading reading;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_linux_now(&bench->reader, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
			abort();
		sink = reading.earliest.frac ^ reading.latest.frac;
	}
}

static void bounded_tsc(void)
{
	bounded(&tsc);
}

static void bounded_raw(void)
{
	bounded(&raw);
}

static void checked_tsc(void)
{
	struct ffntp_reading reading;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_linux_now_checked(&tsc.reader, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
			abort();
		sink = reading.earliest.frac ^ reading.latest.frac;
	}
}

static void past_tsc(void)
{
	ffntp_counter then = ffntp_linux_counter(&tsc.reader);
	struct ffntp_reading reading;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_linux_at(&tsc.reader, then, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
			abort();
		sink = reading.estimate.frac;
	}
}

/* The same reading through a device, which also returns bound and errors. */
static void device_tsc(void)
{
	struct ffntp_reading reading;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_device_now(ffntp_linux_page_clock(&tsc.device), FFNTP_UTC, UINT64_MAX, &reading) !=
		    FFNTP_CLOCK_OK)
			abort();
		sink = reading.earliest.frac ^ reading.latest.frac;
	}
}

static void steady_tsc(void)
{
	struct ffntp_time utc;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_device_steady(ffntp_linux_page_clock(&tsc.device), &utc) != FFNTP_CLOCK_OK)
			abort();
		sink = utc.frac;
	}
}

static void elapsed_tsc(void)
{
	uint64_t ns;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_device_elapsed(ffntp_linux_page_clock(&tsc.device), &ns) != FFNTP_CLOCK_OK)
			abort();
		sink = ns;
	}
}

static void mark_tsc(void)
{
	struct ffntp_mark mark;

	for (unsigned i = 0; i < CALLS; i++) {
		if (ffntp_device_mark(ffntp_linux_page_clock(&tsc.device), &mark) != FFNTP_CLOCK_OK)
			abort();
		sink = mark.counter;
	}
}

struct candidate {
	const char *name;
	void (*run)(void);
	bool needs_tsc;
};

static const struct candidate candidates[] = {
	{ "clock_gettime(CLOCK_REALTIME)", time_of_system, false },
	{ "clock_gettime(CLOCK_MONOTONIC_RAW)", time_of_system_raw, false },
	{ "the TSC alone", counter_only, true },
	{ "bounded reading, TSC", bounded_tsc, true },
	{ "bounded reading, CLOCK_MONOTONIC_RAW", bounded_raw, false },
	{ "reading checked by the kernel, TSC", checked_tsc, true },
	{ "conversion of a past TSC value", past_tsc, true },
	{ "bounded reading of a device, TSC", device_tsc, true },
	{ "steady UTC of a device, TSC", steady_tsc, true },
	{ "elapsed of a device, TSC", elapsed_tsc, true },
	{ "mark of a device, TSC", mark_tsc, true },
};

#define CANDIDATES (sizeof(candidates) / sizeof(candidates[0]))

/* --- set-up --- */

/* A plausible map: microseconds of error, made a moment ago, good for an hour. */
static struct ffntp_map make_map(const struct ffntp_counter_source *source)
{
	struct ffntp_map map = {
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = source->kind,
		.tai_is_known = true,
		.tai_offset_s = 37,
		.at = ffntp_counter_read(source),
		.time = { time(NULL) + 37, 0 },
		.esterror_ns = 4000,
		.asymmetry_esterror_ns = 52000,
		.maxerror_before_ns = 90000,
		.maxerror_after_ns = 150000,
	};
	double period = source->period_hint_s * 0x1p64;

	while (period < 0x1p62 && map.period_shift < 62) {
		period *= 2;
		map.period_shift++;
	}
	map.period = (uint64_t)period;
	map.period_esterror = (uint64_t)(period * 1e-8);
	map.period_maxerror = (uint64_t)(period * 1e-6);
	map.stable_period = map.period;
	map.stable_esterror = map.period_esterror;
	map.void_after = map.at + (uint64_t)(3600 / source->period_hint_s);
	return map;
}

static bool bench_open(struct bench *bench, enum ffntp_counter_kind kind, const char *directory)
{
	struct ffntp_counter_source source;
	const char *problem = ffntp_counter_open(&source, kind);
	struct ffntp_page_kernel kernel;
	struct ffntp_map map;
	bool is_adopted;

	if (problem == NULL) {
		snprintf(bench->path, sizeof(bench->path), "%s/page-%d", directory, (int)kind);
		problem = ffntp_pagefile_open(&bench->file, bench->path, &source.identity, &map, &is_adopted);
	}
	if (problem != NULL) {
		printf("bench_read: %s\n", problem);
		return false;
	}
	map = make_map(&source);
	kernel = ffntp_counter_kernel(&source);
	ffntp_page_hold(bench->file.page);
	ffntp_page_store_kernel(bench->file.page, &kernel);
	ffntp_page_publish_steadily(bench->file.page, &map, NULL, 0, ffntp_counter_read(&source));
	ffntp_linux_page_device_init(&bench->device, bench->path);
	bench->is_open = ffntp_linux_open(&bench->reader, bench->path) == FFNTP_PAGE_OK &&
			 ffntp_device_connect(ffntp_linux_page_clock(&bench->device)) == NULL;
	return bench->is_open;
}

static void bench_close(struct bench *bench)
{
	char lock[80];

	if (!bench->is_open)
		return;
	ffntp_linux_close(&bench->reader);
	ffntp_device_disconnect(ffntp_linux_page_clock(&bench->device));
	ffntp_pagefile_close(&bench->file);
	snprintf(lock, sizeof(lock), "%s.lock", bench->path);
	unlink(bench->path);
	unlink(lock);
}

/* --- measuring --- */

static double run_once(const struct candidate *candidate)
{
	uint64_t begin = ffntp_counter_read_raw();

	candidate->run();
	return (double)(ffntp_counter_read_raw() - begin) / CALLS;
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(const double values[ROUNDS])
{
	double sorted[ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(sorted[0]), compare);
	return sorted[ROUNDS / 2];
}

static void measure(void)
{
	static double ns[CANDIDATES][ROUNDS], ratio[CANDIDATES][ROUNDS];

	for (unsigned round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < CANDIDATES; i++) {
			if (candidates[i].needs_tsc && !tsc.is_open)
				continue;
			ns[i][round] = run_once(&candidates[i]);
			ratio[i][round] = ns[i][round] / ns[0][round];
		}
	printf("%-40s %8s %10s %8s\n", "", "ns", "10^6/s", "ratio");
	for (size_t i = 0; i < CANDIDATES; i++)
		if (!candidates[i].needs_tsc || tsc.is_open)
			printf("%-40s %8.1f %10.1f %8.2f\n", candidates[i].name, median(ns[i]), 1e3 / median(ns[i]),
			       median(ratio[i]));
}

int main(void)
{
	char directory[] = "/tmp/ffntp-bench-XXXXXX";

	if (mkdtemp(directory) == NULL) {
		perror("bench_read");
		return 1;
	}
	if (!bench_open(&tsc, FFNTP_COUNTER_TSC, directory))
		printf("bench_read: no readings with the TSC here\n");
	if (bench_open(&raw, FFNTP_COUNTER_MONOTONIC_RAW, directory))
		measure();
	bench_close(&tsc);
	bench_close(&raw);
	return rmdir(directory) == 0 ? 0 : 1;
}
