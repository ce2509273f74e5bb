/* memory: a guest's memory, read from outside: from a file that QEMU shares, or through Xen from dom0. */
#ifndef TESTS_GUESTS_MEMORY_H
#define TESTS_GUESTS_MEMORY_H

#include <stdint.h>

/*
 * Map the page at this address of the guest 'name' (a file, or the number of a domain). Return NULL if there is none.
 */
void *memory_page(const char *name, uint64_t address);

#endif
