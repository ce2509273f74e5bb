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
		return "a clock page of a version that is not known here: update this program or ffntpd, whichever is "
		       "older";
	case FFNTP_PAGE_OTHER_BOOT:
		return "a clock page from before this machine last started: no ffntpd has written it since";
	case FFNTP_PAGE_OTHER_NAMESPACE:
		return "a clock page of another time namespace: run ffntpd in the namespace of its readers";
	case FFNTP_PAGE_NO_COUNTER:
		return "a clock page whose counter cannot be read safely here: ffntpd may have to be started again";
	case FFNTP_PAGE_MISSING:
		return "no clock page there; is ffntpd running?";
	case FFNTP_PAGE_UNTRUSTED:
		return "a clock page in a place where a user who is not trusted could replace it";
	case FFNTP_PAGE_DENIED:
		return "this user may not read it: see the permissions of the file and of its folders";
	case FFNTP_PAGE_UNKNOWN_BOOT:
		return "a clock page of which it is not known whether it is of this boot, because boot_id is hidden; a "
		       "page on a "
		       "tmpfs such as /run can be read";
	case FFNTP_PAGE_LIMIT:
		return "too many open files, or no memory";
	}
	return "unknown";
}

const char *ffntp_selection_name(enum ffntp_selection selection)
{
	static const char *const names[FFNTP_SELECTIONS] = {
		[FFNTP_SELECTION_NONE] = "none",
		[FFNTP_SELECTION_FOLLOWED] = "followed",
		[FFNTP_SELECTION_COMBINED] = "combined",
		[FFNTP_SELECTION_SPARE] = "spare",
		[FFNTP_SELECTION_FALSETICKER] = "falseticker",
		[FFNTP_SELECTION_ASTRAY] = "astray",
		[FFNTP_SELECTION_NO_MAJORITY] = "no-majority",
	};

	return (unsigned)selection < FFNTP_SELECTIONS ? names[selection] : "unknown";
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
void ffntp_page_load_steady(const struct ffntp_page *page, uint32_t begun, struct ffntp_steady *to)
{
	size_t slot = ffntp_page_steady_at(begun);

	*to = (struct ffntp_steady){ .kind = FFNTP_STEADY_NONE };
#define STEADY_FIELD(offset, type, name, unit, since, codec) \
	FFNTP_PAGE_GET(offset, type, codec, ffntp_page_load(page, slot + (offset) / 8 * 8));
#include "page_fields.def"
	if (!is_sound_steady(to))
		*to = (struct ffntp_steady){ .kind = FFNTP_STEADY_NONE };
}

void ffntp_page_load_map(const struct ffntp_page *page, uint32_t begun, struct ffntp_map *to)
{
	ffntp_page_unpack_status(ffntp_page_load_current(page, begun, FFNTP_AT_STATUS), to);
	to->counter_kind = (enum ffntp_counter_kind)ffntp_page_load(page, FFNTP_AT_COUNTER_KIND);
#define MAP_WORD(offset, type, NAME, name, unit, since, codec) \
	FFNTP_PAGE_GET(offset, type, codec, ffntp_page_load_current(page, begun, offset));
#include "page_fields.def"
}

bool ffntp_page_try_read(const struct ffntp_page *page, uint32_t begun, struct ffntp_map *map)
{
	struct ffntp_map copy;

	ffntp_page_load_map(page, begun, &copy);
	if (!ffntp_page_is_current(page, begun))
		return false;
	*map = copy;
	return true;
}

enum ffntp_clock_result ffntp_page_read(const struct ffntp_page *page, struct ffntp_map *map)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		if (ffntp_page_try_read(page, ffntp_page_begin(page), map))
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

void ffntp_page_load_past_map(const struct ffntp_page *page, uint64_t number, struct ffntp_map *to)
{
	size_t anchor = ffntp_page_anchor_at(number);
	uint64_t status = ffntp_page_load(page, anchor);

	ffntp_page_unpack_status(status, to);
	ffntp_page_unpack_flags(status, to);
	to->asymmetry_esterror_ns = ffntp_page_unpack_coarse(status >> 1);
#define PAST_WORD(number, offset, type, NAME, name, unit, since, codec) \
	FFNTP_PAGE_GET(offset, type, codec, ffntp_page_load(page, anchor + 8 * (number)));
#include "page_fields.def"
}

/*
 * Load the current map or, if 'then' is earlier, the newest past map that is not after 'then'. The update that is under
 * way if 'begun' is odd may store one past map, and always over the oldest one, so that the others can be used.
 */
static enum ffntp_clock_result load_past(const struct ffntp_page *page, uint32_t begun, ffntp_counter then,
					 struct ffntp_map *map)
{
	uint64_t count = ffntp_page_load_current(page, begun, FFNTP_AT_ANCHOR_COUNT);

	ffntp_page_load_map(page, begun, map);
	if ((int64_t)(then - map->at) >= 0)
		return FFNTP_CLOCK_OK;
	for (uint64_t back = 1; back <= count && back <= FFNTP_PAGE_ANCHORS - (begun & 1); back++) {
		size_t anchor = ffntp_page_anchor_at(count - back);

		if ((int64_t)(then - ffntp_page_load(page, anchor + 8)) >= 0) {
			ffntp_page_load_past_map(page, count - back, map);
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
		enum ffntp_clock_result result = load_past(page, begun, then, &copy);

		if (ffntp_page_is_current(page, begun)) {
			if (result == FFNTP_CLOCK_OK)
				*map = copy;
			return result;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

static void load_source(const struct ffntp_page *page, size_t at, struct ffntp_source *to)
{
	uint64_t words[FFNTP_SOURCE_STRIDE / 8];

	for (size_t i = 0; i < FFNTP_SOURCE_STRIDE / 8; i++)
		words[i] = ffntp_page_load(page, at + 8 * i);
#define SOURCE_FIELD(offset, type, name, unit, since, codec) FFNTP_PAGE_GET(offset, type, codec, words[(offset) / 8]);
#include "page_fields.def"
	for (size_t i = 0; i < 16; i++)
		to->address[i] = (uint8_t)(words[i / 8] >> 8 * (i % 8));
	for (size_t i = 0; i < FFNTP_VERDICTS; i++)
		to->verdicts[i] = (uint32_t)(words[9 + i / 2] >> 32 * (i % 2));
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
