/*
 * device: a clock as a value. Code that needs the time takes a struct ffntp_device * and knows no more: it is handed
 * the operating system's clock, the page of a daemon or a host, a client of its own that runs in the background, or
 * in a test a fake that says what it is told to. Nothing is global; devices do not know each other.
 *
 *   ffntp_page_device           a page in memory and a function that reads its counter: here
 *   ffntp_fake                  deterministic, for tests: ffntp/fake.h
 *   ffntp_linux_page_device, ffntp_linux_system_device, ffntp_linux_ntp_device:  ffntp/linuxdevice.h
 *
 * From connect to disconnect any number of threads may read at once; they never wait for each other or for whoever
 * keeps the clock. connect and disconnect are called by one thread, while no other is inside a call of the same device.
 * A device must not be moved or copied while it is connected. Every function that may refuse says why, and leaves its
 * output untouched.
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

/* --- for who reads the clock --- */

/*
 * Begins: opens what is to be opened, starts what is to run.
 * Returns NULL, or one line for people, static, and the device is as it was. There may be no time to tell for a while:
 * readings say so.
 */
FFNTP_MUST_USE const char *ffntp_device_connect(struct ffntp_device *device);

/*
 * Ends, and releases everything. From here on readings are refused with FFNTP_CLOCK_DISCONNECTED. Again: does nothing.
 */
void ffntp_device_disconnect(struct ffntp_device *device);

/* The time now: ffntp_clock_at, with its refusals; and FFNTP_CLOCK_DISCONNECTED, _BUSY, _COUNTER, _DISRUPTED. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_now(struct ffntp_device *device, enum ffntp_timescale scale,
							uint64_t max_bound_ns, struct ffntp_reading *reading);

/* UTC that never runs backwards: ffntp_steady_utc. FFNTP_CLOCK_STEADY where the device cannot tell any. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_steady(struct ffntp_device *device, struct ffntp_time *utc);

/*
 * Nanoseconds since connect, monotonic: ffntp_steady_elapsed. Told from the beginning, synchronised or not; then it is
 * as good as the counter's nominal rate. FFNTP_CLOCK_STEADY where whoever keeps the page keeps none.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_elapsed(struct ffntp_device *device, uint64_t *ns);

struct ffntp_device_info {
	enum ffntp_status status; /* of a reading now */
	bool tai_is_known;
	uint64_t resolution_fs;     /* of a reading: the counter's period, rounded up to 10^-15 s; saturated */
	uint64_t disruption_marker; /* another one: maps from before must not be mixed with maps from after */
};

/* What there is to know of the clock besides the time. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_info(struct ffntp_device *device, struct ffntp_device_info *info);

/* --- differences, and instants of the past --- */

/*
 * An instant: a reading of the device's counter, of which boot, and the clock's phase as it was known then (steady.h).
 * May be kept, sent, and written to a file.
 */
struct ffntp_mark {
	ffntp_counter counter;
	uint64_t boot;           /* tells boots, counters and time namespaces apart */
	uint32_t counter_marker; /* the map's */
	struct ffntp_time phase;
	uint64_t phase_esterror_ns; /* UINT64_MAX: the phase was not known */
};

/* Now. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_mark(struct ffntp_device *device, struct ffntp_mark *mark);

/*
 * The duration between two marks, by the difference clock. Short ones are ticks times the local period; from where that
 * says to err more (some minutes) they are the difference of the two phases, each as known at its own time: while an
 * oscillator warms up or cools down no single rate is good for long. Neither has steps of absolute time in it.
 * docs/steady.md. bound_ns comes from the limits of the counter's rate alone; a difference of phases beyond them is not
 * taken. FFNTP_CLOCK_OTHER_BOOT: a mark is not of this device's counter. _DISRUPTED: since a mark was taken the counter
 * has been in doubt, by what whoever keeps the clock knows: a suspend, a jump, another rate. Steps of a server, leap
 * seconds and promises that the clock breaks for its own sake do not doubt it, though they change the disruption
 * marker. _FUTURE: a mark lies in the future, so it was not taken here. _NEGATIVE: 'to' was taken before 'from'.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_duration(struct ffntp_device *device, struct ffntp_mark from,
							     struct ffntp_mark to, struct ffntp_duration *duration);

/* The same from a mark to now. */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_since(struct ffntp_device *device, struct ffntp_mark from,
							  struct ffntp_duration *duration);

/*
 * The time at a mark, by the map of its own time where it is remembered. FFNTP_CLOCK_TOO_OLD where it is not;
 * FFNTP_CLOCK_OTHER_BOOT, _DISRUPTED and _FUTURE as above.
 */
FFNTP_MUST_USE enum ffntp_clock_result ffntp_device_at(struct ffntp_device *device, struct ffntp_mark mark,
						       enum ffntp_timescale scale, uint64_t max_bound_ns,
						       struct ffntp_reading *reading);

/* --- for who makes a device --- */

/* One look: all of it belongs together. */
struct ffntp_look {
	ffntp_counter now;
	struct ffntp_map map;
	struct ffntp_steady steady; /* kind FFNTP_STEADY_NONE and period 0: there is none */
};

/*
 * What a kind of device does. All but 'now' must be there. Called between connect and disconnect only, but for connect.
 */
struct ffntp_device_ops {
	/* Also sets device->boot. */
	const char *(*connect)(struct ffntp_device *device);
	void (*disconnect)(struct ffntp_device *device);
	enum ffntp_clock_result (*look)(struct ffntp_device *device, struct ffntp_look *look);
	/* A look without the map, for less. */
	enum ffntp_clock_result (*steady)(struct ffntp_device *device, struct ffntp_steady *steady, ffntp_counter *now);
	/* The map that was current at 'then'; its counter_marker is today's. */
	enum ffntp_clock_result (*past)(struct ffntp_device *device, ffntp_counter then, struct ffntp_map *map);
	/* As ffntp_device_now, where that can be had for less than a look; else NULL. */
	enum ffntp_clock_result (*now)(struct ffntp_device *device, enum ffntp_timescale scale, uint64_t max_bound_ns,
				       struct ffntp_reading *reading);
};

/* The first member of every device. Its fields are for core/device.c and for its own kind. */
struct ffntp_device {
	const struct ffntp_device_ops *ops;
	bool is_connected;
	uint64_t boot;
	struct ffntp_time connected_at; /* in elapsed time */
};

/* --- a page in memory --- */

/* A page that somebody else keeps: another thread, the host, a drive of ports/drive.h. */
struct ffntp_page_device {
	struct ffntp_device device;
	const struct ffntp_page *page;
	/* The page's counter, now; any thread. */
	ffntp_counter (*counter)(void *context);
	void *context;
};

/*
 * page, counter and context must outlive the connection. Who reads the counter knows that it is this page's, and safe.
 */
void ffntp_page_device_init(struct ffntp_page_device *device, const struct ffntp_page *page,
			    ffntp_counter (*counter)(void *context), void *context);

FFNTP_END_DECLARATIONS

#endif
