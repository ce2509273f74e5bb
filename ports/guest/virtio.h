/*
 * virtio: queues of buffers shared with a device (VIRTIO 1.0), over registers in memory (virtiommio) or PCI
 * (virtiopci). Nothing here waits for an interrupt: the loop looks at the queues. The device is not trusted: nothing
 * that it writes takes us outside the buffers that it was handed.
 */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcislot.h"

enum { VIRTIO_NETWORK = 1, VIRTIO_ENTROPY = 4 };

#define VIRTIO_QUEUE_SIZE 16 /* or less, if the device has less */
#define VIRTIO_F_VERSION_1 (UINT64_C(1) << 32)

struct virtio_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

/* As the oldest transport wants them: one after the other, what the device writes on a page of its own. */
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
	uint16_t given, seen; /* buffers that the device was handed, and has handed back */
	uint32_t held;        /* the slots whose buffers it has, a bit each */
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
	/* Whether somebody asks for the device since the last time; and to let go of it, after which it is gone. */
	bool (*is_asked_for)(struct virtio_device *device);
	void (*let_go)(struct virtio_device *device);
};

struct virtio_device {
	const struct virtio_transport *transport;
	uint32_t kind;
	bool is_legacy;
	bool has_lied;      /* it handed back what it does not have */
	uint64_t registers; /* memory: all; PCI: the common configuration */

	/* PCI alone */
	struct pci_device pci;
	struct pcislot slot;
	uint64_t notify, config;
	uint32_t notify_length, notify_multiplier, config_length;
};

/* Resets the device, and agrees on those of the wanted features that it has; *agreed says which. */
bool virtio_begin(struct virtio_device *device, uint64_t wanted, uint64_t *agreed);
/* An empty queue. */
bool virtio_queue_start(struct virtio_queue *queue, struct virtio_device *device, uint16_t number);
void virtio_ready(struct virtio_device *device);

/* Takes back all buffers: it reads and writes memory no more. */
void virtio_stop(struct virtio_device *device);

/* Whether the device still works; not if it was taken out, wants a reset or has lied: then it may be begun again. */
bool virtio_is_alive(struct virtio_device *device);

/* A slot that the device does not have. */
bool virtio_free_slot(const struct virtio_queue *queue, uint16_t *slot);

/* Hands the device one buffer, as a slot that it does not have; virtio_kick tells it. */
void virtio_give(struct virtio_queue *queue, uint16_t slot, const void *bytes, uint32_t length, bool is_device_writing);
void virtio_kick(struct virtio_queue *queue);

/* A buffer that the device hands back: its slot, and how much it says that it wrote, which may be any number. */
bool virtio_take(struct virtio_queue *queue, uint16_t *slot, uint32_t *length);

#endif
