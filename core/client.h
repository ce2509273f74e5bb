/*
 * client: one clock with one association, in the caller's memory, behind ffntp/client.h. client_config.c checks the
 * configuration, decide.c decides on each stamp, clock_update.c applies the decision, client_state.c describes the
 * estimator, client.c implements the public functions.
 */
#ifndef FFNTP_CORE_CLIENT_H
#define FFNTP_CORE_CLIENT_H

#include <stdbool.h>

#include "../include/ffntp/client.h"
#include "association.h"
#include "clock_state.h"

struct ffntp_client {
	struct ffntp_clock_state clock;
	struct ffntp_association association;
	struct ffntp_decision decision; /* on the newest reply or report */
};

/*
 * Copy a caller's configuration, of any version, to one of this version: fields that the caller does not know get
 * their usual values. Returns false if its size was not set, or it has fields that are not known here and not 0.
 */
FFNTP_MUST_USE bool ffntp_client_config_take(struct ffntp_client_config *config,
					     const struct ffntp_client_config *given);

/* Return whether every field is within the range that ffntp/client.h states. */
FFNTP_MUST_USE bool ffntp_client_config_is_valid(const struct ffntp_client_config *config);

/* Return the estimator's configuration for a client's configuration. */
struct ffntp_estimator_config ffntp_client_config_estimator(const struct ffntp_client_config *config);

/* Return the polling configuration for a client's configuration. */
struct ffntp_polling_config ffntp_client_config_polling(const struct ffntp_client_config *config);

/*
 * Process a reading of a reference clock, which takes the place of a request and its reply. after: the counter after
 * the reading. Returns the verdict, which is also counted.
 */
enum ffntp_verdict ffntp_client_measured(struct ffntp_client *client, const struct ffntp_measurement *measurement,
					 ffntp_counter after);

/* Record that the reference clock could not be read: this counts as a request without a reply. */
void ffntp_client_not_measured(struct ffntp_client *client, ffntp_counter now);

/* Ask the server some times soon (polling.h). */
void ffntp_client_burst(struct ffntp_client *client, ffntp_counter now);

/* client_state: set what a source states of the estimator. */
void ffntp_client_describe(const struct ffntp_client *client, struct ffntp_source *source);

#endif
