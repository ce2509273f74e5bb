/*
 * counter: which raw counter this machine offers, reading it, and noticing that it was disrupted. The choice is the TSC
 * or Arm's virtual counter where the kernel itself keeps time by it, else CLOCK_MONOTONIC_RAW, which is one of them
 * times a constant, and which nothing slews.
 */
#ifndef FFNTP_LINUX_COUNTER_H
#define FFNTP_LINUX_COUNTER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../../include/ffntp/instant.h"
#include "../../include/ffntp/map.h"
#include "../../include/ffntp/page.h"

#define FFNTP_CLOCKSOURCE_SIZE 32

struct ffntp_counter_source {
	enum ffntp_counter_kind kind;
	double period_hint_s;                /* seconds per tick */
	double period_hint_error;            /* how wrong the hint may be, as a ratio */
	struct ffntp_page_identity identity; /* of pages that this counter's readings go into */
	/* what ffntp_counter_check compares with */
	char clocksource[FFNTP_CLOCKSOURCE_SIZE]; /* the kernel's; empty where it cannot be read */
	bool has_boottime;
	int64_t suspended_ns; /* for how long the machine was suspended since boot */
};

/*
 * Whether the counter can be read here, and is one and the same on every CPU: for the TSC, an invariant one that the
 * kernel keeps time by. NULL if so, else one line for people.
 */
FFNTP_MUST_USE const char *ffntp_counter_refusal(enum ffntp_counter_kind kind);

/*
 * Chooses and measures a counter; 20 ms for a TSC. kind: the one wanted, or FFNTP_COUNTER_NONE for the best there is.
 * Returns NULL, or one line for people if the wanted one is not usable; then *source is untouched.
 */
FFNTP_MUST_USE const char *ffntp_counter_open(struct ffntp_counter_source *source, enum ffntp_counter_kind kind);

enum ffntp_counter_event {
	FFNTP_COUNTER_STEADY,
	FFNTP_COUNTER_DISRUPTED, /* the machine was suspended, or the kernel counts by something else: measure anew */
	FFNTP_COUNTER_LOST,      /* it is not to be used any more: open another, and another page with it */
};

/* To be called at each poll, and before what was measured is believed. Each disruption is told once. */
FFNTP_MUST_USE enum ffntp_counter_event ffntp_counter_check(struct ffntp_counter_source *source);

/* This boot, and the time namespace of this process where the counter depends on it. */
void ffntp_counter_identity(enum ffntp_counter_kind kind, struct ffntp_page_identity *identity);

/* CLOCK_MONOTONIC_RAW in nanoseconds. */
static inline uint64_t ffntp_counter_read_raw(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/*
 * The counter, now. Neither rdtsc nor cntvct_el0 is serialised: the CPU may read it before earlier instructions have
 * finished, by at most what it has in flight, some 100 ns, or 1 us behind cache misses. A bound is never less than half
 * a round trip to a server, which passes two kernels and takes longer; serialising would double the cost.
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
 * The same after everything that stands before it in the program: who has seen a reading of another thread reads no
 * less. For steady time and marks; costs some 10 ns.
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
