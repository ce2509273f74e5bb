/*
 * standstill: finds out that the counter stood still, by a calendar that went on: a machine's battery clock, or a
 * hypervisor's wall clock. It is no measure of time, but an alarm: where the two part by 3 s within 16, the counter
 * stood still, or jumped, or the calendar was set; by less it may not be seen. Who is disrupted without need is right
 * again a burst later.
 */
#ifndef FFNTP_STANDSTILL_H
#define FFNTP_STANDSTILL_H

#include <stdint.h>

struct ffntp_standstill {
	int64_t (*calendar_s)(void); /* s since any beginning; negative while it cannot be told */
	uint64_t frequency_hz;       /* of the counter, to some per cent */
	uint64_t epoch;
	int64_t begin_s; /* of the window */
	uint64_t begin, looked_at;
};

void ffntp_standstill_begin(struct ffntp_standstill *self, int64_t (*calendar_s)(void), uint64_t frequency_hz,
			    uint64_t now);

/*
 * Who knows that the counter stood still says so, and how fast it goes from now on: another epoch, and nothing more for
 * the same.
 */
void ffntp_standstill_disrupted(struct ffntp_standstill *self, uint64_t frequency_hz, uint64_t now);

/*
 * For ffntp_port's epoch(): another number after each disruption. now: the counter. The calendar is looked at every
 * 5 ms at most, as that may cost some ten microseconds.
 */
uint64_t ffntp_standstill_epoch(struct ffntp_standstill *self, uint64_t now);

#endif
