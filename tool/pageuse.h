/* pageuse: what now, status and elapsed share: reading the page that the user meant, and saying in one line why it
 * cannot be read. */
#ifndef FFNTP_TOOL_PAGEUSE_H
#define FFNTP_TOOL_PAGEUSE_H

#include <ffntp/linux.h>
#include <stdbool.h>

#include "options.h"

/* What a subcommand reads from the page, into its context. */
typedef enum ffntp_clock_result pageuse_read(const struct ffntp_linux_reader *reader, void *context);

/*
 * Opens the page of this path, NULL for the usual places, reads it and closes it. Returns false after one line on
 * stderr if it cannot be opened, or tells no time.
 */
bool pageuse_take(const struct tool_command *command, const char *path, pageuse_read *read, void *context);

/* One line on stderr: why the page of this path, which could be opened, tells no time. */
void pageuse_refuse(const struct tool_command *command, const char *path, enum ffntp_clock_result result);

#endif
