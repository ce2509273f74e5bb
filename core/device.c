/* device: see ffntp/device.h. */
#include "../include/ffntp/device.h"

#include "clock.h"
#include "device.h"
#include "page.h"
#include "params.h"

/* --- connecting --- */

const char *ffntp_device_connect(struct ffntp_device *device)
{
	enum ffntp_clock_result result;
	struct ffntp_look look;
	const char *problem;

	if (device->is_connected)
		return "the clock device is connected already";
	problem = device->ops->connect(device);
	if (problem != NULL)
		return problem;
	result = device->ops->look(device, &look);
	if (result != FFNTP_CLOCK_OK) {
		device->ops->disconnect(device);
		return ffntp_clock_result_text(result);
	}
	device->connected_at = ffntp_steady_elapsed(&look.steady, look.now);
	device->is_connected = true;
	return NULL;
}

void ffntp_device_disconnect(struct ffntp_device *device)
{
	if (!device->is_connected)
		return;
	device->is_connected = false;
	device->ops->disconnect(device);
}

static enum ffntp_clock_result look_at(struct ffntp_device *device, struct ffntp_look *look)
{
	return device->is_connected ? device->ops->look(device, look) : FFNTP_CLOCK_DISCONNECTED;
}

/* --- now --- */

enum ffntp_clock_result ffntp_device_now(struct ffntp_device *device, enum ffntp_timescale scale, uint64_t max_bound_ns,
					 struct ffntp_reading *reading)
{
	struct ffntp_look look;
	enum ffntp_clock_result result;

	if (!device->is_connected)
		return FFNTP_CLOCK_DISCONNECTED;
	if (device->ops->now != NULL)
		return device->ops->now(device, scale, max_bound_ns, reading);
	result = device->ops->look(device, &look);
	if (result == FFNTP_CLOCK_OK && ffntp_reading_judge_status(look.map.status) == FFNTP_CLOCK_OK &&
	    ffntp_page_is_set_back(&look.map, look.steady.at, look.now))
		result = FFNTP_CLOCK_DISRUPTED;
	return result == FFNTP_CLOCK_OK ? ffntp_clock_at(&look.map, look.now, scale, max_bound_ns, reading) : result;
}

static enum ffntp_clock_result look_at_steady(struct ffntp_device *device, struct ffntp_steady *steady,
					      ffntp_counter *now)
{
	return device->is_connected ? device->ops->steady(device, steady, now) : FFNTP_CLOCK_DISCONNECTED;
}

enum ffntp_clock_result ffntp_device_steady(struct ffntp_device *device, struct ffntp_time *utc)
{
	struct ffntp_steady steady;
	ffntp_counter now;
	enum ffntp_clock_result result = look_at_steady(device, &steady, &now);

	return result == FFNTP_CLOCK_OK ? ffntp_steady_utc(&steady, now, utc) : result;
}

/*
 * Rounded to the nearest nanosecond. Elapsed time stands at 0 at first if the device was connected during an update and
 * the former period was the longer one.
 */
enum ffntp_clock_result ffntp_device_elapsed(struct ffntp_device *device, uint64_t *ns)
{
	static const struct ffntp_span half_ns = { 0, UINT64_MAX / 2000000000 };
	struct ffntp_steady steady;
	struct ffntp_time elapsed;
	ffntp_counter now;
	int64_t since_ns;
	enum ffntp_clock_result result = look_at_steady(device, &steady, &now);

	if (result != FFNTP_CLOCK_OK)
		return result;
	if (steady.period == 0)
		return FFNTP_CLOCK_STEADY;
	elapsed = ffntp_time_plus(ffntp_steady_elapsed(&steady, now), half_ns);
	since_ns = ffntp_time_diff_ns(elapsed, device->connected_at);
	*ns = since_ns > 0 ? (uint64_t)since_ns : 0;
	return FFNTP_CLOCK_OK;
}

/* Return the map's period in 10^-15 s, rounded up. */
static uint64_t resolution_fs(const struct ffntp_map *map)
{
	struct ffntp_u128 fs = ffntp_mul64(map->period, UINT64_C(1000000000000000));
	uint64_t whole = ffntp_shift_right128(fs, map->period_shift & 63).high;

	return whole < UINT64_MAX ? whole + 1 : whole;
}

enum ffntp_clock_result ffntp_device_info(struct ffntp_device *device, struct ffntp_device_info *info)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = look_at(device, &look);

	if (result != FFNTP_CLOCK_OK)
		return result;
	*info = (struct ffntp_device_info){
		.status = look.map.status,
		.tai_is_known = ffntp_reading_has_tai(&look.map, ffntp_map_time(&look.map, look.now)),
		.resolution_fs = resolution_fs(&look.map),
		.disruption_marker = look.map.disruption_marker,
	};
	if (ffntp_reading_judge(&look.map, look.now) == FFNTP_CLOCK_VOID)
		info->status = FFNTP_STATUS_UNKNOWN;
	return FFNTP_CLOCK_OK;
}

/* --- marks --- */

static struct ffntp_mark make_mark(const struct ffntp_device *device, const struct ffntp_look *look)
{
	const struct ffntp_map *map = &look->map;
	uint64_t ticks = (int64_t)(look->now - map->at) < 0 ? 0 : look->now - map->at;
	struct ffntp_mark mark = {
		.counter = look->now,
		.boot = device->boot,
		.counter_marker = map->counter_marker,
		.phase_esterror_ns = UINT64_MAX,
	};

	if (look->steady.kind == FFNTP_STEADY_RUNNING && ffntp_reading_judge(map, look->now) == FFNTP_CLOCK_OK) {
		mark.phase = ffntp_steady_phase(&look->steady, look->now);
		mark.phase_esterror_ns = ffntp_map_esterror_ns(map, ticks);
	}
	return mark;
}

enum ffntp_clock_result ffntp_device_mark(struct ffntp_device *device, struct ffntp_mark *mark)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = look_at(device, &look);

	if (result == FFNTP_CLOCK_OK)
		*mark = make_mark(device, &look);
	return result;
}

/*
 * Check that the mark is a reading of this device's counter, under the map's counter marker, and not from the future.
 * CPUs may differ by FFNTP_STEADY_DISORDER_TICKS, so a smaller lead is not the future.
 */
static enum ffntp_clock_result judge_mark(const struct ffntp_device *device, const struct ffntp_mark *mark,
					  const struct ffntp_map *map, ffntp_counter now)
{
	if (mark->boot != device->boot)
		return FFNTP_CLOCK_OTHER_BOOT;
	if (mark->counter_marker != map->counter_marker)
		return FFNTP_CLOCK_DISRUPTED;
	if ((int64_t)(mark->counter - now) > (int64_t)FFNTP_STEADY_DISORDER_TICKS)
		return FFNTP_CLOCK_FUTURE;
	return FFNTP_CLOCK_OK;
}

/* Approximate the root of the sum of squares, never too small and at most 12 % too large. */
static uint64_t add_independent(uint64_t a, uint64_t b)
{
	uint64_t larger = a > b ? a : b, smaller = a > b ? b : a;

	return larger > UINT64_MAX - smaller / 2 ? UINT64_MAX : larger + smaller / 2;
}

/* Replace the duration by the difference of phases if that is known better and lies within the duration's bound. */
static void refine(const struct ffntp_mark *from, const struct ffntp_mark *to, struct ffntp_duration *duration)
{
	uint64_t esterror_ns = add_independent(from->phase_esterror_ns, to->phase_esterror_ns);
	int64_t ns = ffntp_time_diff_ns(to->phase, from->phase);
	uint64_t apart_ns =
		ns > duration->ns ? (uint64_t)ns - (uint64_t)duration->ns : (uint64_t)duration->ns - (uint64_t)ns;

	if (from->phase_esterror_ns == UINT64_MAX || to->phase_esterror_ns == UINT64_MAX ||
	    esterror_ns >= duration->esterror_ns || apart_ns > duration->bound_ns)
		return;
	duration->ns = ns;
	duration->esterror_ns = esterror_ns;
	duration->bound_ns += apart_ns;
}

static enum ffntp_clock_result measure(const struct ffntp_device *device, const struct ffntp_look *look,
				       const struct ffntp_mark *from, const struct ffntp_mark *to,
				       struct ffntp_duration *duration)
{
	enum ffntp_clock_result result = judge_mark(device, from, &look->map, look->now);

	if (result == FFNTP_CLOCK_OK)
		result = judge_mark(device, to, &look->map, look->now);
	if (result != FFNTP_CLOCK_OK)
		return result;
	if ((int64_t)(to->counter - from->counter) < 0)
		return FFNTP_CLOCK_NEGATIVE;
	result = ffntp_clock_duration(&look->map, from->counter, to->counter, FFNTP_RATE_AUTO, duration);
	if (result == FFNTP_CLOCK_OK)
		refine(from, to, duration);
	return result;
}

enum ffntp_clock_result ffntp_device_duration(struct ffntp_device *device, struct ffntp_mark from, struct ffntp_mark to,
					      struct ffntp_duration *duration)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = look_at(device, &look);

	return result == FFNTP_CLOCK_OK ? measure(device, &look, &from, &to, duration) : result;
}

enum ffntp_clock_result ffntp_device_since(struct ffntp_device *device, struct ffntp_mark from,
					   struct ffntp_duration *duration)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = look_at(device, &look);
	struct ffntp_mark now;

	if (result != FFNTP_CLOCK_OK)
		return result;
	now = make_mark(device, &look);
	return measure(device, &look, &from, &now, duration);
}

enum ffntp_clock_result ffntp_device_at(struct ffntp_device *device, struct ffntp_mark mark, enum ffntp_timescale scale,
					uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	struct ffntp_look look;
	struct ffntp_map map;
	enum ffntp_clock_result result = look_at(device, &look);

	if (result == FFNTP_CLOCK_OK)
		result = judge_mark(device, &mark, &look.map, look.now);
	if (result == FFNTP_CLOCK_OK)
		result = device->ops->past(device, mark.counter, &map);
	if (result != FFNTP_CLOCK_OK)
		return result;
	if (mark.counter_marker != map.counter_marker) /* the counter was disrupted between the two reads */
		return FFNTP_CLOCK_DISRUPTED;
	return ffntp_clock_at(&map, mark.counter, scale, max_bound_ns, reading);
}

/* --- a page in memory --- */

/* Extend a hash by one word, byte by byte: FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t state, uint64_t word)
{
	for (unsigned i = 0; i < 64; i += 8)
		state = (state ^ (word >> i & 0xff)) * UINT64_C(0x100000001b3);
	return state;
}

uint64_t ffntp_device_boot(const struct ffntp_page_identity *identity)
{
	uint64_t state = hash(UINT64_C(0xcbf29ce484222325), identity->counter_kind);

	state = hash(state, ffntp_load_be(identity->boot_id, 8));
	state = hash(state, ffntp_load_be(identity->boot_id + 8, 8));
	state = hash(state, identity->time_namespace);
	return state != 0 ? state : 1;
}

static struct ffntp_page_device *page_device(struct ffntp_device *device)
{
	return (struct ffntp_page_device *)device; /* the generic device is its first member */
}

const char *ffntp_page_device_connect(struct ffntp_device *device)
{
	struct ffntp_page_identity identity;
	enum ffntp_page_result result = ffntp_page_check(page_device(device)->page, FFNTP_PAGE_SIZE, &identity);

	if (result != FFNTP_PAGE_OK)
		return ffntp_page_result_text(result);
	device->boot = ffntp_device_boot(&identity);
	return NULL;
}

static void disconnect_page(struct ffntp_device *device)
{
	(void)device;
}

static ffntp_counter count(const struct ffntp_page_device *self)
{
	return self->counter(self->context);
}

/* Read the counter within the page's sequence, so that it never meets a map from the other side of a disruption. */
enum ffntp_clock_result ffntp_page_device_look(struct ffntp_device *device, struct ffntp_look *look)
{
	const struct ffntp_page *page = page_device(device)->page;

	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(page);
		struct ffntp_look copy = { .now = count(page_device(device)) };

		ffntp_page_load_steady(page, begun, &copy.steady);
		if (ffntp_page_try_read(page, begun, &copy.map)) {
			*look = copy;
			return FFNTP_CLOCK_OK;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

enum ffntp_clock_result ffntp_page_device_steady(struct ffntp_device *device, struct ffntp_steady *steady,
						 ffntp_counter *now)
{
	const struct ffntp_page *page = page_device(device)->page;

	for (unsigned tries = 0; tries < FFNTP_PAGE_TRIES; tries++) {
		uint32_t begun = ffntp_page_begin(page);
		ffntp_counter read = count(page_device(device));

		ffntp_page_load_steady(page, begun, steady);
		if (ffntp_page_is_whole(page, begun)) {
			*now = read;
			return FFNTP_CLOCK_OK;
		}
		ffntp_page_pause();
	}
	return FFNTP_CLOCK_BUSY;
}

enum ffntp_clock_result ffntp_page_device_past(struct ffntp_device *device, ffntp_counter then, struct ffntp_map *map)
{
	return ffntp_page_read_past(page_device(device)->page, then, map);
}

void ffntp_page_device_init(struct ffntp_page_device *device, const struct ffntp_page *page,
			    ffntp_counter (*counter)(void *context), void *context)
{
	static const struct ffntp_device_ops ops = {
		.connect = ffntp_page_device_connect,
		.disconnect = disconnect_page,
		FFNTP_PAGE_DEVICE_READS,
	};

	*device = (struct ffntp_page_device){
		.device = { .ops = &ops },
		.page = page,
		.counter = counter,
		.context = context,
	};
}
