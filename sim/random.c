#include "random.h"

#include <math.h>

uint64_t sim_random_next(struct sim_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct sim_random sim_random_begin(uint64_t seed, uint64_t stream)
{
	struct sim_random of_seed = { seed };
	struct sim_random of_stream = { sim_random_next(&of_seed) + stream };

	return (struct sim_random){ sim_random_next(&of_stream) };
}

/* Halfway between multiples of 2^-53, so that neither 0 nor 1 is reached. */
double sim_random_unit(struct sim_random *random)
{
	return ((double)(sim_random_next(random) >> 12) + 0.5) * 0x1p-52;
}

double sim_random_exponential(struct sim_random *random)
{
	return -log(sim_random_unit(random));
}

/* Box and Muller 1958; the second of the two numbers is discarded. */
double sim_random_normal(struct sim_random *random)
{
	double length = sqrt(2 * sim_random_exponential(random));

	return length * cos(2 * SIM_PI * sim_random_unit(random));
}
