/* leaptable: the file with the table of leap seconds, read at the start and whenever it has changed. */
#ifndef FFNTP_DAEMON_LEAPTABLE_H
#define FFNTP_DAEMON_LEAPTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/timescale.h"

struct ffntp_leaptable {
	const char *path; /* NULL: never opened */
	bool has_table;
	struct ffntp_leap_table table;
	int64_t checked_s;  /* when the file was last checked */
	int64_t reported_s; /* the expiry that was logged last; 0: none */
	dev_t device;       /* identity and modification time of the file */
	ino_t inode;
	off_t size;
	struct timespec modified;
};

/*
 * Read the table. named: the file, or "" for the system's, which may be missing; it must outlive the table. leaptable:
 * zeroed at first. If it is opened again with the same name, the old table is kept when the file has become unreadable.
 */
void ffntp_leaptable_open(struct ffntp_leaptable *leaptable, const char *named);

/* Return the table, whose address is constant, or NULL. The caller must check its expiry. */
const struct ffntp_leap_table *ffntp_leaptable_get(const struct ffntp_leaptable *leaptable);

/*
 * Return TAI - UTC at this POSIX second in seconds; after the table's expiry its last offset, or 0 if is_strict.
 * Returns 0 without a table. A time before the table, as of a system clock that was never set, counts as its end.
 */
int16_t ffntp_leaptable_offset(const struct ffntp_leaptable *leaptable, int64_t utc_s, bool is_strict);

/*
 * Check the file, once a minute. now_s: any clock that does not run backwards. Returns true if the table has changed.
 * If the file was removed or has become unreadable, the old table is kept.
 */
bool ffntp_leaptable_poll(struct ffntp_leaptable *leaptable, int64_t now_s);

/*
 * Log that the table of a published map has expired, once for each expiry.
 * utc_s: UTC by that map, now.
 */
void ffntp_leaptable_report(struct ffntp_leaptable *leaptable, const struct ffntp_map *map, int64_t utc_s);

#endif
