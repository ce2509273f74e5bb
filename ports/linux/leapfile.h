/*
 * leapfile: reads the table of leap seconds that IERS publishes and Debian's tzdata installs as
 * /usr/share/zoneinfo/leap-seconds.list. Parsing is pure.
 */
#ifndef FFNTP_LINUX_LEAPFILE_H
#define FFNTP_LINUX_LEAPFILE_H

#include <stddef.h>

#include "../../include/ffntp/timescale.h"

#define FFNTP_LEAPFILE_DEFAULT "/usr/share/zoneinfo/leap-seconds.list"

/*
 * Both return NULL and a table that ffntp_leap_table_check accepts; or a message, and *table is untouched: the file
 * does not exist, it has no table, its checksum (#h) is missing or wrong, or its content is invalid. The caller must
 * check the expiry.
 */
FFNTP_MUST_USE const char *ffntp_leapfile_parse(const char *text, size_t length, struct ffntp_leap_table *table);
FFNTP_MUST_USE const char *ffntp_leapfile_read(const char *path, struct ffntp_leap_table *table);

#endif
