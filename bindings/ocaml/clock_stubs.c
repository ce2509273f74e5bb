/* clock_stubs: the functions of clock.ml. A clock is a page and the kind of its counter. */
#include "stubs.h"

#include <stdatomic.h>
#include <string.h>

#include "device.h"
#include "page.h"
#include "page_words.h"

/* No time was published yet. */
#define NO_TIME INT64_MIN

struct clock {
	struct ffntp_page page;
	_Atomic uint64_t manual;     /* the counter's value, if it is set by hand */
	_Atomic int64_t utc_at_0_ns; /* UTC minus elapsed time, as last published, ns */
	enum ffntp_counter_kind kind;
};

static struct clock *clock_of(value v)
{
	return (struct clock *)Caml_ba_data_val(v);
}

value ffntp_ml_clock_size(value unit)
{
	(void)unit;
	return Val_long(sizeof(struct clock));
}

static ffntp_counter clock_counter(const struct clock *clock)
{
	ffntp_counter now;

	return ffntp_ml_read_counter(clock->kind, &now) ? now
							: atomic_load_explicit(&clock->manual, memory_order_relaxed);
}

int64_t ffntp_ml_clock_counter(value v)
{
	return (int64_t)clock_counter(clock_of(v));
}

value ffntp_ml_clock_counter_byte(value v)
{
	return caml_copy_int64(ffntp_ml_clock_counter(v));
}

value ffntp_ml_clock_set_manual(value v, value now)
{
	atomic_store_explicit(&clock_of(v)->manual, (uint64_t)Int64_val(now), memory_order_relaxed);
	return Val_unit;
}

static ffntp_counter count(void *context)
{
	const struct clock *clock = context;

	return clock_counter(clock);
}

static struct ffntp_page_device device_of(struct clock *clock)
{
	struct ffntp_page_device device;

	ffntp_page_device_init(&device, &clock->page, count, clock);
	return device;
}

/*
 * A reading is repeated while another domain publishes, which takes less than a microsecond, because the page's content
 * and the counter's reading must belong together.
 */
static struct ffntp_steady steady_of(struct clock *clock, ffntp_counter *now)
{
	struct ffntp_page_device device = device_of(clock);
	struct ffntp_steady steady;

	while (ffntp_page_device_steady(&device.device, &steady, now) != FFNTP_CLOCK_OK)
		;
	return steady;
}

static enum ffntp_clock_result read_clock(struct clock *clock, struct ffntp_look *look)
{
	struct ffntp_page_device device = device_of(clock);

	while (ffntp_page_device_look(&device.device, look) != FFNTP_CLOCK_OK)
		;
	return ffntp_ml_judge(&look->map, look->now);
}

static enum ffntp_clock_result read_utc(struct clock *clock, struct ffntp_look *look, struct ffntp_reading *reading)
{
	enum ffntp_clock_result result = read_clock(clock, look);

	return result == FFNTP_CLOCK_OK ? ffntp_clock_at(&look->map, look->now, FFNTP_UTC, UINT64_MAX, reading)
					: result;
}

/* --- publishing --- */

/* The time, if there is one, is kept in terms of elapsed time, which goes on when the map's counter jumps. */
static void keep_time(struct clock *clock)
{
	struct ffntp_reading reading;
	struct ffntp_look look;
	int64_t elapsed_ns;

	if (read_utc(clock, &look, &reading) != FFNTP_CLOCK_OK)
		return;
	elapsed_ns = ffntp_time_to_ns(ffntp_steady_elapsed(&look.steady, look.now));
	atomic_store_explicit(&clock->utc_at_0_ns, ffntp_time_to_ns(reading.estimate) - elapsed_ns,
			      memory_order_relaxed);
}

static void publish(struct clock *clock, const struct ffntp_map *map)
{
	ffntp_page_hold(&clock->page);
	ffntp_page_publish_steadily(&clock->page, map, NULL, 0, clock_counter(clock));
	keep_time(clock);
}

/* Publish the counter's period only, for elapsed time. */
static void publish_period(struct clock *clock, double period_s)
{
	ffntp_counter now = clock_counter(clock);
	struct ffntp_map map = {
		.status = FFNTP_STATUS_INITIALISING,
		.counter_kind = clock->kind,
		.at = now,
		.void_after = now + INT64_MAX,
	};

	ffntp_ml_set_period(&map, period_s, 0);
	publish(clock, &map);
}

value ffntp_ml_clock_init(value v, value kind, value period_s)
{
	struct clock *clock = clock_of(v);
	const struct ffntp_page_identity identity = { .counter_kind = (enum ffntp_counter_kind)Int_val(kind) };

	memset(clock, 0, sizeof *clock);
	clock->kind = identity.counter_kind;
	clock->utc_at_0_ns = NO_TIME;
	ffntp_page_format(&clock->page, &identity);
	publish_period(clock, Double_val(period_s));
	return Val_unit;
}

/* A period that came with an output is better, and is kept. */
value ffntp_ml_clock_set_period(value v, value period_s)
{
	struct clock *clock = clock_of(v);
	struct ffntp_map map;

	if (ffntp_page_read(&clock->page, &map) == FFNTP_CLOCK_OK && map.status == FFNTP_STATUS_INITIALISING)
		publish_period(clock, Double_val(period_s));
	return Val_unit;
}

value ffntp_ml_clock_publish(value v, value output)
{
	struct clock *clock = clock_of(v);
	struct ffntp_map map = ffntp_ml_map_of(output);

	if (map.counter_kind != clock->kind)
		caml_invalid_argument("Ffntp.Clock.publish: the output is of a different counter");
	publish(clock, &map);
	return Val_unit;
}

/* --- reading --- */

/* Offsets of the fields in a slot of the monotonic state. */
enum {
#define STEADY_FIELD(offset, type, name, unit, since, codec) STEADY_AT_##name = (offset),
#include "page_fields.def"
};

/* Read elapsed time from the words that it needs, once. Returns false if the page was being written. */
static bool read_elapsed(const struct clock *clock, int64_t *ns)
{
	uint32_t begun = ffntp_page_begin(&clock->page);
	size_t slot = ffntp_page_steady_at(begun);
	ffntp_counter now = clock_counter(clock);
	struct ffntp_steady steady = {
		.period_shift = (uint8_t)(ffntp_page_load(&clock->page, slot) >> 8 * STEADY_AT_period_shift),
		.at = ffntp_page_load(&clock->page, slot + STEADY_AT_at),
		.period = ffntp_page_load(&clock->page, slot + STEADY_AT_period),
		.elapsed = { (int64_t)ffntp_page_load(&clock->page, slot + STEADY_AT_elapsed),
			     ffntp_page_load(&clock->page, slot + STEADY_AT_elapsed_frac) },
	};

	if (!ffntp_page_is_whole(&clock->page, begun))
		return false;
	*ns = ffntp_time_to_ns(ffntp_steady_elapsed(&steady, now));
	return true;
}

int64_t ffntp_ml_clock_elapsed(value v)
{
	int64_t ns;

	while (!read_elapsed(clock_of(v), &ns))
		ffntp_page_pause();
	return ns;
}

value ffntp_ml_clock_elapsed_byte(value v)
{
	return caml_copy_int64(ffntp_ml_clock_elapsed(v));
}

value ffntp_ml_clock_reckoned(value v)
{
	struct clock *clock = clock_of(v);
	int64_t utc_at_0_ns = atomic_load_explicit(&clock->utc_at_0_ns, memory_order_relaxed);

	if (utc_at_0_ns == NO_TIME)
		return Val_int(0);
	return ffntp_ml_block_of(caml_copy_int64(utc_at_0_ns + ffntp_ml_clock_elapsed(v)));
}

value ffntp_ml_clock_steady(value v)
{
	ffntp_counter now;
	struct ffntp_steady steady = steady_of(clock_of(v), &now);
	struct ffntp_time utc;
	enum ffntp_clock_result result = ffntp_steady_utc(&steady, now, &utc);

	/* Before the first output that has a time there is no monotonic state, which in a page means that it keeps
	 * none. */
	if (result == FFNTP_CLOCK_STEADY)
		result = FFNTP_CLOCK_UNSYNCHRONISED;
	return result == FFNTP_CLOCK_OK ? ffntp_ml_block_of(ffntp_ml_copy_d_ps(utc)) : ffntp_ml_refuse(result);
}

value ffntp_ml_clock_read(value v, value scale, value max_bound_ns)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = read_clock(clock_of(v), &look);

	return result == FFNTP_CLOCK_OK ? ffntp_ml_read_at(&look.map, look.now, scale, max_bound_ns)
					: ffntp_ml_refuse(result);
}

/* Read UTC from the prepared line, which costs least, or else from the map. */
static enum ffntp_clock_result read_now(struct clock *clock, struct ffntp_reading *reading)
{
	uint32_t begun = ffntp_page_begin(&clock->page);
	struct ffntp_look look;

	if (ffntp_page_read_line(&clock->page, begun, clock->kind, clock_counter(clock), FFNTP_UTC, UINT64_MAX,
				 reading))
		return FFNTP_CLOCK_OK;
	return read_utc(clock, &look, reading);
}

value ffntp_ml_clock_now_d_ps(value v)
{
	struct ffntp_reading reading;
	enum ffntp_clock_result result = read_now(clock_of(v), &reading);

	if (result != FFNTP_CLOCK_OK)
		caml_raise_sys_error(caml_copy_string(ffntp_clock_result_text(result)));
	return ffntp_ml_copy_d_ps(reading.estimate);
}
