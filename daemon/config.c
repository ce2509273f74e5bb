/* config: see config.h. The text of a file is read by configparse.c. */
#include "config.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "refclockline.h"

/* --- defaults and copies --- */

void ffntp_config_server_default(struct ffntp_config_server *server)
{
	*server = (struct ffntp_config_server){
		.name = "",
#define SERVER_NUMBER(member, type, usual, least, most, name) .member = (usual),
#include "server_options.def"
#define SERVER_WORD(member, usual, least, most, name, unit, scale) .member = (usual),
#include "../core/client_options.def"
	};
}

void ffntp_config_default(struct ffntp_config *config)
{
	memset(config, 0, offsetof(struct ffntp_config, server));
	config->journal_size = FFNTP_CONFIG_JOURNAL_USUAL;
	config->least_sources = 1;
#define KEYWORD(member, usual, least, most, name, unit, scale) config->member = (usual);
#include "../core/client_options.def"
	ffntp_config_server_default(&config->server[0]);
}

void ffntp_config_copy(struct ffntp_config *to, const struct ffntp_config *from)
{
	size_t servers = from->servers > 0 ? from->servers : 1; /* the first one is never without its defaults */

	memcpy(to, from, offsetof(struct ffntp_config, server));
	memcpy(to->server, from->server, servers * sizeof(from->server[0]));
	memcpy(to->sourcedir, from->sourcedir, from->sourcedirs * sizeof(from->sourcedir[0]));
	memcpy(to->nts_trusted, from->nts_trusted, from->nts_trusted_count * sizeof(from->nts_trusted[0]));
}

void ffntp_config_client(const struct ffntp_config *config, size_t server, struct ffntp_client_config *client)
{
#define KEYWORD(member, usual, least, most, name, unit, scale) client->member = config->member;
#define SERVER_WORD(member, usual, least, most, name, unit, scale) client->member = config->server[server].member;
#include "../core/client_options.def"
	client->interleaved = config->server[server].xleave;
	client->root_field = config->server[server].root_field;
}

size_t ffntp_config_server_members(const struct ffntp_config_server *server)
{
	return server->is_pool ? server->maxsources : 1;
}

size_t ffntp_config_members(const struct ffntp_config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->servers; i++)
		count += ffntp_config_server_members(&config->server[i]);
	return count;
}

/* --- lists of servers --- */

bool ffntp_config_add_server(struct ffntp_config *config, const char *name)
{
	struct ffntp_config_server *server = &config->server[config->servers];

	if (ffntp_config_members(config) == FFNTP_CONFIG_SERVERS || *name == '\0' ||
	    strlen(name) >= sizeof(server->name))
		return false;
	ffntp_config_server_default(server);
	strcpy(server->name, name);
	server->iburst = true;
	config->servers++;
	return true;
}

bool ffntp_config_has_server(const struct ffntp_config *config, const struct ffntp_config_server *server)
{
	for (size_t i = 0; i < config->servers; i++) {
		if (strcasecmp(config->server[i].name, server->name) == 0 && config->server[i].port == server->port)
			return true;
	}
	return false;
}

bool ffntp_config_copy_server(struct ffntp_config *config, const struct ffntp_config_server *server)
{
	if (ffntp_config_has_server(config, server) ||
	    ffntp_config_members(config) + ffntp_config_server_members(server) > FFNTP_CONFIG_SERVERS)
		return false;
	config->server[config->servers++] = *server;
	return true;
}

void ffntp_config_remove_server(struct ffntp_config *config, size_t place)
{
	config->servers--;
	memmove(&config->server[place], &config->server[place + 1],
		(config->servers - place) * sizeof(config->server[0]));
}

/* --- comparing --- */

bool ffntp_config_is_many(const struct ffntp_config *config)
{
	return config->servers > 1 || (config->servers == 1 && config->server[0].is_pool) || config->sourcedirs > 0;
}

bool ffntp_config_is_same_server(const struct ffntp_config_server *a, const struct ffntp_config_server *b)
{
	bool is_same = strcmp(a->name, b->name) == 0 && a->is_pool == b->is_pool && a->is_refclock == b->is_refclock &&
		       a->root_field == b->root_field && ffntp_refclockline_is_same(&a->refclock, &b->refclock);

#define SERVER_NUMBER(member, type, usual, least, most, name) is_same = is_same && a->member == b->member;
#define SERVER_FLAG(member, name) is_same = is_same && a->member == b->member;
#define SERVER_START_FLAG(member, name)
#include "server_options.def"
#define SERVER_WORD(member, usual, least, most, name, unit, scale) is_same = is_same && a->member == b->member;
#include "../core/client_options.def"
	return is_same;
}

bool ffntp_config_is_same_clock(const struct ffntp_config *a, const struct ffntp_config *b)
{
	bool is_same = a->least_sources == b->least_sources && strcmp(a->leap_list, b->leap_list) == 0 &&
		       a->ignores_leap_indicators == b->ignores_leap_indicators &&
		       a->leap_expiry_is_strict == b->leap_expiry_is_strict && a->counter_jumps == b->counter_jumps;

#define KEYWORD(member, usual, least, most, name, unit, scale) is_same = is_same && a->member == b->member;
#include "../core/client_options.def"
	return is_same;
}

/* --- settings of the command line, too --- */

bool ffntp_config_set_sandbox(struct ffntp_config *config, const char *word)
{
	config->sandbox_is_off = strcasecmp(word, "off") == 0;
	return config->sandbox_is_off || strcasecmp(word, "on") == 0;
}

bool ffntp_config_set_user(struct ffntp_config *config, const char *name)
{
	if (*name == '\0' || strlen(name) >= sizeof(config->user))
		return false;
	strcpy(config->user, name);
	return true;
}

bool ffntp_config_set_journal(struct ffntp_config *config, const char *path)
{
	if (*path == '\0' || strlen(path) >= sizeof(config->journal))
		return false;
	strcpy(config->journal, path);
	return true;
}

/* Return the exponent of the power of two that a letter stands for; 0 if there is none. */
static unsigned size_exponent(char letter)
{
	return letter == 'k' ? 10 : letter == 'M' ? 20 : letter == 'G' ? 30 : 0;
}

bool ffntp_config_set_journal_size(struct ffntp_config *config, const char *size)
{
	size_t digits = strspn(size, "0123456789"), length = strlen(size);
	unsigned exponent = length == digits + 1 ? size_exponent(size[digits]) : 0;
	uint64_t value = 0;

	if (digits == 0 || digits > 15 || (length != digits && exponent == 0))
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (uint64_t)(size[i] - '0');
	if (value > FFNTP_CONFIG_JOURNAL_MOST >> exponent || value << exponent < FFNTP_CONFIG_JOURNAL_LEAST)
		return false;
	config->journal_size = value << exponent;
	return true;
}
