/* report: runs journals again, and makes a page of plots and tables of them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ffntp/timescale.h>

#include "commands.h"
#include "reportdata.h"
#include "reportpage.h"
#include "rerun.h"

#define NOTICES_MAX 64
#define NOTICE_SIZE 256

struct report {
	const struct tool_command *command;
	struct report_data data;
	struct rerun rerun;
	json_t *replays;
	char notice[NOTICES_MAX][NOTICE_SIZE];
	size_t notices;
};

/* --- where the report begins --- */

struct since {
	bool is_given, is_before_end;
	double s; /* before the end of the journals, or since 1970 */
};

/* Read "90m": a number with a unit. */
static bool parse_duration(const char *text, double *seconds)
{
	static const struct {
		char letter;
		double s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t length = strlen(text);
	char number[32];

	if (length < 2 || length >= sizeof(number))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)length - 1, text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[length - 1] == units[i].letter && tool_parse_real(number, 0, 1e9, seconds)) {
			*seconds *= units[i].s;
			return true;
		}
	}
	return false;
}

/* Return the number of two or four digits. */
static unsigned digits(const char *text, size_t count)
{
	unsigned number = 0;

	for (size_t i = 0; i < count; i++)
		number = number * 10 + (unsigned)(text[i] - '0');
	return number;
}

/* Return whether the text has the form of the beginning of a date of this length. */
static bool has_form(const char *text, size_t length)
{
	static const char form[] = "0000-00-00T00:00:00";

	if (length != 10 && length != 16 && length != 19)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return true;
}

/* Read "2026-11-22", "2026-11-22T20:15" or "2026-11-22T20:15:31", perhaps with Z behind it. */
static bool parse_date(const char *text, double *seconds)
{
	struct ffntp_calendar date = { 0 };
	struct ffntp_utc utc;
	size_t length = strlen(text);

	length -= length > 10 && text[length - 1] == 'Z';
	if (!has_form(text, length))
		return false;
	date.year = (int32_t)digits(text, 4);
	date.month = (uint8_t)digits(text + 5, 2);
	date.day = (uint8_t)digits(text + 8, 2);
	date.hour = length > 10 ? (uint8_t)digits(text + 11, 2) : 0;
	date.minute = length > 10 ? (uint8_t)digits(text + 14, 2) : 0;
	date.second = length > 16 ? (uint8_t)digits(text + 17, 2) : 0;
	if (ffntp_utc_from_calendar(&date, &utc) != FFNTP_TIMESCALE_OK)
		return false;
	*seconds = (double)utc.time.s;
	return true;
}

static bool parse_since(const struct tool_command *command, const char *text, struct since *since)
{
	*since = (struct since){ .is_given = text != NULL };
	if (!text)
		return true;
	since->is_before_end = parse_duration(text, &since->s);
	if (since->is_before_end || parse_date(text, &since->s))
		return true;
	tool_error(command,
		   "--since: '%s' is neither a time, as 2026-11-22T20:15 (UTC), nor a duration, as 90m, 24h or 7d",
		   text);
	return false;
}

/* Returns false after one line if nothing is left. */
static bool cut_before(struct report *report, const struct since *since)
{
	struct report_data *data = &report->data;
	double from;

	report_data_finish(data);
	from = since->is_before_end ? data->to - since->s : since->s - (double)data->base_s;
	if (!since->is_given || from <= data->from)
		return true;
	if (from >= data->to) {
		tool_error(report->command, "--since: the journals end before that time; no report");
		return false;
	}
	report_data_cut(data, from);
	return true;
}

/* --- journals --- */

static void add_notice(struct report *report, const char *path, uint64_t count, const char *text)
{
	if (count > 0 && report->notices < NOTICES_MAX)
		snprintf(report->notice[report->notices++], NOTICE_SIZE, "%.80s: %llu %s", path,
			 (unsigned long long)count, text);
}

static void add_notices(struct report *report, const char *path)
{
	const struct rerun *rerun = &report->rerun;

	add_notice(report, path, rerun->state->different,
		   "maps differ from the recorded ones, as those of a different version of ffntp do. The report shows "
		   "the maps "
		   "of this version.");
	add_notice(
		report, path, rerun->state->uncompared,
		"maps are of a session that began in an earlier file, which was not named before this one. The report "
		"shows them as if the session had begun here.");
	add_notice(report, path, rerun->cut_in_line, "is the number of an incomplete last line, which is left out.");
}

static bool run_file(struct report *report, struct lines *lines)
{
	const char *path = lines_path(lines);
	char error[LINES_ERROR_SIZE];
	struct lines_line first;

	switch (lines_next(lines, &first, error)) {
	case LINES_FAILED:
		tool_error(report->command, "%s", error);
		return false;
	case LINES_END:
		tool_error(report->command, "%s: the file is empty", path);
		return false;
	case LINES_LINE:
		break;
	}
	if (!ffntp_replay_is_journal(first.text, first.length)) {
		tool_error(report->command,
			   "%s: not a journal; 'ffntpd --journal FILE' and 'ffntp simulate --journal FILE' write one",
			   path);
		return false;
	}
	lines_again(lines);
	if (!rerun_file(&report->rerun, lines))
		return false;
	add_notices(report, path);
	json_array_append_new(report->replays, rerun_json(&report->rerun, path));
	return true;
}

static bool run_path(struct report *report, const char *path)
{
	char error[LINES_ERROR_SIZE];
	struct lines *lines = lines_open(path, error);
	bool is_good = false;

	if (!lines)
		tool_error(report->command, "%s", error);
	else
		is_good = run_file(report, lines);
	lines_close(lines);
	return is_good;
}

/* --- the page --- */

/* A failure is reported here, while its reason is known, and not again at the end of the program. */
static bool put_page(const struct report *report, const char *text, size_t length)
{
	errno = 0;
	if (fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0)
		return true;
	tool_error(report->command, "standard output: %s", errno != 0 ? strerror(errno) : "could not be written");
	clearerr(stdout);
	return false;
}

static bool write_page(struct report *report, char *chart_js, size_t length)
{
	const char *notices[NOTICES_MAX + 2];
	struct report_page page = {
		.data = &report->data,
		.replays = report->replays,
		.notices = notices,
		.notice_count = report->notices,
		.chart_js = chart_js,
		.chart_js_length = length,
	};
	char *text = NULL;
	size_t size = 0;
	bool is_good;
	FILE *file;

	for (size_t i = 0; i < report->notices; i++)
		notices[i] = report->notice[i];
	if (report->data.is_out_of_order)
		notices[page.notice_count++] =
			"A session begins before the end of the one before it, so that lines go back. "
			"Name the journals of one computer, in the order of their times.";
	if (!report->data.has_time)
		notices[page.notice_count++] = "The clock never had the time. Times are by the system's clock at the "
					       "beginning of each session.";
	file = open_memstream(&text, &size);
	is_good = file && !report->data.is_short && report_write(file, &page);
	if (file)
		is_good &= fclose(file) == 0;
	if (is_good)
		is_good = put_page(report, text, size);
	else
		tool_error(report->command, "out of memory");
	free(text);
	return is_good;
}

static bool run(struct report *report, const struct since *since, const char *library, char **paths)
{
	static const struct ffntp_replay_listener listener = { .event = report_data_event, .begun = report_data_begun };
	char error[REPORT_ERROR_SIZE];
	size_t length = 0;
	char *chart_js = report_library(library, &length, error);
	bool is_good = chart_js != NULL;

	if (!chart_js)
		tool_error(report->command, "%s", error);
	report->rerun.command = report->command;
	report->rerun.listener = &listener;
	report->rerun.context = &report->data;
	report->replays = json_array();
	for (; is_good && *paths; paths++)
		is_good = run_path(report, *paths);
	is_good = is_good && cut_before(report, since) && write_page(report, chart_js, length);
	rerun_end(&report->rerun);
	report_data_end(&report->data);
	json_decref(report->replays);
	free(chart_js);
	return is_good;
}

int tool_report(const struct tool_command *command, int argc, char **argv)
{
	const char *since_text = NULL, *library = FFNTP_CHART_JS;
	struct report *report;
	struct since since;
	const struct tool_option options[] = {
		tool_text("since", "T", &since_text, "begin at a time (UTC), or so long before the end: 24h"),
		tool_text("chart-js", "FILE", &library, "Chart.js 3 or 4, minified [that of libjs-chart.js]"),
		{ 0 },
	};
	int operand = 0, code;

	if (!tool_options_parse(command, options, argc, argv, &operand, &code))
		return code;
	if (operand == argc) {
		tool_error(command, "no journal named; - is standard input");
		return TOOL_USAGE;
	}
	if (!parse_since(command, since_text, &since))
		return TOOL_USAGE;
	if (isatty(STDOUT_FILENO)) {
		tool_error(command,
			   "the report is a page for a browser; write it to a file: ffntp report ... > report.html");
		return TOOL_USAGE;
	}
	report = calloc(1, sizeof(*report));
	if (!report) {
		tool_error(command, "out of memory");
		return TOOL_FAILED;
	}
	report->command = command;
	code = run(report, &since, library, argv + operand) ? TOOL_OK : TOOL_FAILED;
	free(report);
	return code;
}
