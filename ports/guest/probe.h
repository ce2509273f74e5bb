/*
 * probe: a page of memory through which somebody outside, who has it mapped, brackets the guest's counter with his own.
 * Words of 64 bits: he writes a number other than the last to word 0; the guest answers with its counter in word 2, and
 * then the number in word 1. The first answer may take as long as the guest sleeps; the next few are quick.
 * A guest that follows a page is told there how its counter stands to the one that the page means (ours = theirs + word
 * 4, to half of word 5, in ticks) and which device's page to follow (word 6), and then another number than before in
 * word 3. What stands there when the guest begins was told to a former one, and is not taken.
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

/* Answers if there is a question, and then for up to 20 ms as long as there is another within 1 ms. */
void probe_answer(void);

/* What was told of a page to follow, once each time. */
bool probe_take_link(struct probe_link *link);

#endif
