/* radclock_line: see radclock_line.h. */
#include "radclock_line.h"

/*
 * Move the whole units of the correction into the reference. Exact: the product is by a power of two, and the rest is
 * smaller.
 */
static void settle(struct ffntp_radclock_line *line)
{
	int64_t units = (int64_t)(line->correction_s * 0x1p32);

	if ((double)units * 0x1p-32 > line->correction_s)
		units--;
	line->reference.units += (uint64_t)units;
	line->correction_s -= (double)units * 0x1p-32;
}

/* Half of te - tb is computed in two parts, so that no half unit is lost. */
struct ffntp_radclock_line ffntp_radclock_line_after(const struct ffntp_stamp *stamp, double ahead_s)
{
	int64_t residence = ffntp_ntp_diff(stamp->te, stamp->tb);
	struct ffntp_radclock_line line = {
		.at = stamp->tf,
		.reference.units = stamp->tb.units + (uint64_t)(residence / 2),
		.correction_s = ahead_s + (double)(residence % 2) * 0x1p-33,
	};

	settle(&line);
	return line;
}

void ffntp_radclock_line_carry(struct ffntp_radclock_line *line, ffntp_counter to, double period_s)
{
	line->correction_s += ffntp_counter_diff(to, line->at) * period_s;
	line->at = to;
	settle(line);
}

double ffntp_radclock_line_ahead_s(const struct ffntp_radclock_line *line, const struct ffntp_stamp *stamp)
{
	return (ffntp_ntp_diff_s(line->reference, stamp->tb) + ffntp_ntp_diff_s(line->reference, stamp->te)) / 2 +
	       line->correction_s;
}
