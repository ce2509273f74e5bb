/*
 * processorport: a port of little more than the processor, for unikernels over lwIP whose system tells nothing of its
 * own about counter and randomness.
 */
#ifndef FFNTP_PROCESSORPORT_H
#define FFNTP_PROCESSORPORT_H

#include <stdint.h>

#include "port.h"

/*
 * The CPU's counter, its random bits, lwIP's datagrams; no word of when the machine was stopped. Where the processor
 * does not say the counter's frequency, measure_hz does, to 1 %.
 */
void ffntp_processor_port(struct ffntp_port *port, uint64_t (*measure_hz)(void));

#endif
