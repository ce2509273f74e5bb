/* smear: see smear.h. */
#include "smear.h"

#include <stddef.h>

#include "maths.h"
#include "params.h"

/* Return the server's offset behind the stored clock (s), and the uncertainty of that. */
static double behind_line_s(const struct ffntp_smear_line *stored, const struct ffntp_stamp *stamp, double *unsure_s)
{
	const struct ffntp_estimate *line = &stored->estimate;
	double elapsed_s = ffntp_counter_diff(stamp->tf, line->at) * line->period_s;
	double path_s =
		ffntp_ticks(ffntp_stamp_rtt_ticks(stamp)) * line->period_s - ffntp_ntp_diff_s(stamp->te, stamp->tb);
	double line_s = ffntp_ntp_diff_s(line->reference, stamp->te) + line->correction_s + elapsed_s;

	*unsure_s = path_s / 2 + stamp->root_delay_s / 2 + stamp->root_dispersion_s +
		    elapsed_s * stored->rate.max_error + FFNTP_PROMISE_SIGMAS * line->esterror_s;
	return line_s - path_s / 2;
}

bool ffntp_smear_judge(const struct ffntp_smear_line *line, bool was_smeared, const struct ffntp_stamp *stamp,
		       double behind_s)
{
	double share, unsure_s, measured_s;

	if (line == NULL || behind_s == 0)
		return false;
	measured_s = behind_line_s(line, stamp, &unsure_s);
	if (ffntp_fabs(behind_s) < FFNTP_SMEAR_SURE * unsure_s)
		return was_smeared;
	share = measured_s / behind_s;
	return share > FFNTP_SMEAR_SHARE && share < 2 - FFNTP_SMEAR_SHARE;
}

bool ffntp_smear_replaces(const struct ffntp_smear_line *line, const struct ffntp_estimate *estimate,
			  struct ffntp_rate_bound rate, double behind_s)
{
	if (behind_s != 0 || line == NULL)
		return behind_s == 0;
	return !(ffntp_counter_diff(estimate->at, line->estimate.at) * rate.period_s < FFNTP_SMEAR_LINE_S);
}
