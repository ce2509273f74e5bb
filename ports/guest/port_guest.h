/* port_guest: the guest's port: CPU counter, entropy, lwIP; and its alarm for a counter that stood still. */
#ifndef GUEST_PORT_GUEST_H
#define GUEST_PORT_GUEST_H

#include "../processorport.h"
#include "machine.h"

/* The port of this machine; one of it. */
const struct ffntp_port *port_begin(const struct machine *machine);

#endif
