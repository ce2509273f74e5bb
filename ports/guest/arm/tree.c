/* tree: see tree.h. The flattened format, version 17. */
#include "tree.h"

#include <stdbool.h>

#include "../../../core/bits.h"
#include "../../memory.h"
#include "../../words.h"

#define MAGIC 0xd00dfeedu
enum { AT_MAGIC = 0, AT_STRUCTURE = 8, AT_STRINGS = 12 };
enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOTHING = 4 };

static uint32_t load(const uint8_t *at)
{
	return (uint32_t)ffntp_load_be(at, 4);
}

static uint32_t aligned(uint32_t length)
{
	return (length + 3) & ~UINT32_C(3);
}

static bool is(const char *text, const char *wanted)
{
	return word_is((struct word){ text, strlen(text) }, wanted);
}

static bool begins(const char *text, const char *wanted)
{
	struct word word = { text, strlen(text) };

	return word_takes(&word, wanted);
}

static void take(struct tree *tree, const char *node, const char *name, const uint8_t *value, uint32_t length)
{
	if (is(node, "chosen") && is(name, "bootargs"))
		tree->command_line = (const char *)value;
	if (begins(node, "memory@") && is(name, "reg") && length >= 16) {
		tree->ram_start = ffntp_load_be(value, 8);
		tree->ram_bytes = ffntp_load_be(value + 8, 8);
	}
}

struct tree tree_read(const void *where)
{
	const uint8_t *base = where, *at;
	const char *node = "", *strings;
	struct tree tree = { "", 0, 0 };

	if (load(base + AT_MAGIC) != MAGIC)
		return tree;
	at = base + load(base + AT_STRUCTURE);
	strings = (const char *)base + load(base + AT_STRINGS);
	for (;;) {
		uint32_t token = load(at);

		at += 4;
		if (token == BEGIN_NODE) {
			node = (const char *)at;
			at += aligned((uint32_t)strlen(node) + 1);
		} else if (token == PROPERTY) {
			take(&tree, node, strings + load(at + 4), at + 8, load(at));
			at += 8 + aligned(load(at));
		} else if (token != END_NODE && token != NOTHING) {
			return tree;
		}
	}
}
