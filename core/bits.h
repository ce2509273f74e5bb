/* bits: 128-bit products and sums, and big-endian bytes, without a compiler's runtime library. */
#ifndef FFNTP_CORE_BITS_H
#define FFNTP_CORE_BITS_H

#include <stddef.h>
#include <stdint.h>

struct ffntp_u128 {
	uint64_t high, low;
};

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 ffntp_native_u128;
#endif

static inline struct ffntp_u128 ffntp_mul64(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	ffntp_native_u128 product = (ffntp_native_u128)a * b;

	return (struct ffntp_u128){ (uint64_t)(product >> 64), (uint64_t)product };
#else
	/* (ah 2^32 + al)(bh 2^32 + bl); no partial sum exceeds (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1. */
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t low = al * bl;
	uint64_t middle = ah * bl + (low >> 32);
	uint64_t cross = al * bh + (uint32_t)middle;

	return (struct ffntp_u128){ ah * bh + (middle >> 32) + (cross >> 32), cross << 32 | (uint32_t)low };
#endif
}

static inline struct ffntp_u128 ffntp_add128(struct ffntp_u128 a, uint64_t b)
{
	uint64_t low = a.low + b;

	return (struct ffntp_u128){ a.high + (low < b), low };
}

/* shift: 0 to 63 */
static inline struct ffntp_u128 ffntp_shift_right128(struct ffntp_u128 a, unsigned shift)
{
	if (shift == 0)
		return a;
	return (struct ffntp_u128){ a.high >> shift, a.high << (64 - shift) | a.low >> shift };
}

static inline uint64_t ffntp_load_be(const uint8_t *bytes, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

static inline void ffntp_store_be(uint8_t *bytes, size_t count, uint64_t value)
{
	while (count-- > 0) {
		bytes[count] = (uint8_t)value;
		value >>= 8;
	}
}

#endif
