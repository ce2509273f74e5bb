/* port_brook: Brook's port. */
#ifndef FFNTP_PORT_BROOK_H
#define FFNTP_PORT_BROOK_H

#include "../../include/ffntp/page.h"
#include "../port.h"

extern const struct ffntp_port ffntp_port_brook;

/* Keep time until the machine ends, then return NULL. Returns a message at once if the clock could not be started. */
const char *ffntp_brook_main(struct ffntp_page *page);

#endif
