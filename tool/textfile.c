#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Independent of the umask, because that of a service manager would hide the file from its reader. */
#define MODE 0644

static bool write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

/* close may be the first call that reports a full disk of another machine. */
static bool fill(int fd, const char *text, size_t length)
{
	bool is_good = write_all(fd, text, length) && fchmod(fd, MODE) == 0;
	int error = errno;

	if (close(fd) == 0)
		errno = error;
	else
		is_good = false;
	return is_good;
}

static bool replace(const char *path, char *beside, const char *text, size_t length)
{
	int fd = mkostemp(beside, O_CLOEXEC), error;

	if (fd < 0)
		return false;
	if (fill(fd, text, length) && rename(beside, path) == 0)
		return true;
	error = errno;
	unlink(beside);
	errno = error;
	return false;
}

bool textfile_replace(const char *path, const char *text, size_t length)
{
	char *beside;
	bool is_replaced;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
		errno = ENOMEM;
		return false;
	}
	is_replaced = replace(path, beside, text, length);
	free(beside);
	return is_replaced;
}
