/* decision: see ffntp/decision.h. */
#include "../include/ffntp/decision.h"

const char *ffntp_decision_name(enum ffntp_decision_kind kind)
{
	static const char *const names[] = {
		"none",        "accept",          "reject", "step", "rate-change", "leap-correction",
		"bound-reset", "estimator-reset", "reset",
	};

	_Static_assert(sizeof names / sizeof *names == FFNTP_DECISIONS, "a name for each");
	return (unsigned)kind < FFNTP_DECISIONS ? names[kind] : "unknown";
}

const char *ffntp_decision_reason_name(enum ffntp_decision_reason reason)
{
	static const char *const names[] = {
		"none",   "reply",    "leap-ambiguous", "leap-missed", "smear",       "smear-begins", "outside",
		"margin", "estimate", "candidate",      "line",        "leap-second", "merged",       "strain",
		"rates",  "grain",    "disproved",      "implausible", "counter",     "reported",     "incomplete",
	};

	_Static_assert(sizeof names / sizeof *names == FFNTP_REASONS, "a name for each");
	return (unsigned)reason < FFNTP_REASONS ? names[reason] : "unknown";
}
