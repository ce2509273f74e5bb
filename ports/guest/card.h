/* card: an Ethernet card, whatever it is: virtio-net, or netfront on Xen. One of it. */
#ifndef GUEST_CARD_H
#define GUEST_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_FRAME 1536

struct card {
	uint8_t mac[6];
	/* *sent: the counter just before the device was told. */
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent);
	/* Whether a frame came: its length, and the counter just after it was seen, which is never before it came. */
	bool (*receive)(uint8_t frame[CARD_FRAME], size_t *length, uint64_t *arrived);
	/* Whether the card is there, works, and its cable is plugged in. */
	bool (*has_link)(void);
};

/* NULL, or what is missing. */
const char *virtionet_begin(struct card *card, const char *command_line);
const char *netfront_begin(struct card *card);

#endif
