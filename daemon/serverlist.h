/* serverlist: the lineup of a configuration's servers, in its order. */
#ifndef FFNTP_DAEMON_SERVERLIST_H
#define FFNTP_DAEMON_SERVERLIST_H

#include <stdbool.h>

#include "../ports/linux/lineup.h"
#include "config.h"

/*
 * Make a lineup of the servers of a configuration, with their keys. Returns false if a key or certificate cannot be
 * used, or memory is short; it was logged, and there is nothing to close.
 */
FFNTP_MUST_USE bool ffntp_serverlist_make(const struct ffntp_config *config, struct ffntp_lineup *lineup);

/*
 * Find the servers of the next lineup that the former one has with the same line and key. They stay online or offline
 * as they are; can_stay: they also get their place in the former lineup (lineup.h), so that they go on.
 */
void ffntp_serverlist_match(const struct ffntp_config *next, struct ffntp_lineup *next_lineup,
			    const struct ffntp_config *former, const struct ffntp_lineup *former_lineup, bool can_stay);

#endif
