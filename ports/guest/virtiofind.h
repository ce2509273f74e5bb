/* virtiofind: searches the places where a machine may have virtio devices. */
#ifndef GUEST_VIRTIOFIND_H
#define GUEST_VIRTIOFIND_H

#include "virtio.h"

/*
 * Find the first device of a kind: those named on the command line (virtio_mmio.device=SIZE@ADDRESS:IRQ), those on PCI,
 * or those at the fixed places of machines without PCI.
 */
bool virtio_find(struct virtio_device *device, uint32_t kind, const char *command_line);

#endif
