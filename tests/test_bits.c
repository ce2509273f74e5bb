/* bits: properties of 128-bit products and of bytes. test_arithmetic.c tests exact values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "assertions.h"
#include "../core/bits.h"
#include "prng.h"

static void a_product_commutes_and_its_low_half_wraps(void **state)
{
	struct prng prng = { 1 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t a = prng_any_size(&prng), b = prng_any_size(&prng);
		struct ffntp_u128 ab = ffntp_mul64(a, b), ba = ffntp_mul64(b, a);

		assert_true(ab.high == ba.high && ab.low == ba.low);
		assert_exactly(ab.low, a * b, "");
	}
}

static void a_product_by_a_power_of_two_is_a_shift(void **state)
{
	struct prng prng = { 2 };

	(void)state;
	for (unsigned shift = 0; shift < 64; shift++) {
		uint64_t a = prng_next(&prng);
		struct ffntp_u128 back = ffntp_shift_right128(ffntp_mul64(a, UINT64_C(1) << shift), shift);

		assert_true(back.high == 0 && back.low == a);
	}
}

static void a_sum_carries(void **state)
{
	struct ffntp_u128 sum = ffntp_add128((struct ffntp_u128){ 7, UINT64_MAX }, 1);

	(void)state;
	assert_true(sum.high == 8 && sum.low == 0);
}

static void bytes_are_big_endian(void **state)
{
	const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	uint8_t stored[8];

	(void)state;
	assert_exactly(ffntp_load_be(bytes, 8), UINT64_C(0x0123456789abcdef), "");
	assert_exactly(ffntp_load_be(bytes, 4), 0x01234567, "");
	assert_exactly(ffntp_load_be(bytes + 1, 2), 0x2345, "");
	ffntp_store_be(stored, 8, UINT64_C(0x0123456789abcdef));
	assert_memory_equal(stored, bytes, 8);
}

static void storing_touches_no_more_than_its_bytes(void **state)
{
	(void)state;
	for (size_t count = 0; count <= 8; count++) {
		uint8_t bytes[10];

		memset(bytes, 0x55, sizeof(bytes));
		ffntp_store_be(bytes + 1, count, UINT64_MAX);
		assert_true(bytes[0] == 0x55 && bytes[1 + count] == 0x55);
		for (size_t i = 0; i < count; i++)
			assert_exactly(bytes[1 + i], 0xff, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_product_commutes_and_its_low_half_wraps),
		cmocka_unit_test(a_product_by_a_power_of_two_is_a_shift),
		cmocka_unit_test(a_sum_carries),
		cmocka_unit_test(bytes_are_big_endian),
		cmocka_unit_test(storing_touches_no_more_than_its_bytes),
	};

	return cmocka_run_group_tests_name("bits", tests, NULL, NULL);
}
