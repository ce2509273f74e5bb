/* page_writer: the writer's side of ffntp/page.h. */
#include "page_words.h"

/*
 * Begin an update: make the sequence odd. It is odd already if a writer was killed. The fence keeps later stores from
 * moving above it.
 */
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

static bool is_usable(enum ffntp_status status)
{
	return status == FFNTP_STATUS_SYNCHRONISED || status == FFNTP_STATUS_FREE_RUNNING;
}

static void store_map(struct ffntp_page *page, const struct ffntp_map *map)
{
	uint64_t tai_flag = map->tai_is_known ? FFNTP_VMCLOCK_TAI_OFFSET_VALID : 0;
	uint64_t error_flags = is_usable(map->status) ? FFNTP_VMCLOCK_ERRORS_VALID : 0;
	uint64_t base = ffntp_page_load(page, FFNTP_AT_MARKER_BASE);
	uint32_t counter_base = (uint32_t)(ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER) >> 32);

	ffntp_page_store(page, FFNTP_AT_MARKER, base + map->disruption_marker);
	ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER,
			 ffntp_page_pack_counter_marker(counter_base, map->counter_marker));
	ffntp_page_store(page, FFNTP_AT_FLAGS, error_flags | tai_flag);
	ffntp_page_store(page, FFNTP_AT_STATUS, ffntp_page_pack_status(map));
	ffntp_page_store(page, FFNTP_AT_COUNTER, map->at);
	ffntp_page_store(page, FFNTP_AT_PERIOD, map->period);
	ffntp_page_store(page, FFNTP_AT_PERIOD_ESTERROR, map->period_esterror);
	ffntp_page_store(page, FFNTP_AT_PERIOD_MAXERROR, map->period_maxerror);
	ffntp_page_store(page, FFNTP_AT_TIME_S, ffntp_page_vmclock_s(map));
	ffntp_page_store(page, FFNTP_AT_TIME_FRAC, map->time.frac);
	ffntp_page_store(page, FFNTP_AT_TIME_ESTERROR, map->esterror_ns);
	ffntp_page_store(page, FFNTP_AT_ASYMMETRY_ESTERROR, map->asymmetry_esterror_ns);
	ffntp_page_store(page, FFNTP_AT_TIME_MAXERROR, ffntp_larger(map->maxerror_before_ns, map->maxerror_after_ns));
	ffntp_page_store(page, FFNTP_AT_MAXERROR_BEFORE, map->maxerror_before_ns);
	ffntp_page_store(page, FFNTP_AT_MAXERROR_AFTER, map->maxerror_after_ns);
	ffntp_page_store(page, FFNTP_AT_STABLE_PERIOD, map->stable_period);
	ffntp_page_store(page, FFNTP_AT_STABLE_ESTERROR, map->stable_esterror);
	ffntp_page_store(page, FFNTP_AT_VOID_AFTER, map->void_after);
	ffntp_page_store(page, FFNTP_AT_LEAP_SECOND, ffntp_page_pack_leap(map->leap_at_s, map->leap_sign));
	ffntp_page_store(page, FFNTP_AT_TAI_EXPIRES, (uint64_t)map->tai_expires_s);
	ffntp_page_store(page, FFNTP_AT_TAI_OUTLASTS, map->tai_outlasts_table);
}

/* --- the prepared line --- */

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

/* --- past maps --- */

/* The words of a past map, in order. The padding before its status holds the TAI flag and the error from asymmetry. */
static const uint16_t anchor_fields[] = {
	FFNTP_AT_COUNTER,        FFNTP_AT_PERIOD,        FFNTP_AT_PERIOD_ESTERROR, FFNTP_AT_PERIOD_MAXERROR,
	FFNTP_AT_TIME_S,         FFNTP_AT_TIME_FRAC,     FFNTP_AT_TIME_ESTERROR,   FFNTP_AT_MAXERROR_BEFORE,
	FFNTP_AT_MAXERROR_AFTER, FFNTP_AT_STABLE_PERIOD, FFNTP_AT_STABLE_ESTERROR, FFNTP_AT_VOID_AFTER,
	FFNTP_AT_LEAP_SECOND,
};

_Static_assert(sizeof(anchor_fields) / sizeof(anchor_fields[0]) == FFNTP_ANCHOR_FIELDS, "every word of it");

static void push_anchor(struct ffntp_page *page)
{
	uint64_t count = ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT);
	uint64_t tai_flag = ffntp_page_load(page, FFNTP_AT_FLAGS) & FFNTP_VMCLOCK_TAI_OFFSET_VALID;
	uint64_t asymmetry = ffntp_page_pack_coarse(ffntp_page_load(page, FFNTP_AT_ASYMMETRY_ESTERROR));
	size_t anchor = ffntp_page_anchor_at(count);

	ffntp_page_store(page, anchor, ffntp_page_load(page, FFNTP_AT_STATUS) | tai_flag | asymmetry << 1);
	for (size_t i = 0; i < FFNTP_ANCHOR_FIELDS; i++)
		ffntp_page_store(page, anchor + 8 * (i + 1), ffntp_page_load(page, anchor_fields[i]));
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
	else if (is_usable(former.status) && (int64_t)(map->at - former_at) > 0)
		push_anchor(page);
}

/* --- monotonic state, sources, identity --- */

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
		ffntp_page_pack_leap(steady->numbering.at_s, steady->numbering.sign),
		(uint64_t)steady->joint.s,
		steady->joint.frac,
	};
	size_t slot = ffntp_page_steady_at(ffntp_page_begin(page) + 1);

	_Static_assert(sizeof(words) <= FFNTP_STEADY_STRIDE, "every word of it");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ffntp_page_store(page, slot + 8 * i, words[i]);
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

void ffntp_page_format(struct ffntp_page *page, const struct ffntp_page_identity *identity)
{
	bool is_fresh = ffntp_page_load_head(page, 0) != FFNTP_VMCLOCK_MAGIC;
	uint64_t base = is_fresh ? 0 : ffntp_page_load(page, FFNTP_AT_MARKER) + 1;
	uint32_t counter_base = is_fresh ? 0 : (uint32_t)ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER) + 1;
	struct ffntp_map map = { .status = FFNTP_STATUS_INITIALISING };
	struct ffntp_steady steady = keep_steady(page, identity);

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
	ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER, ffntp_page_pack_counter_marker(counter_base, 0));
	store_map(page, &map);
	store_steady(page, &steady);
	store_type(page, identity->counter_kind, false);
	ffntp_page_store_head(page, 1, FFNTP_PAGE_SIZE);
	ffntp_page_store_head(page, 0, FFNTP_VMCLOCK_MAGIC);
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

/* Return whether the map is one that a writer stores: readable, with values in range. */
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
	ffntp_page_load_map(page, former);
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
	/* Later markers continue from the one on the page, so their base is 0. */
	ffntp_page_load_steady(page, ffntp_page_begin(page), &steady);
	begin_update(page);
	ffntp_page_store(page, FFNTP_AT_MARKER_BASE, 0);
	ffntp_page_store(page, FFNTP_AT_COUNTER_MARKER, ffntp_page_pack_counter_marker(0, found.counter_marker));
	store_steady(page, &steady); /* each update uses the other slot */
	end_update(page);
	*former = found;
	return true;
}
