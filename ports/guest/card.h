/*
 * card: an Ethernet card, whatever it is: virtio-net, or netfront on Xen. One of it, which may be taken out and put
 * back, or exchanged for another, while the guest runs.
 */
#ifndef GUEST_CARD_H
#define GUEST_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_FRAME 1536

enum card_state {
	CARD_GONE,    /* taken out, or it does not work: no frame is sent or received */
	CARD_NO_LINK, /* its cable is not plugged in */
	CARD_LINK,
};

struct card {
	uint8_t mac[6]; /* may change while the card is gone */
	/* *sent: the counter just before the device could see the frame. */
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent);
	/* Whether a frame came: its length, and the counter just after it was seen, which is never before it came. */
	bool (*receive)(uint8_t frame[CARD_FRAME], size_t *length, uint64_t *arrived);
	/*
	 * Looks after the card, a few times a second: gives it back where somebody asks for it, and begins one that has
	 * come. A card that was begun anew has been gone for a look at least.
	 */
	enum card_state (*look)(struct card *card);
};

/* NULL, or what is missing. */
const char *virtionet_begin(struct card *card, const char *command_line);
const char *netfront_begin(struct card *card);

#endif
