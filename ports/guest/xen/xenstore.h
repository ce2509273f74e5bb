/*
 * xenstore: names and values through which domains find each other. Each call waits for the answer, up to a second;
 * after a call without an answer no call waits until the store sends something again. A folder is relative to our own
 * domain's ("" is the topmost) unless it begins with a slash.
 */
#ifndef GUEST_XEN_XENSTORE_H
#define GUEST_XEN_XENSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The watches, with one user each. */
enum xenstore_watch {
	XENSTORE_READERS,
	XENSTORE_FOLLOW,
	XENSTORE_PEER,
	XENSTORE_CARD,
	XENSTORE_BACKEND,
	XENSTORE_CONTROL
};

void xenstore_init(uint64_t counter_hz);

enum xenstore_result {
	XENSTORE_FOUND,
	XENSTORE_ABSENT, /* no such name, its value does not fit, or it is not readable for us */
	XENSTORE_SILENT, /* no answer, nothing is known; all watches count as changed, so that they are read again */
};

/* Read folder/name. The value is empty unless it was found. */
enum xenstore_result xenstore_read(const char *folder, const char *name, char *value, size_t size);
enum xenstore_result xenstore_read_number(const char *folder, const char *name, uint64_t *number);

/* Return whether the store confirmed the change. Without an answer the change may still happen later. */
bool xenstore_write(const char *folder, const char *name, const char *value);
bool xenstore_write_number(const char *folder, const char *name, uint64_t number);
bool xenstore_remove(const char *folder, const char *name);

/* Let the domain 'reader' read the value, and no domain but it and us. */
bool xenstore_permit(const char *folder, const char *name, uint64_t reader);

/* Watch changes at or below path; the first is reported at once. A new path for the same watch replaces the old one. */
void xenstore_watch(enum xenstore_watch watch, const char *path);

/*
 * Return whether the path changed since the last call. Waits at most for the rest of a message that has begun to
 * arrive.
 */
bool xenstore_has_changed(enum xenstore_watch watch);

#endif
