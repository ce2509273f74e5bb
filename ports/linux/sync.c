/* sync: see sync.h. */
#include "sync.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Requests that a new address of a pool may leave unanswered before it is replaced, as in servers.c. */
#define PATIENCE 2

/* Replies in a row of a falseticker in a pool, before it is replaced. */
#define WRONG_MOST 8

int64_t ffntp_sync_now_s(void)
{
	struct timespec time = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
}

static ffntp_counter now(const struct ffntp_sync *sync)
{
	return ffntp_counter_read(sync->source);
}

static struct ffntp_lineup_server *server_of(const struct ffntp_sync *sync, const struct ffntp_sync_peer *peer)
{
	return &sync->lineup.server[peer->server];
}

static bool is_refclock(const struct ffntp_sync_peer *peer)
{
	return peer->peer.refclock != NULL;
}

static bool is_of_pool(const struct ffntp_sync *sync, const struct ffntp_sync_peer *peer)
{
	return server_of(sync, peer)->most > 0;
}

const struct ffntp_map *ffntp_sync_map(const struct ffntp_sync *sync)
{
	return ffntp_ensemble_map(sync->ensemble);
}

const struct ffntp_peer *ffntp_sync_peer(const struct ffntp_sync *sync, unsigned member)
{
	return member < sync->room && sync->peer[member].is_open ? &sync->peer[member].peer : NULL;
}

const char *ffntp_sync_name(const struct ffntp_sync *sync, unsigned member)
{
	const struct ffntp_lineup_server *server = server_of(sync, &sync->peer[member]);

	return server->refclock != NULL ? server->refclock->path : ffntp_servers_name(&server->servers);
}

/* Return whether a member can be asked: a server has an address; a reference clock needs none. */
static bool has_address(const struct ffntp_sync_peer *peer)
{
	return peer->is_open && (is_refclock(peer) || ffntp_address_is_some(&peer->peer.address));
}

const char *ffntp_sync_nts_news(struct ffntp_sync *sync, unsigned member, bool *has_failed)
{
	*has_failed = false;
	return ffntp_sync_peer(sync, member) != NULL ? ffntp_ntslink_news(&sync->peer[member].link, has_failed) : NULL;
}

bool ffntp_sync_has_server(const struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (has_address(&sync->peer[i]))
			return true;
	}
	return false;
}

/* --- events --- */

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
		count += has_address(&sync->peer[i]) && describe_source(sync, i, &sources[count]);
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
	struct ffntp_servers *servers = &server_of(sync, peer)->servers;

	if (verdict == FFNTP_ACCEPTED) {
		ffntp_servers_answered(servers);
		peer->pause_s = server_of(sync, peer)->member.client.poll_min_s;
	}
	if (verdict == FFNTP_REFUSED_SMEAR && servers->count > 1)
		peer->advice = ffntp_servers_change(servers);
}

/* A missing reply and the wish for a different server may be events of one input: the server is changed once. */
static void choose_address(struct ffntp_sync *sync, struct ffntp_sync_peer *peer, const struct ffntp_event *event)
{
	struct ffntp_servers *servers = &server_of(sync, peer)->servers;

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

static void emit(const struct ffntp_sync *sync, unsigned member, const struct ffntp_event *event)
{
	if (sync->listener != NULL)
		sync->listener(sync->context, member, event);
}

/* Let the keys of NTS learn whether they are of use. A reply that is not authentic has a verdict of its own. */
static void judge_keys(struct ffntp_sync_peer *peer, const struct ffntp_event *event)
{
	if (event->kind == FFNTP_EVENT_REPLY && event->verdict != FFNTP_REFUSED_AUTHENTICATION)
		ffntp_ntslink_answered(&peer->link);
	if (event->kind == FFNTP_EVENT_UNANSWERED)
		ffntp_ntslink_unanswered(&peer->link);
}

/* A guest may have been restored or copied, and then another machine has the same cookies. */
static void forget_keys(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room && sync->client.counter_may_jump; i++)
		ffntp_ntslink_forget(&sync->peer[i].link);
}

static void listen_to_ensemble(void *context, unsigned member, const struct ffntp_event *event)
{
	struct ffntp_sync *sync = context;

	if (event->kind == FFNTP_EVENT_MAP)
		publish_map(sync);
	if (event->kind == FFNTP_EVENT_DISRUPTED)
		forget_keys(sync);
	if (ffntp_sync_peer(sync, member) != NULL) {
		judge_keys(&sync->peer[member], event);
		if (is_of_pool(sync, &sync->peer[member]))
			judge_address(sync, member, event);
		else if (!is_refclock(&sync->peer[member]))
			choose_address(sync, &sync->peer[member], event);
	}
	emit(sync, member, event);
}

/* --- members --- */

static bool is_used(const void *context, const struct ffntp_address *address)
{
	const struct ffntp_sync *sync = context;

	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open && ffntp_address_is_equal(&sync->peer[i].peer.address, address))
			return true;
	}
	return false;
}

/* Follow a server of the lineup at this address, or NULL. Returns the member; NULL if there is no room. */
static struct ffntp_sync_peer *join(struct ffntp_sync *sync, size_t server, const struct ffntp_address *address,
				    ffntp_counter at)
{
	const struct ffntp_member_config *config = &sync->lineup.server[server].member;
	struct ffntp_peer joined;
	struct ffntp_sync_peer *peer;

	if (!ffntp_peer_join(&joined, sync->ensemble, config, sync->source, address, at))
		return NULL;
	peer = &sync->peer[joined.member];
	*peer = (struct ffntp_sync_peer){ .peer = joined, .is_open = true, .server = server };
	peer->pause_s = config->client.poll_min_s;
	peer->peer.refclock = sync->lineup.server[server].refclock;
	peer->peer.key = ffntp_servers_key(&sync->lineup.server[server].servers);
	peer->peer.is_offline = sync->lineup.server[server].is_offline;
	if (sync->lineup.server[server].nts.ops != NULL) {
		ffntp_ntslink_open(&peer->link, &sync->lineup.server[server].nts,
				   ffntp_servers_name(&sync->lineup.server[server].servers), ffntp_sync_now_s());
		ffntp_ntsstore_machine(sync->client.counter_may_jump, sync->wakeup != NULL ? sync->wakeup->marker : 0,
				       sync->wakeup != NULL ? sync->wakeup->generation : 0, peer->link.machine);
		peer->peer.nts = &peer->link.nts;
	}
	peer->peer.listener = listen_to_ensemble;
	peer->peer.context = sync;
	return peer;
}

static void leave(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	ffntp_ensemble_remove(sync->ensemble, peer->peer.member, now(sync));
	ffntp_peer_close(&peer->peer);
	ffntp_ntslink_close(&peer->link);
	*peer = (struct ffntp_sync_peer){ 0 };
}

static unsigned count_members(const struct ffntp_sync *sync, size_t server)
{
	unsigned count = 0;

	for (unsigned i = 0; i < sync->room; i++)
		count += sync->peer[i].is_open && sync->peer[i].server == server;
	return count;
}

static const struct ffntp_address *choose_of_pool(const struct ffntp_sync *sync, size_t server)
{
	const struct ffntp_lineup_server *of = &sync->lineup.server[server];

	return ffntp_pool_choose(&of->pool, ffntp_lineup_found(of), is_used, sync);
}

/* A member of a running ensemble has its first address. */
static void begin_asking(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	static const struct ffntp_event event = { .kind = FFNTP_EVENT_SERVER };

	ffntp_peer_pause(&peer->peer, 0,
			 ffntp_sync_is_many(sync) ? FFNTP_SYNC_JOIN_SPREAD_S : FFNTP_SYNC_ALONE_SPREAD_S);
	emit(sync, peer->peer.member, &event);
}

/* A server that joins a running ensemble. */
static void join_later(struct ffntp_sync *sync, size_t server, const struct ffntp_address *address)
{
	struct ffntp_sync_peer *peer = join(sync, server, address, now(sync));

	if (peer != NULL)
		begin_asking(sync, peer);
}

/* Joins a server of the lineup at an address. */
typedef void adder(struct ffntp_sync *sync, size_t server, const struct ffntp_address *address);

static void fill_pool(struct ffntp_sync *sync, size_t server, adder *add)
{
	unsigned members = count_members(sync, server), former = members + 1;

	while (members != former && members < sync->lineup.server[server].most) {
		const struct ffntp_address *address = choose_of_pool(sync, server);

		former = members;
		if (address != NULL)
			add(sync, server, address);
		members = count_members(sync, server);
	}
}

/*
 * Follow all servers of the lineup that have an address and are not followed yet, as far as there is room. With room
 * for one the server is followed without an address, too, because the ensemble's map is its own.
 */
static void fill(struct ffntp_sync *sync, adder *add)
{
	for (size_t i = 0; i < sync->lineup.count; i++) {
		struct ffntp_lineup_server *server = &sync->lineup.server[i];
		const struct ffntp_address *address = ffntp_servers_address(&server->servers);
		bool is_ready = address != NULL || server->refclock != NULL || !ffntp_sync_is_many(sync);

		if (server->most > 0)
			fill_pool(sync, i, add);
		else if (count_members(sync, i) == 0 && is_ready)
			add(sync, i, address);
	}
}

static void join_first(struct ffntp_sync *sync, size_t server, const struct ffntp_address *address)
{
	(void)join(sync, server, address, sync->began);
}

/* --- start and end --- */

static struct ffntp_ensemble *make_ensemble(const struct ffntp_ensemble_config *config, ffntp_counter at)
{
	size_t size = ffntp_ensemble_memory(config);
	void *memory = size > 0 ? aligned_alloc(16, size) : NULL;
	struct ffntp_ensemble *ensemble = memory != NULL ? ffntp_ensemble_init(memory, size, config, at) : NULL;

	if (ensemble == NULL)
		free(memory);
	return ensemble;
}

/* Return whether the ensemble has the memory for each server of a lineup, whose configurations are in range. */
static bool has_room(const struct ffntp_sync *sync, const struct ffntp_lineup *lineup)
{
	size_t usual = ffntp_session_memory(&sync->client);

	for (size_t i = 0; i < lineup->count; i++) {
		size_t needed = ffntp_session_memory(&lineup->server[i].member.client);

		if (needed == 0 || needed > usual)
			return false;
	}
	return true;
}

static void free_parts(struct ffntp_sync *sync)
{
	free(sync->peer);
	free(sync->ensemble); /* the start of the allocated memory */
	sync->peer = NULL;
	sync->ensemble = NULL;
}

bool ffntp_sync_open(struct ffntp_sync *sync, const struct ffntp_sync_parts *parts)
{
	*sync = (struct ffntp_sync){
		.began = ffntp_counter_read(parts->source),
		.room = parts->config->members,
		.client = parts->config->client,
		.source = parts->source,
		.page = parts->page,
		.wakeup = parts->wakeup,
		.listener = parts->listener,
		.context = parts->context,
		.lineup = *parts->lineup,
	};
	sync->ensemble = make_ensemble(parts->config, sync->began);
	sync->peer = calloc(sync->room, sizeof(*sync->peer));
	if (sync->ensemble == NULL || sync->peer == NULL || !has_room(sync, &sync->lineup)) {
		free_parts(sync);
		return false;
	}
	if (parts->recorder != NULL)
		parts->recorder(parts->context, sync->ensemble, parts->config, sync->began);
	fill(sync, join_first);
	sync->keeps_stamping = ffntp_udp_keep_stamping();
	return true;
}

struct ffntp_lineup ffntp_sync_end(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_peer_close(&sync->peer[i].peer);
		ffntp_ntslink_close(&sync->peer[i].link);
	}
	if (sync->keeps_stamping >= 0)
		close(sync->keeps_stamping);
	sync->keeps_stamping = -1;
	free_parts(sync);
	return sync->lineup;
}

void ffntp_sync_close(struct ffntp_sync *sync)
{
	struct ffntp_lineup lineup = ffntp_sync_end(sync);

	ffntp_lineup_close(&lineup);
}

/* --- a different lineup --- */

/* Return the place in the new lineup of a server of the present one; the lineup's count if it has none. */
static size_t new_place(const struct ffntp_lineup *lineup, size_t former)
{
	size_t i = 0;

	while (i < lineup->count && lineup->server[i].former != (int)former)
		i++;
	return i;
}

static bool has_time(const struct ffntp_sync *sync, unsigned member)
{
	struct ffntp_source source;

	return ffntp_ensemble_source(sync->ensemble, member, &source) &&
	       (source.selection == FFNTP_SELECTION_FOLLOWED || source.selection == FFNTP_SELECTION_COMBINED ||
		source.selection == FFNTP_SELECTION_SPARE);
}

/* Return whether a member that has the time goes on, so that the clock does. */
static bool keeps_time(const struct ffntp_sync *sync, const struct ffntp_lineup *lineup)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open && new_place(lineup, sync->peer[i].server) < lineup->count &&
		    has_time(sync, i))
			return true;
	}
	return false;
}

/* Members of servers that go leave; the others get their new place. */
static void sort_members(struct ffntp_sync *sync, const struct ffntp_lineup *lineup)
{
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];
		size_t place = peer->is_open ? new_place(lineup, peer->server) : 0;

		if (peer->is_open && place == lineup->count)
			leave(sync, peer);
		else
			peer->server = place;
	}
}

/* Servers that go on do their next key exchange by the new lineup's method: its trusted certificates may differ. */
static void take_methods(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];

		if (peer->is_open && peer->link.method.ops != NULL)
			peer->link.method = server_of(sync, peer)->nts;
	}
}

bool ffntp_sync_change(struct ffntp_sync *sync, struct ffntp_lineup *lineup)
{
	if (!ffntp_sync_is_many(sync) || !keeps_time(sync, lineup) || !has_room(sync, lineup))
		return false;
	sort_members(sync, lineup);
	for (size_t i = 0; i < lineup->count; i++) {
		struct ffntp_lineup_server *server = &lineup->server[i];
		struct ffntp_lineup_server *former = server->former >= 0 ? &sync->lineup.server[server->former] : NULL;
		struct ffntp_lineup_server unused = *server;

		if (former == NULL)
			continue;
		*server = *former;
		*former = unused;
		former->nts = server->nts;
		server->nts = unused.nts;
		server->former = -1;
	}
	ffntp_lineup_close(&sync->lineup);
	sync->lineup = *lineup;
	take_methods(sync);
	*lineup = (struct ffntp_lineup){ 0 };
	fill(sync, join_later);
	return true;
}

/* --- inputs --- */

void ffntp_sync_pause(struct ffntp_sync *sync, double delay_s)
{
	ffntp_counter at = now(sync);
	ffntp_counter delay = (ffntp_counter)(delay_s / sync->source->period_hint_s);

	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_peer_input(&sync->peer[i].peer, (struct ffntp_input){
								      .kind = FFNTP_INPUT_PAUSE,
								      .at = at,
								      .until = at + delay,
							      });
	}
}

void ffntp_sync_spread(struct ffntp_sync *sync, double least_s, double most_s)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_peer_pause(&sync->peer[i].peer, least_s, most_s);
	}
}

static void pause_member(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	double most_s = server_of(sync, peer)->member.client.poll_max_s;

	ffntp_peer_pause(&peer->peer, peer->pause_s, peer->pause_s);
	peer->pause_s *= 2;
	if (peer->pause_s > most_s)
		peer->pause_s = most_s;
}

/* Move to the address that the events of the last input chose. */
static void follow(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	const struct ffntp_servers *servers = &server_of(sync, peer)->servers;
	enum ffntp_servers_advice advice = peer->advice;
	bool is_first = !has_address(peer);
	const struct ffntp_address *address;

	peer->advice = FFNTP_STAY;
	if (advice == FFNTP_STAY)
		return;
	address = ffntp_ntslink_move(&peer->link, ffntp_servers_address(servers));
	ffntp_peer_move(&peer->peer, address, ffntp_servers_key(servers));
	if (advice == FFNTP_MOVE_AFTER_PAUSE)
		pause_member(sync, peer);
	if (is_first)
		begin_asking(sync, peer);
}

static void follow_all(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			follow(sync, &sync->peer[i]);
	}
}

/* Pass an input to the whole ensemble. Members begin with the address of their server, as for other inputs. */
static void put_to_all(struct ffntp_sync *sync, struct ffntp_input input)
{
	struct ffntp_event event;
	unsigned member;

	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_peer_name(&sync->peer[i].peer);
	}
	input.at = now(sync);
	ffntp_ensemble_input(sync->ensemble, FFNTP_ENSEMBLE_ALL, &input);
	while (ffntp_ensemble_event(sync->ensemble, &member, &event))
		listen_to_ensemble(sync, member, &event);
}

void ffntp_sync_input(struct ffntp_sync *sync, struct ffntp_input input)
{
	if (input.kind == FFNTP_INPUT_LEAP_TABLE) {
		for (size_t i = 0; i < sync->lineup.count; i++)
			sync->lineup.server[i].member.client.leap_table = input.leap_table;
	}
	if (ffntp_sync_is_many(sync))
		put_to_all(sync, input);
	else
		ffntp_peer_input(&sync->peer[0].peer, input);
	follow_all(sync);
}

void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former)
{
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = former });
}

void ffntp_sync_publish(struct ffntp_sync *sync)
{
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH });
}

/* --- addresses of servers and pools --- */

static bool has_unfit(const struct ffntp_sync *sync, size_t server)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open && sync->peer[i].server == server && sync->peer[i].is_unfit)
			return true;
	}
	return false;
}

/* Replace a member of a pool, whose clock is of no use for a different server. */
static void replace_unfit(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];
		const struct ffntp_address *address;
		size_t server = peer->server;

		if (!peer->is_open || !peer->is_unfit || (address = choose_of_pool(sync, server)) == NULL)
			continue;
		ffntp_lineup_reject(&sync->lineup.server[server], &peer->peer.address);
		leave(sync, peer);
		join_later(sync, server, address);
	}
}

static void work_pool(struct ffntp_sync *sync, size_t place)
{
	struct ffntp_lineup_server *server = &sync->lineup.server[place];

	if (count_members(sync, place) >= server->most && !has_unfit(sync, place))
		ffntp_lineup_be_content(server);
	else if (choose_of_pool(sync, place) == NULL)
		ffntp_lineup_renew(server, ffntp_sync_now_s());
}

/* Let the member of a server follow its addresses. */
static void work_server(struct ffntp_sync *sync, size_t place, enum ffntp_servers_advice advice)
{
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];

		if (!peer->is_open || peer->server != place)
			continue;
		peer->advice = advice;
		follow(sync, peer);
	}
}

/* Resolve the names of servers and pools that need it, and follow their addresses. */
static void work_lineup(struct ffntp_sync *sync)
{
	for (size_t i = 0; i < sync->lineup.count; i++) {
		struct ffntp_lineup_server *server = &sync->lineup.server[i];
		enum ffntp_servers_advice advice = ffntp_servers_poll(&server->servers, ffntp_sync_now_s());

		if (server->most > 0)
			work_pool(sync, i);
		else if (advice != FFNTP_STAY)
			work_server(sync, i, advice);
	}
	replace_unfit(sync);
	fill(sync, join_later);
}

/* --- key exchange of NTS --- */

/*
 * Return the POSIX time that certificates must be valid at: our own, once there is one; before that the system's, but
 * not from before this program was built, or none at all.
 */
static int64_t certificate_time_s(const struct ffntp_sync *sync, const struct ffntp_nts_method *method)
{
	struct ffntp_client_config config;
	struct ffntp_reading reading;
	struct timespec date = { 0 };

	if (ffntp_clock_at(ffntp_sync_map(sync), now(sync), FFNTP_UTC, UINT64_MAX, &reading) == FFNTP_CLOCK_OK)
		return reading.estimate.s;
	if (method->has_unchecked_start)
		return INT64_MIN;
	ffntp_client_config_default(&config);
	clock_gettime(CLOCK_REALTIME, &date);
	return date.tv_sec > config.pivot_s ? date.tv_sec : config.pivot_s;
}

/* The keys are for a server at this address. */
static void use_keys(struct ffntp_sync_peer *peer, const struct ffntp_address *address)
{
	if (!ffntp_address_is_equal(&peer->peer.address, address))
		ffntp_peer_move(&peer->peer, address, NULL);
	ffntp_peer_hurry(&peer->peer);
}

/* After a failure the next address of the name is tried, at once if it was not tried yet. */
static void try_next(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	if (is_of_pool(sync, peer))
		peer->is_unfit = true;
	else if (peer->advice == FFNTP_STAY)
		peer->advice = ffntp_servers_change(&server_of(sync, peer)->servers);
	if (peer->advice == FFNTP_MOVE)
		ffntp_ntslink_hurry(&peer->link);
	follow(sync, peer);
}

/* The key exchange is with the address of the name, also if that has named a different server for the time. */
static const struct ffntp_address *exchange_address(const struct ffntp_sync *sync, const struct ffntp_sync_peer *peer)
{
	const struct ffntp_address *address = ffntp_servers_address(&server_of(sync, peer)->servers);

	if (is_of_pool(sync, peer))
		return ffntp_address_is_some(&peer->link.asking) ? &peer->link.asking : &peer->peer.address;
	return address != NULL ? address : &peer->peer.address;
}

static void work_keys(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	struct ffntp_address server;

	switch (ffntp_ntslink_work(&peer->link, exchange_address(sync, peer),
				   certificate_time_s(sync, &peer->link.method), ffntp_sync_now_s(), &server)) {
	case FFNTP_NTSLINK_NOTHING:
		break;
	case FFNTP_NTSLINK_READY:
		use_keys(peer, &server);
		break;
	case FFNTP_NTSLINK_FAILED:
		try_next(sync, peer);
		break;
	}
}

/* --- one step --- */

size_t ffntp_sync_descriptors(const struct ffntp_sync *sync, struct pollfd *ready)
{
	size_t count = 0;

	for (unsigned i = 0; i < sync->room && !sync->is_lost; i++) {
		int descriptor = sync->peer[i].is_open ? ffntp_peer_descriptor(&sync->peer[i].peer) : -1;

		if (descriptor >= 0)
			ready[count++] = (struct pollfd){ .fd = descriptor, .events = POLLIN };
	}
	if (count == 0)
		ready[count++] = (struct pollfd){ .fd = -1, .events = POLLIN };
	return count;
}

int ffntp_sync_timeout_ms(const struct ffntp_sync *sync, int limit_ms)
{
	ffntp_counter at = now(sync);

	for (unsigned i = 0; i < sync->room && !sync->is_lost; i++) {
		if (sync->peer[i].is_open)
			limit_ms = ffntp_peer_timeout_ms(&sync->peer[i].peer, at, limit_ms);
	}
	return limit_ms;
}

/* Look for all signs of a disruption. */
static enum ffntp_counter_event look_for_disruption(struct ffntp_sync *sync)
{
	enum ffntp_counter_event event = ffntp_counter_check(sync->source);

	if (sync->wakeup == NULL)
		return event;
	if (ffntp_wakeup_look(sync->wakeup, now(sync)) && event == FFNTP_COUNTER_STEADY)
		event = FFNTP_COUNTER_DISRUPTED;
	if (event != FFNTP_COUNTER_STEADY)
		ffntp_wakeup_disrupted(sync->wakeup, sync->source);
	return event;
}

/* Call it before anything is measured or used. */
static void check_counter(struct ffntp_sync *sync)
{
	enum ffntp_counter_event event = look_for_disruption(sync);
	struct ffntp_input input = {
		.kind = FFNTP_INPUT_DISRUPTED,
		.period_hint_s = sync->source->period_hint_s,
		.period_hint_error = sync->source->period_hint_error,
	};

	if (event == FFNTP_COUNTER_STEADY)
		return;
	sync->is_lost = sync->is_lost || event == FFNTP_COUNTER_LOST;
	if (event == FFNTP_COUNTER_REPLACED)
		input.kind = FFNTP_INPUT_COUNTER_REPLACED;
	ffntp_sync_input(sync, input);
}

/*
 * One datagram in a step: poll() reports at once whether there are more, which are rare. Then the reading of that
 * wake-up is later than their arrival, and a flood of them does not delay the timer.
 */
static void receive(struct ffntp_sync *sync, struct ffntp_sync_peer *peer, int revents, ffntp_counter woke)
{
	if (ffntp_peer_receive(&peer->peer, revents, woke))
		follow(sync, peer);
}

/* Return what poll() reported of a member's socket. */
static int revents_of(const struct ffntp_sync_peer *peer, const struct pollfd *ready, size_t count)
{
	int descriptor = peer->is_open ? ffntp_peer_descriptor(&peer->peer) : -1;

	for (size_t i = 0; descriptor >= 0 && i < count; i++) {
		if (ready[i].fd == descriptor)
			return ready[i].revents;
	}
	return 0;
}

/*
 * The counter is checked at each step, because readers use the page whether anything is due or not. All replies are
 * received first, because a reply that waits is dated later.
 */
void ffntp_sync_step(struct ffntp_sync *sync, const struct pollfd *ready, size_t count)
{
	ffntp_counter woke = now(sync);

	check_counter(sync);
	if (sync->is_lost)
		return;
	for (unsigned i = 0; i < sync->room; i++) {
		int revents = revents_of(&sync->peer[i], ready, count);

		if (revents != 0)
			receive(sync, &sync->peer[i], revents, woke);
	}
	for (unsigned i = 0; i < sync->room; i++) {
		while (sync->peer[i].is_open && ffntp_peer_timer(&sync->peer[i].peer, now(sync)))
			follow(sync, &sync->peer[i]);
	}
	work_lineup(sync);
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open && !sync->peer[i].peer.is_offline && sync->peer[i].link.method.ops != NULL)
			work_keys(sync, &sync->peer[i]);
	}
}
