/*
 * radclock_period: the average rate, from one excellent stamp half a week to a week old to each good new one. It
 * forgets half a week at a time.
 */
#ifndef FFNTP_CORE_RADCLOCK_PERIOD_H
#define FFNTP_CORE_RADCLOCK_PERIOD_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"
#include "radclock_rate.h"

struct ffntp_period {
	struct ffntp_radclock_rate rate;
	ffntp_counter measured_at; /* tf of the stamp that it was measured with */
	bool has_base, has_next;
	struct ffntp_record base; /* what the rate is measured from */
	struct ffntp_record next; /* what it will be measured from when the older half is forgotten */
	ffntp_counter since;      /* when the older half began */
	ffntp_counter next_since; /* when the search for 'next' began */
	struct ffntp_contest contest;
};

/* Forgets all stamps; keeps the rate. */
void ffntp_period_clear(struct ffntp_period *period);

/* While warming up: a candidate with a smaller error is taken, and the quickest stamp so far becomes the base. */
void ffntp_period_warm_up(struct ffntp_period *period, const struct ffntp_radclock_rate *candidate, ffntp_counter at);
void ffntp_period_offer_base(struct ffntp_period *period, const struct ffntp_record *newest);

/*
 * After warm-up: measures from the base to the newest record, and takes what is good and sane.
 */
void ffntp_period_update(struct ffntp_period *period, const struct ffntp_record *newest);

#endif
