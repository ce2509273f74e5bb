/* pagewatch: keeps the page where readers look for it, and where the next daemon finds it locked. */
#ifndef FFNTP_DAEMON_PAGEWATCH_H
#define FFNTP_DAEMON_PAGEWATCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../ports/linux/pagefile.h"

/* Zeroed: there is no page file. */
struct ffntp_pagewatch {
	int64_t seen_s; /* when the file was looked for */
	char path[PATH_MAX];
};

/* Begin with an open page. */
void ffntp_pagewatch_begin(struct ffntp_pagewatch *watch, const char *path);

/*
 * Look for the page and its lock, every two seconds. If they were removed or replaced, they are written again;
 * file->page may change then. now_s: any clock that does not run backwards. Returns false if they cannot be written
 * again; the reason was logged.
 */
FFNTP_MUST_USE bool ffntp_pagewatch_step(struct ffntp_pagewatch *watch, struct ffntp_pagefile *file, int64_t now_s);

#endif
