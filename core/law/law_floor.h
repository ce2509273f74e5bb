/* law_floor: where the laws of the two ways begin. Pure functions of two laws. */
#ifndef FFNTP_CORE_LAW_FLOOR_H
#define FFNTP_CORE_LAW_FLOOR_H

#include "law_density.h"

/* The lower end of the law of requests minus that of replies: mean (s) and variance (s^2) of its posterior. */
struct ffntp_law_floors {
	double difference, variance;
};

/* variance_s2: of the clock that placed the delays. Both laws have entered at least one delay. */
struct ffntp_law_floors ffntp_law_floors(const struct ffntp_law laws[2], double variance_s2);

#endif
