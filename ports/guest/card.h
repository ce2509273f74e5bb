/*
 * card: an Ethernet card of any kind: virtio-net, or netfront on Xen. The guest has one, which may be removed, put back
 * or replaced by a different one while the guest runs.
 */
#ifndef GUEST_CARD_H
#define GUEST_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_FRAME 1536

enum card_state {
	CARD_GONE,    /* removed or defective: no frame is sent or received */
	CARD_NO_LINK, /* its cable is not plugged in */
	CARD_LINK,
};

struct card {
	uint8_t mac[6]; /* may change while the card is gone */
	/* *sent: the counter just before the device could see the frame. */
	bool (*transmit)(const void *frame, size_t length, uint64_t *sent);
	/* Returns whether a frame came. *arrived: the counter just after the frame was found, never before it came. */
	bool (*receive)(uint8_t frame[CARD_FRAME], size_t *length, uint64_t *arrived);
	/*
	 * Check the card; call it a few times a second. Releases the card if its removal was requested, and starts a
	 * card that was inserted. A card that is restarted is reported as gone at least once.
	 */
	enum card_state (*look)(struct card *card);
};

/* Start the card. Returns NULL, or a message that names what is missing. */
const char *virtionet_begin(struct card *card, const char *command_line);
const char *netfront_begin(struct card *card);

#endif
