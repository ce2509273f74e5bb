/*
 * linux: reading the clock page that ffntpd keeps. Open once, then read as often as needed: no system call, no lock,
 * any number of threads on one reader.
 *
 *   struct ffntp_linux_reader reader;
 *   struct ffntp_reading now;
 *
 *   if (ffntp_linux_open(&reader, NULL) != FFNTP_PAGE_OK ||
 *       ffntp_linux_now(&reader, FFNTP_UTC, UINT64_MAX, &now) != FFNTP_CLOCK_OK)
 *           ...
 */
#ifndef FFNTP_LINUX_H
#define FFNTP_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "page.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_linux_reader {
	const struct ffntp_page *page; /* for ffntp_page_read and its like */
	enum ffntp_counter_kind counter_kind;
	uint64_t device, inode; /* of the file that is mapped */
};

/* Bytes that any path of Linux fits in, its end included. */
#define FFNTP_LINUX_PATH_SIZE 4096

/*
 * Where a daemon of this user keeps its page: /run/ffntp/page for root, else $XDG_RUNTIME_DIR/ffntp/page, else
 * /tmp/ffntp-UID/page. False if the path is too long.
 */
FFNTP_MUST_USE bool ffntp_linux_default_path(char path[FFNTP_LINUX_PATH_SIZE]);

/*
 * Opens and checks a page: that it is one, of this boot, and that its counter can be read safely in this process.
 * path: NULL for /run/ffntp/page or, if it is missing, the default path of this user; of these only files that belong
 * to root or to this user. Returns FFNTP_PAGE_OK, or the reason and there is nothing to close.
 */
FFNTP_MUST_USE enum ffntp_page_result ffntp_linux_open(struct ffntp_linux_reader *reader, const char *path);

/*
 * The page that ffntp_linux_open finds without a path, or refuses; where there is none, the default path. For messages.
 * False if that is too long.
 */
FFNTP_MUST_USE bool ffntp_linux_usual_path(char path[FFNTP_LINUX_PATH_SIZE]);

/* Unmaps the page. No other thread may be reading it. Again: does nothing. */
void ffntp_linux_close(struct ffntp_linux_reader *reader);

/*
 * Whether another file is at path now, or none: a daemon that must change the page's layout or counter makes a new one,
 * and leaves the old one with status unknown. Costs a system call; worth asking when a reading was refused. path as it
 * was opened.
 */
FFNTP_MUST_USE bool ffntp_linux_is_replaced(const struct ffntp_linux_reader *reader, const char *path);

/* The page's counter, now. */
ffntp_counter ffntp_linux_counter(const struct ffntp_linux_reader *reader);

/*
 * The time now; costs about as much as clock_gettime. scale, max_bound_ns: as for ffntp_clock_at.
 * Beyond what ffntp_clock_at refuses: FFNTP_CLOCK_BUSY, FFNTP_CLOCK_COUNTER if the page is not what was opened, and
 * FFNTP_CLOCK_DISRUPTED if the counter is behind the map, which was made before it was read.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_now(const struct ffntp_linux_reader *reader,
						       enum ffntp_timescale scale, uint64_t max_bound_ns,
						       struct ffntp_reading *reading);

/*
 * UTC that never runs backwards, in this process or any other, and the plain reading of the same instant:
 * ffntp_steady_utc and ffntp_linux_now, and what they refuse. plain: may be NULL.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_steady(const struct ffntp_linux_reader *reader,
							  struct ffntp_time *utc, struct ffntp_reading *plain);

/*
 * The time at an earlier reading of the page's counter, with the map of its own time. Refuses as ffntp_linux_now does,
 * and with FFNTP_CLOCK_TOO_OLD where that map is not remembered.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_at(const struct ffntp_linux_reader *reader, ffntp_counter then,
						      enum ffntp_timescale scale, uint64_t max_bound_ns,
						      struct ffntp_reading *reading);

FFNTP_END_DECLARATIONS

#endif
