/* smear: see smear.h. */
#include "smear.h"

#include "maths.h"
#include "params.h"

/* Return the server's offset behind the stored clock (s), and the uncertainty of that. */
static double behind_line_s(const struct ffntp_smear_watch *watch, const struct ffntp_stamp *stamp, double *unsure_s)
{
	const struct ffntp_estimate *line = &watch->line.estimate;
	double elapsed_s = ffntp_counter_diff(stamp->tf, line->at) * line->period_s;
	double path_s =
		ffntp_ticks(ffntp_stamp_rtt_ticks(stamp)) * line->period_s - ffntp_ntp_diff_s(stamp->te, stamp->tb);
	double line_s = ffntp_ntp_diff_s(line->reference, stamp->te) + line->correction_s + elapsed_s;

	*unsure_s = path_s / 2 + stamp->root_delay_s / 2 + stamp->root_dispersion_s +
		    elapsed_s * watch->line.rate.max_error + FFNTP_PROMISE_SIGMAS * line->esterror_s;
	return line_s - path_s / 2;
}

bool ffntp_smear_judge(struct ffntp_smear_watch *watch, const struct ffntp_stamp *stamp, double behind_s)
{
	double share, unsure_s, measured_s;

	if (!watch->has_line || behind_s == 0) {
		watch->is_smeared = false;
		return false;
	}
	measured_s = behind_line_s(watch, stamp, &unsure_s);
	if (ffntp_fabs(behind_s) < FFNTP_SMEAR_SURE * unsure_s)
		return watch->is_smeared;
	share = measured_s / behind_s;
	watch->is_smeared = share > FFNTP_SMEAR_SHARE && share < 2 - FFNTP_SMEAR_SHARE;
	return watch->is_smeared;
}

void ffntp_smear_remember(struct ffntp_smear_watch *watch, const struct ffntp_smear_line *line, double behind_s)
{
	double age_s = ffntp_counter_diff(line->estimate.at, watch->line.estimate.at) * line->rate.period_s;

	if (behind_s != 0 || (watch->has_line && age_s < FFNTP_SMEAR_LINE_S))
		return;
	*watch = (struct ffntp_smear_watch){ .has_line = true, .line = *line };
}
