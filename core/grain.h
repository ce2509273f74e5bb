/*
 * grain: detection of the steps in which a server's clock moves. Many servers keep time by a tick of 1/100 or 1/64 of a
 * second, but state a far finer precision; their timestamps show the true steps.
 *
 * Timestamps of a clock that moves in steps are whole steps apart, while the counter shows that the requests did not
 * arrive in such steps. For each likely step, and for two steps fitted to the differences seen, this module multiplies
 * likelihood ratios of two hypotheses: the clock has these steps; or the clock is fine, and the difference of two
 * delays is any unimodal symmetric variable. For a fine clock the probability that the ratio reaches a value is at most
 * the inverse of that value.
 */
#ifndef FFNTP_CORE_GRAIN_H
#define FFNTP_CORE_GRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "params.h"
#include "stamp.h"

/* Fitted steps: one for servers whose times are exact to a nanosecond, one for a microsecond. */
#define FFNTP_GRAIN_FITS 2

/*
 * A hypothetical step of the server's clock, with the evidence since the last time that did not lie on it. There are
 * many for each server, so they are small: likelihood ratios are float, of which the order of magnitude matters, and
 * a step is proven long before its counts begin again at 0.
 */
struct ffntp_grain_step {
	float exact;     /* likelihood ratio under exact times */
	float filled;    /* likelihood ratio if the server fills the bits below its stated precision at random, as NTP
			    servers do */
	uint16_t wide;   /* exchanges in which the clock stood still or jumped by at least FFNTP_GRAIN_WIDE steps */
	uint16_t beyond; /* exchanges whose jump neither delays nor the proven or stated step explains */
	uint16_t other;  /* exchanges whose difference is no multiple of the stated precision */
	bool is_proven_exact, is_proven_filled;
};

struct ffntp_grain_fit {
	double units; /* the step, 2^-32 s; 0: no step is fitted */
	double steps; /* number of steps that it was measured over */
	struct ffntp_grain_step step;
};

/* State of the detection. Zeroed: no reply of the server was seen. */
struct ffntp_grain {
	bool has_last;
	struct ffntp_ntp last_tb;
	ffntp_counter last_ta;
	double last_rtt_units;
	double last_difference; /* difference of the two receive timestamps before, 2^-32 s; 0: none */
	double last_rate;       /* excess of that difference over the counter's, relative to the counter's */
	struct ffntp_grain_step known[FFNTP_GRAIN_KNOWN];
	uint32_t without_evidence; /* a bit for each known step whose likelihoods are 1 and whose counts are 0 */
	struct ffntp_grain_fit fits[FFNTP_GRAIN_FITS];
	double seen_s;  /* the proven step; 0: none */
	unsigned doubt; /* evidence for finer steps since the step was last proven */
};

/* One reply, and the counter's period. */
struct ffntp_grain_sample {
	ffntp_counter ta, tf;
	struct ffntp_ntp tb, te;
	double stated_s; /* precision that the server states */
	double period_s; /* seconds per tick */
	double period_error;
};

/*
 * Process a reply; afterwards seen_s is the proven step. The step rises at once. It falls after only a different step,
 * or none, could be proven for a while.
 */
void ffntp_grain_add(struct ffntp_grain *grain, const struct ffntp_grain_sample *sample);

/* Discard the last reply, so that the next one is not compared with it, because the counter or the server jumped. */
void ffntp_grain_break(struct ffntp_grain *grain);

#endif
