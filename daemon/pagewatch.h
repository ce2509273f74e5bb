/* pagewatch: keeps the page where readers look for it, and where the next daemon finds it locked. */
#ifndef FFNTP_DAEMON_PAGEWATCH_H
#define FFNTP_DAEMON_PAGEWATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../ports/linux/pagefile.h"

/* Zeroed: there is no page file. */
struct ffntp_pagewatch {
	int64_t seen_s;   /* when the file was looked for */
	bool is_failing;  /* it could not be written again */
	int64_t failed_s; /* when that was so first */
	const char *path; /* allocated, for as long as the program runs */
};

/* Begin with an open page. Returns false if memory is short. */
FFNTP_MUST_USE bool ffntp_pagewatch_begin(struct ffntp_pagewatch *watch, const char *path);

/*
 * Look for the page and its lock, every five seconds. If they were removed or replaced, they are written again;
 * file->page may change then. If that fails, it is tried again for a few seconds, because the system may lack something
 * only for now; the page in use goes on. now_s: any clock that does not run backwards. Returns false if they cannot be
 * written again; the reason was logged.
 */
FFNTP_MUST_USE bool ffntp_pagewatch_step(struct ffntp_pagewatch *watch, struct ffntp_pagefile *file, int64_t now_s);

#endif
