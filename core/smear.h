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

/* A clock at one moment. */
struct ffntp_smear_line {
	struct ffntp_estimate estimate;
	struct ffntp_bound bound;
	struct ffntp_rate_bound rate;
};

/*
 * Return whether a server's stamp, in the core's time, is smeared.
 * line: a clock from before the noon at which a smear begins; NULL if there is none.
 * was_smeared: the result for this server's former stamp.
 * behind_s: offset of a standard smeared clock behind UTC at this time (s); 0 if no smear is in progress.
 */
FFNTP_MUST_USE bool ffntp_smear_judge(const struct ffntp_smear_line *line, bool was_smeared,
				      const struct ffntp_stamp *stamp, double behind_s);

/* Return whether a clock replaces the stored line, which is NULL if there is none. behind_s: as above, now. */
FFNTP_MUST_USE bool ffntp_smear_replaces(const struct ffntp_smear_line *line, const struct ffntp_estimate *estimate,
					 struct ffntp_rate_bound rate, double behind_s);

#endif
