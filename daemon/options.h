/* options: the daemon's command line. */
#ifndef FFNTP_DAEMON_OPTIONS_H
#define FFNTP_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "config.h"
#include "guestpages.h"
#include "log.h"

enum { FFNTPD_EXIT_FAILURE = 1, FFNTPD_EXIT_USAGE = 2 };

enum ffntp_counter_choice { FFNTP_CHOOSE_AUTO, FFNTP_CHOOSE_TSC, FFNTP_CHOOSE_RAW };

struct ffntp_options {
	enum ffntp_counter_choice counter;
	enum ffntp_estimator_kind estimator;
	uint32_t poll_s;                    /* 0: as configured */
	const char *page;                   /* NULL: none given */
	const char *clock_log;              /* NULL: none */
	const char *journal, *journal_size; /* NULL: as configured */
	const char *sandbox, *user;         /* likewise */
	bool has_config_file;
	struct ffntp_guestpage_name guest[FFNTP_GUESTPAGES];
	size_t guests;
	enum ffntp_log_level shown; /* the lines to log */
	/* The file's, with the command line's servers after the file's, and its journal. Copy it by its own function.
	 */
	struct ffntp_config config;
};

/* Copy options. */
void ffntp_options_copy(struct ffntp_options *to, const struct ffntp_options *from);

/*
 * Read the command line, the configuration file that it names, and the sources files. May be called again, to read the
 * files again. former: the configuration in use, whose servers stay where a sources file is invalid; NULL at the start.
 * Returns false and the exit code: --help or --version was printed, or one line on standard error names the error.
 */
bool ffntp_options_read(int argc, char **argv, const struct ffntp_config *former, struct ffntp_options *options,
			int *code);

#endif
