/*
 * A network card that lies: the input is what the device writes into its rings, registers and buffers between calls of
 * the driver. No frame is longer than there is room for, and no access leaves the buffers.
 */
#include <stdlib.h>
#include <string.h>

#include "../../ports/guest/card.h"
#include "../../ports/guest/machine.h"
#include "../../ports/guest/virtio.h"
#include "../../ports/guest/virtiofind.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

enum { QUEUES = 2, RINGS = 8 };

static const uint8_t *at, *end;
static struct virtio_queue *queue[QUEUES];
static uint64_t ticks;
static uint8_t register_status;
static bool is_honest; /* the status is what the driver has written */

static void require(bool condition)
{
	if (!condition)
		abort();
}

static uint8_t next(void)
{
	return at < end ? *at++ : 0;
}

uint64_t ffntp_processor_counter(void)
{
	return ++ticks;
}

/* --- registers --- */

static uint64_t features(struct virtio_device *device)
{
	(void)device;
	return is_honest ? VIRTIO_F_VERSION_1 | 1u << 5 | 1u << 16 : UINT64_C(0x0101010101010101) * next();
}

static void ignore_features(struct virtio_device *device, uint64_t accepted)
{
	(void)device, (void)accepted;
}

static uint8_t status(struct virtio_device *device)
{
	(void)device;
	return is_honest || register_status == 0 ? register_status : next();
}

static void set_status(struct virtio_device *device, uint8_t value)
{
	(void)device;
	register_status = value;
}

static bool start_queue(struct virtio_device *device, struct virtio_queue *started)
{
	(void)device;
	require(started->number < QUEUES);
	queue[started->number] = started;
	if (!is_honest)
		started->size = (uint16_t)(1 << next() % 5);
	return true;
}

static void notify(struct virtio_queue *notified)
{
	require(notified->given - notified->seen <= UINT16_MAX);
}

static uint8_t config(struct virtio_device *device, unsigned offset)
{
	(void)device;
	return is_honest ? (uint8_t)offset : next();
}

static bool is_asked_for(struct virtio_device *device)
{
	(void)device;
	return !is_honest && next() % 8 == 7;
}

static void let_go(struct virtio_device *device)
{
	(void)device;
}

bool virtio_find(struct virtio_device *device, uint32_t kind, const char *command_line)
{
	static const struct virtio_transport transport = {
		features, ignore_features, status, set_status, start_queue, notify, config, is_asked_for, let_go,
	};

	require(strcmp(command_line, "words") == 0);
	*device = (struct virtio_device){ .kind = kind, .transport = &transport, .is_legacy = next() % 2 == 1 };
	return true;
}

/* --- rings --- */

/* Write an element of a ring and its index, anywhere and anything. */
static void lie(void)
{
	struct virtio_queue *chosen = queue[next() % QUEUES];
	uint8_t place = next() % VIRTIO_QUEUE_SIZE, id = next();

	if (chosen == NULL)
		return;
	chosen->rings.used.ring[place].id = id < 0xf0 ? id % VIRTIO_QUEUE_SIZE : UINT32_MAX - (id & 0xf);
	chosen->rings.used.ring[place].length = (uint32_t)next() << (next() % 25);
	chosen->rings.used.index = (uint16_t)(chosen->rings.used.index + next() % 4);
}

/* Hand a buffer back as an honest device does. */
static void hand_back(void)
{
	struct virtio_queue *chosen = queue[next() % QUEUES];
	uint16_t index;

	if (chosen == NULL)
		return;
	index = chosen->rings.used.index;
	chosen->rings.used.ring[index % chosen->size].id = chosen->rings.available.ring[index % chosen->size];
	chosen->rings.used.ring[index % chosen->size].length = 12 + next() * 7u;
	chosen->rings.used.index = (uint16_t)(index + 1);
}

static void drive(struct card *card)
{
	uint8_t frame[CARD_FRAME] = { 0 };
	uint64_t moment;
	size_t length;

	switch (next() % RINGS) {
	case 0:
	case 1:
		if (card->receive(frame, &length, &moment))
			require(length <= sizeof(frame));
		break;
	case 2:
		(void)card->transmit(frame, next() * 8u, &moment);
		break;
	case 3:
		(void)card->look(card);
		break;
	case 4:
		is_honest = next() % 2 == 0;
		break;
	case 5:
		lie();
		break;
	default:
		hand_back();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct card card = { .mac = { 0 } };

	at = input;
	end = input + size;
	queue[0] = queue[1] = NULL;
	is_honest = next() % 4 != 0;
	(void)virtionet_begin(&card, "words");
	while (at < end)
		drive(&card);
	return 0;
}
