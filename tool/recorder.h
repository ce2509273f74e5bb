/* recorder: writes the journal of an ensemble to a file, from which 'ffntp replay' computes the same maps. */
#ifndef FFNTP_TOOL_RECORDER_H
#define FFNTP_TOOL_RECORDER_H

#include <ffntp/ensemble.h>
#include <stdio.h>

#include "../ports/journal.h"

struct recorder {
	FILE *file;
	struct ffntp_ensemble *ensemble;
	struct ffntp_journal writer;
};

/*
 * Begin to record an ensemble that has no members yet, in an open file: config and at are the arguments of its
 * ffntp_ensemble_init. With room for one member the journal is a session's. The recorder must stay where it is until
 * recorder_end. Errors of the file are the caller's to detect, with ferror.
 */
void recorder_begin(struct recorder *recorder, FILE *file, struct ffntp_ensemble *ensemble,
		    const struct ffntp_ensemble_config *config, ffntp_counter at);

/* End the recording. */
void recorder_end(struct recorder *recorder);

#endif
