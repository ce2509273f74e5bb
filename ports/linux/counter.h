/*
 * counter: chooses this machine's raw counter, reads it, and detects disruptions. The choice is the TSC or Arm's
 * virtual counter if the kernel itself keeps time by it, else CLOCK_MONOTONIC_RAW, which is one of the two times a
 * constant and is never slewed.
 */
#ifndef FFNTP_LINUX_COUNTER_H
#define FFNTP_LINUX_COUNTER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../../core/page.h"
#include "../../include/ffntp/instant.h"
#include "../../include/ffntp/linux.h"
#include "../../include/ffntp/map.h"
#include "../../include/ffntp/page.h"

#define FFNTP_CLOCKSOURCE_SIZE 32

struct ffntp_counter_source {
	enum ffntp_counter_kind kind;
	double period_hint_s;                /* seconds per tick */
	double period_hint_error;            /* error of the hint, as a ratio */
	struct ffntp_page_identity identity; /* identity of the pages that use this counter */
	bool may_jump; /* the machine is a guest: it may be stopped, saved and restored without any sign */
	/* Private: the state that ffntp_counter_check compares with. */
	char clocksource[FFNTP_CLOCKSOURCE_SIZE]; /* the kernel's; empty if it cannot be read */
	int clocksource_file;                     /* where that is read; -1: from its path */
	uint64_t named_raw_ns;                    /* when that was read; CLOCK_MONOTONIC_RAW */
	bool has_boottime;
	int64_t suspended_ns; /* how long the machine was suspended since boot */
	ffntp_counter seen;   /* the counter at the last check, and CLOCK_MONOTONIC_RAW with it */
	uint64_t seen_raw_ns;
	/* The counter and CLOCK_MONOTONIC at one instant of the last check. */
	ffntp_counter kernel_counter;
	int64_t kernel_monotonic_ns;
	struct ffntp_linux_offsets offsets;
};

/*
 * Return NULL if the counter can be read here and is the same on all CPUs (the TSC must be invariant, and the kernel
 * must keep time by it); else a message.
 */
FFNTP_MUST_USE const char *ffntp_counter_refusal(enum ffntp_counter_kind kind);

/* Return what messages call a counter, such as "the time stamp counter". */
const char *ffntp_counter_text(enum ffntp_counter_kind kind);

/*
 * Return whether the kernel holds the counter to be stable and the same on all CPUs, also if it keeps time by a
 * different one, such as kvm-clock, or if the CPU does not declare it invariant. For a counter that a hypervisor
 * vouches for.
 */
FFNTP_MUST_USE bool ffntp_counter_is_stable(enum ffntp_counter_kind kind);

/*
 * Choose a counter and measure its period, which takes 20 ms for a TSC. kind: the counter wanted, or FFNTP_COUNTER_NONE
 * for the best one.
 * Returns NULL; or a message, and *source is untouched, if the wanted counter is not usable.
 */
FFNTP_MUST_USE const char *ffntp_counter_open(struct ffntp_counter_source *source, enum ffntp_counter_kind kind);

/* Close the counter. A source that was not opened must not be closed; a program that ends need not close it. */
void ffntp_counter_close(struct ffntp_counter_source *source);

enum ffntp_counter_event {
	FFNTP_COUNTER_STEADY,
	FFNTP_COUNTER_DISRUPTED, /* the machine was suspended, the kernel changed its clocksource, or the counter
				    jumped: measure again */
	FFNTP_COUNTER_REPLACED,  /* the same, and the counter has a different rate now: that of period_hint_s */
	FFNTP_COUNTER_LOST,      /* the counter must not be used any more: open a new one, and a new page for it */
};

/*
 * Check for disruptions; call it at each wake-up, and before a measurement is used. Each disruption is returned once.
 * A
 * change of the clocksource alone is returned within 3.5 s. It takes a few us; after a disruption 20 ms, in which the
 * counter's rate is measured.
 */
FFNTP_MUST_USE enum ffntp_counter_event ffntp_counter_check(struct ffntp_counter_source *source);

/*
 * Find out this boot, and the time namespace of this process if the counter depends on it. One that the system does not
 * have, or hides, is zero. Returns false if one could not be read for another reason, such as a lack of descriptors; it
 * is zero, too.
 */
bool ffntp_counter_identity(enum ffntp_counter_kind kind, struct ffntp_page_identity *identity);

/*
 * Return the kernel's clocks at the last check, for the page: a disruption since then is not known yet, so that readers
 * who compare them with the present ones notice it.
 */
struct ffntp_page_kernel ffntp_counter_kernel(const struct ffntp_counter_source *source);

/* Return the offsets of this process's time namespace; 0 where there is none, or where they cannot be read. */
struct ffntp_linux_offsets ffntp_counter_offsets(void);

/*
 * Read CLOCK_MONOTONIC, and by how much CLOCK_BOOTTIME is ahead of it, without these offsets. Returns false where there
 * is no CLOCK_BOOTTIME.
 */
FFNTP_MUST_USE bool ffntp_counter_read_kernel(const struct ffntp_linux_offsets *offsets, int64_t *monotonic_ns,
					      int64_t *suspended_ns);

/* Return CLOCK_MONOTONIC_RAW in nanoseconds. */
static inline uint64_t ffntp_counter_read_raw(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/*
 * Return the counter. Neither rdtsc nor cntvct_el0 is serialised: the CPU may read it before earlier instructions have
 * finished, by the duration of the instructions in flight: some 100 ns, or 1 us behind cache misses. The bound covers
 * that, because it is never less than half a round trip to a server, which passes two kernels and takes longer.
 * Serialising would double the cost.
 */
static inline ffntp_counter ffntp_counter_read_kind(enum ffntp_counter_kind kind)
{
#if defined(__x86_64__) || defined(__i386__)
	if (kind == FFNTP_COUNTER_TSC)
		return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	if (kind == FFNTP_COUNTER_ARM_VIRTUAL) {
		uint64_t count;

		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
		return count;
	}
#endif
	(void)kind;
	return ffntp_counter_read_raw();
}

/*
 * Return the counter, read in program order: a thread that has seen another thread's reading reads no smaller value.
 * For steady time and marks; costs some 10 ns more.
 */
static inline ffntp_counter ffntp_counter_read_ordered(enum ffntp_counter_kind kind)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#endif
	return ffntp_counter_read_kind(kind);
}

static inline ffntp_counter ffntp_counter_read(const struct ffntp_counter_source *source)
{
	return ffntp_counter_read_kind(source->kind);
}

#endif
