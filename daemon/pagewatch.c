#include "pagewatch.h"

#include <stdio.h>

#include "log.h"

/* The page and its lock are looked for again after this time (s): each look costs four system calls. */
#define LOOK_S 2

void ffntp_pagewatch_begin(struct ffntp_pagewatch *watch, const char *path)
{
	snprintf(watch->path, sizeof(watch->path), "%s", path);
}

bool ffntp_pagewatch_step(struct ffntp_pagewatch *watch, struct ffntp_pagefile *file, int64_t now_s)
{
	const char *problem;

	if (watch->path[0] == '\0' || now_s - watch->seen_s < LOOK_S)
		return true;
	watch->seen_s = now_s;
	if (ffntp_pagefile_is_there(file, watch->path))
		return true;
	problem = ffntp_pagefile_renew(file, watch->path);
	if (problem != NULL)
		ffntp_log(FFNTP_LOG_ERROR,
			  "%s: the page or its lock was removed or replaced, and cannot be written again: %s; ffntpd "
			  "ends: start it again",
			  watch->path, problem);
	else
		ffntp_log(FFNTP_LOG_WARNING, "%s: the page or its lock was removed or replaced: it is written again",
			  watch->path);
	return problem == NULL;
}
