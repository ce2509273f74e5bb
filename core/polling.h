/*
 * polling: the time of the next request. A client begins with a burst that tapers off to the poll interval. A
 * kiss-o'-death makes the interval longer, and so does silence after replies, because a server that limits the rate of
 * requests may drop them without a word, and may count those it drops. After a number of replies a shorter interval is
 * tried; a try that fails doubles that number (docs/algorithm.md).
 */
#ifndef FFNTP_CORE_POLLING_H
#define FFNTP_CORE_POLLING_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/instant.h"
#include "../include/ffntp/verdict.h"

struct ffntp_polling_config {
	double min_s, max_s;
	bool is_adaptive;  /* choose the interval between min_s and max_s; else use min_s */
	double accuracy_s; /* standard deviation that adaptive polling maintains (s); 0: in proportion to that of one
			      exchange */
	unsigned burst;
};

struct ffntp_polling {
	struct ffntp_polling_config config;
	double floor_s;    /* lower limit: min_s, or longer after a kiss-o'-death or after silence */
	double interval_s; /* poll interval from the next request on */
	unsigned burst_left;
	double taper_s;         /* after a burst: the last wait, which grows to interval_s */
	unsigned served;        /* accepted replies since floor_s last changed */
	unsigned patience;      /* their number at which half of floor_s is tried */
	bool is_trying;         /* floor_s was made shorter after it was last made longer */
	bool has_answered;      /* the server gave a reply */
	unsigned counted;       /* requests in 'share', up to FFNTP_SILENCE_WINDOW */
	double share;           /* share of the requests that have a reply */
	unsigned silent;        /* consecutive requests without any reply, since floor_s last changed */
	double silence_chance;  /* probability of that silence, if losses were chance alone */
	unsigned unanswered;    /* consecutive requests without a usable reply */
	bool change_is_due;     /* the next call of ffntp_client_timer returns FFNTP_CHANGE_SERVER */
	bool is_follow_up;      /* the last request follows up another (ffntp_polling_follow_up) */
	bool next_is_follow_up; /* the next one will */
	uint8_t reach;       /* reach register: a bit for each of the last eight requests, newest in bit 0; 1: the reply
				supplied a time */
	ffntp_counter next;  /* time of the next request */
	ffntp_counter asked; /* time of the last request */
};

/* The growth of the clock's variance with time, and the information of one exchange (struct ffntp_estimate). */
struct ffntp_outlook {
	double variance_s2; /* variance of the time now */
	double covariance_s;
	double rate_variance;
	double wander_per_s;
	double exchange_esterror_s;
};

void ffntp_polling_init(struct ffntp_polling *polling, const struct ffntp_polling_config *config, ffntp_counter now);

/* Start again with a burst, at once, but no sooner after the last request than a burst's interval. */
void ffntp_polling_restart(struct ffntp_polling *polling, ffntp_counter now, double period_s);

/*
 * Ask some times a burst's interval apart, likewise, and go on at the present interval. A server that asked for fewer
 * requests gets no burst.
 */
void ffntp_polling_burst(struct ffntp_polling *polling, ffntp_counter now, double period_s);

/* Record that a request has left. period_s: seconds per tick, to convert intervals to ticks. */
void ffntp_polling_sent(struct ffntp_polling *polling, ffntp_counter now, double period_s);

/* Record the verdict on the reply to the request in flight. */
void ffntp_polling_replied(struct ffntp_polling *polling, enum ffntp_verdict verdict, double period_s);

/*
 * Poll as after a kiss-o'-death that required this interval, up to the longest one configured, because an earlier run
 * had one; the next request leaves no sooner than not_before.
 */
void ffntp_polling_limit(struct ffntp_polling *polling, double interval_s, ffntp_counter not_before, double period_s);

/* Return the least interval (s) that a kiss-o'-death or silence requires; 0 if neither does. */
double ffntp_polling_limit_s(const struct ffntp_polling *polling);

/* Return whether exchanges may complete each other in interleaved mode: not at long intervals after a kiss-o'-death. */
bool ffntp_polling_can_interleave(const struct ffntp_polling *polling);

/*
 * Interleaved mode, after a reply that waits for its transmit timestamp: if the next request is long to come, send one
 * soon that follows up this one. Follow-ups have no follow-ups.
 */
void ffntp_polling_follow_up(struct ffntp_polling *polling, double period_s);

/* Choose the interval again after a reply, if polling is adaptive. */
void ffntp_polling_adapt(struct ffntp_polling *polling, const struct ffntp_outlook *outlook, double period_s);

/*
 * Poll at the shortest interval, if polling is adaptive, because the server contradicts the clock and only more
 * exchanges decide which of them is wrong.
 */
void ffntp_polling_hurry(struct ffntp_polling *polling, double period_s);

/* Return the time at which the request in flight is given up at the latest. */
ffntp_counter ffntp_polling_deadline(const struct ffntp_polling *polling, double period_s);

/* Return the poll exponent of RFC 5905: the least power of two that is no shorter than the interval. */
uint8_t ffntp_polling_log2_s(const struct ffntp_polling *polling);

/* Record that the request in flight was given up without a reply. */
void ffntp_polling_expired(struct ffntp_polling *polling, double period_s);

#endif
