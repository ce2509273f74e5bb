/*
 * config: the configuration file, keyword lines as in ntp.conf and chrony.conf. Pure: takes a text, and returns a
 * struct, or an error with its line. docs/ffntp.conf.md lists the keywords.
 */
#ifndef FFNTP_DAEMON_CONFIG_H
#define FFNTP_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FFNTP_CONFIG_SERVERS 8     /* as many as a page can hold */
#define FFNTP_CONFIG_NAME_SIZE 256 /* a domain name has at most 253 characters (RFC 1035) */
#define FFNTP_CONFIG_PATH_SIZE 1024
#define FFNTP_CONFIG_LINE_MAX 2048 /* bytes; a longer line is an error */

/* log2 of seconds; 131072 s is RFC 5905's longest poll interval. */
#define FFNTP_CONFIG_POLL_LAST 17
#define FFNTP_CONFIG_MINPOLL 6 /* chrony's defaults: 64 s and 1024 s */
#define FFNTP_CONFIG_MAXPOLL 10

struct ffntp_config_server {
	char name[FFNTP_CONFIG_NAME_SIZE];
	uint16_t port;
	uint8_t minpoll_log2_s, maxpoll_log2_s; /* minpoll <= maxpoll <= FFNTP_CONFIG_POLL_LAST */
	bool iburst;
};

struct ffntp_config {
	struct ffntp_config_server server[FFNTP_CONFIG_SERVERS];
	size_t servers;
	double max_distance_s;    /* > 0, up to 16 */
	double max_clock_error;   /* a ratio, > 0, up to 1e-3 */
	double accuracy_target_s; /* the standard deviation to reach with as few requests as possible; 0: none given */
	char leap_list[FFNTP_CONFIG_PATH_SIZE]; /* "": the system's file */
	bool ignores_leap_indicators;           /* leap seconds come from the table only */
	bool leap_expiry_is_strict;             /* TAI is unknown once the table has expired */
};

struct ffntp_config_error {
	unsigned line;  /* from 1 */
	char text[160]; /* one printable line */
};

/* Set a configuration without servers, and every number to its default. */
void ffntp_config_default(struct ffntp_config *config);

/*
 * Add a server with default poll intervals and a burst at the start, as for a name on the command line. Returns false
 * if the name is too long or empty.
 */
bool ffntp_config_add_server(struct ffntp_config *config, const char *name);

/*
 * Read a whole file's text on top of the configuration in *config.
 * Returns false at the first invalid line, with its number and the reason; *config is then partly changed.
 */
bool ffntp_config_parse(struct ffntp_config *config, const char *text, size_t length, struct ffntp_config_error *error);

#endif
