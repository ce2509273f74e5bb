#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK_SIZE 65536

/* gzgets would stop at a zero; here a line may have any bytes. */
struct lines {
	gzFile file;
	const char *path;
	double size; /* bytes; NAN: unknown */
	char chunk[CHUNK_SIZE];
	size_t used, filled;
	char text[LINES_MAX + 1];
	struct lines_line line;
	bool is_again;
};

static void fail_read(const struct lines *lines, char error[LINES_ERROR_SIZE])
{
	int code = Z_OK;
	const char *text = gzerror(lines->file, &code);
	const char *what = code == Z_ERRNO       ? strerror(errno)
			   : code == Z_BUF_ERROR ? "ends in the middle of compressed data"
						 : text;

	snprintf(error, LINES_ERROR_SIZE, "%s: %s", lines->path, what);
}

/* zlib reports a truncated file only by its error code at the end. */
static enum lines_result refill(struct lines *lines, char error[LINES_ERROR_SIZE])
{
	int got = gzread(lines->file, lines->chunk, CHUNK_SIZE);
	int code = Z_OK;

	gzerror(lines->file, &code);
	if (got < 0 || (got == 0 && code != Z_OK && code != Z_STREAM_END)) {
		fail_read(lines, error);
		return LINES_FAILED;
	}
	lines->used = 0;
	lines->filled = (size_t)got;
	return got > 0 ? LINES_LINE : LINES_END;
}

static bool take_until_newline(struct lines *lines)
{
	while (lines->used < lines->filled) {
		char c = lines->chunk[lines->used++];

		if (c == '\n')
			return true;
		if (lines->line.length < sizeof(lines->text))
			lines->text[lines->line.length++] = c;
	}
	return false;
}

static enum lines_result fetch(struct lines *lines, char error[LINES_ERROR_SIZE])
{
	struct lines_line *line = &lines->line;

	line->length = 0;
	line->number++;
	while (!(line->is_whole = take_until_newline(lines))) {
		enum lines_result result = refill(lines, error);

		if (result == LINES_END && line->length > 0)
			return LINES_LINE;
		if (result != LINES_LINE)
			return result;
	}
	return LINES_LINE;
}

enum lines_result lines_next(struct lines *lines, struct lines_line *line, char error[LINES_ERROR_SIZE])
{
	enum lines_result result = lines->is_again ? LINES_LINE : fetch(lines, error);

	lines->is_again = false;
	*line = lines->line;
	return result;
}

void lines_again(struct lines *lines)
{
	lines->is_again = true;
}

double lines_done(const struct lines *lines)
{
	return (double)gzoffset(lines->file) / lines->size;
}

const char *lines_path(const struct lines *lines)
{
	return lines->path;
}

static double size_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 ? (double)status.st_size
											: (double)NAN;
}

struct lines *lines_open(const char *path, char error[LINES_ERROR_SIZE])
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct lines *lines = calloc(1, sizeof(*lines));
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	if (lines && fd >= 0)
		lines->file = gzdopen(fd, "rb");
	if (lines && lines->file) {
		lines->path = is_stdin ? "stdin" : path;
		lines->size = size_of(fd);
		lines->line.text = lines->text;
		return lines;
	}
	snprintf(error, LINES_ERROR_SIZE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(lines);
	return NULL;
}

void lines_close(struct lines *lines)
{
	if (lines)
		gzclose(lines->file);
	free(lines);
}
