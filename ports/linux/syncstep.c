/* syncstep: opens, changes and closes a sync, and passes inputs to it; its step. See sync.h and syncparts.h. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "syncparts.h"

int64_t ffntp_sync_now_s(void)
{
	struct timespec time = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
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
	const struct ffntp_lineup_server *server = ffntp_sync_server(sync, &sync->peer[member]);

	return server->refclock != NULL ? server->refclock->path : ffntp_servers_name(&server->servers);
}

const char *ffntp_sync_nts_news(struct ffntp_sync *sync, unsigned member, bool *has_failed)
{
	*has_failed = false;
	if (ffntp_sync_peer(sync, member) == NULL || sync->peer[member].link == NULL)
		return NULL;
	return ffntp_ntslink_news(sync->peer[member].link, has_failed);
}

bool ffntp_sync_has_server(const struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (ffntp_sync_has_address(&sync->peer[i]))
			return true;
	}
	return false;
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
	free(sync->link);
	free(sync->ensemble); /* the start of the allocated memory */
	sync->peer = NULL;
	sync->link = NULL;
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
		.limiter = parts->limiter,
		.context = parts->context,
		.lineup = *parts->lineup,
	};
	sync->ensemble = make_ensemble(parts->config, sync->began);
	sync->peer = calloc(sync->room, sizeof(*sync->peer));
	sync->link = calloc(sync->room, sizeof(*sync->link));
	if (sync->ensemble == NULL || sync->peer == NULL || sync->link == NULL || !has_room(sync, &sync->lineup)) {
		free_parts(sync);
		return false;
	}
	if (parts->recorder != NULL)
		parts->recorder(parts->context, sync->ensemble, parts->config, sync->began);
	ffntp_sync_fill(sync, true);
	sync->keeps_stamping = ffntp_udp_keep_stamping();
	return true;
}

struct ffntp_lineup ffntp_sync_end(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_peer_close(&sync->peer[i].peer);
		if (sync->peer[i].link != NULL)
			ffntp_ntslink_close(sync->peer[i].link);
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
			ffntp_sync_leave(sync, peer);
		else
			peer->server = place;
	}
}

/* Servers that go on do their next key exchange by the new lineup's method: its trusted certificates may differ. */
static void take_methods(struct ffntp_sync *sync)
{
	for (unsigned i = 0; i < sync->room; i++) {
		struct ffntp_sync_peer *peer = &sync->peer[i];

		if (peer->is_open && ffntp_sync_uses_nts(peer))
			peer->link->method = ffntp_sync_server(sync, peer)->nts;
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
	ffntp_sync_fill(sync, false);
	return true;
}

/* --- inputs --- */

void ffntp_sync_spread(struct ffntp_sync *sync, double least_s, double most_s)
{
	for (unsigned i = 0; i < sync->room; i++) {
		if (sync->peer[i].is_open)
			ffntp_peer_pause(&sync->peer[i].peer, least_s, most_s);
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
	input.at = ffntp_sync_counter(sync);
	ffntp_ensemble_input(sync->ensemble, FFNTP_ENSEMBLE_ALL, &input);
	while (ffntp_ensemble_event(sync->ensemble, &member, &event))
		ffntp_sync_take_event(sync, member, &event);
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
	ffntp_sync_follow_all(sync);
}

void ffntp_sync_continue(struct ffntp_sync *sync, const struct ffntp_map *former)
{
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_FORMER, .map = former });
}

void ffntp_sync_publish(struct ffntp_sync *sync)
{
	ffntp_sync_input(sync, (struct ffntp_input){ .kind = FFNTP_INPUT_PUBLISH });
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
	ffntp_counter at = ffntp_sync_counter(sync);

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
	if (ffntp_wakeup_look(sync->wakeup, ffntp_sync_counter(sync)) && event == FFNTP_COUNTER_STEADY)
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
		ffntp_sync_follow(sync, peer);
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
	ffntp_counter woke = ffntp_sync_counter(sync);

	check_counter(sync);
	if (sync->is_lost)
		return;
	for (unsigned i = 0; i < sync->room; i++) {
		int revents = revents_of(&sync->peer[i], ready, count);

		if (revents != 0)
			receive(sync, &sync->peer[i], revents, woke);
	}
	for (unsigned i = 0; i < sync->room; i++) {
		while (sync->peer[i].is_open && ffntp_peer_timer(&sync->peer[i].peer, ffntp_sync_counter(sync)))
			ffntp_sync_follow(sync, &sync->peer[i]);
	}
	ffntp_sync_work_lineup(sync);
	ffntp_sync_work_keys(sync);
}
