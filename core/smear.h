/*
 * smear: detects servers that spread a leap second over a day. Their time runs 11.6 ppm slow or fast, which a clock
 * would follow as wander of its own oscillator. If a leap second is known, the clock as it was before the smear
 * distinguishes the two.
 */
#ifndef FFNTP_CORE_SMEAR_H
#define FFNTP_CORE_SMEAR_H

#include <stdbool.h>

#include "bound.h"
#include "estimator.h"
#include "stamp.h"

/* A client's clock at one moment. */
struct ffntp_smear_line {
	struct ffntp_estimate estimate;
	struct ffntp_bound bound;
	struct ffntp_rate_bound rate;
};

/* State of the detection. Zeroed: no clock is stored. */
struct ffntp_smear_watch {
	bool has_line;
	struct ffntp_smear_line line; /* from before the noon at which a smear begins */
	bool is_smeared;              /* the server smears, as far as known; false again after the smear */
};

/*
 * Return whether a server's stamp, in the core's time, is smeared. Changes is_smeared alone.
 * behind_s: offset of a standard smeared clock behind UTC at this time (s); 0 if no smear is in progress.
 */
FFNTP_MUST_USE bool ffntp_smear_judge(struct ffntp_smear_watch *watch, const struct ffntp_stamp *stamp,
				      double behind_s);

/*
 * Store the clock of a client after an accepted stamp, unless a smear is in progress.
 * behind_s: as for ffntp_smear_judge, at that stamp.
 */
void ffntp_smear_remember(struct ffntp_smear_watch *watch, const struct ffntp_smear_line *line, double behind_s);

#endif
