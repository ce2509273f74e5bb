/* simulate: runs the client in a simulated world, and scores it against the true time. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/limit.h"
#include "../sim/scenario.h"
#include "../sim/watch.h"
#include "../sim/world.h"
#include "commands.h"
#include "output.h"
#include "progress.h"
#include "player.h"
#include "recorded.h"
#include "recorder.h"
#include "score.h"

#define HOURS_LEAST 0.1
#define HOURS_MOST 2400

/* A clock counts as settled within a limit once it has stayed there for this time (s). */
#define SETTLED_S 300

struct simulate {
	const struct tool_command *command;
	enum ffntp_estimator_kind estimator;
	const char *poll;
	uint32_t poll_s; /* 0: adaptive */
	int64_t seed;
	double hours;    /* 0: the scenario's */
	int64_t servers; /* 0: the scenario's */
	const char *trace_path, *journal_path, *recorded_path;
	bool as_json, with_limit, only_list, is_interleaved;
	bool header_is_printed;
};

/* A growing list of numbers. */
struct series {
	double *values;
	size_t count, room;
	bool is_short; /* memory was short: later numbers are missing */
};

/* Absolute errors in us: complete, and without the gauge of sim/path.h, which no exchange reveals. */
struct errors {
	struct series plain, less_gauge;
};

/* The gauge in us, once a second. */
struct gauge {
	double sum, least, most;
	size_t count;
};

/* A limit, and since when the error has been within it (s); negative if it is not. */
struct settling {
	double limit_us, since_s;
	bool is_settled;
};

enum { SETTLING_1MS, SETTLING_100US, SETTLINGS };

/* One simulation. */
struct run {
	struct sim_world world;
	struct ffntp_ensemble *ensemble;
	struct sim_limit *limit; /* or NULL */
	FILE *trace, *journal;   /* or NULL */
	struct recorder recorder;
	int64_t score_from_ns;
	double length_s; /* of the simulation */
	struct errors second, before, after;
	struct series bound, esterror; /* us */
	struct series limit_second, limit_before;
	struct gauge gauge;
	size_t held, within, within_less_gauge, unreadable, exchanges, refused;
	struct settling settling[SETTLINGS];
	struct sim_watch watch;
	size_t within_together; /* the error was within twice esterror and asymmetry together */
};

static void series_add(struct series *series, double value)
{
	if (series->count == series->room) {
		size_t room = series->room == 0 ? 4096 : series->room * 2;
		double *values = realloc(series->values, room * sizeof(*values));

		series->is_short |= !values;
		if (!values)
			return;
		series->values = values;
		series->room = room;
	}
	series->values[series->count++] = value;
}

static void errors_add(struct errors *errors, double error_us, double gauge_us)
{
	series_add(&errors->plain, fabs(error_us));
	series_add(&errors->less_gauge, fabs(error_us - gauge_us));
}

/* --- recording --- */

/* Read the clock as a reader would. Returns false if there is no time. */
static bool read_clock(struct run *run, ffntp_counter now, struct ffntp_reading *reading)
{
	return ffntp_clock_at(sim_ensemble_map(run->ensemble, now), now, FFNTP_UTC, UINT64_MAX, reading) ==
	       FFNTP_CLOCK_OK;
}

static double error_us(const struct ffntp_reading *reading, int64_t truth_ns)
{
	return (double)ffntp_time_diff_ns(reading->estimate, ffntp_time_from_ns(truth_ns)) / 1e3;
}

static bool is_held(const struct ffntp_reading *reading, int64_t truth_ns)
{
	struct ffntp_time truth = ffntp_time_from_ns(truth_ns);

	return !ffntp_time_is_before(truth, reading->earliest) && !ffntp_time_is_before(reading->latest, truth);
}

static void settle(struct settling *settling, double t_s, double absolute_us)
{
	if (settling->is_settled)
		return;
	if (!(absolute_us < settling->limit_us))
		settling->since_s = -1;
	else if (settling->since_s < 0)
		settling->since_s = t_s;
	else
		settling->is_settled = t_s - settling->since_s >= SETTLED_S;
}

static double gauge_us(const struct run *run, int64_t truth_ns)
{
	return sim_world_gauge_s(&run->world, truth_ns) * 1e6;
}

static void gauge_add(struct gauge *gauge, double us)
{
	gauge->least = gauge->count == 0 ? us : fmin(gauge->least, us);
	gauge->most = gauge->count == 0 ? us : fmax(gauge->most, us);
	gauge->sum += us;
	gauge->count++;
}

static void add_second(struct run *run, const struct ffntp_reading *reading, int64_t truth_ns)
{
	double us = error_us(reading, truth_ns), esterror_us = (double)reading->esterror_ns / 1e3;
	double unseen_us = gauge_us(run, truth_ns);

	errors_add(&run->second, us, unseen_us);
	gauge_add(&run->gauge, unseen_us);
	series_add(&run->bound, (double)reading->bound_ns / 1e3);
	series_add(&run->esterror, esterror_us);
	run->held += is_held(reading, truth_ns);
	run->within += fabs(us) <= 2 * esterror_us;
	run->within_together += fabs(us) <= 2e6 * sim_watch_estimated_s(reading);
	run->within_less_gauge += fabs(us - unseen_us) <= 2 * esterror_us;
}

static void watch_second(void *context, int64_t truth_ns, ffntp_counter now)
{
	struct run *run = context;
	struct ffntp_reading reading;
	bool is_readable = read_clock(run, now, &reading), is_scored = truth_ns >= run->score_from_ns;
	double t_s = (double)(truth_ns - SIM_START_NS) * 1e-9;

	progress_show(t_s / run->length_s);
	for (size_t i = 0; i < SETTLINGS; i++)
		settle(&run->settling[i], t_s, is_readable ? fabs(error_us(&reading, truth_ns)) : (double)INFINITY);
	sim_watch_second(&run->watch, &run->world, run->ensemble, truth_ns, is_readable ? &reading : NULL);
	if (!is_scored)
		return;
	if (is_readable)
		add_second(run, &reading, truth_ns);
	else
		run->unreadable++;
	if (run->limit)
		series_add(&run->limit_second, fabs(sim_limit_error_s(run->limit, now, truth_ns)) * 1e6);
}

static void watch_reading(struct run *run, const struct sim_exchange *exchange, struct errors *errors)
{
	int64_t truth_ns = exchange->truth_tf_ns;
	struct ffntp_reading reading;

	if (truth_ns >= run->score_from_ns && read_clock(run, exchange->tf, &reading))
		errors_add(errors, error_us(&reading, truth_ns), gauge_us(run, truth_ns));
}

static void write_exchange(FILE *file, const struct sim_exchange *exchange)
{
	fprintf(file, "%llu %lld %lld %llu %lld %lld\n", (unsigned long long)exchange->ta, (long long)exchange->tb_ns,
		(long long)exchange->te_ns, (unsigned long long)exchange->tf, (long long)exchange->truth_tf_ns,
		(long long)exchange->truth_ta_ns);
}

static void watch_before(void *context, const struct sim_exchange *exchange)
{
	struct run *run = context;
	double limit_s;

	watch_reading(run, exchange, &run->before);
	if (run->trace)
		write_exchange(run->trace, exchange);
	if (!run->limit)
		return;
	limit_s = sim_limit_error_s(run->limit, exchange->tf, exchange->truth_tf_ns);
	if (exchange->truth_tf_ns >= run->score_from_ns)
		series_add(&run->limit_before, fabs(limit_s) * 1e6);
	sim_limit_add(run->limit, exchange);
}

static void watch_after(void *context, const struct sim_exchange *exchange, enum ffntp_verdict verdict)
{
	struct run *run = context;

	run->exchanges++;
	run->refused += verdict != FFNTP_ACCEPTED;
	watch_reading(run, exchange, &run->after);
}

/* --- output --- */

static json_t *summary_json(struct series *series)
{
	struct score_summary summary;

	if (series->count == 0)
		return json_null();
	summary = score_summarise(series->values, series->count);
	return output_json_summary(&summary);
}

static double median(struct series *series)
{
	if (series->count == 0)
		return (double)NAN;
	score_sort(series->values, series->count);
	return score_quantile(series->values, series->count, 0.5);
}

static double share(const struct run *run, size_t count)
{
	size_t scored = run->second.plain.count;

	return scored > 0 ? (double)count / (double)scored : (double)NAN;
}

static double settled_s(const struct settling *settling)
{
	return settling->is_settled ? settling->since_s : (double)NAN;
}

static json_t *gauge_json(const struct gauge *gauge)
{
	json_t *object = json_object();

	if (gauge->count == 0) {
		json_decref(object);
		return json_null();
	}
	json_object_set_new(object, "mean_us", output_json_real(gauge->sum / (double)gauge->count));
	json_object_set_new(object, "least_us", output_json_real(gauge->least));
	json_object_set_new(object, "most_us", output_json_real(gauge->most));
	return object;
}

static json_t *less_gauge_json(struct run *run)
{
	json_t *object = json_object();

	json_object_set_new(object, "second", summary_json(&run->second.less_gauge));
	json_object_set_new(object, "before", summary_json(&run->before.less_gauge));
	json_object_set_new(object, "after", summary_json(&run->after.less_gauge));
	json_object_set_new(object, "within_2_esterror", output_json_real(share(run, run->within_less_gauge)));
	return object;
}

static json_t *limit_json(struct run *run)
{
	json_t *object = json_object();

	json_object_set_new(object, "second", summary_json(&run->limit_second));
	json_object_set_new(object, "before", summary_json(&run->limit_before));
	return object;
}

static json_t *used_json(const struct run *run)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < run->world.servers; i++)
		json_array_append_new(array, json_integer((json_int_t)run->watch.used[i]));
	return array;
}

/* The figures of the whole run that matter with several servers. */
static json_t *servers_json(const struct run *run)
{
	const struct sim_watch *watch = &run->watch;
	json_t *object = json_object();

	json_object_set_new(object, "number", json_integer(run->world.servers));
	json_object_set_new(object, "seconds", json_integer((json_int_t)watch->seconds));
	json_object_set_new(object, "readable_s", json_integer((json_int_t)watch->readable));
	json_object_set_new(object, "synchronised_s", json_integer((json_int_t)watch->synchronised));
	json_object_set_new(object, "bound_broken_s", json_integer((json_int_t)watch->broken));
	json_object_set_new(object, "largest_jump_esterrors", output_json_real(watch->jump));
	json_object_set_new(object, "largest_jump_at_s", json_integer(watch->jump_at_s));
	json_object_set_new(object, "within_2_esterror_and_asymmetry",
			    output_json_real(share(run, run->within_together)));
	json_object_set_new(object, "wrong_used_s", json_integer((json_int_t)watch->wrong_used));
	json_object_set_new(object, "used_s", used_json(run));
	return object;
}

static void set_poll_json(json_t *object, const struct simulate *simulate)
{
	bool is_adaptive = simulate->poll_s == 0;

	json_object_set_new(object, "poll_s", is_adaptive ? json_string("adaptive") : json_integer(simulate->poll_s));
}

static bool print_json(const struct simulate *simulate, const struct sim_scenario *scenario, struct run *run)
{
	json_t *object = json_object();

	json_object_set_new(object, "scenario", json_string(scenario->name));
	json_object_set_new(object, "seed", json_integer(simulate->seed));
	json_object_set_new(object, "estimator", json_string(player_estimator_name(simulate->estimator)));
	set_poll_json(object, simulate);
	json_object_set_new(object, "hours", output_json_real(simulate->hours > 0 ? simulate->hours : scenario->hours));
	json_object_set_new(object, "requests", json_integer((json_int_t)run->world.requests));
	json_object_set_new(object, "exchanges", json_integer((json_int_t)run->exchanges));
	json_object_set_new(object, "refused", json_integer((json_int_t)run->refused));
	json_object_set_new(object, "scored", json_integer((json_int_t)run->second.plain.count));
	json_object_set_new(object, "unreadable", json_integer((json_int_t)run->unreadable));
	json_object_set_new(object, "second", summary_json(&run->second.plain));
	json_object_set_new(object, "before", summary_json(&run->before.plain));
	json_object_set_new(object, "after", summary_json(&run->after.plain));
	json_object_set_new(object, "bound_held", output_json_real(share(run, run->held)));
	json_object_set_new(object, "bound_median_us", output_json_real(median(&run->bound)));
	json_object_set_new(object, "within_2_esterror", output_json_real(share(run, run->within)));
	json_object_set_new(object, "esterror_median_us", output_json_real(median(&run->esterror)));
	json_object_set_new(object, "within_1ms_s", output_json_real(settled_s(&run->settling[SETTLING_1MS])));
	json_object_set_new(object, "within_100us_s", output_json_real(settled_s(&run->settling[SETTLING_100US])));
	json_object_set_new(object, "gauge", gauge_json(&run->gauge));
	json_object_set_new(object, "less_gauge", less_gauge_json(run));
	json_object_set_new(object, "servers", servers_json(run));
	if (run->limit)
		json_object_set_new(object, "limit", limit_json(run));
	return output_json(object);
}

static void print_header(struct simulate *simulate)
{
	if (simulate->header_is_printed)
		return;
	simulate->header_is_printed = true;
	printf("The clock minus true time in us, once a second over the second half.\n\n");
	printf("%-22s %8s %6s %6s %6s %6s %6s %6s\n", "", "", "", "", "", "", "bound", "2 est.");
	printf("%-22s %8s %6s %6s %6s %6s %6s %6s%s\n", "scenario", "requests", "RMS", "median", "99 %", "max",
	       "held %", "err. %", simulate->with_limit ? "  limit" : "");
}

static struct score_summary summary_of(struct series *series)
{
	double nothing = (double)NAN;

	if (series->count == 0)
		return (struct score_summary){ nothing, nothing, nothing, nothing };
	return score_summarise(series->values, series->count);
}

static void print_row(struct simulate *simulate, const struct sim_scenario *scenario, struct run *run)
{
	struct score_summary errors = summary_of(&run->second.plain), limit = summary_of(&run->limit_second);
	char rms[OUTPUT_NUMBER_SIZE], middle[OUTPUT_NUMBER_SIZE], p99[OUTPUT_NUMBER_SIZE], max[OUTPUT_NUMBER_SIZE];
	char held[OUTPUT_NUMBER_SIZE], within[OUTPUT_NUMBER_SIZE], best[OUTPUT_NUMBER_SIZE];

	print_header(simulate);
	printf("%-22s %8llu %6s %6s %6s %6s %6s %6s", scenario->name, (unsigned long long)run->world.requests,
	       output_number(errors.rms, rms), output_number(errors.median, middle), output_number(errors.p99, p99),
	       output_number(errors.max, max), output_number(share(run, run->held) * 100, held),
	       output_number(share(run, run->within) * 100, within));
	if (simulate->with_limit)
		printf(" %6s", output_number(limit.rms, best));
	putchar('\n');
}

static bool print_recorded(const struct simulate *simulate, const struct sim_scenario *scenario,
			   const struct recorded *recorded)
{
	const struct score_summary *errors = &recorded->before;
	json_t *object;

	if (!simulate->as_json) {
		printf("The limit on %zu recorded exchanges of %s,\njust before each of the second half, in us:\n"
		       "RMS %.4g, median %.4g, 99 %% %.4g, max %.4g\n",
		       recorded->exchanges, scenario->name, errors->rms, errors->median, errors->p99, errors->max);
		return true;
	}
	object = json_object();
	json_object_set_new(object, "scenario", json_string(scenario->name));
	json_object_set_new(object, "exchanges", json_integer((json_int_t)recorded->exchanges));
	json_object_set_new(object, "scored", json_integer((json_int_t)recorded->scored));
	json_object_set_new(object, "limit", json_pack("{so}", "before", output_json_summary(errors)));
	return output_json(object);
}

static int print_list(void)
{
	const struct sim_scenario *scenario;

	for (size_t i = 0; (scenario = sim_scenario_at(i)) != NULL; i++)
		printf("%-22s  %s\n", scenario->name, scenario->summary);
	return TOOL_OK;
}

/* --- running --- */

static bool is_short_of_memory(const struct run *run)
{
	const struct series *all[] = { &run->second.plain, &run->second.less_gauge,
				       &run->before.plain, &run->before.less_gauge,
				       &run->after.plain,  &run->after.less_gauge,
				       &run->bound,        &run->esterror,
				       &run->limit_second, &run->limit_before };
	bool is_short = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		is_short |= all[i]->is_short;
	return is_short;
}

static void free_errors(struct errors *errors)
{
	free(errors->plain.values);
	free(errors->less_gauge.values);
}

static void release(struct run *run)
{
	free_errors(&run->second);
	free_errors(&run->before);
	free_errors(&run->after);
	free(run->bound.values);
	free(run->esterror.values);
	free(run->limit_second.values);
	free(run->limit_before.values);
	sim_limit_free(run->limit);
	free(run->ensemble);
}

static bool make_ensemble(const struct simulate *simulate, const struct sim_scenario *scenario, struct run *run,
			  struct ffntp_ensemble_config *config)
{
	struct ffntp_client_config client;

	sim_world_configure(&client, scenario, simulate->estimator, simulate->poll_s);
	client.interleaved = simulate->is_interleaved;
	run->ensemble = sim_world_make(&run->world, &client, config);
	return run->ensemble != NULL;
}

/* Create a file, if one is named. */
static bool open_file(const struct simulate *simulate, const char *path, FILE **file)
{
	*file = path ? fopen(path, "we") : NULL;
	if (path && !*file)
		tool_error(simulate->command, "%s: %s", path, strerror(errno));
	return !path || *file;
}

static bool close_file(const struct simulate *simulate, const char *path, FILE *file)
{
	bool is_good;

	if (!file)
		return true;
	errno = 0;
	is_good = !ferror(file);
	is_good &= fclose(file) == 0;
	if (!is_good)
		tool_error(simulate->command, "%s: %s", path, errno != 0 ? strerror(errno) : "could not be written");
	return is_good;
}

static bool open_trace(const struct simulate *simulate, const struct sim_scenario *scenario, struct run *run)
{
	if (!open_file(simulate, simulate->trace_path, &run->trace))
		return false;
	if (run->trace)
		fprintf(run->trace, "# ffntp simulate %s --seed %lld --poll %s --estimator %s\n", scenario->name,
			(long long)simulate->seed, simulate->poll, player_estimator_name(simulate->estimator));
	return true;
}

static bool open_journal(const struct simulate *simulate, struct run *run, const struct ffntp_ensemble_config *config)
{
	if (!open_file(simulate, simulate->journal_path, &run->journal))
		return false;
	if (run->journal)
		recorder_begin(&run->recorder, run->journal, run->ensemble, config, sim_world_counter(&run->world));
	return true;
}

static bool close_files(const struct simulate *simulate, struct run *run)
{
	bool is_good;

	if (run->journal)
		recorder_end(&run->recorder);
	is_good = close_file(simulate, simulate->trace_path, run->trace);
	is_good &= close_file(simulate, simulate->journal_path, run->journal);
	return is_good;
}

static void simulate_all(const struct simulate *simulate, const struct sim_scenario *scenario, struct run *run)
{
	const struct sim_observer observer = { run, watch_second, watch_before, watch_after };
	double hours = simulate->hours > 0 ? simulate->hours : scenario->hours;
	int64_t length_ns = (int64_t)(hours * 3600) * FFNTP_NS_PER_S;

	run->score_from_ns = SIM_START_NS + length_ns / 2;
	run->length_s = (double)length_ns * 1e-9;
	run->settling[SETTLING_1MS] = (struct settling){ .limit_us = 1000, .since_s = -1 };
	run->settling[SETTLING_100US] = (struct settling){ .limit_us = 100, .since_s = -1 };
	sim_world_add(&run->world, run->ensemble);
	progress_begin(scenario->name);
	sim_world_run(&run->world, run->ensemble, SIM_START_NS + length_ns, &observer);
	progress_end();
}

static bool finish(struct simulate *simulate, const struct sim_scenario *scenario, struct run *run)
{
	if (is_short_of_memory(run)) {
		tool_error(simulate->command, "%s: out of memory", scenario->name);
		return false;
	}
	if (simulate->as_json)
		return print_json(simulate, scenario, run);
	print_row(simulate, scenario, run);
	return true;
}

/* Return the scenario as it is to be run: with as many servers as asked for. The limit is that of one. */
static struct sim_scenario with_servers(const struct simulate *simulate, const struct sim_scenario *scenario)
{
	struct sim_scenario result = *scenario;

	if (simulate->servers > 0)
		result.servers = (unsigned)simulate->servers;
	result.has_limit = result.has_limit && result.servers <= 1;
	return result;
}

static bool simulate_one(struct simulate *simulate, const struct sim_scenario *listed)
{
	const struct sim_scenario copy = with_servers(simulate, listed), *scenario = &copy;
	struct run run = { .ensemble = NULL };
	struct ffntp_ensemble_config config;
	bool is_good;

	sim_world_init(&run.world, scenario, (uint64_t)simulate->seed);
	if (simulate->with_limit && scenario->has_limit)
		run.limit = sim_limit_new(scenario);
	is_good = make_ensemble(simulate, scenario, &run, &config) &&
		  (run.limit || !simulate->with_limit || !scenario->has_limit);
	if (!is_good)
		tool_error(simulate->command, "%s: out of memory", scenario->name);
	is_good = is_good && open_trace(simulate, scenario, &run) && open_journal(simulate, &run, &config);
	if (is_good)
		simulate_all(simulate, scenario, &run);
	is_good = close_files(simulate, &run) && is_good && finish(simulate, scenario, &run);
	release(&run);
	fflush(stdout);
	return is_good;
}

static bool score_recorded(const struct simulate *simulate, const struct sim_scenario *scenario)
{
	char error[TRACE_ERROR_SIZE];
	struct recorded recorded;

	if (recorded_limit(scenario, simulate->recorded_path, &recorded, error))
		return print_recorded(simulate, scenario, &recorded);
	tool_error(simulate->command, "%s", error);
	return false;
}

static bool read_poll(struct simulate *simulate)
{
	int64_t poll_s = 0;

	if (strcmp(simulate->poll, "adaptive") != 0 &&
	    !tool_parse_integer(simulate->poll, 1, FFNTP_POLL_MOST_S, &poll_s)) {
		tool_error(simulate->command, "--poll: '%s' is neither adaptive nor a whole number from 1 to %d",
			   simulate->poll, FFNTP_POLL_MOST_S);
		return false;
	}
	simulate->poll_s = (uint32_t)poll_s;
	return true;
}

static bool check_scenario(const struct simulate *simulate, const char *name)
{
	const struct sim_scenario *scenario = sim_scenario_find(name);

	if (!scenario)
		tool_error(simulate->command, "no scenario '%s'; ffntp simulate --list names them", name);
	else if (simulate->trace_path && with_servers(simulate, scenario).servers > 1)
		tool_error(simulate->command, "--trace records one server; %s has several", name);
	else if (simulate->recorded_path && !scenario->has_limit)
		tool_error(simulate->command, "--recorded: %s has no known limit", name);
	else if (simulate->recorded_path && scenario->limit_needs_world)
		tool_error(simulate->command, "--recorded: the limit of %s needs more than a trace contains", name);
	else
		return true;
	return false;
}

/* Report every mistake in the options before anything is simulated. */
static bool check(struct simulate *simulate, int names, char **name)
{
	if (!read_poll(simulate))
		return false;
	if (names == 0) {
		tool_error(simulate->command, "no scenario named; ffntp simulate --list names them");
		return false;
	}
	if (names > 1 && (simulate->trace_path || simulate->journal_path || simulate->recorded_path)) {
		tool_error(simulate->command, "--trace, --journal and --recorded are for one scenario at a time");
		return false;
	}
	for (int i = 0; i < names; i++) {
		if (!check_scenario(simulate, name[i]))
			return false;
	}
	return true;
}

int tool_simulate(const struct tool_command *command, int argc, char **argv)
{
	struct simulate simulate = { .command = command, .poll = "16", .seed = 1 };
	const struct tool_option options[] = {
		tool_integer("seed", "N", &simulate.seed, 0, 0x1p53, "selects the course of the scenario [1]"),
		tool_text("poll", "S", &simulate.poll, "the poll interval in s, or adaptive [16]"),
		tool_estimator(&simulate.estimator),
		tool_real("hours", "H", &simulate.hours, HOURS_LEAST, HOURS_MOST,
			  "hours to simulate [24 for most scenarios]"),
		tool_integer("servers", "N", &simulate.servers, 1, FFNTP_ENSEMBLE_MEMBERS,
			     "number of servers [the scenario's]"),
		tool_flag("xleave", &simulate.is_interleaved, "ask the server for interleaved mode"),
		tool_flag("limit", &simulate.with_limit, "also the smallest possible error, where known"),
		tool_text("trace", "FILE", &simulate.trace_path, "write the exchanges, for ffntp replay"),
		tool_text("journal", "FILE", &simulate.journal_path, "write all inputs, for ffntp replay"),
		tool_text("recorded", "FILE", &simulate.recorded_path,
			  "no simulation: the limit for this recorded trace"),
		tool_flag("json", &simulate.as_json, "one JSON object per scenario, one per line"),
		tool_flag("list", &simulate.only_list, "list the scenarios"),
		{ 0 },
	};
	bool is_good = true;
	int operand = 0, code;

	if (!tool_options_parse(command, options, argc, argv, &operand, &code))
		return code;
	if (simulate.only_list)
		return print_list();
	if (!check(&simulate, argc - operand, argv + operand))
		return TOOL_USAGE;
	if (simulate.recorded_path)
		return score_recorded(&simulate, sim_scenario_find(argv[operand])) ? TOOL_OK : TOOL_FAILED;
	for (; operand < argc; operand++)
		is_good &= simulate_one(&simulate, sim_scenario_find(argv[operand]));
	return is_good ? TOOL_OK : TOOL_FAILED;
}
