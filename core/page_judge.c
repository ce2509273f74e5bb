/* page_judge: see page_judge.h. */
#include "page_judge.h"

#include "clock.h"
#include "page_words.h"

/* A leap second is at most this far from its map (s): an NTP era, within which any client's time is. */
#define LEAP_DISTANCE_MOST_S (INT64_C(1) << 32)

/*
 * Least period in the map's units. ffntp_mapping_shift gives the hint its top two bits, and the hint may be wrong by a
 * tenth.
 */
#define PERIOD_LEAST (UINT64_C(1) << 61)
#define SHIFT_MOST 62

/* --- a map --- */

static bool is_in_range(const struct ffntp_map *map)
{
	return map->status <= FFNTP_STATUS_DISRUPTED && map->period_shift <= SHIFT_MOST &&
	       map->leap <= FFNTP_LEAP_POST_NEGATIVE && map->leap_sign >= -1 && map->leap_sign <= 1;
}

/* The errors of a rate are far below the rate itself, and so is the distance of the two periods. */
static bool has_sound_rate(const struct ffntp_map *map)
{
	uint64_t apart =
		map->stable_period > map->period ? map->stable_period - map->period : map->period - map->stable_period;

	return map->period > 0 && (map->period >= PERIOD_LEAST || map->period_shift == SHIFT_MOST) &&
	       map->period_maxerror < map->period / 2 && map->period_esterror < map->period / 2 &&
	       map->stable_esterror < map->period / 2 && apart < map->period / 2;
}

static bool has_sound_time(const struct ffntp_map *map)
{
	int64_t apart_s;

	if (ffntp_reading_is_far(map->time.s) || ffntp_reading_is_far(map->tai_expires_s))
		return false;
	if (map->leap_sign == 0)
		return true;
	if (ffntp_reading_is_far(map->leap_at_s))
		return false;
	apart_s = map->leap_at_s - map->time.s;
	return apart_s <= LEAP_DISTANCE_MOST_S && apart_s >= -LEAP_DISTANCE_MOST_S;
}

bool ffntp_map_is_sound(const struct ffntp_map *map)
{
	return is_in_range(map) && (!ffntp_page_is_usable(map->status) || (has_sound_rate(map) && has_sound_time(map)));
}

/* --- a page --- */

/*
 * Return whether the map and its copy are equal, if the copy is of this map. Otherwise the writer knew no copy, or was
 * killed while it made it, or in an update: then there is only one of them.
 */
static bool is_equal_to_copy(const struct ffntp_page *page, uint32_t begun)
{
	static const struct {
		uint16_t from, to, copy;
	} ranges[] = {
#define FFNTP_PAGE_COPIED(from, to, copy) { (from), (to), (copy) },
		FFNTP_PAGE_COPIES
#undef FFNTP_PAGE_COPIED
	};
	bool is_equal = true;

	if ((begun & 1) != 0 || ffntp_page_load(page, FFNTP_AT_COPY_SEQUENCE) != (uint32_t)(begun + 1))
		return true;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		for (size_t at = ranges[i].from, copy = ranges[i].copy; at < ranges[i].to; at += 8, copy += 8)
			is_equal = is_equal && ffntp_page_load(page, at) == ffntp_page_load(page, copy);
	return is_equal;
}

/*
 * Return whether a past map is one of the same counter as its successor's. The shift follows from the hint of the
 * counter's rate, which each daemon measures again.
 */
static bool is_sound_past(const struct ffntp_map *past, const struct ffntp_map *map)
{
	return ffntp_page_is_usable(past->status) && ffntp_map_is_sound(past) &&
	       past->period_shift <= map->period_shift + 1 && map->period_shift <= past->period_shift + 1;
}

/*
 * Return whether each past map is sound, and before the next one. One that begins when the current map does is that of
 * an undone update, which nobody reads.
 */
static bool are_past_maps_sound(const struct ffntp_page *page, uint32_t begun, const struct ffntp_map *map)
{
	uint64_t count = ffntp_page_load_current(page, begun, FFNTP_AT_ANCHOR_COUNT);
	ffntp_counter next = map->at;

	for (uint64_t back = 1; back <= count && back <= FFNTP_PAGE_ANCHORS - (begun & 1); back++) {
		struct ffntp_map past = *map;

		ffntp_page_load_past_map(page, count - back, &past);
		if (past.at == map->at)
			continue;
		if (!is_sound_past(&past, map) || (int64_t)(next - past.at) <= 0)
			return false;
		next = past.at;
	}
	return true;
}

/* The monotonic state was published together with the map, and states the same line. */
static bool is_of_map(const struct ffntp_steady *steady, const struct ffntp_map *map)
{
	struct ffntp_time time;

	if (steady->kind == FFNTP_STEADY_NONE)
		return true;
	if (steady->period != map->period || steady->period_shift != map->period_shift ||
	    steady->void_after != map->void_after)
		return false;
	if (steady->kind == FFNTP_STEADY_HELD)
		return true;
	time = ffntp_map_time(map, steady->at);
	return ffntp_page_is_usable(map->status) && time.s == steady->time.s && time.frac == steady->time.frac;
}

bool ffntp_page_is_intact(const struct ffntp_page *page, uint32_t begun, const struct ffntp_map *map,
			  const struct ffntp_steady *steady)
{
	return ffntp_map_is_sound(map) && is_equal_to_copy(page, begun) && are_past_maps_sound(page, begun, map) &&
	       is_of_map(steady, map);
}
