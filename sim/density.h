/* density: how likely each queueing delay of one way is. */
#ifndef FFNTP_SIM_DENSITY_H
#define FFNTP_SIM_DENSITY_H

#include "path.h"

#define SIM_DENSITY_POINTS 3001

struct sim_density {
	double queue_s;
	double heavy; /* in units of queue_s; 0: the exponential alone, and the table is not used */
	double table[SIM_DENSITY_POINTS];
};

/* queue_s > 0; bursts are left out. */
void sim_density_init(struct sim_density *density, const struct sim_way *way);

/* Per second, of a delay above the minimum; 0 for a negative one. Within 1 in 1000, up to 10^4 times queue_s. */
double sim_density_at(const struct sim_density *density, double above_s);

#endif
