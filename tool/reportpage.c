#include "reportpage.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "reportassets.h"
#include "reportcharts.h"
#include "reportsummary.h"

#define LIBRARY_MAX (8 << 20)

/* A double holds at least this many digits. */
#define DIGITS 15

/* Chart.js states its own authors; its licence wants to be in each copy. */
static const char chart_js_licence[] =
	"\nThe first script of this page is Chart.js, whose authors are named at its head. Its licence:\n\n"
	"Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated\n"
	"documentation files (the \"Software\"), to deal in the Software without restriction, including without "
	"limitation\n"
	"the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, "
	"and\n"
	"to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\n"
	"The above copyright notice and this permission notice shall be included in all copies or substantial portions "
	"of\n"
	"the Software.\n\n"
	"THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT "
	"LIMITED TO\n"
	"THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL "
	"THE\n"
	"AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF "
	"CONTRACT,\n"
	"TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN "
	"THE\n"
	"SOFTWARE.\n";

/* --- Chart.js --- */

static char *read_all(FILE *file, size_t *length)
{
	char *text = malloc(LIBRARY_MAX + 1);

	if (!text)
		return NULL;
	errno = 0;
	*length = fread(text, 1, LIBRARY_MAX, file);
	text[*length] = '\0';
	if (!ferror(file))
		return text;
	free(text);
	return NULL;
}

/* Return whether a browser would end the script, or leave its usual reading, within this text. */
static bool breaks_script(const char *text, size_t length)
{
	return strlen(text) != length || strcasestr(text, "</script") || strcasestr(text, "<script") ||
	       strstr(text, "<!--");
}

char *report_library(const char *path, size_t *length, char error[REPORT_ERROR_SIZE])
{
	FILE *file = fopen(path, "re");
	char *text = file ? read_all(file, length) : NULL;

	if (!text)
		snprintf(error, REPORT_ERROR_SIZE,
			 "Chart.js, %s: %s; install the package libjs-chart.js, or name the file with --chart-js", path,
			 errno != 0 ? strerror(errno) : "out of memory");
	if (file)
		fclose(file);
	if (!text || (*length > 0 && strstr(text, "Chart") && !breaks_script(text, *length)))
		return text;
	snprintf(error, REPORT_ERROR_SIZE, "%s: not a script of Chart.js that could stand in a page", path);
	free(text);
	return NULL;
}

/* --- the policy --- */

static void write_hash(FILE *file, const char *text, size_t length)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	char base64[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
	struct sha256_ctx sha256;

	sha256_init(&sha256);
	sha256_update(&sha256, length, (const uint8_t *)text);
	sha256_digest(&sha256, sizeof(digest), digest);
	base64_encode_raw(base64, sizeof(digest), digest);
	fprintf(file, " 'sha256-%.*s'", (int)sizeof(base64), base64);
}

static void write_policy(FILE *file, const struct report_page *page)
{
	fprintf(file, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src");
	write_hash(file, page->chart_js, page->chart_js_length);
	write_hash(file, report_script, strlen(report_script));
	fprintf(file, "; style-src");
	write_hash(file, report_style, strlen(report_style));
	fprintf(file, "; base-uri 'none'; form-action 'none'\">\n");
}

/* --- the data --- */

/* Write JSON in which no text can end the element that it stands in. */
static void write_data(FILE *file, const char *text)
{
	fprintf(file, "<script type=\"application/json\" id=\"data\">");
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&')
			fprintf(file, "\\u%04x", (unsigned)*text);
		else
			fputc(*text, file);
	}
	fprintf(file, "</script>\n");
}

static json_t *data_json(const struct report_page *page, json_t *summary, json_t *charts)
{
	json_t *object = json_object();

	json_object_set_new(object, "program", json_string("ffntp " FFNTP_VERSION));
	json_object_set_new(object, "base_s", json_integer(page->data->base_s));
	json_object_set_new(object, "from", json_real(page->data->from));
	json_object_set_new(object, "to", json_real(page->data->to));
	json_object_set(object, "replays", page->replays);
	json_object_set(object, "summary", summary);
	json_object_set(object, "charts", charts);
	return object;
}

/* --- the page --- */

static void write_count(FILE *file, const char *before, const json_t *count, const char *noun)
{
	long long number = json_integer_value(count);

	fprintf(file, "%s%lld %s%s", before, number, noun, number == 1 ? "" : "s");
}

static void write_journals(FILE *file, const struct report_page *page)
{
	const json_t *replay;
	size_t i;

	fprintf(file, "<p>");
	json_array_foreach(page->replays, i, replay)
	{
		const char *name = json_string_value(json_object_get(replay, "journal"));

		fprintf(file, "%s<code>", i > 0 ? ", " : "");
		report_escape(file, name ? name : "?");
		write_count(file, "</code>: ", json_object_get(replay, "inputs"), "input");
		write_count(file, ", ", json_object_get(replay, "sessions"), "session");
	}
	fprintf(file, "</p>\n");
}

static void write_head(FILE *file, const struct report_page *page)
{
	char from[OUTPUT_TIME_SIZE], to[OUTPUT_TIME_SIZE];

	report_time(page->data, page->data->from, from);
	report_time(page->data, page->data->to, to);
	fprintf(file, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	write_policy(file, page);
	fprintf(file,
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<title>ffntp report, %s to %s</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n"
		"<h1>The clock from %s to %s</h1>\n",
		from, to, report_style, from, to);
	write_journals(file, page);
	for (size_t i = 0; i < page->notice_count; i++) {
		fprintf(file, "<p class=\"notice\">");
		report_escape(file, page->notices[i]);
		fprintf(file, "</p>\n");
	}
	fprintf(file,
		"</header>\n<main>\n<noscript><p class=\"notice\">The plots need JavaScript; the tables do not.</p>"
		"</noscript>\n");
}

static void write_text(FILE *file, const json_t *object, const char *key)
{
	report_escape(file, json_string_value(json_object_get(object, key)));
}

static void write_figures(FILE *file, const json_t *charts)
{
	const json_t *chart;
	size_t i;

	fprintf(file, "<section class=\"charts\">\n");
	json_array_foreach(charts, i, chart)
	{
		bool is_half = json_is_true(json_object_get(chart, "half"));

		fprintf(file, "<figure%s><h2 id=\"title-%zu\">", is_half ? " class=\"half\"" : "", i);
		write_text(file, chart, "title");
		fprintf(file,
			"</h2><div class=\"plot\"><canvas id=\"chart-%zu\" role=\"img\" aria-labelledby=\"title-%zu\" "
			"aria-describedby=\"caption-%zu\"></canvas></div><figcaption id=\"caption-%zu\">",
			i, i, i, i);
		write_text(file, chart, "caption");
		fprintf(file, "</figcaption></figure>\n");
	}
	fprintf(file, "</section>\n");
}

static void write_tail(FILE *file, const struct report_page *page, const char *data)
{
	fprintf(file,
		"</main>\n<footer><p>ffntp %s. Times are UTC. Delays, offsets and errors are by the clock itself, run "
		"again "
		"from the journal.</p></footer>\n<!--%s-->\n",
		FFNTP_VERSION, chart_js_licence);
	write_data(file, data);
	fprintf(file, "<script>%s</script>\n<script>%s</script>\n</body>\n</html>\n", page->chart_js, report_script);
}

bool report_write(FILE *file, const struct report_page *page)
{
	json_t *summary = report_summary(page->data), *charts = report_charts(page->data);
	json_t *object = summary && charts ? data_json(page, summary, charts) : NULL;
	char *text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER |
							 JSON_REAL_PRECISION(DIGITS))
			    : NULL;

	if (text) {
		write_head(file, page);
		report_tables(file, page->data, summary);
		write_figures(file, charts);
		write_tail(file, page, text);
	}
	free(text);
	json_decref(object);
	json_decref(charts);
	json_decref(summary);
	return text != NULL;
}
