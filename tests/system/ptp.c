/*
 * Loaded into a process with LD_PRELOAD: the device that FAKE_PTP names is a PTP hardware clock whose time is
 * CLOCK_REALTIME, a clock that the program under test does not use as a source. The file that FAKE_PTP_STATE names has
 * what the device does, words and numbers; it is read at each call, so that a test can change it:
 *
 *   precise N, raw N, extended N   1: the driver has these requests (raw: with CLOCK_MONOTONIC_RAW)
 *   before NS, after NS            how long a reading takes before and after the clock's time is taken
 *   shift NS                       is added to its time
 *   error N                        every call fails with this error
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define VISIBLE __attribute__((visibility("default")))

struct state {
	long long precise, raw, extended, before, after, shift, error;
};

static int device = -1; /* the descriptor of the open device */

static void read_state(struct state *state)
{
	char text[512], word[16];
	const char *path = getenv("FAKE_PTP_STATE"), *at = text;
	int file = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1, length;
	ssize_t size = file >= 0 ? read(file, text, sizeof(text) - 1) : 0;
	long long value;

	*state = (struct state){ .extended = 1 };
	text[size > 0 ? size : 0] = '\0';
	if (file >= 0)
		close(file);
	for (; sscanf(at, " %15s %lld%n", word, &value, &length) == 2; at += length) {
		*(strcmp(word, "precise") == 0    ? &state->precise
		  : strcmp(word, "raw") == 0      ? &state->raw
		  : strcmp(word, "extended") == 0 ? &state->extended
		  : strcmp(word, "before") == 0   ? &state->before
		  : strcmp(word, "after") == 0    ? &state->after
		  : strcmp(word, "shift") == 0    ? &state->shift
						  : &state->error) = value;
	}
}

/* The C library's function, because a system call takes longer than what is tested here. */
static int real_gettime(clockid_t clock, struct timespec *now)
{
	static int (*function)(clockid_t, struct timespec *);
	void *found;

	if (function == NULL) {
		found = dlsym(RTLD_NEXT, "clock_gettime");
		memcpy(&function, &found, sizeof(found));
	}
	return function(clock, now);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	real_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct ptp_clock_time ptp_time(int64_t ns)
{
	return (struct ptp_clock_time){ .sec = ns / 1000000000, .nsec = (uint32_t)(ns % 1000000000) };
}

static void spin(long long ns)
{
	int64_t end = clock_ns(CLOCK_MONOTONIC_RAW) + ns;

	while (ns > 0 && clock_ns(CLOCK_MONOTONIC_RAW) < end)
		;
}

static int64_t take(const struct state *state)
{
	int64_t ns;

	spin(state->before);
	ns = clock_ns(CLOCK_REALTIME) + state->shift;
	spin(state->after);
	return ns;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int read_precise(const struct state *state, struct ptp_sys_offset_precise *offset)
{
	int64_t before = clock_ns(CLOCK_MONOTONIC_RAW), ns = clock_ns(CLOCK_REALTIME);

	if (!state->precise)
		return fail(EOPNOTSUPP);
	offset->device = ptp_time(ns + state->shift);
	offset->sys_realtime = ptp_time(ns);
	offset->sys_monoraw = ptp_time((before + clock_ns(CLOCK_MONOTONIC_RAW)) / 2);
	return 0;
}

static int read_extended(const struct state *state, struct ptp_sys_offset_extended *offset)
{
	clockid_t clock = (clockid_t)offset->rsv[0];

	if (!state->extended)
		return fail(EOPNOTSUPP);
	if (clock != CLOCK_REALTIME && !(state->raw && clock == CLOCK_MONOTONIC_RAW))
		return fail(EINVAL);
	for (unsigned i = 0; i < offset->n_samples; i++) {
		offset->ts[i][0] = ptp_time(clock_ns(clock));
		offset->ts[i][1] = ptp_time(take(state));
		offset->ts[i][2] = ptp_time(clock_ns(clock));
	}
	return 0;
}

VISIBLE int ioctl(int descriptor, unsigned long request, ...)
{
	struct state state;
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (descriptor != device || device < 0)
		return (int)syscall(SYS_ioctl, descriptor, request, argument);
	read_state(&state);
	if (state.error != 0)
		return fail((int)state.error);
	if (request == PTP_SYS_OFFSET_PRECISE)
		return read_precise(&state, argument);
	return request == PTP_SYS_OFFSET_EXTENDED ? read_extended(&state, argument) : fail(ENOTTY);
}

VISIBLE int clock_gettime(clockid_t clock, struct timespec *now)
{
	struct state state;
	int64_t ns;

	if (device < 0 || clock != (clockid_t)(~(unsigned)device << 3 | 3))
		return real_gettime(clock, now);
	read_state(&state);
	if (state.error != 0)
		return fail((int)state.error);
	ns = take(&state);
	*now = (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	return 0;
}

static int open_path(const char *path, int flags, mode_t mode)
{
	const char *fake = getenv("FAKE_PTP");
	struct state state;

	if (fake == NULL || strcmp(path, fake) != 0)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	read_state(&state);
	if (state.error != 0)
		return fail((int)state.error);
	device = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	return device;
}

static mode_t mode_of(int flags, va_list arguments)
{
	return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

VISIBLE int open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return open_path(path, flags, mode);
}

VISIBLE int open64(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return open_path(path, flags, mode);
}

VISIBLE int close(int descriptor)
{
	if (descriptor >= 0 && descriptor == device)
		device = -1;
	return (int)syscall(SYS_close, descriptor);
}
