/* counter: see counter.h. Reads /proc and /sys with plain system calls; a failure of any of them is not fatal. */
#include "counter.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define CLOCKSOURCE_PATH "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define NAMESPACE_PATH "/proc/self/ns/time"

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

/* A suspend is longer than this; two clocks that are read one after the other differ by less (ns). */
#define SUSPEND_NS 1000000

/* Read the first line of a small file, without its end; empty if there is none. */
static void read_line(const char *path, char *line, size_t size)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, line, size - 1);

	if (descriptor >= 0)
		close(descriptor);
	line[length > 0 ? length : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static void read_clocksource(char name[FFNTP_CLOCKSOURCE_SIZE])
{
	read_line(CLOCKSOURCE_PATH, name, FFNTP_CLOCKSOURCE_SIZE);
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
	char name[FFNTP_CLOCKSOURCE_SIZE];

	if (!is_tsc_invariant())
		return "the CPU does not declare its time stamp counter invariant";
	read_clocksource(name);
	return strcmp(name, "tsc") == 0 ? NULL : "the kernel does not keep time by the time stamp counter";
}
#else
static const char *tsc_refusal(void)
{
	return "this machine has no time stamp counter";
}
#endif

static const char *arm_refusal(void)
{
#if defined(__aarch64__)
	char name[FFNTP_CLOCKSOURCE_SIZE];

	read_clocksource(name);
	return strcmp(name, "arch_sys_counter") == 0 ? NULL : "the kernel does not keep time by Arm's virtual counter";
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

static enum ffntp_counter_kind best_kind(void)
{
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) == NULL)
		return FFNTP_COUNTER_TSC;
	if (ffntp_counter_refusal(FFNTP_COUNTER_ARM_VIRTUAL) == NULL)
		return FFNTP_COUNTER_ARM_VIRTUAL;
	return FFNTP_COUNTER_MONOTONIC_RAW;
}

/* The counter and CLOCK_MONOTONIC_RAW at one instant, which is known to within half the width. */
struct pair {
	uint64_t ticks, raw_ns, width_ticks;
};

static struct pair take_pair(enum ffntp_counter_kind kind)
{
	struct pair best = { .width_ticks = UINT64_MAX };

	for (unsigned i = 0; i < 5; i++) {
		uint64_t before = ffntp_counter_read_kind(kind);
		uint64_t raw_ns = ffntp_counter_read_raw();
		uint64_t width = ffntp_counter_read_kind(kind) - before;

		if (width < best.width_ticks)
			best = (struct pair){ before + width / 2, raw_ns, width };
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
	struct pair first = take_pair(source->kind), last;
	double ticks;

	wait_until_raw(first.raw_ns + MEASURE_NS);
	last = take_pair(source->kind);
	ticks = (double)(last.ticks - first.ticks);
	source->period_hint_s = (double)(last.raw_ns - first.raw_ns) * 1e-9 / ticks;
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

void ffntp_counter_identity(enum ffntp_counter_kind kind, struct ffntp_page_identity *identity)
{
	char line[64];
	struct stat namespace;

	*identity = (struct ffntp_page_identity){ .counter_kind = kind };
	read_line(BOOT_ID_PATH, line, sizeof(line));
	parse_boot_id(line, identity->boot_id);
	if (kind == FFNTP_COUNTER_MONOTONIC_RAW && stat(NAMESPACE_PATH, &namespace) == 0)
		identity->time_namespace = namespace.st_ino;
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

static bool was_suspended(struct ffntp_counter_source *source)
{
	int64_t suspended_ns, before_ns = source->suspended_ns;

	if (!source->has_boottime || !read_suspended(&suspended_ns))
		return false;
	source->suspended_ns = suspended_ns;
	return suspended_ns - before_ns > SUSPEND_NS || before_ns - suspended_ns > SUSPEND_NS;
}

/* A name that cannot be read at the moment, for example for lack of descriptors, counts as unchanged. */
static bool has_clocksource_changed(struct ffntp_counter_source *source)
{
	char name[FFNTP_CLOCKSOURCE_SIZE];

	read_clocksource(name);
	if (name[0] == '\0' || strcmp(name, source->clocksource) == 0)
		return false;
	memcpy(source->clocksource, name, sizeof(name));
	return true;
}

enum ffntp_counter_event ffntp_counter_check(struct ffntp_counter_source *source)
{
	bool has_changed = has_clocksource_changed(source);
	bool has_slept = was_suspended(source);

	if (has_changed && ffntp_counter_refusal(source->kind) != NULL)
		return FFNTP_COUNTER_LOST;
	return has_changed || has_slept ? FFNTP_COUNTER_DISRUPTED : FFNTP_COUNTER_STEADY;
}

const char *ffntp_counter_open(struct ffntp_counter_source *source, enum ffntp_counter_kind kind)
{
	enum ffntp_counter_kind chosen = kind == FFNTP_COUNTER_NONE ? best_kind() : kind;
	const char *refusal = ffntp_counter_refusal(chosen);

	if (refusal != NULL)
		return refusal;
	*source = (struct ffntp_counter_source){
		.kind = chosen,
		.period_hint_s = 1e-9,
		.period_hint_error = RAW_ERROR,
	};
	if (chosen != FFNTP_COUNTER_MONOTONIC_RAW)
		measure_period(source);
	ffntp_counter_identity(chosen, &source->identity);
	read_clocksource(source->clocksource);
	source->has_boottime = read_suspended(&source->suspended_ns);
	return NULL;
}
