/* landlock: limits the folders that this process may write to, by Linux's Landlock. */
#ifndef FFNTP_DAEMON_LANDLOCK_H
#define FFNTP_DAEMON_LANDLOCK_H

#include <stddef.h>

/*
 * Limit this thread, and those that it starts later: they may write, make, rename and remove files below these folders
 * only, and execute no program. A path may also be that of one file. A path that does not exist has no effect; name its
 * parent, if the path may be made later. Reading is not limited. Before the call, the process must have
 * PR_SET_NO_NEW_PRIVS and no other threads. *version: set to Landlock's. Returns 0 or an errno value: ENOSYS,
 * EOPNOTSUPP or EPERM if the system has no Landlock, or an outer filter forbids it.
 */
int ffntp_landlock_apply(const char *const *paths, size_t count, int *version);

#endif
