/* eventlog: see eventlog.h. */
#include "eventlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"
#include "servertext.h"

/* The levels of lines that may be frequent: of problems, of changes, and of replies. */
static const struct ffntp_log_levels problem_levels = { FFNTP_LOG_WARNING, FFNTP_LOG_INFO };
static const struct ffntp_log_levels change_levels = { FFNTP_LOG_NOTICE, FFNTP_LOG_INFO };
static const struct ffntp_log_levels reply_levels = { FFNTP_LOG_WARNING, FFNTP_LOG_DEBUG };

static struct ffntp_server_text name_of(const struct ffntp_event_log *log, unsigned member)
{
	return ffntp_server_text(log->sync, member);
}

bool ffntp_event_log_open(struct ffntp_event_log *log, struct ffntp_sync *sync, unsigned members)
{
	log->sync = sync;
	log->member = calloc(members, sizeof(*log->member));
	return log->member != NULL;
}

void ffntp_event_log_close(struct ffntp_event_log *log)
{
	free(log->member);
	log->member = NULL;
}

/* --- servers and their names --- */

static bool has_address(const struct ffntp_event_log *log, unsigned member)
{
	const struct ffntp_peer *peer = ffntp_sync_peer(log->sync, member);

	return peer != NULL && (peer->refclock != NULL || ffntp_address_is_some(&peer->address));
}

void ffntp_event_log_servers(const struct ffntp_event_log *log)
{
	for (unsigned i = 0; i < log->sync->room; i++) {
		if (has_address(log, i))
			ffntp_log(FFNTP_LOG_NOTICE, "asking %s", name_of(log, i).is);
	}
}

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

void ffntp_event_log_names(struct ffntp_lineup *lineup)
{
	for (size_t i = 0; i < lineup->count; i++)
		log_names_of(&lineup->server[i].servers);
}

/* --- events --- */

static void log_status(struct ffntp_event_log *log, enum ffntp_status status)
{
	if (status == log->status)
		return;
	log->status = status;
	if (status < FFNTP_STATUSES)
		ffntp_log_limited(&log->status_limit[status], ffntp_monotonic_s(), change_levels, "the clock is %s",
				  ffntp_status_name(status));
}

static void log_leap(struct ffntp_event_log *log, enum ffntp_leap leap)
{
	static const char *const texts[] = {
		[FFNTP_LEAP_NONE] = "announced leap second withdrawn",
		[FFNTP_LEAP_PRE_POSITIVE] = "a leap second is inserted at the end of this month",
		[FFNTP_LEAP_PRE_NEGATIVE] = "a second is left out at the end of this month",
		[FFNTP_LEAP_POSITIVE] = "a leap second is being inserted: 23:59:60",
		[FFNTP_LEAP_POST_POSITIVE] = "a leap second was inserted",
		[FFNTP_LEAP_POST_NEGATIVE] = "a second was left out",
	};
	bool was_expected = log->leap == FFNTP_LEAP_PRE_POSITIVE || log->leap == FFNTP_LEAP_PRE_NEGATIVE;

	if (leap == log->leap)
		return;
	log->leap = leap;
	if (leap < FFNTP_LEAPS && (leap != FFNTP_LEAP_NONE || was_expected))
		ffntp_log_limited(&log->leap_limit[leap], ffntp_monotonic_s(), change_levels, "%s", texts[leap]);
}

static void log_exchange(const struct ffntp_event_log *log, unsigned member)
{
	const struct ffntp_map *map = ffntp_sync_map(log->sync);
	struct ffntp_source source;

	if (!ffntp_log_is_shown(FFNTP_LOG_DEBUG) || !ffntp_ensemble_source(log->sync->ensemble, member, &source))
		return;
	ffntp_log(FFNTP_LOG_DEBUG,
		  "%s: reply accepted: offset %+.3f us, RTT %.3f us, estimated error %.3f us, bound -%.3f +%.3f us",
		  name_of(log, member).is, (double)source.offset_ns * 1e-3, (double)source.rtt_ns * 1e-3,
		  (double)map->esterror_ns * 1e-3, (double)map->maxerror_before_ns * 1e-3,
		  (double)map->maxerror_after_ns * 1e-3);
}

/* Report leap-second changes only while synchronised or free-running; otherwise keep the last report. */
static bool has_time(const struct ffntp_map *map)
{
	return map->status == FFNTP_STATUS_SYNCHRONISED || map->status == FFNTP_STATUS_FREE_RUNNING;
}

static void log_published(struct ffntp_event_log *log)
{
	const struct ffntp_map *map = ffntp_sync_map(log->sync);

	log_status(log, map->status);
	if (has_time(map))
		log_leap(log, map->leap);
}

static void log_network(struct ffntp_event_log *log, unsigned member, const char *what, int error)
{
	ffntp_log_limited(&log->member[member].network_limit, ffntp_monotonic_s(), problem_levels, "%s: %s: %s",
			  name_of(log, member).is, what, strerror(error));
}

static void log_move(struct ffntp_event_log *log, unsigned member)
{
	log->member[member].selection = FFNTP_SELECTION_NONE;
	ffntp_event_log_names(&log->sync->lineup); /* the reason comes first */
	ffntp_log_limited(&log->member[member].move_limit, ffntp_monotonic_s(), change_levels, "now asking %s",
			  name_of(log, member).is);
}

static void log_reply(struct ffntp_event_log *log, unsigned member, enum ffntp_verdict verdict)
{
	if (verdict == FFNTP_ACCEPTED)
		log_exchange(log, member);
	else
		ffntp_log_limited(&log->member[member].verdict_limit[verdict], ffntp_monotonic_s(), reply_levels,
				  "%s: reply refused: %s", name_of(log, member).is, ffntp_verdict_name(verdict));
}

static void log_unanswered(struct ffntp_event_log *log, unsigned member)
{
	ffntp_log_limited(&log->member[member].unanswered_limit, ffntp_monotonic_s(), problem_levels,
			  "no usable reply from %s", name_of(log, member).is);
}

/* Return the reason why a selection is a problem; NULL if it is none, or not the server's. */
static const char *problem_of(enum ffntp_selection selection)
{
	if (selection == FFNTP_SELECTION_FALSETICKER)
		return "is a falseticker: the majority excludes its time";
	return selection == FFNTP_SELECTION_ASTRAY ? "is astray: its time drifts away from the others'" : NULL;
}

/* A server that is right or silent is a change after a problem; otherwise it is an event of many. */
static void log_server_selection(struct ffntp_event_log *log, unsigned member, enum ffntp_selection former,
				 enum ffntp_selection selection)
{
	static const struct ffntp_log_levels event_levels = { FFNTP_LOG_INFO, FFNTP_LOG_INFO };
	struct ffntp_log_limit *limit = &log->member[member].selection_limit[selection];
	const char *problem = problem_of(selection);

	if (problem != NULL)
		ffntp_log_limited(limit, ffntp_monotonic_s(), problem_levels, "%s %s", name_of(log, member).is,
				  problem);
	else
		ffntp_log_limited(limit, ffntp_monotonic_s(), problem_of(former) != NULL ? change_levels : event_levels,
				  "%s is %s", name_of(log, member).is, ffntp_selection_name(selection));
}

/* The lack of a majority concerns all servers: one line is for all of them. */
static void log_selection(struct ffntp_event_log *log, unsigned member)
{
	enum ffntp_selection former = log->member[member].selection;
	struct ffntp_source source;

	if (!ffntp_ensemble_source(log->sync->ensemble, member, &source) || source.selection == former)
		return;
	log->member[member].selection = (enum ffntp_selection)source.selection;
	if (source.selection != FFNTP_SELECTION_NO_MAJORITY)
		log_server_selection(log, member, former, (enum ffntp_selection)source.selection);
	else if (!log->lacks_majority)
		ffntp_log_limited(
			&log->majority_limit, ffntp_monotonic_s(), problem_levels,
			"the servers disagree, and no majority of them agrees: the bound admits each of them");
	log->lacks_majority = source.selection == FFNTP_SELECTION_NO_MAJORITY;
}

static void log_disruption(struct ffntp_event_log *log)
{
	ffntp_log_limited(&log->disruption_limit, ffntp_monotonic_s(), problem_levels,
			  "the counter was disrupted: it is measured again, with a burst of requests");
}

/* Log an event of one member. */
static void log_event(struct ffntp_event_log *log, unsigned member, const struct ffntp_event *event)
{
	switch (event->kind) {
	case FFNTP_EVENT_REPLY:
		log_reply(log, member, event->verdict);
		break;
	case FFNTP_EVENT_NOT_SENT:
		log_network(log, member, "request not sent", event->error);
		break;
	case FFNTP_EVENT_NO_NONCE:
		log_network(log, member, "request not sent", EAGAIN);
		break;
	case FFNTP_EVENT_ERROR:
		log_network(log, member, "no reply", event->error);
		break;
	case FFNTP_EVENT_UNANSWERED:
		log_unanswered(log, member);
		break;
	case FFNTP_EVENT_DISRUPTED:
		log_disruption(log);
		break;
	case FFNTP_EVENT_SERVER:
		log_move(log, member);
		break;
	case FFNTP_EVENT_SENT:
		log->member[member].has_sent = true;
		break;
	case FFNTP_EVENT_SELECTION:
		log_selection(log, member);
		break;
	case FFNTP_EVENT_MAP:
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_CHANGE_SERVER:
	case FFNTP_EVENTS:
		break;
	}
}

void ffntp_event_log_take(struct ffntp_event_log *log, unsigned member, const struct ffntp_event *event)
{
	if (event->kind == FFNTP_EVENT_MAP)
		log_published(log);
	else if (ffntp_sync_peer(log->sync, member) != NULL &&
		 !ffntp_refclock_log_event(&log->member[member].refclock, log->sync, member, event,
					   ffntp_monotonic_s()))
		log_event(log, member, event);
}

void ffntp_event_log_sent(struct ffntp_event_log *log)
{
	for (unsigned i = 0; i < log->sync->room && ffntp_log_is_shown(FFNTP_LOG_DEBUG); i++) {
		if (log->member[i].has_sent && ffntp_sync_peer(log->sync, i) != NULL)
			ffntp_log(FFNTP_LOG_DEBUG, "%s: request sent", name_of(log, i).is);
		log->member[i].has_sent = false;
	}
}

/* Servers choose what their key exchanges lead to, and so the lines about them. */
void ffntp_event_log_keys(struct ffntp_event_log *log)
{
	int64_t now_s = ffntp_monotonic_s();

	for (unsigned i = 0; i < log->sync->room; i++)
		ffntp_nts_log(&log->member[i].nts, log->sync, i, now_s);
}
