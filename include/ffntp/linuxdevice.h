/*
 * linuxdevice: the devices (device.h) that a process on Linux can have: a daemon's page, the operating system's clock,
 * and a client of its own.
 */
#ifndef FFNTP_LINUXDEVICE_H
#define FFNTP_LINUXDEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "estimator.h"
#include "linkage.h"
#include "linux.h"

FFNTP_BEGIN_DECLARATIONS

/*
 * The page of ffntpd, or of whoever keeps one: ffntp_linux_open. A daemon that comes back with another page is found
 * again by connecting anew.
 */
struct ffntp_linux_page_device {
	struct ffntp_page_device over_page;
	struct ffntp_linux_reader reader;
	const char *path;
};

/* path: NULL for the usual places; must outlive the device. */
void ffntp_linux_page_device_init(struct ffntp_linux_page_device *device, const char *path);

/*
 * What clock_gettime and adjtimex say: CLOCK_REALTIME, with the bound that the kernel was told by whoever disciplines
 * it, and CLOCK_MONOTONIC as the counter, which stands still in a suspend: so do its durations. No steady UTC: nobody
 * keeps any. Readings cost two system calls.
 */
struct ffntp_linux_system_device {
	struct ffntp_device device;
	uint64_t assumed_bound_ns;
	ffntp_counter connected_at;
};

/*
 * assumed_bound_ns: the bound where the kernel says that nobody disciplines its clock; 0: readings are refused then,
 * with FFNTP_CLOCK_UNSYNCHRONISED.
 */
void ffntp_linux_system_device_init(struct ffntp_linux_system_device *device, uint64_t assumed_bound_ns);

/* --- a client of one's own --- */

struct ffntp_linux_ntp_config {
	const char *const *servers;      /* "ntp.example.org", "192.0.2.1:1123", "[2001:db8::1]:123" */
	size_t server_count;             /* 1 to 8: the first that answers is used, the next one if it stops */
	uint32_t poll_min_s, poll_max_s; /* 1 to 131072; the client chooses between the two */
	enum ffntp_estimator_kind estimator;
	enum ffntp_counter_kind counter_kind; /* FFNTP_COUNTER_NONE: the best there is */
};

/*
 * Polls every 16 to 1024 s, with the usual estimator and the best counter. The names must outlive what is configured
 * so.
 */
void ffntp_linux_ntp_config_init(struct ffntp_linux_ntp_config *config, const char *const *servers,
				 size_t server_count);

struct ffntp_linux_ntp;

/*
 * A client synchronised in the background. connect starts one thread, which takes no signals; it keeps the estimates
 * current and publishes them to all other threads without locks. disconnect stops it at once, joins it, and frees
 * everything. connect resolves the names, which may take seconds; there is no time to tell before the first replies.
 * Where the kernel finds the counter unfit meanwhile, readings are refused with FFNTP_CLOCK_DISRUPTED from then on:
 * disconnect, and connect anew. Leap seconds are those of the system's table as it was at connect; without one, the
 * server's word. Not across fork(): the child has the clock of the moment of forking, which becomes void.
 */
struct ffntp_linux_ntp_device {
	struct ffntp_linux_page_device over_page;
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp *ntp;
};

/* Not connected. config: copied; the names it points to are not. */
void ffntp_linux_ntp_device_init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config);

/*
 * The same client in an event loop, without a thread. Between connect and disconnect the loop waits until the
 * descriptor is ready for reading, or the timeout is over, and steps; in the thread that does both. Readers may be in
 * any thread.
 *
 *   for (;;) {
 *           struct pollfd wait = { .fd = ffntp_linux_loop_descriptor(&device), .events = POLLIN };
 *
 *           poll(&wait, 1, ffntp_linux_loop_timeout_ms(&device));
 *           ffntp_linux_loop_step(&device, wait.revents);
 *   }
 */
void ffntp_linux_loop_device_init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config);

/* -1: nothing to wait for but the timeout; also while it is not connected. To be asked anew after each step. */
int ffntp_linux_loop_descriptor(const struct ffntp_linux_ntp_device *device);

/* Milliseconds until the next step is due, 1 to 1000. */
int ffntp_linux_loop_timeout_ms(const struct ffntp_linux_ntp_device *device);

/* revents: what poll() said of the descriptor; POLLIN where another kind of loop says that it is ready; else 0. */
void ffntp_linux_loop_step(struct ffntp_linux_ntp_device *device, int revents);

/* The clock of each of these, for who is handed one. */
static inline struct ffntp_device *ffntp_linux_ntp_clock(struct ffntp_linux_ntp_device *device)
{
	return &device->over_page.over_page.device;
}

static inline struct ffntp_device *ffntp_linux_page_clock(struct ffntp_linux_page_device *device)
{
	return &device->over_page.device;
}

static inline struct ffntp_device *ffntp_linux_system_clock(struct ffntp_linux_system_device *device)
{
	return &device->device;
}

FFNTP_END_DECLARATIONS

#endif
