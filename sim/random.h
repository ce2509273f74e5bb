/* random: pseudo-random numbers for simulations, the same in every run. Steele, Lea, Flood 2014, SplitMix64. */
#ifndef FFNTP_SIM_RANDOM_H
#define FFNTP_SIM_RANDOM_H

#include <stdint.h>

#define SIM_PI 3.14159265358979323846

struct sim_random {
	uint64_t state;
};

/* Start a stream. Streams of one seed are independent: the numbers taken from one do not affect the others. */
struct sim_random sim_random_begin(uint64_t seed, uint64_t stream);

uint64_t sim_random_next(struct sim_random *random);

/* Return a uniform number, 0 < result < 1. */
double sim_random_unit(struct sim_random *random);

/* Return an exponential number with mean 1; > 0. */
double sim_random_exponential(struct sim_random *random);

/* Return a normal number with mean 0, standard deviation 1. */
double sim_random_normal(struct sim_random *random);

#endif
