/*
 * law_params: each constant of the delay-law estimator at a tenth and at ten times its value, in worlds that the
 * simulator makes. In every world the estimates stay finite, and the error stays below the limit of the constant's row.
 * In one world at least the constant matters, because a constant without any effect is not needed.
 *
 * Usage: test_law_params [measure]     measure: print the scores that the rows are made from, and test nothing
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

#include "../core/law/law.h"
#include "../sim/world.h"

/* --- worlds --- */

enum place {
	PERFECT,
	LAN,
	OVEN,
	METRO,
	SPARSE,
	WIFI,
	CONGESTION,
	EARLY_CONGESTION,
	TEMPERATURE,
	FREQUENCY_STEP,
	SMALL_STEP,
	STEP_100_PPM,
	WANDERER,
	ROUTE,
	ROUTE_BOTH_WAYS,
	FLAPPING,
	FAULT,
	SMALL_FAULT,
	EARLY_FAULT,
	FLIPPING_SERVER,
	START,
	NORMAL,
	NORMAL_UNLIKE,
	GAMMA_DOWN,
	UNIFORM_DOWN,
	TWO_MODES,
	SLOTS,
	LASTING_QUEUES,
	BUSY_SPELLS,
	FLOORS_TOGETHER,
	ROUTE_GAMMA,
	FAULT_NORMAL,
	SPARSE_ROUTE,
	FAINT_FAULT,
	PLACES
};

/* A scenario of the simulator, its length, the share of its exchanges that is not scored, and a change to it. */
struct making {
	const char *scenario;
	uint32_t poll_s;
	double hours, scored_from; /* share of the exchanges */
	void (*change)(struct sim_scenario *scenario);
};

#define HOUR_S 3600.0

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

static void wanderer(struct sim_scenario *scenario)
{
	scenario->oscillator.wander = 3e-8;
}

/* Congestion begins before the first exchange. */
static void early_congestion(struct sim_scenario *scenario)
{
	scenario->spells[0] =
		(struct sim_spell){ .from_s = -1, .length_s = 600, .more.way[SIM_FORTH] = { 3e-3, 0, 0, 7e-3, 0 } };
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

/* The way there is longer for 5 hours of every 50, which are 70 exchanges of every 700. */
static void sparse_route(struct sim_scenario *scenario)
{
	scenario->spells[0] = (struct sim_spell){ .from_s = 60 * HOUR_S,
						  .length_s = 5 * HOUR_S,
						  .every_s = 50 * HOUR_S,
						  .more = { { { .minimum_s = 1e-3 }, { 0 } }, 0 } };
}

/* The server is wrong by little more than what delays vary by. */
static void faint_fault(struct sim_scenario *scenario)
{
	scenario->spells[0] =
		(struct sim_spell){ .from_s = 8 * HOUR_S, .length_s = 1200, .more.server_error_s = 0.2e-3 };
}

static const struct making makings[PLACES] = {
	[PERFECT] = { "perfect-network", 16, 8, 0.3, NULL },
	[LAN] = { "lan", 16, 10, 0.5, NULL },
	[OVEN] = { "metro", 16, 14, 0.5, oven },
	[METRO] = { "metro", 16, 10, 0.3, NULL },
	[SPARSE] = { "metro", 256, 160, 0.5, NULL },
	[WIFI] = { "wifi", 16, 10, 0.5, NULL },
	[CONGESTION] = { "congestion", 16, 12, 0.3, NULL },
	[EARLY_CONGESTION] = { "metro", 16, 3, 0.2, early_congestion },
	[TEMPERATURE] = { "temperature", 16, 12, 0.5, NULL },
	[FREQUENCY_STEP] = { "frequency-step", 16, 16, 0.6, NULL },
	[SMALL_STEP] = { "lan", 16, 12, 0.5, small_step },
	[STEP_100_PPM] = { "metro", 16, 8, 0.4, step_100_ppm },
	[WANDERER] = { "metro", 16, 10, 0.5, wanderer },
	[ROUTE] = { "route-change-one-way", 16, 18, 0.6, NULL },
	[ROUTE_BOTH_WAYS] = { "route-change-both-ways", 16, 20, 0.6, NULL },
	[FLAPPING] = { "flapping-routes", 16, 14, 0.4, NULL },
	[FAULT] = { "server-fault", 16, 16, 0.6, NULL },
	[SMALL_FAULT] = { "small-server-fault", 16, 16, 0.6, NULL },
	[EARLY_FAULT] = { "metro", 16, 2, 0.01, early_fault },
	[FLIPPING_SERVER] = { "metro", 16, 8, 0.3, flipping_server },
	[START] = { "cold-start", 16, 1, 0.03, NULL },
	[NORMAL] = { "normal-tails", 16, 10, 0.3, NULL },
	[NORMAL_UNLIKE] = { "normal-tails-unlike", 16, 10, 0.3, NULL },
	[GAMMA_DOWN] = { "gamma-down", 16, 10, 0.3, NULL },
	[UNIFORM_DOWN] = { "uniform-down", 16, 10, 0.3, NULL },
	[TWO_MODES] = { "granted-uplink", 16, 12, 0.3, NULL },
	[SLOTS] = { "slotted-uplink", 16, 10, 0.3, NULL },
	[LASTING_QUEUES] = { "lasting-queues", 16, 12, 0.3, NULL },
	[BUSY_SPELLS] = { "busy-spells", 16, 12, 0.3, NULL },
	[FLOORS_TOGETHER] = { "floors-together", 16, 20, 0.3, NULL },
	[ROUTE_GAMMA] = { "route-change-gamma", 16, 18, 0.6, NULL },
	[FAULT_NORMAL] = { "server-fault-normal", 16, 16, 0.6, NULL },
	[SPARSE_ROUTE] = { "metro", 256, 200, 0.3, sparse_route },
	[FAINT_FAULT] = { "metro", 16, 12, 0.6, faint_fault },
};

struct moment {
	struct ffntp_stamp stamp;
	int64_t truth_ns;
};

#define MOMENTS 6000

struct record {
	struct moment *moments;
	size_t count;
	double asymmetry_s; /* half of the difference of the least delays, which no exchange reveals */
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

/* Record the exchanges of a client in a world. The verdicts on them do not matter. */
static void make_record(enum place place)
{
	const struct making *making = &makings[place];
	struct sim_scenario scenario = *sim_scenario_find(making->scenario);
	struct record *record = &records[place];
	const struct sim_observer observer = { .context = record, .after = add_moment };
	struct ffntp_client_config config;
	struct ffntp_ensemble *ensemble;
	struct sim_world world;

	if (making->change)
		making->change(&scenario);
	record->asymmetry_s = (scenario.steady.way[SIM_FORTH].minimum_s - scenario.steady.way[SIM_BACK].minimum_s) / 2;
	record->moments = calloc(MOMENTS, sizeof *record->moments);
	sim_world_init(&world, &scenario, 9001 + (uint64_t)place);
	sim_world_configure(&config, &scenario, FFNTP_ESTIMATOR_RADCLOCK, making->poll_s);
	ensemble = sim_world_begin(&world, &config);
	assert_true(record->moments && ensemble);
	sim_world_run(&world, ensemble, SIM_START_NS + (int64_t)(making->hours * 3600e9), &observer);
	free(ensemble);
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
	double esterror_s;     /* mean */
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
			 const struct record *record, double period_s)
{
	double error = error_s(estimate, moment) - record->asymmetry_s;

	sums->rms_s += error * error;
	sums->esterror_s += esterror_s(estimate, moment);
	sums->worst_s = fmax(sums->worst_s, fabs(error));
	sums->within += fabs(error) <= 2 * esterror_s(estimate, moment);
	sums->stable += pow(estimate->stable_period_s / period_s - 1, 2);
	sums->has_numbers &= isfinite(error) && isfinite(estimate->esterror_s) && estimate->esterror_s >= 0;
}

static struct score score(enum place place, const struct ffntp_law_params *params)
{
	static const struct ffntp_estimator_config config = { 1e-9, 500e-6, 16, 0 };
	static _Alignas(16) unsigned char state[8192];
	const struct record *record = &records[place];
	size_t from = 1 + (size_t)((double)record->count * makings[place].scored_from);
	double period_s = mean_period_s(record), scored = (double)(record->count - from);
	struct score score = { .has_numbers = true };
	struct ffntp_estimate estimate;

	ffntp_law_init_with(state, &config, params);
	for (size_t i = 0; i < record->count; i++) {
		if (i >= from)
			score_moment(&score, &estimate, &record->moments[i], record, period_s);
		score.refused += ffntp_law_ops.add(state, &record->moments[i].stamp, &estimate) != FFNTP_ACCEPTED;
	}
	score.rms_s = sqrt(score.rms_s / scored);
	score.stable = sqrt(score.stable / scored);
	score.within /= scored;
	score.esterror_s /= scored;
	return score;
}

/* --- the numbers --- */

enum measure { RMS, WORST, ESTERROR, WITHIN, REFUSED, STABLE };

/*
 * A world in which the constant matters: multiplied by 'times', it changes the measure by at least 'by'. This is a
 * ratio of errors, and a difference of the share within two estimated errors or of the number of refused exchanges.
 */
struct witness {
	enum place place;
	enum measure measure;
	double times, by;
};

struct row {
	const char *name;
	size_t offset;
	double most_at_tenth, most_at_ten; /* RMS error in any world, in RMS errors of the default */
	struct witness witness;
};

#define REAL(name) #name, offsetof(struct ffntp_law_params, name)

/* In one world at least the estimator is lost. The hard bound does not depend on any of this. */
#define BROKEN 1e12

static const struct row rows[] = {
	/* clang-format off */
	{ REAL(memory), 2.5, 2.5, { STEP_100_PPM, ESTERROR, 0.1, 2.53 } },
	{ REAL(early), 2.5, BROKEN, { EARLY_CONGESTION, RMS, 0.1, 6.38 } },
	{ REAL(wide_share), 4.5, 2.5, { EARLY_CONGESTION, RMS, 10, 7.26 } },
	{ REAL(wide_scale), 2.5, 4.3, { UNIFORM_DOWN, RMS, 10, 1.47 } },
	{ REAL(wide_distance), 2.5, 6, { EARLY_CONGESTION, RMS, 0.1, 6.51 } },
	{ REAL(split), 2.7, 3, { SLOTS, WORST, 0.1, 1.5 } },
	{ REAL(agree_sd), 4.7, 84, { EARLY_CONGESTION, RMS, 0.1, 7.06 } },
	{ REAL(slope_prior), 2.5, 2.9, { EARLY_CONGESTION, RMS, 0.1, 6.5 } },
	{ REAL(slope_most), 3.1, 2.6, { FLAPPING, WITHIN, 0.1, 0.088 } },
	{ REAL(tail_mass), 2.5, BROKEN, { EARLY_CONGESTION, RMS, 10, 5.92 } },
	{ REAL(tail_width), BROKEN, 2.5, { EARLY_CONGESTION, RMS, 0.1, 5.92 } },
	{ REAL(generation), 64, BROKEN, { EARLY_CONGESTION, RMS, 0.1, 4.34 } },
	{ REAL(smooth_growth), 2.5, 2.5, { EARLY_CONGESTION, RMS, 0.1, 6.59 } },
	{ REAL(shape_least), 2.8, 25, { EARLY_CONGESTION, ESTERROR, 10, 2 } },
	{ REAL(shape_span), 2.8, 5.1, { TWO_MODES, RMS, 10, 1.59 } },
	{ REAL(shape_median), 2.5, 4.2, { NORMAL_UNLIKE, RMS, 10, 1.45 } },
	{ REAL(shape_sd), 3.2, 2.7, { EARLY_CONGESTION, ESTERROR, 10, 1.32 } },
	{ REAL(alike_sd), 2.5, 2.5, { EARLY_CONGESTION, ESTERROR, 10, 1.28 } },
	{ REAL(alike_share), 2.5, 2.5, { EARLY_CONGESTION, ESTERROR, 0.1, 1.2 } },
	{ REAL(gap_least), 2.5, 3.1, { EARLY_CONGESTION, ESTERROR, 10, 1.43 } },
	{ REAL(gap_most), 2.5, 2.5, { EARLY_FAULT, WORST, 0.1, 1.22 } },
	{ REAL(count_share), 2.7, 2.6, { NORMAL_UNLIKE, RMS, 0.1, 1.2 } },
	{ REAL(lepski_sd), 2.5, 2.5, { NORMAL_UNLIKE, RMS, 0.1, 1.14 } },
	{ REAL(floor_blur), 2.5, 2.5, { WIFI, WITHIN, 10, 0.006 } },
	{ REAL(end_doubt), 2.5, 2.5, { STEP_100_PPM, ESTERROR, 10, 1.73 } },
	{ REAL(unlike_least), 2.5, 2.5, { EARLY_FAULT, ESTERROR, 10, 1.35 } },
	{ REAL(gauge_modesty), 2.5, 2.5, { STEP_100_PPM, ESTERROR, 0.1, 2.91 } },
	{ REAL(gauge_growth), 2.5, 2.8, { STEP_100_PPM, ESTERROR, 10, 4.45 } },
	{ REAL(wander_start), 2.5, 2.5, { FLAPPING, WITHIN, 0.1, 0.0895 } },
	{ REAL(wander_least), 2.5, 4.1, { OVEN, WORST, 10, 1.7 } },
	{ REAL(wander_most), 4.2, 2.5, { WANDERER, RMS, 0.1, 1.45 } },
	{ REAL(wander_slide), 2.5, 4.2, { OVEN, WORST, 10, 1.7 } },
	{ REAL(wander_leak), 2.5, 2.5, { OVEN, WORST, 10, 1.3 } },
	{ REAL(reach_sd), BROKEN, 2.5, { PERFECT, RMS, 0.1, 10.7 } },
	{ REAL(narrow_points), 2.5, 2.6, { EARLY_CONGESTION, RMS, 10, 6.15 } },
	{ REAL(young), 2.5, 2.8, { EARLY_CONGESTION, RMS, 10, 5.47 } },
	{ REAL(correlation_sd), 2.5, 2.5, { EARLY_CONGESTION, RMS, 0.1, 6.57 } },
	{ REAL(sound_sd), 6.6, 2.5, { EARLY_FAULT, RMS, 0.1, 19.3 } },
	{ REAL(mute_on), 2.7, 2.5, { BUSY_SPELLS, WORST, 10, 1.2 } },
	{ REAL(mute_off), 2.5, 2.5, { BUSY_SPELLS, WORST, 10, 1.2 } },
	{ REAL(mute_exchanges), 2.5, 2.5, { FLAPPING, RMS, 0.1, 1.36 } },
	{ REAL(mute_weight), 2.5, 2.5, { FLAPPING, ESTERROR, 10, 1.1 } },
	{ REAL(opposite), 2.5, 2.5, { TWO_MODES, RMS, 10, 1.1 } },
	{ REAL(drift_exchanges), 12, 3.2, { ROUTE_GAMMA, RMS, 0.1, 4 } },
	{ REAL(drift_score), 6, 2.5, { EARLY_CONGESTION, RMS, 0.1, 4.59 } },
	{ REAL(drift_price), 2.5, 2.5, { EARLY_CONGESTION, RMS, 10, 6.5 } },
	{ REAL(drift_noise), 2.5, 2.5, { CONGESTION, STABLE, 10, 1.1 } },
	{ REAL(fast_rank), 1.4e+02, 2.5, { SMALL_FAULT, RMS, 0.1, 8.33 } },
	{ REAL(slow_rank), 2.8, 2.5, { FLOORS_TOGETHER, WORST, 0.1, 1.31 } },
	{ REAL(open_score), BROKEN, 2.6, { FLAPPING, ESTERROR, 0.1, 3.63 } },
	{ REAL(change_price), BROKEN, BROKEN, { CONGESTION, RMS, 0.1, 22.8 } },
	{ REAL(congested_price), 2.5, 2.5, { STEP_100_PPM, REFUSED, 10, 31 } },
	{ REAL(congested_mean), 2.5, 2.5, { STEP_100_PPM, REFUSED, 0.1, 9.5 } },
	{ REAL(rate_step), 3.8, 4.2, { SMALL_STEP, RMS, 10, 1.45 } },
	{ REAL(rate_jump), 5.5, 2.6, { STEP_100_PPM, REFUSED, 10, 298 } },
	{ REAL(trust), BROKEN, BROKEN, { FREQUENCY_STEP, RMS, 0.1, 27.3 } },
	{ REAL(trust_young), 2.5, BROKEN, { EARLY_FAULT, RMS, 0.1, 29.2 } },
	{ REAL(close_exchanges), BROKEN, BROKEN, { FLIPPING_SERVER, RMS, 0.1, 34.6 } },
	{ REAL(close_score), 4.2, BROKEN, { FLAPPING, ESTERROR, 0.1, 3.63 } },
	{ REAL(congested_score), 2.5, 2.5, { STEP_100_PPM, REFUSED, 10, 11.5 } },
	{ REAL(lead_score), 2.5, 26, { ROUTE_GAMMA, RMS, 10, 2.46 } },
	{ REAL(time_score), 2.5, 2.5, { STEP_100_PPM, REFUSED, 10, 152 } },
	{ REAL(time_sure), 2.5, 4.5, { FAINT_FAULT, WORST, 0.1, 5 } },
	{ REAL(contradiction_sd), 2.5, 2.5, { FAULT_NORMAL, REFUSED, 10, 4 } },
	{ REAL(doubted_exchanges), BROKEN, 2.5, { FLIPPING_SERVER, RMS, 0.1, 30 } },
	{ REAL(over_score), 2.5, 2.5, { FLIPPING_SERVER, REFUSED, 10, 20 } },
	{ REAL(rate_exchanges), 2.5, 4.1, { SMALL_STEP, RMS, 10, 1.43 } },
	{ REAL(rate_doubt), 2.5, 2.5, { SMALL_STEP, ESTERROR, 0.1, 1.12 } },
	{ REAL(path_exchanges), 100, 2.5, { FLAPPING, RMS, 0.1, 5.67 } },
	{ REAL(path_s), 2.9, 2.5, { FLAPPING, RMS, 0.1, 1.5 } },
	{ REAL(return_sd), 2.5, 2.5, { FLAPPING, RMS, 0.1, 1.15 } },
	{ REAL(trial_exchanges), 19, 2.5, { FLAPPING, RMS, 0.1, 4.98 } },
	{ REAL(patience_exchanges), 2.5, 2.5, { FLAPPING, WITHIN, 10, 0.01 } },
	{ REAL(modesty), 2.5, 2.5, { LAN, ESTERROR, 0.1, 2.07 } },
	{ REAL(learnt), 2.5, 2.5, { START, STABLE, 0.1, 1.08 } },
	{ REAL(stable_s), 2.5, 2.5, { OVEN, STABLE, 0.1, 2.59 } },
	{ REAL(noise_guess), 2.5, 2.5, { EARLY_CONGESTION, RMS, 10, 6.5 } },
	{ REAL(noise_least_s), 2.5, 2.5, { PERFECT, RMS, 1e4, 1.1 } },
	/* clang-format on */
};

#define ROWS (sizeof rows / sizeof *rows)

static const struct ffntp_law_params usual = FFNTP_LAW_PARAMS;

static struct ffntp_law_params changed(const struct row *row, double times)
{
	struct ffntp_law_params params = usual;
	unsigned char *at = (unsigned char *)&params + row->offset;
	double value;

	memcpy(&value, at, sizeof value);
	value *= times;
	/* A probability. */
	if (row->offset == offsetof(struct ffntp_law_params, alike_share))
		value = fmin(value, 1);
	memcpy(at, &value, sizeof value);
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
	const struct ffntp_law_params params = changed(row, times);

	for (enum place place = 0; place < PLACES; place++) {
		struct score there = score(place, &params);
		double ratio = there.rms_s / defaults[place].rms_s;

		if (!there.has_numbers || !(ratio <= most))
			print_message("# %s times %g in world %d: %g times the error\n", row->name, times, (int)place,
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
	case ESTERROR:
		return ratio_of(a->esterror_s, b->esterror_s);
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
	const struct ffntp_law_params params = changed(row, witness->times);
	struct score there = score(witness->place, &params);
	double by = difference(&there, &defaults[witness->place], witness->measure);

	if (!(by >= witness->by))
		print_message("# %s times %g in world %d: differs by %g only\n", row->name, witness->times,
			      (int)witness->place, by);
	assert_true(by >= witness->by);
}

/* Bytes that no row covers are padding, which is zero here. */
static void test_every_number_has_a_row(void **state)
{
	unsigned char bytes[sizeof usual];

	(void)state;
	memcpy(bytes, &usual, sizeof bytes);
	for (size_t i = 0; i < ROWS; i++)
		memset(bytes + rows[i].offset, 0, sizeof(double));
	for (size_t i = 0; i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0);
}

static void test_the_default_holds_in_every_world(void **state)
{
	(void)state;
	for (enum place place = 0; place < PLACES; place++) {
		assert_true(defaults[place].has_numbers);
		/* A rate step of 100 ppm is taken for a step of the server's time, which the client has to find out. */
		assert_true(place == STEP_100_PPM || defaults[place].worst_s < 0.3);
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

/* --- the scores that the rows are made from --- */

static void measure_row(const struct row *row, double times)
{
	static const char *const names[] = { "RMS", "WORST", "ESTERROR", "WITHIN", "REFUSED", "STABLE" };
	const struct ffntp_law_params params = changed(row, times);
	double most = 0;

	printf("%s %g\n", row->name, times);
	for (enum place place = 0; place < PLACES; place++) {
		struct score there = score(place, &params);

		most = fmax(most, there.rms_s / defaults[place].rms_s);
		for (enum measure measure = RMS; measure <= STABLE; measure++) {
			double by = difference(&there, &defaults[place], measure);
			bool is_ratio = measure == RMS || measure == WORST || measure == ESTERROR || measure == STABLE;

			if (by > (is_ratio ? 1.1 : measure == WITHIN ? 0.01 : 3))
				printf("    %-8s world %2d  %.3g\n", names[measure], (int)place, by);
		}
	}
	printf("    most %.3g\n", most);
}

static int measure_all(void)
{
	static const double factors[] = { 0.1, 10 };

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
