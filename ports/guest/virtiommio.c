/* virtiommio: see virtiommio.h. */
#include "virtiommio.h"

#include "../words.h"

enum mmio_register {
	MAGIC = 0x00,
	VERSION = 0x04,
	DEVICE_ID = 0x08,
	DEVICE_FEATURES = 0x10,
	DEVICE_FEATURES_SELECT = 0x14,
	DRIVER_FEATURES = 0x20,
	DRIVER_FEATURES_SELECT = 0x24,
	LEGACY_PAGE_SIZE = 0x28,
	QUEUE_SELECT = 0x30,
	QUEUE_SIZE_MOST = 0x34,
	QUEUE_SIZE = 0x38,
	LEGACY_QUEUE_ALIGN = 0x3c,
	LEGACY_QUEUE_PAGE = 0x40,
	QUEUE_READY = 0x44,
	QUEUE_NOTIFY = 0x50,
	STATUS = 0x70,
	QUEUE_DESCRIPTORS = 0x80,
	QUEUE_AVAILABLE = 0x90,
	QUEUE_USED = 0xa0,
	CONFIG = 0x100,
};

#define VIRT UINT32_C(0x74726976)
#define PAGE_SIZE 4096
#define SPACING 512 /* distance between devices */

static volatile uint32_t *at(const struct virtio_device *device, unsigned offset)
{
	return (volatile uint32_t *)(uintptr_t)(device->registers + offset);
}

static uint64_t features(struct virtio_device *device)
{
	uint64_t low;

	*at(device, DEVICE_FEATURES_SELECT) = 0;
	low = *at(device, DEVICE_FEATURES);
	if (device->is_legacy)
		return low;
	*at(device, DEVICE_FEATURES_SELECT) = 1;
	return low | (uint64_t)*at(device, DEVICE_FEATURES) << 32;
}

static void accept(struct virtio_device *device, uint64_t features)
{
	*at(device, DRIVER_FEATURES_SELECT) = 0;
	*at(device, DRIVER_FEATURES) = (uint32_t)features;
	if (device->is_legacy)
		return;
	*at(device, DRIVER_FEATURES_SELECT) = 1;
	*at(device, DRIVER_FEATURES) = (uint32_t)(features >> 32);
}

static uint8_t status(struct virtio_device *device)
{
	return (uint8_t)*at(device, STATUS);
}

static void set_status(struct virtio_device *device, uint8_t value)
{
	*at(device, STATUS) = value;
}

static void set_address(struct virtio_device *device, unsigned offset, const void *bytes)
{
	*at(device, offset) = (uint32_t)(uintptr_t)bytes;
	*at(device, offset + 4) = (uint32_t)((uint64_t)(uintptr_t)bytes >> 32);
}

static bool start_queue(struct virtio_device *device, struct virtio_queue *queue)
{
	*at(device, QUEUE_SELECT) = queue->number;
	while (queue->size > *at(device, QUEUE_SIZE_MOST))
		queue->size /= 2;
	/* The size of a legacy device's queue determines the layout of its rings, so that it must not be smaller. */
	if (queue->size == 0 || (device->is_legacy && queue->size < VIRTIO_QUEUE_SIZE))
		return false;
	*at(device, QUEUE_SIZE) = queue->size;
	if (device->is_legacy) {
		*at(device, LEGACY_PAGE_SIZE) = PAGE_SIZE;
		*at(device, LEGACY_QUEUE_ALIGN) = PAGE_SIZE;
		*at(device, LEGACY_QUEUE_PAGE) = (uint32_t)((uintptr_t)&queue->rings / PAGE_SIZE);
		return true;
	}
	set_address(device, QUEUE_DESCRIPTORS, &queue->rings.descriptor);
	set_address(device, QUEUE_AVAILABLE, &queue->rings.available);
	set_address(device, QUEUE_USED, &queue->rings.used);
	*at(device, QUEUE_READY) = 1;
	return true;
}

static void notify(struct virtio_queue *queue)
{
	*at(queue->device, QUEUE_NOTIFY) = queue->number;
}

static uint8_t config(struct virtio_device *device, unsigned offset)
{
	return *(volatile uint8_t *)(uintptr_t)(device->registers + CONFIG + offset);
}

/* Devices in memory cannot be removed. */
static bool is_asked_for(struct virtio_device *device)
{
	(void)device;
	return false;
}

static void let_go(struct virtio_device *device)
{
	(void)device;
}

static const struct virtio_transport transport = {
	features, accept, status, set_status, start_queue, notify, config, is_asked_for, let_go,
};

/* Return whether a device of this kind is at the address. */
static bool probe(struct virtio_device *device, uint64_t address)
{
	struct virtio_device found = { .transport = &transport, .kind = device->kind, .registers = address };
	uint32_t version;

	if (*at(&found, MAGIC) != VIRT || *at(&found, DEVICE_ID) != device->kind)
		return false;
	version = *at(&found, VERSION);
	if (version != 1 && version != 2)
		return false;
	found.is_legacy = version == 1;
	*device = found;
	return true;
}

bool virtiommio_scan(struct virtio_device *device, uint64_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (probe(device, first + i * (uint64_t)SPACING))
			return true;
	return false;
}

bool virtiommio_find(struct virtio_device *device, const char *command_line)
{
	struct words words = words_of(command_line);
	struct word word;
	uint64_t address;

	while (words_next(&words, &word)) {
		if (!word_takes(&word, "virtio_mmio.device="))
			continue;
		if (word_skip_to(&word, '@') && word_take_number(&word, &address) && address % SPACING == 0 &&
		    address < UINT64_C(1) << 32 && probe(device, address))
			return true;
	}
	return false;
}
