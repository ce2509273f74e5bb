/* refclockline: the words of a line 'refclock' in the configuration file. Pure, like config.h. */
#ifndef FFNTP_DAEMON_REFCLOCKLINE_H
#define FFNTP_DAEMON_REFCLOCKLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

/* Size of a message about a line, with its NUL. */
#define FFNTP_REFCLOCKLINE_TEXT_SIZE 160

/*
 * Read the words of a line, "refclock PHC DEVICE [OPTION...]", and set the server's members. 'server' has the usual
 * values of a server. index: the number of reference clocks before this one, from which its name follows.
 * Returns false, with the reason in text, if a word is invalid; *server is then partly changed.
 */
bool ffntp_refclockline_parse(struct ffntp_config_server *server, size_t index, char *const *word, size_t words,
			      char text[FFNTP_REFCLOCKLINE_TEXT_SIZE]);

/* Return whether two reference clocks have the same options. */
bool ffntp_refclockline_is_same(const struct ffntp_refclock_config *a, const struct ffntp_refclock_config *b);

#endif
