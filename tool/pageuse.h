/*
 * pageuse: for now, status and elapsed: reads the page that the user chose, and reports in one line why it cannot be
 * read. wait, which looks again and again, shares the limit of --max-bound.
 */
#ifndef FFNTP_TOOL_PAGEUSE_H
#define FFNTP_TOOL_PAGEUSE_H

#include <ffntp/linux.h>
#include <stdbool.h>

#include "options.h"

/* Largest value of --max-bound (ns): eleven days. */
#define PAGEUSE_BOUND_MAX_NS 1e15

/* Reads a subcommand's values from the page, into its context. */
typedef enum ffntp_clock_result pageuse_read(const struct ffntp_linux_reader *reader, void *context);

/* The result of opening a page and reading it. */
struct pageuse_outcome {
	enum ffntp_page_result page;
	enum ffntp_clock_result clock; /* if the page is FFNTP_PAGE_OK */
};

/* Open the page at this path, NULL for the usual places, read it and close it. Returns whether both succeeded. */
bool pageuse_try(const char *path, pageuse_read *read, void *context, struct pageuse_outcome *outcome);

/*
 * Open the page at this path, NULL for the usual places, read it and close it. Returns false after one line on stderr
 * if it cannot be opened or has no time.
 */
bool pageuse_take(const struct tool_command *command, const char *path, pageuse_read *read, void *context);

/* Print one line on stderr: why the page at this path, which could be opened, has no time. */
void pageuse_refuse(const struct tool_command *command, const char *path, enum ffntp_clock_result result);

#endif
