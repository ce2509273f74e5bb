/* resume: the work of each module when the guest is saved, and restored as another domain. For control.c. */
#ifndef GUEST_XEN_RESUME_H
#define GUEST_XEN_RESUME_H

#include <stdbool.h>

/* Unmap foreign pages before suspend; they are mapped again after resume. */
void peer_leave(void);

/* Map again what Xen shares, and the console. Returns false if this is still the same domain, and nothing was lost. */
bool xen_resume(void);

/* Start again after xen_resume returned true: grants, events and the other sides are gone. */
void netfront_resume(void);
void share_resume(void);

/* Call it last, in either case. is_new: the ring is new. All watches are reported as changed. */
void xenstore_resume(bool is_new);

#endif
