/* entropy: random bytes, taken from the device or the CPU when they are asked for: none are kept. */
#ifndef GUEST_ENTROPY_H
#define GUEST_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Looks for virtio-rng. Where the bytes come from, for the console; NULL if there is no source. */
const char *entropy_begin(const char *command_line, uint64_t counter_hz);

/* length: at most 16. False if no source gives any now. */
bool entropy_take(uint8_t *bytes, size_t length);

#endif
