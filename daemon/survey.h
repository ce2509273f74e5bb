/*
 * survey: asks all servers once for their leap-second announcement, while the clock continues with one of them. It
 * sends one request to each, in addition to the polls, only on the last day of a month and only without a valid table.
 */
#ifndef FFNTP_DAEMON_SURVEY_H
#define FFNTP_DAEMON_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/timescale.h"
#include "../ports/linux/counter.h"
#include "../ports/linux/peer.h"
#include "config.h"

/* A server to ask. */
struct ffntp_survey_server {
	const struct ffntp_address *address;
	const struct ffntp_key *key; /* or NULL */
};

struct ffntp_survey {
	size_t running; /* peers whose reply is still awaited */
	size_t asked;
	size_t answers;
	bool is_accepted, has_failed; /* the peer that is being stepped: its reply was accepted, or none is to come */
	uint8_t indicators[FFNTP_CONFIG_SERVERS];
	struct ffntp_peer peer[FFNTP_CONFIG_SERVERS]; /* those that are awaited come first */
	int64_t begun_s;                              /* on any clock that does not run backwards; 0: never */
};

/*
 * Return whether to start a survey: once an hour on the last day of a month, up to a minute before its end.
 * utc_s: POSIX time. now_s: any clock that does not run backwards, and is not 0.
 */
bool ffntp_survey_is_due(const struct ffntp_survey *survey, int64_t utc_s, int64_t now_s);

/* Start a survey, and cancel a running one; it must not be moved in memory. config, source: as for ffntp_peer_open. */
void ffntp_survey_begin(struct ffntp_survey *survey, const struct ffntp_client_config *config,
			const struct ffntp_counter_source *source, const struct ffntp_survey_server *servers,
			size_t count, int64_t now_s);

static inline bool ffntp_survey_is_running(const struct ffntp_survey *survey)
{
	return survey->running > 0;
}

/* Run the survey; call it every 50 ms while it is running. Returns true when it has ended. */
bool ffntp_survey_step(struct ffntp_survey *survey);

/*
 * Return the announcement that more than half of the replies agree on. Returns false if no more than half of the
 * servers replied, because there is no majority then.
 */
FFNTP_MUST_USE bool ffntp_survey_result(const struct ffntp_survey *survey, struct ffntp_leap_vote *vote);

void ffntp_survey_close(struct ffntp_survey *survey);

#endif
