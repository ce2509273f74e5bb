/* ivshmem: memory that QEMU shares between the host and guests (ivshmem-plain), as a PCI device. */
#ifndef GUEST_IVSHMEM_H
#define GUEST_IVSHMEM_H

#include <stddef.h>

/* Return the memory of the device with this number, counted from 0 in the order of slots; NULL if there is none. */
const void *ivshmem_memory(unsigned number);

#endif
