/* log: lines on standard error, and a limit on those that a network can cause. */
#ifndef FFNTP_DAEMON_LOG_H
#define FFNTP_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* One line, "ffntpd: ...". What the text was made from may be anything: what is not printable is shown as '?'. */
void ffntp_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed: nothing was said yet. One per kind of message. */
struct ffntp_log_limit {
	bool has_spoken;
	int64_t last_s;
	uint64_t withheld; /* since the last line; to be told with the next */
};

/* Whether a line of this kind may be written now: one a minute. now_s: any clock that does not go back. */
bool ffntp_log_may(struct ffntp_log_limit *limit, int64_t now_s);

/* The line, and how many were withheld before it. After ffntp_log_may said yes. */
void ffntp_log_limited(struct ffntp_log_limit *limit, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
