#include "tracefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_SIZE 65536

/* Reads the lines of a stream with any bytes in them; gzgets would stop at a zero. */
struct reader {
	gzFile file;
	const char *path;
	char chunk[CHUNK_SIZE];
	size_t used, filled;
	char line[TRACE_MAX_LINE + 1]; /* one more than allowed, so that the parser can see that a line is too long */
	size_t length;
	unsigned long number;
};

enum fetch { FETCH_LINE, FETCH_END, FETCH_FAILED };

static void fail(char error[TRACE_ERROR_SIZE], const struct reader *reader, const char *what)
{
	snprintf(error, TRACE_ERROR_SIZE, "%s:%lu: %s", reader->path, reader->number, what);
}

static void fail_read(const struct reader *reader, char error[TRACE_ERROR_SIZE])
{
	int code = Z_OK;
	const char *text = gzerror(reader->file, &code);
	const char *what = code == Z_ERRNO       ? strerror(errno)
			   : code == Z_BUF_ERROR ? "ends in the middle of compressed data"
						 : text;

	snprintf(error, TRACE_ERROR_SIZE, "%s: %s", reader->path, what);
}

/* zlib reports a truncated file only by its error code at the end. */
static enum fetch refill(struct reader *reader, char error[TRACE_ERROR_SIZE])
{
	int got = gzread(reader->file, reader->chunk, CHUNK_SIZE);
	int code = Z_OK;

	gzerror(reader->file, &code);
	if (got < 0 || (got == 0 && code != Z_OK && code != Z_STREAM_END)) {
		fail_read(reader, error);
		return FETCH_FAILED;
	}
	reader->used = 0;
	reader->filled = (size_t)got;
	return got > 0 ? FETCH_LINE : FETCH_END;
}

static bool take_until_newline(struct reader *reader)
{
	while (reader->used < reader->filled) {
		char c = reader->chunk[reader->used++];

		if (c == '\n')
			return true;
		if (reader->length < sizeof(reader->line))
			reader->line[reader->length++] = c;
	}
	return false;
}

static enum fetch fetch_line(struct reader *reader, char error[TRACE_ERROR_SIZE])
{
	reader->length = 0;
	reader->number++;
	while (!take_until_newline(reader)) {
		enum fetch fetched = refill(reader, error);

		if (fetched == FETCH_END && reader->length > 0)
			return FETCH_LINE;
		if (fetched != FETCH_LINE)
			return fetched;
	}
	return FETCH_LINE;
}

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

static bool read_rows(struct reader *reader, struct trace *trace, char error[TRACE_ERROR_SIZE])
{
	size_t capacity = 0;
	enum fetch fetched;

	while ((fetched = fetch_line(reader, error)) == FETCH_LINE) {
		struct trace_row row;
		const char *what = NULL;
		enum trace_line kind = trace_parse(reader->line, reader->length, &row, &what);

		if (kind == TRACE_NOTHING)
			continue;
		if (kind == TRACE_ROW)
			what = check_row(trace, &row);
		if (!what && !append(trace, &row, &capacity))
			what = "out of memory";
		if (what) {
			fail(error, reader, what);
			return false;
		}
	}
	if (fetched == FETCH_END && trace->count == 0)
		snprintf(error, TRACE_ERROR_SIZE, "%s: no exchange in it", reader->path);
	return fetched == FETCH_END && trace->count > 0;
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
	char *name = strdup(strcmp(path, "-") == 0 ? "stdin" : slash ? slash + 1 : path);

	if (name) {
		drop_suffix(name, ".gz");
		drop_suffix(name, ".txt");
	}
	return name;
}

static struct reader *open_reader(const char *path, char error[TRACE_ERROR_SIZE])
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct reader *reader = calloc(1, sizeof(*reader));
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	if (reader && fd >= 0)
		reader->file = gzdopen(fd, "rb");
	if (reader && reader->file) {
		reader->path = is_stdin ? "stdin" : path;
		return reader;
	}
	snprintf(error, TRACE_ERROR_SIZE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(reader);
	return NULL;
}

bool tracefile_read(const char *path, struct trace *trace, char error[TRACE_ERROR_SIZE])
{
	struct reader *reader = open_reader(path, error);
	bool is_good;

	*trace = (struct trace){ 0 };
	if (!reader)
		return false;
	is_good = read_rows(reader, trace, error);
	gzclose(reader->file);
	free(reader);
	if (is_good)
		trace->name = name_of(path);
	if (is_good && !trace->name)
		snprintf(error, TRACE_ERROR_SIZE, "%s: out of memory", path);
	if (!trace->name)
		tracefile_release(trace);
	return trace->name != NULL;
}

void tracefile_release(struct trace *trace)
{
	free(trace->name);
	free(trace->rows);
	*trace = (struct trace){ 0 };
}
