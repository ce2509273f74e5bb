/* page: see ffntp/page.h. */
#include "../include/ffntp/page.h"

#include "page.h"

const char *ffntp_page_result_text(enum ffntp_page_result result)
{
	switch (result) {
	case FFNTP_PAGE_OK:
		return "ok";
	case FFNTP_PAGE_TRUNCATED:
		return "too short for a clock page";
	case FFNTP_PAGE_FOREIGN:
		return "not a clock page of this project";
	case FFNTP_PAGE_VERSION:
		return "a clock page of a version that is not known here";
	case FFNTP_PAGE_OTHER_BOOT:
		return "a clock page from before this machine last started";
	case FFNTP_PAGE_OTHER_NAMESPACE:
		return "a clock page of another time namespace";
	case FFNTP_PAGE_NO_COUNTER:
		return "a clock page whose counter cannot be read safely here";
	case FFNTP_PAGE_MISSING:
		return "no clock page there";
	}
	return "unknown";
}

/* --- the writer --- */

/* Odd while writing; it is odd already where a writer was killed. The fence keeps what follows from rising above it. */
static void begin_update(struct ffntp_page *page)
{
	uint32_t sequence = ffntp_page_begin(page) | 1;

	atomic_store_explicit(&page->sequence, FFNTP_LE32(sequence), memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void end_update(struct ffntp_page *page)
{
	uint32_t sequence = ffntp_page_begin(page) + 1;

	atomic_store_explicit(&page->sequence, FFNTP_LE32(sequence), memory_order_release);
}

static void store_head(struct ffntp_page *page, size_t i, uint32_t value)
{
	atomic_store_explicit(&page->head[i], FFNTP_LE32(value), memory_order_relaxed);
}

static uint32_t load_head(const struct ffntp_page *page, size_t i)
{
	return FFNTP_LE32(atomic_load_explicit(&page->head[i], memory_order_relaxed));
}

static uint32_t vmclock_counter(enum ffntp_counter_kind kind)
{
	if (kind == FFNTP_COUNTER_TSC)
		return FFNTP_VMCLOCK_X86_TSC;
	return kind == FFNTP_COUNTER_ARM_VIRTUAL ? FFNTP_VMCLOCK_ARM_VIRTUAL : FFNTP_VMCLOCK_NO_COUNTER;
}

/* Version, counter and time type share a word. */
static void store_type(struct ffntp_page *page, enum ffntp_counter_kind kind, bool is_tai)
{
	uint32_t time_type = is_tai ? FFNTP_VMCLOCK_TAI : FFNTP_VMCLOCK_UTC;

	store_head(page, 2, FFNTP_VMCLOCK_VERSION | vmclock_counter(kind) << 16 | time_type << 24);
}

/* VMClock's offset is the one from TAI to UTC, -37 since 2017 (UAPI.13 version 1.1, and what Linux does with it). */
static uint64_t pack_status(const struct ffntp_map *map)
{
	uint64_t utc_minus_tai = (uint16_t)-map->tai_offset_s;

	return (uint64_t)map->status << 16 | utc_minus_tai << 32 | (uint64_t)map->leap << 48 |
	       (uint64_t)map->period_shift << 56;
}

static bool is_usable(enum ffntp_status status)
{
	return status == FFNTP_STATUS_SYNCHRONISED || status == FFNTP_STATUS_FREE_RUNNING;
}

static void unpack_status(uint64_t word, struct ffntp_map *map)
{
	int16_t utc_minus_tai = (int16_t)(uint16_t)(word >> 32);

	map->status = (enum ffntp_status)(word >> 16 & 0xff);
	map->tai_offset_s = (int16_t)(0 - utc_minus_tai);
	map->leap = (enum ffntp_leap)(word >> 48 & 0xff);
	map->period_shift = (uint8_t)(word >> 56);
}

/* VMClock's time is TAI, or UTC itself: not UTC plus a constant. */
static uint64_t to_vmclock_s(const struct ffntp_map *map)
{
	return (uint64_t)map->time.s - (map->tai_is_known ? 0 : (uint64_t)map->tai_offset_s);
}

static int64_t from_vmclock_s(const struct ffntp_map *map, uint64_t s)
{
	return map->tai_is_known ? (int64_t)s : (int64_t)(s + (uint64_t)map->tai_offset_s);
}

static uint64_t pack_leap_second(int64_t at_s, int8_t sign)
{
	return sign != 0 ? (uint64_t)at_s << 8 | (uint8_t)sign : 0;
}

static void unpack_leap_second(uint64_t word, int64_t *at_s, int8_t *sign)
{
	*sign = (int8_t)(uint8_t)word;
	*at_s = (int64_t)(word & ~UINT64_C(0xff)) / 256;
}

static void store_map(struct ffntp_page *page, const struct ffntp_map *map)
{
	uint64_t tai_flag = map->tai_is_known ? FFNTP_VMCLOCK_TAI_OFFSET_VALID : 0;
	uint64_t error_flags = is_usable(map->status) ? FFNTP_VMCLOCK_ERRORS_VALID : 0;
	uint64_t base = ffntp_page_load(page, FFNTP_AT_MARKER_BASE);

	ffntp_page_store(page, FFNTP_AT_MARKER, base + map->disruption_marker);
	ffntp_page_store(page, FFNTP_AT_FLAGS, error_flags | tai_flag);
	ffntp_page_store(page, FFNTP_AT_STATUS, pack_status(map));
	ffntp_page_store(page, FFNTP_AT_COUNTER, map->at);
	ffntp_page_store(page, FFNTP_AT_PERIOD, map->period);
	ffntp_page_store(page, FFNTP_AT_PERIOD_ESTERROR, map->period_esterror);
	ffntp_page_store(page, FFNTP_AT_PERIOD_MAXERROR, map->period_maxerror);
	ffntp_page_store(page, FFNTP_AT_TIME_S, to_vmclock_s(map));
	ffntp_page_store(page, FFNTP_AT_TIME_FRAC, map->time.frac);
	ffntp_page_store(page, FFNTP_AT_TIME_ESTERROR, map->esterror_ns);
	ffntp_page_store(page, FFNTP_AT_TIME_MAXERROR, ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns));
	ffntp_page_store(page, FFNTP_AT_MAXERROR_BEFORE, map->maxerror_before_ns);
	ffntp_page_store(page, FFNTP_AT_MAXERROR_AFTER, map->maxerror_after_ns);
	ffntp_page_store(page, FFNTP_AT_STABLE_PERIOD, map->stable_period);
	ffntp_page_store(page, FFNTP_AT_STABLE_ESTERROR, map->stable_esterror);
	ffntp_page_store(page, FFNTP_AT_VOID_AFTER, map->void_after);
	ffntp_page_store(page, FFNTP_AT_LEAP_SECOND, pack_leap_second(map->leap_at_s, map->leap_sign));
	ffntp_page_store(page, FFNTP_AT_TAI_EXPIRES, (uint64_t)map->tai_expires_s);
}

static bool is_common(const struct ffntp_map *map, const struct ffntp_line *line)
{
	struct ffntp_span longest = ffntp_span_down(line->limit, map->period, map->period_shift);

	return is_usable(map->status) && (int64_t)line->limit > 0 && longest.s < FFNTP_READING_ELAPSED_LIMIT_S &&
	       map->maxerror_before_ns > 0 && map->maxerror_before_ns >> 62 == 0 && map->maxerror_after_ns > 0 &&
	       map->maxerror_after_ns >> 62 == 0 && map->esterror_ns >> 62 == 0 &&
	       ffntp_rate_ns(map->period_maxerror, map->period_shift).high == 0 &&
	       ffntp_rate_ns(map->period_esterror, map->period_shift).high == 0 &&
	       (uint64_t)map->time.s < FFNTP_READING_EPOCH_LIMIT_S &&
	       (map->leap_sign == 0 || !ffntp_reading_is_far(map->leap_at_s));
}

static bool is_reached(const struct ffntp_map *map, uint64_t ticks, int64_t s)
{
	struct ffntp_span elapsed = ffntp_span_down(ticks, map->period, map->period_shift);

	return ffntp_time_plus(map->time, elapsed).s >= s;
}

/* The first of so many ticks at which the time reaches s, if any does: a line is not read from there on. */
static uint64_t ticks_until(const struct ffntp_map *map, uint64_t ticks, int64_t s)
{
	uint64_t reached = ticks, before = 0;

	if (!is_reached(map, ticks, s))
		return ticks;
	while (reached - before > 1) {
		uint64_t middle = before + (reached - before) / 2;

		*(is_reached(map, middle, s) ? &reached : &before) = middle;
	}
	return before;
}

/* UTC is not on one line with itself beyond the beginning, or the end, of a leap second. */
static uint64_t limit_of(const struct ffntp_map *map)
{
	uint64_t limit = map->void_after - map->at;

	if (map->leap_sign != 0 && map->time.s < map->leap_at_s)
		return ticks_until(map, limit, map->leap_at_s);
	if (map->leap_sign > 0 && map->time.s == map->leap_at_s)
		return ticks_until(map, limit, map->leap_at_s + 1);
	return limit;
}

/* A map that is not common leaves its line without a scale to be read in: readers take the map itself. */
static struct ffntp_line prepare_line(const struct ffntp_map *map, enum ffntp_counter_kind kind)
{
	unsigned shift = map->period_shift;
	struct ffntp_line line = {
		.key = (uint64_t)kind | (uint64_t)map->status << FFNTP_LINE_STATUS_SHIFT,
		.at = map->at,
		.limit = map->void_after - map->at,
	};

	if (shift > 62 || !is_common(map, &line))
		return line;
	line.key |= UINT64_C(1) << (FFNTP_LINE_SCALE_SHIFT + FFNTP_UTC) |
		    (uint64_t)map->tai_is_known << (FFNTP_LINE_SCALE_SHIFT + FFNTP_TAI) |
		    (uint64_t)ffntp_reading_leap(map, map->time) << FFNTP_LINE_LEAP_SHIFT |
		    (uint64_t)(uint16_t)map->tai_offset_s << FFNTP_LINE_OFFSET_SHIFT;
	line.limit = limit_of(map);
	line.period_high = map->period >> shift;
	line.period_low = map->period << 1 << (63 - shift);
	line.maxerror_before_ns = map->maxerror_before_ns;
	line.maxerror_after_ns = map->maxerror_after_ns;
	line.maxerror_rate = ffntp_rate_ns(map->period_maxerror, shift).low;
	line.esterror_ns = map->esterror_ns;
	line.esterror_rate = ffntp_rate_ns(map->period_esterror, shift).low;
	line.frac = map->time.frac;
	line.s[FFNTP_TAI] = (uint64_t)map->time.s;
	line.s[FFNTP_UTC] = (uint64_t)(map->time.s - map->tai_offset_s);
	return line;
}

static void store_line(struct ffntp_page *page, const struct ffntp_line *line)
{
	const uint64_t words[] = {
		line->key,
		line->at,
		line->limit,
		line->period_high,
		line->period_low,
		line->maxerror_before_ns,
		line->maxerror_after_ns,
		line->maxerror_rate,
		line->esterror_ns,
		line->esterror_rate,
		line->frac,
		line->s[0],
		line->s[1],
	};

	_Static_assert(sizeof(words) == sizeof(*line), "every word of it");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ffntp_page_store(page, FFNTP_AT_LINE + 8 * i, words[i]);
}

static size_t anchor_offset(uint64_t number)
{
	return FFNTP_AT_ANCHORS + (size_t)(number & (FFNTP_PAGE_ANCHORS - 1)) * FFNTP_ANCHOR_STRIDE;
}

/* A map as it stands in the page, word by word; the pad before the status, free in an anchor, holds the TAI flag. */
static const uint16_t anchor_fields[] = {
	FFNTP_AT_COUNTER,        FFNTP_AT_PERIOD,        FFNTP_AT_PERIOD_ESTERROR, FFNTP_AT_PERIOD_MAXERROR,
	FFNTP_AT_TIME_S,         FFNTP_AT_TIME_FRAC,     FFNTP_AT_TIME_ESTERROR,   FFNTP_AT_MAXERROR_BEFORE,
	FFNTP_AT_MAXERROR_AFTER, FFNTP_AT_STABLE_PERIOD, FFNTP_AT_STABLE_ESTERROR, FFNTP_AT_VOID_AFTER,
	FFNTP_AT_LEAP_SECOND,
};

#define ANCHOR_FIELDS (sizeof(anchor_fields) / sizeof(anchor_fields[0]))
_Static_assert((1 + ANCHOR_FIELDS) * 8 == FFNTP_ANCHOR_STRIDE, "an anchor is a status word and the fields");

static void push_anchor(struct ffntp_page *page)
{
	uint64_t count = ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT);
	uint64_t tai_flag = ffntp_page_load(page, FFNTP_AT_FLAGS) & FFNTP_VMCLOCK_TAI_OFFSET_VALID;
	size_t anchor = anchor_offset(count);

	ffntp_page_store(page, anchor, ffntp_page_load(page, FFNTP_AT_STATUS) | tai_flag);
	for (size_t i = 0; i < ANCHOR_FIELDS; i++)
		ffntp_page_store(page, anchor + 8 * (i + 1), ffntp_page_load(page, anchor_fields[i]));
	ffntp_page_store(page, FFNTP_AT_ANCHOR_COUNT, count + 1);
}

/* A disruption makes past counter readings meaningless. A map of the same 'at' takes the place of the former. */
static void update_anchors(struct ffntp_page *page, const struct ffntp_map *map)
{
	uint64_t marker = ffntp_page_load(page, FFNTP_AT_MARKER_BASE) + map->disruption_marker;
	ffntp_counter former_at = ffntp_page_load(page, FFNTP_AT_COUNTER);
	struct ffntp_map former;

	unpack_status(ffntp_page_load(page, FFNTP_AT_STATUS), &former);
	if (marker != ffntp_page_load(page, FFNTP_AT_MARKER))
		ffntp_page_store(page, FFNTP_AT_ANCHOR_COUNT, 0);
	else if (is_usable(former.status) && (int64_t)(map->at - former_at) > 0)
		push_anchor(page);
}

/* --- steady time: the slot that is not written stays whole, also if the writer is killed --- */

static size_t steady_slot(uint32_t sequence)
{
	return FFNTP_AT_STEADY + (size_t)(sequence >> 1 & 1) * FFNTP_STEADY_STRIDE;
}

static void store_steady(struct ffntp_page *page, const struct ffntp_steady *steady)
{
	const uint64_t words[] = {
		(uint64_t)steady->kind | (uint64_t)steady->period_shift << 8 |
			(uint64_t)(uint16_t)steady->numbering.offset_s << 16,
		steady->at,
		steady->period,
		steady->void_after,
		(uint64_t)steady->elapsed.s,
		steady->elapsed.frac,
		(uint64_t)steady->time.s,
		steady->time.frac,
		(uint64_t)steady->ahead.s,
		steady->ahead.frac,
		steady->margin_ns,
		pack_leap_second(steady->numbering.at_s, steady->numbering.sign),
		(uint64_t)steady->joint.s,
		steady->joint.frac,
	};
	size_t slot = steady_slot(ffntp_page_begin(page) + 1);

	_Static_assert(sizeof(words) <= FFNTP_STEADY_STRIDE, "every word of it");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ffntp_page_store(page, slot + 8 * i, words[i]);
}

/* What no writer leaves: times that arithmetic could not bear. */
static bool is_sound_steady(const struct ffntp_steady *steady)
{
	return steady->kind <= FFNTP_STEADY_RUNNING && steady->period_shift <= 62 &&
	       !ffntp_reading_is_far(steady->elapsed.s) && !ffntp_reading_is_far(steady->time.s) &&
	       !ffntp_reading_is_far(steady->ahead.s) && !ffntp_reading_is_far(steady->joint.s) &&
	       (steady->numbering.sign == 0 || !ffntp_reading_is_far(steady->numbering.at_s));
}

/* 'begun' may be odd: then the slot of before. */
void ffntp_page_load_steady(const struct ffntp_page *page, uint32_t begun, struct ffntp_steady *steady)
{
	size_t slot = steady_slot(begun);
	uint64_t kind = ffntp_page_load(page, slot);

	*steady = (struct ffntp_steady){
		.kind = (enum ffntp_steady_kind)(kind & 0xff),
		.period_shift = (uint8_t)(kind >> 8),
		.at = ffntp_page_load(page, slot + 8),
		.period = ffntp_page_load(page, slot + 16),
		.void_after = ffntp_page_load(page, slot + 24),
		.elapsed = { (int64_t)ffntp_page_load(page, slot + 32), ffntp_page_load(page, slot + 40) },
		.time = { (int64_t)ffntp_page_load(page, slot + 48), ffntp_page_load(page, slot + 56) },
		.ahead = { (int64_t)ffntp_page_load(page, slot + 64), ffntp_page_load(page, slot + 72) },
		.margin_ns = ffntp_page_load(page, slot + 80),
		.joint = { (int64_t)ffntp_page_load(page, slot + 96), ffntp_page_load(page, slot + 104) },
		.numbering.offset_s = (int16_t)(uint16_t)(kind >> 16),
	};
	unpack_leap_second(ffntp_page_load(page, slot + 88), &steady->numbering.at_s, &steady->numbering.sign);
	if (!is_sound_steady(steady))
		*steady = (struct ffntp_steady){ .kind = FFNTP_STEADY_NONE };
}

static size_t source_offset(size_t i)
{
	return FFNTP_AT_SOURCES + i * FFNTP_SOURCE_STRIDE;
}

static void store_source(struct ffntp_page *page, size_t at, const struct ffntp_source *source)
{
	uint64_t words[FFNTP_SOURCE_STRIDE / 8] = { 0 };

	for (size_t i = 0; i < 16; i++)
		words[i / 8] |= (uint64_t)source->address[i] << 8 * (i % 8);
	words[2] = (uint64_t)source->port | (uint64_t)source->stratum << 16 | (uint64_t)source->leap << 24 |
		   (uint64_t)source->reach << 32 | (uint64_t)source->poll_log2_s << 40 |
		   (uint64_t)source->is_selected << 48;
	words[3] = (uint64_t)source->refid | (uint64_t)source->root_delay_ns << 32;
	words[4] = source->root_dispersion_ns;
	words[5] = (uint64_t)source->offset_ns;
	words[6] = source->rtt_ns;
	words[7] = source->rtt_min_ns;
	words[8] = source->last_accepted;
	for (size_t i = 0; i < FFNTP_VERDICTS; i++)
		words[9 + i / 2] |= (uint64_t)source->verdicts[i] << 32 * (i % 2);
	for (size_t i = 0; i < FFNTP_SOURCE_STRIDE / 8; i++)
		ffntp_page_store(page, at + 8 * i, words[i]);
}

static uint64_t pack_boot_id(const uint8_t *bytes)
{
	uint64_t word = 0;

	for (size_t i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

static void store_identity(struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	ffntp_page_store(page, FFNTP_AT_COUNTER_KIND, identity->counter_kind);
	ffntp_page_store(page, FFNTP_AT_BOOT_ID, pack_boot_id(identity->boot_id));
	ffntp_page_store(page, FFNTP_AT_BOOT_ID + 8, pack_boot_id(identity->boot_id + 8));
	ffntp_page_store(page, FFNTP_AT_TIME_NAMESPACE, identity->time_namespace);
}

static bool is_same_identity(const struct ffntp_page_identity *a, const struct ffntp_page_identity *b)
{
	bool is_same = a->counter_kind == b->counter_kind && a->time_namespace == b->time_namespace;

	for (size_t i = 0; i < sizeof(a->boot_id); i++)
		is_same = is_same && a->boot_id[i] == b->boot_id[i];
	return is_same;
}

/* Steady time goes on where readings of the counter mean what they meant. */
static struct ffntp_steady keep_steady(const struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	struct ffntp_steady steady = { .kind = FFNTP_STEADY_NONE };
	struct ffntp_page_identity theirs;

	if (ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs) == FFNTP_PAGE_OK && is_same_identity(&theirs, identity))
		ffntp_page_load_steady(page, ffntp_page_begin(page), &steady);
	return steady;
}

void ffntp_page_format(struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	bool is_fresh = load_head(page, 0) != FFNTP_VMCLOCK_MAGIC;
	uint64_t base = is_fresh ? 0 : ffntp_page_load(page, FFNTP_AT_MARKER) + 1;
	struct ffntp_map map = { .status = FFNTP_STATUS_INITIALISING };
	struct ffntp_steady steady = keep_steady(page, identity);

	begin_update(page);
	for (size_t offset = 16; offset < FFNTP_PAGE_SIZE; offset += 8)
		if (offset < FFNTP_AT_BLOCK || offset >= FFNTP_AT_VOID_AFTER) /* a page that is repaired stays a page */
			ffntp_page_store(page, offset, 0);
	ffntp_page_store(page, FFNTP_AT_BLOCK,
			 FFNTP_BLOCK_MAGIC | (uint64_t)FFNTP_BLOCK_VERSION << 32 | (uint64_t)FFNTP_BLOCK_SIZE << 48);
	store_identity(page, identity);
	ffntp_page_store(page, FFNTP_AT_MARKER_BASE, base);
	store_map(page, &map);
	store_steady(page, &steady);
	store_type(page, identity->counter_kind, false);
	store_head(page, 1, FFNTP_PAGE_SIZE);
	store_head(page, 0, FFNTP_VMCLOCK_MAGIC);
	end_update(page);
}

static void publish(struct ffntp_page *page, const struct ffntp_map *map, const struct ffntp_source *sources,
		    size_t count, const struct ffntp_steady *steady)
{
	enum ffntp_counter_kind kind = (enum ffntp_counter_kind)ffntp_page_load(page, FFNTP_AT_COUNTER_KIND);
	struct ffntp_line line = prepare_line(map, kind);

	begin_update(page);
	store_steady(page, steady);
	update_anchors(page, map);
	store_type(page, kind, map->tai_is_known);
	store_map(page, map);
	store_line(page, &line);
	for (size_t i = 0; i < count && i < FFNTP_PAGE_SOURCES; i++)
		store_source(page, source_offset(i), &sources[i]);
	ffntp_page_store(page, FFNTP_AT_SOURCE_COUNT, count < FFNTP_PAGE_SOURCES ? count : FFNTP_PAGE_SOURCES);
	end_update(page);
}

void ffntp_page_publish(struct ffntp_page *page, const struct ffntp_map *map, const struct ffntp_source *sources,
			size_t count)
{
	publish(page, map, sources, count, &(struct ffntp_steady){ .kind = FFNTP_STEADY_NONE });
}

/* A reading of the counter must not overtake the store: on a machine with a store buffer it takes a full fence. */
void ffntp_page_hold(struct ffntp_page *page)
{
	begin_update(page);
	atomic_thread_fence(memory_order_seq_cst);
}

void ffntp_page_publish_steadily(struct ffntp_page *page, const struct ffntp_map *map,
				 const struct ffntp_source *sources, size_t count, ffntp_counter now)
{
	uint64_t marker = ffntp_page_load(page, FFNTP_AT_MARKER_BASE) + map->disruption_marker;
	bool is_continuous = marker == ffntp_page_load(page, FFNTP_AT_MARKER);
	struct ffntp_steady former, next;

	ffntp_page_load_steady(page, ffntp_page_begin(page), &former);
	next = ffntp_steady_next(&former, map, is_continuous, now);
	publish(page, map, sources, count, &next);
}

/* --- readers --- */

static void unpack_boot_id(uint64_t word, uint8_t *bytes)
{
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(word >> 8 * i);
}

static void load_identity(const struct ffntp_page *page, struct ffntp_page_identity *identity)
{
	identity->counter_kind = (enum ffntp_counter_kind)(ffntp_page_load(page, FFNTP_AT_COUNTER_KIND) & 0xff);
	unpack_boot_id(ffntp_page_load(page, FFNTP_AT_BOOT_ID), identity->boot_id);
	unpack_boot_id(ffntp_page_load(page, FFNTP_AT_BOOT_ID + 8), identity->boot_id + 8);
	identity->time_namespace = ffntp_page_load(page, FFNTP_AT_TIME_NAMESPACE);
}

enum ffntp_page_result ffntp_page_check(const struct ffntp_page *page, size_t size,
					struct ffntp_page_identity *identity)
{
	if (size < FFNTP_PAGE_SIZE)
		return FFNTP_PAGE_TRUNCATED;
	if (load_head(page, 0) != FFNTP_VMCLOCK_MAGIC)
		return FFNTP_PAGE_FOREIGN;
	if (load_head(page, 1) < FFNTP_PAGE_SIZE || load_head(page, 1) > size)
		return FFNTP_PAGE_TRUNCATED;
	if ((load_head(page, 2) & 0xffff) != FFNTP_VMCLOCK_VERSION)
		return FFNTP_PAGE_VERSION;

	uint64_t block = ffntp_page_load(page, FFNTP_AT_BLOCK);

	if ((uint32_t)block != FFNTP_BLOCK_MAGIC)
		return FFNTP_PAGE_FOREIGN;
	if ((block >> 32 & 0xffff) != FFNTP_BLOCK_VERSION || block >> 48 < FFNTP_BLOCK_SIZE)
		return FFNTP_PAGE_VERSION;
	load_identity(page, identity);
	return FFNTP_PAGE_OK;
}

static void load_map(const struct ffntp_page *page, struct ffntp_map *map)
{
	uint64_t flags = ffntp_page_load(page, FFNTP_AT_FLAGS);

	unpack_status(ffntp_page_load(page, FFNTP_AT_STATUS), map);
	map->tai_is_known = (flags & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0;
	map->counter_kind = (enum ffntp_counter_kind)ffntp_page_load(page, FFNTP_AT_COUNTER_KIND);
	map->at = ffntp_page_load(page, FFNTP_AT_COUNTER);
	map->period = ffntp_page_load(page, FFNTP_AT_PERIOD);
	map->period_esterror = ffntp_page_load(page, FFNTP_AT_PERIOD_ESTERROR);
	map->period_maxerror = ffntp_page_load(page, FFNTP_AT_PERIOD_MAXERROR);
	map->time.s = from_vmclock_s(map, ffntp_page_load(page, FFNTP_AT_TIME_S));
	map->time.frac = ffntp_page_load(page, FFNTP_AT_TIME_FRAC);
	map->esterror_ns = ffntp_page_load(page, FFNTP_AT_TIME_ESTERROR);
	map->maxerror_before_ns = ffntp_page_load(page, FFNTP_AT_MAXERROR_BEFORE);
	map->maxerror_after_ns = ffntp_page_load(page, FFNTP_AT_MAXERROR_AFTER);
	map->void_after = ffntp_page_load(page, FFNTP_AT_VOID_AFTER);
	unpack_leap_second(ffntp_page_load(page, FFNTP_AT_LEAP_SECOND), &map->leap_at_s, &map->leap_sign);
	map->tai_expires_s = (int64_t)ffntp_page_load(page, FFNTP_AT_TAI_EXPIRES);
	map->disruption_marker = ffntp_page_load(page, FFNTP_AT_MARKER);
	map->stable_period = ffntp_page_load(page, FFNTP_AT_STABLE_PERIOD);
	map->stable_esterror = ffntp_page_load(page, FFNTP_AT_STABLE_ESTERROR);
}

bool ffntp_page_try_read(const struct ffntp_page *page, struct ffntp_map *map)
{
	uint32_t begun = ffntp_page_begin(page);
	struct ffntp_map copy;

	load_map(page, &copy);
	if (!ffntp_page_is_whole(page, begun))
		return false;
	*map = copy;
	return true;
}

enum ffntp_clock_result ffntp_page_read(const struct ffntp_page *page, struct ffntp_map *map)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		if (ffntp_page_try_read(page, map))
			return FFNTP_CLOCK_OK;
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

enum ffntp_clock_result ffntp_page_read_steady(const struct ffntp_page *page, struct ffntp_steady *steady)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(page);
		struct ffntp_steady copy;

		ffntp_page_load_steady(page, begun, &copy);
		if (ffntp_page_is_whole(page, begun)) {
			*steady = copy;
			return FFNTP_CLOCK_OK;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

/* What an anchor shares with the current map is there already. */
static void load_anchor(const struct ffntp_page *page, size_t anchor, struct ffntp_map *map)
{
	uint64_t status = ffntp_page_load(page, anchor);
	uint64_t word[ANCHOR_FIELDS];

	for (size_t i = 0; i < ANCHOR_FIELDS; i++)
		word[i] = ffntp_page_load(page, anchor + 8 * (i + 1));
	unpack_status(status, map);
	map->tai_is_known = (status & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0;
	map->at = word[0];
	map->period = word[1];
	map->period_esterror = word[2];
	map->period_maxerror = word[3];
	map->time = (struct ffntp_time){ from_vmclock_s(map, word[4]), word[5] };
	map->esterror_ns = word[6];
	map->maxerror_before_ns = word[7];
	map->maxerror_after_ns = word[8];
	map->stable_period = word[9];
	map->stable_esterror = word[10];
	map->void_after = word[11];
	unpack_leap_second(word[12], &map->leap_at_s, &map->leap_sign);
}

/* The current map, or the newest anchor that is not after 'then'. */
static enum ffntp_clock_result load_past(const struct ffntp_page *page, ffntp_counter then, struct ffntp_map *map)
{
	uint64_t count = ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT);

	load_map(page, map);
	if ((int64_t)(then - map->at) >= 0)
		return FFNTP_CLOCK_OK;
	for (uint64_t back = 1; back <= count && back <= FFNTP_PAGE_ANCHORS; back++) {
		size_t anchor = anchor_offset(count - back);

		if ((int64_t)(then - ffntp_page_load(page, anchor + 8)) >= 0) {
			load_anchor(page, anchor, map);
			return FFNTP_CLOCK_OK;
		}
	}
	return FFNTP_CLOCK_TOO_OLD;
}

enum ffntp_clock_result ffntp_page_read_past(const struct ffntp_page *page, ffntp_counter then, struct ffntp_map *map)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(page);
		struct ffntp_map copy;
		enum ffntp_clock_result result = load_past(page, then, &copy);

		if (ffntp_page_is_whole(page, begun)) {
			if (result == FFNTP_CLOCK_OK)
				*map = copy;
			return result;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

static void load_source(const struct ffntp_page *page, size_t at, struct ffntp_source *source)
{
	uint64_t words[FFNTP_SOURCE_STRIDE / 8];

	for (size_t i = 0; i < FFNTP_SOURCE_STRIDE / 8; i++)
		words[i] = ffntp_page_load(page, at + 8 * i);
	for (size_t i = 0; i < 16; i++)
		source->address[i] = (uint8_t)(words[i / 8] >> 8 * (i % 8));
	source->port = (uint16_t)words[2];
	source->stratum = (uint8_t)(words[2] >> 16);
	source->leap = (uint8_t)(words[2] >> 24);
	source->reach = (uint8_t)(words[2] >> 32);
	source->poll_log2_s = (uint8_t)(words[2] >> 40);
	source->is_selected = (uint8_t)(words[2] >> 48);
	source->refid = (uint32_t)words[3];
	source->root_delay_ns = (uint32_t)(words[3] >> 32);
	source->root_dispersion_ns = (uint32_t)words[4];
	source->offset_ns = (int64_t)words[5];
	source->rtt_ns = words[6];
	source->rtt_min_ns = words[7];
	source->last_accepted = words[8];
	for (size_t i = 0; i < FFNTP_VERDICTS; i++)
		source->verdicts[i] = (uint32_t)(words[9 + i / 2] >> 32 * (i % 2));
}

enum ffntp_clock_result ffntp_page_read_sources(const struct ffntp_page *page, struct ffntp_source *sources,
						size_t *count)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(page);
		uint64_t there = ffntp_page_load(page, FFNTP_AT_SOURCE_COUNT);

		for (size_t i = 0; i < there && i < FFNTP_PAGE_SOURCES; i++)
			load_source(page, source_offset(i), &sources[i]);
		if (ffntp_page_is_whole(page, begun)) {
			*count = there < FFNTP_PAGE_SOURCES ? (size_t)there : FFNTP_PAGE_SOURCES;
			return FFNTP_CLOCK_OK;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

/* --- the next writer --- */

/* What no writer leaves: a map that could not be read, or would make no sense. */
static bool is_sound(const struct ffntp_map *map)
{
	return map->status <= FFNTP_STATUS_DISRUPTED && map->period_shift <= 62 &&
	       (map->period > 0 || !is_usable(map->status)) && map->leap <= FFNTP_LEAP_POST_NEGATIVE &&
	       map->leap_sign >= -1 && map->leap_sign <= 1;
}

static bool is_adoptable(const struct ffntp_page *page, const struct ffntp_page_identity *identity,
			 struct ffntp_map *former)
{
	struct ffntp_page_identity theirs;

	if (ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs) != FFNTP_PAGE_OK || (ffntp_page_begin(page) & 1) != 0)
		return false;
	load_map(page, former);
	return is_same_identity(&theirs, identity) && is_sound(former);
}

bool ffntp_page_adopt(struct ffntp_page *page, const struct ffntp_page_identity *identity, struct ffntp_map *former)
{
	struct ffntp_steady steady;
	struct ffntp_map found;

	if (!is_adoptable(page, identity, &found)) {
		ffntp_page_format(page, identity);
		return false;
	}
	/* From now on markers count from the one that is there. */
	ffntp_page_load_steady(page, ffntp_page_begin(page), &steady);
	begin_update(page);
	ffntp_page_store(page, FFNTP_AT_MARKER_BASE, 0);
	store_steady(page, &steady); /* each update has a slot of its own */
	end_update(page);
	*former = found;
	return true;
}
