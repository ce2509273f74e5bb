#include "pagewatch.h"

#include <string.h>

#include "log.h"

/* The page and its lock are looked for again after this time (s): each look costs four system calls. */
#define LOOK_S 5

/* Time for which a page that cannot be written again is tried again, once a second (s). */
#define PATIENCE_S 3

bool ffntp_pagewatch_begin(struct ffntp_pagewatch *watch, const char *path)
{
	if (watch->path == NULL)
		watch->path = strdup(path);
	return watch->path != NULL;
}

/* Return whether it is to be tried again. */
static bool take_failure(struct ffntp_pagewatch *watch, const char *problem, int64_t now_s)
{
	bool is_first = !watch->is_failing;
	bool is_last = !is_first && now_s - watch->failed_s >= PATIENCE_S;

	if (is_first)
		watch->failed_s = now_s;
	watch->is_failing = true;
	if (is_first || is_last)
		ffntp_log(is_last ? FFNTP_LOG_ERROR : FFNTP_LOG_WARNING,
			  "%s: the page or its lock was removed or replaced, and cannot be written again: %s; %s",
			  watch->path, problem,
			  is_last ? "ffntpd ends: start it again" : "it is tried again for a few seconds");
	return !is_last;
}

bool ffntp_pagewatch_step(struct ffntp_pagewatch *watch, struct ffntp_pagefile *file, int64_t now_s)
{
	const char *problem;

	if (watch->path == NULL || now_s - watch->seen_s < (watch->is_failing ? 1 : LOOK_S))
		return true;
	watch->seen_s = now_s;
	if (ffntp_pagefile_is_there(file, watch->path)) {
		watch->is_failing = false;
		return true;
	}
	problem = ffntp_pagefile_renew(file, watch->path);
	if (problem != NULL)
		return take_failure(watch, problem, now_s);
	watch->is_failing = false;
	ffntp_log(FFNTP_LOG_WARNING, "%s: the page or its lock was removed or replaced: it is written again",
		  watch->path);
	return true;
}
