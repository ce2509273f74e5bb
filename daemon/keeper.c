#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../include/ffntp/linux.h"
#include "nts.h"
#include "serverlist.h"
#include "servertext.h"

/*
 * The first request leaves within this time after the start (s), so that machines that start together do not ask
 * together.
 */
#define FIRST_DELAY_MIN_S 0.2
#define FIRST_DELAY_MAX_S 0.4

/* The same for several servers, which are not asked together either (s): requests of a burst are 2 s apart. */
#define FIRST_DELAY_MANY_S 2.2

static int64_t monotonic_s(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* --- opening --- */

static bool open_counter(struct ffntp_keeper *keeper)
{
	static const enum ffntp_counter_kind kinds[] = {
		[FFNTP_CHOOSE_AUTO] = FFNTP_COUNTER_NONE,
		[FFNTP_CHOOSE_TSC] = FFNTP_COUNTER_TSC,
		[FFNTP_CHOOSE_RAW] = FFNTP_COUNTER_MONOTONIC_RAW,
	};
	const char *problem = ffntp_counter_open(&keeper->source, kinds[keeper->options->counter]);

	if (problem != NULL)
		ffntp_log(FFNTP_LOG_ERROR, "the counter cannot be used: %s", problem);
	keeper->source.identity.tai_offset_s = ffntp_leaptable_offset(&keeper->leaptable, (int64_t)time(NULL),
								      keeper->options->config.leap_expiry_is_strict);
	return problem == NULL;
}

static bool open_private_page(struct ffntp_keeper *keeper)
{
	keeper->private_page = aligned_alloc(FFNTP_PAGE_SIZE, FFNTP_PAGE_SIZE);
	if (keeper->private_page == NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "out of memory");
		return false;
	}
	memset(keeper->private_page, 0, FFNTP_PAGE_SIZE);
	ffntp_page_format(keeper->private_page, &keeper->source.identity);
	keeper->page = keeper->private_page;
	return true;
}

static void close_page(struct ffntp_keeper *keeper)
{
	ffntp_pagefile_close(&keeper->file);
	free(keeper->private_page);
	keeper->private_page = keeper->page = NULL;
}

static bool open_page_file(struct ffntp_keeper *keeper, const char *path, struct ffntp_map *former, bool *is_adopted)
{
	const char *problem = ffntp_pagefile_open(&keeper->file, path, &keeper->source.identity, former, is_adopted);

	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s; --page names a different page", path, problem);
		return false;
	}
	keeper->page = keeper->file.page;
	if (!ffntp_pagewatch_begin(&keeper->pagewatch, path)) {
		ffntp_log(FFNTP_LOG_ERROR, "out of memory");
		close_page(keeper);
		return false;
	}
	ffntp_log(FFNTP_LOG_NOTICE, "publishing %s with %s%s", path, ffntp_counter_text(keeper->source.kind),
		  *is_adopted ? ", continuing from its last map" : "");
	return true;
}

/*
 * With a clock log but without a page's name, as in a simulator, the page is private memory: no file is created, and no
 * other daemon's page is touched.
 */
static bool open_page(struct ffntp_keeper *keeper, struct ffntp_map *former, bool *is_adopted)
{
	const struct ffntp_options *options = keeper->options;
	char path[FFNTP_LINUX_PATH_SIZE];

	*is_adopted = false;
	if (options->page != NULL)
		return open_page_file(keeper, options->page, former, is_adopted);
	if (options->clock_log != NULL) {
		ffntp_log(FFNTP_LOG_NOTICE, "the page is private: --clock-log without --page publishes none");
		return open_private_page(keeper);
	}
	if (!ffntp_linux_default_path(path)) {
		ffntp_log(FFNTP_LOG_ERROR, "XDG_RUNTIME_DIR is too long for a page: name one with --page");
		return false;
	}
	return open_page_file(keeper, path, former, is_adopted);
}

/* With several servers the majority's announcement counts; with one server its own. */
static void set_leap(const struct ffntp_keeper *keeper, struct ffntp_client_config *config)
{
	const struct ffntp_config *file = &keeper->options->config;

	config->leap_table = ffntp_leaptable_get(&keeper->leaptable);
	config->leap_trust = file->ignores_leap_indicators ? FFNTP_LEAP_TRUST_NOBODY
			     : ffntp_config_is_many(file)  ? FFNTP_LEAP_TRUST_CALLER
							   : FFNTP_LEAP_TRUST_SERVER;
	config->leap_expiry = file->leap_expiry_is_strict ? FFNTP_LEAP_EXPIRY_STRICT : FFNTP_LEAP_EXPIRY_KEEP;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The interval is adaptive between minpoll and maxpoll, as in chrony. An interval on the command line is fixed. */
static void set_polling(const struct ffntp_keeper *keeper, const struct ffntp_config_server *server,
			struct ffntp_client_config *config)
{
	uint32_t named_s = server->is_refclock ? 0 : keeper->options->poll_s;

	config->poll_min_s = UINT32_C(1) << server->minpoll_log2_s;
	config->poll_max_s = UINT32_C(1) << server->maxpoll_log2_s;
	if (!server->iburst)
		config->burst = 1;
	if (named_s > 0) {
		config->poll_min_s = named_s;
		config->poll_max_s = larger(config->poll_max_s, named_s);
	}
	config->poll_is_adaptive = named_s == 0 && config->poll_min_s < config->poll_max_s;
}

static void configure_client(const struct ffntp_keeper *keeper, size_t server, struct ffntp_client_config *config)
{
	ffntp_peer_config_default(config, &keeper->source);
	config->estimator = keeper->options->estimator;
	if (keeper->options->config.counter_jumps != FFNTP_COUNTER_JUMPS_AUTO)
		config->counter_may_jump = keeper->options->config.counter_jumps == FFNTP_COUNTER_JUMPS_YES;
	ffntp_config_client(&keeper->options->config, server, config);
	set_leap(keeper, config);
	set_polling(keeper, &keeper->options->config.server[server], config);
}

/* Configure the lineup's servers, and the ensemble: its usual client needs as much memory as any server's does. */
static void configure(const struct ffntp_keeper *keeper, struct ffntp_lineup *lineup,
		      struct ffntp_ensemble_config *ensemble)
{
	const struct ffntp_config *file = &keeper->options->config;

	*ensemble = (struct ffntp_ensemble_config){
		.members = ffntp_config_is_many(file) ? FFNTP_ENSEMBLE_MEMBERS : 1,
		.least_sources = file->least_sources,
	};
	configure_client(keeper, 0, &ensemble->client); /* in use if there are no servers */
	for (size_t i = 0; i < lineup->count; i++) {
		const struct ffntp_config_server *server = &file->server[i];
		struct ffntp_member_config *member = &lineup->server[i].member;

		*member = (struct ffntp_member_config){
			.is_preferred = server->is_preferred,
			.is_trusted = server->is_trusted,
			.is_required = server->is_required,
			.is_unused = server->is_unused,
		};
		configure_client(keeper, i, &member->client);
		lineup->server[i].most = server->is_pool ? server->maxsources : 0;
		if (i == 0 || ffntp_session_memory(&member->client) > ffntp_session_memory(&ensemble->client))
			ensemble->client = member->client;
	}
}

static ffntp_sync_listener take_event;

static void record_ensemble(void *context, struct ffntp_ensemble *ensemble, const struct ffntp_ensemble_config *config,
			    ffntp_counter at)
{
	const struct ffntp_keeper *keeper = context;

	ffntp_journal_file_ensemble(keeper->journal, ensemble, config, at);
}

/* The lineup becomes the sync's, unless this fails. former: the page's last map; NULL if there was none. */
static bool open_sync(struct ffntp_keeper *keeper, struct ffntp_lineup *lineup, const struct ffntp_map *former)
{
	struct ffntp_ensemble_config config;
	const struct ffntp_sync_parts parts = { &config,    &keeper->source, keeper->page, lineup,
						take_event, record_ensemble, keeper,       &keeper->wakeup };

	configure(keeper, lineup, &config);
	keeper->member = calloc(config.members, sizeof(*keeper->member));
	if (keeper->member == NULL || !ffntp_sync_open(&keeper->sync, &parts)) {
		ffntp_log(FFNTP_LOG_ERROR, ffntp_client_memory(&config.client) == 0
						   ? "the configuration is out of range"
						   : "out of memory");
		free(keeper->member);
		return false;
	}
	keeper->client_config = config.client;
	if (former != NULL)
		ffntp_sync_continue(&keeper->sync, former);
	return true;
}

/* Open counter, page and client together, because readings of one counter have no meaning with another. */
static bool open_clock(struct ffntp_keeper *keeper, struct ffntp_lineup *lineup)
{
	struct ffntp_map former;
	bool is_adopted;

	if (!open_counter(keeper))
		return false;
	if (open_page(keeper, &former, &is_adopted)) {
		if (open_sync(keeper, lineup, is_adopted ? &former : NULL)) {
			ffntp_wakeup_open(&keeper->wakeup, &keeper->source);
			return true;
		}
		close_page(keeper);
	}
	ffntp_counter_close(&keeper->source);
	return false;
}

static void delay_first_requests(struct ffntp_keeper *keeper)
{
	ffntp_sync_spread(&keeper->sync, FIRST_DELAY_MIN_S,
			  ffntp_sync_is_many(&keeper->sync) ? FIRST_DELAY_MANY_S : FIRST_DELAY_MAX_S);
}

static bool open_clock_log(struct ffntp_keeper *keeper)
{
	const char *path = keeper->options->clock_log;

	if (path == NULL || ffntp_clock_log_open(&keeper->clock_log, path))
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "%s: %s", path, strerror(errno));
	return false;
}

static bool has_address(const struct ffntp_keeper *keeper, unsigned member)
{
	const struct ffntp_peer *peer = ffntp_sync_peer(&keeper->sync, member);

	return peer != NULL && (peer->refclock != NULL || ffntp_address_is_some(&peer->address));
}

static struct ffntp_server_text server_text(const struct ffntp_keeper *keeper, unsigned member)
{
	return ffntp_server_text(&keeper->sync, member);
}

static void log_servers(const struct ffntp_keeper *keeper)
{
	for (unsigned i = 0; i < keeper->sync.room; i++) {
		if (has_address(keeper, i))
			ffntp_log(FFNTP_LOG_NOTICE, "asking %s", server_text(keeper, i).is);
	}
}

/* Log the problems of names. They are rare: each is reported once, and when it changes or ends. */
static void log_names_of(struct ffntp_servers *servers)
{
	enum ffntp_lookup_event event;
	const struct ffntp_lookup *lookup;

	while ((lookup = ffntp_servers_news(servers, &event)) != NULL) {
		if (event == FFNTP_LOOKUP_FOUND)
			ffntp_log(FFNTP_LOG_NOTICE, "%s: its address is known now", lookup->name);
		else
			ffntp_log(FFNTP_LOG_WARNING, "%s: %s; it is looked up again until that succeeds", lookup->name,
				  lookup->problem);
	}
}

static void log_names(struct ffntp_lineup *lineup)
{
	for (size_t i = 0; i < lineup->count; i++)
		log_names_of(&lineup->server[i].servers);
}

static struct ffntp_journal_file *open_journal(const struct ffntp_config *config)
{
	return ffntp_journal_file_open(config->journal, config->journal_size);
}

bool ffntp_keeper_open(struct ffntp_keeper *keeper, const struct ffntp_options *options)
{
	struct ffntp_lineup lineup;

	*keeper = (struct ffntp_keeper){ .options = options, .file = { .lock = -1, .kept = -1 } };
	if (!ffntp_serverlist_make(&options->config, &lineup))
		return false;
	ffntp_lineup_open(&lineup, ffntp_sync_now_s());
	ffntp_leaptable_open(&keeper->leaptable, options->config.leap_list);
	keeper->journal = open_journal(&options->config);
	if (!open_clock(keeper, &lineup)) {
		ffntp_journal_file_close(keeper->journal);
		ffntp_lineup_close(&lineup);
		return false;
	}
	if (!open_clock_log(keeper)) {
		ffntp_keeper_close(keeper);
		return false;
	}
	delay_first_requests(keeper);
	log_servers(keeper);
	if (!ffntp_sync_has_server(&keeper->sync))
		ffntp_sync_publish(&keeper->sync);
	return true;
}

void ffntp_keeper_close(struct ffntp_keeper *keeper)
{
	ffntp_clock_log_close(&keeper->clock_log);
	ffntp_wakeup_close(&keeper->wakeup);
	ffntp_counter_close(&keeper->source);
	ffntp_sync_close(&keeper->sync);
	free(keeper->member);
	ffntp_journal_file_close(keeper->journal);
	close_page(keeper);
	if (keeper->next != NULL)
		ffntp_lineup_close(&keeper->next_lineup);
}

/* Change to a different counter. The servers stay. */
static bool change_clock(struct ffntp_keeper *keeper)
{
	struct ffntp_lineup lineup = ffntp_sync_end(&keeper->sync);

	ffntp_log(FFNTP_LOG_ERROR, "the counter cannot be used any more: changing to a different counter and page");
	free(keeper->member);
	ffntp_wakeup_close(&keeper->wakeup);
	ffntp_counter_close(&keeper->source);
	close_page(keeper);
	return open_clock(keeper, &lineup);
}

/* --- changing the configuration --- */

/* Find the servers of the next configuration that are followed already. A new journal needs a new ensemble. */
static void find_former(struct ffntp_keeper *keeper)
{
	const struct ffntp_config *next = &keeper->next->config, *former = &keeper->options->config;
	bool can_stay = ffntp_config_is_many(next) && ffntp_config_is_many(former) &&
			ffntp_config_is_same_clock(next, former) && ffntp_journal_file_is(keeper->journal, next);

	ffntp_serverlist_match(next, &keeper->next_lineup, former, &keeper->sync.lineup, can_stay);
}

/* Return whether the running ensemble follows the servers of the next configuration now. */
static bool change_servers(struct ffntp_keeper *keeper)
{
	const struct ffntp_options *former = keeper->options;
	struct ffntp_ensemble_config unused;

	keeper->options = keeper->next;
	configure(keeper, &keeper->next_lineup, &unused);
	if (ffntp_sync_change(&keeper->sync, &keeper->next_lineup)) {
		ffntp_journal_file_resize(keeper->journal, keeper->options->config.journal_size);
		return true;
	}
	keeper->options = former;
	return false;
}

/*
 * Replace the ensemble, completely or not at all. The page continues: the next ensemble keeps the published bounds, as
 * the next daemon would. The map is read before the table of leap seconds changes, because it depends on the table.
 */
static bool replace_ensemble(struct ffntp_keeper *keeper)
{
	struct ffntp_keeper former = *keeper;
	const struct ffntp_map map = *ffntp_sync_map(&keeper->sync);

	keeper->options = keeper->next;
	ffntp_leaptable_open(&keeper->leaptable, keeper->options->config.leap_list);
	if (!ffntp_journal_file_is(former.journal, &keeper->options->config))
		keeper->journal = open_journal(&keeper->options->config);
	if (!open_sync(keeper, &keeper->next_lineup, &map)) {
		if (keeper->journal != former.journal)
			ffntp_journal_file_close(keeper->journal);
		*keeper = former;
		return false;
	}
	ffntp_sync_close(&former.sync);
	free(former.member);
	if (keeper->journal != former.journal)
		ffntp_journal_file_close(former.journal);
	ffntp_journal_file_resize(keeper->journal, keeper->options->config.journal_size);
	delay_first_requests(keeper);
	log_servers(keeper);
	return true;
}

/* Prepare for a new ensemble: resolve the servers that the running one cannot hand over. Returns whether there are any.
 */
static bool resolve_former(struct ffntp_keeper *keeper)
{
	bool is_any = false;

	for (size_t i = 0; i < keeper->next_lineup.count; i++) {
		struct ffntp_lineup_server *server = &keeper->next_lineup.server[i];

		if (server->former < 0)
			continue;
		server->former = -1;
		ffntp_lineup_start(server, ffntp_sync_now_s());
		is_any = true;
	}
	return is_any;
}

static void log_unchanged(void)
{
	ffntp_log(FFNTP_LOG_ERROR, "the new configuration is not used; the old one stays in use");
}

/*
 * Return whether the new configuration is to be judged now, and in *is_usable whether it is better than the old one.
 * One whose names cannot be resolved is not used, unless the old one's could not be resolved either.
 */
static bool is_next_resolved(struct ffntp_keeper *keeper, bool *is_usable)
{
	bool is_over;

	*is_usable = ffntp_lineup_poll(&keeper->next_lineup, ffntp_sync_now_s(), &is_over) ||
		     !ffntp_sync_has_server(&keeper->sync);
	return *is_usable || is_over;
}

static void work_configuration(struct ffntp_keeper *keeper)
{
	bool is_usable;

	if (keeper->next == NULL || !is_next_resolved(keeper, &is_usable))
		return;
	if (is_usable && !change_servers(keeper)) {
		if (resolve_former(keeper))
			return;
		is_usable = replace_ensemble(keeper);
	}
	if (!is_usable) {
		log_names(&keeper->next_lineup);
		log_unchanged();
		ffntp_lineup_close(&keeper->next_lineup);
	}
	keeper->next = NULL;
}

void ffntp_keeper_reload(struct ffntp_keeper *keeper, const struct ffntp_options *options)
{
	if (!ffntp_serverlist_make(&options->config, &keeper->next_lineup)) {
		log_unchanged();
		return;
	}
	keeper->next = options;
	find_former(keeper);
	ffntp_lineup_open(&keeper->next_lineup, ffntp_sync_now_s());
	work_configuration(keeper);
}

/* --- events --- */

/* The levels of lines that may be frequent: of problems, of changes, and of replies. */
static const struct ffntp_log_levels problem_levels = { FFNTP_LOG_WARNING, FFNTP_LOG_INFO };
static const struct ffntp_log_levels change_levels = { FFNTP_LOG_NOTICE, FFNTP_LOG_INFO };
static const struct ffntp_log_levels reply_levels = { FFNTP_LOG_WARNING, FFNTP_LOG_DEBUG };

static void log_status(struct ffntp_keeper *keeper, enum ffntp_status status)
{
	if (status == keeper->status)
		return;
	keeper->status = status;
	if (status < FFNTP_STATUSES)
		ffntp_log_limited(&keeper->status_limit[status], monotonic_s(), change_levels, "the clock is %s",
				  ffntp_status_name(status));
}

static void log_leap(struct ffntp_keeper *keeper, enum ffntp_leap leap)
{
	static const char *const texts[] = {
		[FFNTP_LEAP_NONE] = "announced leap second withdrawn",
		[FFNTP_LEAP_PRE_POSITIVE] = "a leap second is inserted at the end of this month",
		[FFNTP_LEAP_PRE_NEGATIVE] = "a second is left out at the end of this month",
		[FFNTP_LEAP_POSITIVE] = "a leap second is being inserted: 23:59:60",
		[FFNTP_LEAP_POST_POSITIVE] = "a leap second was inserted",
		[FFNTP_LEAP_POST_NEGATIVE] = "a second was left out",
	};
	bool was_expected = keeper->leap == FFNTP_LEAP_PRE_POSITIVE || keeper->leap == FFNTP_LEAP_PRE_NEGATIVE;

	if (leap == keeper->leap)
		return;
	keeper->leap = leap;
	if (leap < FFNTP_LEAPS && (leap != FFNTP_LEAP_NONE || was_expected))
		ffntp_log_limited(&keeper->leap_limit[leap], monotonic_s(), change_levels, "%s", texts[leap]);
}

static void log_exchange(const struct ffntp_keeper *keeper, unsigned member)
{
	const struct ffntp_map *map = ffntp_sync_map(&keeper->sync);
	struct ffntp_source source;

	if (!ffntp_log_is_shown(FFNTP_LOG_DEBUG) || !ffntp_ensemble_source(keeper->sync.ensemble, member, &source))
		return;
	ffntp_log(FFNTP_LOG_DEBUG,
		  "%s: reply accepted: offset %+.3f us, RTT %.3f us, estimated error %.3f us, bound -%.3f +%.3f us",
		  server_text(keeper, member).is, (double)source.offset_ns * 1e-3, (double)source.rtt_ns * 1e-3,
		  (double)map->esterror_ns * 1e-3, (double)map->maxerror_before_ns * 1e-3,
		  (double)map->maxerror_after_ns * 1e-3);
}

/* Report leap-second changes only while synchronised or free-running; otherwise keep the last report. */
static bool tells_time(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING;
}

static void log_published(struct ffntp_keeper *keeper)
{
	const struct ffntp_map *map = ffntp_sync_map(&keeper->sync);

	log_status(keeper, map->status);
	if (tells_time(map))
		log_leap(keeper, map->leap);
}

static void log_network(struct ffntp_keeper *keeper, unsigned member, const char *what, int error)
{
	ffntp_log_limited(&keeper->member[member].network_limit, monotonic_s(), problem_levels, "%s: %s: %s",
			  server_text(keeper, member).is, what, strerror(error));
}

static void log_move(struct ffntp_keeper *keeper, unsigned member)
{
	keeper->member[member].selection = FFNTP_SELECTION_NONE;
	log_names(&keeper->sync.lineup); /* the reason comes first */
	ffntp_log_limited(&keeper->member[member].move_limit, monotonic_s(), change_levels, "now asking %s",
			  server_text(keeper, member).is);
}

static void log_reply(struct ffntp_keeper *keeper, unsigned member, enum ffntp_verdict verdict)
{
	if (verdict == FFNTP_ACCEPTED)
		log_exchange(keeper, member);
	else
		ffntp_log_limited(&keeper->member[member].verdict_limit[verdict], monotonic_s(), reply_levels,
				  "%s: reply refused: %s", server_text(keeper, member).is, ffntp_verdict_name(verdict));
}

static void log_unanswered(struct ffntp_keeper *keeper, unsigned member)
{
	ffntp_log_limited(&keeper->member[member].unanswered_limit, monotonic_s(), problem_levels,
			  "no usable reply from %s", server_text(keeper, member).is);
}

/* Return the reason why a selection is a problem; NULL if it is none, or not the server's. */
static const char *problem_of(enum ffntp_selection selection)
{
	if (selection == FFNTP_SELECTION_FALSETICKER)
		return "is a falseticker: the majority excludes its time";
	return selection == FFNTP_SELECTION_ASTRAY ? "is astray: its time drifts away from the others'" : NULL;
}

/* A server that is right or silent is a change after a problem; otherwise it is an event of many. */
static void log_server_selection(struct ffntp_keeper *keeper, unsigned member, enum ffntp_selection former,
				 enum ffntp_selection selection)
{
	static const struct ffntp_log_levels event_levels = { FFNTP_LOG_INFO, FFNTP_LOG_INFO };
	struct ffntp_log_limit *limit = &keeper->member[member].selection_limit[selection];
	const char *problem = problem_of(selection);

	if (problem != NULL)
		ffntp_log_limited(limit, monotonic_s(), problem_levels, "%s %s", server_text(keeper, member).is,
				  problem);
	else
		ffntp_log_limited(limit, monotonic_s(), problem_of(former) != NULL ? change_levels : event_levels,
				  "%s is %s", server_text(keeper, member).is, ffntp_selection_name(selection));
}

/* The lack of a majority concerns all servers: one line is for all of them. */
static void log_selection(struct ffntp_keeper *keeper, unsigned member)
{
	enum ffntp_selection former = keeper->member[member].selection;
	struct ffntp_source source;

	if (!ffntp_ensemble_source(keeper->sync.ensemble, member, &source) || source.selection == former)
		return;
	keeper->member[member].selection = (enum ffntp_selection)source.selection;
	if (source.selection != FFNTP_SELECTION_NO_MAJORITY)
		log_server_selection(keeper, member, former, (enum ffntp_selection)source.selection);
	else if (!keeper->lacks_majority)
		ffntp_log_limited(
			&keeper->majority_limit, monotonic_s(), problem_levels,
			"the servers disagree, and no majority of them agrees: the bound admits each of them");
	keeper->lacks_majority = source.selection == FFNTP_SELECTION_NO_MAJORITY;
}

static void log_disruption(struct ffntp_keeper *keeper)
{
	ffntp_log_limited(&keeper->disruption_limit, monotonic_s(), problem_levels,
			  "the counter was disrupted: it is measured again, with a burst of requests");
}

/* The event comes just before the request leaves, which must not wait for a log: the line is written after the step. */
static void log_sent(struct ffntp_keeper *keeper)
{
	for (unsigned i = 0; i < keeper->sync.room && ffntp_log_is_shown(FFNTP_LOG_DEBUG); i++) {
		if (keeper->member[i].has_sent && ffntp_sync_peer(&keeper->sync, i) != NULL)
			ffntp_log(FFNTP_LOG_DEBUG, "%s: request sent", server_text(keeper, i).is);
		keeper->member[i].has_sent = false;
	}
}

/* Log an event of one member. */
static void log_event(struct ffntp_keeper *keeper, unsigned member, const struct ffntp_event *event)
{
	switch (event->kind) {
	case FFNTP_EVENT_REPLY:
		log_reply(keeper, member, event->verdict);
		break;
	case FFNTP_EVENT_NOT_SENT:
		log_network(keeper, member, "request not sent", event->error);
		break;
	case FFNTP_EVENT_NO_NONCE:
		log_network(keeper, member, "request not sent", EAGAIN);
		break;
	case FFNTP_EVENT_ERROR:
		log_network(keeper, member, "no reply", event->error);
		break;
	case FFNTP_EVENT_UNANSWERED:
		log_unanswered(keeper, member);
		break;
	case FFNTP_EVENT_DISRUPTED:
		log_disruption(keeper);
		break;
	case FFNTP_EVENT_SERVER:
		log_move(keeper, member);
		break;
	case FFNTP_EVENT_SENT:
		keeper->member[member].has_sent = true;
		break;
	case FFNTP_EVENT_SELECTION:
		log_selection(keeper, member);
		break;
	case FFNTP_EVENT_MAP:
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_CHANGE_SERVER:
	case FFNTP_EVENTS:
		break;
	}
}

/* The loss of the counter is logged in change_clock. */
static void take_event(void *context, unsigned member, const struct ffntp_event *event)
{
	struct ffntp_keeper *keeper = context;

	if (keeper->sync.is_lost)
		return;
	if (event->kind == FFNTP_EVENT_MAP)
		log_published(keeper);
	else if (ffntp_sync_peer(&keeper->sync, member) != NULL &&
		 !ffntp_refclock_log_event(&keeper->member[member].refclock, &keeper->sync, member, event,
					   monotonic_s()))
		log_event(keeper, member, event);
}

/* --- leap seconds --- */

static void follow_table(struct ffntp_keeper *keeper)
{
	if (!ffntp_leaptable_poll(&keeper->leaptable, monotonic_s()))
		return;
	keeper->client_config.leap_table = ffntp_leaptable_get(&keeper->leaptable);
	ffntp_sync_input(&keeper->sync, (struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_TABLE,
							      .leap_table = keeper->client_config.leap_table });
}

/*
 * Report it by the page, because TAI may come from the table of a former daemon. A page that was not published by the
 * rule of this configuration, such as the former daemon's, is not reported.
 */
static void report_expiry(struct ffntp_keeper *keeper)
{
	bool is_kept = keeper->client_config.leap_expiry == FFNTP_LEAP_EXPIRY_KEEP;
	ffntp_counter now = ffntp_counter_read(&keeper->source);
	struct ffntp_reading reading;
	struct ffntp_map map;

	if (ffntp_page_read(keeper->page, &map) == FFNTP_CLOCK_OK && map.tai_is_known == is_kept &&
	    ffntp_clock_at(&map, now, FFNTP_UTC, UINT64_MAX, &reading) == FFNTP_CLOCK_OK)
		ffntp_leaptable_report(&keeper->leaptable, &map, reading.estimate.s);
}

/* --- one step --- */

static bool follow_page(struct ffntp_keeper *keeper)
{
	if (!ffntp_pagewatch_step(&keeper->pagewatch, &keeper->file, monotonic_s()))
		return false;
	if (keeper->private_page == NULL)
		keeper->page = keeper->sync.page = keeper->file.page;
	return true;
}

/* A signal that arrives just before poll() is noticed only when poll() returns, as is a disruption. */
static int timeout_ms(const struct ffntp_keeper *keeper)
{
	int limit_ms = ffntp_wakeup_period_ms(&keeper->wakeup);

	if (keeper->clock_log.file != NULL)
		limit_ms = ffntp_clock_log_timeout_ms(&keeper->clock_log, limit_ms);
	return ffntp_sync_timeout_ms(&keeper->sync, limit_ms);
}

/* Wait for the servers' replies, a sign of a disruption, or the caller's descriptors, and do what is due. */
static void step_sync(struct ffntp_keeper *keeper, struct pollfd *others, size_t other_count)
{
	struct pollfd ready[FFNTP_SYNC_DESCRIPTORS + FFNTP_WAKEUP_DESCRIPTORS + FFNTP_KEEPER_OTHERS];
	size_t count = ffntp_sync_descriptors(&keeper->sync, ready);
	size_t more = ffntp_wakeup_descriptors(&keeper->wakeup, ready + count);

	memcpy(&ready[count + more], others, other_count * sizeof(*others));
	if (poll(ready, (nfds_t)(count + more + other_count), timeout_ms(keeper)) < 0)
		count = more = other_count = 0;
	ffntp_wakeup_rearm(&keeper->wakeup, ready + count, more);
	memcpy(others, &ready[count + more], other_count * sizeof(*others));
	ffntp_sync_step(&keeper->sync, ready, count);
}

bool ffntp_keeper_step(struct ffntp_keeper *keeper, struct pollfd *others, size_t count)
{
	step_sync(keeper, others, count);
	log_sent(keeper);
	log_names(&keeper->sync.lineup);
	ffntp_nts_log(&keeper->sync);
	if ((keeper->sync.is_lost && !change_clock(keeper)) || !follow_page(keeper))
		return false;
	follow_table(keeper);
	report_expiry(keeper);
	work_configuration(keeper);
	if (keeper->clock_log.file != NULL)
		ffntp_clock_log_write(&keeper->clock_log, keeper->page, &keeper->source);
	ffntp_journal_file_write(keeper->journal);
	return true;
}
