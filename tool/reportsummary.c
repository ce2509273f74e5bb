#include "reportsummary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "score.h"

/* Times further from the beginning than this are shown as that. */
#define SECONDS_MAX 1e12

/* Most rows of the table of events. */
#define NOTES_SHOWN 400

const char *report_time(const struct report_data *data, double t, char text[OUTPUT_TIME_SIZE])
{
	int64_t seconds = fabs(t) < SECONDS_MAX ? (int64_t)floor(t) : 0;

	output_time((struct ffntp_time){ .s = data->base_s + seconds }, text);
	if (strlen(text) > 19)
		text[19] = 'Z';
	if (strlen(text) > 20)
		text[20] = '\0';
	return text;
}

/* --- JSON --- */

static void set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static json_t *quantiles_json(const struct timeseries *series)
{
	json_t *object = json_object();
	size_t count;
	double *sorted = timeseries_sorted(series, &count);

	count = sorted ? count : 0;
	set(object, "count", json_integer((json_int_t)count));
	set(object, "least", count > 0 ? output_json_real(sorted[0]) : json_null());
	set(object, "median", count > 0 ? output_json_real(score_quantile(sorted, count, 0.5)) : json_null());
	set(object, "p99", count > 0 ? output_json_real(score_quantile(sorted, count, 0.99)) : json_null());
	set(object, "max", count > 0 ? output_json_real(sorted[count - 1]) : json_null());
	set(object, "last",
	    count > 0 && series->point ? output_json_real(series->point[series->count - 1].y) : json_null());
	free(sorted);
	return object;
}

/* Return the same of absolute values. */
static json_t *magnitudes_json(const struct timeseries *series)
{
	struct timeseries absolute = { 0 };
	json_t *object;

	for (size_t i = 0; i < series->count; i++) {
		if (!timeseries_add(&absolute, 0, fabs(series->point[i].y)))
			break;
	}
	object = quantiles_json(&absolute);
	timeseries_clear(&absolute);
	return object;
}

static json_t *within_json(const struct report_data *data)
{
	const struct timeseries *got = &data->line[REPORT_CORRECTION], *expected = &data->line[REPORT_EXPECTED];
	size_t within = 0;

	for (size_t i = 0; i < got->count && i < expected->count; i++)
		within += fabs(got->point[i].y) <= 2 * expected->point[i].y;
	return got->count > 0 ? output_json_real((double)within / (double)got->count) : json_null();
}

static json_t *frequency_json(const struct timeseries *frequency)
{
	json_t *object = json_object();
	double sum = 0, min = (double)NAN, max = (double)NAN;

	for (size_t i = 0; i < frequency->count; i++) {
		sum += frequency->point[i].y;
		min = fmin(min, frequency->point[i].y);
		max = fmax(max, frequency->point[i].y);
	}
	set(object, "mean", output_json_real(sum / (double)frequency->count));
	set(object, "min", output_json_real(min));
	set(object, "max", output_json_real(max));
	return object;
}

/* Return how much of the duration a status lasted (%). */
static double lasted_percent(const struct report_data *data, enum ffntp_status status)
{
	const struct timeseries *states = &data->line[REPORT_STATUS];
	double lasted = 0;

	for (size_t i = 0; i < states->count; i++) {
		double end = i + 1 < states->count ? states->point[i + 1].t : data->to;

		if ((int)states->point[i].y == (int)status)
			lasted += end - states->point[i].t;
	}
	return lasted / (data->to - data->from) * 100;
}

static json_t *server_json(const struct report_server *server)
{
	json_t *object = json_object();

	set(object, "server", json_string(server->name));
	set(object, "refid", server->refid[0] != '\0' ? json_string(server->refid) : json_null());
	set(object, "stratum", server->stratum != 0 ? json_integer(server->stratum) : json_null());
	set(object, "rtt_s", quantiles_json(&server->line[REPORT_RTT]));
	set(object, "forward_s", quantiles_json(&server->line[REPORT_FORWARD]));
	set(object, "backward_s", quantiles_json(&server->line[REPORT_BACKWARD]));
	set(object, "offset_s", magnitudes_json(&server->line[REPORT_OFFSET]));
	return object;
}

json_t *report_summary(const struct report_data *data)
{
	json_t *object = json_object(), *servers = json_array(), *events = json_object();
	char text[OUTPUT_TIME_SIZE];

	set(object, "from", json_string(report_time(data, data->from, text)));
	set(object, "to", json_string(report_time(data, data->to, text)));
	set(object, "duration_s", output_json_real(data->to - data->from));
	set(object, "synchronised_percent", output_json_real(lasted_percent(data, FFNTP_STATUS_SYNCHRONISED)));
	set(object, "bound_s", quantiles_json(&data->line[REPORT_BOUND]));
	set(object, "esterror_s", quantiles_json(&data->line[REPORT_ESTERROR]));
	set(object, "asymmetry_esterror_s", quantiles_json(&data->line[REPORT_ASYMMETRY]));
	set(object, "correction_s", magnitudes_json(&data->line[REPORT_CORRECTION]));
	set(object, "within_2_esterror", within_json(data));
	set(object, "frequency_ppm", frequency_json(&data->line[REPORT_FREQUENCY]));
	for (size_t i = 0; i < data->servers; i++)
		json_array_append_new(servers, server_json(&data->server[i]));
	for (size_t i = 0; i < data->kinds; i++)
		set(events, data->kind[i].name, json_integer((json_int_t)data->kind[i].at.count));
	set(object, "servers", servers);
	set(object, "events", events);
	return object;
}

/* --- HTML --- */

void report_escape(FILE *file, const char *text)
{
	json_t *check = json_string(text);
	bool is_utf8 = check != NULL;

	json_decref(check);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '<')
			fputs("&lt;", file);
		else if (*c == '>')
			fputs("&gt;", file);
		else if (*c == '&')
			fputs("&amp;", file);
		else if (*c == '"')
			fputs("&quot;", file);
		else if (*c == '\'')
			fputs("&#39;", file);
		else
			fputc(*c < ' ' || *c == 127 || (*c > 127 && !is_utf8) ? '?' : *c, file);
	}
}

/* A heading that begins with # is that of numbers. */
static void begin_table(FILE *file, const char *style, const char *title, const char *const *headings)
{
	fprintf(file, "<div class=\"scroll %s\" tabindex=\"0\"><table>\n<caption>%s</caption>\n<thead><tr>", style,
		title);
	for (; *headings; headings++) {
		bool is_number = (*headings)[0] == '#';

		fprintf(file, "<th scope=\"col\"%s>%s</th>", is_number ? " class=\"number\"" : "",
			*headings + is_number);
	}
	fprintf(file, "</tr></thead>\n<tbody>\n");
}

static void end_table(FILE *file)
{
	fprintf(file, "</tbody></table></div>\n");
}

static double number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static void write_duration(FILE *file, const json_t *object, const char *key)
{
	double value = number_of(object, key);
	char text[OUTPUT_NUMBER_SIZE];

	char *micro;

	snprintf(text, sizeof(text), "\u2013");
	if (isfinite(value))
		output_duration(value, text);
	micro = strstr(text, " us");
	if (micro)
		snprintf(micro, 5, " \u00b5s");
	fprintf(file, "<td class=\"number\">%s</td>", text);
}

static void write_distribution(FILE *file, const json_t *summary, const char *key, const char *name)
{
	const json_t *object = json_object_get(summary, key);

	fprintf(file, "<tr><th scope=\"row\">%s</th>", name);
	write_duration(file, object, "median");
	write_duration(file, object, "p99");
	write_duration(file, object, "max");
	write_duration(file, object, "last");
	fprintf(file, "</tr>\n");
}

static void write_errors(FILE *file, const json_t *summary)
{
	static const char *const headings[] = { "", "#median", "#99 %", "#largest", "#last", NULL };

	begin_table(file, "", "Errors of the clock", headings);
	write_distribution(file, summary, "bound_s", "error bound: the largest possible error");
	write_distribution(file, summary, "esterror_s", "estimated error, without the asymmetry of the path");
	write_distribution(file, summary, "asymmetry_esterror_s", "estimated error from the asymmetry of the path");
	write_distribution(file, summary, "correction_s", "correction by a reply, either way");
	end_table(file);
}

/* One row of two cells. The value is a number with its unit. */
static void write_fact(FILE *file, const char *name, const char *format, double value)
{
	fprintf(file, "<tr><th scope=\"row\">%s</th><td class=\"number\">", name);
	if (isfinite(value))
		fprintf(file, format, value);
	else
		fprintf(file, "\u2013");
	fprintf(file, "</td></tr>\n");
}

static void write_clock(FILE *file, const json_t *summary)
{
	static const char *const headings[] = { "", "#value", NULL };
	const json_t *frequency = json_object_get(summary, "frequency_ppm");

	begin_table(file, "narrow", "The clock", headings);
	write_fact(file, "duration", "%.0f s", number_of(summary, "duration_s"));
	write_fact(file, "synchronised", "%.4g %% of that", number_of(summary, "synchronised_percent"));
	write_fact(file, "replies that moved the clock", "%.0f",
		   number_of(json_object_get(summary, "correction_s"), "count"));
	write_fact(file, "corrections within twice the estimated error", "%.3g %%",
		   number_of(summary, "within_2_esterror") * 100);
	write_fact(file, "frequency offset, mean", "%+.4f ppm", number_of(frequency, "mean"));
	write_fact(file, "frequency offset, least", "%+.4f ppm", number_of(frequency, "min"));
	write_fact(file, "frequency offset, greatest", "%+.4f ppm", number_of(frequency, "max"));
	end_table(file);
}

static void write_delay(FILE *file, const json_t *server, const char *key)
{
	const json_t *object = json_object_get(server, key);

	write_duration(file, object, "least");
	write_duration(file, object, "median");
	write_duration(file, object, "p99");
}

static void write_server(FILE *file, const json_t *server)
{
	const char *refid = json_string_value(json_object_get(server, "refid"));
	double stratum = number_of(server, "stratum");

	fprintf(file, "<tr><th scope=\"row\">");
	report_escape(file, json_string_value(json_object_get(server, "server")));
	fprintf(file, "</th><td>");
	report_escape(file, refid ? refid : "\u2013");
	fprintf(file, "</td><td class=\"number\">%.0f</td><td class=\"number\">%.0f</td>",
		isfinite(stratum) ? stratum : 0, number_of(json_object_get(server, "offset_s"), "count"));
	write_duration(file, json_object_get(server, "offset_s"), "median");
	write_delay(file, server, "rtt_s");
	write_delay(file, server, "forward_s");
	write_delay(file, server, "backward_s");
	fprintf(file, "</tr>\n");
}

static void write_servers(FILE *file, const json_t *summary)
{
	static const char *const headings[] = {
		"server",      "refid",           "#stratum", "#replies used", "#|offset|, median",
		"#RTT, least", "#median",         "#99 %",    "#to it, least", "#median",
		"#99 %",       "#from it, least", "#median",  "#99 %",         NULL
	};
	const json_t *servers = json_object_get(summary, "servers"), *server;
	size_t i;

	begin_table(file, "", "Servers", headings);
	json_array_foreach(servers, i, server) write_server(file, server);
	end_table(file);
}

static void write_counts(FILE *file, const json_t *summary)
{
	static const char *const headings[] = { "event", "#count", NULL };
	json_t *events = json_object_get(summary, "events"), *count;
	const char *name;

	begin_table(file, "narrow", "Counts of events", headings);
	json_object_foreach(events, name, count)
	{
		fprintf(file, "<tr><th scope=\"row\">");
		report_escape(file, name);
		fprintf(file, "</th><td class=\"number\">%lld</td></tr>\n", (long long)json_integer_value(count));
	}
	end_table(file);
}

static void write_note(FILE *file, const struct report_data *data, const struct timeseries_point *point)
{
	const struct report_note *note = &data->note[(size_t)point->y];
	char text[OUTPUT_TIME_SIZE];

	fprintf(file, "<tr><th scope=\"row\">%s</th><td>", report_time(data, point->t, text));
	report_escape(file, note->server < data->servers ? data->server[note->server].name : "");
	fprintf(file, "</td><td>");
	report_escape(file, note->text);
	fprintf(file, "</td></tr>\n");
}

static void write_notes(FILE *file, const struct report_data *data)
{
	static const char *const headings[] = { "time (UTC)", "server", "event", NULL };
	size_t left_out = data->noted.count > NOTES_SHOWN ? data->noted.count - NOTES_SHOWN : 0;

	fprintf(file, "<details%s><summary>%zu event%s that changed the clock or its servers</summary>\n",
		data->noted.count <= 20 ? " open" : "", data->noted.count, data->noted.count == 1 ? "" : "s");
	if (left_out > 0)
		fprintf(file,
			"<p>The earliest %zu are not listed; <code>ffntp replay --verbose</code> prints all.</p>\n",
			left_out);
	begin_table(file, "", "Events that changed the clock or its servers", headings);
	for (size_t i = left_out; i < data->noted.count; i++)
		write_note(file, data, &data->noted.point[i]);
	end_table(file);
	fprintf(file, "</details>\n");
}

void report_tables(FILE *file, const struct report_data *data, const json_t *summary)
{
	fprintf(file, "<section class=\"tables\">\n");
	write_errors(file, summary);
	write_clock(file, summary);
	write_counts(file, summary);
	write_servers(file, summary);
	write_notes(file, data);
	fprintf(file, "</section>\n");
}
