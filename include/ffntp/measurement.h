/* measurement: one reading of a reference clock, an input of a session (session.h). */
#ifndef FFNTP_MEASUREMENT_H
#define FFNTP_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "instant.h"
#include "linkage.h"

FFNTP_BEGIN_DECLARATIONS

/* In place of a leap indicator: the reference clock announces no leap seconds. */
#define FFNTP_LEAP_UNANNOUNCED 3

/*
 * One reading of a reference clock, such as a PTP hardware clock, by a counter reading before it and the 'at' of its
 * input after it. The clock showed 'time' at some moment between the two.
 */
struct ffntp_measurement {
	ffntp_counter before;
	struct ffntp_ntp time;
	bool is_tai;         /* the clock keeps TAI; TAI - UTC must be known, or the measurement is refused */
	uint8_t leap;        /* leap indicator, 0 to 2; or FFNTP_LEAP_UNANNOUNCED */
	uint8_t stratum;     /* that of a server which has this clock, 1 to 15 */
	uint32_t refid;      /* up to four letters and digits, the first one in the top bits */
	double max_error_s;  /* largest error of the clock's time, without its precision (s); 0 or more */
	double root_delay_s; /* as a server states it; half of it adds to the largest error (s); 0 or more */
	double precision_s;  /* size of the clock's steps (s); above 0, up to 1 */
};

FFNTP_END_DECLARATIONS

#endif
