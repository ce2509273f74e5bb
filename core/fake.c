/* fake: see ffntp/fake.h. A page, its writer and its counter in one. */
#include "../include/ffntp/fake.h"

#include "clock.h"
#include "page.h"

/* Added to each time (2^-64 s), so that rounding down does not show in whole nanoseconds. */
#define SPARE 65536

#define BOUND_NS 1000
#define TAI_OFFSET_S 37

/* The map's lifetime, longer than any test: 100 years. */
#define VOID_NS (UINT64_C(100) * 365 * 86400 * FFNTP_NS_PER_S)

static ffntp_counter read_fake(void *context)
{
	struct ffntp_fake *fake = context;

	fake->counter += fake->tick_ns;
	return fake->counter;
}

/* Set the map's fields about UTC for its own time. */
static void number(struct ffntp_map *map, const struct ffntp_numbering *numbering)
{
	struct ffntp_time utc = ffntp_numbering_convert(numbering, map->time, FFNTP_UTC);

	map->tai_offset_s = (int16_t)(map->time.s - utc.s);
	map->leap = ffntp_numbering_leap(numbering, map->time);
}

/* Move the map's 'at' to the present reading; its time and its bound at this reading stay the same. */
static void bring_up_to_date(struct ffntp_fake *fake)
{
	struct ffntp_map *map = &fake->map;
	const struct ffntp_numbering numbering = ffntp_map_numbering(map);
	uint64_t ticks = fake->counter - map->at;

	map->maxerror_before_ns = map->maxerror_after_ns = ffntp_map_maxerror_ns(map, map->maxerror_after_ns, ticks);
	map->time = ffntp_time_plus(map->time, ffntp_span_down(ticks, map->period, map->period_shift));
	map->at = fake->counter;
	map->void_after = map->at + VOID_NS;
	if (map->leap_sign != 0)
		number(map, &numbering);
}

static void publish(struct ffntp_fake *fake)
{
	fake->map.esterror_ns = fake->map.maxerror_after_ns / 4;
	ffntp_page_hold(&fake->page);
	ffntp_page_publish_steadily(&fake->page, &fake->map, NULL, 0, fake->counter);
}

static void start(struct ffntp_fake *fake)
{
	const struct ffntp_page_identity identity = {
		.counter_kind = FFNTP_COUNTER_OTHER,
		.boot_id = { fake->boots },
	};

	ffntp_page_format(&fake->page, &identity);
	publish(fake);
}

void ffntp_fake_init(struct ffntp_fake *fake, int64_t utc_ns)
{
	*fake = (struct ffntp_fake){
		.map = {
			.status = FFNTP_STATUS_SYNCHRONISED,
			.counter_kind = FFNTP_COUNTER_OTHER,
			.period_shift = FFNTP_NS_PERIOD_SHIFT,
			.tai_is_known = true,
			.tai_offset_s = TAI_OFFSET_S,
			.time = ffntp_time_from_ns(utc_ns),
			.period = FFNTP_NS_PERIOD,
			.stable_period = FFNTP_NS_PERIOD,
			.maxerror_before_ns = BOUND_NS,
			.maxerror_after_ns = BOUND_NS,
			.void_after = VOID_NS,
		},
		.boots = 1,
	};
	fake->map.time.s += TAI_OFFSET_S;
	fake->map.time.frac += SPARE;
	ffntp_page_device_init(&fake->over_page, &fake->page, read_fake, fake);
	start(fake);
}

struct ffntp_device *ffntp_fake_device(struct ffntp_fake *fake)
{
	return &fake->over_page.device;
}

enum ffntp_clock_result ffntp_fake_advance(struct ffntp_fake *fake, int64_t ns)
{
	if (ns < 0)
		return FFNTP_CLOCK_NEGATIVE;
	fake->counter += (uint64_t)ns;
	return FFNTP_CLOCK_OK;
}

void ffntp_fake_tick(struct ffntp_fake *fake, uint64_t ns)
{
	fake->tick_ns = ns;
}

enum ffntp_clock_result ffntp_fake_run(struct ffntp_fake *fake, int64_t gain_ppb)
{
	uint64_t size = gain_ppb < 0 ? 0 - (uint64_t)gain_ppb : (uint64_t)gain_ppb;

	if (size > 100000000)
		return FFNTP_CLOCK_RANGE;
	bring_up_to_date(fake);
	fake->map.period = gain_ppb < 0 ? FFNTP_NS_PERIOD - FFNTP_NS_PERIOD / 1000000000 * size
					: FFNTP_NS_PERIOD + FFNTP_NS_PERIOD / 1000000000 * size;
	fake->map.stable_period = fake->map.period;
	publish(fake);
	return FFNTP_CLOCK_OK;
}

void ffntp_fake_step(struct ffntp_fake *fake, int64_t ns)
{
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;

	bring_up_to_date(fake);
	fake->map.time = ffntp_time_add_ns(fake->map.time, ns);
	fake->map.disruption_marker += size > fake->map.maxerror_after_ns;
	publish(fake);
}

void ffntp_fake_set(struct ffntp_fake *fake, int64_t utc_ns)
{
	struct ffntp_time then = ffntp_time_from_ns(utc_ns);

	bring_up_to_date(fake);
	then.s += fake->map.tai_offset_s;
	ffntp_fake_step(fake, ffntp_time_diff_ns(then, fake->map.time));
	fake->map.time = then;
	fake->map.time.frac += SPARE;
	publish(fake);
}

void ffntp_fake_bound(struct ffntp_fake *fake, uint64_t bound_ns, uint32_t growth_ppb)
{
	bring_up_to_date(fake);
	fake->map.maxerror_before_ns = fake->map.maxerror_after_ns = bound_ns;
	fake->map.period_maxerror = FFNTP_NS_PERIOD / 1000000000 * growth_ppb + (growth_ppb > 0);
	fake->map.period_esterror = fake->map.stable_esterror = fake->map.period_maxerror / 4;
	publish(fake);
}

void ffntp_fake_status(struct ffntp_fake *fake, enum ffntp_status status)
{
	bring_up_to_date(fake);
	fake->map.disruption_marker += status == FFNTP_STATUS_DISRUPTED;
	fake->map.counter_marker += status == FFNTP_STATUS_DISRUPTED;
	fake->map.status = status;
	publish(fake);
}

enum ffntp_clock_result ffntp_fake_leap(struct ffntp_fake *fake, int sign)
{
	struct ffntp_map *map = &fake->map;
	struct ffntp_numbering numbering;
	struct ffntp_time utc;

	if (sign < -1 || sign > 1)
		return FFNTP_CLOCK_RANGE;
	bring_up_to_date(fake);
	utc = (struct ffntp_time){ map->time.s - map->tai_offset_s, map->time.frac };
	map->leap_sign = (int8_t)sign;
	/* An inserted 23:59:60 begins where the next day would; an omitted 23:59:59 would begin a second earlier. */
	map->leap_at_s = (ffntp_day_from_time(utc).day + 1) * 86400 + map->tai_offset_s - (sign < 0);
	numbering = ffntp_map_numbering(map);
	number(map, &numbering);
	publish(fake);
	return FFNTP_CLOCK_OK;
}

void ffntp_fake_tai(struct ffntp_fake *fake, bool is_known, int16_t tai_offset_s)
{
	struct ffntp_map *map = &fake->map;
	int64_t later_s;

	bring_up_to_date(fake);
	later_s = (is_known ? tai_offset_s : 0) - map->tai_offset_s;
	map->tai_is_known = is_known;
	map->tai_offset_s = is_known ? tai_offset_s : 0;
	map->time.s += later_s;
	map->leap_at_s += map->leap_sign != 0 ? later_s : 0;
	publish(fake);
}

void ffntp_fake_reboot(struct ffntp_fake *fake)
{
	bring_up_to_date(fake);
	fake->boots++;
	fake->counter = fake->map.at = 0;
	fake->map.void_after = VOID_NS;
	fake->map.status = FFNTP_STATUS_INITIALISING;
	start(fake);
}
