/* vmclock: see vmclock.h. */
#include "vmclock.h"

#include "page_words.h"

/* Where VMClock's fields end: a page may be shorter than the structure, and then lacks the fields at its end. */
enum {
	END_OF_FLAGS = FFNTP_AT_FLAGS + 8,
	END_OF_STATUS = FFNTP_AT_STATUS + 8,
	END_OF_TIME = FFNTP_AT_TIME_MAXERROR + 8,
	END_OF_GENERATION = FFNTP_AT_GENERATION + 8,
};

static bool has(const struct ffntp_page *page, uint32_t end)
{
	return ffntp_page_load_head(page, 1) >= end;
}

/* --- the constant fields --- */

enum ffntp_page_result ffntp_vmclock_check(const struct ffntp_page *page, size_t size)
{
	if (size < FFNTP_PAGE_SIZE)
		return FFNTP_PAGE_TRUNCATED;
	if (ffntp_page_load_head(page, 0) != FFNTP_VMCLOCK_MAGIC)
		return FFNTP_PAGE_FOREIGN;
	if ((ffntp_page_load_head(page, 2) & 0xffff) != FFNTP_VMCLOCK_VERSION)
		return FFNTP_PAGE_VERSION;
	return has(page, END_OF_FLAGS) && ffntp_page_load_head(page, 1) <= size ? FFNTP_PAGE_OK : FFNTP_PAGE_TRUNCATED;
}

static enum ffntp_counter_kind counter_of(const struct ffntp_page *page)
{
	switch (ffntp_page_load_head(page, 2) >> 16 & 0xff) {
	case FFNTP_VMCLOCK_ARM_VIRTUAL:
		return FFNTP_COUNTER_ARM_VIRTUAL;
	case FFNTP_VMCLOCK_X86_TSC:
		return FFNTP_COUNTER_TSC;
	default:
		return FFNTP_COUNTER_NONE;
	}
}

static uint32_t time_type_of(const struct ffntp_page *page)
{
	return ffntp_page_load_head(page, 2) >> 24;
}

enum ffntp_page_result ffntp_vmclock_check_time(const struct ffntp_page *page, enum ffntp_counter_kind *kind)
{
	enum ffntp_counter_kind counter = counter_of(page);
	uint32_t type = time_type_of(page);

	if (counter == FFNTP_COUNTER_NONE || !has(page, END_OF_TIME))
		return FFNTP_PAGE_NO_TIME;
	if (type != FFNTP_VMCLOCK_UTC && type != FFNTP_VMCLOCK_TAI)
		return FFNTP_PAGE_TIMESCALE;
	*kind = counter;
	return FFNTP_PAGE_OK;
}

/* --- the map --- */

/*
 * Set TAI - UTC, if the page states it. VMClock's field is its negative; version 1.0 of the specification had the other
 * sign, and TAI has been ahead of UTC since 1972, so that both mean the same.
 */
static bool set_tai_offset(uint64_t flags, struct ffntp_map *map)
{
	int offset_s = map->tai_offset_s < 0 ? -map->tai_offset_s : map->tai_offset_s;

	map->tai_is_known = (flags & FFNTP_VMCLOCK_TAI_OFFSET_VALID) != 0 && offset_s >= FFNTP_VMCLOCK_TAI_LEAST_S &&
			    offset_s <= FFNTP_VMCLOCK_TAI_MOST_S;
	map->tai_offset_s = (int16_t)(map->tai_is_known ? offset_s : 0);
	return map->tai_is_known;
}

static bool date_of(int64_t utc_s, struct ffntp_calendar *date)
{
	return ffntp_calendar_from_utc((struct ffntp_utc){ .time = { .s = utc_s } }, date) == FFNTP_TIMESCALE_OK;
}

/* Return the POSIX second at which the month of this one ends; 0 outside the years of the calendar. */
static int64_t end_of_month(int64_t utc_s)
{
	struct ffntp_calendar date;

	do
		utc_s += 86400;
	while (date_of(utc_s, &date) && date.day != 1);
	if (!date_of(utc_s, &date))
		return 0;
	return utc_s - date.hour * 3600 - date.minute * 60 - date.second;
}

/*
 * Set the leap second that the page announces. Writers differ in how they number 23:59:60, so that the bound of a map
 * from inside it grows by that second.
 */
static bool set_leap(struct ffntp_map *map)
{
	int64_t midnight_s;

	if (map->leap > FFNTP_LEAP_POST_NEGATIVE)
		return false; /* values above are of smeared clocks (virtio-rtc) */
	if (map->leap == FFNTP_LEAP_POSITIVE) {
		map->maxerror_before_ns += (uint64_t)FFNTP_NS_PER_S;
		map->maxerror_after_ns += (uint64_t)FFNTP_NS_PER_S;
	}
	if (map->leap != FFNTP_LEAP_PRE_POSITIVE && map->leap != FFNTP_LEAP_PRE_NEGATIVE)
		return true;
	midnight_s = end_of_month(map->time.s - map->tai_offset_s);
	map->leap_sign = map->leap == FFNTP_LEAP_PRE_POSITIVE ? 1 : -1;
	map->leap_at_s = midnight_s + map->tai_offset_s - (map->leap_sign < 0);
	return midnight_s != 0;
}

/*
 * Set how long the map is valid: the largest power of two in ticks that is less than FFNTP_VMCLOCK_LIFE_S, so that no
 * division is needed. The counter value of the map's end must be after the map for any period.
 */
static void set_life(struct ffntp_map *map)
{
	uint64_t ticks = 1;

	while (ticks >> 61 == 0 && ffntp_span_down(ticks * 2, map->period, map->period_shift).s < FFNTP_VMCLOCK_LIFE_S)
		ticks *= 2;
	map->void_after = map->at + ticks;
}

/* A maximum error of 0 cannot be true, and so is not stated. */
static bool has_bound(uint64_t flags, const struct ffntp_map *map)
{
	const uint64_t both = FFNTP_VMCLOCK_TIME_MAXERROR_VALID | FFNTP_VMCLOCK_PERIOD_MAXERROR_VALID;

	return (flags & both) == both && map->maxerror_before_ns > 0 && map->period_maxerror > 0;
}

/* An estimated error that the page does not state is at most the maximum error. */
static void set_esterrors(uint64_t flags, struct ffntp_map *map)
{
	if ((flags & FFNTP_VMCLOCK_TIME_ESTERROR_VALID) == 0)
		map->esterror_ns = map->maxerror_before_ns;
	if ((flags & FFNTP_VMCLOCK_PERIOD_ESTERROR_VALID) == 0)
		map->period_esterror = map->period_maxerror;
}

/* The arithmetic of readings needs errors below 2^62 ns, and times that are not far. */
static bool is_plausible(const struct ffntp_map *map)
{
	return map->period > 0 && map->period_shift <= 62 && map->maxerror_before_ns >> 62 == 0 &&
	       (uint64_t)map->time.s < FFNTP_READING_EPOCH_LIMIT_S;
}

/* Complete a map whose members are VMClock's fields as they are. */
static enum ffntp_clock_result complete(const struct ffntp_page *page, uint64_t flags, struct ffntp_map *map)
{
	enum ffntp_counter_kind kind;
	enum ffntp_clock_result result = ffntp_reading_judge_status(map->status);

	if (ffntp_vmclock_check_time(page, &kind) != FFNTP_PAGE_OK)
		return FFNTP_CLOCK_UNSYNCHRONISED;
	map->counter_kind = kind;
	if (result != FFNTP_CLOCK_OK)
		return result;
	if (!has_bound(flags, map))
		return FFNTP_CLOCK_NO_BOUND;
	if (!is_plausible(map))
		return FFNTP_CLOCK_INVALID;
	if (!set_tai_offset(flags, map) && time_type_of(page) == FFNTP_VMCLOCK_TAI)
		return FFNTP_CLOCK_TAI_UNKNOWN;
	if (time_type_of(page) == FFNTP_VMCLOCK_UTC)
		map->time.s += map->tai_offset_s;
	set_esterrors(flags, map);
	set_life(map);
	return set_leap(map) ? FFNTP_CLOCK_OK : FFNTP_CLOCK_INVALID;
}

/* Load VMClock's fields as they are. */
static void load_fields(const struct ffntp_page *page, struct ffntp_map *map)
{
	ffntp_page_unpack_status(ffntp_page_load(page, FFNTP_AT_STATUS), map);
	map->tai_offset_s = (int16_t)(uint16_t)(ffntp_page_load(page, FFNTP_AT_STATUS) >> 32);
	map->at = ffntp_page_load(page, FFNTP_AT_COUNTER);
	map->period = map->stable_period = ffntp_page_load(page, FFNTP_AT_PERIOD);
	map->period_esterror = ffntp_page_load(page, FFNTP_AT_PERIOD_ESTERROR);
	map->period_maxerror = ffntp_page_load(page, FFNTP_AT_PERIOD_MAXERROR);
	map->time.s = (int64_t)ffntp_page_load(page, FFNTP_AT_TIME_S);
	map->time.frac = ffntp_page_load(page, FFNTP_AT_TIME_FRAC);
	map->esterror_ns = ffntp_page_load(page, FFNTP_AT_TIME_ESTERROR);
	map->maxerror_before_ns = map->maxerror_after_ns = ffntp_page_load(page, FFNTP_AT_TIME_MAXERROR);
}

static enum ffntp_status status_of(const struct ffntp_page *page)
{
	uint8_t status = has(page, END_OF_STATUS) ? (uint8_t)(ffntp_page_load(page, FFNTP_AT_STATUS) >> 16) : 0;

	return status <= FFNTP_STATUS_DISRUPTED ? (enum ffntp_status)status : FFNTP_STATUS_UNKNOWN;
}

bool ffntp_vmclock_try_read(const struct ffntp_page *page, uint32_t begun, struct ffntp_vmclock *state)
{
	struct ffntp_vmclock copy = { .status = status_of(page) };
	uint64_t flags = ffntp_page_load(page, FFNTP_AT_FLAGS);

	copy.disruption_marker = ffntp_page_load(page, FFNTP_AT_MARKER);
	copy.notifies = (flags & FFNTP_VMCLOCK_NOTIFICATION_PRESENT) != 0;
	copy.has_generation = (flags & FFNTP_VMCLOCK_GENERATION_PRESENT) != 0 && has(page, END_OF_GENERATION);
	copy.generation = copy.has_generation ? ffntp_page_load(page, FFNTP_AT_GENERATION) : 0;
	load_fields(page, &copy.map);
	if (!ffntp_page_is_whole(page, begun))
		return false;
	copy.map.status = copy.status;
	copy.map.disruption_marker = copy.disruption_marker;
	copy.map.counter_marker = (uint32_t)copy.disruption_marker;
	copy.result = complete(page, flags, &copy.map);
	copy.map.stable_esterror = copy.map.period_esterror;
	*state = copy;
	return true;
}

enum ffntp_clock_result ffntp_vmclock_read(const struct ffntp_page *page, struct ffntp_vmclock *state)
{
	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		if (ffntp_vmclock_try_read(page, ffntp_page_begin(page), state))
			return FFNTP_CLOCK_OK;
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}
