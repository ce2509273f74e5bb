/* pageuse: what now and status share: opening the page that the user meant, and saying in one line why it cannot be
 * used. */
#ifndef FFNTP_TOOL_PAGEUSE_H
#define FFNTP_TOOL_PAGEUSE_H

#include <ffntp/linux.h>
#include <stdbool.h>

#include "options.h"

/* path: NULL for the usual places. False after one line on stderr; then there is nothing to close. */
bool pageuse_open(const struct tool_command *command, const char *path, struct ffntp_linux_reader *reader);

/* One line on stderr: why the page of this path, which could be opened, cannot be read now. */
void pageuse_refuse(const struct tool_command *command, const char *path, enum ffntp_clock_result result);

#endif
