/*
 * wakeup: the signs of a disruption. Files stand for the device of VMClock and for the RTC. With large file
 * offsets the sources call the functions that end in 64.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../ports/linux/wakeup.h"

#define S_NS UINT64_C(1000000000)

/* The world: its files, the counter (ns), and CLOCK_BOOTTIME (s). */
static char vmclock_path[] = "/tmp/ffntp-vmclock-XXXXXX", rtc_path[] = "/tmp/ffntp-rtc-XXXXXX";
static bool has_vmclock, has_rtc, can_poll;
static bool is_page_new; /* VMClock's device has not been read since the page changed */
static int64_t world_ns;
static unsigned rtc_readings;

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_poll(struct pollfd *ready, nfds_t count, int timeout_ms);
ssize_t __real_pread64(int descriptor, void *bytes, size_t size, off_t from);
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t size, off_t from);
ssize_t __wrap_pread(int descriptor, void *bytes, size_t size, off_t from);
int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

static int open_file(const char *path, int flags)
{
	if (strcmp(path, "/dev/vmclock0") == 0)
		return has_vmclock ? __real_open64(vmclock_path, flags) : -1;
	if (strcmp(path, "/sys/class/rtc/rtc0/since_epoch") == 0) {
		rtc_readings++;
		return has_rtc ? __real_open64(rtc_path, flags) : -1;
	}
	return __real_open64(path, flags);
}

int __wrap_open(const char *path, int flags, ...)
{
	return open_file(path, flags);
}

int __wrap_open64(const char *path, int flags, ...)
{
	return open_file(path, flags);
}

/* The device that can be polled is ready until it was read; a driver that cannot be polled is always ready. */
int __wrap_poll(struct pollfd *ready, nfds_t count, int timeout_ms)
{
	assert_true(count == 1 && timeout_ms == 0);
	ready->revents = !can_poll || is_page_new ? POLLIN : 0;
	return ready->revents != 0;
}

ssize_t __wrap_pread64(int descriptor, void *bytes, size_t size, off_t from)
{
	is_page_new = false;
	return __real_pread64(descriptor, bytes, size, from);
}

ssize_t __wrap_pread(int descriptor, void *bytes, size_t size, off_t from)
{
	return __wrap_pread64(descriptor, bytes, size, from);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = __real_clock_gettime(clock, t);

	if (clock == CLOCK_BOOTTIME)
		*t = (struct timespec){ world_ns / FFNTP_NS_PER_S, world_ns % FFNTP_NS_PER_S };
	return result;
}

static void store(const char *path, off_t at, const void *bytes, size_t size)
{
	int descriptor = __real_open64(path, O_WRONLY);

	assert_true(descriptor >= 0);
	assert_int_equal(pwrite(descriptor, bytes, size, at), size);
	close(descriptor);
}

static void set_word(off_t at, uint64_t value)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
	store(vmclock_path, at, bytes, sizeof bytes);
	is_page_new = true;
}

static void set_rtc(int64_t s)
{
	char text[24] = { 0 };
	int length = snprintf(text, sizeof text, "%lld\n", (long long)s);

	store(rtc_path, 0, text, (size_t)length);
}

static int set_up(void **state)
{
	(void)state;
	close(mkstemp(vmclock_path));
	close(mkstemp(rtc_path));
	return truncate(vmclock_path, 4096);
}

static int tear_down(void **state)
{
	(void)state;
	unlink(vmclock_path);
	unlink(rtc_path);
	return 0;
}

static struct ffntp_wakeup open_wakeup(bool may_jump)
{
	const struct ffntp_counter_source source = { .kind = FFNTP_COUNTER_MONOTONIC_RAW,
						     .period_hint_s = 1e-9,
						     .may_jump = may_jump };
	struct ffntp_wakeup wakeup;

	ffntp_wakeup_open(&wakeup, &source);
	return wakeup;
}

static void nothing_is_found_where_nothing_is(void **state)
{
	struct ffntp_wakeup wakeup = open_wakeup(true);
	struct pollfd ready[FFNTP_WAKEUP_DESCRIPTORS];

	(void)state;
	assert_int_equal(ffntp_wakeup_descriptors(&wakeup, ready), 1); /* the timer */
	assert_false(ffntp_wakeup_look(&wakeup, 1));
	ffntp_wakeup_close(&wakeup);
	assert_int_equal(ffntp_wakeup_descriptors(&wakeup, ready), 0);
	assert_false(ffntp_wakeup_look(&wakeup, 4));
}

static void vmclocks_marker_and_generation_are_watched(void **state)
{
	struct pollfd ready[FFNTP_WAKEUP_DESCRIPTORS];
	struct ffntp_wakeup wakeup;

	(void)state;
	has_vmclock = can_poll = true;
	set_word(0, 0x4b4c4356);
	set_word(0x10, 7);
	wakeup = open_wakeup(true);
	assert_int_equal(ffntp_wakeup_descriptors(&wakeup, ready), 2);
	assert_false(ffntp_wakeup_look(&wakeup, 1));
	for (off_t at = 0x10; at <= 0x68; at += 8) {
		set_word(at, UINT64_C(1) << 40);
		ready[0].revents = 0;
		ready[1].revents = POLLIN;
		ffntp_wakeup_rearm(&wakeup, ready, 2);
		assert_int_equal(ffntp_wakeup_look(&wakeup, 1), at == 0x10 || at == 0x68);
		assert_false(is_page_new); /* so that poll() waits for the next change */
		assert_false(ffntp_wakeup_look(&wakeup, 1));
	}
	ffntp_wakeup_close(&wakeup);
}

/* The page is looked at all the same. */
static void a_device_that_cannot_be_polled_is_not(void **state)
{
	struct pollfd ready[FFNTP_WAKEUP_DESCRIPTORS];
	struct ffntp_wakeup wakeup;

	(void)state;
	has_vmclock = true;
	can_poll = false;
	set_word(0, 0x4b4c4356);
	wakeup = open_wakeup(true);
	assert_int_equal(ffntp_wakeup_descriptors(&wakeup, ready), 1);
	set_word(0x10, 8);
	assert_true(ffntp_wakeup_look(&wakeup, 1));
	ffntp_wakeup_close(&wakeup);
}

static void a_device_that_is_no_vmclock_is_left_alone(void **state)
{
	struct pollfd ready[FFNTP_WAKEUP_DESCRIPTORS];
	struct ffntp_wakeup wakeup;

	(void)state;
	has_vmclock = can_poll = true;
	set_word(0, 0x4b4c4357);
	wakeup = open_wakeup(true);
	assert_int_equal(ffntp_wakeup_descriptors(&wakeup, ready), 1);
	set_word(0x10, 9);
	assert_false(ffntp_wakeup_look(&wakeup, 1));
	ffntp_wakeup_close(&wakeup);
	has_vmclock = false;
}

/* Let seconds pass, with LOOKS looks in each; the machine stands still for some time before. */
#define LOOKS 20

static unsigned pass(struct ffntp_wakeup *wakeup, ffntp_counter *counter, int seconds, int stop_s)
{
	static int64_t date_s = 1800000000;
	unsigned found = 0;

	date_s += stop_s;
	for (int i = 0; i < seconds; i++) {
		set_rtc(++date_s);
		for (int j = 0; j < LOOKS; j++) {
			world_ns += FFNTP_NS_PER_S / LOOKS;
			found += ffntp_wakeup_look(wakeup, *counter += S_NS / LOOKS);
		}
	}
	return found;
}

/* The RTC goes on while the hypervisor stops the guest, with all its other clocks. It is read every 0.1 s at most, so
 * that a daemon that looks every 0.9 s finds the stop within a second. */
static void a_guest_that_was_stopped_is_found_by_the_rtc(void **state)
{
	struct ffntp_wakeup wakeup;
	struct ffntp_counter_source source = { .period_hint_s = 1e-9 };
	ffntp_counter counter;

	(void)state;
	has_rtc = true;
	set_rtc(1800000000);
	wakeup = open_wakeup(true);
	counter = ffntp_counter_read_raw();
	assert_int_equal(pass(&wakeup, &counter, 100, 0), 0);
	rtc_readings = 0;
	assert_int_equal(pass(&wakeup, &counter, 100, 0), 0);
	assert_int_equal(rtc_readings, 100 * 10);
	assert_int_equal(ffntp_wakeup_period_ms(&wakeup), 900);
	assert_int_equal(pass(&wakeup, &counter, 1, 5), 1);
	assert_int_equal(pass(&wakeup, &counter, 100, 0), 0);
	/* A disruption that the caller knows of is not found once more. */
	counter += 3600 * S_NS;
	ffntp_wakeup_disrupted(&wakeup, &source);
	wakeup.stall.begin = counter; /* the counter that it read is the machine's, not this world's */
	assert_int_equal(pass(&wakeup, &counter, 100, 0), 0);
	ffntp_wakeup_close(&wakeup);
}

/* Elsewhere CLOCK_BOOTTIME shows a suspend, and reading the RTC only costs time. */
static void the_rtc_is_read_in_guests_only(void **state)
{
	struct ffntp_wakeup wakeup;
	ffntp_counter counter = ffntp_counter_read_raw();

	(void)state;
	has_rtc = true;
	rtc_readings = 0;
	wakeup = open_wakeup(false);
	assert_int_equal(pass(&wakeup, &counter, 10, 5), 0);
	assert_int_equal(rtc_readings, 0);
	assert_int_equal(ffntp_wakeup_period_ms(&wakeup), 1000);
	ffntp_wakeup_close(&wakeup);
	has_rtc = false;
	wakeup = open_wakeup(true);
	assert_int_equal(pass(&wakeup, &counter, 10, 5), 0);
	assert_int_equal(rtc_readings, 1);
	ffntp_wakeup_close(&wakeup);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_where_nothing_is),
		cmocka_unit_test(vmclocks_marker_and_generation_are_watched),
		cmocka_unit_test(a_device_that_cannot_be_polled_is_not),
		cmocka_unit_test(a_device_that_is_no_vmclock_is_left_alone),
		cmocka_unit_test(a_guest_that_was_stopped_is_found_by_the_rtc),
		cmocka_unit_test(the_rtc_is_read_in_guests_only),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
