/* thread: threads beside a program's own. */
#ifndef FFNTP_LINUX_THREAD_H
#define FFNTP_LINUX_THREAD_H

#include <pthread.h>

#include "../../include/ffntp/instant.h"

/*
 * Start a thread with all signals blocked, because they belong to the program: they must interrupt its poll(). Except
 * for SIGSYS, which a filter of system calls sends to the thread that makes a call, and which ends the process where it
 * is blocked. Returns 0 or an errno value.
 */
FFNTP_MUST_USE int ffntp_thread_start(pthread_t *thread, void *(*run)(void *), void *argument);

#endif
