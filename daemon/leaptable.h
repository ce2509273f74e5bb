/* leaptable: the file with the table of leap seconds, read when the daemon begins and whenever it has changed. */
#ifndef FFNTP_DAEMON_LEAPTABLE_H
#define FFNTP_DAEMON_LEAPTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "../include/ffntp/timescale.h"

struct ffntp_leaptable {
	const char *path; /* NULL: never opened */
	bool has_table;
	struct ffntp_leap_table table;
	int64_t checked_s; /* when it was last looked at */
	dev_t device;      /* which file that was, and when it was written */
	ino_t inode;
	off_t size;
	struct timespec modified;
};

/*
 * named: "" for the system's file, which may be missing; it must outlive the table. Reads it. leaptable: all zero at
 * first; opened again with the same name, it keeps what was read before if the file cannot be read any more.
 */
void ffntp_leaptable_open(struct ffntp_leaptable *leaptable, const char *named);

/* The table, which stays where it is, or NULL. Whether it has expired is the user's to ask. */
const struct ffntp_leap_table *ffntp_leaptable_get(const struct ffntp_leaptable *leaptable);

/*
 * Looks at the file once a minute; now_s: any clock that does not go back. Returns true if there is another table now.
 * A file that is gone, or has become unreadable, leaves the table that was read before.
 */
bool ffntp_leaptable_poll(struct ffntp_leaptable *leaptable, int64_t now_s);

#endif
