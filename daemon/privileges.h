/* privileges: a daemon that root starts does what only root may do, and then becomes a user. */
#ifndef FFNTP_DAEMON_PRIVILEGES_H
#define FFNTP_DAEMON_PRIVILEGES_H

#include "../include/ffntp/instant.h"

/* The user that a daemon becomes if none is named, and if the system has it. */
#define FFNTP_PRIVILEGES_USER "_ffntp"

/*
 * As root, make the page's folder if it is missing, give it to the user, and become that user with its groups. As any
 * user, give up all capabilities, and the right to gain privileges by execve(). Call it before there are other threads.
 * user: a name; NULL: FFNTP_PRIVILEGES_USER if there is such a user, else nobody different. A daemon that is not
 * started by root stays its user. page: NULL if there is no file. Returns false if that failed; the reason was logged.
 */
FFNTP_MUST_USE bool ffntp_privileges_drop(const char *user, const char *page);

#endif
