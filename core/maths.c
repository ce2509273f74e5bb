/* maths: argument reduction by exact steps, then a short series. maths.h states the accuracy of each function. */
#include "maths.h"

#include <stdint.h>

static double from_bits(uint64_t bits)
{
	union {
		uint64_t bits;
		double value;
	} both = { .bits = bits };

	return both.value;
}

static uint64_t bits_of(double x)
{
	union {
		double value;
		uint64_t bits;
	} both = { .value = x };

	return both.bits;
}

#define FRACTION ((UINT64_C(1) << 52) - 1)

/*
 * The square root of m 2^52, m a 54-bit integer with 2^52 <= m < 2^54, rounded
 * to the nearest integer: 53 bits. Newton's steps on 1/sqrt give the root to
 * some 2 units. With r the root and e = m 2^52 - r^2, r is the rounded root if
 * -r < e <= r, as (r + 1/2)^2 = r^2 + r + 1/4. |e| stays below 2^62, so it is
 * exact modulo 2^64.
 */
static uint64_t rounded_root(uint64_t m)
{
	double x = (double)m * 0x1p-52; /* [1, 4), exact: m has 53 bits, or is even */
	double y = from_bits(UINT64_C(0x5fe6eb50c7b537a9) - (bits_of(x) >> 1));
	uint64_t root;
	int64_t rest;

	for (int i = 0; i < 4; i++)
		y = y * (1.5 - 0.5 * x * y * y);
	root = (uint64_t)(x * y * 0x1p52);
	rest = (int64_t)((m << 52) - root * root);
	while (rest > (int64_t)root) {
		rest -= (int64_t)(2 * root + 1);
		root++;
	}
	while (rest <= -(int64_t)root) {
		rest += (int64_t)(2 * root - 1);
		root--;
	}
	return root;
}

double ffntp_portable_sqrt(double x)
{
	int exponent;
	uint64_t mantissa, root;

	if (!(x > 0) || x > 0x1.fffffffffffffp1023)
		return x < 0 ? from_bits(UINT64_C(0x7ff8) << 48) : x;
	if (x < 0x1p-1022) /* subnormal: scale by an even power, exactly */
		return ffntp_portable_sqrt(x * 0x1p108) * 0x1p-54;
	exponent = (int)(bits_of(x) >> 52) - 1023;
	mantissa = (bits_of(x) & FRACTION) | (FRACTION + 1);
	if (exponent & 1)
		mantissa <<= 1;
	exponent = (exponent - (exponent & 1)) / 2;
	root = rounded_root(mantissa);
	return (double)root * 0x1p-52 * ffntp_power_of_two(exponent);
}

/* ln 2 in two parts; the first has 33 bits, so k * LN2_HIGH is exact for |k| <
 * 2^20 */
#define LN2_HIGH 0x1.62e42fefp-1
#define LN2_LOW 0x1.473de6af278edp-34

/* A number of this size has steps of 1: adding it rounds a small number to an integer, which is in the lowest bits. */
#define INTEGERS 0x1.8p52

/*
 * (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2: the Taylor series to r^13, which
 * leaves out less than 2^-57. Summed in pairs, so that a processor need not
 * wait for each term before it begins the next.
 */
static double exp_rest(double r)
{
	double r2 = r * r, r4 = r2 * r2;
	double a = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
	double b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
	double c = (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));

	return a + r4 * (b + r4 * c);
}

/*
 * -708.39 <= x <= 709.783: the result is a normal number, so the power of two is added to its exponent. There are no
 * branches and no conversions, so that a compiler can do several at a time.
 */
static inline double exp_within(double x)
{
	uint64_t k_bits = bits_of(x * FFNTP_LOG2_E + INTEGERS);
	double k = from_bits(k_bits) - INTEGERS, high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low;

	return from_bits(bits_of(1 + (high + (r * r * exp_rest(r) - low))) + (k_bits << 52));
}

double ffntp_exp(double x)
{
	if (!(x > -708.39))
		return x <= -708.39 ? 0 : x;
	return x > 709.782712893384 ? from_bits(UINT64_C(0x7ff) << 52) : exp_within(x);
}

void ffntp_exp_each(double *x, int count)
{
	for (int i = 0; i < count; i++)
		x[i] = exp_within(x[i]);
}

/* The bits of sqrt(1/2), and of 2^52, whose lowest bits are those of an integer that is added. */
#define ROOT_HALF UINT64_C(0x3fe6a09e667f3bcd)
#define INTEGER_BITS UINT64_C(0x4330000000000000)

/* Added to exponents, so that they are positive. */
#define EXPONENTS 1024

/*
 * x = m 2^k, m in [sqrt(1/2), sqrt(2)): ln m = 2 artanh((m - 1) / (m + 1)), whose series leaves 1e-17 after ten terms.
 * Summed in pairs like exp's, without branches and conversions.
 */
static inline double ln_within(double x)
{
	uint64_t above = bits_of(x) - ROOT_HALF + ((uint64_t)EXPONENTS << 52);
	double k = from_bits((above >> 52) | INTEGER_BITS) - (0x1p52 + EXPONENTS);
	double m = from_bits((above & FRACTION) + ROOT_HALF), s = (m - 1) / (m + 1), s2 = s * s, s4 = s2 * s2;
	double a = (2. + s2 * (2. / 3)) + s4 * (2. / 5 + s2 * (2. / 7));
	double b = (2. / 9 + s2 * (2. / 11)) + s4 * (2. / 13 + s2 * (2. / 15));
	double c = 2. / 17 + s2 * (2. / 19);

	return k * FFNTP_LN_2 + s * (a + s4 * s4 * (b + s4 * s4 * c));
}

double ffntp_ln(double x)
{
	return ln_within(x);
}

void ffntp_ln_each(double *x, int count)
{
	for (int i = 0; i < count; i++)
		x[i] = ln_within(x[i]);
}
