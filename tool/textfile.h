/* textfile: replaces a file as a whole, for readers such as node_exporter that must never see a part of it. */
#ifndef FFNTP_TOOL_TEXTFILE_H
#define FFNTP_TOOL_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Replace the file at this path, or create it, with mode 0644: its reader is often a different user. The text is
 * written into a file beside it, whose name ends differently, and which is then renamed. Returns false, with errno set
 * and the former file untouched, if any step fails.
 */
bool textfile_replace(const char *path, const char *text, size_t length);

#endif
