/*
 * measured: a session with a reference clock, which is read between two counter readings, beside the truth: the bound
 * contains it, and the estimate is within half of a reading's width.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../include/ffntp/ensemble.h"
#include "assertions.h"
#include "prng.h"

#define START_S INT64_C(1767225600) /* 2026-01-01, UTC */
#define TAI_S 37
#define PERIOD_S 0.4e-9

/* True time is in s since START_S. The counter runs at a constant rate. */
struct bench {
	struct prng prng;
	double now_s, rate_error;
	double before_s, after_s; /* up to this long before and after the moment at which the clock is read */
	double wrong_s;           /* error of the clock */
	double steps_s;           /* size of the clock's steps; 0: none */
	int64_t utc_shift_s;      /* of UTC's numbers against true time: leap seconds since the start */
	bool is_lost;
	struct ffntp_measurement measurement; /* the next one's statements */
	struct ffntp_ensemble_config config;
	struct ffntp_ensemble *ensemble;
	unsigned member, counts[FFNTP_EVENTS], verdicts[FFNTP_VERDICTS];
	double worst_s, worst_outside_s; /* errors of the estimate, and distance of the truth outside of the bound */
};

static ffntp_counter counter_at(const struct bench *b, double s)
{
	return (UINT64_C(1) << 40) + (uint64_t)(s / PERIOD_S * (1 + b->rate_error));
}

static struct bench *make(unsigned members)
{
	struct bench *b = calloc(1, sizeof *b);
	size_t size;

	assert_non_null(b);
	*b = (struct bench){ .prng = { 7 }, .rate_error = 20e-6, .before_s = 1e-6, .after_s = 1e-6 };
	b->measurement = (struct ffntp_measurement){
		.leap = FFNTP_LEAP_UNANNOUNCED, .stratum = 1, .refid = 0x50484330, .precision_s = 1e-9
	};
	b->config = (struct ffntp_ensemble_config){ .members = members };
	ffntp_client_config_default(&b->config.client);
	b->config.client.counter_kind = FFNTP_COUNTER_TSC;
	b->config.client.period_hint_s = PERIOD_S;
	b->config.client.period_hint_error = 500e-6;
	b->config.client.pivot_s = START_S;
	b->config.client.poll_min_s = b->config.client.poll_max_s = 4;
	size = ffntp_ensemble_memory(&b->config);
	b->ensemble = ffntp_ensemble_init(aligned_alloc(16, size), size, &b->config, counter_at(b, 0));
	assert_non_null(b->ensemble);
	return b;
}

static void join(struct bench *b)
{
	const struct ffntp_member_config member = { .client = b->config.client };
	int number = ffntp_ensemble_add(b->ensemble, &member, counter_at(b, b->now_s));

	assert_true(number >= 0);
	b->member = (unsigned)number;
}

static struct bench *begin(void)
{
	struct bench *b = make(1);

	join(b);
	return b;
}

static void drop(struct bench *b)
{
	free(b->ensemble);
	free(b);
}

static double some(struct bench *b, double most)
{
	return (double)(prng_next(&b->prng) >> 11) * 0x1p-53 * most;
}

static void put(struct bench *b, struct ffntp_input input)
{
	struct ffntp_event event;
	unsigned member;

	ffntp_ensemble_input(b->ensemble, b->member, &input);
	while (ffntp_ensemble_event(b->ensemble, &member, &event)) {
		b->counts[event.kind]++;
		if (event.kind == FFNTP_EVENT_REPLY)
			b->verdicts[event.verdict]++;
	}
}

static struct ffntp_time clock_time(const struct bench *b)
{
	double shown_s = b->now_s + b->wrong_s;
	int64_t s, of_scale = b->measurement.is_tai ? TAI_S : b->utc_shift_s;

	if (b->steps_s > 0)
		shown_s = floor(shown_s / b->steps_s) * b->steps_s;
	s = (int64_t)floor(shown_s);
	return (struct ffntp_time){ START_S + s + of_scale, (uint64_t)((shown_s - (double)s) * 0x1p64) };
}

static void measure(struct bench *b)
{
	struct ffntp_measurement measurement = b->measurement;
	struct ffntp_input input = { .kind = FFNTP_INPUT_MEASURED, .measurement = &measurement };

	measurement.before = counter_at(b, b->now_s);
	b->now_s += some(b, b->before_s);
	measurement.time = ffntp_ntp_from_time(clock_time(b));
	b->now_s += some(b, b->after_s);
	input.at = counter_at(b, b->now_s) + 1;
	if (b->is_lost)
		input = (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_MEASURED, .at = input.at, .error = 19 };
	put(b, input);
}

/* Compare the map with the truth; once it has time. */
static void compare(struct bench *b)
{
	ffntp_counter at = counter_at(b, b->now_s);
	double truth_s = b->now_s + (double)b->utc_shift_s, error_s, early_s, late_s;
	struct ffntp_reading reading;

	if (ffntp_clock_at(ffntp_ensemble_map(b->ensemble), at, FFNTP_UTC, UINT64_MAX, &reading) != FFNTP_CLOCK_OK)
		return;
	error_s = (double)(ffntp_time_to_ns(reading.estimate) - START_S * 1000000000) * 1e-9 - truth_s;
	early_s = (double)(ffntp_time_to_ns(reading.earliest) - START_S * 1000000000) * 1e-9 - truth_s;
	late_s = (double)(ffntp_time_to_ns(reading.latest) - START_S * 1000000000) * 1e-9 - truth_s;
	b->worst_s = fmax(b->worst_s, fabs(error_s));
	b->worst_outside_s = fmax(b->worst_outside_s, fmax(early_s, -late_s));
}

/* The truth's resolution here: a double's at this time, and the nanoseconds in which readings are compared (s). */
#define RESOLUTION_S 2e-9

static void run(struct bench *b, double seconds)
{
	double end_s = b->now_s + seconds;

	while (b->now_s < end_s) {
		const struct ffntp_session *session = ffntp_ensemble_session(b->ensemble, b->member);

		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = counter_at(b, b->now_s) });
		if (ffntp_session_wants_request(session))
			measure(b);
		compare(b);
		b->now_s += 0.5;
		compare(b);
	}
	assert_at_most(b->worst_outside_s, RESOLUTION_S, "s");
}

static enum ffntp_status status(const struct bench *b)
{
	return ffntp_ensemble_map(b->ensemble)->status;
}

static const struct ffntp_source *source(const struct bench *b)
{
	return ffntp_session_source(ffntp_ensemble_session(b->ensemble, b->member));
}

/* --- accuracy --- */

static void the_error_is_within_half_of_a_reading(void **state)
{
	static const struct {
		double before_s, after_s;
	} brackets[] = { { 1e-6, 1e-6 }, { 2e-6, 0 }, { 0, 2e-6 }, { 60e-9, 60e-9 }, { 20e-6, 1e-6 } };

	(void)state;
	for (size_t i = 0; i < sizeof brackets / sizeof brackets[0]; i++) {
		struct bench *b = begin();
		double half_s = (brackets[i].before_s + brackets[i].after_s) / 2;

		b->before_s = brackets[i].before_s;
		b->after_s = brackets[i].after_s;
		run(b, 60);
		b->worst_s = 0;
		run(b, 3600);
		assert_at_most(b->worst_s, half_s + 10e-9, "s");
		assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
		assert_int_equal(b->counts[FFNTP_EVENT_REPLY], b->verdicts[FFNTP_ACCEPTED]);
		assert_int_equal(b->counts[FFNTP_EVENT_SENT], 0);
		drop(b);
	}
}

/* A clock that is wrong within its stated error: the bound holds, and is about as wide as that. */
static void the_stated_error_is_in_the_bound(void **state)
{
	struct bench *b = begin();

	(void)state;
	b->wrong_s = -4.9e-6;
	b->measurement.max_error_s = 3e-6;
	b->measurement.root_delay_s = 4e-6;
	run(b, 600);
	assert_in_range(ffntp_ensemble_map(b->ensemble)->maxerror_after_ns, 5000, 9000);
	assert_int_equal(source(b)->root_dispersion_ns, 3001);
	assert_int_equal(source(b)->root_delay_ns, 4000);
	assert_int_equal(source(b)->leap, 0);
	assert_true(source(b)->refid == 0x50484330 && source(b)->stratum == 1);
	drop(b);
}

/* Coarse clocks state a nanosecond, as the kernel does for each of them. */
static void coarse_steps_are_detected(void **state)
{
	struct bench *b = begin();

	(void)state;
	b->steps_s = 1e-3;
	for (int i = 0; i < 600; i++) {
		put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = counter_at(b, b->now_s) });
		if (ffntp_session_wants_request(ffntp_ensemble_session(b->ensemble, b->member)))
			measure(b);
		b->now_s += 0.5 + some(b, 0.9);
	}
	assert_in_range(source(b)->root_dispersion_ns, 900000, 1100000);
	compare(b);
	assert_at_most(b->worst_outside_s, RESOLUTION_S, "s");
	drop(b);
}

/* --- losses and jumps --- */

static void a_lost_clock_runs_free(void **state)
{
	struct bench *b = begin();

	(void)state;
	run(b, 60);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	b->is_lost = true;
	run(b, 60);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	assert_int_equal(b->counts[FFNTP_EVENT_ERROR], b->counts[FFNTP_EVENT_UNANSWERED]);
	assert_in_range(b->counts[FFNTP_EVENT_ERROR], 14, 16);
	assert_int_equal(source(b)->reach, 0);
	assert_int_equal(source(b)->poll_log2_s, 2); /* a device has no limit of requests */
	b->is_lost = false;
	run(b, 20);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* A clock that jumps is refused, like a server, until it has kept to its new time for half an hour. */
static void a_jump_is_refused_at_first(void **state)
{
	struct bench *b = begin();
	uint64_t marker;

	(void)state;
	run(b, 600);
	marker = ffntp_ensemble_map(b->ensemble)->disruption_marker;
	b->wrong_s = 5;
	run(b, 600); /* the bound has the truth still */
	assert_true(b->verdicts[FFNTP_REFUSED_CONTRADICTION] > 100);
	assert_int_equal(status(b), FFNTP_STATUS_FREE_RUNNING);
	b->wrong_s = 0;
	run(b, 600);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_true(ffntp_ensemble_map(b->ensemble)->disruption_marker == marker);
	drop(b);
}

/* --- what is refused --- */

static void check_refusal(struct bench *b, enum ffntp_verdict verdict)
{
	unsigned before = b->verdicts[verdict];

	run(b, 5);
	assert_true(b->verdicts[verdict] > before);
	assert_int_equal(b->verdicts[FFNTP_ACCEPTED], 0);
	drop(b);
}

static void invalid_statements_are_refused(void **state)
{
	static const struct ffntp_measurement wrong[] = {
		{ .leap = 4, .stratum = 1, .precision_s = 1e-9 },
		{ .stratum = 0, .precision_s = 1e-9 },
		{ .stratum = 16, .precision_s = 1e-9 },
		{ .stratum = 1, .precision_s = 0 },
		{ .stratum = 1, .precision_s = 2 },
		{ .stratum = 1, .precision_s = 1e-9, .max_error_s = -1 },
		{ .stratum = 1, .precision_s = 1e-9, .root_delay_s = -1 },
		{ .stratum = 1, .precision_s = (double)NAN },
		{ .stratum = 1, .precision_s = 1e-9, .max_error_s = (double)NAN },
	};
	struct bench *b;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		b = begin();
		b->measurement = wrong[i];
		check_refusal(b, FFNTP_REFUSED_TIMESTAMPS);
	}
	b = begin();
	b->measurement.max_error_s = 3;
	check_refusal(b, FFNTP_REFUSED_ROOT_DISTANCE);
	b = begin();
	b->before_s = b->after_s = 1e3;
	b->prng.state = 3;
	check_refusal(b, FFNTP_REFUSED_LATE);
}

static void a_counter_that_goes_back_disrupts(void **state)
{
	struct bench *b = begin();
	struct ffntp_measurement measurement;

	(void)state;
	run(b, 60);
	b->now_s += 4;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = counter_at(b, b->now_s) });
	measurement = b->measurement;
	measurement.time = ffntp_ntp_from_time(clock_time(b));
	measurement.before = counter_at(b, 1);
	put(b, (struct ffntp_input){
		       .kind = FFNTP_INPUT_MEASURED, .at = counter_at(b, 1.1), .measurement = &measurement });
	assert_int_equal(b->verdicts[FFNTP_REFUSED_COUNTER], 1);
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	drop(b);
}

/* Without a wish for a request, or without a measurement, the inputs have no effect. */
static void inputs_that_nobody_asked_for(void **state)
{
	struct bench *b = begin();
	ffntp_counter at;

	(void)state;
	run(b, 60);
	b->now_s += 0.1;
	at = counter_at(b, b->now_s);
	while (ffntp_session_wants_request(ffntp_ensemble_session(b->ensemble, b->member)))
		measure(b);
	memset(b->counts, 0, sizeof b->counts);
	measure(b);
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_MEASURED, .at = at });
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_NOT_MEASURED, .at = at, .error = 5 });
	b->now_s += 4;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = counter_at(b, b->now_s) });
	assert_true(ffntp_session_wants_request(ffntp_ensemble_session(b->ensemble, b->member)));
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_MEASURED, .at = counter_at(b, b->now_s) });
	assert_int_equal(b->counts[FFNTP_EVENT_REPLY] + b->counts[FFNTP_EVENT_ERROR], 0);
	drop(b);
}

/* --- TAI, and leap seconds --- */

static void use_table(struct bench *b, const struct ffntp_leap_table *table, enum ffntp_leap_expiry expiry)
{
	b->config.client.leap_table = table;
	b->config.client.leap_expiry = expiry;
}

/* A table with leap seconds at the ends of January and February 2026, as the truth has them here. */
#define LEAP_S (31 * 86400.0)
#define SECOND_LEAP_S (59 * 86400.0)

static struct ffntp_leap_table table_with_leap(void)
{
	struct ffntp_leap_table table = *ffntp_leap_table_builtin();

	table.entry[table.count++] = (struct ffntp_leap_entry){ START_S + (int64_t)LEAP_S, TAI_S + 1 };
	table.entry[table.count++] = (struct ffntp_leap_entry){ START_S + (int64_t)SECOND_LEAP_S, TAI_S + 2 };
	table.expires_s = START_S + 400 * 86400;
	return table;
}

static void tai_needs_a_table(void **state)
{
	struct bench *b = begin();

	(void)state;
	b->measurement.is_tai = true;
	check_refusal(b, FFNTP_REFUSED_LEAP);
}

static void tai_is_converted(void **state)
{
	const struct ffntp_leap_table *table = ffntp_leap_table_builtin();
	static const enum ffntp_leap_expiry expiries[] = { FFNTP_LEAP_EXPIRY_KEEP, FFNTP_LEAP_EXPIRY_STRICT };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct bench *b = make(1);
		struct ffntp_leap_table expired = *table;
		bool is_strict = i % 2 > 0;

		expired.expires_s = i < 2 ? START_S - 86400 : START_S + 86400;
		use_table(b, &expired, expiries[i % 2]);
		join(b);
		b->measurement.is_tai = true;
		run(b, 120);
		if (is_strict && i < 2)
			assert_int_equal(b->verdicts[FFNTP_ACCEPTED], 0);
		else
			assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
		drop(b);
	}
}

/* Through a leap second of the table: the map's UTC follows it, and nothing contradicts. */
static void a_leap_second_of_the_table(void **state)
{
	(void)state;
	for (int is_tai = 0; is_tai <= 1; is_tai++) {
		struct ffntp_leap_table table = table_with_leap();
		struct bench *b = make(1);

		use_table(b, &table, FFNTP_LEAP_EXPIRY_STRICT);
		b->now_s = LEAP_S - 600;
		join(b);
		b->measurement.is_tai = is_tai != 0;
		run(b, 590);
		b->now_s += 20; /* UTC's numbers are compared outside of the leap second only */
		b->utc_shift_s = -1;
		run(b, 600);
		assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
		assert_int_equal(b->counts[FFNTP_EVENT_REPLY], b->verdicts[FFNTP_ACCEPTED]);
		drop(b);
	}
}

/* After a jump of the counter across two leap seconds, of which the rule has one, TAI places the clock at once. */
static void tai_after_a_disruption(void **state)
{
	struct ffntp_leap_table table = table_with_leap();
	struct bench *b = make(1);

	(void)state;
	use_table(b, &table, FFNTP_LEAP_EXPIRY_KEEP);
	b->now_s = LEAP_S - 600;
	join(b);
	b->measurement.is_tai = true;
	run(b, 300);
	b->now_s = SECOND_LEAP_S + 86400;
	b->utc_shift_s = -2;
	put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_DISRUPTED, .at = counter_at(b, b->now_s) });
	assert_int_equal(status(b), FFNTP_STATUS_DISRUPTED);
	run(b, 120);
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	drop(b);
}

/* --- several sources --- */

/* Two clocks of an ensemble; the second one is read by the same bench, in turn. */
static void reference_clocks_are_members_of_an_ensemble(void **state)
{
	struct bench *b = make(3);
	struct ffntp_source first, second;

	(void)state;
	join(b);
	join(b);
	for (int i = 0; i < 1200; i++) {
		for (b->member = 0; b->member < 2; b->member++) {
			put(b, (struct ffntp_input){ .kind = FFNTP_INPUT_TIMEOUT, .at = counter_at(b, b->now_s) });
			b->after_s = b->member == 0 ? 1e-6 : 3e-6;
			if (ffntp_session_wants_request(ffntp_ensemble_session(b->ensemble, b->member)))
				measure(b);
		}
		b->now_s += 0.5;
		compare(b);
	}
	assert_int_equal(status(b), FFNTP_STATUS_SYNCHRONISED);
	assert_at_most(b->worst_outside_s, RESOLUTION_S, "s");
	assert_true(ffntp_ensemble_source(b->ensemble, 0, &first) && ffntp_ensemble_source(b->ensemble, 1, &second));
	assert_int_equal(first.selection, FFNTP_SELECTION_FOLLOWED);
	assert_int_equal(second.selection, FFNTP_SELECTION_COMBINED);
	assert_in_range(first.share_percent + second.share_percent, 99, 101);
	drop(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_error_is_within_half_of_a_reading),
		cmocka_unit_test(the_stated_error_is_in_the_bound),
		cmocka_unit_test(coarse_steps_are_detected),
		cmocka_unit_test(a_lost_clock_runs_free),
		cmocka_unit_test(a_jump_is_refused_at_first),
		cmocka_unit_test(invalid_statements_are_refused),
		cmocka_unit_test(a_counter_that_goes_back_disrupts),
		cmocka_unit_test(inputs_that_nobody_asked_for),
		cmocka_unit_test(tai_needs_a_table),
		cmocka_unit_test(tai_is_converted),
		cmocka_unit_test(a_leap_second_of_the_table),
		cmocka_unit_test(tai_after_a_disruption),
		cmocka_unit_test(reference_clocks_are_members_of_an_ensemble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
