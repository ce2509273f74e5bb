/* polling: when to ask next. A burst at the start, then one interval; longer when the server asks for it. */
#ifndef FFNTP_CORE_POLLING_H
#define FFNTP_CORE_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/instant.h"
#include "../include/ffntp/verdict.h"

struct ffntp_polling {
	double min_s, max_s;
	double interval_s; /* min_s, or what a kiss-o'-death made of it */
	unsigned burst_size, burst_left;
	unsigned kiss_replies; /* accepted since the interval was last changed */
	unsigned unanswered;   /* in a row */
	bool change_is_due;    /* say once that the server should be changed */
	uint8_t reach;         /* the last eight requests, newest in bit 0 */
	ffntp_counter next;    /* when to ask */
	ffntp_counter asked;   /* when last asked */
};

void ffntp_polling_init(struct ffntp_polling *polling, double min_s, double max_s, unsigned burst, ffntp_counter now);

/* Asks at once, as at the start. */
void ffntp_polling_restart(struct ffntp_polling *polling, ffntp_counter now);

/* A request has left. period_s: seconds per tick, to turn intervals into readings of the counter. */
void ffntp_polling_sent(struct ffntp_polling *polling, ffntp_counter now, double period_s);

/* The reply to the request in flight has come, and this became of it. */
void ffntp_polling_replied(struct ffntp_polling *polling, enum ffntp_verdict verdict, double period_s);

/* When the request in flight is given up, at the latest. */
ffntp_counter ffntp_polling_deadline(const struct ffntp_polling *polling, double period_s);

/* The request in flight was given up. */
void ffntp_polling_expired(struct ffntp_polling *polling);

#endif
