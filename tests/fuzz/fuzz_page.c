/*
 * A page that its writer left and that was damaged since, for readers and for the next writer. Input: the counter's
 * advance since the last update (8 bytes, big-endian), then changes: the number of a 64-bit word (2 bytes), and the
 * bits of it that change (8 bytes).
 */
#include <stdlib.h>
#include <string.h>

#include "../../core/bits.h"
#include "../../core/page_judge.h"
#include "../../include/ffntp/device.h"
#include "../../include/ffntp/page.h"
#include "../world.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

#define START_NS INT64_C(1767225600000000000)
#define CHANGES_MOST 64
#define CHANGE_SIZE 10

static const struct ffntp_page_identity identity = { .counter_kind = FFNTP_COUNTER_OTHER, .boot_id = { 1 } };

static struct ffntp_client_config config;
static struct world left; /* the world when the writer ended */
static struct ffntp_page good, page;
static ffntp_counter now;

static void require(bool condition)
{
	if (!condition)
		abort();
}

static ffntp_counter count(void *context)
{
	(void)context;
	return now;
}

/* --- the writer --- */

static void publish(struct ffntp_page *to, const struct world *world, struct ffntp_client *client)
{
	ffntp_counter at = world_counter(world, world->now_ns);
	struct ffntp_source source;
	struct ffntp_map map;

	ffntp_client_output(client, at, &map);
	ffntp_client_source(client, &source);
	ffntp_page_hold(to);
	ffntp_page_publish_steadily(to, &map, &source, 1, at);
}

/* Make a page with past maps and an announced leap second, once. */
static void leave_page(void)
{
	struct ffntp_client *client;

	left = world_new(1, START_NS);
	ffntp_client_config_default(&config);
	config.counter_kind = FFNTP_COUNTER_OTHER;
	config.leap_table = ffntp_leap_table_builtin();
	ffntp_page_format(&good, &identity);
	client = world_client(&left, &config);
	for (int i = 0; i < 40; i++) {
		world_run(&left, client, 30);
		publish(&good, &left, client);
	}
	free(client);
}

/*
 * The next writer continues a page that it adopts; otherwise the clock is right after some exchanges. (Damage that
 * changes each place of a value in the same way is a forgery, which may put the clock wrong for a while.)
 */
static void continue_page(void)
{
	struct world world = left;
	struct ffntp_client *client = world_client(&world, &config);
	struct ffntp_map former, map;
	bool is_adopted = ffntp_page_adopt(&page, &identity, &former);

	if (is_adopted) {
		require(ffntp_map_is_sound(&former));
		ffntp_client_continue(client, &former);
	}
	for (int i = 0; i < 4; i++) {
		world_run(&world, client, 20);
		publish(&page, &world, client);
	}
	require(ffntp_page_read(&page, &map) == FFNTP_CLOCK_OK && ffntp_map_is_sound(&map));
	require(is_adopted || map.status == FFNTP_STATUS_SYNCHRONISED);
	require(is_adopted || world_bound_holds(&world, client));
	free(client);
}

/* --- readers --- */

static void read_maps(void)
{
	struct ffntp_reading reading;
	struct ffntp_duration duration;
	struct ffntp_map map;

	if (ffntp_page_read(&page, &map) == FFNTP_CLOCK_OK) {
		for (unsigned scale = FFNTP_UTC; scale <= FFNTP_UTC_SLS; scale++)
			(void)!ffntp_clock_at(&map, now, (enum ffntp_timescale)scale, UINT64_MAX, &reading);
		(void)!ffntp_clock_duration(&map, now, now - 1000000000, FFNTP_RATE_AUTO, &duration);
	}
	for (ffntp_counter ago = 1; ago != 0; ago <<= 3) {
		if (ffntp_page_read_past(&page, now - ago, &map) == FFNTP_CLOCK_OK)
			(void)!ffntp_clock_at(&map, now - ago, FFNTP_UTC, UINT64_MAX, &reading);
	}
}

static void read_steady(void)
{
	struct ffntp_steady steady;
	struct ffntp_time utc;

	if (ffntp_page_read_steady(&page, &steady) != FFNTP_CLOCK_OK)
		return;
	(void)!ffntp_steady_utc(&steady, now, &utc);
	(void)ffntp_time_to_ns(ffntp_steady_elapsed(&steady, now));
	(void)ffntp_time_to_ns(ffntp_steady_phase(&steady, now));
}

static void read_device(void)
{
	struct ffntp_page_device over;
	struct ffntp_device *device = &over.device;
	struct ffntp_reading reading;
	struct ffntp_duration duration;
	struct ffntp_device_info info;
	struct ffntp_time utc;
	struct ffntp_mark mark;
	uint64_t elapsed_ns;

	ffntp_page_device_init(&over, &page, count, NULL);
	if (ffntp_device_connect(device) != NULL)
		return;
	(void)!ffntp_device_now(device, FFNTP_UTC, UINT64_MAX, &reading);
	(void)!ffntp_device_steady(device, &utc);
	(void)!ffntp_device_elapsed(device, &elapsed_ns);
	(void)!ffntp_device_info(device, &info);
	if (ffntp_device_mark(device, &mark) == FFNTP_CLOCK_OK) {
		now += 1000000;
		(void)!ffntp_device_since(device, mark, &duration);
		(void)!ffntp_device_at(device, mark, FFNTP_UTC, UINT64_MAX, &reading);
	}
	ffntp_device_disconnect(device);
}

static void read_page(void)
{
	struct ffntp_source sources[FFNTP_PAGE_SOURCES];
	struct ffntp_page_identity theirs;
	size_t sources_there;

	if (ffntp_page_check(&page, FFNTP_PAGE_SIZE, &theirs) != FFNTP_PAGE_OK)
		return;
	read_maps();
	read_steady();
	read_device();
	if (ffntp_page_read_sources(&page, sources, &sources_there) == FFNTP_CLOCK_OK)
		require(sources_there <= FFNTP_PAGE_SOURCES);
}

/* --- damage --- */

static void damage(const uint8_t *change)
{
	uint8_t *word = (uint8_t *)&page + ffntp_load_be(change, 2) % (FFNTP_PAGE_SIZE / 8) * 8;

	for (size_t i = 0; i < 8; i++)
		word[i] ^= change[2 + i];
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	if (left.now_ns == 0)
		leave_page();
	if (size < 8)
		return 0;
	memcpy(&page, &good, sizeof(page));
	now = world_counter(&left, left.now_ns) + ffntp_load_be(input, 8);
	for (size_t i = 0; i < CHANGES_MOST && 8 + (i + 1) * CHANGE_SIZE <= size; i++)
		damage(input + 8 + i * CHANGE_SIZE);
	read_page();
	continue_page();
	return 0;
}
