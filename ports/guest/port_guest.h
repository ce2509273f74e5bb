/* port_guest: the guest's port: CPU counter, entropy, lwIP; and its alarm for a counter that stood still. */
#ifndef GUEST_PORT_GUEST_H
#define GUEST_PORT_GUEST_H

#include "../port.h"
#include "machine.h"

/* The port of this machine; one of it. */
const struct ffntp_port *port_begin(const struct machine *machine);

/* The counter stood still: the port's epoch is another. */
void port_disrupt(void);

#endif
