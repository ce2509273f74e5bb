/*
 * dissent: step detection. Exchanges that contradict the clock are collected as evidence. A candidate is a different
 * time that some of them agree on, with an interval and a rate range of its own, because the clock's rate may be what
 * is wrong. The decision between the clock and a candidate follows from the number of exchanges that agree with each,
 * and from how long they persist.
 */
#ifndef FFNTP_CORE_DISSENT_H
#define FFNTP_CORE_DISSENT_H

#include <stdbool.h>

#include "bound.h"
#include "rate_range.h"

/* Largest number of candidates at the same time. */
#define FFNTP_DISSENT_CANDIDATES 3

/* A candidate for the true time. All counts begin with its first exchange, and saturate. */
struct ffntp_candidate {
	struct ffntp_stamp first; /* its first exchange */
	ffntp_counter until;      /* tf of the newest exchange that agrees with it */
	struct ffntp_bound bound; /* contains the true time if the candidate is right */
	struct ffntp_rate_range range;
	bool excludes_clock;  /* some exchange that agreed lay outside of the clock's bound */
	uint32_t all;         /* all exchanges */
	uint32_t agreed;      /* exchanges that agree with the candidate */
	uint32_t alone;       /* exchanges that agree with the candidate, and not with the clock */
	uint32_t clock_alone; /* exchanges that agree with the clock, and not with the candidate */
	uint32_t run;         /* consecutive exchanges, up to the newest, that agree with the clock */
};

/* Collected evidence. Zeroed: no exchange contradicts the clock. */
struct ffntp_dissent {
	unsigned count;
	bool is_servers; /* the server reported a correction of its own clock, so that the counter did not jump */
	struct ffntp_candidate candidate[FFNTP_DISSENT_CANDIDATES];
	/* Exchanges that agree with no candidate at any rate of the hint may still lie on one line. */
	struct ffntp_bound newest; /* bound of the newest exchange that contradicted the clock */
	unsigned aligned;          /* consecutive steps between such exchanges that one rate explains */
	double least_s, most_s;    /* the range of that rate, seconds per tick */
};

enum ffntp_dissent_outcome {
	FFNTP_DISSENT_NONE,     /* no candidate remains */
	FFNTP_DISSENT_OPEN,     /* undecided: the clock stays, and its bound must contain those of the candidates */
	FFNTP_DISSENT_MERGED,   /* no exchange distinguishes the candidate from the clock: the true time lies in either
				   bound */
	FFNTP_DISSENT_BELIEVED, /* the candidate is right, and the clock is wrong */
	FFNTP_DISSENT_RATE,     /* the candidate is right: the counter's rate has changed */
	FFNTP_DISSENT_ALIGNED,  /* the exchanges lie on one line, of a rate that the hint excludes */
};

/* One exchange and its relation to the clock. */
struct ffntp_dissent_case {
	const struct ffntp_stamp *stamp;
	bool agrees;                  /* the exchange agrees with the clock */
	bool is_outside;              /* the exchange lies outside of the clock's bound */
	struct ffntp_rate_bound hint; /* the range of rates that a new candidate may have */
	double max_drift;
	struct ffntp_rate_bound rate; /* rate of the clock, as far as it is proven */
	uint32_t clock_exchanges;     /* exchanges that have ever agreed with the clock */
	bool may_jump;                /* the counter may stop or jump without notice, so that a few exchanges decide */
};

/*
 * Count an exchange for and against each candidate, and decide.
 * decided: set to the candidate that the outcome is about, which is removed from the dissent; untouched if there is
 * none.
 */
enum ffntp_dissent_outcome ffntp_dissent_add(struct ffntp_dissent *dissent, const struct ffntp_dissent_case *fact,
					     struct ffntp_candidate *decided);

/* Return whether a candidate excludes the clock: one of the two is wrong. */
static inline bool ffntp_dissent_excludes_clock(const struct ffntp_dissent *dissent)
{
	bool excludes = false;

	for (unsigned i = 0; i < dissent->count; i++)
		excludes = excludes || dissent->candidate[i].excludes_clock;
	return excludes;
}

#endif
