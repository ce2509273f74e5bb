/* virtiofind: where a machine has its virtio devices. */
#ifndef GUEST_VIRTIOFIND_H
#define GUEST_VIRTIOFIND_H

#include "virtio.h"

/*
 * Finds the first device of a kind: as the command line names them (virtio_mmio.device=SIZE@ADDRESS:IRQ), on PCI, or
 * where machines without PCI have them.
 */
bool virtio_find(struct virtio_device *device, uint32_t kind, const char *command_line);

#endif
