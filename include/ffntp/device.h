/*
 * device: a clock as a value. Code that needs the time takes a struct ffntp_device * and works with every kind of
 * clock: the operating system's, the page of a daemon or a host, a client that runs in the background, or the fake
 * clock of a test. There is no global state; devices are independent of each other.
 *
 *   ffntp_page_device           a page in memory and a function that reads its counter: this header
 *   ffntp_fake                  a deterministic clock for tests: ffntp/fake.h
 *   ffntp_linux_page_device, ffntp_linux_system_device, ffntp_linux_ntp_device:  ffntp/linuxdevice.h
 *
 * Between connect and disconnect any number of threads may read a device at the same time; readers never wait for each
 * other or for the writer of the clock. One thread calls connect and disconnect, while no other thread is inside a call
 * of the same device. A device must not be moved or copied while it is connected. A function that can fail returns the
 * reason and then leaves its output untouched.
 */
#ifndef FFNTP_DEVICE_H
#define FFNTP_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "instant.h"
#include "linkage.h"
#include "map.h"
#include "page.h"
#include "steady.h"

FFNTP_BEGIN_DECLARATIONS

struct ffntp_device;

/* --- reading a clock --- */

/*
 * Connect the device: open its files and start its threads, if it has any. The device may have no time for a while
 * afterwards; readings then fail with FFNTP_CLOCK_UNSYNCHRONISED.
 * Returns NULL, or a static line of text for people that describes the error; then the device is unchanged.
 */
FFNTP_MUST_USE const char *ffntp_device_connect(struct ffntp_device *device);

/*
 * Disconnect the device and release everything that connect acquired. Later readings fail with
 * FFNTP_CLOCK_DISCONNECTED. A second call has no effect.
 */
void ffntp_device_disconnect(struct ffntp_device *device);

/*
 * Read the time now. scale, max_bound_ns: as for ffntp_clock_at.
 * Fails as ffntp_clock_at does, and with FFNTP_CLOCK_DISCONNECTED, _BUSY, _COUNTER, _DISRUPTED.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_now(struct ffntp_device *device, enum ffntp_timescale scale,
							uint64_t max_bound_ns, struct ffntp_reading *reading);

/*
 * Read monotonic UTC, which never runs backwards (ffntp_steady_utc). Fails as ffntp_steady_utc and ffntp_device_now do;
 * FFNTP_CLOCK_STEADY if the device does not keep monotonic UTC.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_steady(struct ffntp_device *device, struct ffntp_time *utc);

/*
 * Read the nanoseconds that have elapsed since connect; monotonic (ffntp_steady_elapsed). Available from connect on,
 * whether or not the clock is synchronised; before synchronisation it is as accurate as the counter's nominal rate.
 * Fails with FFNTP_CLOCK_STEADY if the writer of the page does not keep elapsed time.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_elapsed(struct ffntp_device *device, uint64_t *ns);

struct ffntp_device_info {
	enum ffntp_status status; /* that a reading would have now */
	bool tai_is_known;
	uint64_t resolution_fs;     /* of readings: the counter's period, rounded up to 10^-15 s; saturates */
	uint64_t disruption_marker; /* changes when earlier maps must not be combined with later ones */
};

/* Read the properties of the clock other than the time. Fails as ffntp_device_now does. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_info(struct ffntp_device *device, struct ffntp_device_info *info);

/* --- durations, and times in the past --- */

/*
 * A mark: an instant, as a reading of the device's counter, the boot it belongs to, and the clock's phase as it was
 * known then (steady.h). A mark may be stored, sent, and written to a file.
 */
struct ffntp_mark {
	ffntp_counter counter;
	uint64_t boot;           /* identifies the boot, the counter and the time namespace */
	uint32_t counter_marker; /* of the map at that instant */
	struct ffntp_time phase;
	uint64_t phase_esterror_ns; /* standard deviation of the phase; UINT64_MAX: the phase was not known */
};

/* Take a mark of the present instant. Fails with FFNTP_CLOCK_DISCONNECTED, _BUSY, _COUNTER. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_mark(struct ffntp_device *device, struct ffntp_mark *mark);

/*
 * Compute the duration between two marks. Short durations are ticks times the local period. Where that has the larger
 * estimated error, from some minutes on, the duration is the difference of the two phases, each as known at its own
 * time, because no single rate holds for long while an oscillator changes its temperature. Neither way contains steps
 * of absolute time (docs/steady.md). bound_ns comes from the limits of the counter's rate alone, and a difference of
 * phases outside of it is discarded.
 * Fails as ffntp_clock_duration does, and with:
 *  - FFNTP_CLOCK_OTHER_BOOT: a mark does not belong to this device's counter.
 *  - FFNTP_CLOCK_DISRUPTED: the counter has been in doubt since a mark was taken (a suspend, a jump, a new rate). Steps
 *    of a server, leap seconds and broken error bounds change the disruption marker, but do not cause this error.
 *  - FFNTP_CLOCK_FUTURE: a mark lies in the future, so this device did not take it.
 *  - FFNTP_CLOCK_NEGATIVE: 'to' was taken before 'from'.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_duration(struct ffntp_device *device, struct ffntp_mark from,
							     struct ffntp_mark to, struct ffntp_duration *duration);

/* Compute the duration from a mark to now. Fails as ffntp_device_duration does. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_since(struct ffntp_device *device, struct ffntp_mark from,
							  struct ffntp_duration *duration);

/*
 * Compute the time at a mark, with the map that was current then.
 * Fails as ffntp_device_now does, with FFNTP_CLOCK_TOO_OLD if that map is no longer stored, and with
 * FFNTP_CLOCK_OTHER_BOOT, _DISRUPTED and _FUTURE as ffntp_device_duration does.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_at(struct ffntp_device *device, struct ffntp_mark mark,
						       enum ffntp_timescale scale, uint64_t max_bound_ns,
						       struct ffntp_reading *reading);

/* --- implementing a device --- */

/* One consistent view of a clock: counter, map and monotonic state belong together. */
struct ffntp_look {
	ffntp_counter now;
	struct ffntp_map map;
	struct ffntp_steady steady; /* kind FFNTP_STEADY_NONE and period 0: the device has none */
};

/*
 * The operations of a kind of device. All but 'now' are mandatory. Only 'connect' is called while the device is not
 * connected.
 */
struct ffntp_device_ops {
	/* Connect, and set device->boot. Returns NULL or a static line of text. */
	const char *(*connect)(struct ffntp_device *device);
	void (*disconnect)(struct ffntp_device *device);
	enum ffntp_clock_result (*look)(struct ffntp_device *device, struct ffntp_look *look);
	/* Read the counter and the monotonic state without the map, which costs less than 'look'. */
	enum ffntp_clock_result (*steady)(struct ffntp_device *device, struct ffntp_steady *steady, ffntp_counter *now);
	/* Find the map that was current at 'then', and set its counter_marker to the present one. */
	enum ffntp_clock_result (*past)(struct ffntp_device *device, ffntp_counter then, struct ffntp_map *map);
	/* Read the time as ffntp_device_now does, at less cost than with 'look'; NULL if there is no such way. */
	enum ffntp_clock_result (*now)(struct ffntp_device *device, enum ffntp_timescale scale, uint64_t max_bound_ns,
				       struct ffntp_reading *reading);
};

/* The first member of every device. Only core/device.c and the device's own kind use its fields. */
struct ffntp_device {
	const struct ffntp_device_ops *ops;
	bool is_connected;
	uint64_t boot;
	struct ffntp_time connected_at; /* in elapsed time */
};

/* --- a page in memory --- */

/* A device over a page that somebody else writes: another thread, the host, a loop of ports/drive.h. */
struct ffntp_page_device {
	struct ffntp_device device;
	const struct ffntp_page *page;
	/* Returns the page's counter now; callable from any thread. */
	ffntp_counter (*counter)(void *context);
	void *context;
};

/*
 * Make a device over a page. The caller guarantees that 'counter' reads this page's counter and is safe to call. page,
 * counter and context must outlive the connection.
 */
void ffntp_page_device_init(struct ffntp_page_device *device, const struct ffntp_page *page,
			    ffntp_counter (*counter)(void *context), void *context);

FFNTP_END_DECLARATIONS

#endif
