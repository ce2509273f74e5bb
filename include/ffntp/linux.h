/*
 * linux: read the time from the page that ffntpd publishes. Open the page once, then read it as often as needed.
 * Readings take no lock and make no system call; any number of threads may share one reader.
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

/* The offsets of this process's time namespace, which its CLOCK_MONOTONIC and CLOCK_BOOTTIME contain. */
struct ffntp_linux_offsets {
	int64_t monotonic_ns, boottime_ns;
};

struct ffntp_linux_reader {
	const struct ffntp_page *page; /* also for ffntp_page_read and similar functions */
	enum ffntp_counter_kind counter_kind;
	bool is_foreign;        /* a VMClock page of another writer */
	uint64_t device, inode; /* of the mapped file */
	struct ffntp_linux_offsets offsets;
};

/* Size in bytes of the longest path on Linux, its final 0 included. */
#define FFNTP_LINUX_PATH_SIZE 4096

/*
 * Return the path at which a daemon of this user publishes its page: /run/ffntp/page for root, else
 * $XDG_RUNTIME_DIR/ffntp/page, else /tmp/ffntp-UID/page. Returns false if the path is too long.
 */
FFNTP_MUST_USE bool ffntp_linux_default_path(char path[FFNTP_LINUX_PATH_SIZE]);

/*
 * Open a page, and check that its layout is known, that it is of this boot, and that this process can read its counter
 * safely. The page may also be a VMClock page of another writer, such as Linux's device /dev/vmclock0: the
 * hypervisor is trusted, and the bound is the one that it states. A file with such
 * a page must be in memory, or have changed since this machine started.
 * path: NULL for the usual places: /run/ffntp/page and the default path of this user. The first page that has the time
 * is chosen; if none has, the first one that exists. Without a path, a page is opened only if it belongs to root or to
 * this user, or to the owner of its directory, if that lies in a directory that root alone can write to (/run).
 * Returns FFNTP_PAGE_OK, or the reason for failure; then there is nothing to close.
 */
FFNTP_MUST_USE enum ffntp_page_result ffntp_linux_open(struct ffntp_linux_reader *reader, const char *path);

/*
 * Return the path that ffntp_linux_open uses if it is called without one; for messages. If no page exists, this is the
 * default path of this user. Returns false if the path is too long.
 */
FFNTP_MUST_USE bool ffntp_linux_usual_path(char path[FFNTP_LINUX_PATH_SIZE]);

/* Unmap the page. No other thread may be reading it. A second call has no effect. */
void ffntp_linux_close(struct ffntp_linux_reader *reader);

/*
 * Return whether the file at path is no longer the one that was opened. A daemon that must change the layout or the
 * counter of its page creates a new file and sets the old page to status disrupted. The call makes a system call; use
 * it after a reading has failed. path: as passed to ffntp_linux_open.
 */
FFNTP_MUST_USE bool ffntp_linux_is_replaced(const struct ffntp_linux_reader *reader, const char *path);

/* Read the page's counter. Any thread. */
ffntp_counter ffntp_linux_counter(const struct ffntp_linux_reader *reader);

/*
 * Return what people call a counter: "TSC", "Arm virtual counter", "CLOCK_MONOTONIC_RAW"; "unknown" for one that Linux
 * does not read. Never NULL. Any thread.
 */
const char *ffntp_linux_counter_name(enum ffntp_counter_kind kind);

/*
 * Read the time now. With the TSC this costs less than clock_gettime. Any thread.
 * scale, max_bound_ns: as for ffntp_clock_at.
 * Fails as ffntp_clock_at does, and with FFNTP_CLOCK_BUSY; FFNTP_CLOCK_COUNTER if the page has changed its counter
 * since it was opened; and FFNTP_CLOCK_DISRUPTED if the counter is more than 1 ms behind the map, because then it was
 * set back.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_now(const struct ffntp_linux_reader *reader,
						       enum ffntp_timescale scale, uint64_t max_bound_ns,
						       struct ffntp_reading *reading);

/*
 * Read the time now, likewise, unless the kernel's clocks show that the machine was suspended, or the counter jumped,
 * since the daemon last looked: a program that wakes up before the daemon gets no wrong time. It costs about 60 ns
 * more, for CLOCK_MONOTONIC and CLOCK_BOOTTIME. Any thread. Fails as ffntp_linux_now does, with FFNTP_CLOCK_DISRUPTED
 * after such a disruption, until the daemon has noticed it, which takes a second. With the page of a daemon that does
 * not publish the kernel's clocks it is ffntp_linux_now.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_now_checked(const struct ffntp_linux_reader *reader,
							       enum ffntp_timescale scale, uint64_t max_bound_ns,
							       struct ffntp_reading *reading);

/*
 * Read monotonic UTC (ffntp_steady_utc), which never runs backwards within or between processes, and the plain reading
 * of the same instant. Any thread.
 * plain: may be NULL.
 * Fails as ffntp_steady_utc and ffntp_linux_now do.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_steady(const struct ffntp_linux_reader *reader,
							  struct ffntp_time *utc, struct ffntp_reading *plain);

/*
 * Compute the time at an earlier reading of the page's counter, with the map that was current then. Any thread.
 * Fails as ffntp_linux_now does, and with FFNTP_CLOCK_TOO_OLD if that map is no longer stored.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_linux_at(const struct ffntp_linux_reader *reader, ffntp_counter then,
						      enum ffntp_timescale scale, uint64_t max_bound_ns,
						      struct ffntp_reading *reading);

FFNTP_END_DECLARATIONS

#endif
