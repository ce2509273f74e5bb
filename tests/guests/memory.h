/* memory: a guest's memory as somebody outside sees it: a file that QEMU shares, or through Xen from dom0. */
#ifndef TESTS_GUESTS_MEMORY_H
#define TESTS_GUESTS_MEMORY_H

#include <stdint.h>

/* A page of the guest named 'name' (a file; or the number of a domain), at its own address. NULL if there is none. */
void *memory_page(const char *name, uint64_t address);

#endif
