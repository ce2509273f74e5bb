#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 32

/* One line, split into words. */
struct line {
	unsigned number;
	size_t words;
	char *word[WORDS_MAX];
	char text[FFNTP_CONFIG_LINE_MAX + 1];
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
		if (*word < '0' || *word > '9')
			return false;
		sum = sum * 10 + (unsigned long)(*word - '0');
		if (sum > max)
			return false;
	}
	*value = sum;
	return true;
}

/* Parse a positive, finite, decimal number; "inf", "nan" and hexadecimal, which strtod accepts, are rejected. */
static bool parse_positive(const char *word, double max, double *value)
{
	char *end;
	double number;

	if (word[strspn(word, "0123456789.eE+-")] != '\0')
		return false;
	number = strtod(word, &end);
	if (end == word || *end != '\0' || !(number > 0) || number > max)
		return false;
	*value = number;
	return true;
}

static bool parse_number_line(const struct line *line, double max, double *value)
{
	if (line->words != 2)
		return refuse(line, "%s takes one number", line->word[0]);
	if (!parse_positive(line->word[1], max, value))
		return refuse(line, "%s: '%s' is not a number above 0 and up to %g", line->word[0], line->word[1], max);
	return true;
}

/* seconds */
static bool parse_maxdistance(struct ffntp_config *config, const struct line *line)
{
	return parse_number_line(line, 16, &config->max_distance_s);
}

/* ppm */
static bool parse_maxclockerror(struct ffntp_config *config, const struct line *line)
{
	if (!parse_number_line(line, 1000, &config->max_clock_error))
		return false;
	config->max_clock_error *= 1e-6;
	return true;
}

/* seconds */
static bool parse_accuracytarget(struct ffntp_config *config, const struct line *line)
{
	return parse_number_line(line, 1, &config->accuracy_target_s);
}

static bool parse_leapseclist(struct ffntp_config *config, const struct line *line)
{
	if (line->words != 2)
		return refuse(line, "%s takes one file name", line->word[0]);
	if (strlen(line->word[1]) >= sizeof(config->leap_list))
		return refuse(line, "%s: the file name is too long", line->word[0]);
	strcpy(config->leap_list, line->word[1]);
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

struct server_option {
	const char *name;
	enum { OPTION_PORT, OPTION_MINPOLL, OPTION_MAXPOLL, OPTION_IBURST, OPTION_REFUSED } kind;
	const char *why;
};

static const struct server_option server_options[] = {
	{ "port", OPTION_PORT, NULL },
	{ "minpoll", OPTION_MINPOLL, NULL },
	{ "maxpoll", OPTION_MAXPOLL, NULL },
	{ "iburst", OPTION_IBURST, NULL },
	{ "nts", OPTION_REFUSED, "NTS is not implemented, and the line does not permit requests without it" },
	{ "key", OPTION_REFUSED, "symmetric keys are not implemented" },
	{ "prefer", OPTION_REFUSED, "the first server that answers is used; put the preferred one first" },
	{ "trust", OPTION_REFUSED, "the first server that answers is used; put the trusted one first" },
	{ "burst", OPTION_REFUSED, "only iburst is implemented" },
	{ "xleave", OPTION_REFUSED, "interleaved mode is not implemented" },
	{ "offset", OPTION_REFUSED, "a server's offset cannot be corrected" },
	{ "version", OPTION_REFUSED, "requests always have version 4" },
	{ "noselect", OPTION_REFUSED, "the first server that answers is used" },
	{ "maxdelay", OPTION_REFUSED, "the estimator judges delays by itself" },
	{ "mindelay", OPTION_REFUSED, "the estimator judges delays by itself" },
	{ "maxdelayratio", OPTION_REFUSED, "the estimator judges delays by itself" },
	{ "maxdelaydevratio", OPTION_REFUSED, "the estimator judges delays by itself" },
	{ "maxdelayquant", OPTION_REFUSED, "the estimator judges delays by itself" },
	{ "asymmetry", OPTION_REFUSED, "the estimator judges delays by itself" },
	{ "minsamples", OPTION_REFUSED, "the estimator decides what it remembers" },
	{ "maxsamples", OPTION_REFUSED, "the estimator decides what it remembers" },
	{ "filter", OPTION_REFUSED, "the estimator decides what it remembers" },
	{ "presend", OPTION_REFUSED, "it is not implemented" },
	{ "polltarget", OPTION_REFUSED, "it is not implemented" },
	{ "offline", OPTION_REFUSED, "it is not implemented" },
	{ "auto_offline", OPTION_REFUSED, "it is not implemented" },
	{ "extfield", OPTION_REFUSED, "it is not implemented" },
	{ "copy", OPTION_REFUSED, "it is not implemented" },
};

static const struct server_option *find_server_option(const char *name)
{
	for (size_t i = 0; i < sizeof(server_options) / sizeof(server_options[0]); i++) {
		if (strcasecmp(name, server_options[i].name) == 0)
			return &server_options[i];
	}
	return NULL;
}

static bool parse_option_value(const struct line *line, size_t at, unsigned long min, unsigned long max,
			       unsigned long *value)
{
	if (at + 1 >= line->words)
		return refuse(line, "%s: '%s' needs a value", line->word[0], line->word[at]);
	if (!parse_unsigned(line->word[at + 1], max, value) || *value < min)
		return refuse(line, "%s: '%s %s' is not within %lu to %lu", line->word[0], line->word[at],
			      line->word[at + 1], min, max);
	return true;
}

/* Read the option at word *at, and move *at past it. */
static bool parse_server_option(struct ffntp_config_server *server, const struct line *line, size_t *at)
{
	const struct server_option *option = find_server_option(line->word[*at]);
	unsigned long value = 0;

	if (option == NULL)
		return refuse(line, "%s: unknown option '%s'", line->word[0], line->word[*at]);
	if (option->kind == OPTION_REFUSED)
		return refuse(line, "%s: unsupported option '%s': %s", line->word[0], option->name, option->why);
	if (option->kind == OPTION_IBURST) {
		server->iburst = true;
		*at += 1;
		return true;
	}
	if (option->kind == OPTION_PORT) {
		if (!parse_option_value(line, *at, 1, UINT16_MAX, &value))
			return false;
		server->port = (uint16_t)value;
	} else {
		if (!parse_option_value(line, *at, 0, FFNTP_CONFIG_POLL_LAST, &value))
			return false;
		*(option->kind == OPTION_MINPOLL ? &server->minpoll_log2_s : &server->maxpoll_log2_s) = (uint8_t)value;
	}
	*at += 2;
	return true;
}

static void server_default(struct ffntp_config_server *server)
{
	*server = (struct ffntp_config_server){ .port = 123,
						.minpoll_log2_s = FFNTP_CONFIG_MINPOLL,
						.maxpoll_log2_s = FFNTP_CONFIG_MAXPOLL };
}

static bool parse_server(struct ffntp_config *config, const struct line *line)
{
	struct ffntp_config_server *server = &config->server[config->servers];

	if (line->words < 2)
		return refuse(line, "%s needs a name or an address", line->word[0]);
	if (config->servers == FFNTP_CONFIG_SERVERS)
		return refuse(line, "more than %d servers", FFNTP_CONFIG_SERVERS);
	if (strlen(line->word[1]) >= sizeof(server->name))
		return refuse(line, "%s: the name is too long", line->word[0]);
	server_default(server);
	strcpy(server->name, line->word[1]);
	for (size_t at = 2; at < line->words;) {
		if (!parse_server_option(server, line, &at))
			return false;
	}
	if (server->minpoll_log2_s > server->maxpoll_log2_s)
		return refuse(line, "%s: minpoll %u is above maxpoll %u", line->word[0], server->minpoll_log2_s,
			      server->maxpoll_log2_s);
	config->servers++;
	return true;
}

#define STEERS "ffntpd never touches the system clock"
#define SERVES "ffntpd is a client only"
#define NO_NTS "NTS is not implemented"

/* The keywords: those implemented, and those of ntp.conf and chrony.conf that are rejected with a reason. */
static const struct keyword {
	const char *name;
	bool (*parse)(struct ffntp_config *config, const struct line *line);
	const char *why;
} keywords[] = {
	{ "server", parse_server, NULL },
	{ "maxdistance", parse_maxdistance, NULL },
	{ "maxclockerror", parse_maxclockerror, NULL },
	{ "accuracytarget", parse_accuracytarget, NULL },
	{ "leapseclist", parse_leapseclist, NULL },
	{ "leapfile", parse_leapseclist, NULL },
	{ "leapindicators", parse_leapindicators, NULL },
	{ "leapexpiry", parse_leapexpiry, NULL },
	{ "leapsectz", NULL, "leapseclist FILE reads the same table" },
	{ "pool", NULL, "name single servers with server" },
	{ "peer", NULL, SERVES },
	{ "allow", NULL, SERVES },
	{ "deny", NULL, SERVES },
	{ "local", NULL, SERVES },
	{ "restrict", NULL, SERVES },
	{ "broadcast", NULL, SERVES },
	{ "port", NULL, SERVES },
	{ "refclock", NULL, SERVES },
	{ "tos", NULL, SERVES },
	{ "makestep", NULL, STEERS },
	{ "rtcsync", NULL, STEERS },
	{ "driftfile", NULL, "the clock page holds the rate of the oscillator" },
	{ "maxupdateskew", NULL, STEERS },
	{ "maxslewrate", NULL, STEERS },
	{ "leapsecmode", NULL, STEERS },
	{ "tinker", NULL, STEERS },
	{ "keyfile", NULL, "symmetric keys are not implemented" },
	{ "keys", NULL, "symmetric keys are not implemented" },
	{ "ntsdumpdir", NULL, NO_NTS },
	{ "ntstrustedcerts", NULL, NO_NTS },
	{ "authselectmode", NULL, NO_NTS },
	{ "logdir", NULL, "messages go to standard error" },
	{ "log", NULL, "messages go to standard error" },
	{ "logfile", NULL, "messages go to standard error" },
	{ "statsdir", NULL, "messages go to standard error" },
	{ "statistics", NULL, "messages go to standard error" },
	{ "confdir", NULL, "one file is read" },
	{ "sourcedir", NULL, "one file is read" },
	{ "include", NULL, "one file is read" },
	{ "includefile", NULL, "one file is read" },
	{ "cmdport", NULL, "the page is the only interface" },
	{ "bindcmdaddress", NULL, "the page is the only interface" },
	{ "user", NULL, "start ffntpd as the user it shall run as" },
	{ "pidfile", NULL, "ffntpd stays in the foreground" },
};

static bool parse_words(struct ffntp_config *config, const struct line *line)
{
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
	*config = (struct ffntp_config){ .max_distance_s = 3, .max_clock_error = 1e-6 };
}

bool ffntp_config_add_server(struct ffntp_config *config, const char *name)
{
	struct ffntp_config_server *server = &config->server[config->servers];

	if (config->servers == FFNTP_CONFIG_SERVERS || *name == '\0' || strlen(name) >= sizeof(server->name))
		return false;
	server_default(server);
	strcpy(server->name, name);
	server->iburst = true;
	config->servers++;
	return true;
}

bool ffntp_config_parse(struct ffntp_config *config, const char *text, size_t length, struct ffntp_config_error *error)
{
	struct line line = { .error = error };

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
