/*
 * notify: reports the daemon's state to the service manager that started it: when the page is written, one line for
 * `systemctl status`, and a sign of life for its watchdog. Without a service manager these functions do nothing. One
 * thread.
 *
 * The protocol is that of sd_notify(3): assignments in a datagram to the socket that $NOTIFY_SOCKET names. It is spoken
 * here rather than by libsystemd, because that library and what it links with double the daemon's memory.
 */
#ifndef FFNTP_DAEMON_NOTIFY_H
#define FFNTP_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/page.h"

struct ffntp_notify {
	bool has_manager;
	int64_t life_at_s; /* when the last sign of life was sent; CLOCK_MONOTONIC */
	int64_t line_at_s; /* when the line was last sent */
	char line[160];
};

/* Begin, and report that the daemon is ready: its page can be mapped. Send the first line. */
void ffntp_notify_ready(struct ffntp_notify *notify, const struct ffntp_page *page);

/*
 * Report a sign of life, every four seconds. If the clock's state differs from the last line and that is a few seconds
 * old, send a new line. Call it after each step of the daemon.
 */
void ffntp_notify_step(struct ffntp_notify *notify, const struct ffntp_page *page);

/* Report that the configuration is being read again. The next step sends the clock's line. */
void ffntp_notify_reloading(struct ffntp_notify *notify);

/* Report that the daemon is about to end. */
void ffntp_notify_stopping(void);

#endif
