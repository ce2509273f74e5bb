/*
 * page_words: positions in a page, and the codecs of page_fields.def, which turn members of structures into fields and
 * back, for the writer and the readers.
 */
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

/* Return whether VMClock's time on this page is TAI, and not UTC: constant as long as the page exists. */
static inline bool ffntp_page_is_tai(const struct ffntp_page *page)
{
	return ffntp_page_load_head(page, 2) >> 24 == FFNTP_VMCLOCK_TAI;
}

/* --- packed words --- */

/* The word at FFNTP_AT_COUNTER_KIND: the kind, and in the next byte whether it is a guest's counter. */
static inline uint64_t ffntp_page_pack_counter(const struct ffntp_page_identity *identity)
{
	return (uint64_t)identity->counter_kind | (uint64_t)identity->is_guests << 8;
}

static inline enum ffntp_counter_kind ffntp_page_unpack_kind(uint64_t word)
{
	return (enum ffntp_counter_kind)(uint8_t)word;
}

static inline bool ffntp_page_unpack_guests(uint64_t word)
{
	return (word >> 8 & 0xff) != 0;
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
static inline uint64_t ffntp_page_pack_marker_pair(uint32_t base, uint32_t marker)
{
	return (uint64_t)base << 32 | (uint32_t)(base + marker);
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

static inline bool ffntp_page_is_usable(enum ffntp_status status)
{
	return status == FFNTP_STATUS_SYNCHRONISED || status == FFNTP_STATUS_FREE_RUNNING;
}

/* --- the codecs PACKED and DERIVED of page_fields.def --- */

static inline uint64_t ffntp_page_pack_marker(const struct ffntp_page *page, const struct ffntp_map *map)
{
	return ffntp_page_load(page, FFNTP_AT_MARKER_BASE) + map->disruption_marker;
}

static inline void ffntp_page_unpack_marker(uint64_t word, struct ffntp_map *map)
{
	map->disruption_marker = word;
}

static inline uint64_t ffntp_page_pack_flags(const struct ffntp_page *page, const struct ffntp_map *map)
{
	uint64_t tai_flag = map->tai_is_known ? FFNTP_VMCLOCK_TAI_OFFSET_VALID : 0;
	uint64_t error_flags = ffntp_page_is_usable(map->status) ? FFNTP_VMCLOCK_ERRORS_VALID : 0;

	(void)page;
	return error_flags | tai_flag;
}

static inline void ffntp_page_unpack_flags(uint64_t word, struct ffntp_map *map)
{
	map->tai_is_known = (word & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0;
}

/* VMClock's time is TAI or UTC itself, as the page was made, whereas a map's may be UTC plus a constant. */
static inline uint64_t ffntp_page_pack_time_s(const struct ffntp_page *page, const struct ffntp_map *map)
{
	return (uint64_t)map->time.s - (ffntp_page_is_tai(page) ? 0 : (uint64_t)map->tai_offset_s);
}

/* The reader adds the offset on a page of UTC. */
static inline void ffntp_page_unpack_time_s(uint64_t word, struct ffntp_map *map)
{
	map->time.s = (int64_t)word;
}

/* VMClock has one error for both sides. */
static inline uint64_t ffntp_page_pack_maxerror(const struct ffntp_page *page, const struct ffntp_map *map)
{
	(void)page;
	return ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns);
}

static inline uint64_t ffntp_page_pack_counter_marker(const struct ffntp_page *page, const struct ffntp_map *map)
{
	uint32_t base = (uint32_t)(ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER) >> 32);

	return ffntp_page_pack_marker_pair(base, map->counter_marker);
}

static inline void ffntp_page_unpack_counter_marker(uint64_t word, struct ffntp_map *map)
{
	map->counter_marker = (uint32_t)word;
}

/* --- expanding page_fields.def --- */

/* The type of a field in C, and the unsigned type of its width, of which a word consists. */
#define FFNTP_PAGE_TYPE_u8 uint8_t
#define FFNTP_PAGE_TYPE_u16 uint16_t
#define FFNTP_PAGE_TYPE_u32 uint32_t
#define FFNTP_PAGE_TYPE_u64 uint64_t
#define FFNTP_PAGE_TYPE_s16 int16_t
#define FFNTP_PAGE_TYPE_s64 int64_t
#define FFNTP_PAGE_BITS_u8 uint8_t
#define FFNTP_PAGE_BITS_u16 uint16_t
#define FFNTP_PAGE_BITS_u32 uint32_t
#define FFNTP_PAGE_BITS_u64 uint64_t
#define FFNTP_PAGE_BITS_s16 uint16_t
#define FFNTP_PAGE_BITS_s64 uint64_t

/* The value of a field, by its codec: 'from' is the structure, and 'page' the page. */
#define FFNTP_PAGE_PUT_PLAIN(member) from->member
#define FFNTP_PAGE_PUT_NEGATED(member) -from->member
#define FFNTP_PAGE_PUT_LEAP(at_s, sign) ffntp_page_pack_leap(from->at_s, from->sign)
#define FFNTP_PAGE_PUT_PACKED(what) ffntp_page_pack_##what(page, from)
#define FFNTP_PAGE_PUT_DERIVED(what) ffntp_page_pack_##what(page, from)

/* Set the member of a field of this 'value' in the structure 'to'. */
#define FFNTP_PAGE_GET_PLAIN(member) to->member = value
#define FFNTP_PAGE_GET_NEGATED(member) to->member = (int16_t)-value
#define FFNTP_PAGE_GET_LEAP(at_s, sign) ffntp_page_unpack_leap(value, &to->at_s, &to->sign)
#define FFNTP_PAGE_GET_PACKED(what) ffntp_page_unpack_##what(value, to)
#define FFNTP_PAGE_GET_DERIVED(what) (void)value

/* A field as the bits of its word, and from them. */
#define FFNTP_PAGE_PUT(offset, type, codec) \
	((uint64_t)(FFNTP_PAGE_BITS_##type)(FFNTP_PAGE_PUT_##codec) << 8 * ((offset) % 8))
#define FFNTP_PAGE_GET(offset, type, codec, word)                                                      \
	do {                                                                                           \
		FFNTP_PAGE_TYPE_##type value = (FFNTP_PAGE_TYPE_##type)((word) >> 8 * ((offset) % 8)); \
                                                                                                       \
		FFNTP_PAGE_GET_##codec;                                                                \
	} while (false)

static inline uint64_t ffntp_page_pack_status(const struct ffntp_map *from)
{
	uint64_t word = 0;

#define STATUS_FIELD(offset, type, name, unit, since, codec) word |= FFNTP_PAGE_PUT(offset, type, codec);
#include "page_fields.def"
	return word;
}

static inline void ffntp_page_unpack_status(uint64_t word, struct ffntp_map *to)
{
#define STATUS_FIELD(offset, type, name, unit, since, codec) FFNTP_PAGE_GET(offset, type, codec, word);
#include "page_fields.def"
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
