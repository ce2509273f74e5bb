/* mapping: conversions from the estimators' doubles to the fixed point of a map. Code behind it uses integers only. */
#ifndef FFNTP_CORE_MAPPING_H
#define FFNTP_CORE_MAPPING_H

#include <stdint.h>

#include "../include/ffntp/instant.h"

/*
 * Return the shift that puts a period into [2^62, 2^63) units of 2^-(64 + shift) s: the relative rounding is 2^-62, and
 * a hint may be wrong by a factor of two. period_s: 2^-63 to 2^-2 s; beyond that range the result is 62 or 0.
 */
uint8_t ffntp_mapping_shift(double period_s);

/* Convert a period to units of 2^-(64 + shift) s per tick, rounded to nearest; saturates at 0 and UINT64_MAX. */
uint64_t ffntp_mapping_period(double period_s, uint8_t shift);

/* Convert a period from units of 2^-(64 + shift) s per tick to seconds per tick. */
double ffntp_mapping_period_s(uint64_t period, uint8_t shift);

/* Convert seconds to nanoseconds, rounded up; 0 if negative, saturates at UINT64_MAX. */
uint64_t ffntp_mapping_ns(double s);

/*
 * Convert seconds to nanoseconds, rounded towards 0; saturates, because 2^63 ns are 292 years, which a wrong counter
 * may show. A NaN becomes INT64_MIN.
 */
int64_t ffntp_mapping_signed_ns(double s);

/* Return time + s, with s truncated to 2^-64 s. |s| < 2^62. */
struct ffntp_time ffntp_mapping_add(struct ffntp_time time, double s);

#endif
