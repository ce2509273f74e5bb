/* landlock: the folders that this process may write to, by Linux's Landlock, from some moment on. */
#ifndef FFNTP_DAEMON_LANDLOCK_H
#define FFNTP_DAEMON_LANDLOCK_H

#include <stddef.h>

/*
 * Let this thread and those that it starts write, make, rename and remove files below these folders only, also below
 * such as are missing now if their parents are named, and execute no program. A path may be that of a file, too, which
 * may be written then. A path that does not exist is left out. Reading is not limited. The process has
 * PR_SET_NO_NEW_PRIVS, and no other threads yet. *version: of Landlock. Returns 0 or an errno value: ENOSYS, EOPNOTSUPP
 * or EPERM if the system has no Landlock, or an outer filter forbids it.
 */
int ffntp_landlock_apply(const char *const *paths, size_t count, int *version);

#endif
