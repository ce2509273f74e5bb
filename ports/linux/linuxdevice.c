/* linuxdevice: see ffntp/linuxdevice.h. */
#include "linuxdevice.h"

#include <sys/timex.h>
#include <time.h>

#include "../../core/clock.h"
#include "../../core/device.h"
#include "counter.h"

/* --- a daemon's page --- */

static struct ffntp_linux_page_device *page_device(struct ffntp_device *device)
{
	return (struct ffntp_linux_page_device *)device; /* every page device begins with this device */
}

static const char *connect_page(struct ffntp_device *device)
{
	struct ffntp_linux_page_device *self = page_device(device);
	enum ffntp_page_result result = ffntp_linux_open(&self->reader, self->path);

	if (result != FFNTP_PAGE_OK)
		return ffntp_page_result_text(result);
	self->over_page.page = self->reader.page;
	return ffntp_page_device_connect(device);
}

static void disconnect_page(struct ffntp_device *device)
{
	ffntp_linux_close(&page_device(device)->reader);
}

enum ffntp_clock_result ffntp_linux_page_device_now(struct ffntp_device *device, enum ffntp_timescale scale,
						    uint64_t max_bound_ns, struct ffntp_reading *reading)
{
	return ffntp_linux_now(&page_device(device)->reader, scale, max_bound_ns, reading);
}

static ffntp_counter count(void *context)
{
	const struct ffntp_linux_reader *reader = context;

	return ffntp_counter_read_ordered(reader->counter_kind);
}

void ffntp_linux_page_device_init(struct ffntp_linux_page_device *device, const char *path)
{
	static const struct ffntp_device_ops ops = {
		.connect = connect_page,
		.disconnect = disconnect_page,
		FFNTP_PAGE_DEVICE_READS,
		.now = ffntp_linux_page_device_now,
	};

	*device = (struct ffntp_linux_page_device){ .path = path };
	ffntp_page_device_init(&device->over_page, NULL, count, &device->reader);
	device->over_page.device.ops = &ops;
}

/* --- the operating system's clock --- */

/* Frequency tolerance in units of timex (2^-16 ppm), for kernels that do not state it: RFC 5905, A.1.1, MAXFREQ. */
#define TOLERANCE (INT64_C(500) << 16)

/* The map of the system's clock is built again for each reading, so that it need not be valid for long. */
#define VOID_NS (UINT64_C(1000) * FFNTP_NS_PER_S)

static struct ffntp_linux_system_device *system_device(struct ffntp_device *device)
{
	return (struct ffntp_linux_system_device *)device;
}

static ffntp_counter monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * FFNTP_NS_PER_S + (uint64_t)t.tv_nsec;
}

/*
 * Set the map's errors and status from what the kernel knows: the values that the time service of the system has set,
 * if there is one.
 */
static void judge(const struct ffntp_linux_system_device *self, struct ffntp_map *map)
{
	struct timex kernel = { .modes = 0 };
	int state = adjtimex(&kernel);
	bool is_disciplined = state >= 0 && state != TIME_ERROR;
	int64_t tolerance = kernel.tolerance > 0 ? kernel.tolerance : TOLERANCE;

	map->status =
		is_disciplined || self->assumed_bound_ns > 0 ? FFNTP_STATUS_SYNCHRONISED : FFNTP_STATUS_INITIALISING;
	map->maxerror_before_ns = is_disciplined ? (uint64_t)kernel.maxerror * 1000 : self->assumed_bound_ns;
	map->esterror_ns = is_disciplined ? (uint64_t)kernel.esterror * 1000 : self->assumed_bound_ns;
	map->tai_is_known = state >= 0 && kernel.tai > 0;
	map->tai_offset_s = map->tai_is_known ? (int16_t)kernel.tai : 0;
	/* 2^-16 ppm of the period: 15.26e-12 */
	map->period_maxerror = FFNTP_NS_PERIOD / 65536 / 1000000 * (uint64_t)tolerance;
	map->period_esterror = map->stable_esterror = map->period_maxerror / 4;
}

/* CLOCK_MONOTONIC never runs backwards; a monotonic UTC is not available from the system. */
static enum ffntp_clock_result steady_of_system(struct ffntp_device *device, struct ffntp_steady *steady,
						ffntp_counter *now)
{
	*steady = (struct ffntp_steady){
		.period_shift = FFNTP_NS_PERIOD_SHIFT,
		.period = FFNTP_NS_PERIOD,
		.at = system_device(device)->connected_at,
	};
	*now = monotonic_ns();
	return FFNTP_CLOCK_OK;
}

static enum ffntp_clock_result look_at_system(struct ffntp_device *device, struct ffntp_look *look)
{
	struct ffntp_linux_system_device *self = system_device(device);
	struct ffntp_map map = {
		.counter_kind = FFNTP_COUNTER_OTHER,
		.period_shift = FFNTP_NS_PERIOD_SHIFT,
		.period = FFNTP_NS_PERIOD,
		.stable_period = FFNTP_NS_PERIOD,
	};
	struct timespec utc;

	judge(self, &map);
	map.at = monotonic_ns();
	if (clock_gettime(CLOCK_REALTIME, &utc) != 0)
		return FFNTP_CLOCK_COUNTER;
	map.maxerror_before_ns += monotonic_ns() - map.at;
	map.maxerror_after_ns = map.maxerror_before_ns;
	map.time = ffntp_time_from_ns((int64_t)utc.tv_sec * FFNTP_NS_PER_S + utc.tv_nsec);
	map.time.s += map.tai_offset_s;
	map.void_after = map.at + VOID_NS;
	*look = (struct ffntp_look){ .now = map.at, .map = map };
	return steady_of_system(device, &look->steady, &look->now);
}

static enum ffntp_clock_result past_of_system(struct ffntp_device *device, ffntp_counter then, struct ffntp_map *map)
{
	struct ffntp_look look;
	enum ffntp_clock_result result = look_at_system(device, &look);

	(void)then; /* the device has no memory of past maps: the bound grows with the time since 'then' */
	if (result == FFNTP_CLOCK_OK)
		*map = look.map;
	return result;
}

static const char *connect_system(struct ffntp_device *device)
{
	struct ffntp_page_identity identity;

	(void)ffntp_counter_identity(FFNTP_COUNTER_MONOTONIC_RAW,
				     &identity); /* because time namespaces shift both clocks */
	identity.counter_kind = FFNTP_COUNTER_OTHER;
	device->boot = ffntp_device_boot(&identity);
	system_device(device)->connected_at = monotonic_ns();
	return NULL;
}

static void disconnect_system(struct ffntp_device *device)
{
	(void)device;
}

void ffntp_linux_system_device_init(struct ffntp_linux_system_device *device, uint64_t assumed_bound_ns)
{
	static const struct ffntp_device_ops ops = {
		.connect = connect_system,
		.disconnect = disconnect_system,
		.look = look_at_system,
		.steady = steady_of_system,
		.past = past_of_system,
	};

	*device = (struct ffntp_linux_system_device){
		.device = { .ops = &ops },
		.assumed_bound_ns = assumed_bound_ns,
	};
}
