/*
 * control: the socket that the daemon takes commands from (ports/linux/control.h). It never waits: a client that sends
 * nothing, reads nothing or connects again and again delays neither the clock nor, for more than two seconds, other
 * clients. One thread.
 */
#ifndef FFNTP_DAEMON_CONTROL_H
#define FFNTP_DAEMON_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../ports/linux/control.h"

#define FFNTP_CONTROL_CONNECTIONS 4
#define FFNTP_CONTROL_DESCRIPTORS (FFNTP_CONTROL_CONNECTIONS + 1)

struct ffntp_control {
	int listener;          /* -1: there is no socket */
	int64_t listens_again; /* after a failure; CLOCK_MONOTONIC (s) */
	int64_t looks_at_s;    /* for its name, likewise */
	struct sockaddr_un address;
	struct {
		int descriptor; /* -1: none */
		int64_t until_s;
	} connection[FFNTP_CONTROL_CONNECTIONS];
};

/*
 * Does a command. request: of one line, which may be changed. reply: one line for people, "" at first.
 */
typedef enum ffntp_control_result ffntp_control_handler(void *context, char *request,
							char reply[FFNTP_CONTROL_REPLY_SIZE]);

/*
 * Listen beside a page that this process keeps. page: NULL for none. If that is impossible, it is logged, and no
 * commands come.
 */
void ffntp_control_open(struct ffntp_control *control, const char *page);

/* Set the descriptors to poll for POLLIN. Returns their number, at most FFNTP_CONTROL_DESCRIPTORS. */
size_t ffntp_control_descriptors(const struct ffntp_control *control, struct pollfd *ready);

/*
 * Take the commands that have arrived, and call the handler with each. A socket whose name was removed, or whose folder
 * was, is made again within five seconds, as the page is (pagewatch.h). ready, count: the descriptors after poll().
 * Call it about once a second at least, because it also ends connections.
 */
void ffntp_control_step(struct ffntp_control *control, const struct pollfd *ready, size_t count,
			ffntp_control_handler *handler, void *context);

/* Remove the socket. */
void ffntp_control_close(struct ffntp_control *control);

#endif
