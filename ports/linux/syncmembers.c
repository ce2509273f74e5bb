/* syncmembers: the members of a sync, and the addresses that they follow. See syncparts.h. */
#include "syncparts.h"

static bool is_used(const void *context, const struct ffntp_address *address)
{
	const struct ffntp_sync *sync = context;

	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open && ffntp_address_is_equal(&sync->peer[i].peer.address, address))
			return true;
	}
	return false;
}

void ffntp_sync_limit(const struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	double wait_s = 0, interval_s = 0;

	if (sync->limiter != NULL && ffntp_address_is_some(&peer->peer.address))
		interval_s = sync->limiter(sync->context, &peer->peer.address, &wait_s);
	if (interval_s > 0)
		ffntp_peer_limit(&peer->peer, interval_s, wait_s);
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
		peer->link = &sync->link[joined.member];
		ffntp_ntslink_open(peer->link, &sync->lineup.server[server].nts,
				   ffntp_servers_name(&sync->lineup.server[server].servers), ffntp_sync_now_s());
		ffntp_sync_identify_machine(sync, peer->link);
		peer->peer.nts = &peer->link->nts;
	}
	peer->peer.listener = ffntp_sync_take_event;
	peer->peer.context = sync;
	ffntp_sync_limit(sync, peer);
	return peer;
}

void ffntp_sync_leave(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	ffntp_ensemble_remove(sync->ensemble, peer->peer.member, ffntp_sync_counter(sync));
	ffntp_peer_close(&peer->peer);
	if (peer->link != NULL)
		ffntp_ntslink_close(peer->link);
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

	ffntp_sync_ask_soon(sync, peer);
	ffntp_sync_emit(sync, peer->peer.member, &event);
}

/* Follow a server at an address, as far as there is room. A member that joins a running ensemble is asked soon. */
static void add(struct ffntp_sync *sync, size_t server, const struct ffntp_address *address, bool is_start)
{
	struct ffntp_sync_peer *peer = join(sync, server, address, is_start ? sync->began : ffntp_sync_counter(sync));

	if (peer != NULL && !is_start)
		begin_asking(sync, peer);
}

static void fill_pool(struct ffntp_sync *sync, size_t server, bool is_start)
{
	unsigned members = count_members(sync, server), former = members + 1;

	while (members != former && members < sync->lineup.server[server].most) {
		const struct ffntp_address *address = choose_of_pool(sync, server);

		former = members;
		if (address != NULL)
			add(sync, server, address, is_start);
		members = count_members(sync, server);
	}
}

void ffntp_sync_fill(struct ffntp_sync *sync, bool is_start)
{
	for (size_t i = 0; i < sync->lineup.count; i++) {
		struct ffntp_lineup_server *server = &sync->lineup.server[i];
		const struct ffntp_address *address = ffntp_servers_address(&server->servers);
		bool is_ready = address != NULL || server->refclock != NULL || !ffntp_sync_is_many(sync);

		if (server->most > 0)
			fill_pool(sync, i, is_start);
		else if (count_members(sync, i) == 0 && is_ready)
			add(sync, i, address, is_start);
	}
}

/* --- moving --- */

static void pause_member(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	double most_s = ffntp_sync_server(sync, peer)->member.client.poll_max_s;

	ffntp_peer_pause(&peer->peer, peer->pause_s, peer->pause_s);
	peer->pause_s *= 2;
	if (peer->pause_s > most_s)
		peer->pause_s = most_s;
}

void ffntp_sync_follow(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	const struct ffntp_servers *servers = &ffntp_sync_server(sync, peer)->servers;
	enum ffntp_servers_advice advice = peer->advice;
	bool is_first = !ffntp_sync_has_address(peer);
	const struct ffntp_address *address;

	peer->advice = FFNTP_STAY;
	if (advice == FFNTP_STAY)
		return;
	address = ffntp_servers_address(servers);
	if (ffntp_sync_uses_nts(peer))
		address = ffntp_ntslink_move(peer->link, address);
	ffntp_peer_move(&peer->peer, address, ffntp_servers_key(servers));
	ffntp_sync_limit(sync, peer);
	if (advice == FFNTP_MOVE_AFTER_PAUSE)
		pause_member(sync, peer);
	if (is_first)
		begin_asking(sync, peer);
}

void ffntp_sync_follow_all(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_sync_follow(sync, &sync->peer[i]);
	}
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

/* Replace the unfit members of pools. The clock of such a member is removed: it is of no use for a different server. */
static void replace_unfit(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];
		const struct ffntp_address *address;
		size_t server = peer->server;

		if (!peer->is_open || !peer->is_unfit || (address = choose_of_pool(sync, server)) == NULL)
			continue;
		ffntp_lineup_reject(&sync->lineup.server[server], &peer->peer.address);
		ffntp_sync_leave(sync, peer);
		add(sync, server, address, false);
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
		ffntp_sync_follow(sync, peer);
	}
}

void ffntp_sync_work_lineup(struct ffntp_sync *sync)
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
	ffntp_sync_fill(sync, false);
}
