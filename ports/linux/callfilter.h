/*
 * callfilter: the system calls that a daemon may make from some moment on, by a filter that libseccomp builds. It is a
 * module (module.h), because the library is needed at the start alone, and to name a refused call: its memory is freed
 * once the filter is in the kernel.
 */
#ifndef FFNTP_LINUX_CALLFILTER_H
#define FFNTP_LINUX_CALLFILTER_H

#include <stddef.h>

/* Room for the name of a system call. */
#define FFNTP_CALLFILTER_NAME_SIZE 64

struct ffntp_callfilter {
	/*
	 * Allow, in this thread and those that it starts, the system calls of a daemon that has no other threads yet.
	 * Any other call is not made. It raises SIGSYS, whose handler decides on its result, where has_handler; else it
	 * fails with EPERM. The process has PR_SET_NO_NEW_PRIVS. Returns 0 or an errno value: ENOSYS, EINVAL or EPERM
	 * if the system has no filters, or an outer filter forbids them.
	 */
	int (*apply)(int has_handler);
	/* Write the name of a system call of this machine; its number if it has none. */
	void (*name)(int call, char name[FFNTP_CALLFILTER_NAME_SIZE]);
};

/* The module's file, and its one symbol (module.h). */
#define FFNTP_CALLFILTER_MODULE "ffntp-callfilter.so"
#define FFNTP_CALLFILTER_SYMBOL "ffntp_callfilter_module"

extern const struct ffntp_callfilter ffntp_callfilter_module;

#endif
