/*
 * journal: writes the inputs of the daemon's session or ensemble, and the digests of its maps, to a file that 'ffntp
 * replay' runs again (docs/journal.md). Lines are kept in memory until the step ends, because a request must not wait
 * for a disk, and are written by a thread, because a disk may never answer. If the file cannot be written, one line
 * reports it; the recording ends, and the clock continues.
 */
#ifndef FFNTP_DAEMON_JOURNAL_H
#define FFNTP_DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/client.h"
#include "../include/ffntp/ensemble.h"
#include "../include/ffntp/map.h"
#include "config.h"

/* Opaque. NULL stands for no journal: every function below has no effect then. */
struct ffntp_journal_file;

/*
 * Open the journal for appending. path: shorter than FFNTP_CONFIG_PATH_SIZE. size_max: the size in bytes at which the
 * file is renamed to "PATH.1", in place of an older one, and a new file begun.
 * Returns NULL if path is "", or if the file cannot be written or is not a journal; the reason was logged.
 */
struct ffntp_journal_file *ffntp_journal_file_open(const char *path, uint64_t size_max);

/* Return whether the journal is the one that this configuration names, and goes on; or neither has one. */
bool ffntp_journal_file_is(const struct ffntp_journal_file *file, const struct ffntp_config *config);

/* Change the size at which a new file is begun, as ffntp_journal_file_open has it. */
void ffntp_journal_file_resize(struct ffntp_journal_file *file, uint64_t size_max);

/* Write what is left, and close the file. */
void ffntp_journal_file_close(struct ffntp_journal_file *file);

/*
 * Begin to record an ensemble that has no members yet: config and at are the arguments of its ffntp_ensemble_init. From
 * then on members, inputs and maps are recorded without further calls. The journal must not be closed before the
 * ensemble's last input. The tables of leap seconds of all configurations must stay valid.
 */
void ffntp_journal_file_ensemble(struct ffntp_journal_file *file, struct ffntp_ensemble *ensemble,
				 const struct ffntp_ensemble_config *config, ffntp_counter at);

/*
 * Write the lines that are in memory to the file. Call it when nothing urgent is due. The lines of an exchange in
 * progress wait for its end, unless memory is short, or those of an ensemble are many.
 */
void ffntp_journal_file_write(struct ffntp_journal_file *file);

/*
 * Write what is in memory, in the handler of a signal that ends the daemon, such as that of a failed assertion: the
 * last line is then the input that was being processed.
 */
void ffntp_journal_file_rescue(void);

#endif
