/* brook: the public interface of Brook, a made-up system, as its authors would have written it. */
#ifndef BROOK_H
#define BROOK_H

#include <stdbool.h>
#include <stdint.h>

/* Return the counter. It counts at 1 MHz, to 1000 ppm, wraps every 71 minutes, and stops while the machine sleeps. */
uint32_t brook_ticks(void);

/* Return how often the machine has slept since it was started. */
uint32_t brook_sleeps(void);

/* Fill at most 32 bytes from the hardware's generator. Returns false while the generator recovers. */
bool brook_entropy(uint8_t *bytes, uint32_t count);

/* Send a datagram to the one host that the machine was configured with. Returns false while the link is down. */
bool brook_send(const void *bytes, uint32_t count);

/* Wait for a datagram. Returns its length, 0 after wait_ticks without a datagram, or -1 when the machine ends. */
int32_t brook_receive(void *bytes, uint32_t size, uint32_t wait_ticks);

void brook_print(const char *line);

#endif
