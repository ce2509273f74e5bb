/* virtionet: QEMU's network card. */
#include "card.h"

#include "machine.h"
#include "../memory.h"
#include "virtio.h"
#include "virtiofind.h"

#define F_MAC (UINT64_C(1) << 5)
#define F_STATUS (UINT64_C(1) << 16)
#define CONFIG_STATUS 6
#define LINK_IS_UP 1

enum { RECEIVE = 0, TRANSMIT = 1 };

/* Length of the header before each frame, all of whose features are unused. Legacy devices omit the last two bytes. */
#define HEADER 12
#define HEADER_LEGACY 10

struct buffer {
	_Alignas(16) uint8_t bytes[HEADER + CARD_FRAME];
};

static struct virtio_device device;
static struct virtio_queue receive_queue, transmit_queue;
static struct buffer received[VIRTIO_QUEUE_SIZE], to_send[VIRTIO_QUEUE_SIZE];
static const char *device_words; /* the command line's words for the device */
static uint32_t header;
static bool is_begun, has_status;

static void give_back(uint16_t slot)
{
	virtio_give(&receive_queue, slot, received[slot].bytes, sizeof received[slot].bytes, true);
}

static bool receive(uint8_t frame[CARD_FRAME], size_t *length, uint64_t *arrived)
{
	uint32_t written;
	uint16_t slot;

	if (!is_begun || !virtio_take(&receive_queue, &slot, &written))
		return false;
	*arrived = machine_counter();
	*length = 0;
	if (written > header && written - header <= CARD_FRAME) {
		*length = written - header;
		memcpy(frame, received[slot].bytes + header, *length);
	}
	give_back(slot);
	virtio_kick(&receive_queue);
	return true;
}

static bool transmit(const void *frame, size_t length, uint64_t *sent)
{
	uint32_t unused;
	uint16_t slot;

	if (!is_begun || length > CARD_FRAME)
		return false;
	while (virtio_take(&transmit_queue, &slot, &unused))
		;
	if (!virtio_free_slot(&transmit_queue, &slot))
		return false;
	memset(to_send[slot].bytes, 0, header);
	memcpy(to_send[slot].bytes + header, frame, length);
	*sent = machine_counter(); /* a device that is polling its queue takes the frame before it is notified */
	virtio_give(&transmit_queue, slot, to_send[slot].bytes, header + (uint32_t)length, false);
	virtio_kick(&transmit_queue);
	return true;
}

/* --- starting, removing and restarting the card --- */

static const char *begin(struct card *card)
{
	uint64_t agreed;

	if (!virtio_find(&device, VIRTIO_NETWORK, device_words))
		return "there is no network card that this guest knows (virtio-net)";
	if (!virtio_begin(&device, F_MAC | F_STATUS, &agreed) || (agreed & F_MAC) == 0 ||
	    !virtio_queue_start(&receive_queue, &device, RECEIVE) ||
	    !virtio_queue_start(&transmit_queue, &device, TRANSMIT))
		return "the network card does not start";
	has_status = (agreed & F_STATUS) != 0;
	header = device.is_legacy ? HEADER_LEGACY : HEADER;
	for (unsigned i = 0; i < 6; i++)
		card->mac[i] = device.transport->config(&device, i);
	virtio_ready(&device);
	for (uint16_t slot = 0; slot < receive_queue.size; slot++)
		give_back(slot);
	virtio_kick(&receive_queue);
	is_begun = true;
	return NULL;
}

static enum card_state link(void)
{
	return !has_status || (device.transport->config(&device, CONFIG_STATUS) & LINK_IS_UP) != 0 ? CARD_LINK
												   : CARD_NO_LINK;
}

/* A card that no longer works is reported as gone once, and then started again. */
static enum card_state look(struct card *card)
{
	if (!is_begun)
		return begin(card) == NULL ? link() : CARD_GONE;
	if (device.transport->is_asked_for(&device)) {
		virtio_stop(&device);
		device.transport->let_go(&device);
		is_begun = false;
	} else if (!virtio_is_alive(&device)) {
		is_begun = false;
	}
	return is_begun ? link() : CARD_GONE;
}

const char *virtionet_begin(struct card *card, const char *command_line)
{
	device_words = command_line;
	card->transmit = transmit;
	card->receive = receive;
	card->look = look;
	return begin(card);
}
