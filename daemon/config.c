#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../ports/linux/srv.h"
#include "refclockline.h"

#define WORDS_MAX 32

/* One line, split into words. */
struct line {
	unsigned number;
	size_t words;
	char *word[WORDS_MAX];
	char text[FFNTP_CONFIG_LINE_MAX + 1];
	const struct ffntp_config_scope *scope;
	struct ffntp_config_error *error;
};

/* Replace control characters, because a file may contain anything and an error message reaches a terminal. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (!isprint((unsigned char)*text))
			*text = '?';
	}
}

__attribute__((format(printf, 2, 3))) static bool refuse(const struct line *line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->error->text, sizeof(line->error->text), format, arguments);
	va_end(arguments);
	make_printable(line->error->text);
	line->error->line = line->number;
	return false;
}

static bool parse_unsigned(const char *word, unsigned long max, unsigned long *value)
{
	unsigned long sum = 0;

	if (*word == '\0')
		return false;
	for (; *word != '\0'; word++) {
		unsigned long digit = (unsigned long)(*word - '0');

		if (*word < '0' || *word > '9' || digit > max || sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

/*
 * Parse a finite, decimal number that is at most max; "inf", "nan" and hexadecimal, which strtod accepts, are rejected.
 */
static bool parse_real(const char *word, double max, double *value)
{
	char *end;
	double number;

	if (word[strspn(word, "0123456789.eE+-")] != '\0')
		return false;
	number = strtod(word, &end);
	if (end == word || *end != '\0' || !(number <= max))
		return false;
	*value = number;
	return true;
}

/* --- keywords that are a number of the client --- */

/* A number of core/client_options.def: where it is stored, and how it follows from the value in the file. */
struct number {
	const char *name;
	size_t offset;
	double least, most, scale;
};

#define NUMBER_IN(structure, member, least, most, name, scale) \
	{ #name, offsetof(struct structure, member), least, most, scale },

static const struct number keyword_numbers[] = {
#define KEYWORD(member, usual, least, most, name, unit, scale) NUMBER_IN(ffntp_config, member, least, most, name, scale)
#include "../core/client_options.def"
	{ NULL, 0, 0, 0, 0 },
};

static const struct number server_numbers[] = {
#define SERVER_WORD(member, usual, least, most, name, unit, scale) \
	NUMBER_IN(ffntp_config_server, member, least, most, name, scale)
#include "../core/client_options.def"
	{ NULL, 0, 0, 0, 0 },
};

static const struct number *find_number(const struct number *numbers, const char *name)
{
	for (; numbers->name != NULL; numbers++) {
		if (strcasecmp(name, numbers->name) == 0)
			return numbers;
	}
	return NULL;
}

/* Store the value of a word in the structure that has this number. */
static bool store_number(const struct line *line, const struct number *number, const char *word, void *structure)
{
	double most = number->most / number->scale, value = 0;

	if (number->least < 0 && (!parse_real(word, most, &value) || value < number->least / number->scale))
		return refuse(line, "%s: '%s' is not a number from %g to %g", number->name, word,
			      number->least / number->scale, most);
	if (number->least >= 0 && (!parse_real(word, most, &value) || value <= 0))
		return refuse(line, "%s: '%s' is not a number above 0 and up to %g", number->name, word, most);
	value *= number->scale;
	memcpy((char *)structure + number->offset, &value, sizeof(value));
	return true;
}

static bool parse_number_line(struct ffntp_config *config, const struct line *line, const struct number *number)
{
	if (line->words != 2)
		return refuse(line, "%s takes one number", line->word[0]);
	return store_number(line, number, line->word[1], config);
}

void ffntp_config_client(const struct ffntp_config *config, size_t server, struct ffntp_client_config *client)
{
#define KEYWORD(member, usual, least, most, name, unit, scale) client->member = config->member;
#define SERVER_WORD(member, usual, least, most, name, unit, scale) client->member = config->server[server].member;
#include "../core/client_options.def"
	client->interleaved = config->server[server].xleave;
	client->root_field = config->server[server].root_field;
}

/* --- other keywords --- */

static bool parse_leapseclist(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one file name", line->word[0]);
	if (strlen(line->word[1]) >= sizeof(config->leap_list))
		return refuse(line, "%s: the file name is too long", line->word[0]);
	strcpy(config->leap_list, line->word[1]);
	return true;
}

static bool parse_keyfile(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one file name", line->word[0]);
	if (strlen(line->word[1]) >= sizeof(config->keyfile))
		return refuse(line, "%s: the file name is too long", line->word[0]);
	strcpy(config->keyfile, line->word[1]);
	return true;
}

static bool parse_ntstrustedcerts(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one name, of a file or a folder of certificates", line->word[0]);
	if (config->nts_trusted_count == FFNTP_CONFIG_TRUSTED)
		return refuse(line, "more than %d lines of %s; one may name a folder", FFNTP_CONFIG_TRUSTED,
			      line->word[0]);
	if (strlen(line->word[1]) >= FFNTP_CONFIG_PATH_SIZE)
		return refuse(line, "%s: the file name is too long", line->word[0]);
	strcpy(config->nts_trusted[config->nts_trusted_count++], line->word[1]);
	return true;
}

static bool parse_ntsdumpdir(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one name of a directory", line->word[0]);
	if (strlen(line->word[1]) >= sizeof(config->nts_directory))
		return refuse(line, "%s: the name is too long", line->word[0]);
	strcpy(config->nts_directory, line->word[1]);
	return true;
}

static bool parse_nosystemcert(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 1)
		return refuse(line, "%s stands alone", line->word[0]);
	config->nts_distrusts_system = true;
	return true;
}

static bool parse_nocerttimecheck(struct ffntp_config *config, const struct line *line)
{
	unsigned long value;

	if (line->words != 2 || !parse_unsigned(line->word[1], UINT32_MAX, &value))
		return refuse(line, "%s takes a number: 1 for a machine without a clock that keeps the date, else 0",
			      line->word[0]);
	config->nts_unchecked = (uint32_t)value;
	return true;
}

static bool parse_leapindicators(struct ffntp_config *config, const struct line *line)
{
	bool ignores = line->words == 2 && strcasecmp(line->word[1], "ignore") == 0;

	if (!ignores && (line->words != 2 || strcasecmp(line->word[1], "heed") != 0))
		return refuse(line, "%s takes heed or ignore", line->word[0]);
	config->ignores_leap_indicators = ignores;
	return true;
}

static bool parse_leapexpiry(struct ffntp_config *config, const struct line *line)
{
	bool is_strict = line->words == 2 && strcasecmp(line->word[1], "strict") == 0;

	if (!is_strict && (line->words != 2 || strcasecmp(line->word[1], "keep") != 0))
		return refuse(line, "%s takes keep or strict", line->word[0]);
	config->leap_expiry_is_strict = is_strict;
	return true;
}

static bool parse_counterjumps(struct ffntp_config *config, const struct line *line)
{
	static const char *const words[] = {
		[FFNTP_COUNTER_JUMPS_AUTO] = "auto",
		[FFNTP_COUNTER_JUMPS_YES] = "yes",
		[FFNTP_COUNTER_JUMPS_NO] = "no",
	};

	for (size_t i = 0; line->words == 2 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(line->word[1], words[i]) != 0)
			continue;
		config->counter_jumps = (enum ffntp_counter_jumps)i;
		return true;
	}
	return refuse(line, "%s takes auto, yes or no", line->word[0]);
}

static bool parse_journal(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one file name", line->word[0]);
	if (!ffntp_config_set_journal(config, line->word[1]))
		return refuse(line, "%s: the file name is too long", line->word[0]);
	return true;
}

static bool parse_journalsize(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one size", line->word[0]);
	if (!ffntp_config_set_journal_size(config, line->word[1]))
		return refuse(line, "%s: '%s' is not a size from 16k to 1024G", line->word[0], line->word[1]);
	return true;
}

static bool parse_sandbox(struct ffntp_config *config, const struct line *line)
{
	if (line->words == 2 && ffntp_config_set_sandbox(config, line->word[1]))
		return true;
	return refuse(line, "%s takes on or off", line->word[0]);
}

static bool parse_user(struct ffntp_config *config, const struct line *line)
{
	if (line->words == 2 && ffntp_config_set_user(config, line->word[1]))
		return true;
	return refuse(line, "%s takes the name of a user", line->word[0]);
}

/* --- the line of a server --- */

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

static bool parse_option_value(const struct line *line, size_t at, const struct server_option *option,
			       unsigned long *value)
{
	if (!parse_unsigned(line->word[at + 1], option->most, value) || *value < option->least)
		return refuse(line, "%s: '%s %s' is not within %lu to %lu", line->word[0], line->word[at],
			      line->word[at + 1], option->least, option->most);
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
static bool parse_extfield(struct ffntp_config_server *server, const struct line *line, size_t at)
{
	bool is_none = strcasecmp(line->word[at + 1], "none") == 0;

	if (!is_none && strcasecmp(line->word[at + 1], "F323") != 0)
		return refuse(line, "%s: extfield: '%s' is neither F323 nor none", line->word[0], line->word[at + 1]);
	server->root_field = is_none ? FFNTP_ROOT_FIELD_NEVER : FFNTP_ROOT_FIELD_ASK;
	return true;
}

/* Read an option of server_options. */
static bool parse_own_option(struct ffntp_config_server *server, const struct line *line, size_t at,
			     const struct server_option *option)
{
	unsigned long value = 1;

	if (option->kind == OPTION_EXTFIELD)
		return parse_extfield(server, line, at);
	if (option->kind == OPTION_REFUSED)
		return refuse(line, "%s: unsupported option '%s': %s", line->word[0], option->name, option->why);
	if (option->kind == OPTION_NUMBER && !parse_option_value(line, at, option, &value))
		return false;
	store_option(server, option, value);
	return true;
}

/* Read the option at word *at, and move *at past it. */
static bool parse_server_option(struct ffntp_config_server *server, const struct line *line, size_t *at)
{
	const struct server_option *option = find_server_option(line->word[*at]);
	const struct number *number = find_number(server_numbers, line->word[*at]);
	bool has_value =
		number != NULL || (option != NULL && option->kind != OPTION_FLAG && option->kind != OPTION_REFUSED);
	size_t first = *at;

	if (option == NULL && number == NULL)
		return refuse(line, "%s: unknown option '%s'", line->word[0], line->word[*at]);
	if (has_value && *at + 1 >= line->words)
		return refuse(line, "%s: '%s' needs a value", line->word[0], line->word[*at]);
	*at += has_value ? 2 : 1;
	return number != NULL ? store_number(line, number, line->word[first + 1], server)
			      : parse_own_option(server, line, first, option);
}

static void server_default(struct ffntp_config_server *server)
{
	*server = (struct ffntp_config_server){
		.name = "",
#define SERVER_NUMBER(member, type, usual, least, most, name) .member = (usual),
#include "server_options.def"
#define SERVER_WORD(member, usual, least, most, name, unit, scale) .member = (usual),
#include "../core/client_options.def"
	};
}

/* Return how many servers a line may add. */
static size_t members_of(const struct ffntp_config_server *server)
{
	return server->is_pool ? server->maxsources : 1;
}

size_t ffntp_config_members(const struct ffntp_config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->servers; i++)
		count += members_of(&config->server[i]);
	return count;
}

/* Return whether the line has an option of this name. */
static bool has_option(const struct line *line, const char *name)
{
	for (size_t at = 2; at < line->words; at++) {
		if (strcasecmp(line->word[at], name) == 0)
			return true;
	}
	return false;
}

/* If one limit of the interval is written and excludes the usual value of the other, the other follows it. */
static void follow_written_poll(struct ffntp_config_server *server, const struct line *line)
{
	if (server->minpoll_log2_s <= server->maxpoll_log2_s)
		return;
	if (!has_option(line, "minpoll"))
		server->minpoll_log2_s = server->maxpoll_log2_s;
	else if (!has_option(line, "maxpoll"))
		server->maxpoll_log2_s = server->minpoll_log2_s;
}

/* Check what concerns several options of the line, or other lines. */
static bool check_server(const struct ffntp_config *config, const struct ffntp_config_server *server,
			 const struct line *line)
{
	if (server->minpoll_log2_s > server->maxpoll_log2_s)
		return refuse(line, "%s: minpoll %u is above maxpoll %u", line->word[0], server->minpoll_log2_s,
			      server->maxpoll_log2_s);
	if (!server->is_pool && has_option(line, "maxsources"))
		return refuse(line, "%s: 'maxsources' is an option of pool", line->word[0]);
	if (server->nts && server->key_id != 0)
		return refuse(line, "%s: 'nts' excludes 'key'", line->word[0]);
	if (ffntp_srv_is_name(server->name) && (server->nts || has_option(line, "port")))
		return refuse(line, "%s: '%s' stands for the hosts and ports of its SRV records, without %s",
			      line->word[0], server->name, server->nts ? "nts" : "a port");
	if (!server->nts && has_option(line, "ntsport"))
		return refuse(line, "%s: 'ntsport' is an option of servers with nts", line->word[0]);
	if (server->is_unused && (server->is_preferred || server->is_trusted || server->is_required))
		return refuse(line, "%s: 'noselect' excludes prefer, trust and require", line->word[0]);
	if (ffntp_config_members(config) + members_of(server) > FFNTP_CONFIG_SERVERS)
		return refuse(line, "more than %d servers%s", FFNTP_CONFIG_SERVERS,
			      server->is_pool ? ", with the maxsources of pools" : "");
	return true;
}

/* Read the name of a server, and the file that has its line. */
static bool parse_name(struct ffntp_config_server *server, const struct line *line)
{
	if (line->words < 2)
		return refuse(line, "%s needs a name or an address", line->word[0]);
	if (strlen(line->word[1]) >= sizeof(server->name))
		return refuse(line, "%s: the name is too long", line->word[0]);
	if (line->scope->is_name != NULL && !line->scope->is_name(line->word[1]))
		return refuse(line, "%s '%s': neither a name nor an address", line->word[0], line->word[1]);
	strcpy(server->name, line->word[1]);
	if (line->scope->sources != NULL)
		snprintf(server->file, sizeof(server->file), "%s", line->scope->sources);
	return true;
}

static bool parse_server_line(struct ffntp_config *config, const struct line *line, bool is_pool)
{
	struct ffntp_config_server server;

	server_default(&server);
	if (!parse_name(&server, line))
		return false;
	server.is_pool = is_pool;
	for (size_t at = 2; at < line->words;) {
		if (!parse_server_option(&server, line, &at))
			return false;
	}
	follow_written_poll(&server, line);
	if (line->scope->sources != NULL && ffntp_config_has_server(config, &server))
		return true;
	if (!check_server(config, &server, line))
		return false;
	config->server[config->servers++] = server;
	return true;
}

static bool parse_server(struct ffntp_config *config, const struct line *line)
{
	return parse_server_line(config, line, false);
}

static bool parse_pool(struct ffntp_config *config, const struct line *line)
{
	return parse_server_line(config, line, true);
}

static size_t count_refclocks(const struct ffntp_config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->servers; i++)
		count += config->server[i].is_refclock;
	return count;
}

/* A reference clock is read at a fixed interval, and with a burst at the start, which costs no one anything. */
static void add_refclock(struct ffntp_config *config, const struct ffntp_refclockline *parsed)
{
	struct ffntp_config_server *server = &config->server[config->servers++];

	server_default(server);
	strcpy(server->name, parsed->device);
	server->is_refclock = server->iburst = true;
	server->minpoll_log2_s = server->maxpoll_log2_s = parsed->poll_log2_s;
	server->is_preferred = parsed->is_preferred;
	server->is_trusted = parsed->is_trusted;
	server->is_required = parsed->is_required;
	server->is_unused = parsed->is_unused;
	server->refclock = parsed->refclock;
}

static bool parse_refclock_words(struct ffntp_config *config, const struct line *line, char *const *word, size_t words)
{
	char text[FFNTP_REFCLOCKLINE_TEXT_SIZE];
	struct ffntp_refclockline parsed;

	if (ffntp_config_members(config) >= FFNTP_CONFIG_SERVERS)
		return refuse(line, "more than %d servers", FFNTP_CONFIG_SERVERS);
	if (!ffntp_refclockline_parse(&parsed, count_refclocks(config), word, words, text))
		return refuse(line, "%s: %s", line->word[0], text);
	if (strlen(parsed.device) >= sizeof(config->server[0].name))
		return refuse(line, "%s: the device's name is too long", line->word[0]);
	add_refclock(config, &parsed);
	return true;
}

static bool parse_refclock(struct ffntp_config *config, const struct line *line)
{
	return parse_refclock_words(config, line, line->word, line->words);
}

/* The short form of a line for Linux's device. */
static bool parse_source(struct ffntp_config *config, const struct line *line)
{
	static char keyword[] = "refclock", driver[] = "VMCLOCK", device[] = "/dev/vmclock0";
	char *const words[] = { keyword, driver, device };

	if (line->words != 2 || strcasecmp(line->word[1], "vmclock") != 0)
		return refuse(line, "%s takes vmclock; name others with server, pool or refclock", line->word[0]);
	return parse_refclock_words(config, line, words, 3);
}

static bool parse_minsources(struct ffntp_config *config, const struct line *line)
{
	unsigned long value;

	if (line->words != 2)
		return refuse(line, "%s takes one number", line->word[0]);
	if (!parse_unsigned(line->word[1], FFNTP_CONFIG_SERVERS, &value) || value < 1)
		return refuse(line, "%s: '%s' is not a number from 1 to %d", line->word[0], line->word[1],
			      FFNTP_CONFIG_SERVERS);
	config->least_sources = (uint8_t)value;
	return true;
}

/* --- directories --- */

static bool check_directories(const struct line *line, size_t present)
{
	if (line->words < 2)
		return refuse(line, "%s takes one or more directories", line->word[0]);
	if (present + line->words - 1 > FFNTP_CONFIG_DIRECTORIES)
		return refuse(line, "%s: more than %d directories", line->word[0], FFNTP_CONFIG_DIRECTORIES);
	for (size_t i = 1; i < line->words; i++) {
		if (strlen(line->word[i]) >= FFNTP_CONFIG_DIRECTORY_SIZE)
			return refuse(line, "%s: the name of the directory is too long", line->word[0]);
	}
	return true;
}

static bool parse_confdir(struct ffntp_config *config, const struct line *line)
{
	if (!check_directories(line, 0))
		return false;
	if (line->scope->include == NULL)
		return refuse(line, "%s: only the file that -c names may have this line", line->word[0]);
	line->error->line = 0;
	return line->scope->include(line->scope->context, config, &line->word[1], line->words - 1);
}

static bool parse_sourcedir(struct ffntp_config *config, const struct line *line)
{
	if (!check_directories(line, config->sourcedirs))
		return false;
	for (size_t i = 1; i < line->words; i++)
		strcpy(config->sourcedir[config->sourcedirs++], line->word[i]);
	return true;
}

/* --- lists of servers --- */

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
	    ffntp_config_members(config) + members_of(server) > FFNTP_CONFIG_SERVERS)
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

#define STEERS "ffntpd never touches the system clock"
#define SERVES "ffntpd is a client only"
#define LOCAL "ffntpd takes commands from its own machine only, through a socket beside the page"

/* The keywords: those implemented, and those of ntp.conf and chrony.conf that are rejected with a reason. */
static const struct keyword {
	const char *name;
	bool (*parse)(struct ffntp_config *config, const struct line *line);
	const char *why;
} keywords[] = {
	{ "server", parse_server, NULL },
	{ "pool", parse_pool, NULL },
	{ "refclock", parse_refclock, NULL },
	{ "source", parse_source, NULL },
	{ "confdir", parse_confdir, NULL },
	{ "sourcedir", parse_sourcedir, NULL },
	{ "minsources", parse_minsources, NULL },
	{ "keyfile", parse_keyfile, NULL },
	{ "leapseclist", parse_leapseclist, NULL },
	{ "leapfile", parse_leapseclist, NULL },
	{ "leapindicators", parse_leapindicators, NULL },
	{ "leapexpiry", parse_leapexpiry, NULL },
	{ "counterjumps", parse_counterjumps, NULL },
	{ "journal", parse_journal, NULL },
	{ "journalsize", parse_journalsize, NULL },
	{ "leapsectz", NULL, "leapseclist FILE reads the same table" },
	{ "peer", NULL, SERVES "; name it with server" },
	{ "allow", NULL, SERVES },
	{ "deny", NULL, SERVES },
	{ "local", NULL, SERVES },
	{ "restrict", NULL, SERVES },
	{ "broadcast", NULL, SERVES },
	{ "port", NULL, SERVES },
	{ "tos", NULL, SERVES },
	{ "makestep", NULL, STEERS },
	{ "rtcsync", NULL, STEERS },
	{ "driftfile", NULL, "the clock page holds the rate of the oscillator" },
	{ "maxupdateskew", NULL, STEERS },
	{ "maxslewrate", NULL, STEERS },
	{ "leapsecmode", NULL, STEERS },
	{ "tinker", NULL, STEERS },
	{ "keys", NULL, "keyfile FILE names a file of chrony's format" },
	{ "ntstrustedcerts", parse_ntstrustedcerts, NULL },
	{ "nosystemcert", parse_nosystemcert, NULL },
	{ "nocerttimecheck", parse_nocerttimecheck, NULL },
	{ "ntsdumpdir", parse_ntsdumpdir, NULL },
	{ "ntsrefresh", NULL, "a key exchange follows when keys are of no use any more" },
	{ "authselectmode", NULL, "the options trust and require name the servers that count" },
	{ "logdir", NULL, "messages go to standard error" },
	{ "log", NULL, "messages go to standard error" },
	{ "logfile", NULL, "messages go to standard error" },
	{ "statsdir", NULL, "messages go to standard error" },
	{ "statistics", NULL, "messages go to standard error" },
	{ "include", NULL, "confdir DIRECTORY reads further files" },
	{ "includefile", NULL, "confdir DIRECTORY reads further files" },
	{ "cmdport", NULL, LOCAL },
	{ "bindcmdaddress", NULL, LOCAL },
	{ "user", parse_user, NULL },
	{ "sandbox", parse_sandbox, NULL },
	{ "pidfile", NULL, "ffntpd stays in the foreground" },
};

static bool parse_words(struct ffntp_config *config, const struct line *line)
{
	const struct number *number = find_number(keyword_numbers, line->word[0]);

	if (line->scope->sources != NULL && strcasecmp(line->word[0], "server") != 0 &&
	    strcasecmp(line->word[0], "pool") != 0)
		return refuse(line,
			      *line->scope->sources != '\0'
				      ? "'%s': a sources file has lines that begin with server or pool"
				      : "'%s': only a server or a pool can be added, as in 'add server NAME iburst'",
			      line->word[0]);
	if (number != NULL)
		return parse_number_line(config, line, number);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strcasecmp(line->word[0], keywords[i].name) != 0)
			continue;
		if (keywords[i].parse == NULL)
			return refuse(line, "unsupported keyword '%s': %s", keywords[i].name, keywords[i].why);
		return keywords[i].parse(config, line);
	}
	return refuse(line, "unknown keyword '%s'", line->word[0]);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Split text into words in place. A '#' that begins a word ends the line, as in ntp.conf. */
static bool split(char *text, struct line *line)
{
	while (true) {
		while (is_blank(*text))
			*text++ = '\0';
		if (*text == '\0' || *text == '#')
			return true;
		if (line->words == WORDS_MAX)
			return refuse(line, "more than %d words", WORDS_MAX);
		line->word[line->words++] = text;
		while (*text != '\0' && !is_blank(*text))
			text++;
	}
}

/* Comments begin with '#', '!', '%' or ';', as in chrony.conf. */
static bool is_comment(const char *text)
{
	text += strspn(text, " \t\r\v\f");
	return *text != '\0' && strchr("#!%;", *text) != NULL;
}

static bool parse_line(struct ffntp_config *config, const char *text, size_t length, struct line *line)
{
	if (length > FFNTP_CONFIG_LINE_MAX)
		return refuse(line, "longer than %d bytes", FFNTP_CONFIG_LINE_MAX);
	if (memchr(text, '\0', length) != NULL)
		return refuse(line, "a NUL byte: this is not a text file");
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	if (is_comment(line->text))
		return true;
	if (!split(line->text, line))
		return false;
	return line->words == 0 || parse_words(config, line);
}

void ffntp_config_default(struct ffntp_config *config)
{
	memset(config, 0, offsetof(struct ffntp_config, server));
	config->journal_size = FFNTP_CONFIG_JOURNAL_USUAL;
	config->least_sources = 1;
#define KEYWORD(member, usual, least, most, name, unit, scale) config->member = (usual);
#include "../core/client_options.def"
	server_default(&config->server[0]);
}

void ffntp_config_copy(struct ffntp_config *to, const struct ffntp_config *from)
{
	size_t servers = from->servers > 0 ? from->servers : 1; /* the first one is never without its defaults */

	memcpy(to, from, offsetof(struct ffntp_config, server));
	memcpy(to->server, from->server, servers * sizeof(from->server[0]));
	memcpy(to->sourcedir, from->sourcedir, from->sourcedirs * sizeof(from->sourcedir[0]));
	memcpy(to->nts_trusted, from->nts_trusted, from->nts_trusted_count * sizeof(from->nts_trusted[0]));
}

bool ffntp_config_add_server(struct ffntp_config *config, const char *name)
{
	struct ffntp_config_server *server = &config->server[config->servers];

	if (ffntp_config_members(config) == FFNTP_CONFIG_SERVERS || *name == '\0' ||
	    strlen(name) >= sizeof(server->name))
		return false;
	server_default(server);
	strcpy(server->name, name);
	server->iburst = true;
	config->servers++;
	return true;
}

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

bool ffntp_config_parse(struct ffntp_config *config, const char *text, size_t length,
			const struct ffntp_config_scope *scope, struct ffntp_config_error *error)
{
	struct line line = { .scope = scope, .error = error };

	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t size = newline != NULL ? (size_t)(newline - text) : length;

		line.number++;
		line.words = 0;
		if (!parse_line(config, text, size, &line))
			return false;
		size += newline != NULL;
		text += size;
		length -= size;
	}
	return true;
}
