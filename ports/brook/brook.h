/* brook: the public interface of Brook, a made-up system, as its authors would have written it. */
#ifndef BROOK_H
#define BROOK_H

#include <stdbool.h>
#include <stdint.h>

/* Counts at 1 MHz, to 1000 ppm, and wraps every 71 minutes. Stands still while the machine sleeps. */
uint32_t brook_ticks(void);

/* How often the machine has slept since it was started. */
uint32_t brook_sleeps(void);

/* Fills at most 32 bytes from the hardware's generator, which may need time to recover: false then. */
bool brook_entropy(uint8_t *bytes, uint32_t count);

/* A datagram to the one peer that the machine was configured with. False while the link is down. */
bool brook_send(const void *bytes, uint32_t count);

/* Returns when a datagram came, and its length; or after that many ticks, and 0; or when the machine ends, and -1. */
int32_t brook_receive(void *bytes, uint32_t size, uint32_t wait_ticks);

void brook_print(const char *line);

#endif
