/*
 * leapfile: TAI - UTC from the table of leap seconds that IERS publishes and Debian's tzdata installs as
 * /usr/share/zoneinfo/leap-seconds.list. Parsing is pure.
 */
#ifndef FFNTP_LINUX_LEAPFILE_H
#define FFNTP_LINUX_LEAPFILE_H

#include <stddef.h>
#include <stdint.h>

#include "../../include/ffntp/instant.h"

#define FFNTP_LEAPFILE_DEFAULT "/usr/share/zoneinfo/leap-seconds.list"

enum ffntp_leapfile_result {
	FFNTP_LEAPFILE_OK = 0,
	FFNTP_LEAPFILE_MISSING,
	FFNTP_LEAPFILE_MALFORMED,
	FFNTP_LEAPFILE_EXPIRED,   /* the table does not know whether there was another leap second since */
	FFNTP_LEAPFILE_TOO_EARLY, /* the date lies before the table's first entry */
};

/* One line for people. Never NULL. */
const char *ffntp_leapfile_result_text(enum ffntp_leapfile_result result);

/*
 * now_s:        the date, seconds since 1970 (UTC); a day's error matters only next to a leap second.
 * tai_offset_s: TAI - UTC on that date. Untouched unless the result is FFNTP_LEAPFILE_OK.
 */
FFNTP_MUST_USE enum ffntp_leapfile_result ffntp_leapfile_parse(const char *text, size_t length, int64_t now_s,
							       int16_t *tai_offset_s);

FFNTP_MUST_USE enum ffntp_leapfile_result ffntp_leapfile_read(const char *path, int64_t now_s, int16_t *tai_offset_s);

#endif
