/*
 * survey: asks all servers once what they announce of a leap second, while the clock goes on with one of them. One
 * request each, beside the polls; only on the last day of a month, and only while no table of leap seconds holds.
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

struct ffntp_survey {
	size_t running; /* peers that are still waited for */
	size_t asked;
	size_t answers;
	uint8_t indicators[FFNTP_CONFIG_SERVERS];
	struct ffntp_peer peer[FFNTP_CONFIG_SERVERS]; /* of those that are waited for the first 'running' */
	int64_t begun_s;                              /* any clock that does not go back; 0: never */
};

/*
 * When servers are to be asked: once an hour on the last day of a month, up to a minute before its end.
 * utc_s: POSIX time. now_s: any clock that does not go back, and is not 0.
 */
bool ffntp_survey_is_due(const struct ffntp_survey *survey, int64_t utc_s, int64_t now_s);

/* Asks them. config, source: as for ffntp_peer_open. What is running is given up. */
void ffntp_survey_begin(struct ffntp_survey *survey, const struct ffntp_client_config *config,
			const struct ffntp_counter_source *source, const struct ffntp_address *const *addresses,
			size_t count, int64_t now_s);

static inline bool ffntp_survey_is_running(const struct ffntp_survey *survey)
{
	return survey->running > 0;
}

/* To be called every 50 ms while it runs. Returns true when it has ended. */
bool ffntp_survey_step(struct ffntp_survey *survey);

/*
 * What they said: a leap second that more than half of those that answered announce. False if no more than half of
 * those asked have answered: then nobody knows.
 */
FFNTP_MUST_USE bool ffntp_survey_result(const struct ffntp_survey *survey, struct ffntp_leap_vote *vote);

void ffntp_survey_close(struct ffntp_survey *survey);

#endif
