/* virtiopci: see virtiopci.h. */
#include "virtiopci.h"

#include "pci.h"

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
};

enum capability { CAPABILITY_COMMON = 1, CAPABILITY_NOTIFY = 2, CAPABILITY_DEVICE = 4 };

#define VENDOR 0x1af4
#define PCI_CAPABILITIES 0x34
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

static bool start_queue(struct virtio_device *device, struct virtio_queue *queue)
{
	*at16(device, QUEUE_SELECT) = queue->number;
	if (*at16(device, QUEUE_SIZE) == 0)
		return false;
	if (*at16(device, QUEUE_SIZE) < queue->size)
		queue->size = *at16(device, QUEUE_SIZE);
	*at16(device, QUEUE_SIZE) = queue->size;
	set_address(device, QUEUE_DESCRIPTORS, &queue->rings.descriptor);
	set_address(device, QUEUE_AVAILABLE, &queue->rings.available);
	set_address(device, QUEUE_USED, &queue->rings.used);
	queue->notify = device->notify + (uint64_t)*at16(device, QUEUE_NOTIFY_OFFSET) * device->notify_multiplier;
	*at16(device, QUEUE_ENABLE) = 1;
	return true;
}

static void notify(struct virtio_queue *queue)
{
	*(volatile uint16_t *)(uintptr_t)queue->notify = queue->number;
}

static uint8_t config(struct virtio_device *device, unsigned offset)
{
	return *at8(device->device_config + offset);
}

static const struct virtio_transport transport = {
	features, accept, status, set_status, start_queue, notify, config,
};

static void take_capability(struct virtio_device *device, struct pci_device pci, unsigned offset)
{
	uint32_t head = pci_read(pci, offset);
	uint64_t base = pci_base(pci, pci_read(pci, offset + 4) & 7);
	uint64_t address = base + pci_read(pci, offset + 8);

	if (base == 0)
		return;
	switch (head >> 24) {
	case CAPABILITY_COMMON:
		device->registers = address;
		break;
	case CAPABILITY_NOTIFY:
		device->notify = address;
		device->notify_multiplier = pci_read(pci, offset + 16);
		break;
	case CAPABILITY_DEVICE:
		device->device_config = address;
		break;
	default:
		break;
	}
}

static bool is_it(struct pci_device pci, void *context)
{
	struct virtio_device *device = context;
	uint32_t id = pci_read(pci, 0);
	/* Modern devices are 0x1040 + kind; of the transitional ones the subsystem says the kind. */
	uint32_t kind = id >> 16 >= 0x1040 ? (id >> 16) - 0x1040 : pci_read(pci, 0x2c) >> 16;

	if ((id & 0xffff) != VENDOR || id >> 16 < 0x1000 || id >> 16 > 0x107f || kind != device->kind)
		return false;
	for (unsigned next = pci_read(pci, PCI_CAPABILITIES) & 0xfc, count = 0; next != 0 && count < 48; count++) {
		if ((pci_read(pci, next) & 0xff) == PCI_CAPABILITY_VENDOR)
			take_capability(device, pci, next);
		next = pci_read(pci, next) >> 8 & 0xfc;
	}
	return device->registers != 0 && device->notify != 0;
}

bool virtiopci_find(struct virtio_device *device)
{
	struct pci_device pci;

	if (!pci_find(&pci, is_it, device))
		return false;
	device->transport = &transport;
	pci_enable(pci);
	return true;
}
