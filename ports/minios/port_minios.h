/* port_minios: the port to Mini-OS: the CPU's counter and random bits, and UDP over lwIP. */
#ifndef FFNTP_PORT_MINIOS_H
#define FFNTP_PORT_MINIOS_H

#include "../../include/ffntp/page.h"
#include "../port.h"

/* The clock page, for readers in this domain. */
extern struct ffntp_page ffntp_minios_page;

/* Return the port; there is one. Measures the counter for a tenth of a second; call it in a thread. */
const struct ffntp_port *ffntp_minios_port(void);

#endif
