/* servertext: how the log names a server or a reference clock. */
#ifndef FFNTP_DAEMON_SERVERTEXT_H
#define FFNTP_DAEMON_SERVERTEXT_H

#include "../ports/linux/sync.h"
#include "config.h"

struct ffntp_server_text {
	char is[FFNTP_CONFIG_NAME_SIZE + FFNTP_ADDRESS_TEXT_SIZE + 4];
};

/*
 * Return "NAME (ADDRESS)" of a server, or one of them alone: the address if that is its name, the name if it has no
 * address; or "PHC0 (/dev/ptp0)" of a reference clock. member: of the sync.
 */
struct ffntp_server_text ffntp_server_text(const struct ffntp_sync *sync, unsigned member);

#endif
