/*
 * virtio: queues of buffers shared with a device (VIRTIO 1.0), over registers in memory (virtiommio) or on PCI
 * (virtiopci). No function here waits for an interrupt: the loop polls the queues. The device is not trusted: its
 * values never lead to an access outside the buffers that it was given.
 */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcislot.h"

enum { VIRTIO_NETWORK = 1, VIRTIO_ENTROPY = 4 };

#define VIRTIO_QUEUE_SIZE 16 /* or less, if the device supports less */
#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)

struct virtio_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

/* In the layout of the oldest transport: consecutive, with the part that the device writes on a page of its own. */
struct virtio_rings {
	struct virtio_descriptor descriptor[VIRTIO_QUEUE_SIZE];
	struct {
		uint16_t flags, index, ring[VIRTIO_QUEUE_SIZE];
	} available;
	_Alignas(4096) struct {
		uint16_t flags, index;
		struct {
			uint32_t id, length;
		} ring[VIRTIO_QUEUE_SIZE];
	} used;
};

struct virtio_device;

struct virtio_queue {
	_Alignas(4096) struct virtio_rings rings;
	struct virtio_device *device;
	uint16_t number;
	uint16_t size;        /* a power of two */
	uint16_t given, seen; /* count of buffers given to the device, and of those it handed back */
	uint32_t held;        /* slots whose buffers the device has, one bit each */
	uint64_t notify;
};

struct virtio_transport {
	uint64_t (*features)(struct virtio_device *device);
	void (*accept)(struct virtio_device *device, uint64_t features);
	uint8_t (*status)(struct virtio_device *device);
	void (*set_status)(struct virtio_device *device, uint8_t status);
	bool (*start_queue)(struct virtio_device *device, struct virtio_queue *queue);
	void (*notify)(struct virtio_queue *queue);
	uint8_t (*config)(struct virtio_device *device, unsigned offset);
	/*
	 * Return whether the device's removal was requested since the last call; release the device, after which it is
	 * gone.
	 */
	bool (*is_asked_for)(struct virtio_device *device);
	void (*let_go)(struct virtio_device *device);
};

struct virtio_device {
	const struct virtio_transport *transport;
	uint32_t kind;
	bool is_legacy;
	bool has_lied;      /* it handed back a buffer that it did not have */
	uint64_t registers; /* memory: all registers; PCI: the common configuration */

	/* The rest is for PCI. */
	struct pci_device pci;
	struct pcislot slot;
	uint64_t notify, config;
	uint32_t notify_length, notify_multiplier, config_length;
};

/* Reset the device and negotiate features: *agreed has those of the wanted ones that it offers. */
bool virtio_begin(struct virtio_device *device, uint64_t wanted, uint64_t *agreed);
/* Start with an empty queue. */
bool virtio_queue_start(struct virtio_queue *queue, struct virtio_device *device, uint16_t number);
void virtio_ready(struct virtio_device *device);

/* Stop the device: it no longer reads or writes memory, and all buffers are ours again. */
void virtio_stop(struct virtio_device *device);

/*
 * Return whether the device works. It does not after it was removed, requests a reset or misbehaved; it may then be
 * started again.
 */
bool virtio_is_alive(struct virtio_device *device);

/* Find a slot that the device does not have. */
bool virtio_free_slot(const struct virtio_queue *queue, uint16_t *slot);

/* Give the device one buffer in a free slot. It looks for it after virtio_kick. */
void virtio_give(struct virtio_queue *queue, uint16_t slot, const void *bytes, uint32_t length, bool is_device_writing);
void virtio_kick(struct virtio_queue *queue);

/* Take one buffer back: its slot, and the length that the device claims to have written, which may be any number. */
bool virtio_take(struct virtio_queue *queue, uint16_t *slot, uint32_t *length);

#endif
