/* configparse: reads the text of a configuration file line by line, and applies each keyword. See config.h. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "configline.h"
#include "refclockline.h"
#include "serverline.h"

/* --- keywords that are a number of the client --- */

static const struct ffntp_confignumber keyword_numbers[] = {
#define KEYWORD(member, usual, least, most, name, unit, scale) \
	FFNTP_CONFIGNUMBER(ffntp_config, member, least, most, name, scale)
#include "../core/client_options.def"
	{ NULL, 0, 0, 0, 0 },
};

static bool parse_number_line(struct ffntp_config *config, const struct ffntp_configline *line,
			      const struct ffntp_confignumber *number)
{
	if (line->words != 2)
		return ffntp_configline_refuse(line, "%s takes one number", line->word[0]);
	return ffntp_confignumber_store(line, number, line->word[1], config);
}

/* --- files and settings --- */

/* Store the only word of a line: the name of a file or a directory. */
static bool store_path(const struct ffntp_configline *line, const char *what, char *path, size_t size)
{
	if (line->words != 2)
		return ffntp_configline_refuse(line, "%s takes one %s", line->word[0], what);
	if (strlen(line->word[1]) >= size)
		return ffntp_configline_refuse(line, "%s: the %s is too long", line->word[0], what);
	strcpy(path, line->word[1]);
	return true;
}

static bool parse_leapseclist(struct ffntp_config *config, const struct ffntp_configline *line)
{
	return store_path(line, "file name", config->leap_list, sizeof(config->leap_list));
}

static bool parse_keyfile(struct ffntp_config *config, const struct ffntp_configline *line)
{
	return store_path(line, "file name", config->keyfile, sizeof(config->keyfile));
}

static bool parse_ntsdumpdir(struct ffntp_config *config, const struct ffntp_configline *line)
{
	return store_path(line, "name of a directory", config->nts_directory, sizeof(config->nts_directory));
}

static bool parse_statefile(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (!store_path(line, "file name", config->state_file, sizeof(config->state_file)))
		return false;
	if (line->word[1][strlen(line->word[1]) - 1] == '/')
		return ffntp_configline_refuse(line, "%s takes the name of a file, not of a directory", line->word[0]);
	return true;
}

static bool parse_ntstrustedcerts(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (config->nts_trusted_count == FFNTP_CONFIG_TRUSTED)
		return ffntp_configline_refuse(line, "more than %d lines of %s; one may name a folder",
					       FFNTP_CONFIG_TRUSTED, line->word[0]);
	if (!store_path(line, "name of a file or a folder of certificates",
			config->nts_trusted[config->nts_trusted_count], FFNTP_CONFIG_PATH_SIZE))
		return false;
	config->nts_trusted_count++;
	return true;
}

static bool parse_nosystemcert(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (line->words != 1)
		return ffntp_configline_refuse(line, "%s stands alone", line->word[0]);
	config->nts_distrusts_system = true;
	return true;
}

static bool parse_nocerttimecheck(struct ffntp_config *config, const struct ffntp_configline *line)
{
	unsigned long value;

	if (line->words != 2 || !ffntp_configline_unsigned(line->word[1], UINT32_MAX, &value))
		return ffntp_configline_refuse(
			line, "%s takes a number: 1 for a machine without a clock that keeps the date, else 0",
			line->word[0]);
	config->nts_unchecked = (uint32_t)value;
	return true;
}

static bool parse_leapindicators(struct ffntp_config *config, const struct ffntp_configline *line)
{
	bool ignores = line->words == 2 && strcasecmp(line->word[1], "ignore") == 0;

	if (!ignores && (line->words != 2 || strcasecmp(line->word[1], "heed") != 0))
		return ffntp_configline_refuse(line, "%s takes heed or ignore", line->word[0]);
	config->ignores_leap_indicators = ignores;
	return true;
}

static bool parse_leapexpiry(struct ffntp_config *config, const struct ffntp_configline *line)
{
	bool is_strict = line->words == 2 && strcasecmp(line->word[1], "strict") == 0;

	if (!is_strict && (line->words != 2 || strcasecmp(line->word[1], "keep") != 0))
		return ffntp_configline_refuse(line, "%s takes keep or strict", line->word[0]);
	config->leap_expiry_is_strict = is_strict;
	return true;
}

static bool parse_counterjumps(struct ffntp_config *config, const struct ffntp_configline *line)
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
	return ffntp_configline_refuse(line, "%s takes auto, yes or no", line->word[0]);
}

static bool parse_journal(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (line->words != 2)
		return ffntp_configline_refuse(line, "%s takes one file name", line->word[0]);
	if (!ffntp_config_set_journal(config, line->word[1]))
		return ffntp_configline_refuse(line, "%s: the file name is too long", line->word[0]);
	return true;
}

static bool parse_journalsize(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (line->words != 2)
		return ffntp_configline_refuse(line, "%s takes one size", line->word[0]);
	if (!ffntp_config_set_journal_size(config, line->word[1]))
		return ffntp_configline_refuse(line, "%s: '%s' is not a size from 16k to 1024G", line->word[0],
					       line->word[1]);
	return true;
}

static bool parse_sandbox(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (line->words == 2 && ffntp_config_set_sandbox(config, line->word[1]))
		return true;
	return ffntp_configline_refuse(line, "%s takes on or off", line->word[0]);
}

static bool parse_user(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (line->words == 2 && ffntp_config_set_user(config, line->word[1]))
		return true;
	return ffntp_configline_refuse(line, "%s takes the name of a user", line->word[0]);
}

/* --- servers and reference clocks --- */

static bool parse_server_line(struct ffntp_config *config, const struct ffntp_configline *line, bool is_pool)
{
	struct ffntp_config_server server;

	if (!ffntp_serverline_parse(line, is_pool, &server))
		return false;
	if (line->scope->sources != NULL && ffntp_config_has_server(config, &server))
		return true;
	if (!ffntp_serverline_check(line, config, &server))
		return false;
	config->server[config->servers++] = server;
	return true;
}

static bool parse_server(struct ffntp_config *config, const struct ffntp_configline *line)
{
	return parse_server_line(config, line, false);
}

static bool parse_pool(struct ffntp_config *config, const struct ffntp_configline *line)
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

	ffntp_config_server_default(server);
	strcpy(server->name, parsed->device);
	server->is_refclock = server->iburst = true;
	server->minpoll_log2_s = server->maxpoll_log2_s = parsed->poll_log2_s;
	server->is_preferred = parsed->is_preferred;
	server->is_trusted = parsed->is_trusted;
	server->is_required = parsed->is_required;
	server->is_unused = parsed->is_unused;
	server->refclock = parsed->refclock;
}

static bool parse_refclock_words(struct ffntp_config *config, const struct ffntp_configline *line, char *const *word,
				 size_t words)
{
	char text[FFNTP_REFCLOCKLINE_TEXT_SIZE];
	struct ffntp_refclockline parsed;

	if (ffntp_config_members(config) >= FFNTP_CONFIG_SERVERS)
		return ffntp_configline_refuse(line, "more than %d servers", FFNTP_CONFIG_SERVERS);
	if (!ffntp_refclockline_parse(&parsed, count_refclocks(config), word, words, text))
		return ffntp_configline_refuse(line, "%s: %s", line->word[0], text);
	if (strlen(parsed.device) >= sizeof(config->server[0].name))
		return ffntp_configline_refuse(line, "%s: the device's name is too long", line->word[0]);
	add_refclock(config, &parsed);
	return true;
}

static bool parse_refclock(struct ffntp_config *config, const struct ffntp_configline *line)
{
	return parse_refclock_words(config, line, line->word, line->words);
}

/* The short form of a line for Linux's device. */
static bool parse_source(struct ffntp_config *config, const struct ffntp_configline *line)
{
	static char keyword[] = "refclock", driver[] = "VMCLOCK", device[] = "/dev/vmclock0";
	char *const words[] = { keyword, driver, device };

	if (line->words != 2 || strcasecmp(line->word[1], "vmclock") != 0)
		return ffntp_configline_refuse(line, "%s takes vmclock; name others with server, pool or refclock",
					       line->word[0]);
	return parse_refclock_words(config, line, words, 3);
}

static bool parse_minsources(struct ffntp_config *config, const struct ffntp_configline *line)
{
	unsigned long value;

	if (line->words != 2)
		return ffntp_configline_refuse(line, "%s takes one number", line->word[0]);
	if (!ffntp_configline_unsigned(line->word[1], FFNTP_CONFIG_SERVERS, &value) || value < 1)
		return ffntp_configline_refuse(line, "%s: '%s' is not a number from 1 to %d", line->word[0],
					       line->word[1], FFNTP_CONFIG_SERVERS);
	config->least_sources = (uint8_t)value;
	return true;
}

/* --- directories --- */

static bool check_directories(const struct ffntp_configline *line, size_t present)
{
	if (line->words < 2)
		return ffntp_configline_refuse(line, "%s takes one or more directories", line->word[0]);
	if (present + line->words - 1 > FFNTP_CONFIG_DIRECTORIES)
		return ffntp_configline_refuse(line, "%s: more than %d directories", line->word[0],
					       FFNTP_CONFIG_DIRECTORIES);
	for (size_t i = 1; i < line->words; i++) {
		if (strlen(line->word[i]) >= FFNTP_CONFIG_DIRECTORY_SIZE)
			return ffntp_configline_refuse(line, "%s: the name of the directory is too long",
						       line->word[0]);
	}
	return true;
}

static bool parse_confdir(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (!check_directories(line, 0))
		return false;
	if (line->scope->include == NULL)
		return ffntp_configline_refuse(line, "%s: only the file that -c names may have this line",
					       line->word[0]);
	line->error->line = 0;
	return line->scope->include(line->scope->context, config, &line->word[1], line->words - 1);
}

static bool parse_sourcedir(struct ffntp_config *config, const struct ffntp_configline *line)
{
	if (!check_directories(line, config->sourcedirs))
		return false;
	for (size_t i = 1; i < line->words; i++)
		strcpy(config->sourcedir[config->sourcedirs++], line->word[i]);
	return true;
}

/* --- lines --- */

#define STEERS "ffntpd never touches the system clock"
#define SERVES "ffntpd is a client only"
#define LOCAL "ffntpd takes commands from its own machine only, through a socket beside the page"

/* The keywords: those implemented, and those of ntp.conf and chrony.conf that are rejected with a reason. */
static const struct keyword {
	const char *name;
	bool (*parse)(struct ffntp_config *config, const struct ffntp_configline *line);
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
	{ "statefile", parse_statefile, NULL },
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

static bool parse_words(struct ffntp_config *config, const struct ffntp_configline *line)
{
	const struct ffntp_confignumber *number = ffntp_confignumber_find(keyword_numbers, line->word[0]);

	if (line->scope->sources != NULL && strcasecmp(line->word[0], "server") != 0 &&
	    strcasecmp(line->word[0], "pool") != 0)
		return ffntp_configline_refuse(
			line,
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
			return ffntp_configline_refuse(line, "unsupported keyword '%s': %s", keywords[i].name,
						       keywords[i].why);
		return keywords[i].parse(config, line);
	}
	return ffntp_configline_refuse(line, "unknown keyword '%s'", line->word[0]);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Split text into words in place. A '#' that begins a word ends the line, as in ntp.conf. */
static bool split(char *text, struct ffntp_configline *line)
{
	while (true) {
		while (is_blank(*text))
			*text++ = '\0';
		if (*text == '\0' || *text == '#')
			return true;
		if (line->words == FFNTP_CONFIGLINE_WORDS)
			return ffntp_configline_refuse(line, "more than %d words", FFNTP_CONFIGLINE_WORDS);
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

static bool parse_line(struct ffntp_config *config, const char *text, size_t length, struct ffntp_configline *line)
{
	if (length > FFNTP_CONFIG_LINE_MAX)
		return ffntp_configline_refuse(line, "longer than %d bytes", FFNTP_CONFIG_LINE_MAX);
	if (memchr(text, '\0', length) != NULL)
		return ffntp_configline_refuse(line, "a NUL byte: this is not a text file");
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	if (is_comment(line->text))
		return true;
	if (!split(line->text, line))
		return false;
	return line->words == 0 || parse_words(config, line);
}

bool ffntp_config_parse(struct ffntp_config *config, const char *text, size_t length,
			const struct ffntp_config_scope *scope, struct ffntp_config_error *error)
{
	struct ffntp_configline line = { .scope = scope, .error = error };

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
