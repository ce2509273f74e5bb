/*
 * dissent: a server and a clock that contradict each other. One of them has jumped; exchanges alone do not say which.
 * What decides is whether the server goes on to agree with itself, and for how long.
 */
#ifndef FFNTP_CORE_DISSENT_H
#define FFNTP_CORE_DISSENT_H

#include <stdbool.h>

#include "bound.h"

/* Zeroed: no dissent. */
struct ffntp_dissent {
	unsigned exchanges;       /* that agree with one another, and not with the clock */
	ffntp_counter since;      /* tf of the first of them */
	struct ffntp_bound rival; /* where truth lies if they are right */
	/* Those that do not even agree with one another may still lie on one line of another rate. */
	unsigned aligned;       /* steps in a row from one to the next that one rate explains */
	double least_s, most_s; /* that rate (seconds per tick) lies between these */
};

enum ffntp_dissent_outcome {
	FFNTP_DISSENT_OPEN,     /* the clock goes on without them */
	FFNTP_DISSENT_BELIEVED, /* they are right, and the clock is to start from 'rival' */
	FFNTP_DISSENT_RATE,     /* they fit one another at another rate: the counter is not what it was */
};

/*
 * One more exchange that contradicts the clock.
 * may_jump: the counter may stop or jump without notice; then a few exchanges decide.
 */
enum ffntp_dissent_outcome ffntp_dissent_add(struct ffntp_dissent *dissent, const struct ffntp_stamp *stamp,
					     struct ffntp_rate_bound rate, bool may_jump);

#endif
