#include "readall.h"

#include <errno.h>
#include <unistd.h>

bool ffntp_read_all(int descriptor, char *text, size_t size, size_t *length)
{
	*length = 0;
	while (*length < size) {
		ssize_t got = read(descriptor, text + *length, size - *length);

		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			*length += (size_t)got;
	}
	return true;
}
