/* lines: reads a file line by line, from a file, a compressed file or standard input. */
#ifndef FFNTP_TOOL_LINES_H
#define FFNTP_TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Longest line that is read whole. A longer one has LINES_MAX + 1 bytes, so that a parser can see that it is too long.
 */
#define LINES_MAX 4352

#define LINES_ERROR_SIZE 512

struct lines;

struct lines_line {
	const char *text; /* any bytes, without the newline; valid until the next call */
	size_t length;
	unsigned long number; /* from 1 */
	bool is_whole;        /* false: the file ends without a newline behind it */
};

enum lines_result { LINES_LINE, LINES_END, LINES_FAILED };

/*
 * Open a file; "-" is standard input. gzip is recognised by its content. Returns NULL and one line in 'error' if it
 * cannot be opened.
 */
struct lines *lines_open(const char *path, char error[LINES_ERROR_SIZE]);

/* NULL is permitted. */
void lines_close(struct lines *lines);

/* Read the next line. LINES_FAILED: one line in 'error' names the file and the reason. */
enum lines_result lines_next(struct lines *lines, struct lines_line *line, char error[LINES_ERROR_SIZE]);

/* Let lines_next return the present line once more. */
void lines_again(struct lines *lines);

/* Return how much of the file was read, 0 to 1, for progress; NAN if its size is not known. */
double lines_done(const struct lines *lines);

/* Return the file's name for messages. */
const char *lines_path(const struct lines *lines);

#endif
