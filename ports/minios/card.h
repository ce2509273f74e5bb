/* card: Mini-OS's network card: frames are taken and stamped in its interrupt, and worked on in the thread. */
#ifndef FFNTP_MINIOS_CARD_H
#define FFNTP_MINIOS_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In a thread; waits until the other end is there. False if there is no card. */
bool ffntp_minios_card_begin(uint8_t mac[6]);

/* Hands lwIP the frames that have come. */
void ffntp_minios_card_take(void);

/* *sent: the counter just before the card could see the frame. */
bool ffntp_minios_card_transmit(const void *frame, size_t length, uint64_t *sent);

#endif
