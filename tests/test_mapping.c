/* mapping: doubles to fixed point, against exact arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/mapping.h"
#include "prng.h"

static void test_shift_fills_the_word(void **state)
{
	static const double periods_s[] = { 1e-9, 1 / 2.4e9, 1 / 62.5e6, 1 / 5e9, 1e-6, 1e-12, 1e-2 };

	(void)state;
	for (size_t i = 0; i < sizeof periods_s / sizeof *periods_s; i++) {
		uint8_t shift = ffntp_mapping_shift(periods_s[i]);
		uint64_t period = ffntp_mapping_period(periods_s[i], shift);

		assert_true(period >= UINT64_C(1) << 62 && period < UINT64_C(1) << 63);
		assert_exactly(ffntp_mapping_period_s(period, shift), periods_s[i], "s");
	}
	assert_int_equal(ffntp_mapping_shift(1e-9), 28);
	assert_int_equal(ffntp_mapping_shift(1e-30), 62);
}

static void test_period_saturates(void **state)
{
	(void)state;
	assert_exactly(ffntp_mapping_period(-1, 10), 0, "");
	assert_exactly(ffntp_mapping_period((double)NAN, 10), 0, "");
	assert_exactly(ffntp_mapping_period(1.5, 62), UINT64_MAX, "");
}

static void test_nanoseconds_are_rounded_up(void **state)
{
	(void)state;
	assert_exactly(ffntp_mapping_ns(0), 0, "");
	assert_exactly(ffntp_mapping_ns(-1), 0, "");
	assert_exactly(ffntp_mapping_ns((double)NAN), 0, "");
	assert_exactly(ffntp_mapping_ns(1e-10), 1, "");
	assert_exactly(ffntp_mapping_ns(1.5e-9), 2, "");
	assert_exactly(ffntp_mapping_ns(3), 3000000000, "");
	assert_exactly(ffntp_mapping_ns(1e30), UINT64_MAX, "");
}

static void test_signed_nanoseconds_saturate(void **state)
{
	(void)state;
	assert_exactly(ffntp_mapping_signed_ns(1.5e-9), 1, "");
	assert_exactly(ffntp_mapping_signed_ns(-1.5e-9), -1, "");
	assert_exactly(ffntp_mapping_signed_ns(-3), -3000000000, "");
	assert_exactly(ffntp_mapping_signed_ns(1e10), INT64_MAX, "");
	assert_exactly(ffntp_mapping_signed_ns(-1e10), INT64_MIN, "");
	assert_exactly(ffntp_mapping_signed_ns((double)NAN), INT64_MIN, "");
}

__extension__ typedef __int128 wide;

static void test_addition_is_exact(void **state)
{
	struct prng prng = { 3 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct ffntp_time base = { (int64_t)(prng_next(&prng) >> 20), prng_next(&prng) };
		double s = ((double)(int64_t)prng_next(&prng)) * 0x1p-58;
		struct ffntp_time sum = ffntp_mapping_add(base, s);
		/* the difference, in 2^-64 s, as 128 bits */
		wide difference = (wide)(sum.s - base.s) * ((wide)1 << 64) + sum.frac - base.frac;

		assert_exactly((double)difference * 0x1p-64, s, "");
	}
	/* The part below 2^-64 s is dropped and never carries. */
	assert_exactly(ffntp_mapping_add((struct ffntp_time){ 5, 0 }, -1e-30).s, 5, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shift_fills_the_word),       cmocka_unit_test(test_period_saturates),
		cmocka_unit_test(test_nanoseconds_are_rounded_up), cmocka_unit_test(test_signed_nanoseconds_saturate),
		cmocka_unit_test(test_addition_is_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
