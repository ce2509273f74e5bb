/*
 * decide: pure functions that decide on an exchange. Two steps surround the estimator: the first one decides whether
 * the exchange reaches it, the second one has its result. Each function computes the state that the decision leads to,
 * and changes nothing: clock_update.h applies it. docs/decisions.md has the table of decisions.
 */
#ifndef FFNTP_CORE_DECIDE_H
#define FFNTP_CORE_DECIDE_H

#include <stdbool.h>

#include "../include/ffntp/decision.h"
#include "association.h"
#include "clock_state.h"

/* The rate range after an exchange that agrees. */
enum ffntp_plan_range {
	FFNTP_PLAN_RANGE_CONTINUES = 0, /* with the rates that were measured up to the new bound */
	FFNTP_PLAN_RANGE_BEGINS,        /* with the configured rates; the new bound is the first anchor */
	FFNTP_PLAN_RANGE_BEGINS_EMPTY,  /* with the configured rates; the next bound is the first anchor */
};

/* A decision, and the state that it leads to. Fields are set as far as the decision needs them. */
struct ffntp_clock_plan {
	struct ffntp_decision decision;
	bool is_smeared;      /* the server smears */
	bool is_servers;      /* the server reports a correction of its own clock that explains the contradiction */
	bool has_dissent;     /* 'dissent' is set: the exchange counts for or against candidates */
	bool keeps_estimator; /* STEP, RATE_CHANGE: the estimator continues, with its rate or with its state */
	enum ffntp_plan_range range;
	double behind_s;              /* offset of a standard smeared clock behind UTC at the stamp (s) */
	struct ffntp_rate_bound rate; /* STEP, RATE_CHANGE: the rate that the exchanges prove */
	struct ffntp_bound interval;  /* of the exchange by itself */
	struct ffntp_bound aged;      /* the clock's bound, aged to the exchange, if it is known */
	/* ACCEPT, BOUND_RESET, ESTIMATOR_RESET: */
	struct ffntp_bound bound;
	struct ffntp_strain strain;
	struct ffntp_rate_measure measure; /* if the rate range continues */
	struct ffntp_leap_belief leap;     /* LEAP_CORRECTION */
	struct ffntp_candidate candidate;  /* STEP; RATE_CHANGE, unless the reason is FFNTP_REASON_LINE */
	struct ffntp_dissent dissent;
};

/*
 * Decide whether an exchange reaches the estimator: then the decision is ACCEPT, and ffntp_clock_decide_estimate
 * follows. stamp: in the core's time; the association has observed it.
 */
void ffntp_clock_decide(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
			const struct ffntp_stamp *stamp, struct ffntp_clock_plan *plan);

/*
 * Decide on an exchange that the estimator has processed with this verdict; the clock has the estimate.
 * plan: of ffntp_clock_decide for the same stamp.
 */
void ffntp_clock_decide_estimate(const struct ffntp_clock_state *clock, const struct ffntp_association *association,
				 const struct ffntp_stamp *stamp, enum ffntp_verdict verdict,
				 struct ffntp_clock_plan *plan);

/* Return whether the estimator's result for the first exchange of a new time or a new rate can be used. */
FFNTP_MUST_USE bool ffntp_clock_can_begin(const struct ffntp_clock_state *clock, enum ffntp_verdict verdict);

#endif
