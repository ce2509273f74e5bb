/* density: how likely each delay above the minimum of one way is: of its queues, or of its law. */
#ifndef FFNTP_SIM_DENSITY_H
#define FFNTP_SIM_DENSITY_H

#include "path.h"

#define SIM_DENSITY_POINTS 3001

struct sim_density {
	const struct sim_law *law; /* or NULL, then of the queues; a way with a law has no queues */
	double queue_s;
	double heavy; /* in units of queue_s; 0: the exponential alone, and the table is not used */
	double table[SIM_DENSITY_POINTS];
};

/* queue_s > 0, or a law and no queues; bursts are left out. */
void sim_density_init(struct sim_density *density, const struct sim_way *way);

/* Per second, of a delay above the minimum; 0 for a negative one. Of queues within 1 in 1000, up to 10^4 times queue_s.
 */
double sim_density_at(const struct sim_density *density, double above_s);

#endif
