/*
 * guestpages: pages for guests of this machine, in terms of their counters: the daemon's page, translated by a constant
 * offset, in files that a machine monitor maps and shows to a guest as a VMClock device (docs/vmclock.md). One thread.
 */
#ifndef FFNTP_DAEMON_GUESTPAGES_H
#define FFNTP_DAEMON_GUESTPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/page.h"
#include "../ports/follow.h"
#include "../ports/linux/pagefile.h"

/* Most guests of a daemon. */
#define FFNTP_GUESTPAGES 64

/* A guest's page, as configured: the guest's counter is ours plus the offset. */
struct ffntp_guestpage_name {
	const char *path;
	uint64_t offset; /* in ticks, modulo 2^64 */
	bool has_offset;
};

/*
 * A guest's page. It is written in memory of this process and then copied, because a guest may be able to write the
 * file.
 */
struct ffntp_guestpage {
	struct ffntp_pagefile file;
	struct ffntp_follow follow;
	struct ffntp_page page;
	uint64_t offset;
	bool is_ended;
};

struct ffntp_guestpages {
	struct ffntp_guestpage *guest; /* allocated */
	size_t count;
	enum ffntp_counter_kind kind;
};

/*
 * Open or create the files, with status initialising.
 * names, count: at most FFNTP_GUESTPAGES. identity: of the daemon's own page. now: its counter.
 * Returns false if that failed; the reason was logged, and there is nothing to close.
 */
bool ffntp_guestpages_open(struct ffntp_guestpages *pages, const struct ffntp_guestpage_name *names, size_t count,
			   const struct ffntp_page_identity *identity, ffntp_counter now);

/*
 * Publish the daemon's page to the guests if it has changed. Call it after each step.
 * kind, now: of the daemon's counter, and it. If the kind is no longer that of the guests' counters, their pages end.
 */
void ffntp_guestpages_update(struct ffntp_guestpages *pages, const struct ffntp_page *page,
			     enum ffntp_counter_kind kind, ffntp_counter now);

/* End the pages: their status becomes VMClock's "unreliable". The files stay. */
void ffntp_guestpages_close(struct ffntp_guestpages *pages, ffntp_counter now);

#endif
