#include "seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
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

static int start_child(ffntp_seccomp_writer *writer, bool has_handler, int *descriptor, pid_t *child)
{
	pid_t process = getpid();
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	*child = fork();
	error = *child < 0 ? errno : 0;
	if (*child == 0)
		_exit(writer(process, has_handler, ends[1]));
	*descriptor = ends[0];
	close(ends[1]);
	if (error != 0)
		close(ends[0]);
	return error;
}

int ffntp_seccomp_apply(ffntp_seccomp_writer *writer, bool has_handler)
{
	int descriptor = -1, error, child_error;
	size_t length = 0;
	char *text;
	pid_t child = -1;

	error = start_child(writer, has_handler, &descriptor, &child);
	if (error != 0)
		return error;
	text = ffntp_read_whole(descriptor, FILTER_MOST + 1, &length);
	error = text != NULL ? 0 : errno;
	close(descriptor);
	child_error = wait_for(child);
	if (child_error != 0)
		error = child_error;
	if (error == 0)
		error = install(text, length);
	free(text);
	return error;
}
