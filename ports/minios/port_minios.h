/* port_minios: the port to Mini-OS: the CPU's counter and random bits, and UDP over lwIP. */
#ifndef FFNTP_PORT_MINIOS_H
#define FFNTP_PORT_MINIOS_H

#include "../../include/ffntp/page.h"
#include "../port.h"

/* The clock page, for whoever reads the time in this domain. */
extern struct ffntp_page ffntp_minios_page;

/* Takes a tenth of a second, in which the counter is measured; in a thread. One of it. */
const struct ffntp_port *ffntp_minios_port(void);

#endif
