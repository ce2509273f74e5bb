/*
 * control: what whoever runs a guest of Xen asks of it: to be turned off, to start again, or to be saved (xl shutdown,
 * reboot, save). Where there is no Xen, nobody asks.
 */
#ifndef GUEST_CONTROL_H
#define GUEST_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

void control_begin(void);

/* Whether the guest is to be saved. To be turned off and to start again are done at once. To be called often. */
bool control_look(void);

/*
 * Saved, and restored: returns in the restored guest, perhaps as another domain, on another day and processor. Card and
 * neighbours are looked for anew. The counter stood still, which is for the caller to say; its frequency is returned.
 */
uint64_t control_save(void);

#endif
