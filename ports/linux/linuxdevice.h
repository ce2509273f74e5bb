/*
 * linuxdevice: implementation of ffntp/linuxdevice.h: the part that devices on a mapped page and on a page of this
 * process share.
 */
#ifndef FFNTP_PORTS_LINUXDEVICE_H
#define FFNTP_PORTS_LINUXDEVICE_H

#include "../../include/ffntp/linuxdevice.h"

/* For struct ffntp_device_ops; calls ffntp_linux_now. */
enum ffntp_clock_result ffntp_linux_page_device_now(struct ffntp_device *device, enum ffntp_timescale scale,
						    uint64_t max_bound_ns, struct ffntp_reading *reading);

#endif
