#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../include/ffntp/linux.h"
#include "log.h"
#include "monotonic.h"
#include "serverlist.h"

/*
 * The first request leaves within this time after the start (s), so that machines that start together do not ask
 * together.
 */
#define FIRST_DELAY_MIN_S 0.2
#define FIRST_DELAY_MAX_S 0.4

/* The same for several servers, which are not asked together either (s): requests of a burst are 2 s apart. */
#define FIRST_DELAY_MANY_S 2.2

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

/* The loss of the counter is logged in change_clock. */
static void take_event(void *context, unsigned member, const struct ffntp_event *event)
{
	struct ffntp_keeper *keeper = context;

	if (keeper->sync.is_lost)
		return;
	ffntp_statefile_follow(&keeper->state, &keeper->sync, member, event);
	ffntp_event_log_take(&keeper->event_log, member, event);
}

static double limit_requests(void *context, const struct ffntp_address *address, double *wait_s)
{
	const struct ffntp_keeper *keeper = context;

	return ffntp_statefile_limit(&keeper->state, address, wait_s);
}

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
	const struct ffntp_sync_parts parts = { &config, &keeper->source, keeper->page,
						lineup,  take_event,      record_ensemble,
						keeper,  &keeper->wakeup, limit_requests };

	configure(keeper, lineup, &config);
	if (!ffntp_event_log_open(&keeper->event_log, &keeper->sync, config.members) ||
	    !ffntp_sync_open(&keeper->sync, &parts)) {
		ffntp_log(FFNTP_LOG_ERROR, ffntp_client_memory(&config.client) == 0
						   ? "the configuration is out of range"
						   : "out of memory");
		ffntp_event_log_close(&keeper->event_log);
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
		/* Before the sync, which identifies the machine by it. */
		ffntp_wakeup_open(&keeper->wakeup, &keeper->source);
		if (open_sync(keeper, lineup, is_adopted ? &former : NULL))
			return true;
		ffntp_wakeup_close(&keeper->wakeup);
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
	ffntp_statefile_open(&keeper->state, options->config.state_file);
	keeper->journal = open_journal(&options->config);
	if (!open_clock(keeper, &lineup)) {
		ffntp_statefile_close(&keeper->state, "");
		ffntp_journal_file_close(keeper->journal);
		ffntp_lineup_close(&lineup);
		return false;
	}
	if (!open_clock_log(keeper)) {
		ffntp_keeper_close(keeper);
		return false;
	}
	delay_first_requests(keeper);
	ffntp_event_log_servers(&keeper->event_log);
	if (!ffntp_sync_has_server(&keeper->sync))
		ffntp_sync_publish(&keeper->sync);
	return true;
}

void ffntp_keeper_close(struct ffntp_keeper *keeper)
{
	ffntp_statefile_close(&keeper->state, keeper->options->config.state_file);
	ffntp_clock_log_close(&keeper->clock_log);
	ffntp_wakeup_close(&keeper->wakeup);
	ffntp_counter_close(&keeper->source);
	ffntp_sync_close(&keeper->sync);
	ffntp_event_log_close(&keeper->event_log);
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
	ffntp_event_log_close(&keeper->event_log);
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
	ffntp_event_log_close(&former.event_log);
	if (keeper->journal != former.journal)
		ffntp_journal_file_close(former.journal);
	ffntp_journal_file_resize(keeper->journal, keeper->options->config.journal_size);
	delay_first_requests(keeper);
	ffntp_event_log_servers(&keeper->event_log);
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
		ffntp_event_log_names(&keeper->next_lineup);
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

/* --- leap seconds --- */

static void follow_table(struct ffntp_keeper *keeper)
{
	if (!ffntp_leaptable_poll(&keeper->leaptable, ffntp_monotonic_s()))
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
	if (!ffntp_pagewatch_step(&keeper->pagewatch, &keeper->file, ffntp_monotonic_s()))
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
	ffntp_event_log_sent(&keeper->event_log);
	ffntp_event_log_names(&keeper->sync.lineup);
	ffntp_event_log_keys(&keeper->event_log);
	if ((keeper->sync.is_lost && !change_clock(keeper)) || !follow_page(keeper))
		return false;
	follow_table(keeper);
	report_expiry(keeper);
	work_configuration(keeper);
	if (keeper->clock_log.file != NULL)
		ffntp_clock_log_write(&keeper->clock_log, keeper->page, &keeper->source);
	ffntp_journal_file_write(keeper->journal);
	ffntp_statefile_step(&keeper->state, keeper->options->config.state_file, ffntp_monotonic_s());
	return true;
}
