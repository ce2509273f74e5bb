/*
 * dissent: exchanges that contradict the clock, collected as evidence. Each candidate is another time that some of them
 * agree on, with an interval and a rate range of its own: nothing that is in doubt is used against itself. Who is
 * believed follows from how many exchanges agree with whom, and for how long.
 */
#ifndef FFNTP_CORE_DISSENT_H
#define FFNTP_CORE_DISSENT_H

#include <stdbool.h>

#include "bound.h"
#include "rate_range.h"

/* Candidates that are kept side by side. */
#define FFNTP_DISSENT_CANDIDATES 3

/* Another time. All counts are since its first exchange, and saturate. */
struct ffntp_candidate {
	struct ffntp_stamp first; /* of its exchanges */
	ffntp_counter until;      /* tf of the newest */
	struct ffntp_bound bound; /* where truth lies if it is right */
	struct ffntp_rate_range range;
	bool excludes_clock;  /* some exchange that agreed lay outside of the clock's bound */
	uint32_t all;         /* exchanges that came */
	uint32_t agreed;      /* ... that agreed with it */
	uint32_t alone;       /* ... with it, and not with the clock */
	uint32_t clock_alone; /* ... with the clock, and not with it */
	uint32_t run;         /* exchanges in a row, the newest among them, that agreed with the clock */
};

/* Zeroed: no dissent. */
struct ffntp_dissent {
	unsigned count;
	struct ffntp_candidate candidate[FFNTP_DISSENT_CANDIDATES];
	/* Exchanges that agree with no candidate at any rate of the hint may still lie on one line. */
	struct ffntp_bound newest; /* of those that contradicted the clock */
	unsigned aligned;          /* steps in a row from one to the next that one rate explains */
	double least_s, most_s;    /* that rate (seconds per tick) lies between these */
};

enum ffntp_dissent_outcome {
	FFNTP_DISSENT_NONE,   /* no candidate is left */
	FFNTP_DISSENT_OPEN,   /* undecided: the clock goes on, and its bound contains the candidates' */
	FFNTP_DISSENT_MERGED, /* nothing told a candidate from the clock: time lies in the one's bound or the other's */
	FFNTP_DISSENT_BELIEVED, /* the candidate is right, and the clock is not */
	FFNTP_DISSENT_RATE,     /* the candidate is right: the counter's rate has changed */
	FFNTP_DISSENT_ALIGNED,  /* the exchanges lie on one line, of a rate that the hint excludes */
};

/* What an exchange is to the clock, and what the clock is. */
struct ffntp_dissent_case {
	const struct ffntp_stamp *stamp;
	bool agrees;                  /* with the clock */
	bool is_outside;              /* of the clock's bound */
	struct ffntp_rate_bound hint; /* what rates a candidate may have */
	double max_drift;
	struct ffntp_rate_bound rate; /* the clock's, as far as it is proven */
	uint32_t clock_exchanges;     /* that ever agreed with the clock */
	bool may_jump;                /* the counter may stop or jump without notice; then a few exchanges decide */
};

/*
 * Count an exchange for and against each candidate. Sets *decided to the candidate that the outcome is about, which is
 * removed; untouched if it is about none.
 */
enum ffntp_dissent_outcome ffntp_dissent_add(struct ffntp_dissent *dissent, const struct ffntp_dissent_case *fact,
					     struct ffntp_candidate *decided);

/* Return the tf of the first exchange of the candidate with the most; there is one. */
ffntp_counter ffntp_dissent_since(const struct ffntp_dissent *dissent);

#endif
