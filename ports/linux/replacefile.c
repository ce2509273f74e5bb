#include "replacefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int write_all(int file, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(file, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? errno : ENOSPC;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

int ffntp_replace_file(int directory, const char *name, const void *bytes, size_t length, bool is_synced)
{
	char beside[NAME_MAX + 1];
	int file, error;

	if (snprintf(beside, sizeof(beside), "%s.new", name) >= (int)sizeof(beside))
		return ENAMETOOLONG;
	unlinkat(directory, beside, 0);
	file = openat(directory, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return errno;
	error = write_all(file, bytes, length);
	if (error == 0 && is_synced && fsync(file) != 0)
		error = errno;
	if (close(file) != 0 && error == 0)
		error = errno;
	if (error == 0 && renameat(directory, beside, directory, name) != 0)
		error = errno;
	if (error != 0)
		unlinkat(directory, beside, 0);
	return error;
}
