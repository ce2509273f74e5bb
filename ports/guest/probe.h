/*
 * probe: a page of memory through which an outside program that has mapped it reads the guest's counter between two
 * readings of its own (a cross-timestamp). The words have 64 bits.
 * The outside program writes a number that differs from the last one to word 0. The guest answers with its counter in
 * word 2, and then with the number in word 1. The first answer may take as long as the guest sleeps; the next few are
 * quick.
 * A guest that follows a page receives there the relation of its counter to the page's counter (ours = theirs + word 4,
 * within half of word 5, in ticks), the number of the device whose page it is to follow (word 6), and then a new number
 * in word 3. A link that is there when the guest begins was meant for an earlier guest, and is ignored.
 */
#ifndef GUEST_PROBE_H
#define GUEST_PROBE_H

#include <stdbool.h>
#include <stdint.h>

struct probe_link {
	uint64_t offset, width, device;
};

/* address: 0 for no probe. */
void probe_begin(uint64_t address, uint64_t counter_hz);

/* Answer a pending question, then further ones for up to 20 ms, as long as each comes within 1 ms. */
void probe_answer(void);

/* Return true once for each new link. */
bool probe_take_link(struct probe_link *link);

#endif
