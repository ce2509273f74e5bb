/*
 * interval_gate: what to think when an exchange and the clock cannot both be
 * right. The path may have changed, the counter's rate, the server, or the
 * counter itself. While that is open, the clock coasts and each explanation
 * foresees what comes.
 */
#ifndef FFNTP_CORE_INTERVAL_GATE_H
#define FFNTP_CORE_INTERVAL_GATE_H

#include <stdbool.h>

#include "interval_belief.h"
#include "interval_params.h"
#include "interval_path.h"

/* What may be the matter, beside the path. */
enum ffntp_suspect {
	FFNTP_SUSPECT_NONE, /* nothing: the clock is right, and the server is again */
	FFNTP_SUSPECT_RATE, /* the counter's rate changed by what an oscillator can do; time went on from where it was
			     */
	FFNTP_SUSPECT_TIME, /* the server's time is another one, or the counter's; the rate is the same */
	FFNTP_SUSPECT_BOTH, /* time and rate are both other ones */
	FFNTP_SUSPECTS
};

struct ffntp_trial {
	bool is_open;
	bool is_small;              /* what contradicts is too little to be held against the server for long */
	bool has_fallen;            /* the path has changed for certain; only how is not known yet */
	double skew;                /* the clock's, when it was opened */
	enum ffntp_suspect leaning; /* whose belief is the clock for now; NONE: the clock coasts */
	struct ffntp_window window;
	struct ffntp_belief belief[FFNTP_SUSPECTS]; /* what is thought of the counter if so; of NONE the clock has it */
	double weight[FFNTP_SUSPECTS];              /* sum 1 */
};

enum ffntp_ruling {
	FFNTP_RULING_OPEN,  /* the exchange is refused */
	FFNTP_RULING_COAST, /* the path has changed, and how is not known yet, or it is too little to accuse anybody:
			     * the clock goes on by itself */
	FFNTP_RULING_CLOCK, /* the clock was right and is; so is the exchange */
	FFNTP_RULING_PATH,  /* the clock was right; the path has been put at another level */
	FFNTP_RULING_ANEW,  /* all that was seen of the path was congestion: neither it nor the time was known */
	FFNTP_RULING_LEAN,  /* there is a belief that is the clock for now, and has the exchange */
	FFNTP_RULING_RATE,  /* it was RATE: that belief is the clock now, and has the exchange */
	FFNTP_RULING_TIME,  /* the same for TIME ... */
	FFNTP_RULING_BOTH,  /* ... and BOTH */
};

/* Whether an exchange is such that the trial must be opened. */
bool ffntp_gate_is_needed(const struct ffntp_path *path, const struct ffntp_excess *excess,
			  const struct ffntp_belief *clock, const struct ffntp_interval_params *params);

/* elapsed_s: since the exchange before, which did not contradict. */
void ffntp_trial_open(struct ffntp_trial *trial, const struct ffntp_path *path, const struct ffntp_excess *excess,
		      const struct ffntp_belief *clock, double elapsed_s, const struct ffntp_interval_params *params);

void ffntp_trial_predict(struct ffntp_trial *trial, double elapsed_s, double wander2);

void ffntp_trial_shift(struct ffntp_trial *trial, double theta_s);

/* The belief that is the clock for now, or NULL: the clock coasts. */
const struct ffntp_belief *ffntp_trial_leaning(const struct ffntp_trial *trial);

/* Rules on an exchange. elapsed_s: since the one before. Any ruling but OPEN, COAST and LEAN ends the trial. */
enum ffntp_ruling ffntp_trial_rule(struct ffntp_trial *trial, struct ffntp_path *path,
				   const struct ffntp_excess *excess, const struct ffntp_belief *clock,
				   double elapsed_s, const struct ffntp_interval_params *params);

#endif
