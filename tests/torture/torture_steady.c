/*
 * torture_steady: one writer that makes all changes that a clock can undergo, and readers of its monotonic times, on
 * the counter of this machine. No reading of monotonic UTC or of elapsed is less than the one before, across
 * corrections, broken envelopes, leap seconds, periods without a time, and writers that were killed in mid-update.
 * Usage: torture_steady [READINGS]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../core/page.h"
#include "../../include/ffntp/device.h"
#include "../../ports/linux/counter.h"
#include "../prng.h"

#define READERS 4
#define READINGS_DEFAULT INT64_C(20000000)

/* About a nanosecond per tick; the exact rate does not matter here. */
#define SHIFT 28
#define PERIOD UINT64_C(4951760157141521100)

static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_OTHER };

static struct ffntp_page page;
static enum ffntp_counter_kind kind;
static struct ffntp_page_device device;
static _Atomic int64_t left; /* readings to take */

static ffntp_counter read_counter(void *context)
{
	(void)context;
	return ffntp_counter_read_ordered(kind);
}

/* --- the writer --- */

struct writer {
	struct prng prng;
	struct ffntp_map map;
	uint64_t updates, repairs, undone, takeovers;
};

static int64_t between(struct prng *prng, int64_t low, int64_t high)
{
	return low + (int64_t)prng_below(prng, (uint64_t)(high - low + 1));
}

static void extrapolate(struct ffntp_map *map, ffntp_counter now)
{
	map->time = ffntp_time_plus(map->time, ffntp_span_down(now - map->at, map->period, map->period_shift));
	map->at = now;
	map->void_after = now + UINT64_C(1000000000000);
}

/* Plan that 23:59:60 begins, or 23:59:59 would have begun, in less than 2 ms. */
static void plan_leap(struct writer *writer)
{
	struct ffntp_map *map = &writer->map;

	if (map->leap_sign != 0 && map->time.s >= map->leap_at_s) /* the leap second is over */
		map->tai_offset_s = (int16_t)(map->tai_offset_s + map->leap_sign);
	map->leap_sign = prng_below(&writer->prng, 2) == 0 ? 1 : -1;
	map->leap_at_s = map->time.s + 1;
	map->time.frac = UINT64_MAX - prng_below(&writer->prng, UINT64_MAX / 500);
	map->disruption_marker++; /* the time is moved to the end of its second */
}

static void change(struct writer *writer)
{
	struct ffntp_map *map = &writer->map;

	switch (prng_below(&writer->prng, 16)) {
	case 0: /* the envelope is broken */
		map->time = ffntp_time_add_ns(map->time, between(&writer->prng, -10000000, 10000000));
		map->disruption_marker++;
		break;
	case 1:
		plan_leap(writer);
		break;
	case 2:
		map->status = (enum ffntp_status)prng_below(&writer->prng, 5);
		break;
	case 3: /* the rate changes by 100 ppm */
		map->period = PERIOD + (uint64_t)between(&writer->prng, -495176015714152, 495176015714152);
		break;
	default:
		map->status = FFNTP_STATUS_SYNCHRONISED;
		map->time = ffntp_time_add_ns(map->time, between(&writer->prng, -2000, 2000));
	}
}

static void update(struct writer *writer)
{
	struct ffntp_map former;

	extrapolate(&writer->map, read_counter(NULL));
	change(writer);
	if (prng_below(&writer->prng, 16) == 0) /* the writer stops, and the next one takes over */
		writer->takeovers += ffntp_page_adopt(&page, &identity, &former);
	ffntp_page_hold(&page);
	if (prng_below(&writer->prng, 16) == 0) {      /* the writer is killed here, and the next one takes over */
		if (prng_below(&writer->prng, 2) == 0) /* it made no copy of the map */
			ffntp_page_store(&page, FFNTP_AT_COPY_SEQUENCE, 0);
		if (ffntp_page_adopt(&page, &identity, &former))
			writer->undone++;
		else
			writer->repairs++;
		ffntp_page_hold(&page);
	}
	ffntp_page_publish_steadily(&page, &writer->map, NULL, 0, read_counter(NULL));
	writer->updates++;
}

static void write_until_over(struct writer *writer)
{
	while (atomic_load(&left) > 0 || writer->repairs == 0 || writer->undone == 0 || writer->takeovers == 0) {
		update(writer);
		for (uint64_t i = prng_below(&writer->prng, 20000); i > 0; i--)
			ffntp_page_pause();
	}
}

/* --- readers --- */

struct result {
	uint64_t utc, elapsed, none; /* readings */
	uint64_t backwards;
};

/*
 * The latest times that any reader has read, ns. A reader that starts afterwards must read no less, on whichever CPU.
 */
static _Atomic int64_t latest_utc, latest_elapsed;

static void raise_to(_Atomic int64_t *latest, int64_t ns)
{
	int64_t seen = atomic_load(latest);

	while (seen < ns && !atomic_compare_exchange_weak(latest, &seen, ns))
		;
}

static void read_utc(struct ffntp_device *clock, struct result *result, struct ffntp_time *last, bool is_shared)
{
	int64_t others = is_shared ? atomic_load(&latest_utc) : INT64_MIN;
	struct ffntp_time utc;

	if (ffntp_device_steady(clock, &utc) != FFNTP_CLOCK_OK) {
		result->none++;
		return;
	}
	result->utc++;
	result->backwards += ffntp_time_is_before(utc, *last) || (is_shared && ffntp_time_to_ns(utc) < others);
	*last = utc;
	if (is_shared)
		raise_to(&latest_utc, ffntp_time_to_ns(utc));
}

static void read_elapsed(struct ffntp_device *clock, struct result *result, uint64_t *last, bool is_shared)
{
	int64_t others = is_shared ? atomic_load(&latest_elapsed) : 0;
	uint64_t ns;

	if (ffntp_device_elapsed(clock, &ns) != FFNTP_CLOCK_OK) {
		result->none++;
		return;
	}
	result->elapsed++;
	result->backwards += ns < *last || (int64_t)ns < others;
	*last = ns;
	if (is_shared)
		raise_to(&latest_elapsed, (int64_t)ns);
}

#define BATCH 1000

/* Compare one reading in 16 with those of other readers. */
static void *read_all(void *context)
{
	struct result *result = context;
	struct ffntp_time last = { INT64_MIN, 0 };
	uint64_t last_ns = 0;

	while ((int64_t)atomic_fetch_sub(&left, 2 * BATCH) > 0)
		for (unsigned i = 0; i < BATCH; i++) {
			read_utc(&device.device, result, &last, i % 16 == 0);
			read_elapsed(&device.device, result, &last_ns, i % 16 == 0);
		}
	return result;
}

static void add(struct result *sum, const struct result *result)
{
	sum->utc += result->utc;
	sum->elapsed += result->elapsed;
	sum->none += result->none;
	sum->backwards += result->backwards;
}

static void begin(struct writer *writer)
{
	*writer = (struct writer){
		.prng = { 1 },
		.map = {
			.status = FFNTP_STATUS_SYNCHRONISED,
			.counter_kind = FFNTP_COUNTER_OTHER,
			.period_shift = SHIFT,
			.tai_offset_s = 37,
			.time = { 1800000000, 0 },
			.period = PERIOD,
			.stable_period = PERIOD,
			.maxerror_before_ns = 1000,
			.maxerror_after_ns = 1000,
		},
	};
	kind = ffntp_counter_refusal(FFNTP_COUNTER_TSC) == NULL ? FFNTP_COUNTER_TSC : FFNTP_COUNTER_MONOTONIC_RAW;
	writer->map.at = read_counter(NULL);
	ffntp_page_format(&page, &identity);
	update(writer);
	ffntp_page_device_init(&device, &page, read_counter, NULL);
}

int main(int argc, char **argv)
{
	struct result results[READERS] = { { 0 } }, sum = { 0 };
	pthread_t threads[READERS];
	struct writer writer;
	bool is_good;

	atomic_store(&left, argc > 1 ? strtoll(argv[1], NULL, 10) : READINGS_DEFAULT);
	begin(&writer);
	if (ffntp_device_connect(&device.device) != NULL)
		return 2;
	for (size_t i = 0; i < READERS; i++)
		if (pthread_create(&threads[i], NULL, read_all, &results[i]) != 0)
			return 2;
	write_until_over(&writer);
	for (size_t i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		add(&sum, &results[i]);
	}
	ffntp_device_disconnect(&device.device);
	is_good = sum.backwards == 0 && sum.utc > 0 && sum.elapsed > 0 && writer.repairs > 0 && writer.undone > 0 &&
		  writer.takeovers > 0;
	printf("1..1\n# %" PRIu64 " readings of UTC, %" PRIu64 " of elapsed, %" PRIu64 " without a time; %" PRIu64
	       " updates, %" PRIu64 " repairs; %" PRIu64 " ran backwards\n%sok 1 - steady time never decreases\n",
	       sum.utc, sum.elapsed, sum.none, writer.updates, writer.repairs, sum.backwards, is_good ? "" : "not ");
	return is_good ? 0 : 1;
}
