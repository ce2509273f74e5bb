/* watch: judges an ensemble in a world once a second: jumps, status, bounds, and whether wrong servers are used. */
#ifndef FFNTP_SIM_WATCH_H
#define FFNTP_SIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../include/ffntp/clock.h"
#include "world.h"

/* Seconds at the beginning that are not counted, and that a server is wrong before it counts as wrong. */
#define SIM_WATCH_FROM_S 60

/* Zeroed at the beginning. All counts are of seconds. */
struct sim_watch {
	uint64_t seconds, readable, synchronised;
	uint64_t broken; /* the bound did not contain true time */
	/* The largest change of the clock's error in a second, in estimated errors as published before it. */
	double jump;
	int64_t jump_at_s;                     /* since the start */
	uint64_t used[FFNTP_ENSEMBLE_MEMBERS]; /* the server was followed or combined */
	uint64_t wrong_used;                   /* a wrong server was, summed over the servers */
	unsigned wrong_for[FFNTP_ENSEMBLE_MEMBERS];
	bool has_former;
	double former_error_s, former_estimated_s;
};

/* Return the estimated error of a reading (s), the asymmetry's included. */
double sim_watch_estimated_s(const struct ffntp_reading *reading);

/* Judge the ensemble at a whole second. reading: of its clock at that time; NULL if it has no time. */
void sim_watch_second(struct sim_watch *watch, const struct sim_world *world, const struct ffntp_ensemble *ensemble,
		      int64_t truth_ns, const struct ffntp_reading *reading);

#endif
