/* maths: argument reduction by exact steps, then a short series. See maths.h
 * for what each promises. */
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

/* 2^k for -1022 <= k <= 1023 */
static double power_of_two(int k)
{
	return from_bits((uint64_t)(k + 1023) << 52);
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
	return (double)root * 0x1p-52 * power_of_two(exponent);
}

/* ln 2 in two parts; the first has 33 bits, so k * LN2_HIGH is exact for |k| <
 * 2^20 */
#define LN2_HIGH 0x1.62e42fefp-1
#define LN2_LOW 0x1.473de6af278edp-34
#define LOG2_E 0x1.71547652b82fep0

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
	k = (double)(int)(x * LOG2_E + (x < 0 ? -0.5 : 0.5));
	high = x - k * LN2_HIGH;
	low = k * LN2_LOW;
	r = high - low;
	return (1 + (high + (r * r * exp_rest(r) - low))) * power_of_two((int)k / 2) *
	       power_of_two((int)k - (int)k / 2);
}

/* The moments of the normal's tail beyond a >= 0, scaled: i[n] = integral of
 * t^n exp(-a t - t^2 / 2) over t > 0. */
struct tail {
	double i0, i1, i2;
};

#define TAIL_PIECES 16 /* of width 1/2 */
#define TAIL_DEGREE 10

/*
 * i0, which is Mills' ratio, as a polynomial in 4 a - 2 k - 1 on [k / 2, (k +
 * 1) / 2]: interpolated at Chebyshev's points, relative error below 1.1e-14.
 * tests/test_maths.c checks it against MPFR.
 */
static const double mills[TAIL_PIECES][TAIL_DEGREE + 1] = {
	{ 0x1.09aedf1446de3p+0, -0x1.7b289075dd851p-3, 0x1.b4939a0b171d4p-6, -0x1.b0c826ebddc4fp-9,
	  0x1.7e7a952a6918ep-12, -0x1.33fa4a1aff784p-15, 0x1.caa46d99b9e50p-19, -0x1.3f2f3a8ade60cp-22,
	  0x1.a2b53e184e8b7p-26, -0x1.0847da6674794p-29, 0x1.3915ce4b3ac70p-33 },
	{ 0x1.81510273fa9f7p-1, -0x1.be067c5208756p-4, 0x1.b41d27aa6f653p-7, -0x1.78a4bc9631feap-10,
	  0x1.26df60f0610d6p-13, -0x1.a9b4c5e0e970dp-17, 0x1.1ebca94810444p-20, -0x1.6b9c05cea213ep-24,
	  0x1.b5161347c16c9p-28, -0x1.fb03c3e060f0bp-32, 0x1.15c059d2437e1p-35 },
	{ 0x1.282805b693bb5p-1, -0x1.1b9bf1b78ec2dp-4, 0x1.db9a3a8f6a55ap-8, -0x1.67f4a91bbd3a8p-11,
	  0x1.f542a1ba2d831p-15, -0x1.454c8d0926727p-18, 0x1.8d43bbee31034p-22, -0x1.cbc1f59cca109p-26,
	  0x1.fb252df9b3ef7p-30, -0x1.0eb02e480fb5ep-33, 0x1.128b4fe576856p-37 },
	{ 0x1.db73467cf148ep-2, -0x1.7fec894ab38cbp-5, 0x1.17089cb728752p-8, -0x1.74b80070b5ecdp-12,
	  0x1.cfe072162f4d6p-16, -0x1.0fa2e553506eep-19, 0x1.2d97e486bfda3p-23, -0x1.3f47397d953bcp-27,
	  0x1.43cc51d07da6dp-31, -0x1.3eb192397f29fp-35, 0x1.2b9fbf147c07cp-39 },
	{ 0x1.8a6450445bb96p-2, -0x1.113c96cc6340fp-5, 0x1.5c009a79b052bp-9, -0x1.9d4154d4bf3a4p-13,
	  0x1.ce2f6b074ad99p-17, -0x1.ea7bb6a241628p-21, 0x1.f0c4e41a47590p-25, -0x1.e26382dbc4875p-29,
	  0x1.c2d37c33de46dp-33, -0x1.9a0396455955fp-37, 0x1.65ec7c0796e16p-41 },
	{ 0x1.4f8ae774d1389p-2, -0x1.95080dfb02938p-6, 0x1.c8aaeec1fba5ep-10, -0x1.e5b834734b9cdp-14,
	  0x1.eaf12aca53f32p-18, -0x1.da3ae42a38cf3p-22, 0x1.b7c1d20cab0bdp-26, -0x1.88e658f1b895ap-30,
	  0x1.5342afaaf7f44p-34, -0x1.1dcf1618d61c4p-38, 0x1.d03998c057349p-43 },
	{ 0x1.233512cf6779ap-2, -0x1.364e0b77bed3bp-6, 0x1.38ad4bf0e3719p-10, -0x1.2c069ec013485p-14,
	  0x1.139fabd31bff8p-18, -0x1.e6ec14ad529dbp-23, 0x1.9efebe8eae4efp-27, -0x1.56413a8bf7bcfp-31,
	  0x1.11d078d7e2166p-35, -0x1.ac7674c462349p-40, 0x1.4468843617d39p-44 },
	{ 0x1.00c785530ab11p-2, -0x1.e89e6044bf402p-7, 0x1.bbd4832d10b44p-11, -0x1.82d0c6e29f774p-15,
	  0x1.44c322e244ea3p-19, -0x1.0785e0c749640p-23, 0x1.9e7357686d2f1p-28, -0x1.3c9085ee030a0p-32,
	  0x1.d6aacd75ae720p-37, -0x1.56ebee076e119p-41, 0x1.e5389b69fa2afp-46 },
	{ 0x1.cabb94b532c3ap-3, -0x1.898b1ff7a102bp-7, 0x1.44be15f0bd87cp-11, -0x1.02b0d8d47aafap-15,
	  0x1.8f117c77b8885p-20, -0x1.2ac9f7de82a8ap-24, 0x1.b33a1c41c90d0p-29, -0x1.34e8e9dde8413p-33,
	  0x1.ac06d7a46336fp-38, -0x1.233298849558ap-42, 0x1.81e736d469614p-47 },
	{ 0x1.9e27375ea4545p-3, -0x1.4316e3f9cdbebp-7, 0x1.e7c08a60001f4p-12, -0x1.6530be088f2d4p-16,
	  0x1.fcb545ae94537p-21, -0x1.60ed8456cabbbp-25, 0x1.dde683b342002p-30, -0x1.3c394a9fe1484p-34,
	  0x1.9986c1aa8db86p-39, -0x1.04dc4f02be907p-43, 0x1.44895c38af469p-48 },
	{ 0x1.7941dfedadc79p-3, -0x1.0d98a180bea11p-7, 0x1.7698bf4b39437p-12, -0x1.fb08549d6983ap-17,
	  0x1.4eda3e1f53408p-21, -0x1.b03f47012ad64p-26, 0x1.1103d332b5f27p-30, -0x1.51e54d745245bp-35,
	  0x1.9a27edc26cf19p-40, -0x1.ea87665936113p-45, 0x1.1f1f4037245d5p-49 },
	{ 0x1.5a417375d8c66p-3, -0x1.c83d40d30c5acp-8, 0x1.2556cde27e52fp-12, -0x1.70afb3e4f1d73p-17,
	  0x1.c588495efbcfcp-22, -0x1.1157faa8cc74ep-26, 0x1.43345b4b79e57p-31, -0x1.7739a60f39e20p-36,
	  0x1.ac14b94e8ddcfp-41, -0x1.e1da570092e85p-46, 0x1.0a00b5079d0b9p-50 },
	{ 0x1.3fdd827dc763bp-3, -0x1.86bc836f0e882p-8, 0x1.d34779e0812b4p-13, -0x1.11dc8251bb7c8p-17,
	  0x1.3af772065bc58p-22, -0x1.63c27646efa91p-27, 0x1.8afae6fc51d9ap-32, -0x1.af5f2366bc2d5p-37,
	  0x1.cfc206118c739p-42, -0x1.ec851e1cccfecp-47, 0x1.00ff85ef4711cp-51 },
	{ 0x1.2925128a71ccbp-3, -0x1.522e16cbfed20p-8, 0x1.79c5e9ca596ffp-13, -0x1.9e97761af1dfep-18,
	  0x1.bf61e239cf93ep-23, -0x1.db0b295867eabp-28, 0x1.f0afa400a8f7bp-33, -0x1.ffad0db23825ap-38,
	  0x1.03d533edfe210p-42, -0x1.04f8d1a279f94p-47, 0x1.01fc366855329p-52 },
	{ 0x1.1563b113e802cp-3, -0x1.2769e17d6f601p-8, 0x1.3577974762766p-13, -0x1.3f2008652d85dp-18,
	  0x1.4428fabb101a8p-23, -0x1.448b75669f94cp-28, 0x1.407103c7777d4p-33, -0x1.382de74d7eaaep-38,
	  0x1.2c39f422a727bp-43, -0x1.1dd157e4ae8fap-48, 0x1.0c31618388649p-53 },
	{ 0x1.040fc9a11f089p-3, -0x1.042d2afa7bee1p-8, 0x1.0080ffcedf3e0p-13, -0x1.f2b331adf172ep-19,
	  0x1.de4677d3c5cddp-24, -0x1.c4bf147545346p-29, 0x1.a7392af75480ep-34, -0x1.86d8808172b9ap-39,
	  0x1.64b9fb1338f65p-44, -0x1.4294b87860f13p-49, 0x1.1fe04ffce1e8ap-54 },
};

/* Below TAIL_PIECES / 2. */
static double mills_ratio(double a)
{
	unsigned piece = (unsigned)(a * 2);
	const double *c = mills[piece];
	double u = 4 * a - 2 * piece - 1, u2 = u * u, u4 = u2 * u2;

	return (c[0] + c[1] * u + (c[2] + c[3] * u) * u2) + (c[4] + c[5] * u + (c[6] + c[7] * u) * u2) * u4 +
	       (c[8] + c[9] * u + c[10] * u2) * u4 * u4;
}

/* i[n + 1] = n i[n - 1] - a i[n], by integrating by parts; cancellation costs
 * a^4 of the error in i2, 4e-11 at 8. */
static struct tail tail_near(double a)
{
	struct tail tail;

	tail.i0 = mills_ratio(a);
	tail.i1 = 1 - a * tail.i0;
	tail.i2 = tail.i0 - a * tail.i1;
	return tail;
}

/* The same recurrence downwards, as a continued fraction for r[n] = i[n] / i[n
 * - 1]; 12 terms leave 5e-12 at 8. */
static struct tail tail_far(double a)
{
	double r = 0, r1;
	struct tail tail;

	for (int n = 12; n > 1; n--)
		r = n / (a + r);
	r1 = 1 / (a + r);
	tail.i0 = 1 / (a + r1);
	tail.i1 = r1 * tail.i0;
	tail.i2 = r * tail.i1;
	return tail;
}

static struct tail tail_beyond(double a)
{
	return a < TAIL_PIECES * 0.5 ? tail_near(a) : tail_far(a);
}

#define DENSITY_AT_0 0x1.9884533d43651p-2 /* 1 / sqrt(2 pi) */

/* Of the tail beyond low. */
static struct ffntp_truncated moments_of(struct tail tail, double low)
{
	double per_mass = 1 / tail.i0, mean = tail.i1 * per_mass;

	return (struct ffntp_truncated){ .mean = low + mean,
					 .variance = tail.i2 * per_mass - mean * mean,
					 .mass = tail.i0 * DENSITY_AT_0,
					 .exponent = low * low / 2 };
}

struct ffntp_truncated ffntp_truncated_normal_above(double low)
{
	double at_low, mass, mean;

	if (low >= 0)
		return moments_of(tail_beyond(low), low);
	if (low <= -TAIL_PIECES * 0.5) /* what is cut off is below 1e-15 of it all */
		return (struct ffntp_truncated){ .variance = 1, .mass = 1 };
	at_low = DENSITY_AT_0 * ffntp_exp(-low * low / 2);
	mass = 1 - at_low * mills_ratio(-low);
	mean = at_low / mass;
	return (struct ffntp_truncated){ .mean = mean, .variance = 1 + (low - mean) * mean, .mass = mass };
}

/* m in [sqrt(1/2), sqrt(2)): log m = 2 artanh((m - 1) / (m + 1)), whose series leaves 1e-17 after eleven terms. */
double ffntp_ln(double x)
{
	union {
		double value;
		uint64_t bits;
	} word = { x };
	int exponent = (int)(word.bits >> 52) - 1023;
	double s, s2;

	word.bits = (word.bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000);
	if (word.value > 1.4142135623730951) {
		word.value /= 2;
		exponent++;
	}
	s = (word.value - 1) / (word.value + 1);
	s2 = s * s;
	return exponent * 0.6931471805599453 +
	       s * (2 + s2 * (2. / 3 + s2 * (2. / 5 + s2 * (2. / 7 + s2 * (2. / 9 + s2 * (2. / 11 + s2 * (2. / 13 + s2 * (2. / 15 + s2 * (2. / 17 + s2 * (2. / 19))))))))));
}
