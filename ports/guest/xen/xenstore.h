/*
 * xenstore: names and values by which domains find each other. Each call waits for the answer, a second at most; after
 * one that was not answered none waits before the store has said anything again. A folder is one of our own domain's,
 * "" the topmost, or begins with a slash.
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

enum xenstore_result {
	XENSTORE_FOUND,
	XENSTORE_ABSENT, /* there is no such name, or its value does not fit, or is not for us */
	XENSTORE_SILENT, /* no answer: nothing is known. All that is watched counts as changed, so that it is read anew
			  */
};

/* folder/name; the value is empty unless it was found. */
enum xenstore_result xenstore_read(const char *folder, const char *name, char *value, size_t size);
enum xenstore_result xenstore_read_number(const char *folder, const char *name, uint64_t *number);

/* Whether it was written, removed, permitted; where the store is silent it may be, later. */
bool xenstore_write(const char *folder, const char *name, const char *value);
bool xenstore_write_number(const char *folder, const char *name, uint64_t number);
bool xenstore_remove(const char *folder, const char *name);

/* From now on the domain 'reader' may read it, and beside it and us nobody. */
bool xenstore_permit(const char *folder, const char *name, uint64_t reader);

/* To be told of changes at or below path; the first is told at once. Another path for the same watch ends the former.
 */
void xenstore_watch(enum xenstore_watch watch, const char *path);

/* Whether there was a change since this was last asked. Waits for nothing but the rest of what has begun to come. */
bool xenstore_has_changed(enum xenstore_watch watch);

#endif
