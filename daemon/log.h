/*
 * log: lines on standard error, with levels, and with a rate limit for those that network traffic can cause. Nothing
 * here waits: a line that standard error does not take at once is lost, and counted in the next one.
 */
#ifndef FFNTP_DAEMON_LOG_H
#define FFNTP_DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The level of a line; the values are those of syslog, which journald knows as <N>. */
enum ffntp_log_level {
	FFNTP_LOG_ERROR = 3,   /* something that was asked for cannot be done */
	FFNTP_LOG_WARNING = 4, /* the clock or its servers are not as they should be */
	FFNTP_LOG_NOTICE = 5,  /* a change of state */
	FFNTP_LOG_INFO = 6,    /* each event; shown with -v */
	FFNTP_LOG_DEBUG = 7,   /* each request and reply; shown with -vv */
};

/* The least important level that is shown without -v. */
#define FFNTP_LOG_DEFAULT FFNTP_LOG_NOTICE

/*
 * Begin, before any file is opened: /dev/null takes the place of a standard stream that is closed. Find out whether
 * standard error is connected to the journal of systemd: JOURNAL_STREAM has its device and inode then. Lines begin with
 * <N> there, and with "ffntpd: " elsewhere.
 */
void ffntp_log_begin(void);

/* Show lines up to this level. */
void ffntp_log_show(enum ffntp_log_level level);

/* Return whether lines of this level are shown, for a caller whose line costs something to make. */
bool ffntp_log_is_shown(enum ffntp_log_level level);

/*
 * Write a line, if its level is shown. Unprintable characters appear as '?', because the text may contain data from
 * outside.
 */
void ffntp_log(enum ffntp_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copy the first error that is logged from now on into a text, which is empty until then; NULL ends it. One at a time.
 */
void ffntp_log_watch(char *text, size_t size);

/* State of the limit of one kind of message. Zeroed: no message yet. */
struct ffntp_log_limit {
	bool has_spoken;
	int64_t last_s;
	uint64_t withheld; /* since the last line; reported with the next */
};

/* The levels of a limited line: the first one within a minute has 'level', the others 'more'. */
struct ffntp_log_levels {
	enum ffntp_log_level level, more;
};

/* Write a line, limited to one a minute. now_s: any clock that does not run backwards. */
void ffntp_log_limited(struct ffntp_log_limit *limit, int64_t now_s, struct ffntp_log_levels levels, const char *format,
		       ...) __attribute__((format(printf, 4, 5)));

#endif
