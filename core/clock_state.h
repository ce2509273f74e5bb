/*
 * clock_state: the clock of one counter: its hard bound and proven rates, its newest estimate, and the published map
 * with the bounds published before. It holds nothing of a server (association.h). decide.h decides on each exchange,
 * and clock_update.h applies the decision; no other module changes this state after its beginning.
 */
#ifndef FFNTP_CORE_CLOCK_STATE_H
#define FFNTP_CORE_CLOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "bound.h"
#include "dissent.h"
#include "estimator.h"
#include "publisher.h"
#include "rate_range.h"
#include "smear.h"
#include "strain.h"
#include "wire.h"
#include "wiretime.h"

/* The small fields come first, because instructions that reach them are shorter. */
struct ffntp_clock_state {
	const struct ffntp_estimator_ops *ops;
	struct ffntp_rate_bound rate; /* rate of the bound from here on: the range, and the estimate's period */
	struct ffntp_bound bound;     /* contains the true time, whatever the estimate is */
	double max_drift;
	ffntp_counter begun_at; /* tf of the first stamp that the estimator accepted */
	uint32_t accepted;      /* stamps accepted since the estimator began */
	uint32_t agreed;        /* exchanges that have agreed with the clock's present time */
	uint32_t confirmed;     /* those of them that overlap at the nominal rate; up to FFNTP_SYNCHRONISED_EXCHANGES */
	bool counter_may_jump;
	bool caller_announces; /* announcements of leap seconds come from the caller */
	bool is_disrupted; /* there is no map because the counter jumped, rather than because no stamp has come yet */
	bool has_smear_line;
	bool has_estimate;
	struct ffntp_estimate estimate;       /* the estimator's result for the newest exchange that it processed */
	struct ffntp_estimator_config config; /* with the configured rate of the counter */
	struct ffntp_strain strain;           /* exchanges that leave the bound, or the clock, to one side */
	struct ffntp_wiretime wire;
	struct ffntp_smear_line smear_line; /* this clock, from before the noon at which a smear begins */
	struct ffntp_publisher publisher;   /* its map is that of the newest accepted stamp */
	struct ffntp_rate_range range;
	struct ffntp_dissent dissent;
};

/* Return whether the counter may have jumped: a server that reports a correction of its own clock excludes it. */
static inline bool ffntp_clock_may_have_jumped(const struct ffntp_clock_state *clock)
{
	return clock->counter_may_jump && !(FFNTP_CAN_REFINE && clock->dissent.is_servers);
}

/* Return the configured rate of the counter. */
static inline struct ffntp_rate_bound ffntp_clock_configured_rate(const struct ffntp_clock_state *clock)
{
	return (struct ffntp_rate_bound){ clock->config.period_hint_s, clock->config.period_hint_error };
}

/* Return the range of rates for a candidate: the configured one, extended to the clock's rate if that has left it. */
static inline struct ffntp_rate_bound ffntp_clock_candidate_rate(const struct ffntp_clock_state *clock)
{
	return ffntp_rate_bound_with(ffntp_clock_configured_rate(clock), clock->rate.period_s);
}

/*
 * Return the offset of a stamp (s): our clock, by its present estimate, minus the server's clock; 0 if there is no
 * estimate. stamp: its server's times are in the core's time.
 */
FFNTP_MUST_USE double ffntp_clock_offset_s(const struct ffntp_clock_state *clock, const struct ffntp_stamp *stamp);

/*
 * Begin with what a map of the same counter knows besides the time: the counter's rate, the rule of leap seconds, and
 * the era. The map has a time. estimator: the state of an association's estimator.
 */
void ffntp_clock_introduce(struct ffntp_clock_state *clock, void *estimator, const struct ffntp_map *known);

/*
 * Return whether a former map has a time that can be continued: it is sound, and its date is within 68 years of the
 * pivot. A former daemon may have had a wrong date, and its page may have been damaged.
 */
FFNTP_MUST_USE bool ffntp_clock_can_continue(int64_t pivot_s, const struct ffntp_map *former);

/* Continue from the last map of a former clock of the same counter. estimator: the state of an association's estimator.
 */
void ffntp_clock_continue(struct ffntp_clock_state *clock, void *estimator, const struct ffntp_map *former);

#endif
