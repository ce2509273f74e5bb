/* tree: reads the two properties of a device tree that the guest needs. */
#ifndef GUEST_ARM_TREE_H
#define GUEST_ARM_TREE_H

#include <stdint.h>

struct tree {
	const char *command_line; /* "" if the tree has none */
	uint64_t ram_start, ram_bytes;
};

/* Read the tree at that address. Without a tree there, all members are "" or 0. */
struct tree tree_read(const void *at);

#endif
