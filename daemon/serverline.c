/* serverline: see serverline.h. */
#include "serverline.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../ports/linux/srv.h"

static const struct ffntp_confignumber server_numbers[] = {
#define SERVER_WORD(member, usual, least, most, name, unit, scale) \
	FFNTP_CONFIGNUMBER(ffntp_config_server, member, least, most, name, scale)
#include "../core/client_options.def"
	{ NULL, 0, 0, 0, 0 },
};

struct server_option {
	const char *name;
	enum { OPTION_NUMBER, OPTION_FLAG, OPTION_REFUSED, OPTION_EXTFIELD } kind;
	const char *why;     /* if it is refused */
	size_t offset, size; /* of the member */
	unsigned long least, most;
};

/* Versions of clang-format differ on a macro that is a pair of braces. */
/* clang-format off */
#define REFUSED(name, why) { name, OPTION_REFUSED, why, 0, 0, 0, 0 }
/* clang-format on */

static const struct server_option server_options[] = {
#define SERVER_NUMBER(member, type, usual, least, most, name) \
	{ #name, OPTION_NUMBER, NULL, offsetof(struct ffntp_config_server, member), sizeof(type), least, most },
#define SERVER_FLAG(member, name) \
	{ #name, OPTION_FLAG, NULL, offsetof(struct ffntp_config_server, member), sizeof(bool), 0, 1 },
#include "server_options.def"
	REFUSED("certset", "all certificates of ntstrustedcerts are of one set"),
	REFUSED("burst", "only iburst is implemented"),
	REFUSED("version", "requests always have version 4"),
	REFUSED("maxdelay", "the estimator judges delays by itself"),
	REFUSED("mindelay", "the estimator judges delays by itself"),
	REFUSED("maxdelayratio", "the estimator judges delays by itself"),
	REFUSED("maxdelaydevratio", "the estimator judges delays by itself"),
	REFUSED("maxdelayquant", "the estimator judges delays by itself"),
	REFUSED("asymmetry", "the estimator judges delays by itself"),
	REFUSED("minsamples", "the estimator decides what it remembers"),
	REFUSED("maxsamples", "the estimator decides what it remembers"),
	REFUSED("filter", "the estimator decides what it remembers"),
	REFUSED("presend", "it is not implemented"),
	REFUSED("polltarget", "it is not implemented"),
	REFUSED("auto_offline", "it is not implemented"),
	{ "extfield", OPTION_EXTFIELD, NULL, 0, 0, 0, 0 },
	REFUSED("copy", "it is not implemented"),
};

static const struct server_option *find_server_option(const char *name)
{
	for (size_t i = 0; i < sizeof(server_options) / sizeof(server_options[0]); i++) {
		if (strcasecmp(name, server_options[i].name) == 0)
			return &server_options[i];
	}
	return NULL;
}

static bool parse_option_value(const struct ffntp_configline *line, size_t at, const struct server_option *option,
			       unsigned long *value)
{
	if (!ffntp_configline_unsigned(line->word[at + 1], option->most, value) || *value < option->least)
		return ffntp_configline_refuse(line, "%s: '%s %s' is not within %lu to %lu", line->word[0],
					       line->word[at], line->word[at + 1], option->least, option->most);
	return true;
}

/* Store a whole number or a flag in a member of this size. */
static void store_option(struct ffntp_config_server *server, const struct server_option *option, unsigned long value)
{
	void *member = (char *)server + option->offset;
	const uint8_t byte = (uint8_t)value;
	const uint16_t pair = (uint16_t)value;
	const uint32_t word = (uint32_t)value;

	memcpy(member,
	       option->size == sizeof(byte)   ? (const void *)&byte
	       : option->size == sizeof(pair) ? (const void *)&pair
					      : (const void *)&word,
	       option->size);
}

/* The only extension field of chrony's that is implemented. */
static bool parse_extfield(struct ffntp_config_server *server, const struct ffntp_configline *line, size_t at)
{
	bool is_none = strcasecmp(line->word[at + 1], "none") == 0;

	if (!is_none && strcasecmp(line->word[at + 1], "F323") != 0)
		return ffntp_configline_refuse(line, "%s: extfield: '%s' is neither F323 nor none", line->word[0],
					       line->word[at + 1]);
	server->root_field = is_none ? FFNTP_ROOT_FIELD_NEVER : FFNTP_ROOT_FIELD_ASK;
	return true;
}

/* Read an option of server_options. */
static bool parse_own_option(struct ffntp_config_server *server, const struct ffntp_configline *line, size_t at,
			     const struct server_option *option)
{
	unsigned long value = 1;

	if (option->kind == OPTION_EXTFIELD)
		return parse_extfield(server, line, at);
	if (option->kind == OPTION_REFUSED)
		return ffntp_configline_refuse(line, "%s: unsupported option '%s': %s", line->word[0], option->name,
					       option->why);
	if (option->kind == OPTION_NUMBER && !parse_option_value(line, at, option, &value))
		return false;
	store_option(server, option, value);
	return true;
}

/* Read the option at word *at, and move *at past it. */
static bool parse_server_option(struct ffntp_config_server *server, const struct ffntp_configline *line, size_t *at)
{
	const struct server_option *option = find_server_option(line->word[*at]);
	const struct ffntp_confignumber *number = ffntp_confignumber_find(server_numbers, line->word[*at]);
	bool has_value =
		number != NULL || (option != NULL && option->kind != OPTION_FLAG && option->kind != OPTION_REFUSED);
	size_t first = *at;

	if (option == NULL && number == NULL)
		return ffntp_configline_refuse(line, "%s: unknown option '%s'", line->word[0], line->word[*at]);
	if (has_value && *at + 1 >= line->words)
		return ffntp_configline_refuse(line, "%s: '%s' needs a value", line->word[0], line->word[*at]);
	*at += has_value ? 2 : 1;
	return number != NULL ? ffntp_confignumber_store(line, number, line->word[first + 1], server)
			      : parse_own_option(server, line, first, option);
}

/* Return whether the line has an option of this name. */
static bool has_option(const struct ffntp_configline *line, const char *name)
{
	for (size_t at = 2; at < line->words; at++) {
		if (strcasecmp(line->word[at], name) == 0)
			return true;
	}
	return false;
}

/* If one limit of the interval is written and excludes the usual value of the other, the other follows it. */
static void follow_written_poll(struct ffntp_config_server *server, const struct ffntp_configline *line)
{
	if (server->minpoll_log2_s <= server->maxpoll_log2_s)
		return;
	if (!has_option(line, "minpoll"))
		server->minpoll_log2_s = server->maxpoll_log2_s;
	else if (!has_option(line, "maxpoll"))
		server->maxpoll_log2_s = server->minpoll_log2_s;
}

bool ffntp_serverline_check(const struct ffntp_configline *line, const struct ffntp_config *config,
			    const struct ffntp_config_server *server)
{
	if (server->minpoll_log2_s > server->maxpoll_log2_s)
		return ffntp_configline_refuse(line, "%s: minpoll %u is above maxpoll %u", line->word[0],
					       server->minpoll_log2_s, server->maxpoll_log2_s);
	if (!server->is_pool && has_option(line, "maxsources"))
		return ffntp_configline_refuse(line, "%s: 'maxsources' is an option of pool", line->word[0]);
	if (server->nts && server->key_id != 0)
		return ffntp_configline_refuse(line, "%s: 'nts' excludes 'key'", line->word[0]);
	if (ffntp_srv_is_name(server->name) && (server->nts || has_option(line, "port")))
		return ffntp_configline_refuse(line,
					       "%s: '%s' stands for the hosts and ports of its SRV records, without %s",
					       line->word[0], server->name, server->nts ? "nts" : "a port");
	if (!server->nts && has_option(line, "ntsport"))
		return ffntp_configline_refuse(line, "%s: 'ntsport' is an option of servers with nts", line->word[0]);
	if (server->is_unused && (server->is_preferred || server->is_trusted || server->is_required))
		return ffntp_configline_refuse(line, "%s: 'noselect' excludes prefer, trust and require",
					       line->word[0]);
	if (ffntp_config_members(config) + ffntp_config_server_members(server) > FFNTP_CONFIG_SERVERS)
		return ffntp_configline_refuse(line, "more than %d servers%s", FFNTP_CONFIG_SERVERS,
					       server->is_pool ? ", with the maxsources of pools" : "");
	return true;
}

/* Read the name of a server, and the file that has its line. */
static bool parse_name(struct ffntp_config_server *server, const struct ffntp_configline *line)
{
	if (line->words < 2)
		return ffntp_configline_refuse(line, "%s needs a name or an address", line->word[0]);
	if (strlen(line->word[1]) >= sizeof(server->name))
		return ffntp_configline_refuse(line, "%s: the name is too long", line->word[0]);
	if (line->scope->is_name != NULL && !line->scope->is_name(line->word[1]))
		return ffntp_configline_refuse(line, "%s '%s': neither a name nor an address", line->word[0],
					       line->word[1]);
	strcpy(server->name, line->word[1]);
	if (line->scope->sources != NULL)
		snprintf(server->file, sizeof(server->file), "%s", line->scope->sources);
	return true;
}

bool ffntp_serverline_parse(const struct ffntp_configline *line, bool is_pool, struct ffntp_config_server *server)
{
	ffntp_config_server_default(server);
	if (!parse_name(server, line))
		return false;
	server->is_pool = is_pool;
	for (size_t at = 2; at < line->words;) {
		if (!parse_server_option(server, line, &at))
			return false;
	}
	follow_written_poll(server, line);
	return true;
}
