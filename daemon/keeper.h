/* keeper: what keeps the page: a counter, a server being asked, the page and the clock log. One thread. */
#ifndef FFNTP_DAEMON_KEEPER_H
#define FFNTP_DAEMON_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "../include/ffntp/page.h"
#include "../ports/linux/counter.h"
#include "../ports/linux/pagefile.h"
#include "../ports/linux/servers.h"
#include "../ports/linux/sync.h"
#include "clocklog.h"
#include "leaptable.h"
#include "log.h"
#include "options.h"
#include "survey.h"

#define FFNTP_STATUSES (FFNTP_STATUS_DISRUPTED + 1)
#define FFNTP_LEAPS (FFNTP_LEAP_POST_NEGATIVE + 1)

struct ffntp_keeper {
	const struct ffntp_options *options;
	struct ffntp_counter_source source;
	struct ffntp_pagefile file;
	struct ffntp_page *page;         /* of the file, or private */
	struct ffntp_page *private_page; /* NULL if there is a file */
	struct ffntp_leaptable leaptable;
	struct ffntp_client_config client_config; /* of the sync's peer */
	struct ffntp_survey survey;
	struct ffntp_server_name names[FFNTP_SERVERS_MAX];
	struct ffntp_sync sync;
	const struct ffntp_options *next; /* those that are to be followed once their servers are found; NULL: none */
	struct ffntp_server_name next_names[FFNTP_SERVERS_MAX];
	struct ffntp_servers next_servers;
	struct ffntp_clock_log clock_log;
	bool is_accepted;     /* the reply that is about to be published */
	enum ffntp_leap leap; /* as last told */
	enum ffntp_status status;
	/* one per kind of message that a network can cause */
	struct ffntp_log_limit verdict_limit[FFNTP_VERDICTS];
	struct ffntp_log_limit status_limit[FFNTP_STATUSES];
	struct ffntp_log_limit leap_limit[FFNTP_LEAPS];
	struct ffntp_log_limit network_limit, unanswered_limit, move_limit, disruption_limit;
};

/*
 * Opens the counter, the page and the clock log, and finds the servers.
 * options: must outlive the keeper.
 * Returns false if it cannot begin; the reason has been logged, and there is nothing to close.
 */
bool ffntp_keeper_open(struct ffntp_keeper *keeper, const struct ffntp_options *options);

/*
 * Follows another configuration once its servers are found, which may take as many steps as it likes: servers, limits,
 * leap seconds. Counter, page and clock log stay what they are, and the page stays valid. If none of the servers can be
 * found, or there is no memory, all goes on as before, which is logged, and keeper->options says so. options: must
 * outlive the keeper. Not while another one is about to be followed.
 */
void ffntp_keeper_reload(struct ffntp_keeper *keeper, const struct ffntp_options *options);

static inline bool ffntp_keeper_is_reloading(const struct ffntp_keeper *keeper)
{
	return keeper->next != NULL;
}

/*
 * Waits for what happens next, at most a second, and does it. Returns early if a signal comes.
 * Returns false if it cannot go on; the reason has been logged.
 */
bool ffntp_keeper_step(struct ffntp_keeper *keeper);

/* The page file stays, with what it says. */
void ffntp_keeper_close(struct ffntp_keeper *keeper);

#endif
