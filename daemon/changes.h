/*
 * changes: changes of the configuration while the daemon runs: it is read again, or servers are added and deleted. The
 * configuration in use stays until the next one is complete, so that a mistake has no effect. One change at a time.
 */
#ifndef FFNTP_DAEMON_CHANGES_H
#define FFNTP_DAEMON_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "../ports/linux/control.h"
#include "keeper.h"
#include "options.h"

struct ffntp_changes {
	struct ffntp_keeper *keeper;
	int argc; /* the command line */
	char **argv;
	bool must_reload;                 /* once the change in progress has ended */
	bool must_reload_sources;         /* likewise, the sources files */
	struct ffntp_options *options[2]; /* the next ones alternate; NULL until they are needed */
};

/* Return whether a change waits for the names of its servers. */
bool ffntp_changes_is_busy(const struct ffntp_changes *changes);

/* Do what must be done once the change in progress has ended. */
void ffntp_changes_step(struct ffntp_changes *changes);

/*
 * Add the server of a line of the configuration, "server ntp.example.org iburst". problem: a text if this fails.
 */
enum ffntp_control_result ffntp_changes_add(struct ffntp_changes *changes, const char *line,
					    char problem[FFNTP_CONTROL_REPLY_SIZE]);

/* Delete the server at this place in the configuration. It comes back if the files that have its line are read again.
 */
enum ffntp_control_result ffntp_changes_delete(struct ffntp_changes *changes, size_t place,
					       char problem[FFNTP_CONTROL_REPLY_SIZE]);

#endif
