/* mapping: from the estimators' doubles to the fixed point of a map. Here floating point ends. */
#ifndef FFNTP_CORE_MAPPING_H
#define FFNTP_CORE_MAPPING_H

#include <stdint.h>

#include "../include/ffntp/instant.h"

/*
 * The shift that puts a period into [2^62, 2^63) units of 2^-(64 + shift) s: a relative rounding of 2^-62, and a factor
 * of two to spare for a hint that was wrong. period_s: 2^-63 to 2^-2 s; beyond them 62 and 0.
 */
uint8_t ffntp_mapping_shift(double period_s);

/* Units of 2^-(64 + shift) s per tick, rounded to nearest; saturates at 0 and UINT64_MAX. */
uint64_t ffntp_mapping_period(double period_s, uint8_t shift);

/* The reverse. */
double ffntp_mapping_period_s(uint64_t period, uint8_t shift);

/* Nanoseconds, rounded up; 0 if negative, saturates at UINT64_MAX. */
uint64_t ffntp_mapping_ns(double s);

/* Nanoseconds, towards 0; saturates: 2^63 ns are 292 years, and a counter may read as much. A NaN is INT64_MIN. */
int64_t ffntp_mapping_signed_ns(double s);

/* time + s, which is truncated to 2^-64 s. |s| < 2^62. */
struct ffntp_time ffntp_mapping_add(struct ffntp_time time, double s);

#endif
