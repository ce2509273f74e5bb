/* page_reader: the readers' side of ffntp/page.h. */
#include "page_words.h"

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
	case FFNTP_PAGE_UNTRUSTED:
		return "a clock page in a place where a user who is not trusted could replace it";
	case FFNTP_PAGE_DENIED:
		return "this user may not read it";
	case FFNTP_PAGE_UNKNOWN_BOOT:
		return "a clock page of which it is not known whether it is of this boot, because boot_id is hidden; a "
		       "page on a "
		       "tmpfs such as /run can be read";
	case FFNTP_PAGE_LIMIT:
		return "too many open files, or no memory";
	}
	return "unknown";
}

static void load_identity(const struct ffntp_page *page, struct ffntp_page_identity *identity)
{
	identity->counter_kind = (enum ffntp_counter_kind)(ffntp_page_load(page, FFNTP_AT_COUNTER_KIND) & 0xff);
	ffntp_page_unpack_boot(ffntp_page_load(page, FFNTP_AT_BOOT_ID), identity->boot_id);
	ffntp_page_unpack_boot(ffntp_page_load(page, FFNTP_AT_BOOT_ID + 8), identity->boot_id + 8);
	identity->time_namespace = ffntp_page_load(page, FFNTP_AT_TIME_NAMESPACE);
}

enum ffntp_page_result ffntp_page_check(const struct ffntp_page *page, size_t size,
					struct ffntp_page_identity *identity)
{
	if (size < FFNTP_PAGE_SIZE)
		return FFNTP_PAGE_TRUNCATED;
	if (ffntp_page_load_head(page, 0) != FFNTP_VMCLOCK_MAGIC)
		return FFNTP_PAGE_FOREIGN;
	if (ffntp_page_load_head(page, 1) < FFNTP_PAGE_SIZE || ffntp_page_load_head(page, 1) > size)
		return FFNTP_PAGE_TRUNCATED;
	if ((ffntp_page_load_head(page, 2) & 0xffff) != FFNTP_VMCLOCK_VERSION)
		return FFNTP_PAGE_VERSION;

	uint64_t block = ffntp_page_load(page, FFNTP_AT_BLOCK);

	if ((uint32_t)block != FFNTP_BLOCK_MAGIC)
		return FFNTP_PAGE_FOREIGN;
	if ((block >> 32 & 0xffff) != FFNTP_BLOCK_VERSION || block >> 48 < FFNTP_BLOCK_SIZE)
		return FFNTP_PAGE_VERSION;
	load_identity(page, identity);
	return FFNTP_PAGE_OK;
}

/* Return whether the state is one that a writer stores; other times might overflow the arithmetic. */
static bool is_sound_steady(const struct ffntp_steady *steady)
{
	return steady->kind <= FFNTP_STEADY_RUNNING && steady->period_shift <= 62 &&
	       !ffntp_reading_is_far(steady->elapsed.s) && !ffntp_reading_is_far(steady->time.s) &&
	       !ffntp_reading_is_far(steady->ahead.s) && !ffntp_reading_is_far(steady->joint.s) &&
	       (steady->numbering.sign == 0 || !ffntp_reading_is_far(steady->numbering.at_s));
}

/* An odd 'begun' selects the slot that is not being written. */
void ffntp_page_load_steady(const struct ffntp_page *page, uint32_t begun, struct ffntp_steady *steady)
{
	size_t slot = ffntp_page_steady_at(begun);
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
	ffntp_page_unpack_leap(ffntp_page_load(page, slot + 88), &steady->numbering.at_s, &steady->numbering.sign);
	if (!is_sound_steady(steady))
		*steady = (struct ffntp_steady){ .kind = FFNTP_STEADY_NONE };
}

void ffntp_page_load_map(const struct ffntp_page *page, struct ffntp_map *map)
{
	uint64_t flags = ffntp_page_load(page, FFNTP_AT_FLAGS);

	ffntp_page_unpack_status(ffntp_page_load(page, FFNTP_AT_STATUS), map);
	map->tai_is_known = (flags & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0;
	map->counter_kind = (enum ffntp_counter_kind)ffntp_page_load(page, FFNTP_AT_COUNTER_KIND);
	map->at = ffntp_page_load(page, FFNTP_AT_COUNTER);
	map->period = ffntp_page_load(page, FFNTP_AT_PERIOD);
	map->period_esterror = ffntp_page_load(page, FFNTP_AT_PERIOD_ESTERROR);
	map->period_maxerror = ffntp_page_load(page, FFNTP_AT_PERIOD_MAXERROR);
	map->time.s = ffntp_page_map_s(map, ffntp_page_load(page, FFNTP_AT_TIME_S));
	map->time.frac = ffntp_page_load(page, FFNTP_AT_TIME_FRAC);
	map->esterror_ns = ffntp_page_load(page, FFNTP_AT_TIME_ESTERROR);
	map->asymmetry_esterror_ns = ffntp_page_load(page, FFNTP_AT_ASYMMETRY_ESTERROR);
	map->maxerror_before_ns = ffntp_page_load(page, FFNTP_AT_MAXERROR_BEFORE);
	map->maxerror_after_ns = ffntp_page_load(page, FFNTP_AT_MAXERROR_AFTER);
	map->void_after = ffntp_page_load(page, FFNTP_AT_VOID_AFTER);
	ffntp_page_unpack_leap(ffntp_page_load(page, FFNTP_AT_LEAP_SECOND), &map->leap_at_s, &map->leap_sign);
	map->tai_expires_s = (int64_t)ffntp_page_load(page, FFNTP_AT_TAI_EXPIRES);
	map->tai_outlasts_table = ffntp_page_load(page, FFNTP_AT_TAI_OUTLASTS) == 1;
	map->disruption_marker = ffntp_page_load(page, FFNTP_AT_MARKER);
	map->counter_marker = (uint32_t)ffntp_page_load(page, FFNTP_AT_COUNTER_MARKER);
	map->stable_period = ffntp_page_load(page, FFNTP_AT_STABLE_PERIOD);
	map->stable_esterror = ffntp_page_load(page, FFNTP_AT_STABLE_ESTERROR);
}

bool ffntp_page_try_read(const struct ffntp_page *page, struct ffntp_map *map)
{
	uint32_t begun = ffntp_page_begin(page);
	struct ffntp_map copy;

	ffntp_page_load_map(page, &copy);
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

/* Load a past map. The caller has loaded the current map into *map, which supplies the fields that both share. */
static void load_anchor(const struct ffntp_page *page, size_t anchor, struct ffntp_map *map)
{
	uint64_t status = ffntp_page_load(page, anchor);
	uint64_t word[FFNTP_ANCHOR_FIELDS];

	for (size_t i = 0; i < FFNTP_ANCHOR_FIELDS; i++)
		word[i] = ffntp_page_load(page, anchor + 8 * (i + 1));
	ffntp_page_unpack_status(status, map);
	map->tai_is_known = (status & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0;
	map->at = word[0];
	map->period = word[1];
	map->period_esterror = word[2];
	map->period_maxerror = word[3];
	map->time = (struct ffntp_time){ ffntp_page_map_s(map, word[4]), word[5] };
	map->esterror_ns = word[6];
	map->asymmetry_esterror_ns = ffntp_page_unpack_coarse(status >> 1);
	map->maxerror_before_ns = word[7];
	map->maxerror_after_ns = word[8];
	map->stable_period = word[9];
	map->stable_esterror = word[10];
	map->void_after = word[11];
	ffntp_page_unpack_leap(word[12], &map->leap_at_s, &map->leap_sign);
}

/* Load the current map or, if 'then' is earlier, the newest past map that is not after 'then'. */
static enum ffntp_clock_result load_past(const struct ffntp_page *page, ffntp_counter then, struct ffntp_map *map)
{
	uint64_t count = ffntp_page_load(page, FFNTP_AT_ANCHOR_COUNT);

	ffntp_page_load_map(page, map);
	if ((int64_t)(then - map->at) >= 0)
		return FFNTP_CLOCK_OK;
	for (uint64_t back = 1; back <= count && back <= FFNTP_PAGE_ANCHORS; back++) {
		size_t anchor = ffntp_page_anchor_at(count - back);

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
			load_source(page, ffntp_page_source_at(i), &sources[i]);
		if (ffntp_page_is_whole(page, begun)) {
			*count = there < FFNTP_PAGE_SOURCES ? (size_t)there : FFNTP_PAGE_SOURCES;
			return FFNTP_CLOCK_OK;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}
