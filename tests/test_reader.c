/* reader: the page as a file, and its readers. Files are in a directory of their own in the current one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "assertions.h"
#include <ffntp/linux.h>

#include "../core/device.h"
#include "../core/page.h"
#include "../include/ffntp/linuxdevice.h"
#include "../ports/linux/counter.h"
#include "../ports/linux/pagefile.h"
#include "count.h"

#define S_NS INT64_C(1000000000)

static char directory[] = "ffntp-test-XXXXXX";
static char path[64], lock_path[80], new_path[80];

static struct ffntp_counter_source open_counter(enum ffntp_counter_kind kind)
{
	struct ffntp_counter_source source;

	assert_null(ffntp_counter_open(&source, kind));
	return source;
}

/* --- files --- */

static struct ffntp_pagefile file;
static struct ffntp_linux_reader reader;

static const char *open_file(const struct ffntp_page_identity *identity, struct ffntp_map *former, bool *is_adopted)
{
	return ffntp_pagefile_open(&file, path, identity, former, is_adopted);
}

/* Open a page of this counter as its writer. */
static struct ffntp_counter_source keep_page(enum ffntp_counter_kind kind)
{
	struct ffntp_counter_source source = open_counter(kind);
	struct ffntp_map former;
	bool is_adopted;

	assert_null(open_file(&source.identity, &former, &is_adopted));
	return source;
}

static int clean_up(void **state)
{
	(void)state;
	ffntp_linux_close(&reader);
	if (file.page != NULL)
		ffntp_pagefile_close(&file);
	unlink(path);
	rmdir(path);
	unlink(lock_path);
	unlink(new_path);
	return 0;
}

/* Return a map that shows CLOCK_REALTIME within 1 ms now, and is valid for a minute. */
static struct ffntp_map map_of_now(const struct ffntp_counter_source *source)
{
	struct ffntp_map map = {
		.status = FFNTP_STATUS_SYNCHRONISED,
		.counter_kind = source->kind,
		.maxerror_before_ns = 1000000,
		.maxerror_after_ns = 1000000,
		.esterror_ns = 1000,
	};
	double period = source->period_hint_s * 0x1p64;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	map.at = ffntp_counter_read(source);
	map.time = ffntp_time_from_ns((int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec);
	for (; period < 0x1p62; map.period_shift++)
		period *= 2;
	map.period = map.stable_period = (uint64_t)period;
	map.period_maxerror = (uint64_t)(period * 1e-3);
	map.void_after = map.at + (uint64_t)(60 / source->period_hint_s);
	return map;
}

static struct stat status_of(const char *name)
{
	struct stat status;

	assert_int_equal(stat(name, &status), 0);
	return status;
}

static void a_page_is_created_whole(void **state)
{
	mode_t before = umask(0077);
	struct stat status;

	(void)state;
	keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	umask(before);
	status = status_of(path);
	assert_int_equal(status.st_size, FFNTP_PAGE_SIZE);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_at_least(status.st_blocks * 512, FFNTP_PAGE_SIZE, ""); /* no hole, lest a full disk kill readers */
	assert_int_not_equal(access(new_path, F_OK), 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
}

static void its_directory_is_made(void **state)
{
	char sub[80], name[96], lock[112];
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map former;
	mode_t before = umask(0077);
	bool is_adopted;

	(void)state;
	snprintf(sub, sizeof(sub), "%s/ffntp", directory);
	snprintf(name, sizeof(name), "%s/page", sub);
	snprintf(lock, sizeof(lock), "%s.lock", name);
	assert_null(ffntp_pagefile_open(&file, name, &source.identity, &former, &is_adopted));
	umask(before);
	assert_int_equal(status_of(sub).st_mode & 07777, 0755);
	assert_int_equal(unlink(name) | unlink(lock) | rmdir(sub), 0);
}

static struct ffntp_reading now_by(const struct ffntp_linux_reader *by)
{
	struct ffntp_reading reading;

	assert_int_equal(ffntp_linux_now(by, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	return reading;
}

/* The interval contains CLOCK_REALTIME before and after, because its map was made from it a moment ago. */
static void check_reading(enum ffntp_counter_kind kind)
{
	struct ffntp_counter_source source = keep_page(kind);
	struct ffntp_map map = map_of_now(&source);

	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_int_equal(reader.counter_kind, kind);
	for (unsigned i = 0; i < 1000; i++) {
		struct timespec t;
		struct ffntp_reading first = now_by(&reader), second;

		clock_gettime(CLOCK_REALTIME, &t);
		second = now_by(&reader);
		assert_at_most(ffntp_time_to_ns(first.earliest), (int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec, "");
		assert_at_most((int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec, ffntp_time_to_ns(second.latest), "");
		assert_false(ffntp_time_is_before(second.estimate, first.estimate));
	}
}

static void the_time_is_read_by_the_raw_clock(void **state)
{
	(void)state;
	check_reading(FFNTP_COUNTER_MONOTONIC_RAW);
}

static void the_time_is_read_by_the_tsc(void **state)
{
	(void)state;
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) != NULL)
		skip();
	check_reading(FFNTP_COUNTER_TSC);
}

static enum ffntp_clock_result now_result(const struct ffntp_map *map, enum ffntp_timescale scale, uint64_t cap_ns)
{
	struct ffntp_reading reading;

	ffntp_page_publish(file.page, map, NULL, 0);
	return ffntp_linux_now(&reader, scale, cap_ns, &reading);
}

static void a_reading_is_refused_with_a_reason(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source);

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_OK);
	assert_int_equal(now_result(&map, FFNTP_UTC, 999999), FFNTP_CLOCK_BOUND);
	assert_int_equal(now_result(&map, FFNTP_TAI, UINT64_MAX), FFNTP_CLOCK_TAI_UNKNOWN);
	map.status = FFNTP_STATUS_INITIALISING;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_UNSYNCHRONISED);
	map.status = FFNTP_STATUS_DISRUPTED;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_DISRUPTED);
	map.status = FFNTP_STATUS_FREE_RUNNING;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_OK);
}

static void case_34_a_daemon_that_stopped(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source);

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	map.void_after = map.at + 1;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_VOID);
}

/* A map from the counter's future means that the counter was set back. A packet stamped on another CPU does not. */
static void case_43_a_counter_behind_its_map(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source);

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	map.at = ffntp_counter_read(&source) + 900000;
	map.void_after = map.at + 1000000000;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_OK);
	map.at = ffntp_counter_read(&source) + 1000000000;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_DISRUPTED);
	map.status = FFNTP_STATUS_UNKNOWN;
	assert_int_equal(now_result(&map, FFNTP_UTC, UINT64_MAX), FFNTP_CLOCK_UNSYNCHRONISED);
}

/*
 * The map is of an exchange a minute ago, and was published now: a reading between the two is one of a counter that was
 * set back, too.
 */
static void case_43_a_counter_behind_its_publication(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source);
	struct ffntp_linux_page_device page;
	struct ffntp_device *clock = ffntp_linux_page_clock(&page);
	struct ffntp_reading reading;
	struct ffntp_look look;

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	ffntp_linux_page_device_init(&page, path);
	assert_null(ffntp_device_connect(clock));
	map.at = ffntp_counter_read(&source) - (uint64_t)(60 * S_NS);
	map.void_after = map.at + (uint64_t)(1000 * S_NS);
	for (int ahead_ms = 0; ahead_ms <= 20000; ahead_ms += 20000) {
		bool is_behind = ahead_ms > 0;

		ffntp_page_hold(file.page);
		ffntp_page_publish_steadily(file.page, &map, NULL, 0,
					    ffntp_counter_read(&source) + (uint64_t)ahead_ms * 1000000);
		assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading),
				 is_behind ? FFNTP_CLOCK_DISRUPTED : FFNTP_CLOCK_OK);
		assert_int_equal(clock->ops->look(clock, &look), FFNTP_CLOCK_OK);
		assert_int_equal(ffntp_page_is_set_back(&look.map, look.steady.at, look.now), is_behind);
	}
	ffntp_device_disconnect(clock);
}

static void store_kernel(const struct ffntp_page_kernel *kernel, const struct ffntp_map *map)
{
	ffntp_page_hold(file.page);
	ffntp_page_store_kernel(file.page, kernel);
	ffntp_page_publish_steadily(file.page, map, NULL, 0, kernel->counter);
}

static enum ffntp_clock_result checked(const struct ffntp_page_kernel *kernel, const struct ffntp_map *map)
{
	struct ffntp_reading reading;

	store_kernel(kernel, map);
	return ffntp_linux_now_checked(&reader, FFNTP_UTC, UINT64_MAX, &reading);
}

/* The kernel's clocks stand for themselves, and the page is written as if they had been different. */
static void a_reading_is_checked_by_the_kernels_clocks(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source);
	struct ffntp_page_kernel kernel = { .counter = ffntp_counter_read(&source) }, bent;

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_true(ffntp_counter_read_kernel(&reader.offsets, &kernel.monotonic_ns, &kernel.suspended_ns));
	assert_int_equal(checked(&kernel, &map), FFNTP_CLOCK_OK);
	bent = kernel;
	bent.suspended_ns -= 5000000; /* a suspend of 5 ms */
	assert_int_equal(checked(&bent, &map), FFNTP_CLOCK_DISRUPTED);
	bent = kernel;
	bent.monotonic_ns += 3 * S_NS; /* all clocks went back, by more than went by */
	assert_int_equal(checked(&bent, &map), FFNTP_CLOCK_DISRUPTED);
	bent = kernel;
	bent.monotonic_ns -= 3 * S_NS; /* the counter went back by 3 s against the kernel's clock */
	assert_int_equal(checked(&bent, &map), FFNTP_CLOCK_DISRUPTED);
	bent.counter = 0; /* a writer that does not know the kernel's clocks */
	assert_int_equal(checked(&bent, &map), FFNTP_CLOCK_OK);
	map.status = FFNTP_STATUS_DISRUPTED;
	assert_int_equal(checked(&kernel, &map), FFNTP_CLOCK_DISRUPTED);
}

static void the_past_is_read_with_its_own_map(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map first = map_of_now(&source), second = first;
	struct ffntp_reading reading;

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	second.at += 1000;
	second.time.s += 5;
	ffntp_page_publish(file.page, &first, NULL, 0);
	ffntp_page_publish(file.page, &second, NULL, 0);
	assert_int_equal(ffntp_linux_at(&reader, first.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.estimate.s, first.time.s);
	assert_int_equal(ffntp_linux_at(&reader, second.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(reading.estimate.s, second.time.s);
	assert_int_equal(ffntp_linux_at(&reader, first.at - 1, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_TOO_OLD);
}

/* --- one writer and its successors --- */

static void only_one_daemon_keeps_a_page(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source), former;
	struct ffntp_pagefile other;
	bool is_adopted;

	(void)state;
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_string_equal(ffntp_pagefile_open(&other, path, &source.identity, &former, &is_adopted),
			    "another daemon keeps this clock page");
	assert_null(other.page);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	now_by(&reader);
}

/* Readers that have mapped the page continue through a restart. */
static void case_31_the_next_daemon_takes_over_in_place(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source), former;
	ino_t inode = status_of(path).st_ino;
	bool is_adopted;

	(void)state;
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	ffntp_pagefile_close(&file);
	now_by(&reader);
	assert_null(open_file(&source.identity, &former, &is_adopted));
	assert_true(is_adopted);
	assert_exactly(former.at, map.at, "");
	assert_int_equal(status_of(path).st_ino, inode);
	now_by(&reader);
	map.maxerror_before_ns = 777777;
	map.maxerror_after_ns = 555555;
	map.at = former.at + 1;
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_in_range(now_by(&reader).bound_ns, 777777, 999999);
	assert_false(ffntp_linux_is_replaced(&reader, path));
}

/* Its readers go on with the former map, and so does the next writer. Monotonic UTC waits for that writer. */
static void case_31_a_page_left_in_mid_update_is_continued(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source), former, read;
	struct ffntp_reading reading;
	struct ffntp_time utc;
	bool is_adopted;

	(void)state;
	ffntp_page_publish_steadily(file.page, &map, NULL, 0, map.at);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	ffntp_page_hold(file.page);
	for (size_t at = 0x10; at < 0x68; at++)
		((uint8_t *)file.page)[at] ^= 0xff;
	now_by(&reader);
	assert_int_equal(ffntp_linux_at(&reader, map.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_page_read(file.page, &read), FFNTP_CLOCK_OK);
	assert_int_equal(ffntp_linux_steady(&reader, &utc, NULL), FFNTP_CLOCK_BUSY);
	ffntp_pagefile_close(&file);
	assert_null(open_file(&source.identity, &former, &is_adopted));
	assert_true(is_adopted);
	assert_exactly(former.at, map.at, "");
	now_by(&reader);
	assert_int_equal(ffntp_linux_steady(&reader, &utc, NULL), FFNTP_CLOCK_OK);
}

static void case_31_a_page_left_in_mid_update_without_a_copy_is_repaired_in_place(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map map = map_of_now(&source), former;
	struct ffntp_reading reading;
	bool is_adopted;

	(void)state;
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	((uint8_t *)file.page)[0x0c] |= 1;
	memset((uint8_t *)file.page + 0x150, 0, 8);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_BUSY);
	assert_int_equal(ffntp_linux_at(&reader, map.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_BUSY);
	ffntp_pagefile_close(&file);
	assert_null(open_file(&source.identity, &former, &is_adopted));
	assert_false(is_adopted);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_UNSYNCHRONISED);
	ffntp_page_publish(file.page, &map, NULL, 0);
	now_by(&reader);
}

/* The former readers cannot read our counter: we make a new file, and mark the old page as ended for them. */
static void case_33_a_page_of_another_counter_is_replaced(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_page_identity other = source.identity;
	struct ffntp_map map = map_of_now(&source), former;
	struct ffntp_reading reading;
	ino_t inode = status_of(path).st_ino;
	bool is_adopted;

	(void)state;
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	ffntp_pagefile_close(&file);
	other.counter_kind = FFNTP_COUNTER_OTHER;
	assert_null(open_file(&other, &former, &is_adopted));
	assert_false(is_adopted);
	assert_int_not_equal(status_of(path).st_ino, inode);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISRUPTED);
	assert_int_equal(((const uint8_t *)reader.page)[0x22], 4); /* VMClock's "unreliable": Linux's driver stops */
	assert_true(ffntp_linux_is_replaced(&reader, path));
	ffntp_linux_close(&reader);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_NO_COUNTER);
}

/*
 * A page in memory that cannot be replaced may change its counter; a reader that checked it before gets no wrong time.
 */
static void case_33_a_page_that_changes_its_counter(void **state)
{
	struct ffntp_counter_source source = keep_page(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_page_identity other = source.identity;
	struct ffntp_map map = map_of_now(&source);
	struct ffntp_reading reading;

	(void)state;
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	other.counter_kind = FFNTP_COUNTER_TSC;
	ffntp_page_format(file.page, &other);
	ffntp_page_publish(file.page, &map, NULL, 0);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_COUNTER);
	assert_int_equal(ffntp_linux_at(&reader, map.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_COUNTER);
}

/* --- files at the path --- */

static void write_file(const void *bytes, size_t size)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_at_least(descriptor, 0, "");
	assert_int_equal(write(descriptor, bytes, size), (ssize_t)size);
	close(descriptor);
}

/* Write a page as another writer would have laid it out. */
static void write_page(const struct ffntp_page_identity *identity)
{
	static struct ffntp_page page;

	memset(&page, 0, sizeof(page));
	ffntp_page_format(&page, identity);
	write_file(&page, sizeof(page));
}

/* The reader returns the reason, and so does a daemon, which does not change the file. */
static void check_refused(enum ffntp_page_result expected)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct stat before = status_of(path), after;
	struct ffntp_map former;
	bool is_adopted;

	assert_int_equal(ffntp_linux_open(&reader, path), expected);
	assert_non_null(open_file(&source.identity, &former, &is_adopted));
	after = status_of(path);
	assert_true(before.st_ino == after.st_ino && before.st_size == after.st_size);
	assert_int_equal(ffntp_linux_open(&reader, path), expected);
}

static void case_32_no_page(void **state)
{
	static const uint8_t garbage[2 * FFNTP_PAGE_SIZE] = { 'V', 'C', 'L', 'K' ^ 1, 7 };

	(void)state;
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_MISSING);
	write_file("", 0);
	check_refused(FFNTP_PAGE_TRUNCATED);
	write_file(garbage, FFNTP_PAGE_SIZE - 1);
	check_refused(FFNTP_PAGE_TRUNCATED);
	write_file(garbage, sizeof(garbage));
	check_refused(FFNTP_PAGE_FOREIGN);
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	check_refused(FFNTP_PAGE_MISSING);
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	check_refused(FFNTP_PAGE_MISSING);
}

/* A different layout: it is neither read nor written into, but replaced. */
static void case_42_a_page_of_another_version(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map former;
	bool is_adopted;
	uint8_t bytes[FFNTP_PAGE_SIZE], *mapped;
	int descriptor;

	(void)state;
	write_page(&source.identity);
	descriptor = open(path, O_RDWR);
	mapped = mmap(NULL, FFNTP_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	close(descriptor);
	mapped[0x804] = 3;
	memcpy(bytes, mapped, sizeof(bytes));
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_VERSION);
	assert_null(open_file(&source.identity, &former, &is_adopted));
	assert_false(is_adopted);
	assert_memory_equal(bytes, mapped, sizeof(bytes));
	munmap(mapped, FFNTP_PAGE_SIZE);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
}

/* Copy the page to a folder of a tmpfs, and open it there. */
static enum ffntp_page_result open_in_memory(void)
{
	char folder[] = "/dev/shm/ffntp-test-XXXXXX", copy[64];
	struct ffntp_linux_reader other;
	uint8_t bytes[FFNTP_PAGE_SIZE];
	enum ffntp_page_result result;
	int descriptor;

	assert_non_null(mkdtemp(folder));
	snprintf(copy, sizeof copy, "%s/page", folder);
	descriptor = open(path, O_RDONLY);
	assert_int_equal(read(descriptor, bytes, sizeof bytes), sizeof bytes);
	close(descriptor);
	descriptor = open(copy, O_WRONLY | O_CREAT, 0644);
	assert_int_equal(write(descriptor, bytes, sizeof bytes), sizeof bytes);
	close(descriptor);
	result = ffntp_linux_open(&other, copy);
	if (result == FFNTP_PAGE_OK)
		ffntp_linux_close(&other);
	unlink(copy);
	rmdir(folder);
	return result;
}

/* A tmpfs does not outlive the kernel, so that its pages are of this boot. */
static void case_33_boot_ids_do_not_matter_in_memory(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_page_identity other = source.identity;
	struct statfs memory;

	(void)state;
	if (statfs("/dev/shm", &memory) != 0 || memory.f_type != TMPFS_MAGIC)
		skip();
	other.boot_id[3] ^= 1;
	write_page(&other);
	assert_int_equal(open_in_memory(), FFNTP_PAGE_OK);
	memset(other.boot_id, 0, sizeof other.boot_id);
	write_page(&other);
	assert_int_equal(open_in_memory(), FFNTP_PAGE_OK);
	other.time_namespace++;
	write_page(&other);
	assert_int_equal(open_in_memory(), FFNTP_PAGE_OTHER_NAMESPACE);
}

/*
 * Return whether the pages of these tests are in memory, where boot ids are not compared, because packages are often
 * built there. cmocka's skip() is a failure for Debian 12's meson.
 */
static bool are_pages_in_memory(void)
{
	struct statfs memory;

	return statfs(directory, &memory) == 0 && memory.f_type == TMPFS_MAGIC;
}

static void case_33_a_page_without_a_boot_id(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_page_identity unknown = source.identity;
	struct ffntp_map former;
	bool is_adopted;

	(void)state;
	if (are_pages_in_memory())
		return;
	memset(unknown.boot_id, 0, sizeof unknown.boot_id);
	write_page(&unknown);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_UNKNOWN_BOOT);
	assert_null(open_file(&unknown, &former, &is_adopted));
	assert_false(is_adopted);
}

static void case_33_a_page_of_another_world(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_page_identity other = source.identity;

	(void)state;
	if (are_pages_in_memory())
		return;
	write_page(&other);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	ffntp_linux_close(&reader);
	other.boot_id[3] ^= 1;
	write_page(&other);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OTHER_BOOT);
	other = source.identity;
	other.time_namespace++;
	write_page(&other);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OTHER_NAMESPACE);
	other = source.identity;
	other.counter_kind = FFNTP_COUNTER_OTHER;
	write_page(&other);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_NO_COUNTER);
	other.counter_kind = FFNTP_COUNTER_ARM_VIRTUAL;
	write_page(&other);
#if defined(__x86_64__)
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_NO_COUNTER);
#endif
}

/*
 * Open the page in another time namespace. The second fork is needed because only children move into it. Exits with the
 * result of the open, or 99.
 */
static void open_elsewhere(void)
{
	pid_t child;
	int status;

	if (unshare(CLONE_NEWTIME) != 0)
		_exit(99);
	child = fork();
	if (child == 0)
		_exit((int)ffntp_linux_open(&reader, path));
	waitpid(child, &status, 0);
	_exit(WEXITSTATUS(status));
}

/* CLOCK_MONOTONIC_RAW is shifted in a time namespace; the TSC is not. */
static void check_namespace(enum ffntp_counter_kind kind, enum ffntp_page_result expected)
{
	pid_t child;
	int status;

	keep_page(kind);
	child = fork();
	if (child == 0)
		open_elsewhere();
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 99)
		skip();
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void case_33_a_reader_in_another_time_namespace(void **state)
{
	(void)state;
	check_namespace(FFNTP_COUNTER_MONOTONIC_RAW, FFNTP_PAGE_OTHER_NAMESPACE);
}

static void a_tsc_is_the_same_in_every_time_namespace(void **state)
{
	(void)state;
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) != NULL)
		skip();
	check_namespace(FFNTP_COUNTER_TSC, FFNTP_PAGE_OK);
}

static void a_link_is_not_followed_by_a_daemon(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map former;
	bool is_adopted;

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_non_null(open_file(&source.identity, &former, &is_adopted));
	unlink(path);
	unlink(lock_path);
	assert_int_equal(symlink("/nonexistent", lock_path), 0);
	assert_non_null(open_file(&source.identity, &former, &is_adopted));
}

static void paths_that_lead_nowhere(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_map former;
	bool is_adopted;

	(void)state;
	assert_non_null(
		ffntp_pagefile_open(&file, "/nonexistent/directory/page", &source.identity, &former, &is_adopted));
	assert_non_null(ffntp_pagefile_open(&file, "/dev/null/page", &source.identity, &former, &is_adopted));
	assert_int_equal(ffntp_linux_open(&reader, "/nonexistent/directory/page"), FFNTP_PAGE_MISSING);
}

static void the_default_path_depends_on_the_user(void **state)
{
	char name[FFNTP_LINUX_PATH_SIZE];

	(void)state;
	assert_true(ffntp_linux_default_path(name));
	if (geteuid() == 0) {
		assert_string_equal(name, "/run/ffntp/page");
		return;
	}
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	assert_true(ffntp_linux_default_path(name));
	assert_string_equal(name, "/run/user/1/ffntp/page");
	unsetenv("XDG_RUNTIME_DIR");
	assert_true(ffntp_linux_default_path(name));
	assert_non_null(strstr(name, "/tmp/ffntp-"));
}

#define TEST(name) cmocka_unit_test_teardown(name, clean_up)

/* --- VMClock --- */

/* Build a page from VMClock's specification alone, by a map of now and the bound that VMClock's fields state. */
static void write_vmclock(const struct ffntp_map *map, uint8_t counter_id, uint64_t flags)
{
	uint8_t bytes[FFNTP_PAGE_SIZE] = { 'V', 'C', 'L', 'K', 0, 0x10, 0, 0, 1, 0, counter_id, 0, 2 };
	const struct {
		size_t offset;
		uint64_t value;
	} words[] = {
		{ 0x10, 5 },
		{ 0x18, flags },
		{ 0x20, (uint64_t)2 << 16 | (uint64_t)map->period_shift << 56 },
		{ 0x28, map->at },
		{ 0x30, map->period },
		{ 0x40, map->period_maxerror },
		{ 0x48, (uint64_t)map->time.s },
		{ 0x50, map->time.frac },
		{ 0x60, map->maxerror_before_ns },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		memcpy(bytes + words[i].offset, &words[i].value, 8); /* tests run on little-endian machines */
	write_file(bytes, sizeof bytes);
}

static int64_t realtime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec;
}

#define BOUNDED (UINT64_C(1) << 4 | UINT64_C(1) << 6)

static void vmclock_pages_of_other_writers_are_read(void **state)
{
	struct ffntp_counter_source source;
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	struct ffntp_reading reading;
	struct ffntp_time steady;
	struct ffntp_map map;
	int64_t before_ns;
	size_t count = 9;

	(void)state;
	if (ffntp_counter_open(&source, FFNTP_COUNTER_TSC) != NULL)
		skip();
	map = map_of_now(&source);
	write_vmclock(&map, 1, BOUNDED);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_true(reader.is_foreign);
	before_ns = realtime_ns();
	reading = now_by(&reader);
	assert_true(ffntp_time_to_ns(reading.earliest) <= realtime_ns());
	assert_true(ffntp_time_to_ns(reading.latest) >= before_ns);
	assert_true(reading.status == FFNTP_STATUS_SYNCHRONISED);
	assert_int_equal(ffntp_page_read_sources(reader.page, sources, &count), FFNTP_CLOCK_OK);
	assert_int_equal(count, 0);
	assert_int_equal(ffntp_linux_steady(&reader, &steady, NULL), FFNTP_CLOCK_STEADY);
	assert_int_equal(ffntp_linux_at(&reader, map.at, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(reading.estimate.s == map.time.s && reading.bound_ns == 1000000);
	assert_int_equal(ffntp_linux_at(&reader, map.at - 1, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_TOO_OLD);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, 999999, &reading), FFNTP_CLOCK_BOUND);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_TAI, UINT64_MAX, &reading), FFNTP_CLOCK_TAI_UNKNOWN);
	ffntp_linux_close(&reader);
	map.at += (uint64_t)(10 / source.period_hint_s);
	write_vmclock(&map, 1, BOUNDED);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_DISRUPTED);
	ffntp_linux_close(&reader);
	map.at -= (uint64_t)(7200 / source.period_hint_s);
	write_vmclock(&map, 1, BOUNDED);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_VOID);
	ffntp_linux_close(&reader);
	write_vmclock(&map, 1, 0);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_NO_BOUND);
	assert_int_equal(ffntp_page_read(reader.page, &map), FFNTP_CLOCK_NO_BOUND);
}

/* The prepared line lies in the block, which such a page does not have; what lies there instead is not used. */
static void a_line_without_a_block_is_not_read(void **state)
{
	struct ffntp_counter_source source;
	struct ffntp_reading reading;
	struct ffntp_map map;
	int descriptor;

	(void)state;
	if (ffntp_counter_open(&source, FFNTP_COUNTER_TSC) != NULL)
		skip();
	assert_null(open_file(&source.identity, &map, &(bool){ false }));
	map = map_of_now(&source);
	ffntp_page_publish(file.page, &map, NULL, 0);
	descriptor = open(path, O_WRONLY);
	assert_int_equal(pwrite(descriptor, "none", 4, 0x800), 4);
	assert_int_equal(pwrite(descriptor, "\1\0\0\0", 4, 0x60), 4); /* 1 ns: VMClock's bound */
	close(descriptor);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_OK);
	assert_int_equal(ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_true(reading.bound_ns < 1000000);
}

static void vmclock_pages_without_time(void **state)
{
	const struct ffntp_map map = { .period = 1 };

	(void)state;
	write_vmclock(&map, 0xff, BOUNDED);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_NO_TIME);
#if defined(__x86_64__)
	write_vmclock(&map, 0, BOUNDED);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_NO_COUNTER);
#endif
	assert_int_equal(ffntp_linux_open(&reader, "/dev/zero"), FFNTP_PAGE_FOREIGN); /* a device that can be mapped */
	assert_int_equal(ffntp_linux_open(&reader, "/dev/null"), FFNTP_PAGE_MISSING); /* and one that cannot */
}

/* A machine monitor has mapped the file, or created it, so that the page stays in it. */
static void a_page_for_a_guest_stays_in_its_file(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	struct ffntp_page_identity guests = source.identity;
	uint8_t zeroes[2 * FFNTP_PAGE_SIZE] = { 0 };
	struct ffntp_map former;
	bool is_adopted = true;
	ino_t inode;

	(void)state;
	guests.is_guests = true;
	write_file(zeroes, sizeof zeroes);
	inode = status_of(path).st_ino;
	assert_null(open_file(&guests, &former, &is_adopted));
	assert_false(is_adopted);
	ffntp_page_format(file.page, &guests);
	ffntp_pagefile_close(&file);
	assert_int_equal(ffntp_linux_open(&reader, path), FFNTP_PAGE_GUESTS);
	assert_null(open_file(&guests, &former, &is_adopted));
	assert_false(is_adopted);
	assert_true(status_of(path).st_ino == inode && status_of(path).st_size == sizeof zeroes);
	ffntp_pagefile_close(&file);
	assert_null(open_file(&source.identity, &former, &is_adopted)); /* a daemon's own page is never a guest's */
	assert_false(is_adopted);
	assert_int_not_equal(status_of(path).st_ino, inode);
	ffntp_pagefile_close(&file);
	assert_non_null(open_file(&guests, &former, &is_adopted)); /* nor the other way round */
	zeroes[5000] = 1;
	zeroes[50] = 1;
	write_file(zeroes, sizeof zeroes);
	assert_non_null(open_file(&guests, &former, &is_adopted));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_page_is_created_whole),
		TEST(its_directory_is_made),
		TEST(the_time_is_read_by_the_raw_clock),
		TEST(the_time_is_read_by_the_tsc),
		TEST(a_reading_is_refused_with_a_reason),
		TEST(case_34_a_daemon_that_stopped),
		TEST(case_43_a_counter_behind_its_map),
		TEST(case_43_a_counter_behind_its_publication),
		TEST(a_reading_is_checked_by_the_kernels_clocks),
		TEST(the_past_is_read_with_its_own_map),
		TEST(only_one_daemon_keeps_a_page),
		TEST(case_31_the_next_daemon_takes_over_in_place),
		TEST(case_31_a_page_left_in_mid_update_is_continued),
		TEST(case_31_a_page_left_in_mid_update_without_a_copy_is_repaired_in_place),
		TEST(case_33_a_page_of_another_counter_is_replaced),
		TEST(case_33_a_page_that_changes_its_counter),
		TEST(case_32_no_page),
		TEST(case_42_a_page_of_another_version),
		TEST(case_33_a_page_of_another_world),
		TEST(case_33_boot_ids_do_not_matter_in_memory),
		TEST(case_33_a_page_without_a_boot_id),
		TEST(case_33_a_reader_in_another_time_namespace),
		TEST(a_tsc_is_the_same_in_every_time_namespace),
		TEST(a_link_is_not_followed_by_a_daemon),
		TEST(paths_that_lead_nowhere),
		TEST(the_default_path_depends_on_the_user),
		TEST(vmclock_pages_of_other_writers_are_read),
		TEST(a_line_without_a_block_is_not_read),
		TEST(vmclock_pages_without_time),
		TEST(a_page_for_a_guest_stays_in_its_file),
	};
	int failed;

	if (mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/page", directory);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
