/* page_writer: the writer's side of ffntp/page.h. */
#include "assert.h"
#include "page_judge.h"
#include "page_words.h"

/* --- the copy of the map --- */

/* The words of the map, each range with the place of its copy. */
static const struct {
	uint16_t from, to, copy;
} copied[] = {
#define FFNTP_PAGE_COPIED(from, to, copy) { (from), (to), (copy) },
	FFNTP_PAGE_COPIES
#undef FFNTP_PAGE_COPIED
};

/* Copy the words of the map to the copy, or back. */
static void copy_words(struct ffntp_page *page, bool is_back)
{
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		for (size_t at = copied[i].from, copy = copied[i].copy; at < copied[i].to; at += 8, copy += 8)
			ffntp_page_store(page, is_back ? at : copy, ffntp_page_load(page, is_back ? copy : at));
}

/*
 * Make the copy that readers use during the next update. A reader that loads a word of it also sees the end of the
 * former update, because of the first fence, so that no reader in the former update takes it for the former copy. The
 * second fence keeps the copy from being declared valid before it is complete, in case this writer is killed here.
 */
static void make_copy(struct ffntp_page *page)
{
	atomic_thread_fence(memory_order_release);
	copy_words(page, false);
	atomic_thread_fence(memory_order_release);
	ffntp_page_store(page, FFNTP_AT_COPY_SEQUENCE, ffntp_page_begin(page) + 1);
}

/* Declare the copy invalid, before words change that readers use together with it. */
static void withdraw_copy(struct ffntp_page *page)
{
	ffntp_page_store(page, FFNTP_AT_COPY_SEQUENCE, 0);
	atomic_thread_fence(memory_order_release);
}

/* --- the sequence --- */

/*
 * Begin an update: make the sequence odd. It is odd already if a writer was killed. A reader that sees it sees the
 * whole copy, because of the order release. The fence keeps later stores from moving above it.
 */
static void begin_update(struct ffntp_page *page)
{
	uint32_t sequence = ffntp_page_begin(page) | 1;

	atomic_store_explicit(&page->sequence, FFNTP_LE32(sequence), memory_order_release);
	atomic_thread_fence(memory_order_release);
}

static void end_update(struct ffntp_page *page)
{
	uint32_t sequence = ffntp_page_begin(page) + 1;

	atomic_store_explicit(&page->sequence, FFNTP_LE32(sequence), memory_order_release);
	make_copy(page);
}

/* --- a map --- */

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

	ffntp_page_store_head(page, 2, FFNTP_VMCLOCK_VERSION | vmclock_counter(kind) << 16 | time_type << 24);
}

static void store_map(struct ffntp_page *page, const struct ffntp_map *from)
{
	ffntp_page_store(page, FFNTP_AT_STATUS, ffntp_page_pack_status(from));
#define MAP_WORD(offset, type, NAME, name, unit, since, codec) \
	ffntp_page_store(page, offset, FFNTP_PAGE_PUT(offset, type, codec));
#include "page_fields.def"
}

/* Return whether the page gives the map back to its readers. */
static bool is_stored(const struct ffntp_page *page, const struct ffntp_map *map)
{
	struct ffntp_map stored;

	ffntp_page_load_map(page, 0, &stored); /* the words that are being written */
	return stored.status == map->status && stored.at == map->at && stored.period == map->period &&
	       stored.period_shift == map->period_shift && stored.time.s == map->time.s &&
	       stored.time.frac == map->time.frac && stored.maxerror_before_ns == map->maxerror_before_ns &&
	       stored.maxerror_after_ns == map->maxerror_after_ns && stored.void_after == map->void_after;
}

/* --- the prepared line --- */

static bool is_common(const struct ffntp_map *map, const struct ffntp_line *line)
{
	struct ffntp_span longest = ffntp_span_down(line->limit, map->period, map->period_shift);

	return ffntp_page_is_usable(map->status) && (int64_t)line->limit > 0 &&
	       longest.s < FFNTP_READING_ELAPSED_LIMIT_S && map->maxerror_before_ns > 0 &&
	       map->maxerror_before_ns >> 62 == 0 && map->maxerror_after_ns > 0 && map->maxerror_after_ns >> 62 == 0 &&
	       map->esterror_ns >> 62 == 0 && ffntp_rate_ns(map->period_maxerror, map->period_shift).high == 0 &&
	       ffntp_rate_ns(map->period_esterror, map->period_shift).high == 0 &&
	       (uint64_t)map->time.s < FFNTP_READING_EPOCH_LIMIT_S &&
	       (map->leap_sign == 0 || !ffntp_reading_is_far(map->leap_at_s));
}

static bool is_reached(const struct ffntp_map *map, uint64_t ticks, int64_t s)
{
	struct ffntp_span elapsed = ffntp_span_down(ticks, map->period, map->period_shift);

	return ffntp_time_plus(map->time, elapsed).s >= s;
}

/*
 * Return the largest number of ticks, at most 'ticks', at which the time has not reached s; readers do not use the line
 * beyond it.
 */
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

/*
 * Return the number of ticks for which the line is valid: up to void_after, or to the beginning or end of a leap
 * second, where UTC leaves the line, or until TAI becomes unknown because its table expires.
 */
static uint64_t limit_of(const struct ffntp_map *map)
{
	uint64_t limit = map->void_after - map->at;

	if (ffntp_reading_has_tai(map, map->time) && map->tai_expires_s != 0 && !map->tai_outlasts_table &&
	    !ffntp_reading_is_far(map->tai_expires_s))
		limit = ticks_until(map, limit, map->tai_expires_s + map->tai_offset_s);
	if (map->leap_sign != 0 && map->time.s < map->leap_at_s)
		return ticks_until(map, limit, map->leap_at_s);
	if (map->leap_sign > 0 && map->time.s == map->leap_at_s)
		return ticks_until(map, limit, map->leap_at_s + 1);
	return limit;
}

/*
 * Prepare the line of a map. If a map does not fit the prepared form, its line is readable in no scale, and readers use
 * the map.
 */
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
		    (uint64_t)ffntp_reading_has_tai(map, map->time) << (FFNTP_LINE_SCALE_SHIFT + FFNTP_TAI) |
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
#define LINE_WORD(offset, type, member, name, unit, since)                                                          \
	_Static_assert((offset) == FFNTP_AT_LINE + offsetof(struct ffntp_line, member), "where readers expect it"); \
	ffntp_page_store(page, offset, line->member);
#include "page_fields.def"
}

/* --- past maps --- */

/* Where the words of a past map are from. Word 0 is its status, whose padding has further fields. */
static const uint16_t past_words[FFNTP_ANCHOR_STRIDE / 8] = {
	[0] = FFNTP_AT_STATUS,
#define PAST_WORD(number, offset, type, NAME, name, unit, since, codec) [number] = (offset),
#include "page_fields.def"
};

/* The padding before a past map's status holds the TAI flag and the error from asymmetry. */
static void push_anchor(struct ffntp_page *page)
{
	uint64_t count = ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT);
	uint64_t tai_flag = ffntp_page_load(page, FFNTP_AT_FLAGS) & FFNTP_VMCLOCK_TAI_OFFSET_VALID;
	uint64_t asymmetry = ffntp_page_pack_coarse(ffntp_page_load(page, FFNTP_AT_ASYMMETRY_ESTERROR));
	size_t anchor = ffntp_page_anchor_at(count);

	ffntp_page_store(page, anchor, ffntp_page_load(page, FFNTP_AT_STATUS) | tai_flag | asymmetry << 1);
	for (size_t i = 1; i < FFNTP_ANCHOR_STRIDE / 8; i++)
		ffntp_page_store(page, anchor + 8 * i, ffntp_page_load(page, past_words[i]));
	ffntp_page_store(page, FFNTP_AT_ANCHOR_COUNT, count + 1);
}

/*
 * Store the current map as a past map before a new one replaces it. A disruption drops all past maps, because earlier
 * counter readings have lost their meaning. A map with the same 'at' only replaces the current one.
 */
static void update_anchors(struct ffntp_page *page, const struct ffntp_map *map)
{
	uint64_t marker = ffntp_page_load(page, FFNTP_AT_MARKER_BASE) + map->disruption_marker;
	ffntp_counter former_at = ffntp_page_load(page, FFNTP_AT_COUNTER);
	struct ffntp_map former;

	ffntp_page_unpack_status(ffntp_page_load(page, FFNTP_AT_STATUS), &former);
	if (marker != ffntp_page_load(page, FFNTP_AT_MARKER))
		ffntp_page_store(page, FFNTP_AT_ANCHOR_COUNT, 0);
	else if (ffntp_page_is_usable(former.status) && (int64_t)(map->at - former_at) > 0)
		push_anchor(page);
}

/* --- monotonic state, sources, identity --- */

static void store_steady(struct ffntp_page *page, const struct ffntp_steady *from)
{
	size_t slot = ffntp_page_steady_at(ffntp_page_begin(page) + 1);
	uint64_t words[FFNTP_STEADY_STRIDE / 8] = { 0 };

#define STEADY_FIELD(offset, type, name, unit, since, codec) words[(offset) / 8] |= FFNTP_PAGE_PUT(offset, type, codec);
#include "page_fields.def"
	for (size_t i = 0; i < FFNTP_STEADY_STRIDE / 8; i++)
		ffntp_page_store(page, slot + 8 * i, words[i]);
}

static void store_source(struct ffntp_page *page, size_t at, const struct ffntp_source *from)
{
	uint64_t words[FFNTP_SOURCE_STRIDE / 8] = { 0 };

#define SOURCE_FIELD(offset, type, name, unit, since, codec) words[(offset) / 8] |= FFNTP_PAGE_PUT(offset, type, codec);
#include "page_fields.def"
	for (size_t i = 0; i < 16; i++)
		words[i / 8] |= (uint64_t)from->address[i] << 8 * (i % 8);
	for (size_t i = 0; i < FFNTP_VERDICTS; i++)
		words[9 + i / 2] |= (uint64_t)from->verdicts[i] << 32 * (i % 2);
	for (size_t i = 0; i < FFNTP_SOURCE_STRIDE / 8; i++)
		ffntp_page_store(page, at + 8 * i, words[i]);
}

static void store_identity(struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	ffntp_page_store(page, FFNTP_AT_COUNTER_KIND, identity->counter_kind);
	ffntp_page_store(page, FFNTP_AT_BOOT_ID, ffntp_page_pack_boot(identity->boot_id));
	ffntp_page_store(page, FFNTP_AT_BOOT_ID + 8, ffntp_page_pack_boot(identity->boot_id + 8));
	ffntp_page_store(page, FFNTP_AT_TIME_NAMESPACE, identity->time_namespace);
}

static bool is_same_identity(const struct ffntp_page_identity *a, const struct ffntp_page_identity *b)
{
	bool is_same = a->counter_kind == b->counter_kind && a->time_namespace == b->time_namespace;

	for (size_t i = 0; i < sizeof(a->boot_id); i++)
		is_same = is_same && a->boot_id[i] == b->boot_id[i];
	return is_same;
}

/*
 * Return the monotonic state of the former page if its counter readings are comparable, that is, if the identity is the
 * same.
 */
static struct ffntp_steady keep_steady(const struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	struct ffntp_steady steady = { .kind = FFNTP_STEADY_NONE };
	struct ffntp_page_identity theirs;

	if (ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs) == FFNTP_PAGE_OK && is_same_identity(&theirs, identity))
		ffntp_page_load_steady(page, ffntp_page_begin(page), &steady);
	return steady;
}

/* --- updates --- */

/* Lay the page out for a counter, with a monotonic state to begin with. */
static void lay_out(struct ffntp_page *page, const struct ffntp_page_identity *identity,
		    const struct ffntp_steady *steady)
{
	bool is_fresh = ffntp_page_load_head(page, 0) != FFNTP_VMCLOCK_MAGIC;
	uint64_t base = is_fresh ? 0 : ffntp_page_load(page, FFNTP_AT_MARKER) + 1;
	uint32_t counter_base = is_fresh ? 0 : (uint32_t)ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER) + 1;
	struct ffntp_map map = { .status = FFNTP_STATUS_INITIALISING };

	withdraw_copy(page);
	begin_update(page);
	for (size_t offset = 16; offset < FFNTP_PAGE_SIZE; offset += 8)
		if (offset < FFNTP_AT_BLOCK ||
		    offset >= FFNTP_AT_VOID_AFTER) /* these words stay, so that a page being laid out again is valid for
						      readers at all times */
			ffntp_page_store(page, offset, 0);
	ffntp_page_store(page, FFNTP_AT_BLOCK,
			 FFNTP_BLOCK_MAGIC | (uint64_t)FFNTP_BLOCK_VERSION << 32 | (uint64_t)FFNTP_BLOCK_SIZE << 48);
	store_identity(page, identity);
	ffntp_page_store(page, FFNTP_AT_MARKER_BASE, base);
	ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER, ffntp_page_pack_marker_pair(counter_base, 0));
	store_map(page, &map);
	store_steady(page, steady);
	store_type(page, identity->counter_kind, false);
	ffntp_page_store_head(page, 1, FFNTP_PAGE_SIZE);
	ffntp_page_store_head(page, 0, FFNTP_VMCLOCK_MAGIC);
	end_update(page);
}

void ffntp_page_format(struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	struct ffntp_steady steady = keep_steady(page, identity);

	lay_out(page, identity, &steady);
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
	FFNTP_ASSERT(is_stored(page, map));
	store_line(page, &line);
	for (size_t i = 0; i < count && i < FFNTP_PAGE_SOURCES; i++)
		store_source(page, ffntp_page_source_at(i), &sources[i]);
	ffntp_page_store(page, FFNTP_AT_SOURCE_COUNT, count < FFNTP_PAGE_SOURCES ? count : FFNTP_PAGE_SOURCES);
	end_update(page);
}

void ffntp_page_publish(struct ffntp_page *page, const struct ffntp_map *map, const struct ffntp_source *sources,
			size_t count)
{
	publish(page, map, sources, count, &(struct ffntp_steady){ .kind = FFNTP_STEADY_NONE });
}

/*
 * The full fence keeps the caller's reading of the counter from overtaking the store, which may wait in a store buffer.
 */
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

/* --- taking over a page --- */

static bool is_adoptable(const struct ffntp_page *page, uint32_t begun, const struct ffntp_page_identity *identity,
			 struct ffntp_map *former)
{
	struct ffntp_page_identity theirs;

	return ffntp_page_check(page, FFNTP_PAGE_SIZE, &theirs) == FFNTP_PAGE_OK &&
	       ffntp_page_try_read(page, begun, former) && is_same_identity(&theirs, identity);
}

/* Later markers continue from those on the page, so that their base is 0. */
static void rebase_markers(struct ffntp_page *page, const struct ffntp_map *former)
{
	ffntp_page_store(page, FFNTP_AT_MARKER_BASE, 0);
	ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER, ffntp_page_pack_marker_pair(0, former->counter_marker));
}

/*
 * Undo the update that a killed writer left unfinished: store the former map from the copy. Half of its past map may
 * lie over the oldest one: readers do not use a past map that begins when the current one does. The sources are unknown
 * until the next update.
 */
static void undo_update(struct ffntp_page *page, const struct ffntp_map *former, const struct ffntp_steady *steady)
{
	begin_update(page);
	copy_words(page, true);
	ffntp_page_store(page, ffntp_page_anchor_at(ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT)) + 8, former->at);
	rebase_markers(page, former);
	publish(page, former, NULL, 0, steady);
}

/* Continue the page of a writer that ended between updates. It may have been killed while it made the copy. */
static void continue_page(struct ffntp_page *page, const struct ffntp_map *former, const struct ffntp_steady *steady)
{
	make_copy(page);
	begin_update(page);
	rebase_markers(page, former);
	store_steady(page, steady); /* each update uses the other slot */
	end_update(page);
}

bool ffntp_page_adopt(struct ffntp_page *page, const struct ffntp_page_identity *identity, struct ffntp_map *former)
{
	uint32_t begun = ffntp_page_begin(page);
	struct ffntp_steady steady;
	struct ffntp_map found;

	if (!is_adoptable(page, begun, identity, &found)) {
		ffntp_page_format(page, identity);
		return false;
	}
	ffntp_page_load_steady(page, begun, &steady);
	if (!ffntp_page_is_intact(page, begun, &found, &steady)) {
		lay_out(page, identity, &(struct ffntp_steady){ .kind = FFNTP_STEADY_NONE });
		return false;
	}
	if ((begun & 1) != 0)
		undo_update(page, &found, &steady);
	else
		continue_page(page, &found, &steady);
	*former = found;
	return true;
}
