/* polling: when to ask next. A burst at the start that tapers off, then one interval; longer when the server asks for
 * it. */
#ifndef FFNTP_CORE_POLLING_H
#define FFNTP_CORE_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/instant.h"
#include "../include/ffntp/verdict.h"

struct ffntp_polling_config {
	double min_s, max_s;
	bool is_adaptive;  /* between min_s and max_s; else at min_s */
	double accuracy_s; /* what adaptive polling keeps; 0: in proportion to what an exchange tells */
	unsigned burst;
};

struct ffntp_polling {
	struct ffntp_polling_config config;
	double floor_s;    /* min_s, or what a kiss-o'-death made of it */
	double interval_s; /* from the next request on */
	unsigned burst_left;
	double taper_s;        /* after a burst: the last wait, while it grows to interval_s */
	unsigned kiss_replies; /* accepted since the floor was last changed */
	unsigned unanswered;   /* in a row, or with nothing that is of use */
	bool change_is_due;    /* say once that the server should be changed */
	uint8_t reach;         /* the last eight requests, newest in bit 0: was there time in the reply? */
	ffntp_counter next;    /* when to ask */
	ffntp_counter asked;   /* when last asked */
};

/* How the variance of the clock grows with time, and what one exchange tells. */
struct ffntp_outlook {
	double variance_s2; /* now */
	double covariance_s;
	double rate_variance;
	double wander_per_s;
	double exchange_esterror_s;
};

void ffntp_polling_init(struct ffntp_polling *polling, const struct ffntp_polling_config *config, ffntp_counter now);

/* Asks as at the start: at once, but no sooner after a request than a burst would. */
void ffntp_polling_restart(struct ffntp_polling *polling, ffntp_counter now, double period_s);

/* A request has left. period_s: seconds per tick, to turn intervals into readings of the counter. */
void ffntp_polling_sent(struct ffntp_polling *polling, ffntp_counter now, double period_s);

/* The reply to the request in flight has come, and this became of it. */
void ffntp_polling_replied(struct ffntp_polling *polling, enum ffntp_verdict verdict, double period_s);

/* Adaptive: chooses the interval anew, after a reply. Otherwise does nothing. */
void ffntp_polling_adapt(struct ffntp_polling *polling, const struct ffntp_outlook *outlook, double period_s);

/* The server contradicts the clock: adaptive polling asks as often as it may, until it is known who is wrong. */
void ffntp_polling_hurry(struct ffntp_polling *polling, double period_s);

/* When the request in flight is given up, at the latest. */
ffntp_counter ffntp_polling_deadline(const struct ffntp_polling *polling, double period_s);

/* The interval as RFC 5905 names it: the power of two that is no shorter. */
uint8_t ffntp_polling_log2_s(const struct ffntp_polling *polling);

/* The request in flight was given up, or its reply was of no use. */
void ffntp_polling_expired(struct ffntp_polling *polling);

#endif
