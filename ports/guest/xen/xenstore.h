/*
 * xenstore: names and values by which domains find each other. Each call waits for the answer, a second at most. A
 * folder is one of our own domain's, "" the topmost, or begins with a slash.
 */
#ifndef GUEST_XEN_XENSTORE_H
#define GUEST_XEN_XENSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is watched, each by one user. */
enum xenstore_watch {
	XENSTORE_READERS,
	XENSTORE_FOLLOW,
	XENSTORE_PEER,
	XENSTORE_CARD,
	XENSTORE_BACKEND,
	XENSTORE_CONTROL
};

void xenstore_init(uint64_t counter_hz);

/* folder/name; false, and an empty value, if there is none, or it does not fit. */
bool xenstore_read(const char *folder, const char *name, char *value, size_t size);
bool xenstore_read_number(const char *folder, const char *name, uint64_t *number);

bool xenstore_write(const char *folder, const char *name, const char *value);
bool xenstore_write_number(const char *folder, const char *name, uint64_t number);
bool xenstore_remove(const char *folder, const char *name);

/* From now on the domain 'reader' may read it, and beside it and us nobody. */
bool xenstore_permit(const char *folder, const char *name, uint64_t reader);

/* To be told of changes at or below path; the first is told at once. Another path for the same watch ends the former.
 */
void xenstore_watch(enum xenstore_watch watch, const char *path);

/* Whether there was a change since this was last asked. Does not wait. */
bool xenstore_has_changed(enum xenstore_watch watch);

#endif
