/*
 * standstill: stall detection for the counter, by a calendar that continues: a machine's battery clock, or a
 * hypervisor's wall clock. The calendar is used as an alarm only, not to measure time: if the two diverge by 3 s within
 * 16 s, the counter stood still or jumped, or the calendar was set. Smaller differences may not be detected. A false
 * alarm costs one burst of requests.
 */
#ifndef FFNTP_STANDSTILL_H
#define FFNTP_STANDSTILL_H

#include <stdint.h>

struct ffntp_standstill {
	int64_t (*calendar_s)(void); /* Return seconds from any origin; negative while unknown. */
	uint64_t frequency_hz;       /* of the counter, to a few per cent */
	uint64_t epoch;
	int64_t begin_s; /* of the window */
	uint64_t begin, looked_at;
};

void ffntp_standstill_begin(struct ffntp_standstill *self, int64_t (*calendar_s)(void), uint64_t frequency_hz,
			    uint64_t now);

/*
 * Report that the counter stood still, and its frequency from now on. The epoch changes once; the detector does not
 * report the same stall again.
 */
void ffntp_standstill_disrupted(struct ffntp_standstill *self, uint64_t frequency_hz, uint64_t now);

/*
 * Return the epoch for struct ffntp_port: a new number after each disruption. now: the counter. The calendar is read
 * every 5 ms at most, because a reading may cost some ten microseconds.
 */
uint64_t ffntp_standstill_epoch(struct ffntp_standstill *self, uint64_t now);

#endif
