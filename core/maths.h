/*
 * maths: the few transcendental functions that the estimators need, so that no port needs a libm. The functions are
 * pure, and return the same bits on every machine with IEEE 754 doubles.
 */
#ifndef FFNTP_CORE_MATHS_H
#define FFNTP_CORE_MATHS_H

#include <stdbool.h>
#include <stdint.h>

#define FFNTP_LN_2 0x1.62e42fefa39efp-1
#define FFNTP_LOG2_E 0x1.71547652b82fep0

/* Functions like the C library's, except that fmin and fmax return b if a is NaN. */
static inline double ffntp_fmin(double a, double b)
{
	return a < b ? a : b;
}

static inline double ffntp_fmax(double a, double b)
{
	return a > b ? a : b;
}

static inline double ffntp_fabs(double a)
{
	return a < 0 ? -a : a;
}

/* Return the next integer below or above, or the number itself if it is an integer. |x| < 2^63. */
static inline int64_t ffntp_floor(double x)
{
	int64_t whole = (int64_t)x;

	return whole - (x < (double)whole);
}

static inline int64_t ffntp_ceil(double x)
{
	return -ffntp_floor(-x);
}

static inline double ffntp_square(double x)
{
	return x * x;
}

/* Return 2^k, exact. k: -1022 to 1023. */
static inline double ffntp_power_of_two(int k)
{
	const union {
		uint64_t bits;
		double value;
	} both = { .bits = (uint64_t)(k + 1023) << 52 };

	return both.value;
}

/* Return whether the value is within [low, high]; false for NaN. */
static inline bool ffntp_is_within(double value, double low, double high)
{
	return value >= low && value <= high;
}

/*
 * Return the correctly rounded square root. x < 0: NaN; x = 0 and infinity: x. In software, for machines without an
 * instruction for it.
 */
double ffntp_portable_sqrt(double x);

static inline double ffntp_sqrt(double x)
{
#if defined(__GNUC__) && defined(__SSE2__)
	__asm__("sqrtsd %1, %0" : "=x"(x) : "x"(x));
	return x;
#elif defined(__GNUC__) && defined(__aarch64__)
	__asm__("fsqrt %d0, %d1" : "=w"(x) : "w"(x));
	return x;
#else
	return ffntp_portable_sqrt(x);
#endif
}

/*
 * Return e^x with a relative error below 2^-52 while the result is a normal number; 0 below -708.4, infinity above
 * 709.78.
 */
double ffntp_exp(double x);

/* Replace each of these numbers, which are between -708 and 709, by ffntp_exp of it. */
void ffntp_exp_each(double *x, int count);

/* Return the natural logarithm of a normal number > 0, with a relative error below 2^-50. */
double ffntp_ln(double x);

/* Replace each of these numbers by ffntp_ln of it. */
void ffntp_ln_each(double *x, int count);

/* Return the value, or the limit that it is beyond. */
static inline double ffntp_clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

#endif
