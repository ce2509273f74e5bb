#include "servers.h"

#include <time.h>

/* Requests, 2 s apart, that a new server may leave unanswered before the next server is tried. */
#define PATIENCE 2

/* The place of an address in use that its name no longer has. */
#define NOT_FOUND SIZE_MAX

/* Time between looks at the results while a caller waits for them (ns). */
#define WAIT_NS 5000000

/* --- choosing --- */

static size_t count_found(const struct ffntp_servers *servers)
{
	size_t sum = 0;

	for (size_t i = 0; i < servers->count; i++)
		sum += servers->lookup[i].found.count;
	return sum;
}

/* Count the addresses to choose from, with the one in use. */
static size_t candidates(const struct ffntp_servers *servers)
{
	return count_found(servers) + (servers->place == NOT_FOUND);
}

/* Use this address of the server from now on. */
static void use(struct ffntp_servers *servers, size_t server, size_t place)
{
	servers->server = server;
	servers->place = place;
	servers->address = servers->lookup[server].found.address[place];
	servers->has_answered = false;
	servers->unanswered = 0;
}

/* Choose the first server that has an address. */
static enum ffntp_servers_advice choose_first(struct ffntp_servers *servers)
{
	size_t first = 0;

	while (servers->lookup[first].found.count == 0)
		first++;
	use(servers, first, 0);
	return FFNTP_MOVE;
}

/* After an address that its name no longer has comes the first one of the name. */
static void choose_next(struct ffntp_servers *servers)
{
	size_t server = servers->server, place = servers->place + 1;

	if (place >= servers->lookup[server].found.count) {
		place = 0;
		do
			server = (server + 1) % servers->count;
		while (servers->lookup[server].found.count == 0);
	}
	use(servers, server, place);
}

/* The name is resolved again, because its addresses may have changed. */
static enum ffntp_servers_advice change(struct ffntp_servers *servers)
{
	size_t all = candidates(servers);

	ffntp_lookup_renew(&servers->lookup[servers->server]);
	if (servers->has_answered)
		servers->tried = 0;
	servers->tried++;
	servers->has_answered = false;
	servers->unanswered = 0;
	if (all < 2)
		return FFNTP_STAY;
	choose_next(servers);
	return servers->tried % all == 0 ? FFNTP_MOVE_AFTER_PAUSE : FFNTP_MOVE;
}

/* --- opening --- */

void ffntp_servers_open(struct ffntp_servers *servers, struct ffntp_lookup *lookups,
			const struct ffntp_server_name *names, size_t count, int64_t now_s)
{
	*servers = (struct ffntp_servers){ .count = count, .lookup = lookups };
	for (size_t i = 0; i < count; i++) {
		ffntp_lookup_init(&servers->lookup[i], names[i].name, names[i].port);
		servers->key[i] = names[i].key;
	}
	(void)ffntp_servers_poll(servers, now_s);
}

bool ffntp_servers_is_any(const struct ffntp_servers *servers, bool *is_over)
{
	*is_over = true;
	for (size_t i = 0; i < servers->count; i++)
		*is_over = *is_over && ffntp_lookup_has_ended(&servers->lookup[i]);
	return ffntp_address_is_some(&servers->address);
}

/* No name is resolved twice meanwhile, because the time stands still for the lookups. */
bool ffntp_servers_wait(struct ffntp_servers *servers, int64_t now_s)
{
	bool is_over;

	while (!ffntp_servers_is_any(servers, &is_over) && !is_over) {
		nanosleep(&(struct timespec){ .tv_nsec = WAIT_NS }, NULL);
		(void)ffntp_servers_poll(servers, now_s);
	}
	return ffntp_address_is_some(&servers->address);
}

void ffntp_servers_close(struct ffntp_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++)
		ffntp_lookup_close(&servers->lookup[i]);
}

/* --- reading --- */

const struct ffntp_address *ffntp_servers_address(const struct ffntp_servers *servers)
{
	return ffntp_address_is_some(&servers->address) ? &servers->address : NULL;
}

const char *ffntp_servers_name(const struct ffntp_servers *servers)
{
	return servers->lookup[servers->server].name;
}

const struct ffntp_key *ffntp_servers_key(const struct ffntp_servers *servers)
{
	return servers->key[servers->server];
}

const struct ffntp_lookup *ffntp_servers_news(struct ffntp_servers *servers, enum ffntp_lookup_event *event)
{
	for (size_t i = 0; i < servers->count; i++) {
		*event = servers->news[i];
		servers->news[i] = FFNTP_LOOKUP_NOTHING;
		if (*event != FFNTP_LOOKUP_NOTHING)
			return &servers->lookup[i];
	}
	return NULL;
}

/* --- replies, or none --- */

void ffntp_servers_answered(struct ffntp_servers *servers)
{
	servers->has_answered = true;
	servers->unanswered = 0;
	servers->tried = 0;
}

enum ffntp_servers_advice ffntp_servers_unanswered(struct ffntp_servers *servers)
{
	if (servers->has_answered || ++servers->unanswered < PATIENCE || candidates(servers) < 2)
		return FFNTP_STAY;
	return change(servers);
}

enum ffntp_servers_advice ffntp_servers_change(struct ffntp_servers *servers)
{
	return change(servers);
}

/* --- results --- */

/* Return the index of the address among those found; their count if it is not there. */
static size_t find_address(const struct ffntp_addresses *found, const struct ffntp_address *address)
{
	size_t i = 0;

	while (i < found->count && !ffntp_address_is_equal(&found->address[i], address))
		i++;
	return i;
}

/*
 * The name of the server in use has new addresses. One that answers is kept although its name no longer has it, unless
 * it is the address of an interface that was made again.
 */
static enum ffntp_servers_advice keep_address(struct ffntp_servers *servers)
{
	const struct ffntp_lookup *lookup = &servers->lookup[servers->server];
	size_t place = find_address(&lookup->found, &servers->address);

	if (place < lookup->found.count) {
		servers->place = place;
		return FFNTP_STAY;
	}
	servers->place = NOT_FOUND;
	if (servers->has_answered && !ffntp_resolve_has_zone(lookup->name))
		return FFNTP_STAY;
	use(servers, servers->server, 0);
	return FFNTP_MOVE;
}

static enum ffntp_servers_advice take_found(struct ffntp_servers *servers, size_t server)
{
	if (!ffntp_address_is_some(&servers->address))
		return choose_first(servers);
	return server == servers->server ? keep_address(servers) : FFNTP_STAY;
}

enum ffntp_servers_advice ffntp_servers_poll(struct ffntp_servers *servers, int64_t now_s)
{
	enum ffntp_servers_advice advice = FFNTP_STAY;

	for (size_t i = 0; i < servers->count; i++) {
		bool was_failing = servers->lookup[i].problem != NULL;
		enum ffntp_lookup_event event = ffntp_lookup_poll(&servers->lookup[i], now_s);

		if (event == FFNTP_LOOKUP_PROBLEM || (event == FFNTP_LOOKUP_FOUND && was_failing))
			servers->news[i] = event;
		if (event == FFNTP_LOOKUP_FOUND && take_found(servers, i) == FFNTP_MOVE)
			advice = FFNTP_MOVE;
	}
	return advice;
}
