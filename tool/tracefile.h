/* tracefile: reads a whole trace into memory, from a file, a compressed file or standard input. */
#ifndef FFNTP_TOOL_TRACEFILE_H
#define FFNTP_TOOL_TRACEFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lines.h"
#include "trace.h"

struct trace {
	char *name;             /* without its folder and without .txt, .gz */
	struct trace_row *rows; /* all with the true time, or none */
	size_t count;           /* > 0 */
};

#define TRACE_ERROR_SIZE LINES_ERROR_SIZE

/*
 * Read all of 'path'; "-" is standard input. gzip is recognised by its content.
 * Returns false and one line in 'error' ("FILE:LINE: reason" or "FILE: reason"), with nothing to release.
 */
bool tracefile_read(const char *path, struct trace *trace, char error[TRACE_ERROR_SIZE]);

/* Read the rest of an open file in the same way. */
bool tracefile_read_lines(struct lines *lines, struct trace *trace, char error[TRACE_ERROR_SIZE]);

void tracefile_release(struct trace *trace);

#endif
