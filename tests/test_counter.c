/* counter: Linux's counters. clock_gettime is replaced in this file, so that a suspend can be simulated. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/linux/counter.h"

static int64_t slept_ns; /* added to CLOCK_BOOTTIME, as a suspend does */
static bool has_boottime = true;

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = __real_clock_gettime(clock, t);

	if (clock != CLOCK_BOOTTIME)
		return result;
	if (!has_boottime) {
		errno = EINVAL;
		return -1;
	}
	t->tv_sec += (time_t)(slept_ns / FFNTP_NS_PER_S);
	t->tv_nsec += (long)(slept_ns % FFNTP_NS_PER_S);
	if (t->tv_nsec >= FFNTP_NS_PER_S) {
		t->tv_nsec -= FFNTP_NS_PER_S;
		t->tv_sec++;
	}
	return result;
}

static struct ffntp_counter_source open_counter(enum ffntp_counter_kind kind)
{
	struct ffntp_counter_source source;

	assert_null(ffntp_counter_open(&source, kind));
	return source;
}

static void the_raw_clock_counts_nanoseconds(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	ffntp_counter first = ffntp_counter_read(&source);

	(void)state;
	assert_int_equal(source.kind, FFNTP_COUNTER_MONOTONIC_RAW);
	assert_exactly(source.period_hint_s, 1e-9, "s");
	usleep(10000);
	assert_in_range(ffntp_counter_read(&source) - first, 10000000, 10000000000);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
}

/* The hint's error holds against the raw clock over half a second. */
static void the_tsc_is_measured(void **state)
{
	struct ffntp_counter_source source;
	uint64_t raw_ns;
	ffntp_counter ticks;
	double ratio;

	(void)state;
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) != NULL)
		skip();
	source = open_counter(FFNTP_COUNTER_TSC);
	raw_ns = ffntp_counter_read_raw();
	ticks = ffntp_counter_read(&source);
	usleep(500000);
	raw_ns = ffntp_counter_read_raw() - raw_ns;
	ticks = ffntp_counter_read(&source) - ticks;
	ratio = (double)ticks * source.period_hint_s * 1e9 / (double)raw_ns;
	assert_true(ratio > 1 - source.period_hint_error && ratio < 1 + source.period_hint_error);
	assert_below(source.period_hint_error, 2e-3, "");
}

static void the_best_counter_is_chosen_and_can_be_forced(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_NONE);
	bool has_tsc = ffntp_counter_refusal(FFNTP_COUNTER_TSC) == NULL;

	(void)state;
#if defined(__x86_64__)
	assert_int_equal(source.kind, has_tsc ? FFNTP_COUNTER_TSC : FFNTP_COUNTER_MONOTONIC_RAW);
	assert_non_null(ffntp_counter_refusal(FFNTP_COUNTER_ARM_VIRTUAL));
#else
	assert_false(has_tsc);
#endif
	source.kind = FFNTP_COUNTER_NONE;
	assert_non_null(ffntp_counter_open(&source, FFNTP_COUNTER_OTHER));
	assert_int_equal(source.kind, FFNTP_COUNTER_NONE);
}

/* Milliseconds are noticed; the time between two readings of clocks is not. Each suspend is reported once. */
static void case_26_a_suspend_is_a_disruption(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);

	(void)state;
	slept_ns += 100000;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	slept_ns += 10000000;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_DISRUPTED);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	slept_ns += 3600 * FFNTP_NS_PER_S;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_DISRUPTED);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
}

static void without_boottime_there_is_no_suspend(void **state)
{
	struct ffntp_counter_source source;

	(void)state;
	has_boottime = false;
	source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	slept_ns += FFNTP_NS_PER_S;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	has_boottime = true;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
}

/*
 * The kernel has changed its clocksource: the measured rate is void, and a TSC that is not the clocksource must not be
 * used.
 */
static void case_33_another_clocksource(void **state)
{
	struct ffntp_counter_source source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);

	(void)state;
	strcpy(source.clocksource, "hpet");
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_DISRUPTED);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	source.kind = FFNTP_COUNTER_OTHER; /* stands for a TSC that must not be used */
	strcpy(source.clocksource, "hpet");
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_LOST);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_raw_clock_counts_nanoseconds),
		cmocka_unit_test(the_tsc_is_measured),
		cmocka_unit_test(the_best_counter_is_chosen_and_can_be_forced),
		cmocka_unit_test(case_26_a_suspend_is_a_disruption),
		cmocka_unit_test(without_boottime_there_is_no_suspend),
		cmocka_unit_test(case_33_another_clocksource),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
