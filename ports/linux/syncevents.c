/* syncevents: the events of a sync's ensemble. See syncparts.h. */
#include "syncparts.h"

/* Requests that a new address of a pool may leave unanswered before it is replaced, as in servers.c. */
#define PATIENCE 2

/* Replies in a row of a falseticker in a pool, before it is replaced. */
#define WRONG_MOST 8

/* A reference clock has its name on the page before it was read, too. */
static bool describe_source(const struct ffntp_sync *sync, unsigned member, struct ffntp_source *source)
{
	const struct ffntp_refclock *refclock = sync->peer[member].peer.refclock;

	if (!ffntp_ensemble_source(sync->ensemble, member, source))
		return false;
	if (refclock != NULL)
		source->refid = ffntp_refclock_refid(refclock);
	return true;
}

static void publish_map(struct ffntp_sync *sync)
{
	const struct ffntp_page_kernel kernel = ffntp_counter_kernel(sync->source);
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	size_t count = 0;

	for (unsigned i = 0; i < sync->room && count < FFNTP_PAGE_SOURCES; i++)
		count += ffntp_sync_has_address(&sync->peer[i]) && describe_source(sync, i, &sources[count]);
	ffntp_page_hold(sync->page);
	ffntp_page_store_kernel(sync->page, &kernel);
	ffntp_page_publish_steadily(sync->page, ffntp_sync_map(sync), sources, count,
				    ffntp_counter_read_ordered(sync->source->kind));
}

static bool is_wrong(const struct ffntp_sync *sync, unsigned member)
{
	struct ffntp_source source;

	return ffntp_ensemble_source(sync->ensemble, member, &source) &&
	       (source.selection == FFNTP_SELECTION_FALSETICKER || source.selection == FFNTP_SELECTION_ASTRAY);
}

/* A pool's address is replaced when it never answers, is silent for long, or is wrong for long. */
static void judge_address(struct ffntp_sync *sync, unsigned member, const struct ffntp_event *event)
{
	struct ffntp_sync_peer *peer = &sync->peer[member];

	if (event->kind == FFNTP_EVENT_REPLY && event->verdict == FFNTP_ACCEPTED) {
		peer->has_answered = true;
		peer->wrong = is_wrong(sync, member) ? peer->wrong + 1 : 0;
		peer->is_unfit = peer->wrong >= WRONG_MOST;
	}
	if (event->kind == FFNTP_EVENT_UNANSWERED && !peer->has_answered)
		peer->is_unfit = ++peer->unanswered >= PATIENCE || peer->is_unfit;
	if (event->kind == FFNTP_EVENT_CHANGE_SERVER)
		peer->is_unfit = true;
}

static void take_reply(struct ffntp_sync *sync, struct ffntp_sync_peer *peer, enum ffntp_verdict verdict)
{
	struct ffntp_servers *servers = &ffntp_sync_server(sync, peer)->servers;

	if (verdict == FFNTP_ACCEPTED) {
		ffntp_servers_answered(servers);
		peer->pause_s = ffntp_sync_server(sync, peer)->member.client.poll_min_s;
	}
	if (verdict == FFNTP_REFUSED_SMEAR && servers->count > 1)
		peer->advice = ffntp_servers_change(servers);
}

/* A missing reply and the wish for a different server may be events of one input: the server is changed once. */
static void choose_address(struct ffntp_sync *sync, struct ffntp_sync_peer *peer, const struct ffntp_event *event)
{
	struct ffntp_servers *servers = &ffntp_sync_server(sync, peer)->servers;

	switch (event->kind) {
	case FFNTP_EVENT_REPLY:
		take_reply(sync, peer, event->verdict);
		break;
	case FFNTP_EVENT_UNANSWERED:
		peer->advice = ffntp_servers_unanswered(servers);
		break;
	case FFNTP_EVENT_CHANGE_SERVER:
		if (peer->advice == FFNTP_STAY)
			peer->advice = ffntp_servers_change(servers);
		break;
	case FFNTP_EVENT_MAP:
	case FFNTP_EVENT_NONE:
	case FFNTP_EVENT_SENT:
	case FFNTP_EVENT_NOT_SENT:
	case FFNTP_EVENT_NO_NONCE:
	case FFNTP_EVENT_ERROR:
	case FFNTP_EVENT_DISRUPTED:
	case FFNTP_EVENT_SERVER:
	case FFNTP_EVENT_SELECTION:
	case FFNTP_EVENTS:
		break;
	}
}

void ffntp_sync_emit(const struct ffntp_sync *sync, unsigned member, const struct ffntp_event *event)
{
	if (sync->listener != NULL)
		sync->listener(sync->context, member, event);
}

/* Let the keys of NTS learn whether they are of use. A reply that is not authentic has a verdict of its own. */
static void judge_keys(struct ffntp_sync_peer *peer, const struct ffntp_event *event)
{
	if (peer->link == NULL)
		return;
	if (event->kind == FFNTP_EVENT_REPLY && event->verdict != FFNTP_REFUSED_AUTHENTICATION)
		ffntp_ntslink_answered(peer->link);
	if (event->kind == FFNTP_EVENT_UNANSWERED)
		ffntp_ntslink_unanswered(peer->link);
}

/* A guest may have been restored or copied, and then another machine has the same cookies. */
static void forget_keys(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room && sync->client.counter_may_jump; i++) {
		if (sync->peer[i].link != NULL) {
			ffntp_ntslink_forget(sync->peer[i].link);
			ffntp_sync_identify_machine(sync, sync->peer[i].link);
		}
	}
}

void ffntp_sync_take_event(void *context, unsigned member, const struct ffntp_event *event)
{
	struct ffntp_sync *sync = context;

	if (event->kind == FFNTP_EVENT_MAP)
		publish_map(sync);
	if (event->kind == FFNTP_EVENT_DISRUPTED)
		forget_keys(sync);
	if (ffntp_sync_peer(sync, member) != NULL) {
		judge_keys(&sync->peer[member], event);
		if (ffntp_sync_is_of_pool(sync, &sync->peer[member]))
			judge_address(sync, member, event);
		else if (!ffntp_sync_is_refclock(&sync->peer[member]))
			choose_address(sync, &sync->peer[member], event);
	}
	ffntp_sync_emit(sync, member, event);
}
