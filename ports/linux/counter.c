/* counter: see counter.h. Reads /proc and /sys with plain system calls; a failure of any of them is not fatal. */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define CLOCKSOURCE_PATH "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define AVAILABLE_PATH "/sys/devices/system/clocksource/clocksource0/available_clocksource"
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
/* Signs of a guest, for CPUs that do not state it: Xen makes the first, device trees of KVM and Xen have the second. */
#define HYPERVISOR_PATH "/sys/hypervisor/type"
#define DEVICE_TREE_PATH "/proc/device-tree/hypervisor"
#define NAMESPACE_PATH "/proc/self/ns/time"
#define OFFSETS_PATH "/proc/self/timens_offsets"

/*
 * Largest rate error of CLOCK_MONOTONIC_RAW: the kernel's own calibration of its counter, and the crystal. 500 ppm is
 * the limit that NTP sets for a computer's clock (RFC 5905, appendix A.1.1, MAXFREQ).
 */
#define RAW_ERROR 500e-6

/*
 * Duration of the measurement of the TSC's frequency (ns). Its two cross-timestamps are 20 ms apart and each about 0.1
 * us wide, so that they add at most 10 ppm to the error of the frequency.
 */
#define MEASURE_NS 20000000

/* A counter whose measured period has changed by more than this ratio is a different one; measurements differ by 2e-5.
 */
#define RATE_CHANGE 100e-6

/* A suspend is longer than this; two clocks that are read one after the other differ by less (ns). */
#define SUSPEND_NS 1000000

/*
 * A cross-timestamp that is wider (ns) shows no jump, because the process was preempted in it; it is taken again. The
 * narrowest of five is used anyway, with a tolerance of its width.
 */
#define NARROW_NS 10000

/*
 * The name of the clocksource is read again after this time (ns), or when something else shows a disruption: reading it
 * costs ten times as much as all else of a check. A counter that jumps is found without it.
 */
#define NAMED_NS 3500000000

/* Read the first line of a small file, without its end; empty if there is none. Returns 0 or an errno value. */
static int read_line(const char *path, char *line, size_t size)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = descriptor < 0 ? -1 : read(descriptor, line, size - 1);
	int error = length < 0 ? errno : 0;

	if (descriptor >= 0)
		close(descriptor);
	line[length > 0 ? length : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return error;
}

/*
 * Read the name again from a descriptor that stays open, because looking up the path would be the dearest part of a
 * check. Without one, for lack of descriptors at the start, the path is used.
 */
static void read_clocksource_again(int descriptor, char name[FFNTP_CLOCKSOURCE_SIZE])
{
	ssize_t length;

	if (descriptor < 0) {
		(void)read_line(CLOCKSOURCE_PATH, name, FFNTP_CLOCKSOURCE_SIZE);
		return;
	}
	length = pread(descriptor, name, FFNTP_CLOCKSOURCE_SIZE - 1, 0);
	name[length > 0 ? length : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static int read_clocksource(char name[FFNTP_CLOCKSOURCE_SIZE])
{
	return read_line(CLOCKSOURCE_PATH, name, FFNTP_CLOCKSOURCE_SIZE);
}

/* Return why a counter cannot be used: because the kernel keeps time by a clocksource of a different name. */
static const char *clocksource_refusal(const char *wanted, const char *refusal)
{
	char name[FFNTP_CLOCKSOURCE_SIZE];

	if (read_clocksource(name) != 0)
		return "the name of the kernel's clocksource cannot be read";
	return strcmp(name, wanted) == 0 ? NULL : refusal;
}

#if defined(__x86_64__) || defined(__i386__)
/* CPUID 80000007h, EDX bit 8: the rate is the same in all power states and under any load. */
static bool is_tsc_invariant(void)
{
	unsigned eax, ebx, ecx, edx;

	return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx & 1u << 8) != 0;
}

static const char *tsc_refusal(void)
{
	if (!is_tsc_invariant())
		return "the CPU does not declare its time stamp counter invariant";
	return clocksource_refusal("tsc", "the kernel does not keep time by the time stamp counter");
}
#else
static const char *tsc_refusal(void)
{
	return "this machine has no time stamp counter";
}
#endif

/* CPUID 1, ECX bit 31: zero on hardware, set by all hypervisors that let Linux know of them. */
static bool is_guest(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & 1u << 31) != 0;
#else
	return access(HYPERVISOR_PATH, F_OK) == 0 || access(DEVICE_TREE_PATH, F_OK) == 0;
#endif
}

static const char *arm_refusal(void)
{
#if defined(__aarch64__)
	return clocksource_refusal("arch_sys_counter", "the kernel does not keep time by Arm's virtual counter");
#else
	return "this machine has no Arm virtual counter";
#endif
}

static const char *raw_refusal(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC_RAW, &t) == 0 ? NULL : "this system has no CLOCK_MONOTONIC_RAW";
}

const char *ffntp_counter_refusal(enum ffntp_counter_kind kind)
{
	switch (kind) {
	case FFNTP_COUNTER_TSC:
		return tsc_refusal();
	case FFNTP_COUNTER_ARM_VIRTUAL:
		return arm_refusal();
	case FFNTP_COUNTER_MONOTONIC_RAW:
		return raw_refusal();
	case FFNTP_COUNTER_NONE:
	case FFNTP_COUNTER_OTHER:
		break;
	}
	return "a counter that only its own port can read";
}

const char *ffntp_linux_counter_name(enum ffntp_counter_kind kind)
{
	switch (kind) {
	case FFNTP_COUNTER_TSC:
		return "TSC";
	case FFNTP_COUNTER_ARM_VIRTUAL:
		return "Arm virtual counter";
	case FFNTP_COUNTER_MONOTONIC_RAW:
		return "CLOCK_MONOTONIC_RAW";
	case FFNTP_COUNTER_NONE:
	case FFNTP_COUNTER_OTHER:
		break;
	}
	return "unknown";
}

const char *ffntp_counter_text(enum ffntp_counter_kind kind)
{
	switch (kind) {
	case FFNTP_COUNTER_TSC:
		return "the time stamp counter";
	case FFNTP_COUNTER_ARM_VIRTUAL:
		return "Arm's virtual counter";
	case FFNTP_COUNTER_MONOTONIC_RAW:
		return "CLOCK_MONOTONIC_RAW";
	case FFNTP_COUNTER_NONE:
	case FFNTP_COUNTER_OTHER:
		break;
	}
	return "a counter";
}

/* An unstable TSC is not among the available clocksources. */
bool ffntp_counter_is_stable(enum ffntp_counter_kind kind)
{
#if defined(__x86_64__) || defined(__i386__)
	char names[256], *place = names;

	(void)read_line(AVAILABLE_PATH, names, sizeof names);
	for (char *name; kind == FFNTP_COUNTER_TSC && (name = strsep(&place, " ")) != NULL;)
		if (strcmp(name, "tsc") == 0)
			return true;
#endif
	return ffntp_counter_refusal(kind) == NULL;
}

static enum ffntp_counter_kind best_kind(void)
{
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) == NULL)
		return FFNTP_COUNTER_TSC;
	if (ffntp_counter_refusal(FFNTP_COUNTER_ARM_VIRTUAL) == NULL)
		return FFNTP_COUNTER_ARM_VIRTUAL;
	return FFNTP_COUNTER_MONOTONIC_RAW;
}

/* The counter and a clock of the kernel at one instant, which is known to within half the width. */
struct pair {
	uint64_t ticks, ns, width_ticks;
};

static uint64_t read_ns(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * FFNTP_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Take the narrowest of five pairs, or the first one that is narrow enough. */
static struct pair take_pair(enum ffntp_counter_kind kind, clockid_t clock, uint64_t enough_ticks)
{
	struct pair best = { .width_ticks = UINT64_MAX };

	for (unsigned i = 0; i < 5 && best.width_ticks > enough_ticks; i++) {
		uint64_t before = ffntp_counter_read_kind(kind);
		uint64_t ns = read_ns(clock);
		uint64_t width = ffntp_counter_read_kind(kind) - before;

		if (width < best.width_ticks)
			best = (struct pair){ before + width / 2, ns, width };
	}
	return best;
}

static void wait_until_raw(uint64_t raw_ns)
{
	while (ffntp_counter_read_raw() < raw_ns)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Measure the period against CLOCK_MONOTONIC_RAW, because CPUID states no frequency in many guests. */
static void measure_period(struct ffntp_counter_source *source)
{
	struct pair first = take_pair(source->kind, CLOCK_MONOTONIC_RAW, 0), last;
	double ticks;

	wait_until_raw(first.ns + MEASURE_NS);
	last = take_pair(source->kind, CLOCK_MONOTONIC_RAW, 0);
	ticks = (double)(last.ticks - first.ticks);
	source->period_hint_s = (double)(last.ns - first.ns) * 1e-9 / ticks;
	source->period_hint_error = RAW_ERROR + (double)(first.width_ticks + last.width_ticks) / ticks;
}

/* --- identity of the counter --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Parse 32 hexadecimal digits with hyphens among them. Fewer digits give zeroes. */
static void parse_boot_id(const char *text, uint8_t boot_id[16])
{
	unsigned digits = 0;

	memset(boot_id, 0, 16);
	for (; *text != '\0' && digits < 32; text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			continue;
		boot_id[digits / 2] = (uint8_t)(boot_id[digits / 2] << 4 | digit);
		digits++;
	}
	if (digits < 32)
		memset(boot_id, 0, 16);
}

/* A file that a kernel has not, or that is hidden from this process, is no failure. */
static bool is_missing(int error)
{
	return error == ENOENT || error == EACCES;
}

bool ffntp_counter_identity(enum ffntp_counter_kind kind, struct ffntp_page_identity *identity)
{
	char line[64];
	struct stat namespace;
	int error, namespace_error;

	*identity = (struct ffntp_page_identity){ .counter_kind = kind };
	error = read_line(BOOT_ID_PATH, line, sizeof(line));
	parse_boot_id(line, identity->boot_id);
	if (kind != FFNTP_COUNTER_MONOTONIC_RAW)
		return error == 0 || is_missing(error);
	namespace_error = stat(NAMESPACE_PATH, &namespace) == 0 ? 0 : errno;
	if (namespace_error == 0)
		identity->time_namespace = namespace.st_ino;
	return (error == 0 || is_missing(error)) && (namespace_error == 0 || is_missing(namespace_error));
}

/* Parse a line of timens_offsets: "NAME SECONDS NANOSECONDS". */
static void parse_offset(const char *text, const char *name, int64_t *ns)
{
	const char *line = strstr(text, name);
	char *end;

	if (line == NULL)
		return;
	*ns = strtoll(line + strlen(name), &end, 10) * FFNTP_NS_PER_S;
	*ns += strtoll(end, NULL, 10);
}

struct ffntp_linux_offsets ffntp_counter_offsets(void)
{
	struct ffntp_linux_offsets offsets = { 0 };
	int descriptor = open(OFFSETS_PATH, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);

	if (descriptor >= 0)
		close(descriptor);
	text[length > 0 ? length : 0] = '\0';
	parse_offset(text, "monotonic", &offsets.monotonic_ns);
	parse_offset(text, "boottime", &offsets.boottime_ns);
	return offsets;
}

/* --- disruptions --- */

static bool read_clock(clockid_t clock, int64_t *ns)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return false;
	*ns = (int64_t)t.tv_sec * FFNTP_NS_PER_S + t.tv_nsec;
	return true;
}

/* Read BOOTTIME - MONOTONIC by the narrowest of five cross-timestamps. Returns false where there is no BOOTTIME. */
static bool read_suspended(int64_t *suspended_ns)
{
	int64_t best_ns = INT64_MAX;

	for (unsigned i = 0; i < 5; i++) {
		int64_t before_ns, boottime_ns, after_ns;

		if (!read_clock(CLOCK_MONOTONIC, &before_ns) || !read_clock(CLOCK_BOOTTIME, &boottime_ns) ||
		    !read_clock(CLOCK_MONOTONIC, &after_ns))
			return false;
		if (after_ns - before_ns < best_ns) {
			best_ns = after_ns - before_ns;
			*suspended_ns = boottime_ns - before_ns - best_ns / 2;
		}
	}
	return true;
}

bool ffntp_counter_read_kernel(const struct ffntp_linux_offsets *offsets, int64_t *monotonic_ns, int64_t *suspended_ns)
{
	int64_t boottime_ns;

	if (!read_clock(CLOCK_MONOTONIC, monotonic_ns) || !read_clock(CLOCK_BOOTTIME, &boottime_ns))
		return false;
	*monotonic_ns -= offsets->monotonic_ns;
	*suspended_ns = boottime_ns - offsets->boottime_ns - *monotonic_ns;
	return true;
}

struct ffntp_page_kernel ffntp_counter_kernel(const struct ffntp_counter_source *source)
{
	const struct ffntp_linux_offsets *offsets = &source->offsets;

	return (struct ffntp_page_kernel){
		.counter = source->has_boottime ? source->kernel_counter : 0,
		.monotonic_ns = source->kernel_monotonic_ns,
		.suspended_ns = source->suspended_ns - offsets->boottime_ns + offsets->monotonic_ns,
	};
}

static bool was_suspended(struct ffntp_counter_source *source)
{
	int64_t suspended_ns, before_ns = source->suspended_ns;

	if (!source->has_boottime || !read_suspended(&suspended_ns))
		return false;
	source->suspended_ns = suspended_ns;
	return suspended_ns - before_ns > SUSPEND_NS || before_ns - suspended_ns > SUSPEND_NS;
}

static void store_pair(struct ffntp_counter_source *source, const struct pair *pair)
{
	source->seen = pair->ticks;
	source->seen_raw_ns = pair->ns;
}

static uint64_t narrow_ticks(const struct ffntp_counter_source *source)
{
	return (uint64_t)(NARROW_NS * 1e-9 / source->period_hint_s);
}

static void store_kernel(struct ffntp_counter_source *source)
{
	struct pair pair = take_pair(source->kind, CLOCK_MONOTONIC, narrow_ticks(source));

	source->kernel_counter = pair.ticks;
	source->kernel_monotonic_ns = (int64_t)pair.ns - source->offsets.monotonic_ns;
}

/*
 * Return whether the counter ran backwards, or did not advance by the time that CLOCK_MONOTONIC_RAW did: the kernel
 * keeps that clock going over a suspend in which the counter was set to any value.
 */
static bool has_jumped(struct ffntp_counter_source *source)
{
	struct pair pair = take_pair(source->kind, CLOCK_MONOTONIC_RAW, narrow_ticks(source));
	double ticks = (double)(int64_t)(pair.ticks - source->seen);
	double raw_ns = (double)(int64_t)(pair.ns - source->seen_raw_ns);
	double apart_ns = ticks * source->period_hint_s * 1e9 - raw_ns;
	double allowed_ns = SUSPEND_NS + raw_ns * RATE_CHANGE + (double)pair.width_ticks * source->period_hint_s * 1e9;

	store_pair(source, &pair);
	return raw_ns < 0 || apart_ns > allowed_ns || apart_ns < -allowed_ns;
}

/*
 * Measure the period again after a disruption. Returns whether it differs by more than a client that keeps its rate
 * allows for; the former one stays if it does not.
 */
static bool has_other_rate(struct ffntp_counter_source *source)
{
	struct ffntp_counter_source former = *source;
	double ratio;

	if (source->kind == FFNTP_COUNTER_MONOTONIC_RAW)
		return false;
	measure_period(source);
	ratio = source->period_hint_s / former.period_hint_s;
	if (ratio > 1 + RATE_CHANGE || ratio < 1 - RATE_CHANGE)
		return true;
	source->period_hint_s = former.period_hint_s;
	source->period_hint_error = former.period_hint_error;
	return false;
}

/* A name that cannot be read at the moment, for example for lack of descriptors, counts as unchanged. */
static bool has_clocksource_changed(struct ffntp_counter_source *source)
{
	char name[FFNTP_CLOCKSOURCE_SIZE];

	source->named_raw_ns = source->seen_raw_ns;
	read_clocksource_again(source->clocksource_file, name);
	if (name[0] == '\0' || strcmp(name, source->clocksource) == 0)
		return false;
	memcpy(source->clocksource, name, sizeof(name));
	return true;
}

enum ffntp_counter_event ffntp_counter_check(struct ffntp_counter_source *source)
{
	bool has_slept = was_suspended(source);
	bool is_whole = !has_jumped(source);
	bool is_due = source->seen_raw_ns - source->named_raw_ns >= NAMED_NS;
	bool has_changed = (has_slept || !is_whole || is_due) && has_clocksource_changed(source);

	store_kernel(source);
	if (has_changed && ffntp_counter_refusal(source->kind) != NULL)
		return FFNTP_COUNTER_LOST;
	if (!has_changed && !has_slept && is_whole)
		return FFNTP_COUNTER_STEADY;
	return has_other_rate(source) ? FFNTP_COUNTER_REPLACED : FFNTP_COUNTER_DISRUPTED;
}

const char *ffntp_counter_open(struct ffntp_counter_source *source, enum ffntp_counter_kind kind)
{
	enum ffntp_counter_kind chosen = kind == FFNTP_COUNTER_NONE ? best_kind() : kind;
	const char *refusal = ffntp_counter_refusal(chosen);
	struct ffntp_page_identity identity;
	struct pair pair;

	if (refusal != NULL)
		return refusal;
	if (!ffntp_counter_identity(chosen, &identity))
		return "/proc cannot be read at the moment, which has the boot's identity: start it again";
	*source = (struct ffntp_counter_source){
		.kind = chosen,
		.period_hint_s = 1e-9,
		.period_hint_error = RAW_ERROR,
		.may_jump = is_guest(),
		.identity = identity,
		.clocksource_file = open(CLOCKSOURCE_PATH, O_RDONLY | O_CLOEXEC),
	};
	if (chosen != FFNTP_COUNTER_MONOTONIC_RAW)
		measure_period(source);
	(void)read_clocksource(source->clocksource);
	source->has_boottime = read_suspended(&source->suspended_ns);
	pair = take_pair(chosen, CLOCK_MONOTONIC_RAW, 0);
	store_pair(source, &pair);
	source->offsets = ffntp_counter_offsets();
	store_kernel(source);
	return NULL;
}

void ffntp_counter_close(struct ffntp_counter_source *source)
{
	if (source->clocksource_file >= 0)
		close(source->clocksource_file);
	source->clocksource_file = -1;
}
