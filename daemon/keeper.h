/* keeper: the daemon's state: a counter, the servers, the page and the clock log. One thread. */
#ifndef FFNTP_DAEMON_KEEPER_H
#define FFNTP_DAEMON_KEEPER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/page.h"
#include "../ports/linux/counter.h"
#include "../ports/linux/pagefile.h"
#include "../ports/linux/lineup.h"
#include "../ports/linux/sync.h"
#include "clocklog.h"
#include "eventlog.h"
#include "journal.h"
#include "leaptable.h"
#include "options.h"
#include "pagewatch.h"
#include "statefile.h"

struct ffntp_keeper {
	const struct ffntp_options *options;
	struct ffntp_counter_source source;
	struct ffntp_wakeup wakeup;
	struct ffntp_pagefile file;
	struct ffntp_pagewatch pagewatch;
	struct ffntp_page *page;         /* in the file, or private */
	struct ffntp_page *private_page; /* NULL if there is a file */
	struct ffntp_leaptable leaptable;
	struct ffntp_statefile state;
	struct ffntp_client_config client_config; /* the usual one of the servers */
	struct ffntp_sync sync;
	const struct ffntp_options *next; /* the options to apply once a server is resolved; NULL: none */
	struct ffntp_lineup next_lineup;
	struct ffntp_clock_log clock_log;
	struct ffntp_journal_file *journal; /* or NULL */
	struct ffntp_event_log event_log;
};

/*
 * Read the keys, open the counter, the page and the clock log, and begin to resolve the servers, which may take any
 * number of steps. options: must outlive the keeper.
 * Returns false if that failed; the reason was logged, and there is nothing to close.
 */
bool ffntp_keeper_open(struct ffntp_keeper *keeper, const struct ffntp_options *options);

/*
 * Change to a new configuration (servers, keys, limits, leap seconds) once one of its servers is resolved, which may
 * take any number of steps. Counter, page and clock log stay the same, and the page stays valid; of several servers
 * those that stay go on as they are; the journal changes if its name does. If a key cannot be used, no server can be
 * resolved although one of the old ones was, or memory is short, the old configuration stays; this is logged, and
 * visible in keeper->options. options: must outlive the keeper. Do not call it while an earlier change is pending.
 */
void ffntp_keeper_reload(struct ffntp_keeper *keeper, const struct ffntp_options *options);

static inline bool ffntp_keeper_is_reloading(const struct ffntp_keeper *keeper)
{
	return keeper->next != NULL;
}

/* Most descriptors of the caller in a step. */
#define FFNTP_KEEPER_OTHERS 8

/*
 * Wait for the next event, at most a second, and process it. Returns early if a signal comes, or if one of the
 * descriptors in 'others', which are the caller's, is ready; their revents are set.
 * Returns false if the daemon cannot continue; the reason was logged.
 */
bool ffntp_keeper_step(struct ffntp_keeper *keeper, struct pollfd *others, size_t count);

/* Close the keeper. The page file keeps its content. */
void ffntp_keeper_close(struct ffntp_keeper *keeper);

#endif
