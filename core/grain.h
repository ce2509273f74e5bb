/*
 * grain: the steps in which a server's clock moves, as its timestamps show them. Many servers keep time by a tick of
 * 1/100 or 1/64 of a second and state a precision that is far finer: what they state is a claim, what is seen is not.
 *
 * A clock that moves in steps shows times that lie whole steps apart, while the counter shows that the requests did not
 * come in such steps. For each step that is likely, and for two that are fitted to the differences seen, the module
 * multiplies likelihood ratios: that of the steps against that of a fine clock, for which the difference of two delays
 * is any unimodal symmetric variable. A fine clock exceeds the ratio that counts as proof less often than its inverse.
 */
#ifndef FFNTP_CORE_GRAIN_H
#define FFNTP_CORE_GRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "params.h"
#include "stamp.h"

/* Two fits: for servers whose times are exact to a nanosecond, and to a microsecond. */
#define FFNTP_GRAIN_FITS 2

/* A step that a server's clock may have: what speaks for it since a time was last seen that does not lie on it. */
struct ffntp_grain_step {
	double exact;    /* likelihood ratio, if times lie on the steps */
	double filled;   /* ... if the server fills the bits below its stated precision at random, as NTP servers do */
	unsigned wide;   /* exchanges in which the clock stood still, or jumped, by a good part of the step */
	unsigned beyond; /* ... by more than the step that is seen, or stated, explains */
	unsigned other;  /* ... and by no multiple of the stated precision */
	bool is_proven_exact, is_proven_filled;
};

struct ffntp_grain_fit {
	double units; /* the step, 2^-32 s; 0: none is fitted */
	double steps; /* over how many of them it was measured */
	struct ffntp_grain_step step;
};

/* Zeroed: nothing is seen of the server. */
struct ffntp_grain {
	bool has_last;
	struct ffntp_ntp last_tb;
	ffntp_counter last_ta;
	double last_rtt_units;
	double last_difference; /* of the two timestamps before, 2^-32 s; 0: none */
	double last_rate;       /* what that was beyond the counter's, per unit of the counter's */
	struct ffntp_grain_step known[FFNTP_GRAIN_KNOWN];
	struct ffntp_grain_fit fits[FFNTP_GRAIN_FITS];
	double seen_s;  /* the step that is proven; 0: none */
	unsigned doubt; /* how much speaks for finer steps since it was last proven */
};

/* One reply, and what is known of the counter. */
struct ffntp_grain_sample {
	ffntp_counter ta, tf;
	struct ffntp_ntp tb, te;
	double stated_s; /* the precision that the server states */
	double period_s; /* seconds per tick */
	double period_error;
};

/*
 * Take a reply into account; afterwards seen_s is the step that is proven. It rises at once, and falls when another
 * step, or none, has been all that can be proven for a while.
 */
void ffntp_grain_add(struct ffntp_grain *grain, const struct ffntp_grain_sample *sample);

/* Drop the reply that the next one would be compared with, because the counter or the server jumped. */
void ffntp_grain_break(struct ffntp_grain *grain);

#endif
