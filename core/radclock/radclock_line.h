/* radclock_line: the clock as it stands: a time at a counter reading, to be carried on at some rate. */
#ifndef FFNTP_CORE_RADCLOCK_LINE_H
#define FFNTP_CORE_RADCLOCK_LINE_H

#include "../stamp.h"

/* True time at 'at' is reference + correction_s; 0 <= correction_s < 2^-32 after each of the functions below. */
struct ffntp_radclock_line {
	ffntp_counter at;
	struct ffntp_ntp reference;
	double correction_s;
};

/* The line through the stamp's tf that lies ahead_s after its middle by the server's clock. */
struct ffntp_radclock_line ffntp_radclock_line_after(const struct ffntp_stamp *stamp, double ahead_s);

/* The same line at another counter reading. */
void ffntp_radclock_line_carry(struct ffntp_radclock_line *line, ffntp_counter to, double period_s);

/* How long after the stamp's middle by the server's clock the line says it is at line->at. */
double ffntp_radclock_line_ahead_s(const struct ffntp_radclock_line *line, const struct ffntp_stamp *stamp);

#endif
