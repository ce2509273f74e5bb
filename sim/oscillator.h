/* oscillator: a counter of 1 GHz with a rate error, wander, temperature swings, turns, steps, and jumps. */
#ifndef FFNTP_SIM_OSCILLATOR_H
#define FFNTP_SIM_OSCILLATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/instant.h"
#include "random.h"

/*
 * Turns of the rate: after every_s on average, exponentially distributed, the skew ramps up or down by least to most
 * within least_s to most_s. None if every_s is 0.
 */
struct sim_turns {
	double every_s, least, most, least_s, most_s;
};

/* Ratios, and seconds since the simulation began. An event at 0 or before does not happen. */
struct sim_oscillator_kind {
	double skew;                  /* at the start */
	double skew_spread;           /* the seed adds a uniform value from minus this to this */
	double wander;                /* a random walk: standard deviation of the skew's change in a second */
	double swing, swing_period_s; /* a sine of the skew, 0 at the start; none if the period is 0 */
	bool swing_is_anywhere;       /* the seed chooses the sine's phase at the start */
	struct sim_turns turns;
	double step, step_at_s;   /* a step of the skew */
	double step_length_s;     /* after which it steps back; 0: it stays */
	double jump_s, jump_at_s; /* a jump of the counter itself */
};

/* From begin_s on the skew changes by 'change' in a ramp of length_s. */
struct sim_turn {
	double begin_s, length_s, change;
};

/* The skew wanders at whole seconds only, so that the oscillator does not depend on the times of readings. */
struct sim_oscillator {
	struct sim_oscillator_kind kind;
	struct sim_random random;
	int64_t start_ns;
	ffntp_counter first;
	int64_t second; /* since the start */
	double ahead_s; /* at that second, from the skew and its wander only */
	double skew;    /* until the next second, from these only */
	double swing_phase;
	struct sim_random turn_random;
	struct sim_turn turn;    /* the newest turn whose end may matter */
	double turned, turned_s; /* effect of all earlier turns: skew, and gain at turn.begin_s */
};

void sim_oscillator_init(struct sim_oscillator *oscillator, const struct sim_oscillator_kind *kind, uint64_t seed,
			 int64_t start_ns);

/*
 * Return the counter's gain on true time since the start, in s. A time may be up to a second, exclusive, before an
 * earlier one.
 */
double sim_oscillator_ahead_s(struct sim_oscillator *oscillator, int64_t at_ns);

/* Read the counter at that time, with the same restriction. */
ffntp_counter sim_oscillator_read(struct sim_oscillator *oscillator, int64_t at_ns);

#endif
