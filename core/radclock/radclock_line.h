/* radclock_line: the clock's linear function: a time at a counter reading, extrapolated at a given rate. */
#ifndef FFNTP_CORE_RADCLOCK_LINE_H
#define FFNTP_CORE_RADCLOCK_LINE_H

#include "../stamp.h"

/* True time at 'at' is reference + correction_s; 0 <= correction_s < 2^-32 after each of the functions below. */
struct ffntp_radclock_line {
	ffntp_counter at;
	struct ffntp_ntp reference;
	double correction_s;
};

/* Return the line through the stamp's tf that is ahead_s after the stamp's middle by the server's clock. */
struct ffntp_radclock_line ffntp_radclock_line_after(const struct ffntp_stamp *stamp, double ahead_s);

/* Move the line to counter reading 'to', at period_s per tick. */
void ffntp_radclock_line_carry(struct ffntp_radclock_line *line, ffntp_counter to, double period_s);

/* Return the line's time at line->at minus the stamp's middle by the server's clock (s). */
double ffntp_radclock_line_ahead_s(const struct ffntp_radclock_line *line, const struct ffntp_stamp *stamp);

#endif
