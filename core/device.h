/* device: behind ffntp/device.h: what devices over a page have in common. Of struct ffntp_device_ops. */
#ifndef FFNTP_CORE_DEVICE_H
#define FFNTP_CORE_DEVICE_H

#include "../include/ffntp/device.h"

/* Tells boots, counters and time namespaces apart: a hash of the identity. Never 0. */
uint64_t ffntp_device_boot(const struct ffntp_page_identity *identity);

const char *ffntp_page_device_connect(struct ffntp_device *device);
enum ffntp_clock_result ffntp_page_device_look(struct ffntp_device *device, struct ffntp_look *look);
enum ffntp_clock_result ffntp_page_device_steady(struct ffntp_device *device, struct ffntp_steady *steady,
						 ffntp_counter *now);
enum ffntp_clock_result ffntp_page_device_past(struct ffntp_device *device, ffntp_counter then, struct ffntp_map *map);

/* These three, in a struct ffntp_device_ops. */
#define FFNTP_PAGE_DEVICE_READS \
	.look = ffntp_page_device_look, .steady = ffntp_page_device_steady, .past = ffntp_page_device_past

#endif
