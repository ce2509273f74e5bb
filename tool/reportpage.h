/*
 * reportpage: the HTML page of 'ffntp report'. The page loads nothing: style, scripts, data and Chart.js are in it. Its
 * Content-Security-Policy names the hash of each script and forbids all else, so that no text of a journal can run.
 */
#ifndef FFNTP_TOOL_REPORTPAGE_H
#define FFNTP_TOOL_REPORTPAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "reportdata.h"

#define REPORT_ERROR_SIZE 512

struct report_page {
	const struct report_data *data;
	json_t *replays;      /* an array of the objects that 'ffntp replay --json' prints */
	const char **notices; /* remarks on the journals */
	size_t notice_count;
	char *chart_js; /* the library, as report_library reads it */
	size_t chart_js_length;
};

/*
 * Read Chart.js from a file, into memory that is to be freed. Returns NULL and one line in 'error' if it cannot be
 * read, or could not stand within a page.
 */
char *report_library(const char *path, size_t *length, char error[REPORT_ERROR_SIZE]);

/* Write the page. Returns false, with nothing written, if memory is short. */
bool report_write(FILE *file, const struct report_page *page);

#endif
