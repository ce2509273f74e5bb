/* port_guest: the guest's port: CPU counter, entropy, lwIP, and stall detection for the counter. */
#ifndef GUEST_PORT_GUEST_H
#define GUEST_PORT_GUEST_H

#include "../processorport.h"
#include "machine.h"

/* Return the port of this machine. There is one. */
const struct ffntp_port *port_begin(const struct machine *machine);

#endif
