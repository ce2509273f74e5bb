/*
 * page: the layout of a page, and loads and stores under its sequence, behind ffntp/page.h. Offsets are in bytes;
 * docs/page.md has them as a table.
 */
#ifndef FFNTP_CORE_PAGE_H
#define FFNTP_CORE_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../include/ffntp/page.h"
#include "params.h"
#include "clock.h"

/* VMClock (UAPI.13). */
#define FFNTP_VMCLOCK_MAGIC UINT32_C(0x4b4c4356) /* "VCLK" */
#define FFNTP_VMCLOCK_VERSION 1

enum { FFNTP_VMCLOCK_ARM_VIRTUAL = 0, FFNTP_VMCLOCK_X86_TSC = 1, FFNTP_VMCLOCK_NO_COUNTER = 0xff };
enum { FFNTP_VMCLOCK_UTC = 0, FFNTP_VMCLOCK_TAI = 1 };
enum {
	FFNTP_VMCLOCK_TAI_OFFSET_VALID = 1 << 0,
	FFNTP_VMCLOCK_ERRORS_VALID = 0xf << 3, /* of period and time, estimated and maximum */
};

/* Where each field lies: page_fields.def. */
enum ffntp_page_offset {
#define PAGE_FIELD(offset, type, NAME, name, unit, since) FFNTP_AT_##NAME = (offset),
#define MAP_WORD(offset, type, NAME, name, unit, since, codec) FFNTP_AT_##NAME = (offset),
#include "page_fields.def"
	FFNTP_AT_STEADY = 0x220, /* two slots; the sequence selects the valid one */
	FFNTP_AT_SOURCES = 0x300,
	FFNTP_AT_ANCHORS = 0x900,
};

/*
 * The project's own block. A later layout that only adds fields keeps the version: a new field takes words that were 0,
 * where 0 means "unknown", or the size grows.
 */
#define FFNTP_BLOCK_MAGIC UINT32_C(0x504e4646) /* "FFNP" */
#define FFNTP_BLOCK_VERSION 2
#define FFNTP_BLOCK_SIZE (FFNTP_PAGE_SIZE - FFNTP_AT_BLOCK)

#define FFNTP_ANCHOR_STRIDE 112
#define FFNTP_SOURCE_STRIDE 160
#define FFNTP_SOURCE_VERDICTS 20 /* counts; the estimator's state follows them */
#define FFNTP_STEADY_STRIDE 112

/*
 * The words of the map lie in three ranges, and the copy has the same three, in this order:
 * FFNTP_PAGE_COPIED(from, to, copy). In front of it is the sequence of the update during which readers may use it.
 */
#define FFNTP_PAGE_COPIES                                                          \
	FFNTP_PAGE_COPIED(FFNTP_AT_MARKER, FFNTP_AT_GENERATION, FFNTP_AT_COPY_MAP) \
	FFNTP_PAGE_COPIED(FFNTP_AT_VOID_AFTER, FFNTP_AT_LINE, FFNTP_AT_COPY_BLOCK) \
	FFNTP_PAGE_COPIED(FFNTP_AT_ASYMMETRY_ESTERROR, FFNTP_AT_ANCHORS, FFNTP_AT_COPY_LATER)

#define FFNTP_PAGE_COPIED(from, to, copy) +((to) - (from))
_Static_assert(FFNTP_AT_COPY_MAP + (0 FFNTP_PAGE_COPIES) == FFNTP_AT_STEADY, "the copy fills its place");
#undef FFNTP_PAGE_COPIED

#define IS_COPIED(at)                                               \
	(((at) >= FFNTP_AT_MARKER && (at) < FFNTP_AT_GENERATION) || \
	 ((at) >= FFNTP_AT_VOID_AFTER && (at) < FFNTP_AT_LINE) ||   \
	 ((at) >= FFNTP_AT_ASYMMETRY_ESTERROR && (at) < FFNTP_AT_ANCHORS))
#define MAP_WORD(offset, type, NAME, name, unit, since, codec) \
	_Static_assert(IS_COPIED(offset), "readers need each word of the map during an update, too");
#include "page_fields.def"
#undef IS_COPIED

_Static_assert(sizeof(struct ffntp_page) == FFNTP_PAGE_SIZE, "VMClock's offsets are fixed");
_Static_assert(FFNTP_AT_LINE + sizeof(struct ffntp_line) <= FFNTP_AT_ASYMMETRY_ESTERROR, "the line fits");
_Static_assert(FFNTP_AT_TAI_OUTLASTS + 8 <= FFNTP_AT_ANCHORS, "so do the words behind it");
_Static_assert((FFNTP_PAGE_ANCHORS & (FFNTP_PAGE_ANCHORS - 1)) == 0, "a ring by mask");
_Static_assert(FFNTP_AT_ANCHORS + FFNTP_PAGE_ANCHORS * FFNTP_ANCHOR_STRIDE <= FFNTP_PAGE_SIZE, "anchors fit");
_Static_assert(FFNTP_AT_STEADY + 2 * FFNTP_STEADY_STRIDE <= FFNTP_AT_SOURCES, "both slots fit");
_Static_assert(FFNTP_AT_SOURCES + FFNTP_PAGE_SOURCES * FFNTP_SOURCE_STRIDE <= FFNTP_AT_BLOCK, "sources fit");
_Static_assert(FFNTP_VERDICTS <= FFNTP_SOURCE_VERDICTS, "a source fits");

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define FFNTP_LE32(x) __builtin_bswap32(x)
#define FFNTP_LE64(x) __builtin_bswap64(x)
#else
#define FFNTP_LE32(x) (x)
#define FFNTP_LE64(x) (x)
#endif

/*
 * FFNTP_COMPUTE_HERE makes a compiler finish a calculation at this point, so that fewer words of the line are alive at
 * once than the machine has registers.
 */
#if defined(__GNUC__)
#define FFNTP_ALWAYS_INLINE __attribute__((always_inline)) static inline
#define FFNTP_COMPUTE_HERE(value) __asm__("" : "+r"(value))
#else
#define FFNTP_ALWAYS_INLINE static inline
#define FFNTP_COMPUTE_HERE(value) ((void)(value))
#endif

static inline uint64_t ffntp_page_load_word(const ffntp_page_word *word)
{
#if UINTPTR_MAX > 0xffffffff
	return FFNTP_LE64(atomic_load_explicit(word, memory_order_relaxed));
#else
	uint64_t low = FFNTP_LE32(atomic_load_explicit(&word->half[0], memory_order_relaxed));
	uint64_t high = FFNTP_LE32(atomic_load_explicit(&word->half[1], memory_order_relaxed));

	return high << 32 | low;
#endif
}

static inline uint64_t ffntp_page_load(const struct ffntp_page *page, size_t offset)
{
	return ffntp_page_load_word(&page->word[(offset - 16) / 8]);
}

static inline void ffntp_page_store(struct ffntp_page *page, size_t offset, uint64_t value)
{
	ffntp_page_word *word = &page->word[(offset - 16) / 8];

#if UINTPTR_MAX > 0xffffffff
	atomic_store_explicit(word, FFNTP_LE64(value), memory_order_relaxed);
#else
	atomic_store_explicit(&word->half[0], FFNTP_LE32((uint32_t)value), memory_order_relaxed);
	atomic_store_explicit(&word->half[1], FFNTP_LE32((uint32_t)(value >> 32)), memory_order_relaxed);
#endif
}

/*
 * Begin a read: return the sequence. All loads between this call and ffntp_page_is_whole, if that returns true, belong
 * to the same update.
 */
static inline uint32_t ffntp_page_begin(const struct ffntp_page *page)
{
	return FFNTP_LE32(atomic_load_explicit(&page->sequence, memory_order_acquire));
}

/*
 * End a read: return whether all loads since 'begun' belong to the same update. The fence keeps them from moving below
 * the second load of the sequence. If the first load found it odd, the writer was active, and no even number equals it.
 */
static inline bool ffntp_page_is_whole(const struct ffntp_page *page, uint32_t begun)
{
	atomic_thread_fence(memory_order_acquire);
	return FFNTP_LE32(atomic_load_explicit(&page->sequence, memory_order_relaxed)) == (begun & ~UINT32_C(1));
}

/*
 * Load a word of the map that is current according to 'begun': during an update that is the former map, of which the
 * page has a copy. offset: a constant, so that the program only chooses between 0 and the distance of the copy.
 */
FFNTP_ALWAYS_INLINE uint64_t ffntp_page_load_current(const struct ffntp_page *page, uint32_t begun, size_t offset)
{
	size_t is_copy = begun & 1;

#define FFNTP_PAGE_COPIED(from, to, copy) offset >= (from) && offset < (to) ? is_copy *((size_t)(copy) - (from)):
	return ffntp_page_load(page, offset + (FFNTP_PAGE_COPIES 0));
#undef FFNTP_PAGE_COPIED
}

/*
 * End a read of the current map, as ffntp_page_is_whole does. If 'begun' is odd the loads were from the copy, which
 * does not change before the sequence does. It is valid if its writer made it for this update: a writer that knows no
 * copy does not, nor does one that was killed before the copy was complete, and ffntp_page_format withdraws the copy
 * before it changes anything.
 */
static inline bool ffntp_page_is_current(const struct ffntp_page *page, uint32_t begun)
{
	if (ffntp_page_is_whole(page, begun))
		return true;
	return FFNTP_LE32(atomic_load_explicit(&page->sequence, memory_order_relaxed)) == begun &&
	       ffntp_page_load(page, FFNTP_AT_COPY_SEQUENCE) == begun;
}

/* Yield the core to its other hyperthread for a moment. */
static inline void ffntp_page_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Load the current map once; the caller checks the sequence. begun: as ffntp_page_begin returned it. */
void ffntp_page_load_map(const struct ffntp_page *page, uint32_t begun, struct ffntp_map *map);

/*
 * Load a past map by its number, counted from the first one; the caller checks the sequence. map: the current map,
 * whose fields that past maps do not have stay as they are.
 */
void ffntp_page_load_past_map(const struct ffntp_page *page, uint64_t number, struct ffntp_map *map);

/* Load the monotonic state once; the caller checks the sequence. begun: as ffntp_page_begin returned it. */
void ffntp_page_load_steady(const struct ffntp_page *page, uint32_t begun, struct ffntp_steady *steady);

/*
 * Try once to read the current map. Returns false, with *map untouched, if an update has begun or ended since 'begun',
 * or is under way on a page without a valid copy.
 */
bool ffntp_page_try_read(const struct ffntp_page *page, uint32_t begun, struct ffntp_map *map);

/* Load one word of the prepared line, as in FFNTP_PAGE_LINE(page, frac). */
#define FFNTP_PAGE_LINE(page, field) ffntp_page_load(page, FFNTP_AT_LINE + offsetof(struct ffntp_line, field))

/* Return the line's time after this number of ticks, modulo 2^64 s. The caller has checked the key and the ticks. */
static inline struct ffntp_span ffntp_page_line_estimate(const struct ffntp_page *page, uint64_t ticks,
							 enum ffntp_timescale scale)
{
	const ffntp_page_word *seconds = &page->word[(FFNTP_AT_LINE + offsetof(struct ffntp_line, s) - 16) / 8];
	struct ffntp_span epoch = { ffntp_page_load_word(seconds + scale), FFNTP_PAGE_LINE(page, frac) };
	uint64_t period_high = FFNTP_PAGE_LINE(page, period_high), period_low = FFNTP_PAGE_LINE(page, period_low);

	return ffntp_span_plus(epoch, ffntp_line_elapsed(ticks, period_high, period_low));
}

/*
 * Try to make a reading from the prepared line, once: the line must be valid at 'now', and the bound within the limit.
 * Each word is used where it is loaded, so that registers suffice.
 * begun: the result of ffntp_page_begin before 'now' was read.
 * Returns false, with *reading untouched, in any other case and if the page was being written; the caller must then use
 * the map.
 */
FFNTP_ALWAYS_INLINE bool ffntp_page_read_line(const struct ffntp_page *page, uint32_t begun,
					      enum ffntp_counter_kind kind, ffntp_counter now,
					      enum ffntp_timescale scale, uint64_t max_bound_ns,
					      struct ffntp_reading *reading)
{
	uint64_t ticks = now - FFNTP_PAGE_LINE(page, at);
	uint64_t key = FFNTP_PAGE_LINE(page, key);

	if (ticks > FFNTP_PAGE_LINE(page, limit) || (uint8_t)key != kind ||
	    (key >> (FFNTP_LINE_SCALE_SHIFT + (unsigned)scale) & 1) == 0)
		return false;

	struct ffntp_span estimate = ffntp_page_line_estimate(page, ticks, scale);

	FFNTP_COMPUTE_HERE(estimate.s);
	FFNTP_COMPUTE_HERE(estimate.frac);

	uint64_t esterror_ns = FFNTP_PAGE_LINE(page, esterror_ns);

	esterror_ns += ffntp_drift_ns(ticks, FFNTP_PAGE_LINE(page, esterror_rate));
	FFNTP_COMPUTE_HERE(esterror_ns);

	uint64_t drift_ns = ffntp_drift_ns(ticks, FFNTP_PAGE_LINE(page, maxerror_rate));
	uint64_t before_ns = FFNTP_PAGE_LINE(page, maxerror_before_ns) + drift_ns;
	uint64_t after_ns = FFNTP_PAGE_LINE(page, maxerror_after_ns) + drift_ns;
	uint64_t bound_ns = ffntp_larger(before_ns, after_ns);
	uint64_t asymmetry_esterror_ns = ffntp_page_load(page, FFNTP_AT_ASYMMETRY_ESTERROR);

	if (bound_ns > max_bound_ns || !ffntp_page_is_whole(page, begun))
		return false;
	ffntp_reading_set(reading, (struct ffntp_time){ (int64_t)estimate.s, estimate.frac }, ffntp_distance(before_ns),
			  ffntp_distance(after_ns));
	reading->bound_ns = bound_ns;
	reading->esterror_ns = esterror_ns;
	reading->asymmetry_esterror_ns = asymmetry_esterror_ns;
	reading->status = (enum ffntp_status)(key >> FFNTP_LINE_STATUS_SHIFT & 0xff);
	reading->leap = (enum ffntp_leap)(key >> FFNTP_LINE_LEAP_SHIFT & 0xff);
	reading->offset_s = scale == FFNTP_UTC ? (int16_t)(uint16_t)(key >> FFNTP_LINE_OFFSET_SHIFT) : 0;
	return true;
}

#endif
