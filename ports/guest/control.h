/*
 * control: requests from the host's administrator to a guest of Xen: power off, reboot, or save (xl shutdown, reboot,
 * save). Without Xen there are no requests.
 */
#ifndef GUEST_CONTROL_H
#define GUEST_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

void control_begin(void);

/*
 * Handle requests; call it often. Powering off and rebooting are done at once. Returns whether the guest is to be
 * saved.
 */
bool control_look(void);

/*
 * Save the guest. Returns in the restored guest, which may be another domain, on another day and another processor. The
 * card and the neighbours are searched for again. The counter stood still meanwhile; the caller must report that
 * disruption. Returns the counter's frequency after the restore.
 */
uint64_t control_save(void);

#endif
