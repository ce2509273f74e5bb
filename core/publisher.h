/*
 * publisher: builds the published map from the estimate, limited to the hard bound and to all bounds published earlier.
 */
#ifndef FFNTP_CORE_PUBLISHER_H
#define FFNTP_CORE_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "bound.h"
#include "estimator.h"
#include "promise.h"

/* State of the publisher. Zeroed except for the first four fields: nothing was published. */
struct ffntp_publisher {
	enum ffntp_counter_kind counter_kind;
	uint8_t period_shift;
	uint64_t disruption_marker;
	uint32_t counter_marker;
	struct ffntp_promise promise;
	bool has_map;
	struct ffntp_map map; /* its time is the core's; status and leap fields are not set */
};

/* The input of a map. */
struct ffntp_finding {
	const struct ffntp_estimate *estimate;
	bool is_settled;          /* the estimate's own error is trusted, rather than the width of the bound */
	int64_t pivot_s;          /* a time within 68 years of the estimate's reference, in s since 1970 */
	struct ffntp_bound bound; /* contains the true time, whatever the estimate is; aged to the estimate's 'at' */
	struct ffntp_rate_bound rate;
	double poll_s; /* expected time until the next estimate */
};

/*
 * Start a new disruption epoch: readings taken before and after it must not be combined. The marker is derived from the
 * counter.
 */
void ffntp_publisher_break(struct ffntp_publisher *publisher, ffntp_counter now);

/* Start a new disruption epoch, and declare the counter itself discontinuous: no duration may span this point. */
void ffntp_publisher_break_counter(struct ffntp_publisher *publisher, ffntp_counter now);

/* Inherit the error bounds of an earlier map (its status was synchronised or free-running). */
void ffntp_publisher_continue(struct ffntp_publisher *publisher, const struct ffntp_map *former);

/*
 * Build the map. If it cannot stay inside the bounds published before, drop them and start a new disruption epoch. If
 * those bounds are of a former client's map, the counter is declared discontinuous, too, because it was not watched in
 * between.
 */
void ffntp_publisher_publish(struct ffntp_publisher *publisher, struct ffntp_finding *finding);

/* Move the map's 'at', keeping its linear function and its error. at: not before the map's. */
void ffntp_publisher_move(struct ffntp_publisher *publisher, ffntp_counter at);

/*
 * Widen a map, or a copy of it, until its interval contains the bound at all readings from the later of their two 'at'
 * on. rate: the rate at which the bound ages.
 */
void ffntp_publisher_admit(struct ffntp_map *map, struct ffntp_bound bound, struct ffntp_rate_bound rate);

/*
 * Return a placeholder map to publish before the first estimate: well-formed, but its status forbids reading time from
 * it.
 */
struct ffntp_map ffntp_publisher_nothing(const struct ffntp_publisher *publisher, double period_s, ffntp_counter now);

#endif
