/* processor: the CPU's counter and its random bits, for systems that do not offer them. */
#ifndef FFNTP_PORT_PROCESSOR_H
#define FFNTP_PORT_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/map.h"

/* Return which counter this processor has. */
enum ffntp_counter_kind ffntp_processor_counter_kind(void);

/* Return the counter, read after all preceding operations, so that a frame that was found is stamped after it came. */
uint64_t ffntp_processor_counter(void);

/* Return the frequency if the processor states it, as Arm's does; else 0. */
uint64_t ffntp_processor_counter_hz(void);

/* Fill bytes by rdrand or RNDR. Returns false if the processor has neither, or fails at the moment. */
FFNTP_MUST_USE bool ffntp_processor_random(uint8_t *bytes, size_t length);

#endif
