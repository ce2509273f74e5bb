/*
 * processorport: a port of little more than the processor, for unikernels over lwIP whose system tells nothing of its
 * own about counter and randomness. One of it.
 */
#ifndef FFNTP_PROCESSORPORT_H
#define FFNTP_PROCESSORPORT_H

#include <stdint.h>

#include "port.h"

/*
 * The CPU's counter, its random bits, lwIP's datagrams. Where the processor does not say the counter's frequency,
 * measure_hz does, to 1 %. calendar_s: see standstill.h.
 */
const struct ffntp_port *ffntp_processor_port(uint64_t (*measure_hz)(void), int64_t (*calendar_s)(void));

#endif
