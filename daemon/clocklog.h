/*
 * clocklog: writes a line 'RAW_NS UTC_NS' once a second: the UTC that a reader of the page computes at that value of
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
	bool has_failed;  /* and the failure was reported */
	uint64_t next_ns; /* CLOCK_MONOTONIC_RAW at which the next line is due */
};

/* Create the file, replacing an old one. Returns false with errno set. */
bool ffntp_clock_log_open(struct ffntp_clock_log *log, const char *path);

void ffntp_clock_log_close(struct ffntp_clock_log *log);

/* Return the wait until the next line, from 1 to limit_ms. */
int ffntp_clock_log_timeout_ms(const struct ffntp_clock_log *log, int limit_ms);

/* Write a line if one is due and the page has a time. */
void ffntp_clock_log_write(struct ffntp_clock_log *log, const struct ffntp_page *page,
			   const struct ffntp_counter_source *source);

#endif
