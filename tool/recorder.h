/* recorder: writes the journal of a session or an ensemble to a file, from which 'ffntp replay' computes the same maps.
 */
#ifndef FFNTP_TOOL_RECORDER_H
#define FFNTP_TOOL_RECORDER_H

#include <ffntp/ensemble.h>
#include <ffntp/session.h>
#include <stdbool.h>
#include <stdio.h>

#include "../ports/journal.h"

struct recorder {
	FILE *file;
	struct ffntp_session *session;   /* or NULL */
	struct ffntp_ensemble *ensemble; /* or NULL */
	struct ffntp_journal writer;
	bool has_map; /* the session's last input yielded a map, whose line is not written yet */
};

/*
 * Begin to record a session that has had no input yet, in an open file: config and at are the arguments of its
 * ffntp_session_init. The recorder must stay where it is until recorder_end. Errors of the file are the caller's to
 * detect, with ferror.
 */
void recorder_begin(struct recorder *recorder, FILE *file, struct ffntp_session *session,
		    const struct ffntp_client_config *config, ffntp_counter at);

/*
 * Begin to record an ensemble that has no members yet, in the same way: config and at are the arguments of its
 * ffntp_ensemble_init. Call recorder_map at each FFNTP_EVENT_MAP.
 */
void recorder_begin_ensemble(struct recorder *recorder, FILE *file, struct ffntp_ensemble *ensemble,
			     const struct ffntp_ensemble_config *config, ffntp_counter at);

/* Record that the ensemble yielded its present map after its last input. */
void recorder_map(struct recorder *recorder);

/* Write the last line, and end the recording. */
void recorder_end(struct recorder *recorder);

#endif
