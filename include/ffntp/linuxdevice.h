/*
 * linuxdevice: the devices (device.h) that a process on Linux can have: a daemon's page, the operating system's clock,
 * and a client of its own.
 */
#ifndef FFNTP_LINUXDEVICE_H
#define FFNTP_LINUXDEVICE_H

#include <stdint.h>

#include "device.h"
#include "linux.h"

/*
 * The page of ffntpd, or of whoever keeps one: ffntp_linux_open. A daemon that comes back with another page is found
 * again by connecting anew.
 */
struct ffntp_linux_page_device {
	struct ffntp_page_device over_page; /* over_page.device is the clock */
	struct ffntp_linux_reader reader;
	const char *path;
};

/* path: NULL for the usual places; must outlive the device. */
void ffntp_linux_page_device_init(struct ffntp_linux_page_device *device, const char *path);

/*
 * What clock_gettime and adjtimex say: CLOCK_REALTIME, with the bound that the kernel was told by whoever disciplines
 * it, and CLOCK_MONOTONIC as the counter. No steady UTC: nobody keeps any. Readings cost two system calls.
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

#endif
