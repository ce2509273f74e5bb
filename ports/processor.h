/* processor: the CPU's counter and its random bits, for systems that offer neither as they are. */
#ifndef FFNTP_PORT_PROCESSOR_H
#define FFNTP_PORT_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/map.h"

/* Which counter this processor has. */
enum ffntp_counter_kind ffntp_processor_counter_kind(void);

/* The counter, not before what precedes has been done: a frame that was found is stamped after it came. */
uint64_t ffntp_processor_counter(void);

/* Its frequency where the processor says it, as Arm's does; else 0. */
uint64_t ffntp_processor_counter_hz(void);

/* From rdrand or RNDR. False if the processor has none, or has none just now. */
FFNTP_MUST_USE bool ffntp_processor_random(uint8_t *bytes, size_t length);

#endif
