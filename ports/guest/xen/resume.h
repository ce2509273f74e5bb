/* resume: what each part does about the guest being saved, and restored as another domain. For control.c. */
#ifndef GUEST_XEN_RESUME_H
#define GUEST_XEN_RESUME_H

#include <stdbool.h>

/* Before it is saved: others' pages are none of its memory. They are looked for anew afterwards. */
void peer_leave(void);

/* Afterwards: the pages that Xen shares and the console. False if we are the same domain, and nothing was lost. */
bool xen_resume(void);

/* Where xen_resume says so: grants, events and the other sides are gone. */
void netfront_resume(void);
void share_resume(void);

/* In any case, and last. is_new: the ring is. Everything that is watched is told of. */
void xenstore_resume(bool is_new);

#endif
