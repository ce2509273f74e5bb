/* entropy: random bytes from the device or the CPU. They are drawn when they are asked for; none are stored. */
#ifndef GUEST_ENTROPY_H
#define GUEST_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Look for virtio-rng. Returns the name of the source, for the console; NULL if there is no source. */
const char *entropy_begin(const char *command_line, uint64_t counter_hz);

/* Fill 'length' bytes, at most 16. Returns false if no source has any now. */
bool entropy_take(uint8_t *bytes, size_t length);

#endif
