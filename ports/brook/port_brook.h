/* port_brook: Brook's port. */
#ifndef FFNTP_PORT_BROOK_H
#define FFNTP_PORT_BROOK_H

#include "../../include/ffntp/page.h"
#include "../port.h"

extern const struct ffntp_port ffntp_port_brook;

/* Keeps time until the machine ends. Returns NULL; or one line for people, and no clock was begun. */
const char *ffntp_brook_main(struct ffntp_page *page);

#endif
