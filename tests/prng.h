/* prng: random numbers for tests, the same in every run and on every machine. Steele, Lea, Flood 2014, SplitMix64. */
#ifndef FFNTP_TESTS_PRNG_H
#define FFNTP_TESTS_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng)
{
	uint64_t z = prng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/*
 * Return a random number of random bits, as likely small as large, which reaches cases that uniform numbers never
 * reach.
 */
static inline uint64_t prng_any_size(struct prng *prng)
{
	unsigned shift = (unsigned)(prng_next(prng) & 63);

	return prng_next(prng) >> shift;
}

/* Return a number below limit, which is positive. */
static inline uint64_t prng_below(struct prng *prng, uint64_t limit)
{
	return prng_next(prng) % limit;
}

#endif
