/* linuxdevice: behind ffntp/linuxdevice.h: what a page that is mapped and one of this process have in common. */
#ifndef FFNTP_PORTS_LINUXDEVICE_H
#define FFNTP_PORTS_LINUXDEVICE_H

#include "../../include/ffntp/linuxdevice.h"

/* Of struct ffntp_device_ops: ffntp_linux_now. */
enum ffntp_clock_result ffntp_linux_page_device_now(struct ffntp_device *device, enum ffntp_timescale scale,
						    uint64_t max_bound_ns, struct ffntp_reading *reading);

#endif
