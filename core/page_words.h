/* page_words: positions in a page, and the packing of fields that share a word, for the writer and the readers. */
#ifndef FFNTP_CORE_PAGE_WORDS_H
#define FFNTP_CORE_PAGE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

/* --- positions --- */

static inline size_t ffntp_page_anchor_at(uint64_t number)
{
	return FFNTP_AT_ANCHORS + (size_t)(number & (FFNTP_PAGE_ANCHORS - 1)) * FFNTP_ANCHOR_STRIDE;
}

/* Words of a past map besides its status; page_writer.c lists them. */
#define FFNTP_ANCHOR_FIELDS (FFNTP_ANCHOR_STRIDE / 8 - 1)

/* The monotonic state has two slots: the one that is not being written stays valid even if the writer is killed. */
static inline size_t ffntp_page_steady_at(uint32_t sequence)
{
	return FFNTP_AT_STEADY + (size_t)(sequence >> 1 & 1) * FFNTP_STEADY_STRIDE;
}

static inline size_t ffntp_page_source_at(size_t i)
{
	return FFNTP_AT_SOURCES + i * FFNTP_SOURCE_STRIDE;
}

/* --- VMClock's head --- */

static inline void ffntp_page_store_head(struct ffntp_page *page, size_t i, uint32_t value)
{
	atomic_store_explicit(&page->head[i], FFNTP_LE32(value), memory_order_relaxed);
}

static inline uint32_t ffntp_page_load_head(const struct ffntp_page *page, size_t i)
{
	return FFNTP_LE32(atomic_load_explicit(&page->head[i], memory_order_relaxed));
}

/* --- packed words --- */

/* VMClock's offset is UTC - TAI, -37 since 2017 (UAPI.13 version 1.1, and Linux's use of it). */
static inline uint64_t ffntp_page_pack_status(const struct ffntp_map *map)
{
	uint64_t utc_minus_tai = (uint16_t)-map->tai_offset_s;

	return (uint64_t)map->status << 16 | utc_minus_tai << 32 | (uint64_t)map->leap << 48 |
	       (uint64_t)map->period_shift << 56;
}

static inline void ffntp_page_unpack_status(uint64_t word, struct ffntp_map *map)
{
	int16_t utc_minus_tai = (int16_t)(uint16_t)(word >> 32);

	map->status = (enum ffntp_status)(word >> 16 & 0xff);
	map->tai_offset_s = (int16_t)(0 - utc_minus_tai);
	map->leap = (enum ffntp_leap)(word >> 48 & 0xff);
	map->period_shift = (uint8_t)(word >> 56);
}

/*
 * The status word of a past map has 15 free bits for the error from asymmetry, of which the top ten bits suffice: 10
 * bits for them, rounded up, and 5 for the power of two that multiplies them. Values from 2^41 ns on do not occur, and
 * saturate.
 */
static inline uint64_t ffntp_page_pack_coarse(uint64_t ns)
{
	uint64_t digits = ns;
	unsigned power = 0;

	/* Halving repeatedly, each time rounded up, equals dividing by the power of two, rounded up. */
	for (; digits > 0x3ff && power < 31; power++)
		digits = (digits >> 1) + (digits & 1);
	return (digits < 0x3ff ? digits : 0x3ff) << 5 | power;
}

static inline uint64_t ffntp_page_unpack_coarse(uint64_t word)
{
	return (word >> 5 & 0x3ff) << (word & 0x1f);
}

/* VMClock's time is TAI or UTC itself, whereas a map's may be UTC plus a constant. */
static inline uint64_t ffntp_page_vmclock_s(const struct ffntp_map *map)
{
	return (uint64_t)map->time.s - (map->tai_is_known ? 0 : (uint64_t)map->tai_offset_s);
}

static inline int64_t ffntp_page_map_s(const struct ffntp_map *map, uint64_t s)
{
	return map->tai_is_known ? (int64_t)s : (int64_t)(s + (uint64_t)map->tai_offset_s);
}

static inline uint64_t ffntp_page_pack_leap(int64_t at_s, int8_t sign)
{
	return sign != 0 ? (uint64_t)at_s << 8 | (uint8_t)sign : 0;
}

static inline void ffntp_page_unpack_leap(uint64_t word, int64_t *at_s, int8_t *sign)
{
	*sign = (int8_t)(uint8_t)word;
	*at_s = (int64_t)(word & ~UINT64_C(0xff)) / 256;
}

/* Pack the writer's base with the sum of base and its client's counter marker; readers use the sum. */
static inline uint64_t ffntp_page_pack_counter_marker(uint32_t base, uint32_t marker)
{
	return (uint64_t)base << 32 | (uint32_t)(base + marker);
}

static inline uint64_t ffntp_page_pack_boot(const uint8_t *bytes)
{
	uint64_t word = 0;

	for (size_t i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

static inline void ffntp_page_unpack_boot(uint64_t word, uint8_t *bytes)
{
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(word >> 8 * i);
}

#endif
