/* virtiommio: virtio devices whose registers are in memory, in both versions of that transport. */
#ifndef GUEST_VIRTIOMMIO_H
#define GUEST_VIRTIOMMIO_H

#include "virtio.h"

/* Search the devices that the command line names as virtio_mmio.device=SIZE@ADDRESS:IRQ. */
bool virtiommio_find(struct virtio_device *device, const char *command_line);

/* Search 'count' consecutive places. */
bool virtiommio_scan(struct virtio_device *device, uint64_t first, unsigned count);

#endif
