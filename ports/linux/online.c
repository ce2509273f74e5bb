/* online: the functions of sync.h that ask servers soon, or no more. */
#include "syncparts.h"

/* Return whether the peer follows this server of the lineup, at an address. */
static bool has_address(const struct ffntp_sync_peer *peer, size_t server)
{
	return peer->is_open && peer->server == server && ffntp_address_is_some(&peer->peer.address);
}

void ffntp_sync_set_offline(struct ffntp_sync *sync, size_t server, bool is_offline)
{
	sync->lineup.server[server].is_offline = is_offline;
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];

		if (!peer->is_open || peer->server != server || peer->peer.is_offline == is_offline)
			continue;
		peer->peer.is_offline = is_offline;
		if (!is_offline)
			ffntp_sync_ask_soon(sync, peer);
	}
}

bool ffntp_sync_has_route(const struct ffntp_sync *sync, size_t server)
{
	bool is_any = false;

	for (unsigned i = 0; i < sync->room; i++) {
		const struct ffntp_sync_peer *peer = &sync->peer[i];

		if (!has_address(peer, server))
			continue;
		if (ffntp_udp_has_route(&peer->peer.address))
			return true;
		is_any = true;
	}
	return !is_any;
}

bool ffntp_sync_burst(struct ffntp_sync *sync, size_t server)
{
	bool is_any = false;

	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];

		if (!has_address(peer, server) || peer->peer.is_offline)
			continue;
		ffntp_peer_input(&peer->peer, (struct ffntp_input){ .kind = FFNTP_INPUT_BURST });
		is_any = true;
	}
	return is_any;
}
