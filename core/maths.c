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

double ffntp_exp(double x)
{
	double k, high, low, r;

	if (!(x > -708.39))
		return x <= -708.39 ? 0 : x;
	if (x > 709.782712893384)
		return from_bits(UINT64_C(0x7ff) << 52);
	k = (double)(int)(x * FFNTP_LOG2_E + (x < 0 ? -0.5 : 0.5));
	high = x - k * LN2_HIGH;
	low = k * LN2_LOW;
	r = high - low;
	return (1 + (high + (r * r * exp_rest(r) - low))) * ffntp_power_of_two((int)k / 2) *
	       ffntp_power_of_two((int)k - (int)k / 2);
}

#define SQRT_2 0x1.6a09e667f3bcdp+0

/* m in [sqrt(1/2), sqrt(2)): ln m = 2 artanh((m - 1) / (m + 1)), whose series leaves 1e-17 after ten terms. */
double ffntp_ln(double x)
{
	static const double term[] = {
		2. / 19, 2. / 17, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3, 2.
	};
	uint64_t bits = bits_of(x);
	int exponent = (int)(bits >> 52) - 1023;
	double m = from_bits((bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000)), s, sum = 0;

	if (m > SQRT_2) {
		m /= 2;
		exponent++;
	}
	s = (m - 1) / (m + 1);
	for (unsigned i = 0; i < sizeof term / sizeof *term; i++)
		sum = sum * s * s + term[i];
	return exponent * FFNTP_LN_2 + s * sum;
}
