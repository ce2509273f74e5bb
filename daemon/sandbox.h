/*
 * sandbox: limits what the daemon can do to the system from its start on, in case that somebody takes it over: the
 * system calls, by seccomp (seccomp.h, ports/linux/callfilter.h), and the folders to write to, by Landlock
 * (landlock.h). A refused call fails with EPERM rather than ends the daemon, because the C library, GnuTLS and the
 * modules of the name service may make calls in their next release that this release does not know, and go on without
 * them. Each is logged once.
 */
#ifndef FFNTP_DAEMON_SANDBOX_H
#define FFNTP_DAEMON_SANDBOX_H

#include "../include/ffntp/instant.h"
#include "options.h"

/*
 * Enter the sandbox, unless the options switch it off. page: the page's file; NULL if there is none. Call it after
 * ffntp_privileges_drop(), before there are other threads. Where the system has no seccomp or no Landlock, the daemon
 * goes on without it. Returns false if entering failed for another reason, which was logged.
 */
FFNTP_MUST_USE bool ffntp_sandbox_enter(const struct ffntp_options *options, const char *page);

/* Log which parts are in force. */
void ffntp_sandbox_log(void);

/* Log the system calls that were refused since the last call of this function, each once. */
void ffntp_sandbox_step(void);

#endif
