/*
 * maths: the few transcendental functions that the estimators need, so that
 * nobody needs a libm. Pure functions, the same bits on every machine with IEEE
 * 754 doubles.
 */
#ifndef FFNTP_CORE_MATHS_H
#define FFNTP_CORE_MATHS_H

#include <stdbool.h>

/* As the C library's, but that fmin and fmax are b where a is NaN. */
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

static inline double ffntp_square(double x)
{
	return x * x;
}

/* A NaN is nowhere. */
static inline bool ffntp_is_within(double value, double low, double high)
{
	return value >= low && value <= high;
}

/*
 * Correctly rounded. x < 0: NaN; x = 0 and infinity: x. In software where there is no instruction for it, to the same
 * bits.
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

/* e^x, relative error below 2^-52 while the result is a normal number; 0 below
 * -708.4, infinity above 709.78. */
double ffntp_exp(double x);

/* Natural logarithm of a normal number > 0, relative error below 2^-50. */
double ffntp_ln(double x);

#endif
