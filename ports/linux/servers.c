#include "servers.h"

/* Requests, 2 s apart, that a new server may leave unanswered before the next server is tried. */
#define PATIENCE 2

static bool is_usable(const struct ffntp_servers *servers)
{
	return servers->found[servers->server].count > 0;
}

static size_t candidates(const struct ffntp_servers *servers)
{
	size_t sum = 0;

	for (size_t i = 0; i < servers->count; i++)
		sum += servers->found[i].count;
	return sum;
}

/* Choose the first server that was resolved, if there is one. */
static bool choose_first(struct ffntp_servers *servers)
{
	if (candidates(servers) == 0)
		return false;
	while (!is_usable(servers))
		servers->server++;
	return true;
}

bool ffntp_servers_open(struct ffntp_servers *servers, const struct ffntp_server_name *names, size_t count)
{
	*servers = (struct ffntp_servers){ .names = names, .count = count };
	for (size_t i = 0; i < count; i++)
		servers->problem[i] = ffntp_resolve(names[i].name, names[i].port, &servers->found[i]);
	return choose_first(servers);
}

void ffntp_servers_start(struct ffntp_servers *servers, const struct ffntp_server_name *names, size_t count)
{
	*servers = (struct ffntp_servers){ .names = names, .count = count };
}

/* Return true when the resolution of 'resolving' has ended. */
static bool is_resolved(struct ffntp_servers *servers)
{
	const struct ffntp_server_name *name = &servers->names[servers->resolving];
	struct ffntp_addresses *found = &servers->found[servers->resolving];
	const char **problem = &servers->problem[servers->resolving];

	if (servers->resolver == NULL) {
		if (ffntp_resolve_numeric(name->name, name->port, found))
			return true;
		servers->resolver = ffntp_resolver_start(name->name, name->port);
		*problem = servers->resolver == NULL ? "out of memory, or of threads" : NULL;
	}
	if (servers->resolver != NULL && !ffntp_resolver_finish(servers->resolver, found, problem))
		return false;
	servers->resolver = NULL;
	return true;
}

bool ffntp_servers_finish(struct ffntp_servers *servers, bool *is_any)
{
	while (servers->resolving < servers->count) {
		if (!is_resolved(servers))
			return false;
		servers->resolving++;
	}
	*is_any = choose_first(servers);
	return true;
}

void ffntp_servers_close(struct ffntp_servers *servers)
{
	if (servers->resolver != NULL)
		ffntp_resolver_abandon(servers->resolver);
	servers->resolver = NULL;
}

const struct ffntp_address *ffntp_servers_address(const struct ffntp_servers *servers)
{
	return &servers->found[servers->server].address[servers->address];
}

const char *ffntp_servers_name(const struct ffntp_servers *servers)
{
	return servers->names[servers->server].name;
}

const struct ffntp_key *ffntp_servers_key(const struct ffntp_servers *servers)
{
	return servers->names[servers->server].key;
}

/* A numeric address need not be resolved again. */
static bool is_numeric(const struct ffntp_server_name *server)
{
	struct ffntp_addresses found;

	return ffntp_resolve_numeric(server->name, server->port, &found);
}

static void resolve_anew(struct ffntp_servers *servers, size_t server)
{
	const struct ffntp_server_name *name = &servers->names[server];

	if (servers->resolver != NULL || is_numeric(name))
		return;
	servers->resolving = server;
	servers->resolver = ffntp_resolver_start(name->name, name->port);
}

/* Resolve again a server that could not be resolved at the start, one at a time. */
static void resolve_missing(struct ffntp_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (servers->found[i].count == 0)
			resolve_anew(servers, i);
	}
}

static void begin_use(struct ffntp_servers *servers)
{
	servers->has_answered = false;
	servers->unanswered = 0;
}

static enum ffntp_servers_advice next(struct ffntp_servers *servers)
{
	size_t all = candidates(servers);

	if (servers->has_answered)
		servers->tried = 0;
	servers->tried++;
	begin_use(servers);
	if (all < 2)
		return FFNTP_STAY;
	if (++servers->address >= servers->found[servers->server].count) {
		servers->address = 0;
		do
			servers->server = (servers->server + 1) % servers->count;
		while (!is_usable(servers));
	}
	return servers->tried % all == 0 ? FFNTP_MOVE_AFTER_PAUSE : FFNTP_MOVE;
}

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
	resolve_missing(servers);
	return next(servers);
}

enum ffntp_servers_advice ffntp_servers_change(struct ffntp_servers *servers)
{
	resolve_anew(servers, servers->server);
	resolve_missing(servers);
	return next(servers);
}

/* Return the index of the address among those found; their count if it is not there. */
static size_t find_address(const struct ffntp_addresses *found, const struct ffntp_address *address)
{
	size_t i = 0;

	while (i < found->count && !ffntp_address_is_equal(&found->address[i], address))
		i++;
	return i;
}

/* Replace the addresses of the server in use by the newly resolved ones. */
static enum ffntp_servers_advice replace_addresses(struct ffntp_servers *servers, const struct ffntp_addresses *found)
{
	struct ffntp_address in_use = *ffntp_servers_address(servers);
	size_t place = find_address(found, &in_use);

	servers->found[servers->server] = *found;
	servers->address = place < found->count ? place : 0;
	if (place < found->count || servers->has_answered) {
		servers->found[servers->server].address[servers->address] = in_use;
		return FFNTP_STAY;
	}
	begin_use(servers);
	return FFNTP_MOVE;
}

enum ffntp_servers_advice ffntp_servers_poll(struct ffntp_servers *servers)
{
	struct ffntp_addresses found;
	const char *problem;

	if (servers->resolver == NULL || !ffntp_resolver_finish(servers->resolver, &found, &problem))
		return FFNTP_STAY;
	servers->resolver = NULL;
	if (problem != NULL)
		return FFNTP_STAY;
	if (servers->resolving == servers->server)
		return replace_addresses(servers, &found);
	servers->found[servers->resolving] = found;
	return FFNTP_STAY;
}
