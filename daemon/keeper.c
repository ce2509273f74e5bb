#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../include/ffntp/linux.h"
#include "../ports/linux/random.h"

/* Longest step (ms). A signal that arrives just before poll() is noticed only when poll() returns. */
#define STEP_MS_MAX 1000

/* Longest step while a survey runs (ms), because poll() does not include its sockets. */
#define SURVEY_STEP_MS 50

/*
 * The first request leaves within this time after the start (s), so that machines that start together do not ask
 * together.
 */
#define FIRST_DELAY_MIN_S 0.2
#define FIRST_DELAY_MAX_S 0.4

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
	return problem == NULL;
}

static const char *counter_name(enum ffntp_counter_kind kind)
{
	switch (kind) {
	case FFNTP_COUNTER_TSC:
		return "the time stamp counter";
	case FFNTP_COUNTER_ARM_VIRTUAL:
		return "Arm's virtual counter";
	case FFNTP_COUNTER_MONOTONIC_RAW:
		return "CLOCK_MONOTONIC_RAW";
	case FFNTP_COUNTER_NONE:
	case FFNTP_COUNTER_OTHER:
		break;
	}
	return "a counter";
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

static bool open_page_file(struct ffntp_keeper *keeper, const char *path, struct ffntp_map *former, bool *is_adopted)
{
	const char *problem = ffntp_pagefile_open(&keeper->file, path, &keeper->source.identity, former, is_adopted);

	if (problem != NULL) {
		ffntp_log(FFNTP_LOG_ERROR, "%s: %s", path, problem);
		return false;
	}
	keeper->page = keeper->file.page;
	ffntp_log(FFNTP_LOG_NOTICE, "publishing %s with %s%s", path, counter_name(keeper->source.kind),
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

static void close_page(struct ffntp_keeper *keeper)
{
	ffntp_pagefile_close(&keeper->file);
	free(keeper->private_page);
	keeper->private_page = keeper->page = NULL;
}

/* With several servers the majority's announcement counts; with one server its own. */
static void set_leap(const struct ffntp_keeper *keeper, struct ffntp_client_config *config)
{
	const struct ffntp_config *file = &keeper->options->config;

	config->leap_table = ffntp_leaptable_get(&keeper->leaptable);
	config->leap_trust = file->ignores_leap_indicators ? FFNTP_LEAP_TRUST_NOBODY
			     : file->servers > 1           ? FFNTP_LEAP_TRUST_CALLER
							   : FFNTP_LEAP_TRUST_SERVER;
	config->leap_expiry = file->leap_expiry_is_strict ? FFNTP_LEAP_EXPIRY_STRICT : FFNTP_LEAP_EXPIRY_KEEP;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/*
 * One pair of limits serves all servers, because only one is asked at a time. Each limit is the largest of all
 * servers' lines, so that no server is asked more often than its line permits.
 */
static void set_limits(const struct ffntp_config *file, struct ffntp_client_config *config)
{
	config->poll_min_s = config->poll_max_s = 1;
	for (size_t i = 0; i < file->servers; i++) {
		config->poll_min_s = larger(config->poll_min_s, UINT32_C(1) << file->server[i].minpoll_log2_s);
		config->poll_max_s = larger(config->poll_max_s, UINT32_C(1) << file->server[i].maxpoll_log2_s);
		if (!file->server[i].iburst)
			config->burst = 1;
	}
}

/* The interval is adaptive between minpoll and maxpoll, as in chrony. An interval on the command line is fixed. */
static void set_polling(const struct ffntp_keeper *keeper, struct ffntp_client_config *config)
{
	uint32_t named_s = keeper->options->poll_s;

	set_limits(&keeper->options->config, config);
	if (named_s > 0) {
		config->poll_min_s = named_s;
		config->poll_max_s = larger(config->poll_max_s, named_s);
	}
	config->poll_is_adaptive = named_s == 0 && config->poll_min_s < config->poll_max_s;
}

static void configure(const struct ffntp_keeper *keeper, struct ffntp_client_config *config)
{
	ffntp_peer_config_default(config, &keeper->source);
	config->estimator = keeper->options->estimator;
	ffntp_config_client(&keeper->options->config, config);
	set_leap(keeper, config);
	set_polling(keeper, config);
}

static ffntp_sync_listener take_event;

/* former: the page's last map; NULL if there was none. */
static bool open_sync(struct ffntp_keeper *keeper, const struct ffntp_servers *servers, const struct ffntp_map *former)
{
	struct ffntp_client_config config;
	const struct ffntp_sync_parts parts = { &config, &keeper->source, keeper->page, servers, take_event, keeper };

	configure(keeper, &config);
	if (!ffntp_sync_open(&keeper->sync, &parts)) {
		ffntp_log(FFNTP_LOG_ERROR,
			  ffntp_client_memory(&config) == 0 ? "the configuration is out of range" : "out of memory");
		return false;
	}
	keeper->client_config = config;
	ffntp_journal_file_session(keeper->journal, keeper->sync.session, &config, keeper->sync.peer.began);
	if (former != NULL)
		ffntp_sync_continue(&keeper->sync, former);
	return true;
}

/* Open counter, page and client together, because readings of one counter have no meaning with another. */
static bool open_clock(struct ffntp_keeper *keeper, const struct ffntp_servers *servers)
{
	struct ffntp_map former;
	bool is_adopted;

	if (!open_counter(keeper) || !open_page(keeper, &former, &is_adopted))
		return false;
	if (open_sync(keeper, servers, is_adopted ? &former : NULL))
		return true;
	close_page(keeper);
	return false;
}

static void delay_first_request(struct ffntp_keeper *keeper)
{
	uint64_t bits;
	double share = ffntp_random_nonce(&bits) ? (double)(bits >> 11) * 0x1p-53 : 0;

	ffntp_sync_pause(&keeper->sync, FIRST_DELAY_MIN_S + share * (FIRST_DELAY_MAX_S - FIRST_DELAY_MIN_S));
}

static bool open_clock_log(struct ffntp_keeper *keeper)
{
	const char *path = keeper->options->clock_log;

	if (path == NULL || ffntp_clock_log_open(&keeper->clock_log, path))
		return true;
	ffntp_log(FFNTP_LOG_ERROR, "%s: %s", path, strerror(errno));
	return false;
}

/* "NAME (ADDRESS)" of the server in use, or the address alone if that is its name. */
struct server_text {
	char is[FFNTP_CONFIG_NAME_SIZE + FFNTP_ADDRESS_TEXT_SIZE + 4];
};

static struct server_text server_text(const struct ffntp_keeper *keeper)
{
	const char *name = ffntp_servers_name(&keeper->sync.servers);
	char address[FFNTP_ADDRESS_TEXT_SIZE];
	struct server_text text;

	if (!ffntp_sync_has_server(&keeper->sync)) {
		snprintf(text.is, sizeof(text.is), "%s", name);
		return text;
	}
	ffntp_address_text(&keeper->sync.peer.address, address);
	snprintf(text.is, sizeof(text.is), strcmp(name, address) == 0 ? "%s" : "%s (%s)", name, address);
	return text;
}

static void log_server(const struct ffntp_keeper *keeper, const char *verb)
{
	ffntp_log(FFNTP_LOG_NOTICE, "%s %s", verb, server_text(keeper).is);
}

/* Begin to ask the first server, if one has an address already. */
static void begin_asking(struct ffntp_keeper *keeper)
{
	keeper->has_asked = ffntp_sync_has_server(&keeper->sync);
	if (!keeper->has_asked)
		return;
	delay_first_request(keeper);
	log_server(keeper, "asking");
}

/* Log the problems of names. They are rare: each is reported once, and when it changes or ends. */
static void log_names(struct ffntp_servers *servers)
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

static void open_servers(const struct ffntp_config *config, struct ffntp_servers *servers)
{
	struct ffntp_server_name names[FFNTP_SERVERS_MAX];

	for (size_t i = 0; i < config->servers; i++)
		names[i] = (struct ffntp_server_name){ config->server[i].name, config->server[i].port };
	ffntp_servers_open(servers, names, config->servers, ffntp_sync_now_s());
}

static struct ffntp_journal_file *open_journal(const struct ffntp_config *config)
{
	return ffntp_journal_file_open(config->journal, config->journal_size);
}

bool ffntp_keeper_open(struct ffntp_keeper *keeper, const struct ffntp_options *options)
{
	struct ffntp_servers servers;

	*keeper = (struct ffntp_keeper){ .options = options, .file.lock = -1 };
	open_servers(&options->config, &servers);
	ffntp_leaptable_open(&keeper->leaptable, options->config.leap_list);
	keeper->journal = open_journal(&options->config);
	if (!open_clock(keeper, &servers)) {
		ffntp_journal_file_close(keeper->journal);
		ffntp_servers_close(&servers);
		return false;
	}
	if (!open_clock_log(keeper)) {
		ffntp_keeper_close(keeper);
		return false;
	}
	begin_asking(keeper);
	if (!keeper->has_asked)
		ffntp_sync_publish(&keeper->sync);
	return true;
}

void ffntp_keeper_close(struct ffntp_keeper *keeper)
{
	ffntp_clock_log_close(&keeper->clock_log);
	ffntp_survey_close(&keeper->survey);
	ffntp_sync_close(&keeper->sync);
	ffntp_journal_file_close(keeper->journal);
	close_page(keeper);
	if (keeper->next != NULL)
		ffntp_servers_close(&keeper->next_servers);
}

/* Change to a different counter. The servers stay. */
static bool change_clock(struct ffntp_keeper *keeper)
{
	struct ffntp_servers servers = keeper->sync.servers;

	ffntp_log(FFNTP_LOG_ERROR, "the counter cannot be used any more: changing to a different counter and page");
	ffntp_survey_close(&keeper->survey);
	ffntp_peer_close(&keeper->sync.peer);
	close_page(keeper);
	return open_clock(keeper, &servers);
}

/* --- changing the configuration --- */

/*
 * Change the configuration completely or not at all. The page continues: the next client keeps the published bounds, as
 * the next daemon would. The map is read before the table of leap seconds changes, because it depends on the table.
 */
static bool change_configuration(struct ffntp_keeper *keeper)
{
	struct ffntp_keeper former = *keeper;
	const struct ffntp_map map = *ffntp_session_map(keeper->sync.session);

	keeper->options = keeper->next;
	ffntp_leaptable_open(&keeper->leaptable, keeper->options->config.leap_list);
	if (!ffntp_journal_file_is(former.journal, &keeper->options->config))
		keeper->journal = open_journal(&keeper->options->config);
	if (!open_sync(keeper, &keeper->next_servers, &map)) {
		if (keeper->journal != former.journal)
			ffntp_journal_file_close(keeper->journal);
		*keeper = former;
		return false;
	}
	ffntp_survey_close(&keeper->survey);
	ffntp_sync_close(&former.sync);
	if (keeper->journal != former.journal)
		ffntp_journal_file_close(former.journal);
	ffntp_journal_file_resize(keeper->journal, keeper->options->config.journal_size);
	return true;
}

/*
 * Return whether the new configuration is to be judged now, and in *is_usable whether it is better than the old one.
 * One whose names cannot be resolved is not used, unless the old one's could not be resolved either.
 */
static bool is_next_resolved(struct ffntp_keeper *keeper, bool *is_usable)
{
	bool is_over;

	(void)ffntp_servers_poll(&keeper->next_servers, ffntp_sync_now_s());
	*is_usable = ffntp_servers_is_any(&keeper->next_servers, &is_over) || !ffntp_sync_has_server(&keeper->sync);
	return *is_usable || is_over;
}

static void work_configuration(struct ffntp_keeper *keeper)
{
	bool is_usable;

	if (keeper->next == NULL || !is_next_resolved(keeper, &is_usable))
		return;
	if (is_usable && change_configuration(keeper)) {
		begin_asking(keeper);
	} else {
		log_names(&keeper->next_servers);
		ffntp_servers_close(&keeper->next_servers);
		ffntp_log(FFNTP_LOG_ERROR, "the new configuration is not used; the old one stays in use");
	}
	keeper->next = NULL;
}

void ffntp_keeper_reload(struct ffntp_keeper *keeper, const struct ffntp_options *options)
{
	keeper->next = options;
	open_servers(&options->config, &keeper->next_servers);
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

static void log_exchange(const struct ffntp_keeper *keeper)
{
	const struct ffntp_source *source = ffntp_session_source(keeper->sync.session);
	const struct ffntp_map *map = ffntp_session_map(keeper->sync.session);

	ffntp_log(FFNTP_LOG_DEBUG,
		  "%s: reply accepted: offset %+.3f us, RTT %.3f us, estimated error %.3f us, bound -%.3f +%.3f us",
		  server_text(keeper).is, (double)source->offset_ns * 1e-3, (double)source->rtt_ns * 1e-3,
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
	const struct ffntp_map *map = ffntp_session_map(keeper->sync.session);

	log_status(keeper, map->status);
	if (tells_time(map))
		log_leap(keeper, map->leap);
}

static void log_network(struct ffntp_keeper *keeper, const char *what, int error)
{
	ffntp_log_limited(&keeper->network_limit, monotonic_s(), problem_levels, "%s: %s: %s", server_text(keeper).is,
			  what, strerror(error));
}

static void log_move(struct ffntp_keeper *keeper)
{
	ffntp_log_limited(&keeper->move_limit, monotonic_s(), change_levels, "now asking %s", server_text(keeper).is);
}

static void log_reply(struct ffntp_keeper *keeper, enum ffntp_verdict verdict)
{
	if (verdict == FFNTP_ACCEPTED)
		log_exchange(keeper);
	else
		ffntp_log_limited(&keeper->verdict_limit[verdict], monotonic_s(), reply_levels, "%s: reply refused: %s",
				  server_text(keeper).is, ffntp_verdict_name(verdict));
}

static void log_unanswered(struct ffntp_keeper *keeper)
{
	ffntp_log_limited(&keeper->unanswered_limit, monotonic_s(), problem_levels, "no usable reply from %s",
			  server_text(keeper).is);
}

static void log_disruption(struct ffntp_keeper *keeper)
{
	ffntp_log_limited(&keeper->disruption_limit, monotonic_s(), problem_levels,
			  "the counter was disrupted: it is measured again, with a burst of requests");
}

/* The event comes just before the request leaves, which must not wait for a log: the line is written after the step. */
static void log_sent(struct ffntp_keeper *keeper)
{
	if (keeper->has_sent)
		ffntp_log(FFNTP_LOG_DEBUG, "%s: request sent", server_text(keeper).is);
	keeper->has_sent = false;
}

/* The loss of the counter is logged in change_clock. */
static void take_event(void *context, const struct ffntp_event *event)
{
	struct ffntp_keeper *keeper = context;

	if (event->kind == FFNTP_EVENT_MAP)
		ffntp_journal_file_map(keeper->journal, ffntp_session_map(keeper->sync.session));
	if (keeper->sync.is_lost)
		return;
	switch (event->kind) {
	case FFNTP_EVENT_MAP:
		log_published(keeper);
		break;
	case FFNTP_EVENT_REPLY:
		log_reply(keeper, event->verdict);
		break;
	case FFNTP_EVENT_NOT_SENT:
		log_network(keeper, "request not sent", event->error);
		break;
	case FFNTP_EVENT_NO_NONCE:
		log_network(keeper, "request not sent", EAGAIN);
		break;
	case FFNTP_EVENT_ERROR:
		log_network(keeper, "no reply", event->error);
		break;
	case FFNTP_EVENT_UNANSWERED:
		log_unanswered(keeper);
		break;
	case FFNTP_EVENT_DISRUPTED:
		log_disruption(keeper);
		break;
	case FFNTP_EVENT_SERVER:
		log_move(keeper);
		break;
	case FFNTP_EVENT_SENT:
		keeper->has_sent = true;
		break;
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_CHANGE_SERVER:
	case FFNTP_EVENTS:
		break;
	}
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

/* Collect one address of each server that has one: the address in use for the server in use, else the first. */
static size_t survey_addresses(const struct ffntp_keeper *keeper, const struct ffntp_address **addresses)
{
	const struct ffntp_servers *servers = &keeper->sync.servers;
	size_t count = 0;

	for (size_t i = 0; i < servers->count; i++) {
		if (i == servers->server && ffntp_servers_address(servers) != NULL)
			addresses[count++] = ffntp_servers_address(servers);
		else if (servers->lookup[i].found.count > 0)
			addresses[count++] = &servers->lookup[i].found.address[0];
	}
	return count;
}

/* Return whether the servers are to be asked for leap-second announcements now. */
static bool is_survey_wanted(const struct ffntp_keeper *keeper)
{
	const struct ffntp_leap_table *table = keeper->client_config.leap_table;
	const struct ffntp_map *map = ffntp_session_map(keeper->sync.session);
	ffntp_counter now = ffntp_counter_read(&keeper->source);
	struct ffntp_reading reading;

	if (keeper->client_config.leap_trust != FFNTP_LEAP_TRUST_CALLER)
		return false;
	return map->status == FFNTP_STATUS_SYNCHRONISED &&
	       ffntp_clock_at(map, now, FFNTP_UTC, UINT64_MAX, &reading) == FFNTP_CLOCK_OK &&
	       (table == NULL || reading.estimate.s >= table->expires_s) &&
	       ffntp_survey_is_due(&keeper->survey, reading.estimate.s, monotonic_s());
}

static void end_survey(struct ffntp_keeper *keeper)
{
	struct ffntp_leap_vote vote;

	if (!ffntp_survey_result(&keeper->survey, &vote)) {
		ffntp_log(FFNTP_LOG_WARNING, "leap second: only %zu of %zu servers replied; no majority",
			  keeper->survey.answers, keeper->survey.asked);
		return;
	}
	ffntp_sync_input(&keeper->sync, (struct ffntp_input){ .kind = FFNTP_INPUT_LEAP_VOTE, .vote = vote });
}

static void work_survey(struct ffntp_keeper *keeper)
{
	const struct ffntp_address *addresses[FFNTP_CONFIG_SERVERS];

	if (ffntp_survey_is_running(&keeper->survey)) {
		if (ffntp_survey_step(&keeper->survey))
			end_survey(keeper);
	} else if (is_survey_wanted(keeper)) {
		ffntp_survey_begin(&keeper->survey, &keeper->client_config, &keeper->source, addresses,
				   survey_addresses(keeper, addresses), monotonic_s());
	}
}

/* --- one step --- */

static int timeout_ms(const struct ffntp_keeper *keeper)
{
	int limit_ms = ffntp_survey_is_running(&keeper->survey) ? SURVEY_STEP_MS : STEP_MS_MAX;

	if (keeper->clock_log.file != NULL)
		limit_ms = ffntp_clock_log_timeout_ms(&keeper->clock_log, limit_ms);
	return ffntp_sync_timeout_ms(&keeper->sync, limit_ms);
}

bool ffntp_keeper_step(struct ffntp_keeper *keeper)
{
	struct pollfd waiting = { .fd = ffntp_sync_descriptor(&keeper->sync), .events = POLLIN };
	int ready = poll(&waiting, 1, timeout_ms(keeper));

	ffntp_sync_step(&keeper->sync, ready > 0 ? waiting.revents : 0);
	log_sent(keeper);
	log_names(&keeper->sync.servers);
	if (!keeper->has_asked)
		begin_asking(keeper);
	if (keeper->sync.is_lost && !change_clock(keeper))
		return false;
	work_survey(keeper);
	follow_table(keeper);
	report_expiry(keeper);
	work_configuration(keeper);
	if (keeper->clock_log.file != NULL)
		ffntp_clock_log_write(&keeper->clock_log, keeper->page, &keeper->source);
	ffntp_journal_file_write(keeper->journal);
	return true;
}
