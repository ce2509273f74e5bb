/* tree: the two things of a device tree that the guest asks for. */
#ifndef GUEST_ARM_TREE_H
#define GUEST_ARM_TREE_H

#include <stdint.h>

struct tree {
	const char *command_line; /* "" if none */
	uint64_t ram_start, ram_bytes;
};

/* The tree at that address; nothing but "" and 0 if there is none. */
struct tree tree_read(const void *at);

#endif
