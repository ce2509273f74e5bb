/*
 * association: the state of one server. It holds what belongs to the server and to the path there, and nothing of the
 * clock: a machine has one clock (clock_state.h) and an association for each server. Functions that need both take
 * both; nothing here assumes that a clock has one association only.
 */
#ifndef FFNTP_CORE_ASSOCIATION_H
#define FFNTP_CORE_ASSOCIATION_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange.h"
#include "polling.h"
#include "stamp.h"

struct ffntp_association {
	/*
	 * The estimator's state, in the caller's memory. Its part about the path belongs here; its part about the
	 * oscillator belongs to the clock (docs/architecture.md).
	 */
	void *estimator;
	double max_root_distance_s;
	double correction_s; /* is added to the server's time */
	double offset_s;     /* clock minus server at the newest stamp (s), before the stamp was used */
	uint64_t rtt_min_ticks;
	ffntp_counter accepted_at; /* tf of the newest accepted stamp */
	bool has_stamp;
	bool is_smeared;          /* the server smears a leap second, as far as known; false again after the smear */
	struct ffntp_stamp stamp; /* newest stamp whose counter readings were valid, with the server's leap indicator */
	struct ffntp_polling polling;      /* with the reach register */
	uint32_t verdicts[FFNTP_VERDICTS]; /* count of each verdict on this server's replies */
	struct ffntp_exchange exchange;
	struct ffntp_rootfield_clock accepted_clock; /* the server's, as of the newest accepted stamp */
};

_Static_assert(sizeof(struct ffntp_association) <= 2048, "an association is small, because there may be many");

/* Begin an association. estimator: the estimator's state. */
void ffntp_association_init(struct ffntp_association *association, void *estimator,
			    const struct ffntp_polling_config *polling, double max_root_distance_s, ffntp_counter now);

/* Discard what belongs to the server, because later requests go to a different one. */
void ffntp_association_change_server(struct ffntp_association *association, ffntp_counter now);

/* Discard what compares counter readings with earlier ones, because the counter jumped. */
void ffntp_association_disrupted(struct ffntp_association *association);

/*
 * Add the correction to the stamp's server time. The correction may be wrong by its size, because nothing but the
 * configuration vouches for it: the root dispersion contains that.
 */
void ffntp_association_correct(const struct ffntp_association *association, struct ffntp_stamp *stamp);

/* Store a stamp, newer than all before it, and the clock's offset from it (s). */
void ffntp_association_observe(struct ffntp_association *association, const struct ffntp_stamp *stamp, double offset_s);

/* Return the round trip's excess over the least one, in ticks. */
double ffntp_association_excess_ticks(const struct ffntp_association *association, const struct ffntp_stamp *stamp);

/*
 * Return whether the server itself has moved its clock since the newest accepted stamp, so that it, and not the
 * counter, explains this offset (s).
 */
FFNTP_MUST_USE bool ffntp_association_server_has_moved(const struct ffntp_association *association, double offset_s);

void ffntp_association_count(struct ffntp_association *association, enum ffntp_verdict verdict);

#endif
