/*
 * callfilter: the system calls that a daemon may make from some moment on, as a filter that libseccomp makes. It is a
 * module (module.h), because the library is needed at the start alone, and to name a refused call.
 */
#ifndef FFNTP_LINUX_CALLFILTER_H
#define FFNTP_LINUX_CALLFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Room for the name of a system call. */
#define FFNTP_CALLFILTER_NAME_SIZE 64

struct ffntp_callfilter {
	/*
	 * Write the instructions (struct sock_filter) of a filter for a daemon that is this process. It allows the
	 * daemon's system calls. Any other call is not made. It raises SIGSYS, whose handler decides on its result,
	 * where has_handler; else it fails with EPERM. Returns 0 or an errno value.
	 */
	int (*write)(pid_t process, bool has_handler, int descriptor);
	/* Write the name of a system call of this machine; its number if it has none. */
	void (*name)(int call, char name[FFNTP_CALLFILTER_NAME_SIZE]);
};

/* The module's file, and its one symbol (module.h). */
#define FFNTP_CALLFILTER_MODULE "ffntp-callfilter.so"
#define FFNTP_CALLFILTER_SYMBOL "ffntp_callfilter_module"

extern const struct ffntp_callfilter ffntp_callfilter_module;

#endif
