/* density: the probability density of the delay above the minimum of one way: of its queues, or of its law. */
#ifndef FFNTP_SIM_DENSITY_H
#define FFNTP_SIM_DENSITY_H

#include "path.h"

#define SIM_DENSITY_POINTS 3001

struct sim_density {
	const struct sim_law *law; /* or NULL: then the queues'; a way with a law has no queues */
	double queue_s;
	double heavy; /* in units of queue_s; 0: the plain exponential, without the table */
	double table[SIM_DENSITY_POINTS];
};

/* queue_s > 0, or a law and no queues; bursts are not included. */
void sim_density_init(struct sim_density *density, const struct sim_way *way);

/*
 * Return the density per second of a delay above the minimum; 0 for a negative one. That of queues is within 1 in 1000,
 * up to 10^4 times queue_s.
 */
double sim_density_at(const struct sim_density *density, double above_s);

#endif
