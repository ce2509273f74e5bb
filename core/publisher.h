/*
 * publisher: what is told of the time: the map. It says what the estimator found, as far as that lies inside the bound
 * and contradicts nothing that was told before.
 */
#ifndef FFNTP_CORE_PUBLISHER_H
#define FFNTP_CORE_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/map.h"
#include "bound.h"
#include "estimator.h"
#include "promise.h"

/* Zeroed but for the first four: nothing was told. */
struct ffntp_publisher {
	enum ffntp_counter_kind counter_kind;
	uint8_t period_shift;
	uint64_t disruption_marker;
	uint32_t counter_marker;
	struct ffntp_promise promise;
	bool has_map;
	struct ffntp_map map; /* its time is the core's; of status and leap seconds it says nothing */
};

/* What a map is made of. */
struct ffntp_finding {
	const struct ffntp_estimate *estimate;
	bool is_settled;          /* how sure the estimate is of itself counts, not only how wide the bound is */
	int64_t pivot_s;          /* the estimate's reference is within 68 years of it, in s since 1970 */
	struct ffntp_bound bound; /* where truth lies, whatever the estimate says */
	struct ffntp_rate_bound rate;
	double poll_s; /* how soon the next estimate may be expected */
};

/* Nobody may mix what was told before with what is told from now on. The marker is drawn from the counter. */
void ffntp_publisher_break(struct ffntp_publisher *publisher, ffntp_counter now);

/* The same, and nobody may count from a reading of before to one of after. */
void ffntp_publisher_break_counter(struct ffntp_publisher *publisher, ffntp_counter now);

/* Keeps what a former map promised. It could be read. */
void ffntp_publisher_continue(struct ffntp_publisher *publisher, const struct ffntp_map *former);

/*
 * Makes the map anew. Where it cannot keep what was promised, it breaks with it; where a former map promised it, nobody
 * has watched the counter since.
 */
void ffntp_publisher_tell(struct ffntp_publisher *publisher, const struct ffntp_finding *finding);

/* The map from another reference: the same line, and its error there. at: not before the map's. */
void ffntp_publisher_move(struct ffntp_publisher *publisher, ffntp_counter at);

/*
 * Widen a map, which may be a copy, until its interval contains the bound from the later of the two on. rate: by which
 * the bound ages.
 */
void ffntp_publisher_admit(struct ffntp_map *map, struct ffntp_bound bound, struct ffntp_rate_bound rate);

/* What stands in for a map that there is not: nothing may be read from it; it is whole all the same. */
struct ffntp_map ffntp_publisher_nothing(const struct ffntp_publisher *publisher, double period_s, ffntp_counter now);

#endif
