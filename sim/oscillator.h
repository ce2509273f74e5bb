/* oscillator: a counter of 1 GHz whose rate is wrong, wanders, swings with the temperature, turns, steps, and may jump.
 */
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

/* Ratios, and seconds since the simulation began. An event at 0 or before never happens. */
struct sim_oscillator_kind {
	double skew;                  /* at the start */
	double skew_spread;           /* the seed adds to it from minus this to this, uniform */
	double wander;                /* what the skew gains in a second, one standard deviation: a random walk */
	double swing, swing_period_s; /* a sine of the skew, 0 at the start; no swing if the period is 0 */
	bool swing_is_anywhere;       /* the seed chooses its phase at the start */
	struct sim_turns turns;
	double step, step_at_s;   /* of the skew */
	double step_length_s;     /* then it steps back; 0: it does not */
	double jump_s, jump_at_s; /* of the counter itself */
};

/* From begin_s on the skew grows by a ramp until it has changed by 'change' after length_s. */
struct sim_turn {
	double begin_s, length_s, change;
};

/* The skew wanders at whole seconds only: what is read when does not change what the oscillator does. */
struct sim_oscillator {
	struct sim_oscillator_kind kind;
	struct sim_random random;
	int64_t start_ns;
	ffntp_counter first;
	int64_t second; /* since the start */
	double ahead_s; /* at that second, by the skew and its wander alone */
	double skew;    /* until the next second, likewise */
	double swing_phase;
	struct sim_random turn_random;
	struct sim_turn turn;    /* the newest whose end may matter */
	double turned, turned_s; /* by all before it: the skew, and how far ahead at turn.begin_s */
};

void sim_oscillator_init(struct sim_oscillator *oscillator, const struct sim_oscillator_kind *kind, uint64_t seed,
			 int64_t start_ns);

/* How far the counter has come ahead of true time since the start, in s. Time may not go back by a second or more. */
double sim_oscillator_ahead_s(struct sim_oscillator *oscillator, int64_t at_ns);

/* The counter then, likewise. */
ffntp_counter sim_oscillator_read(struct sim_oscillator *oscillator, int64_t at_ns);

#endif
