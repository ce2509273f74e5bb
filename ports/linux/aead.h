/* aead: the AEAD algorithms of NTS, by nettle. */
#ifndef FFNTP_LINUX_AEAD_H
#define FFNTP_LINUX_AEAD_H

#include "../../nts/packet.h"

/* Return an algorithm by its number; NULL if this build has none of that number. Thread-safe. */
const struct ffntp_nts_aead *ffntp_aead_find(uint16_t number);

/* Get the numbers of all algorithms, the preferred one first. Returns how many there are, at least 1. */
size_t ffntp_aead_offers(uint16_t offers[2]);

#endif
