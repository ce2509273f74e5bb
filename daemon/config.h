/*
 * config: the configuration file, keyword lines as in ntp.conf and chrony.conf. Pure: takes a text, and returns a
 * struct, or an error with its line. docs/ffntp.conf.md lists the keywords.
 */
#ifndef FFNTP_DAEMON_CONFIG_H
#define FFNTP_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "../include/ffntp/ensemble.h"
#include "../ports/linux/refclock.h"

#define FFNTP_CONFIG_SERVERS FFNTP_ENSEMBLE_MEMBERS
#define FFNTP_CONFIG_NAME_SIZE 256 /* a domain name has at most 253 characters (RFC 1035) */
#define FFNTP_CONFIG_PATH_SIZE 1024
#define FFNTP_CONFIG_LINE_MAX 2048  /* bytes; a longer line is an error */
#define FFNTP_CONFIG_DIRECTORIES 10 /* of all lines sourcedir, and of a line confdir; as in chrony */
#define FFNTP_CONFIG_DIRECTORY_SIZE 256
#define FFNTP_CONFIG_FILE_SIZE 128 /* of the name of a file in such a directory */

/* log2 of seconds */
#define FFNTP_CONFIG_POLL_LAST 17
_Static_assert(1 << FFNTP_CONFIG_POLL_LAST == FFNTP_POLL_MOST_S, "the longest interval of a client");

/* Sizes of the journal (bytes): the least, the usual, the greatest. */
#define FFNTP_CONFIG_JOURNAL_LEAST UINT64_C(16384)
#define FFNTP_CONFIG_JOURNAL_USUAL (UINT64_C(64) << 20)
#define FFNTP_CONFIG_JOURNAL_MOST (UINT64_C(1) << 40)

/* Size of the name of a user of this machine, with its NUL. */
#define FFNTP_CONFIG_USER_SIZE 64

/* Longest name of the directory of ntsdumpdir, with its end (bytes). */
#define FFNTP_CONFIG_NTS_PATH_SIZE 256

/* Lines of ntstrustedcerts. */
#define FFNTP_CONFIG_TRUSTED 4

/* A server; or a pool, of whose addresses several are followed; or a reference clock, whose name is its device.
 */
struct ffntp_config_server {
	char name[FFNTP_CONFIG_NAME_SIZE];
	bool is_pool, is_refclock;
	struct ffntp_refclock_config refclock; /* if it is one */
	char file[FFNTP_CONFIG_FILE_SIZE];     /* the sources file that has its line, without the directory; "": none */
	bool is_added;                         /* at run time, so that no file has its line */
	enum ffntp_root_field root_field;      /* extfield */

	/* The options of server_options.def; minpoll_log2_s <= maxpoll_log2_s. */
#define SERVER_NUMBER(member, type, usual, least, most, name) type member;
#define SERVER_FLAG(member, name) bool member;
#include "server_options.def"
	/* The options of core/client_options.def, which have the names that they have in a client's configuration. */
#define SERVER_WORD(member, usual, least, most, name, unit, scale) double member;
#include "../core/client_options.def"
};

/* Whether the counter may stop or jump without a sign, so that a server's contradiction is a disruption. */
enum ffntp_counter_jumps {
	FFNTP_COUNTER_JUMPS_AUTO, /* if the machine is a guest */
	FFNTP_COUNTER_JUMPS_YES,
	FFNTP_COUNTER_JUMPS_NO,
};

struct ffntp_config {
	uint8_t least_sources; /* the clock is synchronised only while this many servers agree */
			       /* The keywords of core/client_options.def, likewise. */
#define KEYWORD(member, usual, least, most, name, unit, scale) double member;
#include "../core/client_options.def"
	bool ignores_leap_indicators; /* leap seconds come from the table only */
	bool leap_expiry_is_strict;   /* TAI is unknown once the table has expired */
	enum ffntp_counter_jumps counter_jumps;
	bool nts_distrusts_system; /* of NTS: the system's certificates are not trusted */
	uint32_t nts_unchecked;    /* above 0: until the clock has a time, the dates of certificates do not count */
	uint64_t journal_size;     /* bytes */
	bool sandbox_is_off;
	char user[FFNTP_CONFIG_USER_SIZE];              /* that a daemon of root becomes; "": the usual one */
	char nts_directory[FFNTP_CONFIG_NTS_PATH_SIZE]; /* for cookies; "": they are not kept */
	char state_file[FFNTP_CONFIG_PATH_SIZE];        /* see statefile.h; "": none */
	char leap_list[FFNTP_CONFIG_PATH_SIZE];         /* "": the system's file */
	char keyfile[FFNTP_CONFIG_PATH_SIZE];           /* "": none */
	char journal[FFNTP_CONFIG_PATH_SIZE];           /* "": none */
	size_t servers, sourcedirs, nts_trusted_count;  /* the numbers of these: */

	/*
	 * The places behind the last server, directory or path are never written, because a page of memory that was
	 * never written costs nothing: make a configuration with ffntp_config_default, and copy it with
	 * ffntp_config_copy.
	 */
	struct ffntp_config_server server[FFNTP_CONFIG_SERVERS];
	/* The directories of sources files. */
	char sourcedir[FFNTP_CONFIG_DIRECTORIES][FFNTP_CONFIG_DIRECTORY_SIZE];
	/* Of NTS: files and folders of certificates that are trusted. */
	char nts_trusted[FFNTP_CONFIG_TRUSTED][FFNTP_CONFIG_PATH_SIZE];
};

struct ffntp_config_error {
	unsigned line;  /* from 1; 0: the includer has reported the error */
	char text[160]; /* one printable line */
};

/*
 * Reads the files of a line 'confdir' on top of the configuration. Returns false if it reported an error, which ends
 * the parser.
 */
typedef bool ffntp_config_includer(void *context, struct ffntp_config *config, char *const *directories, size_t count);

/* The file that is parsed. Zeroed: a file that a line 'confdir' names. */
struct ffntp_config_scope {
	const char *sources; /* the name of a sources file, which has lines of servers only; "": a line that is added;
				NULL: neither */
	ffntp_config_includer *include;    /* NULL: the file must not have a line 'confdir' */
	void *context;                     /* of include */
	bool (*is_name)(const char *name); /* returns whether a server may have this name; NULL: it may have any */
};

/* Set a configuration without servers, and every number to its default. */
void ffntp_config_default(struct ffntp_config *config);

/* Set every option of a server to its default. It has no name. */
void ffntp_config_server_default(struct ffntp_config_server *server);

/* Copy a configuration with its servers. */
void ffntp_config_copy(struct ffntp_config *to, const struct ffntp_config *from);

/* Set the members of core/client_options.def, and interleaved mode, in the configuration of this server's client. */
void ffntp_config_client(const struct ffntp_config *config, size_t server, struct ffntp_client_config *client);

/* Return how many servers an entry may add: a pool counts with all of its sources. */
size_t ffntp_config_server_members(const struct ffntp_config_server *server);

/* Return how many servers may be followed at once: pools count with all of their sources. */
size_t ffntp_config_members(const struct ffntp_config *config);

/* Return whether several servers may be followed at once, now or after a change of sources files. */
bool ffntp_config_is_many(const struct ffntp_config *config);

/* Return whether a server or a pool of this name and port is configured. */
bool ffntp_config_has_server(const struct ffntp_config *config, const struct ffntp_config_server *server);

/*
 * Add a copy of a server. Returns false if there is no room for it, with the sources of pools, or if the configuration
 * has it already.
 */
bool ffntp_config_copy_server(struct ffntp_config *config, const struct ffntp_config_server *server);

/* Remove the server at this place. Those behind it move up. */
void ffntp_config_remove_server(struct ffntp_config *config, size_t place);

/* Return whether two servers have the same name and options, but for 'offline', which is about the start. */
bool ffntp_config_is_same_server(const struct ffntp_config_server *a, const struct ffntp_config_server *b);

/* Return whether two configurations differ in nothing but their servers and their journal. */
bool ffntp_config_is_same_clock(const struct ffntp_config *a, const struct ffntp_config *b);

/*
 * Add a server with default poll intervals and a burst at the start, as for a name on the command line. Returns false
 * if the name is too long or empty.
 */
bool ffntp_config_add_server(struct ffntp_config *config, const char *name);

/* Set whether there is a sandbox: "on" or "off". Returns false if the word is neither. */
bool ffntp_config_set_sandbox(struct ffntp_config *config, const char *word);

/* Set the user that a daemon of root becomes. Returns false if the name is too long or empty. */
bool ffntp_config_set_user(struct ffntp_config *config, const char *name);

/* Set the file of the journal. Returns false if its name is too long or empty. */
bool ffntp_config_set_journal(struct ffntp_config *config, const char *path);

/*
 * Set the size of the journal: bytes, or with k, M or G behind the number 2^10, 2^20 or 2^30 bytes. Returns false if it
 * is not within FFNTP_CONFIG_JOURNAL_LEAST to _MOST.
 */
bool ffntp_config_set_journal_size(struct ffntp_config *config, const char *size);

/*
 * Read a whole file's text on top of the configuration in *config. In a sources file, a server that the configuration
 * has already is left out.
 * Returns false at the first invalid line, with its number and the reason; *config is then partly changed.
 */
bool ffntp_config_parse(struct ffntp_config *config, const char *text, size_t length,
			const struct ffntp_config_scope *scope, struct ffntp_config_error *error);

#endif
