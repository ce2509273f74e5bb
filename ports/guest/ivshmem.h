/* ivshmem: memory that QEMU shares between the host and guests (ivshmem-plain), as a PCI device. */
#ifndef GUEST_IVSHMEM_H
#define GUEST_IVSHMEM_H

#include <stddef.h>

/* The memory of the number-th such device, counted from 0 in the order of their slots; NULL if there is none. */
const void *ivshmem_memory(unsigned number);

#endif
