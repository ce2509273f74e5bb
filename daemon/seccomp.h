/* seccomp: the system calls that this process may make, by a filter of the kernel, from some moment on. */
#ifndef FFNTP_DAEMON_SECCOMP_H
#define FFNTP_DAEMON_SECCOMP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Write a filter's instructions (struct sock_filter) to a descriptor. It is called in a child of the process that gets
 * the filter. Returns 0 or an errno value.
 */
typedef int ffntp_seccomp_writer(pid_t process, bool has_handler, int descriptor);

/*
 * Let this thread and those that it starts make only the system calls that a filter allows. The filter is written by a
 * child, because the library that makes it would leave 50 KiB of memory in use. has_handler: passed to the writer. The
 * process has PR_SET_NO_NEW_PRIVS, and no other threads yet. Returns 0 or an errno value: the writer's; ENOSYS, EINVAL
 * or EPERM if the system has no filters, or an outer filter forbids them.
 */
int ffntp_seccomp_apply(ffntp_seccomp_writer *writer, bool has_handler);

#endif
