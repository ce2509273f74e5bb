#include "readall.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Room to begin with (bytes), which is doubled while the file is longer. */
#define ROOM 4096

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

/* Return twice the room, with the text in it, or NULL and errno. */
static char *enlarge(char *text, size_t *room, size_t most)
{
	char *larger = NULL;

	if (*room >= most)
		errno = EFBIG;
	else
		larger = realloc(text, 2 * *room);
	*room *= 2;
	if (larger == NULL)
		free(text);
	return larger;
}

char *ffntp_read_whole(int descriptor, size_t most, size_t *length)
{
	size_t room = ROOM, got = 0;
	char *text = malloc(room);

	*length = 0;
	while (text != NULL) {
		if (!ffntp_read_all(descriptor, text + *length, room - *length, &got)) {
			free(text);
			return NULL;
		}
		*length += got;
		if (*length < room)
			return text;
		text = enlarge(text, &room, most);
	}
	return NULL;
}
