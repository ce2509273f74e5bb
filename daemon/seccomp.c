#include "seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../ports/linux/readall.h"

/* The kernel refuses a larger filter (bytes). */
#define FILTER_MOST (BPF_MAXINSNS * sizeof(struct sock_filter))

static int install(void *text, size_t length)
{
	struct sock_fprog program = { (unsigned short)(length / sizeof(struct sock_filter)), text };

	if (length == 0 || length % sizeof(struct sock_filter) != 0)
		return EIO;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

/* Return the error that the child ended with. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

/* Write the filter into a file, in a child. Returns 0 or an errno value. */
static int write_in_child(ffntp_seccomp_writer *writer, bool has_handler, int file)
{
	pid_t process = getpid(), child = fork();

	if (child == 0)
		_exit(writer(process, has_handler, file));
	return child > 0 ? wait_for(child) : errno;
}

static int install_from(int file)
{
	size_t length = 0;
	char *text = lseek(file, 0, SEEK_SET) == 0 ? ffntp_read_whole(file, FILTER_MOST + 1, &length) : NULL;
	int error = text != NULL ? install(text, length) : errno;

	free(text);
	return error;
}

int ffntp_seccomp_apply(ffntp_seccomp_writer *writer, bool has_handler)
{
	int file = memfd_create("filter", MFD_CLOEXEC);
	int error;

	if (file < 0)
		return errno;
	error = write_in_child(writer, has_handler, file);
	if (error == 0)
		error = install_from(file);
	close(file);
	return error;
}
