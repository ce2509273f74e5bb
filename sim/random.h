/* random: numbers for simulations, the same on every run. Steele, Lea, Flood 2014, SplitMix64. */
#ifndef FFNTP_SIM_RANDOM_H
#define FFNTP_SIM_RANDOM_H

#include <stdint.h>

struct sim_random {
	uint64_t state;
};

/* Streams of one seed know nothing of each other: what one of them is asked for does not change the others. */
struct sim_random sim_random_begin(uint64_t seed, uint64_t stream);

uint64_t sim_random_next(struct sim_random *random);

/* Uniform, 0 < result < 1. */
double sim_random_unit(struct sim_random *random);

/* Exponential, mean 1; > 0. */
double sim_random_exponential(struct sim_random *random);

/* Normal, mean 0, standard deviation 1. */
double sim_random_normal(struct sim_random *random);

#endif
