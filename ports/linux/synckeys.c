/* synckeys: when the members of a sync exchange keys of NTS, and with which address. See syncparts.h. */
#include <string.h>
#include <time.h>

#include "syncparts.h"

void ffntp_sync_identify_machine(const struct ffntp_sync *sync, struct ffntp_ntslink *link)
{
	struct ffntp_ntsstore_signs signs = {
		.machine_id = FFNTP_NTSSTORE_MACHINE_ID,
		.is_guest = sync->client.counter_may_jump,
		.marker = sync->wakeup != NULL ? sync->wakeup->marker : 0,
		.generation = sync->wakeup != NULL ? sync->wakeup->generation : 0,
	};

	memcpy(signs.boot_id, sync->source->identity.boot_id, sizeof(signs.boot_id));
	ffntp_ntsstore_machine(&signs, link->machine);
}

/*
 * Return the POSIX time that certificates must be valid at: our own, once there is one; before that the system's, but
 * not from before this program was built, or none at all.
 */
static int64_t certificate_time_s(const struct ffntp_sync *sync, const struct ffntp_nts_method *method)
{
	struct ffntp_client_config config;
	struct ffntp_reading reading;
	struct timespec date = { 0 };

	if (ffntp_clock_at(ffntp_sync_map(sync), ffntp_sync_counter(sync), FFNTP_UTC, UINT64_MAX, &reading) ==
	    FFNTP_CLOCK_OK)
		return reading.estimate.s;
	if (method->has_unchecked_start)
		return INT64_MIN;
	ffntp_client_config_default(&config);
	clock_gettime(CLOCK_REALTIME, &date);
	return date.tv_sec > config.pivot_s ? date.tv_sec : config.pivot_s;
}

/* The keys are for a server at this address. */
static void use_keys(const struct ffntp_sync *sync, struct ffntp_sync_peer *peer, const struct ffntp_address *address)
{
	if (!ffntp_address_is_equal(&peer->peer.address, address)) {
		ffntp_peer_move(&peer->peer, address, NULL);
		ffntp_sync_limit(sync, peer);
	}
	ffntp_peer_hurry(&peer->peer);
}

/* After a failure the next address of the name is tried, at once if it was not tried yet. */
static void try_next(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	if (ffntp_sync_is_of_pool(sync, peer))
		peer->is_unfit = true;
	else if (peer->advice == FFNTP_STAY)
		peer->advice = ffntp_servers_change(&ffntp_sync_server(sync, peer)->servers);
	if (peer->advice == FFNTP_MOVE)
		ffntp_ntslink_hurry(peer->link);
	ffntp_sync_follow(sync, peer);
}

/* The key exchange is with the address of the name, also if that has named a different server for the time. */
static const struct ffntp_address *exchange_address(const struct ffntp_sync *sync, const struct ffntp_sync_peer *peer)
{
	const struct ffntp_address *address = ffntp_servers_address(&ffntp_sync_server(sync, peer)->servers);

	if (ffntp_sync_is_of_pool(sync, peer))
		return ffntp_address_is_some(&peer->link->asking) ? &peer->link->asking : &peer->peer.address;
	return address != NULL ? address : &peer->peer.address;
}

static void work_keys(struct ffntp_sync *sync, struct ffntp_sync_peer *peer)
{
	struct ffntp_address server;

	switch (ffntp_ntslink_work(peer->link, exchange_address(sync, peer),
				   certificate_time_s(sync, &peer->link->method), ffntp_sync_now_s(), &server)) {
	case FFNTP_NTSLINK_NOTHING:
		break;
	case FFNTP_NTSLINK_READY:
		use_keys(sync, peer, &server);
		break;
	case FFNTP_NTSLINK_FAILED:
		try_next(sync, peer);
		break;
	}
}

void ffntp_sync_work_keys(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open && !sync->peer[i].peer.is_offline && ffntp_sync_uses_nts(&sync->peer[i]))
			work_keys(sync, &sync->peer[i]);
	}
}
