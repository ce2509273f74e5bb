/*
 * linuxdevice: the kinds of device (device.h) on Linux: the page of a daemon, the operating system's clock, and a
 * client inside the process.
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
 * A device over the page of ffntpd, or of any other writer (ffntp_linux_open). If a restarted daemon creates a new
 * page, disconnect and connect again to read it.
 */
struct ffntp_linux_page_device {
	struct ffntp_page_device over_page;
	struct ffntp_linux_reader reader;
	const char *path;
};

/* Make a device over a page. path: NULL for the usual places; must outlive the device. */
void ffntp_linux_page_device_init(struct ffntp_linux_page_device *device, const char *path);

/*
 * A device over the operating system's clock: CLOCK_REALTIME, with the error bound that the daemon which disciplines it
 * has set in the kernel (adjtimex). Its counter is CLOCK_MONOTONIC, which stops during a suspend, so durations do not
 * contain the suspend. It does not keep monotonic UTC. A reading makes two system calls.
 */
struct ffntp_linux_system_device {
	struct ffntp_device device;
	uint64_t assumed_bound_ns;
	ffntp_counter connected_at;
};

/*
 * Make a device over the operating system's clock.
 * assumed_bound_ns: the error bound to use while the kernel reports its clock as unsynchronised; 0: readings fail with
 * FFNTP_CLOCK_UNSYNCHRONISED then.
 */
void ffntp_linux_system_device_init(struct ffntp_linux_system_device *device, uint64_t assumed_bound_ns);

/* --- a client inside the process --- */

struct ffntp_linux_ntp_config {
	const char *const *servers; /* "ntp.example.org", "192.0.2.1:1123", "[2001:db8::1]:123" */
	size_t server_count;        /* 1 to 8; the first that answers is used, and the next one if it stops answering */
	uint32_t poll_min_s,
		poll_max_s; /* 1 to FFNTP_POLL_MOST_S; the client adapts the interval within these limits */
	enum ffntp_estimator_kind estimator;
	enum ffntp_counter_kind counter_kind; /* FFNTP_COUNTER_NONE: the best available counter */
};

/*
 * Fill in a configuration with the usual values: polls every 16 to 1024 s, the default estimator, the best available
 * counter.
 * servers: server_count names; they must outlive every device made from this configuration.
 */
void ffntp_linux_ntp_config_init(struct ffntp_linux_ntp_config *config, const char *const *servers,
				 size_t server_count);

struct ffntp_linux_ntp;

/*
 * A device with its own NTP client, synchronised in the background. connect resolves the server names, which may take
 * seconds, and starts one thread with all signals blocked. The thread publishes its estimates to all other threads
 * without locks. disconnect stops the thread at once, joins it, and frees all resources. Readings fail with
 * FFNTP_CLOCK_UNSYNCHRONISED until the first replies have arrived.
 * If the kernel declares the counter unreliable, readings fail with FFNTP_CLOCK_DISRUPTED from then on; disconnect and
 * connect again. Leap seconds come from the system's table as it was at connect, or from the server if there is no
 * table. After fork() the child's copy is no longer updated, and becomes void.
 */
struct ffntp_linux_ntp_device {
	struct ffntp_linux_page_device over_page;
	struct ffntp_linux_ntp_config config;
	struct ffntp_linux_ntp *ntp;
};

/* Make a device with a background thread, not yet connected. config: copied; the names it points to are not. */
void ffntp_linux_ntp_device_init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config);

/*
 * Make the same device for the caller's event loop, without a thread. Between connect and disconnect the loop waits
 * until the descriptor is ready for reading or the timeout ends, and then calls ffntp_linux_loop_step. One thread makes
 * these calls, connect and disconnect; any thread may read the device.
 *
 *   for (;;) {
 *           struct pollfd wait = { .fd = ffntp_linux_loop_descriptor(&device), .events = POLLIN };
 *
 *           poll(&wait, 1, ffntp_linux_loop_timeout_ms(&device));
 *           ffntp_linux_loop_step(&device, wait.revents);
 *   }
 */
void ffntp_linux_loop_device_init(struct ffntp_linux_ntp_device *device, const struct ffntp_linux_ntp_config *config);

/*
 * Return the descriptor to wait for, or -1 if only the timeout matters or the device is not connected. It may change at
 * each step.
 */
int ffntp_linux_loop_descriptor(const struct ffntp_linux_ntp_device *device);

/* Return the milliseconds until the next step is due, 1 to 1000. */
int ffntp_linux_loop_timeout_ms(const struct ffntp_linux_ntp_device *device);

/*
 * Run one step of the client: receive, send and publish whatever is due.
 * revents: as poll() returned them for the descriptor. Loops without poll() pass POLLIN if the descriptor is ready,
 * else 0.
 */
void ffntp_linux_loop_step(struct ffntp_linux_ntp_device *device, int revents);

/* Return the generic device handle. */
static inline struct ffntp_device *ffntp_linux_ntp_clock(struct ffntp_linux_ntp_device *device)
{
	return &device->over_page.over_page.device;
}

/* Return the generic device handle. */
static inline struct ffntp_device *ffntp_linux_page_clock(struct ffntp_linux_page_device *device)
{
	return &device->over_page.device;
}

/* Return the generic device handle. */
static inline struct ffntp_device *ffntp_linux_system_clock(struct ffntp_linux_system_device *device)
{
	return &device->device;
}

FFNTP_END_DECLARATIONS

#endif
