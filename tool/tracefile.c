#include "tracefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

static bool append(struct trace *trace, const struct trace_row *row, size_t *capacity)
{
	if (trace->count == *capacity) {
		size_t larger = *capacity == 0 ? 1024 : *capacity * 2;
		struct trace_row *rows = realloc(trace->rows, larger * sizeof(*rows));

		if (!rows)
			return false;
		trace->rows = rows;
		*capacity = larger;
	}
	trace->rows[trace->count++] = *row;
	return true;
}

/* Reject a trace with the true time on some lines only, because a score would silently omit the others. */
static const char *check_row(const struct trace *trace, const struct trace_row *row)
{
	if (trace->count > 0 && trace->rows[0].has_truth != row->has_truth)
		return "not as many columns as the lines before it";
	return NULL;
}

static bool read_rows(struct lines *lines, struct trace *trace, char error[TRACE_ERROR_SIZE])
{
	size_t capacity = 0;
	enum lines_result result;
	struct lines_line line;

	while ((result = lines_next(lines, &line, error)) == LINES_LINE) {
		struct trace_row row;
		const char *what = NULL;
		enum trace_line kind = trace_parse(line.text, line.length, &row, &what);

		if (kind == TRACE_NOTHING)
			continue;
		if (kind == TRACE_ROW)
			what = check_row(trace, &row);
		if (!what && !append(trace, &row, &capacity))
			what = "out of memory";
		if (what) {
			/* A journal without its first line is taken for a trace. */
			snprintf(error, TRACE_ERROR_SIZE, "%s:%lu: %s%s", lines_path(lines), line.number, what,
				 trace->count == 0 ? ": this is neither a trace nor the beginning of a journal" : "");
			return false;
		}
	}
	if (result == LINES_END && trace->count == 0)
		snprintf(error, TRACE_ERROR_SIZE, "%s: no exchange in it", lines_path(lines));
	return result == LINES_END && trace->count > 0;
}

static void drop_suffix(char *name, const char *suffix)
{
	size_t length = strlen(name), tail = strlen(suffix);

	if (length > tail && strcmp(name + length - tail, suffix) == 0)
		name[length - tail] = 0;
}

static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash ? slash + 1 : path);

	if (name) {
		drop_suffix(name, ".gz");
		drop_suffix(name, ".txt");
	}
	return name;
}

bool tracefile_read_lines(struct lines *lines, struct trace *trace, char error[TRACE_ERROR_SIZE])
{
	bool is_good;

	*trace = (struct trace){ 0 };
	is_good = read_rows(lines, trace, error);
	if (is_good)
		trace->name = name_of(lines_path(lines));
	if (is_good && !trace->name)
		snprintf(error, TRACE_ERROR_SIZE, "%s: out of memory", lines_path(lines));
	if (!trace->name)
		tracefile_release(trace);
	return trace->name != NULL;
}

bool tracefile_read(const char *path, struct trace *trace, char error[TRACE_ERROR_SIZE])
{
	struct lines *lines = lines_open(path, error);
	bool is_good = lines && tracefile_read_lines(lines, trace, error);

	lines_close(lines);
	return is_good;
}

void tracefile_release(struct trace *trace)
{
	free(trace->name);
	free(trace->rows);
	*trace = (struct trace){ 0 };
}
