/*
 * dependent: a guest that asks no server: its page follows the host's, which it finds on an ivshmem device, or that of
 * another guest of Xen (neighbour.h).
 */
#ifndef GUEST_DEPENDENT_H
#define GUEST_DEPENDENT_H

#include "machine.h"
#include "../options.h"

#include "../../include/ffntp/page.h"

/* page: its own. Never returns. */
_Noreturn void dependent_main(const struct machine *machine, const struct options *options, struct ffntp_page *page);

#endif
