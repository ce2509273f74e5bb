/* refclockline: the words of a line 'refclock' in the configuration file. Pure. */
#ifndef FFNTP_DAEMON_REFCLOCKLINE_H
#define FFNTP_DAEMON_REFCLOCKLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../ports/linux/refclock.h"

/* Size of a message about a line, with its NUL. */
#define FFNTP_REFCLOCKLINE_TEXT_SIZE 160

/* The contents of a line. */
struct ffntp_refclockline {
	const char *device; /* its path, one of the words */
	uint8_t poll_log2_s;
	bool is_preferred, is_trusted, is_required, is_unused;
	struct ffntp_refclock_config refclock;
};

/*
 * Read the words of a line, "refclock PHC|VMCLOCK DEVICE [OPTION...]". index: the number of reference clocks before
 * this one, from which its name follows. Returns false, with the reason in text, if a word is invalid.
 */
bool ffntp_refclockline_parse(struct ffntp_refclockline *line, size_t index, char *const *word, size_t words,
			      char text[FFNTP_REFCLOCKLINE_TEXT_SIZE]);

/* Return whether two reference clocks have the same options. */
bool ffntp_refclockline_is_same(const struct ffntp_refclock_config *a, const struct ffntp_refclock_config *b);

#endif
