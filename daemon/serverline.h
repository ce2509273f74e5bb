/* serverline: the line of a server or a pool in the configuration file. Pure. */
#ifndef FFNTP_DAEMON_SERVERLINE_H
#define FFNTP_DAEMON_SERVERLINE_H

#include <stdbool.h>

#include "config.h"
#include "configline.h"

/*
 * Read a line "server|pool NAME [OPTION...]" to a server, which is not checked against others yet. Returns false, as
 * refused, if a word is invalid.
 */
bool ffntp_serverline_parse(const struct ffntp_configline *line, bool is_pool, struct ffntp_config_server *server);

/* Check what concerns several options of the line, or other servers. Returns false, as refused, if they conflict. */
bool ffntp_serverline_check(const struct ffntp_configline *line, const struct ffntp_config *config,
			    const struct ffntp_config_server *server);

#endif
