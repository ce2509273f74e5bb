/*
 * processorport: a port of little more than the processor, for unikernels over lwIP: its counter, and a calendar as an
 * alarm for that; random bytes; lwIP's datagrams. One of it.
 */
#ifndef FFNTP_PROCESSORPORT_H
#define FFNTP_PROCESSORPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

/* What the system knows of it. */
struct ffntp_processor_system {
	uint64_t counter_hz;                           /* 0: not known */
	uint32_t counter_error_ppm;                    /* of that */
	uint64_t (*measure_hz)(void);                  /* to 5 %, where neither system nor processor know */
	int64_t (*calendar_s)(void);                   /* see standstill.h */
	bool (*random)(uint8_t *bytes, size_t length); /* see port.h; ffntp_processor_random, or better */
};

const struct ffntp_port *ffntp_processor_port(const struct ffntp_processor_system *system);

/*
 * The system knows that the counter stood still: the port's epoch is another. counter_hz: its frequency from now on, as
 * far off as it was before; 0: as it was.
 */
void ffntp_processor_disrupted(uint64_t counter_hz);

#endif
