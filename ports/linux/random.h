/* random: bits from the kernel's cryptographic generator. */
#ifndef FFNTP_LINUX_RANDOM_H
#define FFNTP_LINUX_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/instant.h"

/*
 * Draw a nonce for one request; it is never 0. Returns false if the kernel gives none: do not send then. Blocks only
 * early in boot.
 */
FFNTP_MUST_USE bool ffntp_random_nonce(uint64_t *nonce);

/* Fill memory, likewise. */
FFNTP_MUST_USE bool ffntp_random_bytes(uint8_t *bytes, size_t size);

#endif
