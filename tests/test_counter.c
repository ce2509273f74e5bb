/* counter: Linux's counters. clock_gettime is replaced in this file, so that a suspend can be simulated. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "assertions.h"
#include "../ports/linux/counter.h"

static int64_t slept_ns;     /* added to CLOCK_BOOTTIME, as a suspend does */
static int64_t raw_ahead_ns; /* added to CLOCK_MONOTONIC_RAW */
static double raw_rate = 1;  /* of CLOCK_MONOTONIC_RAW since raw_from_ns */
static int64_t raw_from_ns;
static bool has_boottime = true;

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

static void bend_raw(struct timespec *t)
{
	int64_t ns = (int64_t)t->tv_sec * FFNTP_NS_PER_S + t->tv_nsec + raw_ahead_ns;

	if (raw_rate != 1)
		ns += (int64_t)((double)(ns - raw_from_ns) * (raw_rate - 1));
	t->tv_sec = (time_t)(ns / FFNTP_NS_PER_S);
	t->tv_nsec = (long)(ns % FFNTP_NS_PER_S);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = __real_clock_gettime(clock, t);

	if (clock == CLOCK_MONOTONIC_RAW)
		bend_raw(t);
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

/*
 * The counter comes back lower, or higher, than the kernel's clock went on, as after a hibernation. CLOCK_MONOTONIC_RAW
 * is moved the other way, because nothing can move the counter. 1 ms is noticed; the time between two readings is not.
 */
static void a_counter_that_jumped_is_a_disruption(void **state)
{
	static const int64_t jumps_ns[] = { 5000000, -5000000, 90 * FFNTP_NS_PER_S, -90 * FFNTP_NS_PER_S };
	struct ffntp_counter_source source;

	(void)state;
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) != NULL)
		skip();
	raw_ahead_ns = 1000 * FFNTP_NS_PER_S;
	source = open_counter(FFNTP_COUNTER_TSC);
	for (size_t i = 0; i < sizeof(jumps_ns) / sizeof(jumps_ns[0]); i++) {
		raw_ahead_ns += 100000;
		assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
		usleep(10000); /* in which the kernel's clock goes on by more than 5 ms */
		raw_ahead_ns += jumps_ns[i];
		assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_DISRUPTED);
		assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	}
	raw_ahead_ns = 0;
}

/* With CLOCK_MONOTONIC_RAW as the counter, only its running backwards can be seen. */
static void a_raw_clock_that_ran_backwards_is_a_disruption(void **state)
{
	struct ffntp_counter_source source;

	(void)state;
	raw_ahead_ns = 1000 * FFNTP_NS_PER_S;
	source = open_counter(FFNTP_COUNTER_MONOTONIC_RAW);
	raw_ahead_ns -= 2 * FFNTP_NS_PER_S;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_DISRUPTED);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	raw_ahead_ns = 0;
}

/* The counter's rate against the kernel's clock has changed by a hundredth. */
static void a_counter_with_a_different_rate_is_a_different_one(void **state)
{
	struct ffntp_counter_source source;
	double former_s;

	(void)state;
	if (ffntp_counter_refusal(FFNTP_COUNTER_TSC) != NULL)
		skip();
	source = open_counter(FFNTP_COUNTER_TSC);
	former_s = source.period_hint_s;
	raw_from_ns = (int64_t)ffntp_counter_read_raw();
	raw_rate = 1.01;
	usleep(200000);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_REPLACED);
	assert_true(source.period_hint_s > 1.009 * former_s && source.period_hint_s < 1.011 * former_s);
	usleep(200000);
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY);
	raw_rate = 1;
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
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_STEADY); /* the name was read just now */
	raw_ahead_ns += 4 * FFNTP_NS_PER_S;
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_LOST);
	strcpy(source.clocksource, "hpet");
	slept_ns += FFNTP_NS_PER_S; /* a disruption leaves no time */
	assert_int_equal(ffntp_counter_check(&source), FFNTP_COUNTER_LOST);
	raw_ahead_ns = 0;
}

/* A page without the boot's identity is refused by its readers for as long as the daemon runs. */
static void test_the_boot_is_not_hidden_but_unread(void **state)
{
	struct ffntp_counter_source source = { .seen = 1 };
	struct ffntp_page_identity identity;
	struct rlimit usual, none;
	bool is_read;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = (struct rlimit){ 0, usual.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	is_read = ffntp_counter_identity(FFNTP_COUNTER_TSC, &identity);
	assert_non_null(ffntp_counter_open(&source, FFNTP_COUNTER_MONOTONIC_RAW));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_false(is_read);
	assert_int_equal(source.seen, 1);
	assert_true(ffntp_counter_identity(FFNTP_COUNTER_TSC, &identity));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_raw_clock_counts_nanoseconds),
		cmocka_unit_test(the_tsc_is_measured),
		cmocka_unit_test(the_best_counter_is_chosen_and_can_be_forced),
		cmocka_unit_test(case_26_a_suspend_is_a_disruption),
		cmocka_unit_test(a_counter_that_jumped_is_a_disruption),
		cmocka_unit_test(a_raw_clock_that_ran_backwards_is_a_disruption),
		cmocka_unit_test(a_counter_with_a_different_rate_is_a_different_one),
		cmocka_unit_test(without_boottime_there_is_no_suspend),
		cmocka_unit_test(case_33_another_clocksource),
		cmocka_unit_test(test_the_boot_is_not_hidden_but_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
