/*
 * rate_range: between which rates the counter's must lie: what the hint says, and what bounds say that are apart. No
 * estimator is asked, so none can be too sure of itself here.
 */
#ifndef FFNTP_CORE_RATE_RANGE_H
#define FFNTP_CORE_RATE_RANGE_H

#include "bound.h"

/* What bounds say is of the average since the anchor; before there are two of them it is the hint. */
struct ffntp_rate_range {
	struct ffntp_rate_bound hint;
	double least_s, most_s;    /* seconds per tick */
	struct ffntp_bound anchor; /* what others are compared with: narrow, and old */
};

/* As the hint has it: s per tick, and how wrong that may be, as a ratio. */
void ffntp_rate_range_begin(struct ffntp_rate_range *range, struct ffntp_rate_bound hint);

/* It is known from elsewhere, too: from a former run. */
void ffntp_rate_range_know(struct ffntp_rate_range *range, struct ffntp_rate_bound rate);

/* Time is another one from now on, the rate is the same: what was said before is compared with nothing any more. */
void ffntp_rate_range_jump(struct ffntp_rate_range *range);

/* said: what a stamp that was believed says by itself; newer than all before it. */
void ffntp_rate_range_add(struct ffntp_rate_range *range, const struct ffntp_bound *said);

/*
 * What an estimator says, as far as an oscillator that kept to the range could have gone there since: an average is
 * slow to follow. Where it could not have, the range.
 */
struct ffntp_rate_bound ffntp_rate_range_narrow(const struct ffntp_rate_range *range, struct ffntp_rate_bound estimate);

/* The same of an estimator that is not to be relied on yet: and all of the range. */
struct ffntp_rate_bound ffntp_rate_range_with(const struct ffntp_rate_range *range, struct ffntp_rate_bound estimate);

#endif
