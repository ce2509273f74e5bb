/* virtiopci: see virtiopci.h. */
#include "virtiopci.h"

#include "pci.h"
#include "pcislot.h"

enum common_register {
	DEVICE_FEATURES_SELECT = 0x00,
	DEVICE_FEATURES = 0x04,
	DRIVER_FEATURES_SELECT = 0x08,
	DRIVER_FEATURES = 0x0c,
	STATUS = 0x14,
	QUEUE_SELECT = 0x16,
	QUEUE_SIZE = 0x18,
	QUEUE_ENABLE = 0x1c,
	QUEUE_NOTIFY_OFFSET = 0x1e,
	QUEUE_DESCRIPTORS = 0x20,
	QUEUE_AVAILABLE = 0x28,
	QUEUE_USED = 0x30,
	COMMON_LENGTH = 0x38,
};

enum capability { CAPABILITY_COMMON = 1, CAPABILITY_NOTIFY = 2, CAPABILITY_DEVICE = 4 };
enum { CAPABILITY_BAR = 4, CAPABILITY_OFFSET = 8, CAPABILITY_LENGTH = 12, CAPABILITY_MULTIPLIER = 16 };

#define VENDOR 0x1af4
#define PCI_CAPABILITY_VENDOR 9

static volatile uint32_t *at32(const struct virtio_device *device, unsigned offset)
{
	return (volatile uint32_t *)(uintptr_t)(device->registers + offset);
}

static volatile uint16_t *at16(const struct virtio_device *device, unsigned offset)
{
	return (volatile uint16_t *)(uintptr_t)(device->registers + offset);
}

static volatile uint8_t *at8(uint64_t address)
{
	return (volatile uint8_t *)(uintptr_t)address;
}

static uint64_t features(struct virtio_device *device)
{
	uint64_t low;

	*at32(device, DEVICE_FEATURES_SELECT) = 0;
	low = *at32(device, DEVICE_FEATURES);
	*at32(device, DEVICE_FEATURES_SELECT) = 1;
	return low | (uint64_t)*at32(device, DEVICE_FEATURES) << 32;
}

static void accept(struct virtio_device *device, uint64_t features)
{
	*at32(device, DRIVER_FEATURES_SELECT) = 0;
	*at32(device, DRIVER_FEATURES) = (uint32_t)features;
	*at32(device, DRIVER_FEATURES_SELECT) = 1;
	*at32(device, DRIVER_FEATURES) = (uint32_t)(features >> 32);
}

static uint8_t status(struct virtio_device *device)
{
	return *at8(device->registers + STATUS);
}

static void set_status(struct virtio_device *device, uint8_t value)
{
	*at8(device->registers + STATUS) = value;
}

static void set_address(struct virtio_device *device, unsigned offset, const void *bytes)
{
	*at32(device, offset) = (uint32_t)(uintptr_t)bytes;
	*at32(device, offset + 4) = (uint32_t)((uint64_t)(uintptr_t)bytes >> 32);
}

/* Find the register that notifies the device of the selected queue. */
static bool place_notify(struct virtio_device *device, struct virtio_queue *queue)
{
	uint64_t offset = (uint64_t)*at16(device, QUEUE_NOTIFY_OFFSET) * device->notify_multiplier;

	queue->notify = device->notify + offset;
	return offset <= device->notify_length - sizeof(uint16_t);
}

static bool start_queue(struct virtio_device *device, struct virtio_queue *queue)
{
	uint16_t most;

	*at16(device, QUEUE_SELECT) = queue->number;
	most = *at16(device, QUEUE_SIZE);
	while (queue->size > most)
		queue->size /= 2;
	if (queue->size == 0 || !place_notify(device, queue))
		return false;
	*at16(device, QUEUE_SIZE) = queue->size;
	set_address(device, QUEUE_DESCRIPTORS, &queue->rings.descriptor);
	set_address(device, QUEUE_AVAILABLE, &queue->rings.available);
	set_address(device, QUEUE_USED, &queue->rings.used);
	*at16(device, QUEUE_ENABLE) = 1;
	return true;
}

static void notify(struct virtio_queue *queue)
{
	*(volatile uint16_t *)(uintptr_t)queue->notify = queue->number;
}

static uint8_t config(struct virtio_device *device, unsigned offset)
{
	return offset < device->config_length ? *at8(device->config + offset) : UINT8_MAX;
}

static bool is_asked_for(struct virtio_device *device)
{
	return pcislot_is_asked_for(device->slot);
}

static void let_go(struct virtio_device *device)
{
	pcislot_let_go(device->slot);
}

static const struct virtio_transport transport = {
	features, accept, status, set_status, start_queue, notify, config, is_asked_for, let_go,
};

/*
 * Return the address of the registers that a capability describes, 0 if fewer than 'least' bytes of them are within the
 * device's memory.
 */
static uint64_t registers_of(struct pci_device pci, unsigned capability, uint32_t least, uint32_t *length)
{
	uint32_t offset = pci_read(pci, capability + CAPABILITY_OFFSET);
	struct pci_region region;

	*length = pci_read(pci, capability + CAPABILITY_LENGTH);
	if (!pci_region(pci, pci_read(pci, capability + CAPABILITY_BAR) & 0xff, &region) || region.address == 0 ||
	    *length < least || *length > region.size || offset > region.size - *length)
		return *length = 0;
	return (uint64_t)region.address + offset;
}

static void take_capability(struct virtio_device *device, unsigned capability)
{
	struct pci_device pci = device->pci;
	uint32_t unused;

	switch (pci_read(pci, capability) >> 24) {
	case CAPABILITY_COMMON:
		device->registers = registers_of(pci, capability, COMMON_LENGTH, &unused);
		break;
	case CAPABILITY_NOTIFY:
		device->notify = registers_of(pci, capability, sizeof(uint16_t), &device->notify_length);
		device->notify_multiplier = pci_read(pci, capability + CAPABILITY_MULTIPLIER);
		break;
	case CAPABILITY_DEVICE:
		device->config = registers_of(pci, capability, 1, &device->config_length);
		break;
	default:
		break;
	}
}

static bool is_it(struct pci_device pci, void *context)
{
	struct virtio_device *device = context;
	uint32_t id = pci_read(pci, 0), kind = device->kind;
	/* The device id is 0x1040 + kind for modern devices; for transitional ones the subsystem id is the kind. */
	uint32_t its_kind = id >> 16 >= 0x1040 ? (id >> 16) - 0x1040 : pci_read(pci, 0x2c) >> 16;

	if ((id & 0xffff) != VENDOR || id >> 16 < 0x1000 || id >> 16 > 0x107f || its_kind != kind)
		return false;
	*device = (struct virtio_device){ .transport = &transport, .kind = kind, .pci = pci };
	for (unsigned at = 0, count = 0; count < PCI_CAPABILITIES_MOST; count++) {
		at = pci_capability(pci, PCI_CAPABILITY_VENDOR, at);
		if (at == 0)
			break;
		take_capability(device, at);
	}
	return device->registers != 0 && device->notify != 0;
}

bool virtiopci_find(struct virtio_device *device)
{
	struct pci_device pci;

	pcislot_admit();
	if (!pci_find(&pci, is_it, device))
		return false;
	device->slot = pcislot_of(pci);
	pci_enable(pci);
	return true;
}
