/* card: Mini-OS's network card: frames are stored and timestamped in its interrupt, and processed in the thread. */
#ifndef FFNTP_MINIOS_CARD_H
#define FFNTP_MINIOS_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Start the card; waits in a thread until the backend is ready. Returns false if there is no card. */
bool ffntp_minios_card_begin(uint8_t mac[6]);

/* Pass the frames that have arrived to lwIP. */
void ffntp_minios_card_take(void);

/* Send a frame. *sent: the counter just before the card could see it. */
bool ffntp_minios_card_transmit(const void *frame, size_t length, uint64_t *sent);

#endif
