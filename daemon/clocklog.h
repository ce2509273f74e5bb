/*
 * clocklog: once a second, a line 'RAW_NS UTC_NS': what a reader of the page took for UTC at that value of
 * CLOCK_MONOTONIC_RAW.
 */
#ifndef FFNTP_DAEMON_CLOCKLOG_H
#define FFNTP_DAEMON_CLOCKLOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../include/ffntp/page.h"
#include "../ports/linux/counter.h"

struct ffntp_clock_log {
	FILE *file;
	bool has_failed;  /* and that was said */
	uint64_t next_ns; /* CLOCK_MONOTONIC_RAW: the next line is due */
};

/* Creates the file anew. Returns false with errno set. */
bool ffntp_clock_log_open(struct ffntp_clock_log *log, const char *path);

void ffntp_clock_log_close(struct ffntp_clock_log *log);

/* How long until the next line, from 1 to limit_ms. */
int ffntp_clock_log_timeout_ms(const struct ffntp_clock_log *log, int limit_ms);

/* Writes a line if one is due and the page tells the time. */
void ffntp_clock_log_write(struct ffntp_clock_log *log, const struct ffntp_page *page,
			   const struct ffntp_counter_source *source);

#endif
