/* virtio: see virtio.h. */
#include "virtio.h"

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64, FAILED = 128 };

#define DESCRIPTOR_WRITE 2
#define NO_INTERRUPT 1

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
	queue->seen = 0;
	queue->size = VIRTIO_QUEUE_SIZE;
	queue->rings.available.flags = NO_INTERRUPT;
	return device->transport->start_queue(device, queue);
}

void virtio_ready(struct virtio_device *device)
{
	device->transport->set_status(device, ACKNOWLEDGE | DRIVER | DRIVER_OK | (device->is_legacy ? 0 : FEATURES_OK));
}

bool virtio_is_alive(struct virtio_device *device)
{
	uint8_t status = device->transport->status(device);

	return (status & (DRIVER_OK | NEEDS_RESET | FAILED)) == DRIVER_OK;
}

void virtio_give(struct virtio_queue *queue, uint16_t slot, const void *bytes, uint32_t length, bool is_device_writing)
{
	struct virtio_rings *rings = &queue->rings;
	uint16_t index = rings->available.index;

	rings->descriptor[slot] = (struct virtio_descriptor){
		.address = (uintptr_t)bytes,
		.length = length,
		.flags = is_device_writing ? DESCRIPTOR_WRITE : 0,
	};
	rings->available.ring[index % queue->size] = slot;
	__atomic_store_n(&rings->available.index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
}

void virtio_kick(struct virtio_queue *queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	queue->device->transport->notify(queue);
}

bool virtio_take(struct virtio_queue *queue, uint16_t *slot, uint32_t *length)
{
	if (__atomic_load_n(&queue->rings.used.index, __ATOMIC_ACQUIRE) == queue->seen)
		return false;
	*slot = (uint16_t)(queue->rings.used.ring[queue->seen % queue->size].id % queue->size);
	*length = queue->rings.used.ring[queue->seen % queue->size].length;
	queue->seen++;
	return true;
}
