/*
 * replay: runs recorded traces through the client, and scores those with a known true time; runs journals through a
 * session, and compares its maps.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "output.h"
#include "player.h"
#include "rerun.h"
#include "score.h"
#include "tracefile.h"
#include "tracerate.h"

struct replay {
	const struct tool_command *command;
	enum ffntp_estimator_kind estimator;
	int64_t poll_s;
	double counter_hz;
	bool as_json;
	const char *per_stamp_path;
	FILE *per_stamp;
	bool header_is_printed;
	struct rerun rerun;
};

/* One trace's scores; errors and bounds in us. */
struct scores {
	size_t stamps, refused, scored, unreadable;
	struct score_summary before, after;
	double bound_held, within_2_esterror; /* ratios, 0 to 1 */
	double bound_median, esterror_median;
	double ns_per_stamp;
};

/* Values collected for the scores; each array has room for all stamps. */
struct sample {
	double *before, *after, *bound, *esterror;
	size_t count, held, within;
};

static double error_us(const struct player_reading *reading, const struct trace_row *row)
{
	struct ffntp_time truth = ffntp_time_from_ns(row->truth_tf_ns);

	return (double)ffntp_time_diff_ns(reading->estimate, truth) / 1e3;
}

static void sample_add(struct sample *sample, const struct player_step *step, const struct trace_row *row)
{
	double before = error_us(&step->before, row);
	size_t i = sample->count++;

	sample->before[i] = fabs(before);
	sample->after[i] = fabs(error_us(&step->after, row));
	sample->bound[i] = (double)step->before.bound_ns / 1e3;
	sample->esterror[i] = (double)step->before.esterror_ns / 1e3;
	sample->held += step->before.is_held && step->after.is_held;
	sample->within += fabs(before) <= 2 * sample->esterror[i];
}

static bool is_readable(const struct player_step *step)
{
	return step->before.result == FFNTP_CLOCK_OK && step->after.result == FFNTP_CLOCK_OK;
}

/* Halve first, because the sum of two times may not fit. */
static int64_t middle_of(const struct trace *trace)
{
	return trace->rows[0].truth_tf_ns / 2 + trace->rows[trace->count - 1].truth_tf_ns / 2;
}

static void collect(const struct trace *trace, const struct player_step *steps, struct sample *sample,
		    struct scores *scores)
{
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_row *row = &trace->rows[i];

		scores->refused += steps[i].verdict != FFNTP_ACCEPTED;
		if (!row->has_truth || row->truth_tf_ns < middle_of(trace))
			continue;
		if (is_readable(&steps[i]))
			sample_add(sample, &steps[i], row);
		else
			scores->unreadable++;
	}
}

static double median(double *values, size_t count)
{
	score_sort(values, count);
	return score_quantile(values, count, 0.5);
}

static void summarise(struct sample *sample, struct scores *scores)
{
	scores->scored = sample->count;
	if (sample->count == 0)
		return;
	scores->before = score_summarise(sample->before, sample->count);
	scores->after = score_summarise(sample->after, sample->count);
	scores->bound_held = (double)sample->held / (double)sample->count;
	scores->within_2_esterror = (double)sample->within / (double)sample->count;
	scores->bound_median = median(sample->bound, sample->count);
	scores->esterror_median = median(sample->esterror, sample->count);
}

static bool score(const struct trace *trace, const struct player_step *steps, struct scores *scores)
{
	double *room = calloc(trace->count * 4, sizeof(*room));
	struct sample sample = {
		.before = room,
		.after = room + trace->count,
		.bound = room + trace->count * 2,
		.esterror = room + trace->count * 3,
	};

	*scores = (struct scores){ .stamps = trace->count };
	if (!room)
		return false;
	collect(trace, steps, &sample, scores);
	summarise(&sample, scores);
	free(room);
	return true;
}

static json_t *accuracy_json(const struct scores *scores, double value)
{
	return scores->scored > 0 ? output_json_real(value) : json_null();
}

static bool print_json(const struct replay *replay, const struct trace *trace, const struct scores *scores)
{
	bool has_scores = scores->scored > 0;
	json_t *object = json_object();

	json_object_set_new(object, "trace", json_string(trace->name));
	json_object_set_new(object, "estimator", json_string(player_estimator_name(replay->estimator)));
	json_object_set_new(object, "stamps", json_integer((json_int_t)scores->stamps));
	json_object_set_new(object, "refused", json_integer((json_int_t)scores->refused));
	json_object_set_new(object, "scored", json_integer((json_int_t)scores->scored));
	json_object_set_new(object, "unreadable", json_integer((json_int_t)scores->unreadable));
	json_object_set_new(object, "before", has_scores ? output_json_summary(&scores->before) : json_null());
	json_object_set_new(object, "after", has_scores ? output_json_summary(&scores->after) : json_null());
	json_object_set_new(object, "bound_held", accuracy_json(scores, scores->bound_held));
	json_object_set_new(object, "bound_median_us", accuracy_json(scores, scores->bound_median));
	json_object_set_new(object, "within_2_esterror", accuracy_json(scores, scores->within_2_esterror));
	json_object_set_new(object, "esterror_median_us", accuracy_json(scores, scores->esterror_median));
	json_object_set_new(object, "ns_per_stamp", output_json_real(scores->ns_per_stamp));
	return output_json(object);
}

static void print_header(struct replay *replay)
{
	if (replay->header_is_printed)
		return;
	replay->header_is_printed = true;
	printf("The clock minus true time in us, over the second half of each trace: as it was\n"
	       "just before each exchange, and just after. cost: us per stamp, of the estimator.\n\n");
	printf("%-22s %6s %5s %7s %7s %7s %7s %6s\n", "", "", "not", "before:", "", "", "after:", "bound");
	printf("%-22s %6s %5s %7s %7s %7s %7s %6s %5s\n", "trace", "stamps", "used", "RMS", "median", "max", "RMS",
	       "held %", "cost");
}

static void print_row(struct replay *replay, const struct trace *trace, const struct scores *scores)
{
	double nothing = scores->scored > 0 ? 0 : (double)NAN;
	char rms[OUTPUT_NUMBER_SIZE], middle[OUTPUT_NUMBER_SIZE], max[OUTPUT_NUMBER_SIZE];
	char after[OUTPUT_NUMBER_SIZE], held[OUTPUT_NUMBER_SIZE], cost[OUTPUT_NUMBER_SIZE];

	print_header(replay);
	printf("%-22s %6zu %5zu %7s %7s %7s %7s %6s %5s\n", trace->name, scores->stamps, scores->refused,
	       output_number(scores->before.rms + nothing, rms), output_number(scores->before.median + nothing, middle),
	       output_number(scores->before.max + nothing, max), output_number(scores->after.rms + nothing, after),
	       output_number(scores->bound_held * 100 + nothing, held),
	       output_number(scores->ns_per_stamp * 1e-3, cost));
}

static void write_reading(FILE *file, const struct player_reading *reading)
{
	if (reading->result != FFNTP_CLOCK_OK) {
		fprintf(file, " - - -");
		return;
	}
	fprintf(file, " %lld %llu %llu", (long long)ffntp_time_to_ns(reading->estimate),
		(unsigned long long)reading->bound_ns, (unsigned long long)reading->esterror_ns);
}

static void write_steps(FILE *file, const struct trace *trace, const struct player_step *steps)
{
	fprintf(file, "# trace %s\n", trace->name);
	fprintf(file, "# tf_ticks truth_ns before_ns before_bound_ns before_esterror_ns"
		      " after_ns after_bound_ns after_esterror_ns status verdict\n");
	for (size_t i = 0; i < trace->count; i++) {
		fprintf(file, "%llu", (unsigned long long)trace->rows[i].tf);
		if (trace->rows[i].has_truth)
			fprintf(file, " %lld", (long long)trace->rows[i].truth_tf_ns);
		else
			fprintf(file, " -");
		write_reading(file, &steps[i].before);
		write_reading(file, &steps[i].after);
		fprintf(file, " %s %s\n", ffntp_status_name(steps[i].map.status), ffntp_verdict_name(steps[i].verdict));
	}
}

/* The file is created once there is something to write, so that an invalid trace leaves none behind. */
static bool write_per_stamp(struct replay *replay, const struct trace *trace, const struct player_step *steps)
{
	if (!replay->per_stamp_path)
		return true;
	if (!replay->per_stamp)
		replay->per_stamp = fopen(replay->per_stamp_path, "we");
	if (replay->per_stamp)
		write_steps(replay->per_stamp, trace, steps);
	if (replay->per_stamp && !ferror(replay->per_stamp))
		return true;
	tool_error(replay->command, "%s: %s", replay->per_stamp_path, strerror(errno));
	return false;
}

/*
 * Reject a counter whose rate is further from its hint than the client permits: it would reject every exchange, and the
 * score would mean nothing.
 */
static bool has_rate_given(const struct replay *replay, const struct ffntp_client_config *config,
			   const struct trace *trace)
{
	double hz, unsure;

	if (!tracerate_measure(trace, &hz, &unsure) ||
	    fabs(hz / replay->counter_hz - 1) <= config->period_hint_error + unsure)
		return true;
	tool_error(replay->command,
		   "%s: its counter runs at %.0f Hz, which is not within %.0f ppm of --counter-hz %.0f; not replayed",
		   trace->name, hz, config->period_hint_error * 1e6, replay->counter_hz);
	return false;
}

/* Return the most frequent verdict. */
static enum ffntp_verdict commonest(const struct player_step *steps, size_t count)
{
	size_t counts[FFNTP_VERDICTS] = { 0 };
	unsigned most = 0;

	for (size_t i = 0; i < count; i++)
		counts[steps[i].verdict]++;
	for (unsigned i = 1; i < FFNTP_VERDICTS; i++)
		most = counts[i] > counts[most] ? i : most;
	return (enum ffntp_verdict)most;
}

/* A score without a single accepted exchange needs an explanation. */
static bool is_any_accepted(const struct replay *replay, const struct trace *trace, const struct player_step *steps,
			    const struct scores *scores)
{
	if (scores->refused < scores->stamps)
		return true;
	tool_error(replay->command,
		   "%s: no exchange was accepted, most of them were refused as '%s': there is nothing to score",
		   trace->name, ffntp_verdict_name(commonest(steps, trace->count)));
	return false;
}

static bool print_scores(struct replay *replay, const struct trace *trace, const struct scores *scores)
{
	if (replay->as_json)
		return print_json(replay, trace, scores);
	print_row(replay, trace, scores);
	return true;
}

static bool replay_trace(struct replay *replay, const struct trace *trace, struct player_step *steps)
{
	struct ffntp_client_config config;
	struct scores scores;

	player_configure(&config, replay->estimator, (uint32_t)replay->poll_s, replay->counter_hz, trace);
	if (!has_rate_given(replay, &config, trace))
		return false;
	if (!player_run(&config, trace, steps) || !score(trace, steps, &scores)) {
		tool_error(replay->command, "%s: the client does not accept this configuration; not replayed",
			   trace->name);
		return false;
	}
	scores.ns_per_stamp = player_cost_ns(&config, trace, steps);
	if (!write_per_stamp(replay, trace, steps))
		return false;
	return print_scores(replay, trace, &scores) && is_any_accepted(replay, trace, steps, &scores);
}

static bool replay_lines(struct replay *replay, struct lines *lines)
{
	char error[TRACE_ERROR_SIZE];
	struct player_step *steps;
	struct trace trace;
	bool is_good;

	if (!tracefile_read_lines(lines, &trace, error)) {
		tool_error(replay->command, "%s", error);
		return false;
	}
	steps = calloc(trace.count, sizeof(*steps));
	if (!steps)
		tool_error(replay->command, "%s: out of memory", lines_path(lines));
	is_good = steps && replay_trace(replay, &trace, steps);
	free(steps);
	tracefile_release(&trace);
	return is_good;
}

/* The first line shows which kind of file this is. */
static bool replay_path(struct replay *replay, const char *path)
{
	char error[LINES_ERROR_SIZE];
	struct lines *lines = lines_open(path, error);
	struct lines_line first;
	bool is_good = false;

	if (!lines || lines_next(lines, &first, error) == LINES_FAILED) {
		tool_error(replay->command, "%s", error);
	} else {
		lines_again(lines);
		is_good = rerun_is_journal(&first) ? rerun_file(&replay->rerun, lines) : replay_lines(replay, lines);
	}
	lines_close(lines);
	fflush(stdout);
	return is_good;
}

static bool close_per_stamp(struct replay *replay)
{
	if (!replay->per_stamp || fclose(replay->per_stamp) == 0)
		return true;
	tool_error(replay->command, "%s: %s", replay->per_stamp_path, strerror(errno));
	return false;
}

int tool_replay(const struct tool_command *command, int argc, char **argv)
{
	struct replay replay = { .command = command, .poll_s = 16, .counter_hz = 1e9 };
	const struct tool_option options[] = {
		tool_estimator(&replay.estimator),
		tool_integer("poll", "S", &replay.poll_s, 1, FFNTP_POLL_MOST_S, "the traces' poll interval [16]"),
		tool_real("counter-hz", "HZ", &replay.counter_hz, 100, 1e12, "the counter's nominal rate [1e9]"),
		tool_flag("json", &replay.as_json, "one JSON object per file, one per line"),
		tool_text("per-stamp", "FILE", &replay.per_stamp_path, "write the clock's readings at each exchange"),
		tool_flag("verbose", &replay.rerun.is_verbose, "a line for each event of a journal"),
		{ 0 },
	};
	bool is_good = true;
	int operand = 0, code;

	if (!tool_options_parse(command, options, argc, argv, &operand, &code))
		return code;
	if (operand == argc) {
		tool_error(command, "no trace or journal named; - is standard input");
		return TOOL_USAGE;
	}
	replay.rerun.command = command;
	replay.rerun.as_json = replay.as_json;
	replay.rerun.is_verbose &= !replay.as_json;
	for (; operand < argc; operand++)
		is_good &= replay_path(&replay, argv[operand]);
	rerun_end(&replay.rerun);
	is_good &= close_per_stamp(&replay);
	return is_good ? TOOL_OK : TOOL_FAILED;
}
