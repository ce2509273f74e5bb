/*
 * interval_params: each number of the interval filter at a tenth and at ten times its value, in worlds that the
 * simulator makes. In all of them numbers stay numbers and the error stays what the row says; and in one at least the
 * number matters: what does not matter anywhere is not needed.
 *
 * Usage: test_interval_params [measure]     measure: prints what the rows are made from, and tests nothing
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../core/interval/interval.h"
#include "../sim/world.h"

/* --- worlds --- */

enum place {
	PERFECT,
	LAN,
	OVEN,
	METRO,
	CONTINENTAL,
	WIFI,
	OCEAN,
	UNEQUAL,
	CONGESTION,
	EARLY_CONGESTION,
	TEMPERATURE,
	FREQUENCY_STEP,
	SMALL_STEP,
	STEP_100_PPM,
	HALF_A_PERCENT,
	WANDERER,
	WILD,
	ROUTE,
	ROUTE_BOTH_WAYS,
	FLAPPING,
	RARE_ROUTE,
	FAULT,
	SMALL_FAULT,
	EARLY_FAULT,
	FLIPPING_SERVER,
	PERSISTENT_FAULT,
	LITTLE_FAULT,
	TICKS,
	SMEAR,
	START,
	PLACES
};

/* A scenario of the simulator, for so long, scored from there on; and what is different in it. */
struct making {
	const char *scenario;
	uint32_t poll_s;
	double hours, scored_from; /* share of the exchanges */
	void (*change)(struct sim_scenario *scenario);
};

#define HOUR_S 3600.0
#define FOREVER_S 1e18

static void oven(struct sim_scenario *scenario)
{
	scenario->oscillator.wander = 1e-11;
}

static void small_step(struct sim_scenario *scenario)
{
	scenario->oscillator.wander = 1e-11;
	scenario->oscillator.step = 0.3e-6;
	scenario->oscillator.step_at_s = 8 * HOUR_S;
}

static void step_100_ppm(struct sim_scenario *scenario)
{
	scenario->oscillator.step = 100e-6;
	scenario->oscillator.step_at_s = 4 * HOUR_S;
}

static void half_a_percent(struct sim_scenario *scenario)
{
	scenario->oscillator.step = 5e-3;
	scenario->oscillator.step_at_s = 4 * HOUR_S;
}

static void wanderer(struct sim_scenario *scenario)
{
	scenario->oscillator.wander = 3e-8;
}

static void wild(struct sim_scenario *scenario)
{
	scenario->oscillator.wander = 3e-7;
}

/* From before the first exchange on. */
static void early_congestion(struct sim_scenario *scenario)
{
	scenario->spells[0] =
		(struct sim_spell){ .from_s = -1, .length_s = 600, .more.way[SIM_FORTH] = { 3e-3, 0, 0, 7e-3, 0 } };
}

static void rare_route(struct sim_scenario *scenario)
{
	scenario->spells[0] = (struct sim_spell){ .from_s = 100 * HOUR_S,
						  .length_s = 10 * HOUR_S,
						  .every_s = 25 * HOUR_S,
						  .more.way[SIM_FORTH].minimum_s = 0.4e-3 };
}

static void early_fault(struct sim_scenario *scenario)
{
	scenario->spells[0] = (struct sim_spell){ .from_s = 600, .length_s = 300, .more.server_error_s = 0.02 };
}

static void flipping_server(struct sim_scenario *scenario)
{
	scenario->spells[0] =
		(struct sim_spell){ .from_s = 4 * HOUR_S, .length_s = 40, .every_s = 100, .more.server_error_s = 0.02 };
}

static void persistent_fault(struct sim_scenario *scenario)
{
	scenario->spells[0] =
		(struct sim_spell){ .from_s = 4 * HOUR_S, .length_s = FOREVER_S, .more.server_error_s = 0.15 };
}

static void little_fault(struct sim_scenario *scenario)
{
	scenario->spells[0] =
		(struct sim_spell){ .from_s = 8 * HOUR_S, .length_s = FOREVER_S, .more.server_error_s = 40e-6 };
}

static const struct making makings[PLACES] = {
	[PERFECT] = { "perfect-network", 16, 12, 0.5, NULL },
	[LAN] = { "lan", 16, 12, 0.5, NULL },
	[OVEN] = { "metro", 16, 16, 0.5, oven },
	[METRO] = { "metro", 256, 200, 0.5, NULL },
	[CONTINENTAL] = { "continental", 16, 12, 0.5, NULL },
	[WIFI] = { "wifi", 16, 12, 0.5, NULL },
	[OCEAN] = { "intercontinental", 16, 16, 0.5, NULL },
	[UNEQUAL] = { "unequal-noise", 16, 12, 0.5, NULL },
	[CONGESTION] = { "congestion", 16, 16, 0.5, NULL },
	[EARLY_CONGESTION] = { "metro", 16, 3, 0.2, early_congestion },
	[TEMPERATURE] = { "temperature", 16, 24, 0.5, NULL },
	[FREQUENCY_STEP] = { "frequency-step", 16, 16, 0.5, NULL },
	[SMALL_STEP] = { "lan", 16, 12, 0.5, small_step },
	[STEP_100_PPM] = { "metro", 16, 8, 0.4, step_100_ppm },
	[HALF_A_PERCENT] = { "metro", 16, 8, 0.1, half_a_percent },
	[WANDERER] = { "metro", 16, 12, 0.5, wanderer },
	[WILD] = { "metro", 16, 8, 0.5, wild },
	[ROUTE] = { "route-change-one-way", 16, 20, 0.5, NULL },
	[ROUTE_BOTH_WAYS] = { "route-change-both-ways", 16, 24, 0.5, NULL },
	[FLAPPING] = { "flapping-routes", 16, 24, 0.5, NULL },
	[RARE_ROUTE] = { "lan", 1024, 400, 0.1, rare_route },
	[FAULT] = { "server-fault", 16, 16, 0.5, NULL },
	[SMALL_FAULT] = { "small-server-fault", 16, 16, 0.5, NULL },
	[EARLY_FAULT] = { "metro", 16, 2, 0.01, early_fault },
	[FLIPPING_SERVER] = { "metro", 16, 10, 0.3, flipping_server },
	[PERSISTENT_FAULT] = { "metro", 16, 10, 0.1, persistent_fault },
	[LITTLE_FAULT] = { "lan", 16, 12, 0.5, little_fault },
	[TICKS] = { "server-ticks-1-ms", 16, 12, 0.5, NULL },
	[SMEAR] = { "leap-smear", 16, 20, 0.5, NULL },
	[START] = { "cold-start", 16, 0.3, 0.03, NULL },
};

struct moment {
	struct ffntp_stamp stamp;
	int64_t truth_ns;
};

#define MOMENTS 6000

struct record {
	struct moment *moments;
	size_t count;
};

static struct record records[PLACES];

static struct ffntp_ntp ntp(int64_t ns)
{
	return ffntp_ntp_from_time(ffntp_time_from_ns(ns));
}

static void add_moment(void *context, const struct sim_exchange *exchange, enum ffntp_verdict verdict)
{
	struct record *record = context;

	(void)verdict;
	assert_true(record->count < MOMENTS);
	record->moments[record->count++] =
		(struct moment){ .stamp = { .ta = exchange->ta,
					    .tb = ntp(exchange->tb_ns),
					    .te = ntp(exchange->te_ns),
					    .tf = exchange->tf,
					    .precision_s = exchange->conditions.server_tick_s,
					    .stratum = 1 },
				 .truth_ns = exchange->truth_tf_ns };
}

/* What a client that polls so often exchanges there, whatever it makes of it. */
static void make_record(enum place place)
{
	const struct making *making = &makings[place];
	struct sim_scenario scenario = *sim_scenario_find(making->scenario);
	struct record *record = &records[place];
	const struct sim_observer observer = { .context = record, .after = add_moment };
	struct ffntp_client_config config;
	struct sim_world world;
	size_t size;
	void *memory;

	if (making->change)
		making->change(&scenario);
	record->moments = calloc(MOMENTS, sizeof *record->moments);
	sim_world_init(&world, &scenario, 9001 + (uint64_t)place);
	sim_world_configure(&config, &scenario, FFNTP_ESTIMATOR_RADCLOCK, making->poll_s);
	size = (ffntp_client_memory(&config) + 15) / 16 * 16;
	memory = aligned_alloc(16, size);
	assert_true(record->moments && memory);
	sim_world_run(&world, ffntp_client_init(memory, size, &config, sim_world_counter(&world)),
		      SIM_START_NS + (int64_t)(making->hours * 3600e9), &observer);
	free(memory);
}

static int make_records(void **state)
{
	(void)state;
	for (enum place place = 0; place < PLACES; place++)
		make_record(place);
	return 0;
}

static int free_records(void **state)
{
	(void)state;
	for (enum place place = 0; place < PLACES; place++)
		free(records[place].moments);
	return 0;
}

/* --- scores --- */

struct score {
	double rms_s, worst_s; /* of the error just before each exchange */
	double within;         /* share of them within two estimated errors */
	double stable;         /* RMS error of the stable period, as a ratio, against the whole record's mean */
	double refused;
	bool has_numbers; /* all along */
};

static double error_s(const struct ffntp_estimate *estimate, const struct moment *moment)
{
	return ffntp_ntp_diff_s(estimate->reference, ntp(moment->truth_ns)) + estimate->correction_s +
	       ffntp_counter_diff(moment->stamp.tf, estimate->at) * estimate->period_s;
}

static double esterror_s(const struct ffntp_estimate *e, const struct moment *moment)
{
	double t = ffntp_counter_diff(moment->stamp.tf, e->at) * e->period_s,
	       rate2 = e->period_esterror * e->period_esterror;

	return sqrt(e->esterror_s * e->esterror_s + t * (2 * e->covariance_s + t * (rate2 + t * e->wander_per_s / 3)));
}

static double mean_period_s(const struct record *record)
{
	const struct moment *first = &record->moments[0], *last = &record->moments[record->count - 1];

	return (double)(last->truth_ns - first->truth_ns) * 1e-9 / ffntp_counter_diff(last->stamp.tf, first->stamp.tf);
}

static void score_moment(struct score *sums, const struct ffntp_estimate *estimate, const struct moment *moment,
			 double period_s)
{
	double error = error_s(estimate, moment);

	sums->rms_s += error * error;
	sums->worst_s = fmax(sums->worst_s, fabs(error));
	sums->within += fabs(error) <= 2 * esterror_s(estimate, moment);
	sums->stable += pow(estimate->stable_period_s / period_s - 1, 2);
	sums->has_numbers &= isfinite(error) && isfinite(estimate->esterror_s) && estimate->esterror_s >= 0;
}

static struct score score(enum place place, const struct ffntp_interval_params *params)
{
	static const struct ffntp_estimator_config config = { 1e-9, 500e-6, 16, 0 };
	static _Alignas(16) unsigned char state[4096];
	const struct record *record = &records[place];
	size_t from = 1 + (size_t)((double)record->count * makings[place].scored_from);
	double period_s = mean_period_s(record), scored = (double)(record->count - from);
	struct score score = { .has_numbers = true };
	struct ffntp_estimate estimate;

	ffntp_interval_init_with(state, &config, params);
	for (size_t i = 0; i < record->count; i++) {
		if (i >= from)
			score_moment(&score, &estimate, &record->moments[i], period_s);
		score.refused += ffntp_interval_ops.add(state, &record->moments[i].stamp, &estimate) != FFNTP_ACCEPTED;
	}
	score.rms_s = sqrt(score.rms_s / scored);
	score.stable = sqrt(score.stable / scored);
	score.within /= scored;
	return score;
}

/* --- the numbers --- */

enum measure { RMS, WORST, WITHIN, REFUSED, STABLE };

/* Where it matters: there, at so many times its value, the score differs: by at least that ratio; of the share within
 * two estimated errors and of refused exchanges, by that difference. */
struct witness {
	enum place place;
	enum measure measure;
	double times, by;
};

struct row {
	const char *name;
	size_t offset;
	bool is_integer;
	double most_at_tenth, most_at_ten; /* RMS error in any world, in RMS errors of the default */
	struct witness witness;
};

#define REAL(name) #name, offsetof(struct ffntp_interval_params, name), false
#define WHOLE(name) #name, offsetof(struct ffntp_interval_params, name), true

/* In one world at least the filter is lost: what happens stands beside it. The hard bound does not depend on any of
 * this. */
#define BROKEN 1e12

static const struct row rows[] = {
	/* clang-format off */
	{ REAL(wander_start), 3.7, 4.2, { WILD, WITHIN, 0.1, 0.13 } },
	{ REAL(wander_step), 3.7, 4.4, { RARE_ROUTE, RMS, 10, 1.36 } },
	{ REAL(wander_least), 1.5, 3.1, { SMALL_STEP, RMS, 10, 1.22 } },
	{ REAL(wander_most), 3.4, 1.5, { WILD, WITHIN, 0.1, 0.15 } },
	{ REAL(wander_slide), 120, 30, { OVEN, RMS, 0.1, 3.77 } },
	{ REAL(wander_leak), 1.7, 3.7, { WILD, WITHIN, 10, 0.13 } },
	{ REAL(noise_guess), 30, 40, { FLIPPING_SERVER, WITHIN, 0.1, 0.32 } },
	{ REAL(noise_gain), 1.5, 1.7, { TEMPERATURE, WORST, 10, 1.09 } },
	{ REAL(noise_least_s), 1.5, 4.8, { PERFECT, RMS, 10, 1.41 } },
	{ REAL(noise_tail), 30, 5.4, { START, RMS, 0.1, 1.5 } },
	{ REAL(burst_noise), 1.7, 7.2, { TICKS, RMS, 0.1, 1.8 } },
	{ REAL(burst_gain), 1.8, 20, { WILD, RMS, 10, 1.6 } },
	{ REAL(soft_start), 1.7, 1.5, { WILD, REFUSED, 0.1, 3 } },
	{ REAL(soft_least), 1.5, 1.7, { OVEN, RMS, 10, 1.11 } },
	{ REAL(soft_most), 1.8, 4.5, { WILD, WITHIN, 0.1, 0.15 } },
	{ REAL(soft_gain), 1.5, 1.7, { WILD, WITHIN, 10, 0.14 } },
	{ REAL(soft_young), 30, 4, { FLIPPING_SERVER, WITHIN, 0.1, 0.32 } },
	{ WHOLE(path_settled), 1.5, BROKEN, { EARLY_FAULT, RMS, 10, 5 } }, /* a fault within the first minutes is believed */
	{ REAL(fall_noise), 6.1, 1.5, { FLAPPING, WORST, 0.1, 4.1 } },
	{ REAL(fall_sd), 30, 6.4, { FLIPPING_SERVER, WITHIN, 0.1, 0.23 } },
	{ WHOLE(run_least), 20, 20, { RARE_ROUTE, RMS, 10, 1.39 } },
	{ WHOLE(run_short), BROKEN, BROKEN, { FLIPPING_SERVER, RMS, 0.1, 5 } }, /* every second of a queue becomes a route; or congestion is never over */
	{ WHOLE(run_recall), 6.8, 4.1, { RARE_ROUTE, RMS, 10, 1.33 } },
	{ WHOLE(window), 7.1, 20, { FLIPPING_SERVER, REFUSED, 0.1, 26 } },
	{ WHOLE(run_doubt), 1.5, 1.5, { RARE_ROUTE, WORST, 0.1, 1.18 } },
	{ REAL(run_noise), 1.5, BROKEN, { RARE_ROUTE, RMS, 10, 5 } }, /* a route is never found */
	{ REAL(run_tail), 6.8, BROKEN, { RARE_ROUTE, RMS, 10, 5 } }, /* a route is never found */
	{ REAL(run_spread), BROKEN, 1.5, { ROUTE_BOTH_WAYS, RMS, 0.1, 5 } }, /* no route is as narrow as that: it is never found */
	{ REAL(run_mixed), 1.5, 5.9, { FLAPPING, RMS, 10, 1.54 } },
	{ REAL(window_noise), 4.1, 7.1, { FAULT, REFUSED, 0.1, 10 } },
	{ REAL(recall_sd), 20, 1.5, { RARE_ROUTE, RMS, 0.1, 1.9 } },
	{ REAL(recall_noise), 1.5, 20, { FLAPPING, RMS, 10, 1.15 } },
	{ REAL(divide_any), 1.5, 5.9, { FLAPPING, RMS, 1e4, 3 } },
	{ REAL(quieter), BROKEN, 1.5, { EARLY_CONGESTION, RMS, 0.1, 5 } }, /* congestion over the first exchanges is taken for the path */
	{ REAL(contradiction_sd), BROKEN, 4.7, { SMALL_FAULT, RMS, 0.1, 5 } }, /* noise is held against the server */
	{ REAL(kick_least), 1.5, 1.5, { SMALL_STEP, RMS, 10, 1.04 } },
	{ REAL(kick_most), 6.2, 100, { SMALL_FAULT, RMS, 10, 3.54 } },
	{ REAL(kick_reach), 6.2, 90, { SMALL_FAULT, RMS, 10, 3.42 } },
	{ REAL(time_gap), 1.5, 1.5, { SMALL_STEP, RMS, 0.1, 1.05 } },
	{ REAL(both_skew), BROKEN, 1.5, { HALF_A_PERCENT, RMS, 0.1, 5 } }, /* a counter that is half a percent off is not found out */
	{ REAL(both_share), 1.5, 1.5, { ROUTE_BOTH_WAYS, RMS, 10000, 5 } },
	{ REAL(server_turns), 1.5, 1.5, { SMEAR, RMS, 10000, 1.37 } },
	{ REAL(true_share), 1.5, BROKEN, { FLIPPING_SERVER, RMS, 10, 5 } }, /* likewise: the server is never forgiven */
	{ REAL(rate_share), BROKEN, BROKEN, { HALF_A_PERCENT, RMS, 10, 5 } }, /* a certainty that is never reached: the rate is never believed */
	{ REAL(rate_sd), 1.5, 30, { SMEAR, RMS, 10, 2.19 } },
	{ REAL(skew_sd), 1.5, 1.9, { STEP_100_PPM, RMS, 10, 1.15 } },
	{ WHOLE(rate_stamps), BROKEN, BROKEN, { FLIPPING_SERVER, RMS, 0.1, 5 } }, /* a fault is taken for a rate, or a rate not in time */
	{ WHOLE(small_stamps), 1.5, 1.5, { WILD, WORST, 0.0001, 1.17 } },
	{ REAL(small_noise), 80, 1.5, { LITTLE_FAULT, REFUSED, 0.1, 224 } },
	{ REAL(small_sd), 80, 1.5, { LITTLE_FAULT, REFUSED, 0.1, 224 } },
	{ REAL(modesty), 1.5, 1.5, { PERSISTENT_FAULT, WITHIN, 0.1, 0.28 } },
	{ REAL(learnt), 1.5, 1.5, { EARLY_CONGESTION, WITHIN, 0.1, 0.013 } },
	{ REAL(stable_s), 1.5, 1.5, { OVEN, STABLE, 0.1, 2.11 } },
	/* clang-format on */
};

#define ROWS (sizeof rows / sizeof *rows)

static const struct ffntp_interval_params usual = FFNTP_INTERVAL_PARAMS;

static struct ffntp_interval_params changed(const struct row *row, double times)
{
	struct ffntp_interval_params params = usual;
	unsigned char *at = (unsigned char *)&params + row->offset;

	if (row->is_integer) {
		uint32_t value;

		memcpy(&value, at, sizeof value);
		value = (uint32_t)fmax(1, round(value * times));
		memcpy(at, &value, sizeof value);
	} else {
		double value;

		memcpy(&value, at, sizeof value);
		value *= times;
		memcpy(at, &value, sizeof value);
	}
	return params;
}

static struct score defaults[PLACES];

static void score_defaults(void)
{
	for (enum place place = 0; place < PLACES; place++)
		defaults[place] = score(place, &usual);
}

/* --- tests --- */

static void assert_harmless(const struct row *row, double times, double most)
{
	const struct ffntp_interval_params params = changed(row, times);

	for (enum place place = 0; place < PLACES; place++) {
		struct score there = score(place, &params);
		double ratio = there.rms_s / defaults[place].rms_s;

		if (!there.has_numbers || !(ratio <= most))
			print_message("%s times %g in world %d: %g times the error\n", row->name, times, (int)place,
				      ratio);
		assert_true(there.has_numbers);
		assert_true(ratio <= most);
	}
}

static double ratio_of(double a, double b)
{
	return fmax(a, b) / fmin(a, b);
}

static double difference(const struct score *a, const struct score *b, enum measure measure)
{
	switch (measure) {
	case RMS:
		return ratio_of(a->rms_s, b->rms_s);
	case WORST:
		return ratio_of(a->worst_s, b->worst_s);
	case WITHIN:
		return fabs(a->within - b->within);
	case REFUSED:
		return fabs(a->refused - b->refused);
	case STABLE:
		return ratio_of(a->stable, b->stable);
	}
	return 0;
}

static void assert_matters(const struct row *row)
{
	const struct witness *witness = &row->witness;
	const struct ffntp_interval_params params = changed(row, witness->times);
	struct score there = score(witness->place, &params);
	double by = difference(&there, &defaults[witness->place], witness->measure);

	if (!(by >= witness->by))
		print_message("%s times %g in world %d: differs by %g only\n", row->name, witness->times,
			      (int)witness->place, by);
	assert_true(by >= witness->by);
}

/* What no row covers is padding, which is zero here. */
static void test_every_number_has_a_row(void **state)
{
	unsigned char bytes[sizeof usual];

	(void)state;
	memcpy(bytes, &usual, sizeof bytes);
	for (size_t i = 0; i < ROWS; i++)
		memset(bytes + rows[i].offset, 0, rows[i].is_integer ? sizeof(uint32_t) : sizeof(double));
	for (size_t i = 0; i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0);
}

static void test_the_default_holds_in_every_world(void **state)
{
	(void)state;
	for (enum place place = 0; place < PLACES; place++) {
		assert_true(defaults[place].has_numbers);
		assert_true(defaults[place].worst_s < 0.3);
	}
}

static void test_a_tenth(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		assert_harmless(&rows[i], 0.1, rows[i].most_at_tenth);
}

static void test_ten_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		assert_harmless(&rows[i], 10, rows[i].most_at_ten);
}

static void test_every_number_matters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		assert_matters(&rows[i]);
}

/* --- what the rows are made from --- */

static void measure_row(const struct row *row, double times)
{
	static const char *const names[] = { "RMS", "WORST", "WITHIN", "REFUSED", "STABLE" };
	const struct ffntp_interval_params params = changed(row, times);
	double most = 0;

	printf("%s %g\n", row->name, times);
	for (enum place place = 0; place < PLACES; place++) {
		struct score there = score(place, &params);

		most = fmax(most, there.rms_s / defaults[place].rms_s);
		for (enum measure measure = RMS; measure <= STABLE; measure++) {
			double by = difference(&there, &defaults[place], measure);
			bool is_ratio = measure == RMS || measure == WORST || measure == STABLE;

			if (by > (is_ratio ? 1.1 : measure == WITHIN ? 0.01 : 3))
				printf("    %-8s world %2d  %.3g\n", names[measure], (int)place, by);
		}
	}
	printf("    most %.3g\n", most);
}

static int measure_all(void)
{
	static const double factors[] = { 0.1, 10, 1e-4, 1e4 };

	(void)make_records(NULL);
	score_defaults();
	for (enum place place = 0; place < PLACES; place++)
		printf("world %2d: %zu exchanges, RMS %.4g us, worst %.4g, within %.3f, refused %g, stable %.3g\n",
		       (int)place, records[place].count, defaults[place].rms_s * 1e6, defaults[place].worst_s * 1e6,
		       defaults[place].within, defaults[place].refused, defaults[place].stable);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < sizeof factors / sizeof *factors; j++)
			measure_row(&rows[i], factors[j]);
	return free_records(NULL);
}

static int prepare(void **state)
{
	(void)make_records(state);
	score_defaults();
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_number_has_a_row),
		cmocka_unit_test(test_the_default_holds_in_every_world),
		cmocka_unit_test(test_a_tenth),
		cmocka_unit_test(test_ten_times),
		cmocka_unit_test(test_every_number_matters),
	};

	if (argc > 1 && strcmp(argv[1], "measure") == 0)
		return measure_all();
	return cmocka_run_group_tests(tests, prepare, free_records);
}
