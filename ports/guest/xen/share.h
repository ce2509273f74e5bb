/* share: the format that both sides of ../neighbour.h use. */
#ifndef GUEST_XEN_SHARE_H
#define GUEST_XEN_SHARE_H

#include "xen.h"

#define SHARE_FOLDER "data/ffntp"
#define SHARE_PAGES SHARE_FOLDER "/page"
#define SHARE_DOMAINS 0x7ff0 /* numbers from here on are reserved by Xen */

/* A page granted to the readers, with the writer's last stamp. The sequence is odd during an update. */
struct share_page {
	_Alignas(4096) volatile uint64_t sequence;
	struct xen_stamp stamp;
};

#endif
