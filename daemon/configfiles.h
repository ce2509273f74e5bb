/*
 * configfiles: reads the configuration file, the files of its line confdir, and the sources files of its lines
 * sourcedir. Errors are logged, each with its file and line.
 */
#ifndef FFNTP_DAEMON_CONFIGFILES_H
#define FFNTP_DAEMON_CONFIGFILES_H

#include <stdbool.h>

#include "../core/bits.h"
#include "config.h"

/*
 * Read a configuration file on top of the configuration, and where it has a line confdir the files *.conf of these
 * directories, in the order of their names. Of several files with one name, the one in the directory that is named
 * first is read. Sources files are not read yet. Returns false if a file cannot be read or has an invalid line; it was
 * logged.
 */
FFNTP_MUST_USE bool ffntp_configfiles_read(const char *path, struct ffntp_config *config);

/*
 * Add the servers of the sources files *.sources of all sourcedirs, which are found as above. A file that cannot be
 * read, or has an invalid line, is logged once; the servers that the former configuration has from it are added
 * instead, or, if there are none, those of its valid lines. former: NULL if there is none.
 */
void ffntp_configfiles_add_sources(struct ffntp_config *config, const struct ffntp_config *former);

/* Add the servers of the former configuration that were added while the daemon ran, as far as there is room. */
void ffntp_configfiles_add_former(struct ffntp_config *config, const struct ffntp_config *former);

#endif
