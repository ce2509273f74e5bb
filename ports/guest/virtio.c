/* virtio: see virtio.h. */
#include "virtio.h"

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64, FAILED = 128 };

#define DESCRIPTOR_WRITE 2
#define NO_INTERRUPT 1

_Static_assert(VIRTIO_QUEUE_SIZE <= 32, "a bit of 'held' each");

bool virtio_begin(struct virtio_device *device, uint64_t wanted, uint64_t *agreed)
{
	const struct virtio_transport *transport = device->transport;

	transport->set_status(device, 0);
	for (int tries = 0; transport->status(device) != 0; tries++)
		if (tries > 100000)
			return false;
	transport->set_status(device, ACKNOWLEDGE);
	transport->set_status(device, ACKNOWLEDGE | DRIVER);
	if (!device->is_legacy)
		wanted |= VIRTIO_F_VERSION_1;
	*agreed = transport->features(device) & wanted;
	transport->accept(device, *agreed);
	if (device->is_legacy)
		return true;
	transport->set_status(device, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	return (transport->status(device) & FEATURES_OK) != 0;
}

bool virtio_queue_start(struct virtio_queue *queue, struct virtio_device *device, uint16_t number)
{
	queue->device = device;
	queue->number = number;
	queue->given = queue->seen = 0;
	queue->held = 0;
	queue->size = VIRTIO_QUEUE_SIZE;
	queue->rings = (struct virtio_rings){ 0 };
	queue->rings.available.flags = NO_INTERRUPT;
	return device->transport->start_queue(device, queue);
}

void virtio_ready(struct virtio_device *device)
{
	device->transport->set_status(device, ACKNOWLEDGE | DRIVER | DRIVER_OK | (device->is_legacy ? 0 : FEATURES_OK));
}

void virtio_stop(struct virtio_device *device)
{
	device->transport->set_status(device, 0);
}

bool virtio_is_alive(struct virtio_device *device)
{
	uint8_t status = device->transport->status(device); /* all ones, or zero, if the device was removed */

	return !device->has_lied && (status & (DRIVER_OK | NEEDS_RESET | FAILED)) == DRIVER_OK;
}

bool virtio_free_slot(const struct virtio_queue *queue, uint16_t *slot)
{
	for (*slot = 0; *slot < queue->size; ++*slot)
		if ((queue->held >> *slot & 1) == 0)
			return true;
	return false;
}

void virtio_give(struct virtio_queue *queue, uint16_t slot, const void *bytes, uint32_t length, bool is_device_writing)
{
	struct virtio_rings *rings = &queue->rings;

	rings->descriptor[slot] = (struct virtio_descriptor){
		.address = (uintptr_t)bytes,
		.length = length,
		.flags = is_device_writing ? DESCRIPTOR_WRITE : 0,
	};
	rings->available.ring[queue->given++ % queue->size] = slot;
	queue->held |= UINT32_C(1) << slot;
	__atomic_store_n(&rings->available.index, queue->given, __ATOMIC_RELEASE);
}

void virtio_kick(struct virtio_queue *queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	queue->device->transport->notify(queue);
}

/* Return false if the device handed back more buffers than it has, or a buffer that it does not have. */
static bool is_honest(const struct virtio_queue *queue, uint16_t handed_back, uint32_t id)
{
	return handed_back <= (uint16_t)(queue->given - queue->seen) && id < queue->size &&
	       (queue->held >> id & 1) != 0;
}

/* Each value from the device is read once, because the device may overwrite it. */
bool virtio_take(struct virtio_queue *queue, uint16_t *slot, uint32_t *length)
{
	uint16_t handed_back = (uint16_t)(__atomic_load_n(&queue->rings.used.index, __ATOMIC_ACQUIRE) - queue->seen);
	uint16_t place = queue->seen % queue->size;
	uint32_t id;

	if (handed_back == 0 || queue->device->has_lied)
		return false;
	id = __atomic_load_n(&queue->rings.used.ring[place].id, __ATOMIC_RELAXED);
	if (!is_honest(queue, handed_back, id)) {
		queue->device->has_lied = true;
		return false;
	}
	*slot = (uint16_t)id;
	*length = __atomic_load_n(&queue->rings.used.ring[place].length, __ATOMIC_RELAXED);
	queue->held &= ~(UINT32_C(1) << id);
	queue->seen++;
	return true;
}
