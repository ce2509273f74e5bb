/* device: the operations that all devices over a page share (struct ffntp_device_ops), behind ffntp/device.h. */
#ifndef FFNTP_CORE_DEVICE_H
#define FFNTP_CORE_DEVICE_H

#include "../include/ffntp/device.h"

/* Return a hash of the identity, which identifies the boot, the counter and the time namespace. Never 0. */
uint64_t ffntp_device_boot(const struct ffntp_page_identity *identity);

const char *ffntp_page_device_connect(struct ffntp_device *device);
enum ffntp_clock_result ffntp_page_device_look(struct ffntp_device *device, struct ffntp_look *look);
enum ffntp_clock_result ffntp_page_device_steady(struct ffntp_device *device, struct ffntp_steady *steady,
						 ffntp_counter *now);
enum ffntp_clock_result ffntp_page_device_past(struct ffntp_device *device, ffntp_counter then, struct ffntp_map *map);

/* Initialisers of the three reading operations in a struct ffntp_device_ops. */
#define FFNTP_PAGE_DEVICE_READS \
	.look = ffntp_page_device_look, .steady = ffntp_page_device_steady, .past = ffntp_page_device_past

#endif
