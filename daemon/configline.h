/* configline: one line of a configuration file, in words, and the reasons why it is invalid. Private to its parsers. */
#ifndef FFNTP_DAEMON_CONFIGLINE_H
#define FFNTP_DAEMON_CONFIGLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#define FFNTP_CONFIGLINE_WORDS 32

struct ffntp_configline {
	unsigned number; /* in its file, from 1 */
	size_t words;
	char *word[FFNTP_CONFIGLINE_WORDS]; /* the first is the keyword */
	char text[FFNTP_CONFIG_LINE_MAX + 1];
	const struct ffntp_config_scope *scope;
	struct ffntp_config_error *error;
};

/* Set the error to this line's number and a reason, and return false. */
__attribute__((format(printf, 2, 3))) bool ffntp_configline_refuse(const struct ffntp_configline *line,
								   const char *format, ...);

/* Parse a decimal number up to max. Returns false if the word is not one. */
bool ffntp_configline_unsigned(const char *word, unsigned long max, unsigned long *value);

/*
 * A number of core/client_options.def: its word in the file, where it is stored, the range of what is stored, and by
 * how much that is larger than the number in the file.
 */
struct ffntp_confignumber {
	const char *name; /* NULL: the end of a list */
	size_t offset;
	double least, most, scale;
};

/* A row of a list for a member, of type double, of a structure. */
#define FFNTP_CONFIGNUMBER(structure, member, least, most, name, scale) \
	{ #name, offsetof(struct structure, member), least, most, scale },

/* Return the number of this name, in upper or lower case; NULL if the list has none. */
const struct ffntp_confignumber *ffntp_confignumber_find(const struct ffntp_confignumber *numbers, const char *name);

/* Store the value of a word in the structure that has this number. Returns false if it is out of range, as refused. */
bool ffntp_confignumber_store(const struct ffntp_configline *line, const struct ffntp_confignumber *number,
			      const char *word, void *structure);

#endif
