/*
 * dependent: a guest without a server: its page follows the host's page, which it finds on an ivshmem device, or the
 * page of another guest of Xen (neighbour.h).
 */
#ifndef GUEST_DEPENDENT_H
#define GUEST_DEPENDENT_H

#include "machine.h"
#include "../options.h"

#include "../../include/ffntp/page.h"

/* Run the guest. page: its own. Never returns. */
_Noreturn void dependent_main(const struct machine *machine, const struct options *options, struct ffntp_page *page);

#endif
