/* log: lines on standard error, with a rate limit for those that network traffic can cause. */
#ifndef FFNTP_DAEMON_LOG_H
#define FFNTP_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Write a line, "ffntpd: ...". Unprintable characters are shown as '?', because the text may contain data from outside.
 */
void ffntp_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* State of the limit of one kind of message. Zeroed: no message yet. */
struct ffntp_log_limit {
	bool has_spoken;
	int64_t last_s;
	uint64_t withheld; /* since the last line; reported with the next */
};

/* Return whether a line of this kind may be written now: one a minute. now_s: any clock that does not run backwards. */
bool ffntp_log_may(struct ffntp_log_limit *limit, int64_t now_s);

/* Write the line, and how many were withheld before it. Call it after ffntp_log_may returned true. */
void ffntp_log_limited(struct ffntp_log_limit *limit, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
