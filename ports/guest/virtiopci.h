/* virtiopci: virtio devices on PCI, described by the capabilities of VIRTIO 1.0. */
#ifndef GUEST_VIRTIOPCI_H
#define GUEST_VIRTIOPCI_H

#include "virtio.h"

bool virtiopci_find(struct virtio_device *device);

#endif
