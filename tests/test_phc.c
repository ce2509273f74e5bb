/*
 * phc, refclock: a PTP hardware clock behind fake calls of the system. Each call takes a random time, and the true
 * moment of each reading of the device is known: it must lie between the two counter readings that are returned.
 */
#include <errno.h>
#include <linux/ptp_clock.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../ports/linux/phc.h"
#include "../ports/linux/refclock.h"
#include "assertions.h"
#include "prng.h"

#define DESCRIPTOR 7
#define DEVICE_CLOCK ((clockid_t)(~(unsigned)DESCRIPTOR << 3 | 3))
#define DEVICE_NS INT64_C(1800000000000000000) /* the device's time at the beginning */
#define REALTIME_NS INT64_C(1790000000000000000)

/* The system. True time is in ns since the beginning. */
static struct {
	struct prng prng;
	double now_ns;
	double ticks_per_ns;         /* the counter's rate */
	double raw_rate;             /* of CLOCK_MONOTONIC_RAW, ns per ns */
	double realtime_rate;        /* of CLOCK_REALTIME */
	double realtime_ns;          /* its step */
	double namespace_ns;         /* shift of CLOCK_MONOTONIC_RAW that programs see */
	int precise, extended, time; /* errno values of the requests, and of clock_gettime with the device */
	bool has_raw;                /* PTP_SYS_OFFSET_EXTENDED takes CLOCK_MONOTONIC_RAW */
	int open_error;
	double before_ns, after_ns; /* of a reading of the device: up to this long before and after */
	double call_ns, control_ns; /* duration of a call that reads a clock, up to twice that; and of a request */
	double next_rate;     /* rate of CLOCK_REALTIME from the device's next reading on; 0: it does not change */
	double step_after_ns; /* CLOCK_REALTIME steps by step_ns once the time is past this; 0: never */
	double step_ns;
	bool has_bad_time;
	unsigned opened, closed, asked[FFNTP_PHC_METHODS];
	/* the true moments of the device's readings, and its times then */
	unsigned taken;
	double moment_ns[64];
	int64_t device_ns[64];
} sys;

static void begin(uint64_t seed)
{
	memset(&sys, 0, sizeof(sys));
	sys.prng.state = seed;
	sys.ticks_per_ns = 2.5;
	sys.raw_rate = 1 + 30e-6;
	sys.realtime_rate = 1 - 200e-6;
	sys.has_raw = true;
	sys.before_ns = sys.after_ns = 1000;
	sys.call_ns = 20;
	sys.control_ns = 2000;
}

static double some(double most_ns)
{
	return (double)(prng_next(&sys.prng) >> 11) * 0x1p-53 * most_ns;
}

static void pass(double ns)
{
	sys.now_ns += ns;
	if (sys.step_after_ns > 0 && sys.now_ns >= sys.step_after_ns) {
		sys.realtime_ns += sys.step_ns;
		sys.step_after_ns = 0;
	}
}

static ffntp_counter counter_at(double ns)
{
	return UINT64_C(0xfffffffffffe0000) + (uint64_t)(int64_t)floor(ns * sys.ticks_per_ns); /* it wraps */
}

static ffntp_counter fake_counter(const struct ffntp_counter_source *source)
{
	(void)source;
	pass(some(sys.call_ns / 2));
	return counter_at(sys.now_ns);
}

/* Return a system clock as the kernel reads it. */
static int64_t kernel_ns(clockid_t clock)
{
	if (clock == CLOCK_MONOTONIC_RAW)
		return 5000000000 + (int64_t)floor(sys.now_ns * sys.raw_rate);
	return REALTIME_NS + (int64_t)floor(sys.now_ns * sys.realtime_rate + sys.realtime_ns);
}

static int64_t take_device(void)
{
	int64_t ns = DEVICE_NS + (int64_t)floor(sys.now_ns);

	assert_true(sys.taken < 64);
	sys.moment_ns[sys.taken] = sys.now_ns;
	sys.device_ns[sys.taken++] = ns;
	return ns;
}

static int64_t read_device(void)
{
	int64_t ns;

	pass(some(sys.before_ns));
	ns = take_device();
	if (sys.next_rate > 0) {
		sys.realtime_ns += sys.now_ns * (sys.realtime_rate - sys.next_rate);
		sys.realtime_rate = sys.next_rate;
		sys.next_rate = 0;
	}
	pass(some(sys.after_ns));
	return ns;
}

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

static struct ptp_clock_time to_ptp(int64_t ns)
{
	return (struct ptp_clock_time){ .sec = ns / 1000000000, .nsec = (uint32_t)(ns % 1000000000) };
}

static int fake_gettime(clockid_t clock, struct timespec *time)
{
	if (clock == DEVICE_CLOCK) {
		sys.asked[FFNTP_PHC_BRACKET]++;
		if (sys.time != 0)
			return sys.time;
		*time = to_timespec(read_device());
		if (sys.has_bad_time)
			time->tv_nsec = 1000000000;
		return 0;
	}
	pass(some(sys.call_ns));
	*time = to_timespec(kernel_ns(clock) + (clock == CLOCK_MONOTONIC_RAW ? (int64_t)sys.namespace_ns : 0));
	pass(some(sys.call_ns));
	return 0;
}

static int fake_precise(struct ptp_sys_offset_precise *offset)
{
	sys.asked[FFNTP_PHC_PRECISE]++;
	if (sys.precise != 0)
		return sys.precise;
	pass(some(sys.before_ns));
	offset->sys_monoraw = to_ptp(kernel_ns(CLOCK_MONOTONIC_RAW));
	offset->sys_realtime = to_ptp(kernel_ns(CLOCK_REALTIME));
	offset->device = to_ptp(take_device());
	pass(some(sys.after_ns));
	return 0;
}

static int fake_extended(struct ptp_sys_offset_extended *offset)
{
	clockid_t clock = (clockid_t)offset->rsv[0];

	sys.asked[clock == CLOCK_REALTIME ? FFNTP_PHC_EXTENDED_REALTIME : FFNTP_PHC_EXTENDED_RAW]++;
	if (sys.extended != 0)
		return sys.extended;
	if (clock != CLOCK_REALTIME && !sys.has_raw)
		return EINVAL;
	assert_true(offset->n_samples >= 1 && offset->n_samples <= PTP_MAX_SAMPLES);
	for (unsigned i = 0; i < offset->n_samples; i++) {
		offset->ts[i][0] = to_ptp(kernel_ns(clock));
		offset->ts[i][1] = to_ptp(read_device());
		offset->ts[i][2] = to_ptp(kernel_ns(clock));
		if (sys.has_bad_time)
			offset->ts[i][1].nsec = 1000000000;
	}
	return 0;
}

static int fake_control(int descriptor, unsigned long request, void *argument)
{
	int error;

	assert_int_equal(descriptor, DESCRIPTOR);
	pass(some(sys.control_ns));
	if (request == PTP_SYS_OFFSET_PRECISE)
		return fake_precise(argument);
	assert_true(request == PTP_SYS_OFFSET_EXTENDED);
	error = fake_extended(argument);
	pass(some(sys.control_ns));
	return error;
}

static int fake_open(const char *path, int *descriptor)
{
	assert_string_equal(path, "/dev/ptp0");
	sys.opened++;
	*descriptor = DESCRIPTOR;
	return sys.open_error;
}

static void fake_close(int descriptor)
{
	assert_int_equal(descriptor, DESCRIPTOR);
	sys.closed++;
}

static const struct ffntp_phc_calls calls = { fake_open, fake_close, fake_control, fake_gettime, fake_counter };

static struct ffntp_counter_source source(void)
{
	return (struct ffntp_counter_source){
		.kind = FFNTP_COUNTER_TSC,
		.period_hint_s = 1e-9 * sys.raw_rate / sys.ticks_per_ns, /* as counter.c measures it */
		.period_hint_error = 500e-6,
	};
}

static struct ffntp_phc opened(void)
{
	struct ffntp_phc phc;

	ffntp_phc_init(&phc, &calls);
	assert_int_equal(ffntp_phc_open(&phc, "/dev/ptp0"), 0);
	return phc;
}

/* Read the clock, and require that the true moment of that reading lies within. Returns the width (ns). */
static double read_truly(struct ffntp_phc *phc, unsigned samples, enum ffntp_phc_method method)
{
	struct ffntp_counter_source counter = source();
	struct ffntp_phc_reading reading;
	unsigned i = 0;

	sys.taken = 0;
	assert_int_equal(ffntp_phc_read(phc, &counter, samples, &reading), 0);
	assert_int_equal(reading.method, method);
	while (i < sys.taken && sys.device_ns[i] != reading.s * 1000000000 + reading.ns)
		i++;
	assert_true(i < sys.taken);
	assert_true((int64_t)(counter_at(sys.moment_ns[i]) - reading.before) >= 0);
	assert_true((int64_t)(reading.after - counter_at(sys.moment_ns[i])) >= 0);
	assert_true((int64_t)(reading.after - reading.before) > 0);
	return (double)(int64_t)(reading.after - reading.before) / sys.ticks_per_ns;
}

/* --- the ways --- */

/* The cross-timestamps are up to 60 ns wide, and add that to each end. */
static void a_precise_cross_timestamp_is_narrow(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct ffntp_phc phc;

		begin(seed);
		phc = opened();
		assert_below(read_truly(&phc, 16, FFNTP_PHC_PRECISE), 150, "ns");
	}
}

static void the_narrowest_of_the_readings_is_used(void **state)
{
	double narrow = 0, wide = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct ffntp_phc phc;

		begin(seed);
		sys.precise = EOPNOTSUPP;
		phc = opened();
		narrow += read_truly(&phc, 16, FFNTP_PHC_EXTENDED_RAW) / 300;
		wide += read_truly(&phc, 1, FFNTP_PHC_EXTENDED_RAW) / 300;
	}
	assert_below(narrow, 500, "ns");
	assert_above(wide, 1000, "ns");
}

static void an_older_kernel_has_realtime_only(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct ffntp_phc phc;

		begin(seed);
		sys.precise = EOPNOTSUPP;
		sys.has_raw = false;
		phc = opened();
		assert_below(read_truly(&phc, 16, FFNTP_PHC_EXTENDED_REALTIME), 1500, "ns");
		assert_below(read_truly(&phc, 25, FFNTP_PHC_EXTENDED_REALTIME), 1500, "ns");
		assert_int_equal(sys.asked[FFNTP_PHC_PRECISE], 1); /* a missing way is asked for once */
		assert_int_equal(sys.asked[FFNTP_PHC_EXTENDED_RAW], 1);
		assert_int_equal(sys.asked[FFNTP_PHC_EXTENDED_REALTIME], 2);
	}
}

static void any_clock_can_be_read_by_brackets(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct ffntp_phc phc;

		begin(seed);
		sys.precise = sys.extended = ENOTTY;
		phc = opened();
		assert_below(read_truly(&phc, 16, FFNTP_PHC_BRACKET), 1800, "ns");
		assert_int_equal(sys.asked[FFNTP_PHC_BRACKET], 16);
		read_truly(&phc, 1, FFNTP_PHC_BRACKET);
		assert_int_equal(sys.asked[FFNTP_PHC_BRACKET], 21); /* one alone may be interrupted */
	}
}

/* All of the delay on one side of the device's reading: the bracket still has the moment, at its end. */
static void asymmetric_brackets(void **state)
{
	static const struct {
		int precise, extended;
		bool has_raw;
		enum ffntp_phc_method method;
	} ways[] = {
		{ 0, 0, true, FFNTP_PHC_PRECISE },
		{ EOPNOTSUPP, 0, true, FFNTP_PHC_EXTENDED_RAW },
		{ EOPNOTSUPP, 0, false, FFNTP_PHC_EXTENDED_REALTIME },
		{ EOPNOTSUPP, EOPNOTSUPP, true, FFNTP_PHC_BRACKET },
	};

	(void)state;
	for (uint64_t seed = 0; seed < 1600; seed++) {
		struct ffntp_phc phc;

		begin(seed + 1);
		sys.precise = ways[seed % 4].precise;
		sys.extended = ways[seed % 4].extended;
		sys.has_raw = ways[seed % 4].has_raw;
		sys.before_ns = seed % 8 < 4 ? 0 : 50000;
		sys.after_ns = 50000 - sys.before_ns;
		phc = opened();
		read_truly(&phc, (unsigned)(seed % 25) + 1, ways[seed % 4].method);
	}
}

/* --- a system clock that misbehaves --- */

static void a_step_of_the_system_clock_widens_the_reading(void **state)
{
	static const double steps[] = { -1e9, -3000, -200, 200, 3000, 1e9 };

	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		struct ffntp_phc phc;

		begin(seed + 1);
		sys.precise = EOPNOTSUPP;
		sys.has_raw = false;
		sys.step_ns = steps[seed % 6];
		sys.step_after_ns = some(10000);
		phc = opened();
		read_truly(&phc, (unsigned)(seed % 5) + 1, FFNTP_PHC_EXTENDED_REALTIME);
	}
}

static void a_slew_of_the_system_clock_keeps_the_truth_inside(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct ffntp_phc phc;

		begin(seed + 1);
		sys.precise = EOPNOTSUPP;
		sys.has_raw = false;
		sys.realtime_rate = 1 + (seed % 2 > 0 ? 0.0833 : -0.0833); /* as fast as chronyd slews */
		phc = opened();
		read_truly(&phc, (unsigned)(seed % 25) + 1, FFNTP_PHC_EXTENDED_REALTIME);
	}
}

/* If the calls take no time, a nanosecond of the kernel's timestamps is all that is unknown. */
static void a_nanosecond_has_two_ends(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct ffntp_phc phc;

		begin(seed + 1);
		sys.precise = EOPNOTSUPP;
		sys.now_ns = some(1e6);
		sys.call_ns = 0;
		sys.before_ns = sys.after_ns = seed % 2 > 0 ? 0 : 1;
		phc = opened();
		assert_at_most(read_truly(&phc, 1, FFNTP_PHC_EXTENDED_RAW), 9, "ns");
	}
}

/* Both extrapolations are then wrong in the same direction. */
static void a_rate_that_changes_during_a_reading(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct ffntp_phc phc;

		begin(seed + 1);
		sys.precise = EOPNOTSUPP;
		sys.has_raw = false;
		sys.call_ns = 0;
		sys.control_ns = 200000;
		sys.before_ns = 0;
		sys.after_ns = 200000;
		sys.realtime_rate = sys.raw_rate + 900e-6;
		sys.next_rate = sys.raw_rate - 900e-6;
		phc = opened();
		read_truly(&phc, 1, FFNTP_PHC_EXTENDED_REALTIME);
	}
}

/* In a time namespace programs see a shifted CLOCK_MONOTONIC_RAW; the kernel's timestamps are not shifted. */
static void a_time_namespace_leaves_realtime(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		struct ffntp_phc phc;

		begin(5);
		sys.namespace_ns = sign * 1e9;
		phc = opened();
		read_truly(&phc, 16, FFNTP_PHC_EXTENDED_REALTIME);
	}
}

/* --- errors --- */

static int read_error(struct ffntp_phc *phc)
{
	struct ffntp_counter_source counter = source();
	struct ffntp_phc_reading reading;

	return ffntp_phc_read(phc, &counter, 16, &reading);
}

static void errors_of_the_device_are_returned(void **state)
{
	static const int errors[] = { EIO, ENODEV, EBADF };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct ffntp_phc phc;

		begin(1);
		phc = opened();
		sys.precise = sys.extended = sys.time = errors[i];
		assert_int_equal(read_error(&phc), errors[i]);
		sys.precise = sys.extended = sys.time = 0;
		read_truly(&phc, 16, FFNTP_PHC_PRECISE); /* an error is no sign that the way is missing */
	}
}

/* A hardware cross-timestamp may time out now and then. */
static void a_way_that_fails_once_leaves_the_next(void **state)
{
	struct ffntp_phc phc;

	(void)state;
	begin(1);
	phc = opened();
	sys.precise = ETIMEDOUT;
	read_truly(&phc, 16, FFNTP_PHC_EXTENDED_RAW);
	sys.precise = 0;
	read_truly(&phc, 16, FFNTP_PHC_PRECISE);
}

static void what_is_no_clock_is_refused(void **state)
{
	struct ffntp_phc phc;

	(void)state;
	begin(1);
	phc = opened();
	sys.precise = sys.extended = ENOTTY;
	sys.time = EINVAL;
	assert_int_equal(read_error(&phc), EINVAL);
	sys.time = 0;
	sys.has_bad_time = true;
	assert_int_equal(read_error(&phc), ERANGE);
	ffntp_phc_close(&phc);
	assert_int_equal(read_error(&phc), EBADF);
	assert_true(sys.opened == 1 && sys.closed == 1);
	ffntp_phc_close(&phc);
	assert_int_equal(sys.closed, 1);
}

static void a_bad_time_is_not_used(void **state)
{
	struct ffntp_phc phc;

	(void)state;
	begin(1);
	phc = opened();
	sys.precise = EOPNOTSUPP;
	sys.has_bad_time = true;
	assert_int_equal(read_error(&phc), ERANGE);
}

/* --- refclock --- */

static const struct ffntp_refclock_config usual = { .name = "PHC0", .samples = 16, .precision_s = 1e-9 };

static struct ffntp_refclock begun(struct ffntp_refclock_config config)
{
	struct ffntp_refclock refclock;

	ffntp_refclock_init(&refclock, &config, "/dev/ptp0", &calls);
	return refclock;
}

static int measure(struct ffntp_refclock *refclock, struct ffntp_measurement *measurement)
{
	struct ffntp_counter_source counter = source();
	ffntp_counter after = 0;
	int error = ffntp_refclock_read(refclock, &counter, measurement, &after);

	assert_true(error != 0 || (int64_t)(after - measurement->before) > 0);
	return error;
}

static void a_measurement_has_what_the_user_states(void **state)
{
	struct ffntp_refclock_config config = usual;
	struct ffntp_measurement measurement;
	struct ffntp_refclock refclock;
	struct ffntp_time time;

	(void)state;
	begin(1);
	memcpy(config.name, "GPS", 4);
	config.is_tai = true;
	config.stratum = 3;
	config.offset_s = -1.25;
	config.delay_s = 2e-6;
	config.max_error_s = 5e-6;
	refclock = begun(config);
	assert_int_equal(measure(&refclock, &measurement), 0);
	assert_true(measurement.refid == UINT32_C(0x47505300) && measurement.stratum == 4 && measurement.is_tai);
	assert_true(measurement.leap == FFNTP_LEAP_UNANNOUNCED);
	assert_true(measurement.root_delay_s == 2e-6 && measurement.max_error_s == 5e-6);
	assert_true(measurement.precision_s == 1e-9 && refclock.has_stated_error);
	time = ffntp_time_from_ntp(measurement.time, DEVICE_NS / 1000000000);
	assert_within(ffntp_time_to_ns(time), sys.device_ns[0] - 1250000000, 2, "ns");
	ffntp_refclock_close(&refclock);
}

/* An error that neither the driver nor the user states is not taken to be 0. */
static void an_unstated_error_is_a_millisecond(void **state)
{
	struct ffntp_refclock refclock = begun(usual);
	struct ffntp_measurement measurement;

	(void)state;
	begin(1);
	assert_int_equal(measure(&refclock, &measurement), 0);
	assert_true(measurement.max_error_s == 1e-3 && !refclock.has_stated_error);
	assert_true(measurement.stratum == 1);
}

static void a_lost_device_is_opened_again_more_seldom(void **state)
{
	struct ffntp_refclock refclock = begun(usual);
	struct ffntp_measurement measurement;

	(void)state;
	begin(1);
	assert_int_equal(measure(&refclock, &measurement), 0);
	assert_true(sys.opened == 1 && refclock.wait_s == 0);
	sys.precise = sys.extended = sys.time = ENODEV;
	assert_int_equal(measure(&refclock, &measurement), ENODEV);
	assert_true(sys.closed == 1 && refclock.wait_s == 1);
	sys.open_error = ENOENT;
	for (double wait_s = 2; wait_s < 200; wait_s *= 2) {
		assert_int_equal(measure(&refclock, &measurement), ENOENT);
		assert_exactly(refclock.wait_s, wait_s < 64 ? wait_s : 64, "s");
	}
	assert_int_equal(sys.closed, 1);
	sys.precise = sys.extended = sys.time = sys.open_error = 0;
	assert_int_equal(measure(&refclock, &measurement), 0);
	assert_true(refclock.wait_s == 0 && refclock.error == 0);
}

static void each_error_has_its_advice(void **state)
{
	static const int errors[] = { EACCES, ENOENT, ENODEV, EINVAL, ERANGE, EIO };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ffntp_refclock_advice(errors[i]), ffntp_refclock_advice(errors[j]));
	assert_string_equal(ffntp_refclock_advice(EPERM), ffntp_refclock_advice(EACCES));
	assert_non_null(ffntp_refclock_advice(12345));
	for (int i = 0; i < FFNTP_PHC_METHODS; i++)
		assert_string_not_equal(ffntp_phc_method_text((enum ffntp_phc_method)i), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_precise_cross_timestamp_is_narrow),
		cmocka_unit_test(the_narrowest_of_the_readings_is_used),
		cmocka_unit_test(an_older_kernel_has_realtime_only),
		cmocka_unit_test(any_clock_can_be_read_by_brackets),
		cmocka_unit_test(asymmetric_brackets),
		cmocka_unit_test(a_step_of_the_system_clock_widens_the_reading),
		cmocka_unit_test(a_slew_of_the_system_clock_keeps_the_truth_inside),
		cmocka_unit_test(a_nanosecond_has_two_ends),
		cmocka_unit_test(a_rate_that_changes_during_a_reading),
		cmocka_unit_test(a_time_namespace_leaves_realtime),
		cmocka_unit_test(errors_of_the_device_are_returned),
		cmocka_unit_test(a_way_that_fails_once_leaves_the_next),
		cmocka_unit_test(what_is_no_clock_is_refused),
		cmocka_unit_test(a_bad_time_is_not_used),
		cmocka_unit_test(a_measurement_has_what_the_user_states),
		cmocka_unit_test(an_unstated_error_is_a_millisecond),
		cmocka_unit_test(a_lost_device_is_opened_again_more_seldom),
		cmocka_unit_test(each_error_has_its_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
