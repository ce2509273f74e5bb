/* share: what both sides of ../neighbour.h know of each other. */
#ifndef GUEST_XEN_SHARE_H
#define GUEST_XEN_SHARE_H

#include "xen.h"

#define SHARE_FOLDER "data/ffntp"
#define SHARE_PAGES SHARE_FOLDER "/page"
#define SHARE_DOMAINS 0x7ff0 /* those beyond are no domain's numbers */

/* A page of its own, granted to the readers: the writer's last stamp. Odd while it is written. */
struct share_page {
	_Alignas(4096) volatile uint64_t sequence;
	struct xen_stamp stamp;
};

#endif
