/*
 * decision: the decision of a client on its newest reply, with the evidence, for logs, traces and ffntp replay.
 * docs/decisions.md has the table of all decisions.
 */
#ifndef FFNTP_DECISION_H
#define FFNTP_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "instant.h"
#include "linkage.h"
#include "verdict.h"

FFNTP_BEGIN_DECLARATIONS

/* The effect of a reply on the clock. */
enum ffntp_decision_kind {
	FFNTP_DECISION_NONE = 0,    /* no reply was processed yet, or nothing was decided on the reply */
	FFNTP_DECISION_ACCEPT,      /* the exchange updates bound, rates, estimate and map */
	FFNTP_DECISION_REJECT,      /* the exchange changes no time; it may count as evidence against the clock */
	FFNTP_DECISION_STEP,        /* the clock's time is replaced by the one that a candidate's exchanges agree on */
	FFNTP_DECISION_RATE_CHANGE, /* the same, and the counter's rate has changed */
	FFNTP_DECISION_LEAP_CORRECTION, /* the leap-second rule was wrong by one second, and is corrected */
	FFNTP_DECISION_BOUND_RESET,     /* the exchange is accepted; the bound begins again from it */
	FFNTP_DECISION_ESTIMATOR_RESET, /* the exchange is accepted; the estimator begins again from it */
	FFNTP_DECISION_RESET,           /* the time is unknown until the next exchange */
	FFNTP_DECISIONS                 /* the number of kinds */
};

/* The reason of a decision. */
enum ffntp_decision_reason {
	FFNTP_REASON_NONE = 0,       /* ACCEPT: the exchange agrees with the clock */
	FFNTP_REASON_REPLY,          /* REJECT: the reply by itself; see the verdict */
	FFNTP_REASON_LEAP_AMBIGUOUS, /* REJECT: within a leap second, the timestamp's number stands for two times */
	FFNTP_REASON_LEAP_MISSED,    /* REJECT: the server missed a leap second of the table */
	FFNTP_REASON_SMEAR,          /* REJECT: the server smears a leap second */
	FFNTP_REASON_SMEAR_BEGINS,   /* REJECT: the same, and the clock from before the smear is restored */
	FFNTP_REASON_OUTSIDE,        /* REJECT: the exchange lies outside of the error bound */
	FFNTP_REASON_MARGIN,         /* REJECT: it meets the bound only because the rate is hardly known */
	FFNTP_REASON_ESTIMATE,       /* REJECT: the estimator excludes it */
	FFNTP_REASON_CANDIDATE,      /* STEP, RATE_CHANGE: contradicting exchanges prevailed over the clock's */
	FFNTP_REASON_LINE, /* RATE_CHANGE: contradicting exchanges lie on one line of a rate that the hint excludes */
	FFNTP_REASON_LEAP_SECOND, /* LEAP_CORRECTION: they differ by one second since the end of a month */
	FFNTP_REASON_MERGED,      /* ACCEPT: all exchanges agree with both stories; the bound contains both */
	FFNTP_REASON_STRAIN,      /* BOUND_RESET, ESTIMATOR_RESET: exchanges in a row leave it to one side */
	FFNTP_REASON_RATES,       /* BOUND_RESET: the proven rates are further apart than max_drift admits */
	FFNTP_REASON_GRAIN,       /* BOUND_RESET: the server's clock proved coarser than the server states */
	FFNTP_REASON_DISPROVED,   /* ESTIMATOR_RESET: the estimate lies outside of the bound */
	FFNTP_REASON_IMPLAUSIBLE, /* RESET: the estimate is beyond all limits */
	FFNTP_REASON_COUNTER,     /* RESET: the counter ran backwards */
	FFNTP_REASON_REPORTED,    /* RESET: the caller reported a disruption */
	FFNTP_REASON_INCOMPLETE,  /* NONE: interleaved mode, and the next reply has the transmit timestamp */
	FFNTP_REASONS             /* the number of reasons */
};

/* A decision with its evidence. Fields that had no part in the decision are 0. */
struct ffntp_decision {
	enum ffntp_decision_kind kind;
	enum ffntp_decision_reason reason;
	enum ffntp_verdict verdict; /* the reply's, as ffntp_client_reply returned it */
	bool bound_is_reset;        /* the bound began again, and the disruption marker changed, whatever the kind is */
	ffntp_counter at;           /* tf of the exchange, or the counter reading of the report */
	double offset_s;            /* clock minus server, before the exchange was used (s) */
	double gap_s;               /* distance of the exchange from the bound (s), positive if it is later */
	double outside_s;           /* distance of the estimate from the bound (s) */
	double strain_s; /* the least one-sidedness that counts (s), of exchanges that leave bound or clock to one side
			  */
	double span_s;   /* duration from a candidate's first exchange to its newest (s) */
	double rate;     /* the candidate's rate relative to the clock's, minus 1 */
	uint32_t exchanges; /* exchanges that agree with the candidate, or that leave bound or clock to one side */
	uint32_t rivals;    /* exchanges since the candidate's first that do not agree with it */
};

/* Return a short lower-case name such as "estimator-reset"; "unknown" for values outside the enumeration. Never NULL.
 */
const char *ffntp_decision_name(enum ffntp_decision_kind kind);

/* Return a short lower-case name such as "rates"; "unknown" for values outside the enumeration. Never NULL. */
const char *ffntp_decision_reason_name(enum ffntp_decision_reason reason);

FFNTP_END_DECLARATIONS

#endif
