/*
 * processorport: a port for unikernels over lwIP that needs little more than the processor: its counter, a calendar for
 * stall detection, random bytes, and lwIP's datagrams. There is one.
 */
#ifndef FFNTP_PROCESSORPORT_H
#define FFNTP_PROCESSORPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

/* The system's additions to the processor. */
struct ffntp_processor_system {
	uint64_t counter_hz;                           /* 0: unknown */
	uint32_t counter_error_ppm;                    /* the error of counter_hz */
	uint64_t (*measure_hz)(void);                  /* to 5 %, used if neither system nor processor states it */
	int64_t (*calendar_s)(void);                   /* see standstill.h */
	bool (*random)(uint8_t *bytes, size_t length); /* see port.h; ffntp_processor_random, or better */
};

const struct ffntp_port *ffntp_processor_port(const struct ffntp_processor_system *system);

/*
 * Report that the counter stood still: the port's epoch changes. counter_hz: its frequency from now on, with the same
 * error as before; 0: unchanged.
 */
void ffntp_processor_disrupted(uint64_t counter_hz);

#endif
