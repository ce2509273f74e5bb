/* port_solo5: the port to Solo5: the CPU's counter and random bits, and UDP over lwIP. */
#ifndef FFNTP_PORT_SOLO5_H
#define FFNTP_PORT_SOLO5_H

#include "../../include/ffntp/page.h"
#include "../port.h"

/* The clock page, for readers in this unikernel. */
extern struct ffntp_page ffntp_solo5_page;

/* Return the port; there is one. Measures the counter for a tenth of a second. */
const struct ffntp_port *ffntp_solo5_port(void);

#endif
