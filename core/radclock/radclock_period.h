/*
 * radclock_period: the average rate, from one excellent stamp half a week to a week old to each good new one. Old
 * stamps are dropped half a week at a time.
 */
#ifndef FFNTP_CORE_RADCLOCK_PERIOD_H
#define FFNTP_CORE_RADCLOCK_PERIOD_H

#include <stdbool.h>

#include "../history.h"
#include "radclock_contest.h"
#include "radclock_rate.h"

struct ffntp_period {
	struct ffntp_radclock_rate rate;
	ffntp_counter measured_at; /* tf of the stamp that the rate was measured with */
	bool has_base, has_next;
	struct ffntp_record base; /* the stamp that the rate is measured from */
	struct ffntp_record next; /* the stamp it will be measured from when the older half is dropped */
	ffntp_counter since;      /* start of the older half */
	ffntp_counter next_since; /* start of the search for 'next' */
	struct ffntp_contest contest;
};

/* Discard all stamps; keep the rate. */
void ffntp_period_clear(struct ffntp_period *period);

/* During warm-up: take a candidate with a smaller error; the quickest stamp so far becomes the base. */
void ffntp_period_warm_up(struct ffntp_period *period, const struct ffntp_radclock_rate *candidate, ffntp_counter at);
void ffntp_period_offer_base(struct ffntp_period *period, const struct ffntp_record *newest);

/* After warm-up: measure from the base to the newest record, and take a rate that is good enough and plausible. */
void ffntp_period_update(struct ffntp_period *period, const struct ffntp_record *newest);

#endif
