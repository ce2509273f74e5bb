/* maths: argument reduction by exact steps, then a short series. See maths.h for what each promises. */
#include "maths.h"

#include <stdint.h>

static uint64_t bits_of(double x)
{
	union {
		double value;
		uint64_t bits;
	} both = { .value = x };

	return both.bits;
}

static double from_bits(uint64_t bits)
{
	union {
		uint64_t bits;
		double value;
	} both = { .bits = bits };

	return both.value;
}

/* 2^k for -1022 <= k <= 1023 */
static double power_of_two(int k)
{
	return from_bits((uint64_t)(k + 1023) << 52);
}

#define FRACTION ((UINT64_C(1) << 52) - 1)

/*
 * The square root of m 2^52, m a 54-bit integer with 2^52 <= m < 2^54, rounded to the nearest integer: 53 bits.
 * Newton's steps on 1/sqrt give the root to some 2 units. With r the root and e = m 2^52 - r^2, r is the rounded root
 * if -r < e <= r, as (r + 1/2)^2 = r^2 + r + 1/4. |e| stays below 2^62, so it is exact modulo 2^64.
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

double ffntp_sqrt(double x)
{
	int exponent;
	uint64_t mantissa, root;

	if (!(x > 0) || x > 0x1.fffffffffffffp1023)
		return x < 0 ? from_bits(UINT64_C(0x7ff8) << 48) : x;
	if (x < 0x1p-1022) /* subnormal: scale by an even power, exactly */
		return ffntp_sqrt(x * 0x1p108) * 0x1p-54;
	exponent = (int)(bits_of(x) >> 52) - 1023;
	mantissa = (bits_of(x) & FRACTION) | (FRACTION + 1);
	if (exponent & 1)
		mantissa <<= 1;
	exponent = (exponent - (exponent & 1)) / 2;
	root = rounded_root(mantissa);
	return (double)root * 0x1p-52 * power_of_two(exponent);
}

/* ln 2 in two parts; the first has 33 bits, so k * LN2_HIGH is exact for |k| < 2^20 */
#define LN2_HIGH 0x1.62e42fefp-1
#define LN2_LOW 0x1.473de6af278edp-34
#define LOG2_E 0x1.71547652b82fep0

/* (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2: the Taylor series to r^13, which leaves out less than 2^-57 */
static double exp_rest(double r)
{
	static const double factor[] = {
		1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
		1.0 / 5040,       1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6,      1.0 / 2,
	};
	double sum = factor[0];

	for (unsigned i = 1; i < sizeof factor / sizeof *factor; i++)
		sum = sum * r + factor[i];
	return sum;
}

double ffntp_exp(double x)
{
	double k, high, low, r;

	if (!(x > -708.39))
		return x <= -708.39 ? 0 : x;
	if (x > 709.782712893384)
		return from_bits(UINT64_C(0x7ff) << 52);
	k = (double)(int)(x * LOG2_E + (x < 0 ? -0.5 : 0.5));
	high = x - k * LN2_HIGH;
	low = k * LN2_LOW;
	r = high - low;
	return (1 + (high + (r * r * exp_rest(r) - low))) * 2 * power_of_two((int)k - 1);
}
