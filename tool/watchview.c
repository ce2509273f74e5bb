#include "watchview.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources.h"
#include "tracking.h"

#define LABEL_WIDTH 13
#define LEVELS 8

/* Rows that the screen needs for the bars besides clock, servers and help. */
#define BAR_ROWS 5
#define CLOCK_ROWS 9
#define HELP_ROWS 1

/* Columns for the largest value, behind the bars. */
#define MOST_WIDTH 7

/* --- the last hour --- */

static const struct watch_minute nothing = { (double)NAN, (double)NAN, (double)NAN };

void watch_history_begin(struct watch_history *history, int64_t minute)
{
	history->minute = minute;
	for (int i = 0; i < WATCH_MINUTES; i++)
		history->of[i] = nothing;
}

static void advance(struct watch_history *history, int64_t minute)
{
	int64_t by = minute - history->minute;

	if (by >= WATCH_MINUTES) {
		watch_history_begin(history, minute);
		return;
	}
	for (int i = 0; by > 0 && i < WATCH_MINUTES; i++)
		history->of[i] = i + by < WATCH_MINUTES ? history->of[i + by] : nothing;
	if (by > 0)
		history->minute = minute;
}

void watch_history_add(struct watch_history *history, int64_t minute, const struct watch_minute *values)
{
	struct watch_minute *of;

	advance(history, minute);
	if (history->minute - minute >= WATCH_MINUTES)
		return;
	of = &history->of[WATCH_MINUTES - 1 - (history->minute - minute)];
	of->offset_s = fmax(of->offset_s, fabs(values->offset_s));
	of->esterror_s = fmax(of->esterror_s, values->esterror_s);
	of->bound_s = fmax(of->bound_s, values->bound_s);
}

struct watch_minute watch_values(const struct snapshot *snapshot)
{
	const struct ffntp_source *followed = snapshot_followed(snapshot);
	struct watch_minute values = nothing;

	if (snapshot->result == FFNTP_CLOCK_OK) {
		values.esterror_s = (double)snapshot->reading.esterror_ns * 1e-9;
		values.bound_s = (double)snapshot->reading.bound_ns * 1e-9;
	}
	if (followed && snapshot_was_accepted(followed))
		values.offset_s = (double)followed->offset_ns * 1e-9;
	return values;
}

/* --- bars --- */

const char *watch_bars(const double values[WATCH_MINUTES], unsigned columns, bool is_utf8, double *most,
		       char text[WATCH_BARS_SIZE])
{
	static const char *const bars[2][LEVELS] = {
		{ "_", ".", ":", "-", "=", "+", "*", "#" },
		{ "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" },
	};
	char *end = text;

	*most = (double)NAN;
	*end = '\0';
	for (unsigned i = WATCH_MINUTES - columns; i < WATCH_MINUTES; i++)
		*most = fmax(*most, values[i]);
	for (unsigned i = WATCH_MINUTES - columns; i < WATCH_MINUTES; i++) {
		double level = *most > 0 ? ceil(values[i] / *most * LEVELS) : 1;
		const char *bar = " ";

		if (!isnan(values[i]))
			bar = bars[is_utf8 ? 1 : 0][(int)fmin(fmax(level, 1), LEVELS) - 1];
		end = stpcpy(end, bar);
	}
	return text;
}

static void write_bars(FILE *file, const struct watch_view *view, const char *label, size_t member)
{
	unsigned room = view->columns > LABEL_WIDTH + MOST_WIDTH ? view->columns - LABEL_WIDTH - MOST_WIDTH : 0;
	unsigned columns = room < WATCH_MINUTES ? room : WATCH_MINUTES;
	char text[WATCH_BARS_SIZE], number[OUTPUT_NUMBER_SIZE] = "";
	double values[WATCH_MINUTES], most;

	for (int i = 0; i < WATCH_MINUTES; i++)
		memcpy(&values[i], (const char *)&view->history->of[i] + member, sizeof(values[i]));
	watch_bars(values, columns, view->is_utf8, &most, text);
	fprintf(file, "%-*s%s %s\n", LABEL_WIDTH, label, text, isnan(most) ? "" : output_short(most, number));
}

static void write_history(FILE *file, const struct watch_view *view)
{
	fprintf(file, "%-*s%s\n", LABEL_WIDTH, "Last hour",
		"the largest of each minute, now at the right; behind it of all");
	write_bars(file, view, "|offset|", offsetof(struct watch_minute, offset_s));
	write_bars(file, view, "est. error", offsetof(struct watch_minute, esterror_s));
	write_bars(file, view, "bound", offsetof(struct watch_minute, bound_s));
	fprintf(file, "\n");
}

/* --- the clock --- */

static void write_row(FILE *file, const char *label, double seconds, const char *comment)
{
	char text[OUTPUT_NUMBER_SIZE];

	fprintf(file, "%-*s%-12s %s\n", LABEL_WIDTH, label, output_duration(seconds, text), comment);
}

static const char *write_time(const struct snapshot *snapshot, char text[OUTPUT_TIME_SIZE])
{
	output_time(snapshot->result == FFNTP_CLOCK_OK ? snapshot->reading.estimate : snapshot->realtime, text);
	text[strcspn(text, ".")] = '\0';
	return text;
}

static void write_status(FILE *file, const struct watch_view *view)
{
	char time[OUTPUT_TIME_SIZE];

	if (view->problem)
		fprintf(file, "%-*s%s; waiting for ffntpd\n", LABEL_WIDTH, "No clock", view->problem);
	else
		fprintf(file, "%-*s%-16s %sZ%s\n", LABEL_WIDTH, "Status", ffntp_status_name(view->snapshot->map.status),
			write_time(view->snapshot, time),
			view->snapshot->result == FFNTP_CLOCK_OK ? "" : " by the system's clock");
}

/* Without a clock now, the rest of the screen is of earlier. */
static void write_former(FILE *file, const struct watch_view *view)
{
	char time[OUTPUT_TIME_SIZE];

	if (view->problem)
		fprintf(file, "%-*sfrom the last reading, %sZ\n", LABEL_WIDTH, "Below",
			write_time(view->snapshot, time));
	else
		fprintf(file, "\n");
}

static void write_reference(FILE *file, const struct snapshot *snapshot)
{
	const struct ffntp_source *source = snapshot_followed(snapshot);
	char address[OUTPUT_ADDRESS_SIZE], refid[OUTPUT_REFID_SIZE];

	if (!source)
		fprintf(file, "%-*s%s\n", LABEL_WIDTH, "Reference", "none");
	else if (!snapshot_was_accepted(source))
		fprintf(file, "%-*s%s, which has not answered yet\n", LABEL_WIDTH, "Reference",
			snapshot_short_address(source, address));
	else
		fprintf(file, "%-*s%s, %s, stratum %u\n", LABEL_WIDTH, "Reference",
			snapshot_short_address(source, address), output_refid(source, refid), source->stratum);
}

static void write_offset(FILE *file, const struct snapshot *snapshot)
{
	const struct ffntp_source *source = snapshot_followed(snapshot);
	char age[OUTPUT_NUMBER_SIZE], comment[80];

	if (!source || !snapshot_was_accepted(source)) {
		fprintf(file, "%-*s-\n", LABEL_WIDTH, "Offset");
		return;
	}
	snprintf(comment, sizeof(comment), "clock minus server at the last exchange, %s ago",
		 output_short(snapshot_since_s(snapshot, source->last_accepted), age));
	write_row(file, "Offset", (double)source->offset_ns * 1e-9, comment);
}

static void write_errors(FILE *file, const struct snapshot *snapshot)
{
	char asymmetry[OUTPUT_NUMBER_SIZE] = "unknown", comment[80];

	if (snapshot->result != FFNTP_CLOCK_OK) {
		fprintf(file, "%-*s%s\n", LABEL_WIDTH, "Time", ffntp_clock_result_text(snapshot->result));
		return;
	}
	if (snapshot->reading.asymmetry_esterror_ns > 0)
		output_duration((double)snapshot->reading.asymmetry_esterror_ns * 1e-9, asymmetry);
	snprintf(comment, sizeof(comment), "one standard deviation; asymmetry %s", asymmetry);
	write_row(file, "Est. error", (double)snapshot->reading.esterror_ns * 1e-9, comment);
	write_row(file, "Bound", (double)snapshot->reading.bound_ns * 1e-9, "largest possible error");
	write_row(file, "System time", (double)tracking_realtime_offset_ns(snapshot) * 1e-9,
		  "CLOCK_REALTIME minus this clock");
	fprintf(file, "%-*s%.3f Hz, known to %.4f ppm\n", LABEL_WIDTH, "Counter", 1 / snapshot->period_s,
		(double)snapshot->map.period_esterror / (double)snapshot->map.period * 1e6);
}

/* --- all --- */

/* The bars are left out where they would leave no room for the servers. */
static bool has_bars(const struct watch_view *view)
{
	return view->rows >= CLOCK_ROWS + BAR_ROWS + HELP_ROWS + 1 + view->snapshot->count;
}

static void write_all(FILE *file, const struct watch_view *view)
{
	write_status(file, view);
	write_former(file, view);
	write_reference(file, view->snapshot);
	write_offset(file, view->snapshot);
	write_errors(file, view->snapshot);
	fprintf(file, "\n");
	if (has_bars(view))
		write_history(file, view);
	sources_print(file, view->snapshot, false);
}

char *watch_view_text(const struct watch_view *view)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	write_all(file, view);
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

const char *watch_line(const struct snapshot *snapshot, char text[WATCH_LINE_SIZE])
{
	const struct ffntp_source *source = snapshot_followed(snapshot);
	char time[OUTPUT_TIME_SIZE], offset[OUTPUT_NUMBER_SIZE] = "-", error[OUTPUT_NUMBER_SIZE] = "-";
	char bound[OUTPUT_NUMBER_SIZE] = "-", address[OUTPUT_ADDRESS_SIZE] = "no server";
	struct watch_minute values = watch_values(snapshot);

	if (!isnan(values.offset_s))
		output_short(values.offset_s, offset);
	if (!isnan(values.bound_s)) {
		output_short(values.esterror_s, error);
		output_short(values.bound_s, bound);
	}
	if (source)
		snapshot_short_address(source, address);
	snprintf(text, WATCH_LINE_SIZE, "%sZ %s: offset %s, error %s, bound %s, %s", write_time(snapshot, time),
		 ffntp_status_name(snapshot->map.status), offset, error, bound, address);
	return text;
}
