/* session: the state behind ffntp/session.h, for the files that implement it. */
#ifndef FFNTP_CORE_SESSION_H
#define FFNTP_CORE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/session.h"

/* No input yields more events besides a map: a datagram's verdict, a request without a reply, a change of server. */
#define FFNTP_SESSION_EVENTS 3

struct ffntp_session {
	struct ffntp_client *client; /* in the same memory, behind this struct */
	size_t size;                 /* of both, in bytes */
	ffntp_counter now;           /* the latest reading of all inputs */
	/* The counter's period as of the last output of the client: in a map's units, and in seconds per tick. */
	uint64_t period;
	uint8_t period_shift;
	double period_s;

	/* The server in use. */
	bool is_named;
	uint8_t address[16];
	uint16_t port;

	/* The request in flight. */
	bool is_awaiting; /* no reply to it has been accepted or given up yet */
	ffntp_counter reply_deadline;
	bool has_packet; /* the last input began it */
	uint8_t packet[FFNTP_REQUEST_MOST];

	/* The work that is due. */
	bool wants_request;
	bool is_paused; /* no request is begun before pause_until */
	ffntp_counter pause_until;
	ffntp_counter deadline;

	/* The published map and its server. */
	struct ffntp_map map;
	struct ffntp_source source;
	bool keeps_former; /* the map is a former session's, until this one has an estimate */
	bool is_map_due;
	bool has_new_map;         /* of the last input; it was not taken yet */
	enum ffntp_leap leap;     /* of the map that was last due */
	ffntp_counter publish_at; /* at the latest */

	struct ffntp_event event[FFNTP_SESSION_EVENTS];
	unsigned events, taken;

	ffntp_session_recorder *recorder;
	void *recorder_context;
	ffntp_session_tracer *tracer;
	void *tracer_context;
};

/* Begin a burst at reading 'at', by the next timeout, because other sources of time have reasons to doubt the counter.
 */
void ffntp_session_hurry(struct ffntp_session *session, ffntp_counter at);

/* Return the least interval (s) that the server's kiss-o'-death or its silence requires; 0 if neither does. */
double ffntp_session_limit_s(const struct ffntp_session *session);

#endif
