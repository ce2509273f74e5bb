/*
 * client: the state of a client and its internal functions, behind ffntp/client.h. Three files build on each other:
 * client_config.c checks the configuration, ruling.c decides on each stamp, client.c implements the public functions.
 */
#ifndef FFNTP_CORE_CLIENT_H
#define FFNTP_CORE_CLIENT_H

#include <stdbool.h>

#include "../include/ffntp/client.h"
#include "bound.h"
#include "dissent.h"
#include "estimator.h"
#include "exchange.h"
#include "polling.h"
#include "publisher.h"
#include "rate_range.h"
#include "smear.h"
#include "strain.h"
#include "wiretime.h"

struct ffntp_client {
	struct ffntp_client_config config;
	const struct ffntp_estimator_ops *ops;
	void *estimator;
	struct ffntp_exchange exchange;
	struct ffntp_polling polling;
	struct ffntp_wiretime wire;
	struct ffntp_rate_range range;
	struct ffntp_rate_bound rate; /* rate of the bound from here on: the range, and the estimate's period */
	struct ffntp_bound bound;     /* contains the true time, whatever the estimate is */
	struct ffntp_strain strain;   /* exchanges that leave the bound, or the clock, to one side */
	struct ffntp_dissent dissent;
	bool is_renumbered; /* the stamp being processed has changed the leap-second rule */
	struct ffntp_smear_watch smear;
	bool has_estimate;
	struct ffntp_estimate estimate;
	bool has_stamp;
	struct ffntp_stamp stamp; /* newest stamp of this server whose counter readings were valid */
	double offset_s;          /* clock minus server at that stamp (s), before the stamp was used */
	uint64_t rtt_min_ticks;
	struct ffntp_publisher publisher; /* its map is that of the newest accepted stamp */
	bool is_disrupted; /* there is no map because the counter jumped, rather than because no stamp has come yet */
	ffntp_counter accepted_at;
	ffntp_counter begun_at;            /* tf of the first stamp that the estimator accepted */
	uint32_t accepted;                 /* stamps accepted since the estimator began */
	uint32_t agreed;                   /* exchanges that have agreed with the clock's present time */
	uint32_t verdicts[FFNTP_VERDICTS]; /* count of each verdict on this server's replies */
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

/* Reset: the period is known to period_error (ratio), the time is unknown. period_s: seconds per tick. */
void ffntp_client_begin(struct ffntp_client *client, double period_s, double period_error);

/*
 * Discard all that exchanges proved, because the server's clock has proved coarser than it states. The estimator goes
 * on, unless exchanges contradict it.
 */
void ffntp_client_server_is_coarse(struct ffntp_client *client, ffntp_counter now);

/* client_state: set what a source states of the estimator. */
void ffntp_client_describe(const struct ffntp_client *client, struct ffntp_source *source);

/* Process a stamp in UTC, newer than all before it. An accepted stamp updates the estimator and the map. */
FFNTP_MUST_USE enum ffntp_verdict ffntp_client_take(struct ffntp_client *client, const struct ffntp_stamp *stamp);

#endif
