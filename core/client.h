/*
 * client: behind ffntp/client.h. What a client knows, and the three parts of it, each on top of the one before: its
 * configuration (client_config.c), what becomes of a stamp (ruling.c), and the verbs (client.c).
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
	struct ffntp_rate_bound rate; /* the range, and the estimate's period, for what ages from here on */
	struct ffntp_bound bound;     /* where truth lies, whatever the estimator says */
	struct ffntp_strain strain;   /* of the bound */
	struct ffntp_dissent dissent;
	bool is_renumbered; /* by the stamp that is being taken */
	struct ffntp_smear_watch smear;
	bool has_estimate;
	struct ffntp_estimate estimate;
	bool has_stamp;
	struct ffntp_stamp stamp; /* of this server, the newest that was not refused for the counter's sake */
	double offset_s;          /* the clock minus the server at that stamp, before it was used */
	uint64_t rtt_min_ticks;
	struct ffntp_publisher publisher; /* its map is as of the newest accepted stamp */
	bool is_disrupted;                /* no map because the counter jumped, not because nothing has come yet */
	ffntp_counter accepted_at;
	ffntp_counter begun_at;            /* the first of the accepted */
	uint32_t accepted;                 /* since the estimator began */
	uint32_t agreed;                   /* exchanges that the clock's time rests on */
	uint32_t verdicts[FFNTP_VERDICTS]; /* of this server's replies */
};

/* Whether every field is within the range that ffntp/client.h names. */
FFNTP_MUST_USE bool ffntp_client_config_is_valid(const struct ffntp_client_config *config);

/* What an estimator has to know of it. */
struct ffntp_estimator_config ffntp_client_config_estimator(const struct ffntp_client_config *config);

/* Of the counter's period so much is known, in s per tick and as a ratio, and of the time nothing. */
void ffntp_client_begin(struct ffntp_client *client, double period_s, double period_error);

/* Drop all that exchanges proved: they took the server for finer than it is. */
void ffntp_client_server_is_coarse(struct ffntp_client *client, ffntp_counter now);

/*
 * What becomes of a stamp, in UTC and newer than all before it: if it is believed, it is learnt from, and the map made
 * anew.
 */
FFNTP_MUST_USE enum ffntp_verdict ffntp_client_take(struct ffntp_client *client, const struct ffntp_stamp *stamp);

#endif
