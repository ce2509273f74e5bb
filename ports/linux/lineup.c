/* lineup: see lineup.h. */
#include "lineup.h"

#include <stdlib.h>
#include <string.h>

#include "keys.h"

/* Waits before a pool's name is resolved again (s): the first one, and the longest, a usual lifetime of addresses in
 * DNS.
 */
#define WAIT_FIRST_S 64
#define WAIT_MOST_S 1024

/* --- making and closing --- */

bool ffntp_lineup_init(struct ffntp_lineup *lineup, size_t count)
{
	*lineup = (struct ffntp_lineup){ calloc(count > 0 ? count : 1, sizeof(*lineup->server)), count };
	if (lineup->server == NULL) {
		lineup->count = 0;
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		lineup->server[i].former = -1;
		lineup->server[i].wait_s = WAIT_FIRST_S;
	}
	return true;
}

static size_t text_size(const struct ffntp_server_name *names, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += strlen(names[i].name) + 1;
	return size;
}

static bool copy_key(struct ffntp_lineup_server *server, const struct ffntp_key *key)
{
	if (key == NULL)
		return true;
	server->key = malloc(sizeof(*key));
	if (server->key == NULL)
		return false;
	*server->key = *key;
	return true;
}

bool ffntp_lineup_name(struct ffntp_lineup_server *server, const struct ffntp_server_name *names, size_t count)
{
	char *text;

	if (count == 0 || !copy_key(server, names[0].key))
		return false;
	server->names = malloc(count * sizeof(*names) + text_size(names, count));
	server->lookups = calloc(count, sizeof(*server->lookups));
	if (server->names == NULL || server->lookups == NULL)
		return false;
	text = (char *)&server->names[count];
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(names[i].name) + 1;

		memcpy(text, names[i].name, size);
		server->names[i] = (struct ffntp_server_name){ text, names[i].port, server->key };
		text += size;
	}
	server->count = count;
	return true;
}

bool ffntp_lineup_set_refclock(struct ffntp_lineup_server *server, const struct ffntp_refclock_config *config)
{
	server->refclock = malloc(sizeof(*server->refclock));
	if (server->refclock == NULL)
		return false;
	ffntp_refclock_init(server->refclock, config, server->names[0].name, &ffntp_phc_linux);
	return true;
}

void ffntp_lineup_use_nts(struct ffntp_lineup_server *server, const struct ffntp_nts_method *method)
{
	server->nts = *method;
	method->ops->hold(method->context);
}

bool ffntp_lineup_init_single(struct ffntp_lineup *lineup, const struct ffntp_server_name *names, size_t count)
{
	if (!ffntp_lineup_init(lineup, 1))
		return false;
	if (ffntp_lineup_name(lineup->server, names, count))
		return true;
	ffntp_lineup_close(lineup);
	return false;
}

static void close_server(struct ffntp_lineup_server *server)
{
	ffntp_servers_close(&server->servers);
	if (server->refclock != NULL)
		ffntp_refclock_close(server->refclock);
	free(server->refclock);
	free(server->names);
	free(server->lookups);
	if (server->key != NULL)
		ffntp_key_wipe(server->key);
	free(server->key);
	if (server->nts.ops != NULL)
		server->nts.ops->drop(server->nts.context);
	*server = (struct ffntp_lineup_server){ .former = -1 };
}

void ffntp_lineup_close(struct ffntp_lineup *lineup)
{
	for (size_t i = 0; i < lineup->count; i++)
		close_server(&lineup->server[i]);
	free(lineup->server);
	*lineup = (struct ffntp_lineup){ 0 };
}

bool ffntp_lineup_is_same_key(const struct ffntp_lineup_server *a, const struct ffntp_lineup_server *b)
{
	static const uint8_t text[1] = { 0 };
	uint8_t of_a[FFNTP_KEY_DIGEST_MOST] = { 0 }, of_b[FFNTP_KEY_DIGEST_MOST] = { 0 };

	if (a->key == NULL || b->key == NULL)
		return a->key == b->key;
	return a->key->type == b->key->type && a->key->id == b->key->id &&
	       ffntp_key_digest(a->key, text, sizeof(text), of_a) ==
		       ffntp_key_digest(b->key, text, sizeof(text), of_b) &&
	       memcmp(of_a, of_b, sizeof(of_a)) == 0;
}

/* --- resolving --- */

void ffntp_lineup_start(struct ffntp_lineup_server *server, int64_t now_s)
{
	if (server->refclock == NULL)
		ffntp_servers_open(&server->servers, server->lookups, server->names, server->count, now_s);
}

void ffntp_lineup_open(struct ffntp_lineup *lineup, int64_t now_s)
{
	for (size_t i = 0; i < lineup->count; i++) {
		if (lineup->server[i].former < 0)
			ffntp_lineup_start(&lineup->server[i], now_s);
	}
}

bool ffntp_lineup_poll(struct ffntp_lineup *lineup, int64_t now_s, bool *is_over)
{
	bool is_any = lineup->count == 0;

	*is_over = true;
	for (size_t i = 0; i < lineup->count; i++) {
		struct ffntp_servers *servers = &lineup->server[i].servers;
		bool has_ended;

		(void)ffntp_servers_poll(servers, now_s);
		is_any |= ffntp_servers_is_any(servers, &has_ended) || lineup->server[i].former >= 0 ||
			  lineup->server[i].refclock != NULL;
		*is_over = *is_over && has_ended;
	}
	return is_any;
}

const struct ffntp_addresses *ffntp_lineup_found(const struct ffntp_lineup_server *server)
{
	return &server->servers.lookup[0].found;
}

/* --- pools that lack addresses --- */

void ffntp_lineup_reject(struct ffntp_lineup_server *server, const struct ffntp_address *address)
{
	ffntp_pool_reject(&server->pool, address);
	server->rejected_s = server->servers.lookup[0].ended_s;
}

static void wait_longer(struct ffntp_lineup_server *server, int64_t now_s)
{
	server->renew_at_s = now_s + server->wait_s;
	server->wait_s = 2 * server->wait_s < WAIT_MOST_S ? 2 * server->wait_s : WAIT_MOST_S;
}

void ffntp_lineup_renew(struct ffntp_lineup_server *server, int64_t now_s)
{
	struct ffntp_lookup *lookup = &server->servers.lookup[0];

	if (lookup->problem == NULL && lookup->ended_s > server->rejected_s)
		ffntp_pool_reset(&server->pool);
	if (server->renew_at_s == 0)
		wait_longer(server, now_s);
	if (now_s < server->renew_at_s)
		return;
	ffntp_lookup_renew(lookup);
	wait_longer(server, now_s);
}

void ffntp_lineup_be_content(struct ffntp_lineup_server *server)
{
	server->renew_at_s = 0;
	server->wait_s = WAIT_FIRST_S;
}
