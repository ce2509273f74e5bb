/*
 * smear: servers that spread a leap second over a day. Their time runs 11.6 ppm slow or fast, which a clock would
 * follow as the wander of its own oscillator; but when a leap second is known of, the line from before tells the two
 * apart.
 */
#ifndef FFNTP_CORE_SMEAR_H
#define FFNTP_CORE_SMEAR_H

#include <stdbool.h>

#include "bound.h"
#include "estimator.h"
#include "stamp.h"

/* What a client knows of the time. */
struct ffntp_smear_line {
	struct ffntp_estimate estimate;
	struct ffntp_bound bound;
	struct ffntp_rate_bound rate;
};

/* Zeroed: nothing was remembered. */
struct ffntp_smear_watch {
	bool has_line;
	struct ffntp_smear_line line; /* from before the noon at which servers begin to smear */
	bool is_smeared;              /* the server smears; until it does not any more, or the smear is over */
};

/*
 * Whether a server's stamp, in the core's time, is smeared.
 * behind_s: how far behind UTC a smeared clock is at this time, by the usual smear; 0 where none is under way.
 * Changes is_smeared alone.
 */
FFNTP_MUST_USE bool ffntp_smear_judge(struct ffntp_smear_watch *watch, const struct ffntp_stamp *stamp,
				      double behind_s);

/* Keeps the line of a client that believed a stamp; behind_s as above, at that stamp: nothing is kept in a smear. */
void ffntp_smear_remember(struct ffntp_smear_watch *watch, const struct ffntp_smear_line *line, double behind_s);

#endif
