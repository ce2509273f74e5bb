/*
 * fakeclock: a fake device that is connected, and its readings in nanoseconds. Includes cmocka and the headers that
 * cmocka needs.
 */
#ifndef FFNTP_TESTS_FAKECLOCK_H
#define FFNTP_TESTS_FAKECLOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../include/ffntp/device.h"
#include "../include/ffntp/fake.h"

/* 2026-01-01 00:00:00 */
#define START_NS (INT64_C(1767225600) * FFNTP_NS_PER_S)
#define SECOND FFNTP_NS_PER_S

static inline struct ffntp_device *start(struct ffntp_fake *fake)
{
	ffntp_fake_init(fake, START_NS);
	assert_null(ffntp_device_connect(ffntp_fake_device(fake)));
	return ffntp_fake_device(fake);
}

static inline int64_t utc_ns(struct ffntp_device *clock)
{
	struct ffntp_reading reading;

	assert_int_equal(ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &reading), FFNTP_CLOCK_OK);
	assert_false(ffntp_time_is_before(reading.estimate, reading.earliest));
	assert_false(ffntp_time_is_before(reading.latest, reading.estimate));
	return ffntp_time_to_ns(reading.estimate);
}

static inline int64_t steady_ns(struct ffntp_device *clock)
{
	struct ffntp_time utc;

	assert_int_equal(ffntp_device_steady(clock, &utc), FFNTP_CLOCK_OK);
	return ffntp_time_to_ns(utc);
}

#endif
