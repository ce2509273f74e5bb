#include "reportcharts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "score.h"

/* Columns of a chart: a screen has hardly more pixels, and a column keeps its extremes. */
#define COLUMNS 1200

/* An axis leaves out the outermost values on either side, this share, if they are far from the others. */
#define OUTERMOST 0.005

/* A law has as many bins as twice the square root of the number of exchanges, within these limits. */
#define LAW_BINS_MIN 12
#define LAW_BINS_MAX 60
#define LAW_MOST 0.98 /* quantile of the delays up to which laws are drawn */

#define CAPTION_SIZE 512

/* States shorter than this part of the range are left out if there are many. */
#define BARS_MANY 1500

struct unit {
	double size_s;
	const char *name;
};

static struct unit unit_for(double seconds)
{
	static const struct unit units[] = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "\u00b5s" }, { 1e-9, "ns" } };
	size_t i = 0;

	while (i < 3 && !(seconds >= units[i].size_s))
		i++;
	return units[i];
}

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

/* --- the servers that are shown --- */

struct shown {
	const struct report_data *data;
	size_t server[REPORT_SERVERS_SHOWN];
	size_t count;
};

static size_t replies_of(const struct report_data *data, size_t server)
{
	return data->server[server].line[REPORT_SEEN].count;
}

static void choose(const struct report_data *data, struct shown *shown)
{
	*shown = (struct shown){ .data = data };
	for (size_t i = 0; i < data->servers; i++) {
		size_t place = shown->count;

		if (replies_of(data, i) == 0)
			continue;
		while (place > 0 && replies_of(data, shown->server[place - 1]) < replies_of(data, i))
			place--;
		if (place == REPORT_SERVERS_SHOWN)
			continue;
		if (shown->count < REPORT_SERVERS_SHOWN)
			shown->count++;
		for (size_t j = shown->count - 1; j > place; j--)
			shown->server[j] = shown->server[j - 1];
		shown->server[place] = i;
	}
}

static const struct report_server *server_at(const struct shown *shown, size_t i)
{
	return &shown->data->server[shown->server[i]];
}

/* --- parts of a chart --- */

static json_t *new_chart(const char *id, const char *title, const char *caption, bool is_half)
{
	json_t *chart = json_object();

	set(chart, "id", json_string(id));
	set(chart, "title", json_string(title));
	set(chart, "caption", json_string(caption));
	set(chart, "half", json_boolean(is_half));
	set(chart, "series", json_array());
	return chart;
}

static json_t *new_axis(const char *kind, const char *title)
{
	json_t *axis = json_object();

	set(axis, "kind", json_string(kind));
	set(axis, "title", json_string(title));
	return axis;
}

static void set_time_axis(json_t *chart, const struct report_data *data)
{
	json_t *axis = new_axis("time", "time (UTC)");

	set(axis, "min", json_real(data->from));
	set(axis, "max", json_real(data->to));
	set(chart, "x", axis);
}

static json_t *new_unit_axis(const char *what, const char *unit)
{
	char title[96];

	snprintf(title, sizeof(title), "%s (%s)", what, unit);
	return new_axis("linear", title);
}

static json_t *add_series(json_t *chart, const char *label, const char *kind, json_t *colour)
{
	json_t *series = json_object();

	set(series, "label", json_string(label));
	set(series, "kind", json_string(kind));
	set(series, "colour", colour);
	json_array_append_new(json_object_get(chart, "series"), series);
	return series;
}

/* Milliseconds are enough for a plot. */
static json_t *time_json(double t)
{
	return json_real(round(t * 1e3) / 1e3);
}

/* is_time: x is a time, and needs more digits than a measurement. */
static json_t *points_json(const struct timeseries *few, double scale, bool is_time)
{
	json_t *points = json_array();

	for (size_t i = 0; i < few->count; i++) {
		const struct timeseries_point *point = &few->point[i];
		json_t *pair = json_array();

		json_array_append_new(pair, is_time ? time_json(point->t) : output_json_real(point->t));
		json_array_append_new(pair, output_json_real(point->y * scale));
		json_array_append_new(points, pair);
	}
	return points;
}

/* Return the points over time, thinned out; null if memory is short. scale: from the series' unit to the axis'. */
static json_t *thinned_json(const struct report_data *data, const struct timeseries *all, double scale)
{
	struct timeseries few = { 0 };
	json_t *points = NULL;

	if (timeseries_decimate(all, data->from, data->to, COLUMNS, &few))
		points = points_json(&few, scale, true);
	timeseries_clear(&few);
	return points;
}

/* --- limits of axes --- */

struct limits {
	double low, high;
	size_t count, outside;
	bool is_failed;
};

/* Append the values of a series. Returns the new count. */
static size_t gather(const struct timeseries *series, double *values, size_t count)
{
	for (size_t i = 0; i < series->count; i++) {
		if (!isnan(series->point[i].y))
			values[count++] = series->point[i].y;
	}
	return count;
}

/* Leave out the outermost values if they are far from the others, which would be a flat line. */
static void set_limits(struct limits *limits, double *values, size_t count)
{
	double low, high, span;

	limits->count = count;
	if (count == 0)
		return;
	score_sort(values, count);
	low = score_quantile(values, count, OUTERMOST);
	high = score_quantile(values, count, 1 - OUTERMOST);
	span = high - low;
	limits->low = values[0] < low - span ? low - span / 4 : values[0];
	limits->high = values[count - 1] > high + span ? high + span / 4 : values[count - 1];
	span = fmax(limits->high - limits->low, 1e-12);
	limits->low -= span / 20;
	limits->high += span / 20;
	for (size_t i = 0; i < count; i++)
		limits->outside += values[i] < limits->low || values[i] > limits->high;
}

static struct limits limits_of(const struct timeseries *const *series, size_t count)
{
	struct limits limits = { 0 };
	size_t room = 1, got = 0;
	double *values;

	for (size_t i = 0; i < count; i++)
		room += series[i]->count;
	values = malloc(room * sizeof(*values));
	limits.is_failed = values == NULL;
	for (size_t i = 0; values && i < count; i++)
		got = gather(series[i], values, got);
	if (values)
		set_limits(&limits, values, got);
	free(values);
	return limits;
}

static void set_value_axis(json_t *chart, const char *what, const struct limits *limits, struct unit unit)
{
	json_t *axis = new_unit_axis(what, unit.name);

	if (limits->count > 0) {
		set(axis, "min", output_json_real(limits->low / unit.size_s));
		set(axis, "max", output_json_real(limits->high / unit.size_s));
	}
	set(chart, "y", axis);
}

/* Complete a caption by the number of points that the axis leaves out. */
static void note_outside(const struct limits *limits, char caption[CAPTION_SIZE])
{
	size_t length = strlen(caption);

	if (limits->outside > 0)
		snprintf(caption + length, CAPTION_SIZE - length,
			 " The axis leaves out %zu of %zu points, which are far from the others.", limits->outside,
			 limits->count);
}

static double larger(const struct limits *limits)
{
	return fmax(fabs(limits->low), fabs(limits->high));
}

/* --- the charts --- */

/* Draw the band within which corrections are expected. */
static void add_expected(json_t *chart, const struct report_data *data, struct unit unit)
{
	json_t *band = add_series(chart, "\u00b1 estimated error before it", "band", json_string("band"));

	set(band, "low", thinned_json(data, &data->line[REPORT_EXPECTED], -1 / unit.size_s));
	set(band, "high", thinned_json(data, &data->line[REPORT_EXPECTED], 1 / unit.size_s));
}

static json_t *correction_chart(const struct report_data *data)
{
	const struct timeseries *corrections = &data->line[REPORT_CORRECTION];
	struct limits limits = limits_of(&corrections, 1);
	struct unit unit = unit_for(larger(&limits));
	char caption[CAPTION_SIZE] = "By how much each accepted reply moved the clock; positive: forward. It is what "
				     "the clock had been wrong "
				     "by, as far as the reply shows it. Two of three corrections should lie within the "
				     "estimated error, which "
				     "is the clock's own estimate from before the reply.";
	json_t *chart, *points;

	note_outside(&limits, caption);
	chart = new_chart("correction", "Corrections and estimated error", caption, false);
	set_time_axis(chart, data);
	set_value_axis(chart, "correction", &limits, unit);
	add_expected(chart, data, unit);
	points = add_series(chart, "correction", "points", json_integer(0));
	set(points, "data", thinned_json(data, corrections, 1 / unit.size_s));
	return chart;
}

/* A logarithm shows no zero. */
static bool copy_positive(const struct timeseries *all, struct timeseries *positive)
{
	bool is_good = true;

	for (size_t i = 0; is_good && i < all->count; i++) {
		if (all->point[i].y > 0)
			is_good = timeseries_add(positive, all->point[i].t, all->point[i].y);
	}
	return is_good;
}

static void add_positive_line(json_t *chart, const struct report_data *data, enum report_line line, const char *label,
			      int colour)
{
	struct timeseries positive = { 0 };

	if (data->line[line].count == 0)
		return;
	if (copy_positive(&data->line[line], &positive))
		set(add_series(chart, label, "line", json_integer(colour)), "data", thinned_json(data, &positive, 1e6));
	timeseries_clear(&positive);
}

static json_t *bound_chart(const struct report_data *data)
{
	json_t *chart = new_chart(
		"bound", "Error bound and estimated errors",
		"The true time is never further away than the bound. The estimated errors are standard deviations: "
		"of noise, the oscillator and the least delays; and of the asymmetry of the path, which no exchange "
		"reveals.",
		false);

	set_time_axis(chart, data);
	set(chart, "y", new_axis("log", "error (\u00b5s)"));
	add_positive_line(chart, data, REPORT_BOUND, "bound", 5);
	add_positive_line(chart, data, REPORT_ASYMMETRY, "estimated error from asymmetry", 1);
	add_positive_line(chart, data, REPORT_ESTERROR, "estimated error", 0);
	return chart;
}

/* Gather the same line of all servers. */
static size_t lines_of(const struct shown *shown, enum report_server_line line, const struct timeseries **series)
{
	for (size_t i = 0; i < shown->count; i++)
		series[i] = &server_at(shown, i)->line[line];
	return shown->count;
}

static void add_servers(json_t *chart, const struct shown *shown, enum report_server_line line, double scale)
{
	for (size_t i = 0; i < shown->count; i++) {
		const struct report_server *server = server_at(shown, i);
		json_t *points = add_series(chart, server->name, "points", json_integer((json_int_t)i));

		set(points, "data", thinned_json(shown->data, &server->line[line], scale));
	}
}

/* A chart of one line of each server. 'limits' and 'unit' may be those of two charts. */
static json_t *server_chart(const struct shown *shown, enum report_server_line line, const struct limits *limits,
			    struct unit unit, const char *const text[4])
{
	char caption[CAPTION_SIZE];
	bool is_half = line != REPORT_OFFSET;
	json_t *chart;

	snprintf(caption, sizeof(caption), "%s", text[3]);
	note_outside(limits, caption);
	chart = new_chart(text[0], text[1], caption, is_half);
	set_time_axis(chart, shown->data);
	set_value_axis(chart, text[2], limits, unit);
	add_servers(chart, shown, line, 1 / unit.size_s);
	return chart;
}

static json_t *offset_chart(const struct shown *shown)
{
	static const char *const text[] = {
		"offset", "Clock minus server", "clock minus server",
		"Measured by each accepted reply; positive: the clock is ahead. It has the noise of that exchange and "
		"the "
		"error of that server, which the clock averages over many exchanges and servers."
	};
	const struct timeseries *series[REPORT_SERVERS_SHOWN];
	struct limits limits = limits_of(series, lines_of(shown, REPORT_OFFSET, series));

	return server_chart(shown, REPORT_OFFSET, &limits, unit_for(larger(&limits)), text);
}

static json_t *delay_chart(const struct shown *shown, bool is_forward)
{
	static const char *const forward[] = {
		"forward", "Delay to the server", "delay",
		"From the departure of the request to its arrival, by the clock. No exchange "
		"reveals how the least round trip divides between the two ways."
	};
	static const char *const backward[] = { "backward", "Delay from the server", "delay",
						"From the departure of the reply to its arrival, by the clock." };
	enum report_server_line line = is_forward ? REPORT_FORWARD : REPORT_BACKWARD;
	const struct timeseries *series[REPORT_SERVERS_SHOWN];
	struct limits limits = limits_of(series, lines_of(shown, line, series));

	return server_chart(shown, line, &limits, unit_for(limits.high), is_forward ? forward : backward);
}

/* --- the laws of the delays --- */

/* The delays of one direction, ascending. */
struct delays {
	double *sorted;
	size_t count;
};

static void free_delays(struct delays delays[REPORT_SERVERS_SHOWN])
{
	for (size_t i = 0; i < REPORT_SERVERS_SHOWN; i++)
		free(delays[i].sorted);
}

/* Return the largest excess over the least delay that is drawn (s). */
static double sort_delays(const struct shown *shown, enum report_server_line line,
			  struct delays delays[REPORT_SERVERS_SHOWN])
{
	double most_s = 0;

	for (size_t i = 0; i < shown->count; i++) {
		struct delays *of = &delays[i];

		of->sorted = timeseries_sorted(&server_at(shown, i)->line[line], &of->count);
		if (of->sorted)
			most_s = fmax(most_s, score_quantile(of->sorted, of->count, LAW_MOST) - of->sorted[0]);
	}
	return most_s;
}

static void add_law(json_t *chart, const struct report_server *server, const struct delays *delays, double most_s,
		    struct unit unit, size_t colour)
{
	size_t bins = (size_t)fmin(fmax(2 * sqrt((double)delays->count), LAW_BINS_MIN), LAW_BINS_MAX);
	double least = delays->sorted[0];
	struct timeseries law = { 0 };

	if (timeseries_histogram(delays->sorted, delays->count, least, most_s / (double)bins, bins, &law)) {
		for (size_t i = 0; i < law.count; i++)
			law.point[i].t = (law.point[i].t - least) / unit.size_s;
		set(add_series(chart, server->name, "steps", json_integer((json_int_t)colour)), "data",
		    points_json(&law, 1, false));
	}
	timeseries_clear(&law);
}

static json_t *law_chart(const struct shown *shown, bool is_forward)
{
	struct delays delays[REPORT_SERVERS_SHOWN] = { { 0 } };
	double most_s = sort_delays(shown, is_forward ? REPORT_FORWARD : REPORT_BACKWARD, delays);
	struct unit unit = unit_for(most_s);
	json_t *chart = new_chart(
		is_forward ? "law-forward" : "law-backward",
		is_forward ? "Delay law to the server" : "Delay law from the server",
		is_forward
			? "How often which delay occurs beyond the least one: the queues on the way. The last 2 % are "
			  "left out. A steep left edge makes a precise clock."
			: "The same, on the way back.",
		true);

	set(chart, "x", new_unit_axis("delay beyond the least one", unit.name));
	set(chart, "y", new_unit_axis("share of the exchanges", "%"));
	for (size_t i = 0; i < shown->count && most_s > 0; i++) {
		if (delays[i].sorted)
			add_law(chart, server_at(shown, i), &delays[i], most_s, unit, i);
	}
	free_delays(delays);
	return chart;
}

/* --- the oscillator --- */

/* Set the band around the frequency. Its two series have the same times. */
static void set_band(json_t *chart, const struct report_data *data)
{
	const struct timeseries *middle = &data->line[REPORT_FREQUENCY], *error = &data->line[REPORT_FREQUENCY_ERROR];
	struct timeseries edge[2] = { { 0 } };
	bool is_good = true;

	for (size_t i = 0; is_good && i < middle->count && i < error->count; i++) {
		const struct timeseries_point *point = &middle->point[i];

		is_good = timeseries_add(&edge[0], point->t, point->y - error->point[i].y) &&
			  timeseries_add(&edge[1], point->t, point->y + error->point[i].y);
	}
	if (is_good) {
		json_t *band = add_series(chart, "\u00b1 estimated error", "band", json_string("band"));

		set(band, "low", thinned_json(data, &edge[0], 1));
		set(band, "high", thinned_json(data, &edge[1], 1));
	}
	timeseries_clear(&edge[0]);
	timeseries_clear(&edge[1]);
}

static json_t *frequency_chart(const struct report_data *data)
{
	const struct timeseries *frequency = &data->line[REPORT_FREQUENCY];
	struct limits limits = limits_of(&frequency, 1);
	char caption[CAPTION_SIZE] =
		"The rate of the counter against the one that the session began with; positive: the "
		"counter is fast. A daily wave is the temperature of the room.";
	json_t *chart;

	note_outside(&limits, caption);
	chart = new_chart("frequency", "Frequency of the counter", caption, false);
	set_time_axis(chart, data);
	set_value_axis(chart, "frequency offset", &limits, (struct unit){ 1, "ppm" });
	set_band(chart, data);
	set(add_series(chart, "frequency", "line", json_integer(0)), "data", thinned_json(data, frequency, 1));
	return chart;
}

static void add_deviation(json_t *chart, const char *label, const struct timeseries *phase, size_t colour)
{
	struct timeseries deviation = { 0 };

	if (timeseries_allan(phase, &deviation) && deviation.count > 0)
		set(add_series(chart, label, "line", json_integer((json_int_t)colour)), "data",
		    points_json(&deviation, 1, false));
	timeseries_clear(&deviation);
}

static json_t *allan_chart(const struct shown *shown)
{
	json_t *chart = new_chart(
		"allan", "Allan deviation of the counter",
		"Stability over averaging times. Against a server it falls with the time while the noise of the path "
		"prevails, and rises where the oscillator wanders; the turning point is how long averaging pays. "
		"Against this "
		"clock the noise of the path is filtered.",
		false);
	char label[TALLY_NAME_SIZE + 16];

	set(chart, "x", new_axis("log", "averaging time (s)"));
	set(chart, "y", new_axis("log", "Allan deviation (s/s)"));
	add_deviation(chart, "against this clock", &shown->data->line[REPORT_PHASE], REPORT_SERVERS_SHOWN);
	for (size_t i = 0; i < shown->count; i++) {
		snprintf(label, sizeof(label), "against %s", server_at(shown, i)->name);
		add_deviation(chart, label, &server_at(shown, i)->line[REPORT_SEEN], i);
	}
	return chart;
}

/* --- states --- */

/* The series of the chart, by the name of the state. */
static json_t *bars_of(json_t *chart, const char *state)
{
	json_t *list = json_object_get(chart, "series"), *series;
	size_t i;

	json_array_foreach(list, i, series)
	{
		if (strcmp(json_string_value(json_object_get(series, "label")), state) == 0)
			return json_object_get(series, "data");
	}
	series = add_series(chart, state, "bars", json_string(state));
	set(series, "data", json_array());
	return json_object_get(series, "data");
}

static void add_bar(json_t *chart, const char *state, double from, double to, size_t row)
{
	json_t *bar = json_array();

	json_array_append_new(bar, time_json(from));
	json_array_append_new(bar, time_json(to));
	json_array_append_new(bar, json_integer((json_int_t)row));
	json_array_append_new(bars_of(chart, state), bar);
}

static const char *status_text(double state)
{
	return ffntp_status_name((enum ffntp_status)(int)state);
}

static const char *selection_text(double state)
{
	return (int)state == FFNTP_SELECTION_NONE ? "no time" : ffntp_selection_name((enum ffntp_selection)(int)state);
}

/* Where there are very many states, those that nobody would see are joined to the one before. */
static void add_row(json_t *chart, const struct report_data *data, const struct timeseries *states, size_t row,
		    const char *name_of(double state))
{
	double least_s = states->count > BARS_MANY ? (data->to - data->from) / BARS_MANY : 0;
	double began = data->from, state = (double)NAN;

	for (size_t i = 0; i <= states->count; i++) {
		double t = i < states->count ? states->point[i].t : data->to;

		if (i < states->count && t - began < least_s && !isnan(state))
			continue;
		if (!isnan(state) && t >= began)
			add_bar(chart, name_of(state), began, t, row);
		began = t;
		state = i < states->count ? states->point[i].y : state;
	}
}

static json_t *state_chart(const struct report_data *data)
{
	json_t *chart =
		new_chart("states", "States of the clock and the servers",
			  "The clock's status, and how the clock used each server. A server that is not drawn was not "
			  "known yet, or removed.",
			  false);
	json_t *axis = new_axis("rows", ""), *labels = json_array();

	set_time_axis(chart, data);
	set(chart, "y", axis);
	set(axis, "labels", labels);
	json_array_append_new(labels, json_string("clock"));
	add_row(chart, data, &data->line[REPORT_STATUS], 0, status_text);
	for (size_t i = 0; i < data->servers; i++) {
		json_array_append_new(labels, json_string(data->server[i].name));
		add_row(chart, data, &data->server[i].line[REPORT_SELECTION], i + 1, selection_text);
	}
	return chart;
}

/* --- events --- */

static size_t place_of(const struct shown *shown, size_t server)
{
	size_t i = 0;

	while (i < shown->count && shown->server[i] != server)
		i++;
	return i;
}

/* One series for each server, and one for the events of none, or of servers that are not shown. */
static void add_events(json_t *chart, const struct shown *shown, size_t place)
{
	const struct report_data *data = shown->data;
	struct timeseries of = { 0 }, few = { 0 };
	bool is_good = true;
	json_t *series;

	for (size_t kind = 0; is_good && kind < data->kinds; kind++) {
		const struct timeseries *at = &data->kind[kind].at;

		timeseries_clear(&of);
		for (size_t i = 0; is_good && i < at->count; i++) {
			double server = at->point[i].y;

			if ((isnan(server) ? shown->count : place_of(shown, (size_t)server)) == place)
				is_good = timeseries_add(&of, at->point[i].t, (double)kind);
		}
		is_good = is_good && timeseries_decimate(&of, data->from, data->to, COLUMNS, &few);
	}
	if (is_good && few.count > 0) {
		series = add_series(chart, place < shown->count ? server_at(shown, place)->name : "the clock", "points",
				    json_integer((json_int_t)place));
		set(series, "data", points_json(&few, 1, true));
	}
	timeseries_clear(&of);
	timeseries_clear(&few);
}

static json_t *event_chart(const struct shown *shown)
{
	json_t *chart = new_chart(
		"events", "Events",
		"All that was not an accepted reply. The table of events lists those that changed the clock.", false);
	json_t *axis = new_axis("rows", ""), *labels = json_array();

	set_time_axis(chart, shown->data);
	set(chart, "y", axis);
	set(axis, "labels", labels);
	for (size_t i = 0; i < shown->data->kinds; i++)
		json_array_append_new(labels, json_string(shown->data->kind[i].name));
	for (size_t place = 0; place <= shown->count; place++)
		add_events(chart, shown, place);
	return chart;
}

json_t *report_charts(const struct report_data *data)
{
	json_t *charts = json_array();
	struct shown shown;

	choose(data, &shown);
	json_array_append_new(charts, correction_chart(data));
	json_array_append_new(charts, bound_chart(data));
	json_array_append_new(charts, offset_chart(&shown));
	json_array_append_new(charts, delay_chart(&shown, true));
	json_array_append_new(charts, delay_chart(&shown, false));
	json_array_append_new(charts, law_chart(&shown, true));
	json_array_append_new(charts, law_chart(&shown, false));
	json_array_append_new(charts, frequency_chart(data));
	json_array_append_new(charts, allan_chart(&shown));
	json_array_append_new(charts, state_chart(data));
	json_array_append_new(charts, event_chart(&shown));
	return charts;
}
